"""A series on screen: which dates are meant is asked in words, and nothing typed is lost."""

import pytest
from sqlmodel import select

from events.calendar.models import Event, State
from events.changes import actions
from events.changes.rules import Scope
from events.recurrence import Rule
from tests.factories.events import date_of, instant
from tests.factories.series import (
    assert_calendars_agree,
    dates_of,
    make_series,
    part_of,
    seat_on,
    standing,
    week,
)


@pytest.fixture(name="event")
def _event(session, people, clock):
    event = make_series(session, people.ewa)
    session.commit()
    return event


def edit(event, scope="", day="2026-12-22"):
    address = f"/wydarzenia/{event.uuid}/edycja?termin={day}"
    return f"{address}&zakres={scope}" if scope else address


def cancel(event, day="2026-12-22"):
    return f"/wydarzenia/{event.uuid}/odwolaj?termin={day}"


def test_the_scope_is_asked_in_words_without_a_default(client, session, people, event):
    client.sign_in(people.ewa)
    page = client.see(f"/wydarzenia/{event.uuid}/2026-12-22")
    client.see(link(page, "Edytuj"))
    labels = [label.text for label in client.page.all("label", class_="pick")]
    assert labels == [
        "tylko ten termin: wtorek, 22 grudnia 2026",
        "ten termin i następne: razem 4 terminy",
        "wszystkie, które są jeszcze przed nami: 6 terminów",
    ]
    assert not [box for box in client.page.all("input", name="zakres") if box.has("checked")]
    client.see(f"{edit(event)}&dalej=1", status=422)
    assert "Wybierz, o które terminy chodzi." in client.page.text
    client.see(f"{edit(event, 'this')}&dalej=1")
    assert client.page.one("h1").text == "Zmień jeden termin"


def test_one_date_is_moved_on_screen(client, session, people, event):
    seat_on(session, event, people, 2)
    session.commit()
    page = client.sign_in(people.ewa).see(edit(event, "this"))
    assert "do 1 zapisanej osoby" in page.text
    values = page.values(edit(event, "this"))
    assert (values["day"], values["starts"], values["place"]) == ("22.12.2026", "10.00", "other")
    data = {**values, "day": "23.12.2026", "starts": "14:00", "ends": "16:00", "room": "Sala 3"}
    answer = client.post(edit(event, "this"), data=data)
    assert (answer.status_code, answer.location) == (303, f"/wydarzenia/{event.uuid}/2026-12-23")
    page = client.see(answer.location)
    assert "14.00–16.00" in page.text
    assert "Sala 3" in page.text
    session.expire_all()
    assert standing(session, event)[2] == "23.12 14:00"
    assert_calendars_agree(session, event)


def link(page, text):
    found = [one["href"] for one in page.all("a") if text in one.text]
    assert found, f"no link {text}"
    return found[0]


def dates_on(page, event):
    return [one for one in page.all("a") if one.get("href").startswith(f"/wydarzenia/{event.uuid}/20")]


WRONG = [
    ({"day": "31.02.2027"}, "day"),
    ({"day": "1.11.2026"}, "day"),
    ({"starts": ""}, "starts"),
    ({"ends": "9:00"}, "ends"),
    ({"title": ""}, "title"),
    ({"place": "other", "place_other": ""}, "place_other"),
    ({"day": "28.03.2027", "starts": "2:15", "ends": "4:00"}, "starts"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG)
def test_what_is_wrong_with_one_date_stays_typed(client, session, people, event, changes, field):
    page = client.sign_in(people.ewa).see(edit(event, "this"))
    answer = client.post(edit(event, "this"), data={**page.values(edit(event, "this")), "room": "Nowa", **changes})
    assert answer.status_code == 422
    assert client.page.one("div", id="errors").all("a", href=f"#{field}")
    assert client.page.one("input", name="room")["value"] == "Nowa"
    session.expire_all()
    assert standing(session, event)[2] == "22.12 10:00"


def test_the_following_are_changed_on_screen_and_the_pages_lead_on(client, session, people, event):
    page = client.sign_in(people.ewa).see(edit(event, "following"))
    values = page.values(edit(event, "following"))
    assert (values["day"], values["repeat_count"], values["repeats"]) == ("22.12.2026", "4", "weekly")
    answer = client.post(edit(event, "following"), data={**values, "starts": "15:00", "ends": "17:00"})
    session.expire_all()
    part = part_of(session, event)
    assert answer.location == f"/wydarzenia/{part.uuid}"
    assert standing(session, part)[0] == "22.12 15:00"
    assert standing(session, event) == ["08.12 10:00", "15.12 10:00"]
    page = client.see(f"/wydarzenia/{event.uuid}")
    client.see(link(page, "ciąg dalszy serii"))
    assert "15.00–17.00" in client.page.text
    page = client.see(link(client.page, "wcześniejsze terminy"))
    assert "10.00–12.00" in page.text
    answer = client.get(f"/wydarzenia/{event.uuid}/2026-12-29")
    assert answer.location == f"/wydarzenia/{part.uuid}/2026-12-29"
    assert_calendars_agree(session, event, part)


def test_the_last_date_alone_goes_on_as_a_single_event(client, session, people, event):
    address = edit(event, "following", day="2027-01-12")
    page = client.sign_in(people.ewa).see(address)
    values = page.values(address)
    assert (values["day"], values.get("repeats", "")) == ("12.01.2027", "")
    answer = client.post(address, data={**values, "title": "Podsumowanie"})
    session.expire_all()
    part = part_of(session, event)
    assert (answer.location, part.rule, part.title) == (f"/wydarzenia/{part.uuid}", None, "Podsumowanie")
    client.see(link(client.see(answer.location), "wcześniejsze terminy"))
    assert_calendars_agree(session, event)


def test_all_dates_are_changed_on_screen(client, session, people, event, clock):
    clock.move_to(instant(week(1, 13)))
    page = client.sign_in(people.ewa).see(edit(event, "all"))
    values = page.values(edit(event, "all"))
    assert (values["day"], values["repeat_count"]) == ("22.12.2026", "4")
    client.post(edit(event, "all"), data={**values, "description": "Nowy opis"}, follow_redirects=True)
    session.expire_all()
    assert session.get_one(Event, event.id).description == "Nowy opis"
    assert len(standing(session, event)) == 6


def test_the_dates_are_shown_before_a_series_is_changed(client, session, people, event):
    page = client.sign_in(people.ewa).see(edit(event, "following"))
    values = {**page.values(edit(event, "following")), "repeat_days": ["2"], "podglad": "1"}
    assert client.post(edit(event, "following"), data=values).status_code == 200
    shown = client.page.one("div", id="podglad").text
    assert "co tydzień w środy, 4 terminy" in shown
    assert "środa, 6 stycznia 2027, 10.00–12.00 – święto: Święto Trzech Króli" in shown
    assert "Nic jeszcze nie jest zapisane." in shown
    assert client.page.values(edit(event, "following"))["repeat_days"] == "2"
    session.expire_all()
    assert len(standing(session, event)) == 6


def test_moved_dates_follow_when_the_box_is_ticked(client, session, people, event):
    page = client.sign_in(people.ewa).see(edit(event, "this"))
    client.post(edit(event, "this"), data={**page.values(edit(event, "this")), "starts": "8:00", "ends": "9:00"})
    page = client.see(edit(event, "all"))
    assert "Zmień też 1 termin przesunięty osobno" in page.text
    values = {**page.values(edit(event, "all")), "starts": "11:00", "ends": "13:00", "moved_too": "y"}
    client.post(edit(event, "all"), data=values)
    session.expire_all()
    assert standing(session, event)[2] == "22.12 11:00"


@pytest.mark.parametrize("scope", ["this", "following", "all"])
def test_a_stale_form_of_a_series_shows_what_changed(client, session, people, event, scope):
    page = client.sign_in(people.ewa).see(edit(event, scope))
    values = page.values(edit(event, scope))
    rows = dates_of(session, event)
    stale = session.get_one(Event, event.id)
    actions.cancel(
        session, people.adam.actor, stale, "x", instant(week(-2)), occurrence_id=rows[4].id, scope=Scope.THIS
    )
    session.commit()
    answer = client.post(edit(event, scope), data={**values, "title": "Wpisany tytuł"})
    assert answer.status_code == 409
    assert "Wpisany tytuł" in client.page.one("div", id="zmiany").text
    assert client.page.one("input", name="title")["value"] == "Wpisany tytuł"
    answer = client.post(edit(event, scope), data=client.page.values(edit(event, scope)))
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("scope", "gone", "said"),
    [
        ("this", 1, "Termin jest odwołany."),
        ("following", 4, "Terminy są odwołane."),
        ("all", 6, "Terminy są odwołane."),
    ],
)
def test_dates_are_cancelled_on_screen(client, session, people, event, scope, gone, said):
    client.sign_in(people.ewa).see(cancel(event))
    client.post(cancel(event), data={"reason": "Awaria"})
    assert "Wybierz, o które terminy chodzi." in client.page.text
    client.post(cancel(event), data={"reason": "", "zakres": scope})
    assert client.page.one("input", name="zakres", value=scope).has("checked")
    client.post(cancel(event), data={"reason": "Awaria", "zakres": scope}, follow_redirects=True)
    assert said in client.page.text
    assert "Powód: Awaria" in client.page.text
    session.expire_all()
    everything = [*standing(session, event)]
    if scope == "following":
        everything += standing(session, part_of(session, event))
    assert len([one for one in everything if one.endswith("x")]) == gone


def test_the_host_of_the_place_cancels_on_screen(client, session, people, clock):
    event = make_series(session, people.marek, place_institution_id=people.prison.id, place="")
    session.commit()
    client.sign_in(people.ewa).see(f"/wydarzenia/{event.uuid}/2026-12-22")
    client.see(link(client.page, "Odwołaj wydarzenie"))
    client.post(cancel(event), data={"reason": "Remont", "zakres": "this"}, follow_redirects=True)
    assert "Powód: Remont" in client.page.text
    client.see(edit(event, "this"), status=403)
    client.sign_in(people.zofia).see(cancel(event), status=403)


def test_a_past_date_offers_what_is_to_come_only(client, session, people, event, clock):
    clock.move_to(instant(week(1, 13)))
    page = client.sign_in(people.ewa).see(edit(event, day="2026-12-08"))
    assert [box["value"] for box in page.all("input", name="zakres")] == ["all"]
    client.see(edit(event, "this", day="2026-12-08"), status=409)
    clock.move_to(instant(week(8)))
    client.sign_in(people.ewa).see(edit(event, day="2026-12-08"), status=409)
    assert "nie można go już zmienić" in client.page.text


def test_all_dates_of_a_series_are_listed_and_paged(client, session, people, clock):
    event = make_series(session, people.ewa, rule=Rule(days=(1,)))
    session.commit()
    page = client.see(f"/wydarzenia/{event.uuid}")
    assert "Powtarza się" in page.text
    page = client.see(link(page, "wszystkie terminy"))
    rows = dates_on(page, event)
    assert len(rows) == 30
    page = client.see(link(page, "Następna strona"))
    assert len(dates_on(page, event)) == 30


def test_a_single_event_is_edited_as_before(client, session, people, clock):
    event = make_series(session, people.ewa, rule=None)
    session.commit()
    page = client.sign_in(people.ewa).see(f"/wydarzenia/{event.uuid}/edycja")
    assert page.one("h1").text == "Edytuj wydarzenie"
    address = f"/wydarzenia/{event.uuid}/edycja"
    client.post(address, data={**page.values(address), "title": "Inny", "podglad": "1"})
    assert "ma jeden termin. Nic jeszcze nie jest zapisane." in client.page.text
    session.expire_all()
    assert session.get_one(Event, event.id).title != "Inny"
    assert date_of(session, event).state is State.PUBLISHED
    assert session.exec(select(Event)).one() == event

"""A series from the form to its publication, in a browser without JavaScript."""

import pytest
from sqlmodel import select

from events.calendar.models import Event, State
from tests.factories.series import dates_of, standing, text_of

TYPED = {
    "kind": "staff_training",
    "title": "Dyżur szkoleniowy",
    "day": "24.11.2026",
    "starts": "10:00",
    "ends": "12:00",
    "seats": "15",
    "audience": "social_workers",
    "visibility": "public",
    "repeats": "month_nth",
    "repeat_interval": "1",
    "repeat_count": "10",
}


def typed(people, **changes):
    return {**TYPED, "place": str(people.mops.id), **changes}


def drafted(client, session, people, **changes):
    client.sign_in(people.marek)
    client.post("/wydarzenia/nowe", data=typed(people, **changes))
    return session.exec(select(Event)).one()


def test_a_series_is_typed_seen_and_published_without_a_date(client, session, people, clock):
    event = drafted(client, session, people)
    address = f"/wydarzenia/{event.uuid}/sprawdz"
    page = client.see(address)
    assert "Powtarza się: w czwarty wtorek miesiąca, 10 terminów." in page.text
    assert len(page.all("input", name="bez")) == 10
    client.post(address, data={"pokazane": "1", "bez": ["2026-12-22"], "terminy": "1"}, follow_redirects=True)
    assert "w czwarty wtorek miesiąca, 9 terminów, bez 22 grudnia." in client.page.text
    client.see(f"{address}?jezyk=en")
    assert "It repeats on the fourth Tuesday of the month, 9 dates, without 22 December." in client.page.text
    client.see(f"{address}?jezyk=pl")
    client.post(address, data={"pokazane": "1", "bez": ["2026-12-22"]})
    session.expire_all()
    assert session.get_one(Event, event.id).state is State.PUBLISHED
    assert standing(session, event)[:3] == ["24.11 10:00", "26.01 10:00", "23.02 10:00"]
    assert "EXDATE;TZID=Europe/Warsaw:20261222T100000" in text_of(session, event)


def test_ticks_go_with_the_publication_too(client, session, people, clock):
    event = drafted(client, session, people)
    data = {"pokazane": "1", "bez": ["2026-12-22", "2027-01-26"]}
    client.post(f"/wydarzenia/{event.uuid}/sprawdz", data=data, follow_redirects=True)
    session.expire_all()
    assert standing(session, event)[:2] == ["24.11 10:00", "23.02 10:00"]


def test_not_every_date_can_be_left_out(client, session, people, clock):
    event = drafted(client, session, people)
    every = [row.local_date.isoformat() for row in dates_of(session, event)]
    answer = client.post(f"/wydarzenia/{event.uuid}/sprawdz", data={"pokazane": "1", "bez": every, "terminy": "1"})
    assert answer.status_code == 422
    assert "Zostaw co najmniej jeden albo usuń szkic." in client.page.text
    session.expire_all()
    assert len(standing(session, event)) == 10


def test_holidays_are_marked_among_the_dates(client, session, people, clock):
    event = drafted(client, session, people, repeats="weekly", day="25.11.2026", repeat_count="8")
    page = client.see(f"/wydarzenia/{event.uuid}/sprawdz")
    assert "święto: Święto Trzech Króli" in page.text


def test_the_first_date_is_the_first_day_of_the_rule(client, session, people, clock):
    event = drafted(client, session, people, repeats="weekly", repeat_days=["0", "3"], repeat_count="4")
    assert standing(session, event) == ["26.11 10:00", "30.11 10:00", "03.12 10:00", "07.12 10:00"]
    assert (event.rule, event.local_start.day) == ("FREQ=WEEKLY;COUNT=4;BYDAY=MO,TH", 26)


def test_month_ends_are_skipped_and_said(client, session, people, clock):
    event = drafted(client, session, people, repeats="month_day", day="31.12.2026", repeat_count="4")
    assert standing(session, event) == ["31.12 10:00", "31.01 10:00", "31.03 10:00", "31.05 10:00"]
    page = client.see(f"/wydarzenia/{event.uuid}/sprawdz")
    assert "31. dnia miesiąca, z pominięciem miesięcy, które nie mają 31 dni, 4 terminy." in page.text


WRONG = [
    ({"repeat_until": "1.6.2027"}, "repeat_count", "nie jedno i drugie"),
    ({"repeat_count": "", "repeat_until": "25.11.2026"}, "repeat_until", "mniej niż dwa terminy"),
    ({"repeat_count": "", "repeat_until": "1.6.2040"}, "repeat_until", "5 lat"),
    ({"repeat_count": "1"}, "repeat_count", "od 2 do 200"),
    ({"repeat_count": "500"}, "repeat_count", "od 2 do 200"),
    ({"repeat_interval": "13"}, "repeat_interval", "od 1 do 12"),
    ({"day": "30.12.2026", "repeats": "month_nth"}, "repeats", "ostatni w miesiącu"),
    ({"repeat_days": ["1"]}, "repeat_days", "tylko przy powtarzaniu co tydzień"),
    ({"closes_day": "20.11.2026"}, "closes_day", "do jego początku"),
    ({"withdraw_day": "20.11.2026"}, "withdraw_day", "do jego początku"),
    ({"repeats": ""}, "repeats", "albo wyczyść pola poniżej"),
    ({"repeats": "codziennie"}, "repeats", "Wybierz jedną"),
    ({"starts": "1:00", "ends": "2:30"}, "starts", "od 2.00 do 3.00"),
    ({"starts": "22:00", "ends": "6:00", "end_day": "25.11.2026"}, "starts", "od 2.00 do 3.00"),
    ({"repeats": "weekly", "repeat_days": ["1", "2"], "starts": "", "ends": "", "all_day": "y",
      "end_day": "26.11.2026"}, "repeat_interval", "zanim zacznie się następny"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "field", "sentence"), WRONG)
def test_what_makes_no_series_is_refused_and_kept(client, session, people, clock, changes, field, sentence):
    client.sign_in(people.marek)
    answer = client.post("/wydarzenia/nowe", data=typed(people, **changes))
    assert answer.status_code == 422
    page = client.page
    assert any(sentence in link.text for link in page.one("div", id="errors").all("a", href=f"#{field}"))
    assert page.one("details", id="powtarza" if field not in ("closes_day", "withdraw_day") else "wiecej").has("open")
    kept = {**TYPED, **changes}
    if kept["repeats"] != "codziennie" and kept["repeats"]:
        assert page.one("input", name="repeats", value=kept["repeats"]).has("checked")
    assert page.one("input", name="repeat_count")["value"] == kept["repeat_count"]
    assert session.exec(select(Event)).first() is None


def test_a_series_for_which_one_signs_up_at_once_may_close_on_a_day(client, session, people, clock):
    event = drafted(client, session, people, signup_scope="series", closes_day="23.11.2026", closes_time="12:00")
    assert event.signup_closes_at is not None


def test_a_saved_series_fills_its_form(client, session, people, clock):
    event = drafted(client, session, people, repeats="weekly", repeat_days=["1", "3"], repeat_interval="2")
    page = client.see(f"/wydarzenia/{event.uuid}/edycja")
    assert page.one("input", name="repeats", value="weekly").has("checked")
    assert page.one("input", name="repeat_interval")["value"] == "2"
    assert [box["value"] for box in page.all("input", name="repeat_days") if box.has("checked")] == ["1", "3"]


def test_a_draft_series_is_changed_as_a_whole(client, session, people, clock):
    event = drafted(client, session, people)
    data = typed(people, repeats="weekly", repeat_count="3", revision=str(event.revision))
    client.post(f"/wydarzenia/{event.uuid}/edycja", data=data, follow_redirects=True)
    session.expire_all()
    assert standing(session, event) == ["24.11 10:00", "01.12 10:00", "08.12 10:00"]
    assert len(dates_of(session, event)) == 3

"""Changing and cancelling an event on screen."""

import pytest
from sqlmodel import select

from app.outbox.models import OutboxMail
from events.calendar.models import Event, State, Visibility
from events.changes import actions
from tests.factories.events import date_of
from tests.factories.guests import event_in, sign_up


@pytest.fixture(name="event")
def _event(session, people, clock):
    return event_in(session, people.ewa, title="Narada", capacity=3)


def edit(event):
    return f"/wydarzenia/{event.uuid}/edycja"


def cancel(event):
    return f"/wydarzenia/{event.uuid}/odwolaj"


def mails(session):
    return [(mail.template, mail.to_address) for mail in session.exec(select(OutboxMail)).all()]


@pytest.mark.parametrize(
    ("who", "status"), [("ewa", 200), ("adam", 200), ("marek", 403), ("piotr", 403), ("wanda", 403), ("olga", 403)]
)
def test_only_the_organisers_coordinators_change_and_cancel(client, session, people, event, who, status):
    client.sign_in(getattr(people, who))
    client.see(edit(event), status=status)
    client.see(cancel(event), status=status)


def test_an_invited_event_is_unknown_to_strangers(client, session, people, clock):
    event = event_in(session, people.ewa, visibility=Visibility.INVITED)
    client.sign_in(people.stefan)
    client.see(edit(event), status=404)
    client.see(cancel(event), status=404)


def test_a_change_is_saved_and_mailed_to_those_signed_up(client, session, people, event):
    sign_up(session, event, people.marek)
    before = len(mails(session))
    page = client.sign_in(people.ewa).see(edit(event))
    assert "do 1 zapisanej osoby" in page.text
    values = page.values(edit(event))
    assert (values["title"], values["day"], values["starts"], values["place"]) == (
        "Narada",
        "30.11.2026",
        "10.00",
        "other",
    )
    answer = client.post(edit(event), data={**values, "starts": "11:00", "ends": "13.30", "title": "Narada druga"})
    assert (answer.status_code, answer.location) == (303, f"/wydarzenia/{event.uuid}")
    page = client.see(answer.location)
    assert page.one("h1").text == "Narada druga"
    assert "11.00–13.30" in page.text
    assert mails(session)[before:] == [("events/signups/moved", people.marek.email)]


def test_nothing_changed_is_said(client, session, people, event):
    values = client.sign_in(people.ewa).see(edit(event)).values(edit(event))
    assert client.post(edit(event), data=values).status_code == 303
    assert "Nic się nie zmieniło." in client.see(f"/wydarzenia/{event.uuid}").text


def test_a_stale_form_shows_both_texts_and_keeps_mine(client, session, people, event):
    values = client.sign_in(people.ewa).see(edit(event)).values(edit(event))
    other = client.application.test_client()
    other.writes = session
    theirs = other.sign_in(people.adam).see(edit(event)).values(edit(event))
    assert other.post(edit(event), data={**theirs, "title": "Narada Adama", "seats": "5"}).status_code == 303
    answer = client.post(edit(event), data={**values, "title": "Narada Ewy"})
    assert answer.status_code == 409
    page = client.page
    assert page.title.startswith("Błąd: ")
    rows = [[cell.text for cell in row.children if not isinstance(cell, str)] for row in page.one("tbody").all("tr")]
    assert rows == [["Nazwa", "Narada Adama", "Narada Ewy"], ["Liczba miejsc", "5", "3"]]
    mine = page.values(edit(event))
    assert mine["title"] == "Narada Ewy"
    assert mine["revision"] == str(int(str(values["revision"])) + 1)
    assert client.post(edit(event), data=mine).status_code == 303
    saved = session.exec(select(Event)).one()
    assert (saved.title, saved.capacity) == ("Narada Ewy", 3)


def test_fewer_places_than_taken_are_refused(client, session, people, event):
    sign_up(session, event, people.marek, places=2)
    values = client.sign_in(people.ewa).see(edit(event)).values(edit(event))
    assert client.post(edit(event), data={**values, "seats": "2"}).status_code == 422
    assert "3" in client.page.one("span", id="seats-error").text
    assert client.page.values(edit(event))["seats"] == "2"


@pytest.mark.parametrize(
    ("typed", "field"), [({"day": "30.02.2027"}, "day"), ({"ends": "9:00"}, "ends"), ({"day": "1.11.2026"}, "day")]
)
def test_wrong_times_come_back_with_a_sentence(client, session, people, event, typed, field):
    values = client.sign_in(people.ewa).see(edit(event)).values(edit(event))
    assert client.post(edit(event), data={**values, **typed}).status_code == 422
    assert client.page.one("span", id=f"{field}-error").text.startswith("Błąd: ")
    assert session.exec(select(Event)).one().local_start.day == 30


def test_a_draft_goes_on_to_the_check_page(client, session, people, clock):
    event = event_in(session, people.ewa, title="Szkic", publish=False)
    values = client.sign_in(people.ewa).see(edit(event)).values(edit(event))
    answer = client.post(edit(event), data={**values, "title": "Lepszy szkic"})
    assert (answer.status_code, answer.location) == (303, f"/wydarzenia/{event.uuid}/sprawdz")
    page = client.see(edit(event))
    answer = client.post(edit(event), data={**page.values(edit(event)), "place": "", "place_other": "", "szkic": "1"})
    assert answer.location == edit(event)
    assert "Przed publikacją uzupełnij:" in client.see(answer.location).text
    assert session.exec(select(Event)).one().title == "Lepszy szkic"


def test_cancelling_needs_a_reason_and_says_whom_it_reaches(client, session, people, event):
    sign_up(session, event, people.marek, places=1)
    before = len(mails(session))
    page = client.sign_in(people.ewa).see(cancel(event))
    assert "Zapisane są 2 osoby. Dostaną e-mail z powodem." in page.text
    assert client.post(cancel(event), data={"reason": " "}).status_code == 422
    assert client.page.title.startswith("Błąd: Odwołaj wydarzenie")
    assert "Podaj powód: będzie widoczny przy wydarzeniu." in client.page.text
    answer = client.post(cancel(event), data={"reason": "ćwiczenia ochronne"})
    assert (answer.status_code, answer.location) == (303, f"/wydarzenia/{event.uuid}")
    page = client.see(answer.location)
    assert "Wydarzenie odwołane." in page.text
    assert "Powód: ćwiczenia ochronne" in page.text
    assert {template for template, _to in mails(session)[before:]} == {"events/signups/cancelled"}
    assert date_of(session, event).state is State.CANCELLED
    client.see(edit(event), status=409)
    client.see(cancel(event), status=409)


def test_a_past_event_is_not_changed(client, session, people, event, clock):
    clock.shift(864000)
    client.sign_in(people.ewa)
    client.see(edit(event), status=409)
    client.see(cancel(event), status=409)
    assert "Edytuj" not in client.see(f"/wydarzenia/{event.uuid}").text


def test_a_cancelled_meanwhile_event_is_not_saved(client, session, people, event):
    values = client.sign_in(people.ewa).see(edit(event)).values(edit(event))
    actions.cancel(session, people.ewa.actor, event, "choroba", event.changed_at)
    assert client.post(edit(event), data=values).status_code == 409

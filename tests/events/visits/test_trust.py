"""Answers and mails about people whom nobody has signed in: no false news, no mails to anybody at will."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select
from time_machine import Traveller

from app.clock import now
from app.outbox.models import OutboxMail
from events.signups.models import SignUp
from events.visits import actions, meeting, rules
from events.visits.models import State, Visit, VisitStep
from tests.browser import Browser
from tests.factories.persons import People, make_person
from tests.factories.replies import ask, links_in, make_silent
from tests.factories.visits import steps_of

pytestmark = pytest.mark.usefixtures("clock")


def opened(session: Session, people: People, client: Browser) -> tuple[str, str]:
    """Let the prison invite a centre without accounts, and open its link: the address, and the first date's box."""
    ask(session, people.ewa, make_silent(session))
    (address,) = links_in(session)
    client.see(address)
    return address, client.page.all("input", name="answer")[0]["value"]


def test_an_address_that_the_asker_has_typed_gets_one_message_a_day(
    session: Session, people: People, clock: Traveller
) -> None:
    visit = ask(session, people.ewa, make_silent(session, email=""), reply_email="ktokolwiek@poczta.example")
    for number in range(12):
        actions.say(session, people.ewa.actor, visit, f"Wiadomość {number}", now())
    clock.shift(timedelta(hours=25))
    actions.say(session, people.ewa.actor, visit, "Nazajutrz", now())
    mails = [one.template for one in session.exec(select(OutboxMail)) if one.to_address == "ktokolwiek@poczta.example"]
    assert mails == ["events/visits/reply", "events/visits/said", "events/visits/said"]
    assert len(steps_of(session, visit)) == 14


def test_one_person_named_twice_is_said_and_not_a_fault(session: Session, people: People, client: Browser) -> None:
    address, box = opened(session, people, client)
    twice = {"answer": box, "name_0": "Anna Przykładowa", "name_1": "anna  przykładowa"}
    assert client.post(address, data=twice).status_code == 422
    assert "Ta osoba jest wpisana dwa razy." in client.page.text
    assert session.exec(select(Visit)).one().state is State.REQUESTED
    assert client.post(address, data={**twice, "name_1": "Maria Próbna"}).status_code == 303


def test_a_link_names_no_more_people_than_were_invited(session: Session, people: People, client: Browser) -> None:
    address, box = opened(session, people, client)
    names = {f"name_{number}": f"Osoba Pokazowa {number}" for number in range(4)}
    assert client.post(address, data={"answer": box, **names}).status_code == 303
    assert len(session.exec(select(SignUp)).all()) == 2


def test_an_answer_that_fails_half_way_is_not_told_as_agreed(
    session: Session, people: People, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step is written before the event is made: what the page shows then must be read afresh."""

    def refuse(*_given: object, **_named: object) -> None:
        raise rules.NoSuchOption

    address, box = opened(session, people, client)
    monkeypatch.setattr(meeting, "make", refuse)
    response = client.post(address, data={"answer": box, "message": "Przyjedziemy."})
    assert response.status_code == rules.NoSuchOption.status
    assert client.page.h1.startswith("Zakład Karny w Kładkowie: prośba o spotkanie")
    assert "Przyjedziemy." in client.page.text
    assert len(session.exec(select(VisitStep)).all()) == 1


def test_once_an_institution_has_its_people_nobody_else_answers_for_it(
    session: Session, people: People, client: Browser
) -> None:
    """The address may be one that the asking side has typed, and any mailbox may be read by many."""
    silent = make_silent(session, email="")
    ask(session, people.ewa, silent, reply_email="ktokolwiek@poczta.example")
    (address,) = links_in(session)
    client.see(address)
    box = client.page.all("input", name="answer")[0]["value"]
    later = make_person(session, "Anna Przykładowa", silent)
    assert client.post(address, data={"answer": box}).status_code == 409
    assert session.exec(select(Visit)).one().state is State.REQUESTED
    page = client.see(address)
    assert page.h1 == "Twoja instytucja odpowiada teraz w Kładce"
    assert "odpowiadają jej osoby" in page.text
    assert "Prosimy o spotkanie z grupą." not in page.text
    case = client.sign_in(later).see("/wizyty/W-2026-001")
    assert "Prosimy o spotkanie z grupą." in case.text

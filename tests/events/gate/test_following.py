"""The list follows what happens above it: sign-ups, their queue, changes of the event, its cancellation."""

from dataclasses import replace
from uuid import uuid4

import pytest
import time_machine
from sqlmodel import Session, select

from app.clock import now
from events.calendar.models import Consent, Event, EventSpeaker
from events.calendar.rules import EventDraft, Speaker
from events.changes import actions as changes
from events.gate import requests, upkeep
from events.gate.models import Entry, EntryState
from events.signups import actions as signups
from events.signups.rules import Wanted
from tests.factories.events import date_of, draft_of, instant, local, make_event, named
from tests.factories.gate import entries, things
from tests.factories.persons import People, Person

pytestmark = pytest.mark.usefixtures("clock")
LISTED, REQUESTED, REMOVED = EntryState.LISTED, EntryState.REQUESTED, EntryState.REMOVED


def inside(session: Session, people: People, **changed: object) -> Event:
    return make_event(session, people.marek, place="", place_institution_id=people.prison.id, **changed)


def sign_up(session: Session, who: Person, event: Event, *numbers: int, places: int = 0) -> None:
    wanted = Wanted(people=tuple(named(n) for n in numbers), places=places)
    signups.sign_up(session, who.actor, event, date_of(session, event).id or 0, wanted, str(uuid4()), now())


def stands(rows: list[Entry]) -> list[tuple[str, EntryState]]:
    return [(row.person, row.state) for row in rows]


def wanted_of(event: Event, people: People, **changed: object) -> EventDraft:
    values = {"place": "", "place_institution_id": people.prison.id, "capacity": event.capacity, **changed}
    return draft_of(**values)


def test_whoever_gets_a_seat_stands_on_the_list_and_the_queue_follows(session: Session, people: People) -> None:
    event = inside(session, people, capacity=2)
    assert event.consent is Consent.PENDING
    sign_up(session, people.jola, event, 1, places=1)
    sign_up(session, people.jola, event, 3)
    assert stands(entries(session, event)) == [("Osoba 1", LISTED), ("", LISTED)]
    first = entries(session, event)[0].signup_id or 0
    signups.withdraw(session, people.jola.actor, event, first, now())
    assert stands(entries(session, event)) == [("Osoba 1", REMOVED), ("", LISTED), ("Osoba 3", LISTED)]


def test_a_new_hour_asks_anew_about_people_and_things(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = inside(session, people)
    sign_up(session, people.jola, event, 1)
    date_id = date_of(session, event).id or 0
    requests.report_thing(session, people.marek.actor, date_id, "laptop", "", now())
    things(session, event)[0].state = EntryState.APPROVED
    session.flush()
    clock.move_to(instant(local(9, days=-1)))
    wanted = wanted_of(event, people, starts=local(11), ends=local(13))
    changes.edit(session, people.marek.actor, event, wanted, event.revision, now())
    assert stands(entries(session, event)) == [("Osoba 1", REQUESTED)]
    assert [one.state for one in things(session, event)] == [REQUESTED]


def test_a_new_text_asks_nobody(session: Session, people: People, clock: time_machine.Traveller) -> None:
    event = inside(session, people)
    sign_up(session, people.jola, event, 1)
    clock.move_to(instant(local(9, days=-1)))
    wanted = wanted_of(event, people, description="Nowy opis.")
    changes.edit(session, people.marek.actor, event, wanted, event.revision, now())
    assert stands(entries(session, event)) == [("Osoba 1", LISTED)]


def test_a_list_begins_and_ends_with_the_place(session: Session, people: People) -> None:
    event = make_event(session, people.marek)
    sign_up(session, people.jola, event, 1, 2)
    assert entries(session, event) == []
    changes.edit(session, people.marek.actor, event, wanted_of(event, people), event.revision, now())
    assert stands(entries(session, event)) == [("Osoba 1", LISTED), ("Osoba 2", LISTED)]
    changes.edit(session, people.marek.actor, event, draft_of(), event.revision, now())
    assert stands(entries(session, event)) == [("Osoba 1", REMOVED), ("Osoba 2", REMOVED)]
    changes.edit(session, people.marek.actor, event, wanted_of(event, people), event.revision, now())
    assert stands(entries(session, event)) == [("Osoba 1", LISTED), ("Osoba 2", LISTED)]


def test_speakers_of_a_published_event_come_by_the_worker_and_follow_the_form(session: Session, people: People) -> None:
    anna = Speaker("Anna Przykładowa", "psycholożka", people.ngo.id)
    event = inside(session, people, speakers=(anna,))
    assert upkeep.list_speakers(session, now()) == 1
    maria = replace(anna, person="Maria Próbna")
    wanted = wanted_of(event, people, speakers=(maria, anna))
    changes.edit(session, people.marek.actor, event, wanted, event.revision, now())
    assert sorted(stands(entries(session, event))) == [("Anna Przykładowa", LISTED), ("Maria Próbna", LISTED)]
    assert {row.speaker_id for row in entries(session, event)} == {
        one.id for one in session.exec(select(EventSpeaker)).all()
    }


def test_cancelling_ends_the_list(session: Session, people: People) -> None:
    event = inside(session, people)
    sign_up(session, people.jola, event, 1)
    changes.cancel(session, people.marek.actor, event, "choroba", now())
    assert stands(entries(session, event)) == [("Osoba 1", REMOVED)]

"""Guests of the entry list are proposed for the attendance once the unit lets them in, by name and institution only."""

import time_machine
from sqlmodel import Session, select

from app.clock import now
from events.gate import requests
from events.gate.models import Entry, EntryState
from events.gate.requests import Decision
from events.minutes import queries
from tests.factories.events import date_of, instant, local
from tests.factories.gate import make_visit
from tests.factories.persons import People


def test_only_guests_who_may_enter_are_expected(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    date = date_of(session, event)
    requests.add_guest(session, people.marek.actor, date.id or 0, "Anna Wpuszczona", "funkcja tylko dla bramy", now())
    clock.move_to(instant(local(9, days=-1)))
    requests.add_guest(session, people.marek.actor, date.id or 0, "Jan Odmówiony", "", now())
    waits = session.exec(select(Entry).where(Entry.state == EntryState.REQUESTED)).one()
    assert [row.person for row in queries.expected(session, event, date)] == ["Anna Wpuszczona"]
    refusal = Decision((waits.id or 0,), False, f"{waits.changed_at.timestamp():.6f}", False, "late", "")
    requests.decide(session, people.ewa.actor, [refusal], now())
    (row,) = queries.expected(session, event, date)
    assert (row.person, row.institution_id, row.function) == ("Anna Wpuszczona", people.mops.id, "")

"""Duty hours as the two sides agree on them: planned by the centre, confirmed by the unit, published."""

from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, select

from app.clock import now
from events.calendar import parties
from events.calendar.models import Event, Occurrence
from events.duty import actions
from events.duty.models import DutyBooking
from events.duty.rules import DutyDraft
from events.recurrence import Rule
from events.signups.rules import Person as Guest
from tests.factories.persons import People, Person

FIRST = datetime(2026, 12, 2, 9, 0)  # noqa: DTZ001 - Warsaw wall time, a Wednesday
LAST = datetime(2026, 12, 2, 12, 0)  # noqa: DTZ001
WEDNESDAYS = Rule(days=(2,), until=date(2027, 1, 31))


def of(person: Person) -> Guest:
    """Give a standing person as somebody to put on duty."""
    return Guest(person.actor.name, person.actor.email, "pracownik socjalny", person.actor.user_id)


def plan_of(people: People, **changes: Any) -> DutyDraft:
    """Give what the form says: Wednesdays 9.00-12.00 from 2 December on, slots of 20 minutes for 3 persons, Piotr."""
    values: dict[str, Any] = {
        "unit_id": people.prison.id or 0,
        "title": "Dyżur pracownika socjalnego MOPS",
        "starts": FIRST,
        "ends": LAST,
        "rule": WEDNESDAYS,
        "slot_minutes": 20,
        "slot_persons": 3,
        "room": "pokój rozmów",
        "who": of(people.piotr),
        "voivodeship_code": "08",
        **changes,
    }
    return DutyDraft(**values)


def make_duty(session: Session, people: People, **changes: Any) -> Event:
    """Let the MOPS plan duty hours, the prison confirm them, the MOPS publish them."""
    event = actions.plan(session, people.marek.actor, plan_of(people, **changes), now())
    parties.answer(session, people.ewa.actor, event, now(), agrees=True)
    actions.publish(session, people.marek.actor, event, now())
    session.flush()
    return event


def dates(session: Session, event: Event) -> list[Occurrence]:
    """Give the dates of *event* in the order of time."""
    statement = select(Occurrence).where(Occurrence.event_id == event.id).order_by(col(Occurrence.starts_at))
    return list(session.exec(statement).all())


def make_booking(
    session: Session,
    person: Person,
    occurrence: Occurrence,
    slot: int = 0,
    persons: int = 1,
    topics: tuple[str, ...] = ("benefits",),
    key: str = "",
) -> DutyBooking:
    """Let a coordinator of the unit book."""
    return actions.book(session, person.actor, occurrence.id or 0, slot, persons, topics, key or str(uuid4()), now())

"""Meetings that are over, and records of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlmodel import Session, select
from time_machine import Traveller

from app import warsaw
from app.clock import now
from events.calendar import actions as calendar
from events.calendar.models import Answer, Event, EventParty, Outcome, Part, Visibility
from events.minutes import actions, queries, versions
from events.minutes.models import Record, RecordTask
from events.minutes.queries import Date
from events.minutes.versions import Task, Version
from tests.factories.events import date_of, make_draft
from tests.factories.guests import event_in, sign_up
from tests.factories.persons import People, Person

TOPICS = ("schronienie", "świadczenia rodzinne")


def met(
    session: Session,
    people: People,
    clock: Traveller | None,
    *,
    co: bool = True,
    guests: Sequence[Person] = (),
    after: timedelta = timedelta(days=2),
    **changes: Any,
) -> Event:
    """Let Ewa hold a meeting in the prison on the next day, with the MOPS as co-organiser, and go to a day after it."""
    values = {"title": "Spotkanie o świadczeniach", "topics": TOPICS, "capacity": 20, **changes}
    event = event_in(session, people.ewa, days=1, **values)
    if co:
        join(session, event, people.mops.id or 0)
    for guest in guests:
        sign_up(session, event, guest)
    if clock is not None:
        clock.shift(after)
    return event


def join(session: Session, event: Event, institution_id: int, answer: Answer | None = Answer.CONFIRMED) -> None:
    """Let an institution co-organise."""
    party = EventParty(
        event_id=event.id or 0, institution_id=institution_id, part=Part.CO_ORGANISER, answer=answer, asked_at=now()
    )
    session.merge(party)
    session.flush()


def found(session: Session, event: Event) -> Date:
    """Give the one date of *event* with those concerned and its record, as it stands now."""
    session.flush()
    place = queries.date_by_id(session, date_of(session, event).id or 0)
    assert place is not None
    return place


def version_for(session: Session, event: Event, **changes: Any) -> Version:
    """Give a whole record of a meeting that was held: everybody expected was present."""
    place = found(session, event)
    rows = tuple(replace(row, present=True) for row in queries.expected(session, place.event, place.occurrence))
    begin = Version(outcome=Outcome.HELD, topics=TOPICS[:1], body="Omówiono zasiłki.", rows=rows, people_inside=12)
    return replace(begin, **changes)


def saved(session: Session, event: Event, by: Person, **changes: Any) -> Record:
    """Let *by* save a draft."""
    wanted = version_for(session, event, **changes)
    place = found(session, event)
    revision = place.record.revision if place.record else 0
    before = queries.version_of(session, place.record)
    return actions.save(session, by.actor, place, wanted, revision, versions.marks(before), now()).record


def submitted(session: Session, event: Event, by: Person, **changes: Any) -> Record:
    """Let *by* write and approve the record."""
    wanted = version_for(session, event, **changes)
    place = found(session, event)
    revision = place.record.revision if place.record else 0
    before = queries.version_of(session, place.record)
    return actions.submit(session, by.actor, place, wanted, revision, versions.marks(before), now()).record


def make_task(session: Session, by: Person) -> RecordTask:
    """Let *by* record a meeting of last week, at which his institution took a task."""
    starts = warsaw.to_local(now() - timedelta(days=7)).replace(hour=10, minute=0, tzinfo=None)
    changes = {"title": "Narada w zeszłym tygodniu", "visibility": Visibility.PARTNERS}
    event = make_draft(session, by, starts=starts, ends=starts + timedelta(hours=1), **changes)
    calendar.record_past(session, by.actor, event, now())
    task = Task(versions.task_key("lista osób"), "lista osób", by.institution_id)
    submitted(session, event, by, tasks=(task,))
    return session.exec(select(RecordTask)).one()


def record_at(session: Session, event: Event) -> Record:
    """Give the record of the one date of *event*."""
    return session.exec(select(Record).where(Record.occurrence_id == date_of(session, event).id)).one()

"""A certificate with what it rests on: a sealed record of an event's date at which a person was present."""

from sqlmodel import Session

from app.clock import now
from events.calendar.models import Event, Outcome
from events.minutes.models import Attendance, Record, RecordState
from events.papers.models import Certificate
from tests.factories.events import date_of
from tests.factories.persons import Person
from tests.factories.rows import add


def make_certificate(session: Session, event: Event, person: Person) -> Certificate:
    at, occurrence_id = now(), date_of(session, event).id or 0
    kept = {"outcome": Outcome.HELD, "state": RecordState.SEALED}
    record = add(session, Record, occurrence_id=occurrence_id, made_at=at, changed_at=at, **kept)
    who = {"institution_id": person.actor.institution_id or 0, "user_id": person.user_id, "person": person.name}
    attendance = add(session, Attendance, record_id=record.id or 0, present=True, **who)
    return add(session, Certificate, attendance_id=attendance.id or 0, issued_at=at)

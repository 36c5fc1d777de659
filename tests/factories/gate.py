"""Events inside a prison unit, and what stands on their entry lists."""

from typing import Any

from sqlmodel import Session, col, select

from app.clock import now
from events.calendar.models import Consent, Event
from events.gate import actions
from events.gate.models import Entry, Equipment
from events.gate.rules import Expected
from partners.institutions.models import Institution
from tests.factories.events import date_of, make_event
from tests.factories.persons import People, Person


def make_visit(session: Session, people: People, by: Person | None = None, **changes: Any) -> Event:
    """Publish an event that takes place in the prison; its organiser is the MOPS unless *by* says other."""
    event = make_event(session, by or people.marek, place="", place_institution_id=people.prison.id, **changes)
    event.consent = Consent.PENDING
    session.flush()
    return event


def expect(
    session: Session, event: Event, whose: Person, *names: str, first: int = 1, by: Person | None = None
) -> None:
    """Expect people of *whose* institution, with sign-up ids from *first* on."""
    wanted = [Expected(first + i, whose.institution_id, name, "pracownik socjalny") for i, name in enumerate(names)]
    actions.expect(session, (by or whose).actor, event, date_of(session, event), wanted, now())


def entries(session: Session, event: Event) -> list[Entry]:
    """Give the rows of the event's list in the order of their making, read afresh."""
    found = select(Entry).where(Entry.occurrence_id == date_of(session, event).id).order_by(col(Entry.id))
    return list(session.exec(found.execution_options(populate_existing=True)).all())


def things(session: Session, event: Event) -> list[Equipment]:
    """Give the equipment on the event's list in the order of its making."""
    found = select(Equipment).where(Equipment.occurrence_id == date_of(session, event).id).order_by(col(Equipment.id))
    return list(session.exec(found.execution_options(populate_existing=True)).all())


def id_of(institution: Institution) -> int:
    """Give the id of a stored institution."""
    assert institution.id is not None
    return institution.id

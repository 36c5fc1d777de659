"""Drafts and published events, made by the actions themselves so that dates, audit and shelf are right."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from app import warsaw
from app.clock import now
from events.calendar import actions
from events.calendar.models import Answer, Event, EventKind, EventParty, Occurrence, Part, Visibility
from events.calendar.rules import EventDraft
from events.signups.rules import Person as Wanted
from tests.factories.persons import Person

START = datetime(2026, 12, 8, 10, 0)  # noqa: DTZ001 - Warsaw wall time, a Tuesday
END = datetime(2026, 12, 8, 12, 0)  # noqa: DTZ001


def draft_of(**changes: Any) -> EventDraft:
    """Give the values of a form: a training on 8 December 2026, 10.00-12.00, for everybody."""
    values: dict[str, object] = {
        "title": "Szkolenie o świadczeniach",
        "kind": EventKind.STAFF_TRAINING,
        "starts": START,
        "ends": END,
        "place": "ul. Przykładowa 1, Kładkowo",
        "voivodeship_code": "08",
        "audience": ("social_workers",),
        "visibility": Visibility.PUBLIC,
        **changes,
    }
    return EventDraft(**values)  # type: ignore[arg-type]  # checked by the dataclass and the actions


def make_draft(session: Session, organiser: Person, **changes: Any) -> Event:
    """Let *organiser* draft an event."""
    return actions.draft(session, organiser.actor, draft_of(**changes), now())


def make_event(session: Session, organiser: Person, **changes: Any) -> Event:
    """Let *organiser* publish an event to which the host and the co-organisers have agreed."""
    event = make_draft(session, organiser, **changes)
    agree(session, event)
    actions.publish(session, organiser.actor, event, now())
    return event


def agree(session: Session, event: Event) -> None:
    """Let the host and the co-organisers have said yes, without the mails of their ways there."""
    named = select(EventParty).where(EventParty.event_id == event.id, EventParty.part != Part.INVITED)
    for party in session.exec(named).all():
        party.answer, party.asked_at, party.answered_at = Answer.CONFIRMED, now(), now()
    session.flush()


def date_of(session: Session, event: Event) -> Occurrence:
    """Give the one date of *event*."""
    return session.exec(select(Occurrence).where(Occurrence.event_id == event.id)).one()


def named(number: int, at: str = "kladkowo") -> Wanted:
    """Give an invented colleague."""
    return Wanted(name=f"Osoba {number}", email=f"osoba{number}@{at}.example", function="pracownik socjalny")


def local(hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    """Give a Warsaw wall time on START's day, or *days* later."""
    return START.replace(hour=hour, minute=minute) + timedelta(days=days)


def instant(wall: datetime) -> datetime:
    """Give the instant of a Warsaw wall time."""
    return warsaw.to_utc(wall)

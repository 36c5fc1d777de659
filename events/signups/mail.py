"""Which messages a sign-up act causes: one mail to each person concerned, in his language."""

from datetime import datetime

from sqlmodel import Session

from app.outbox import post
from app.outbox.post import Param
from events import ical
from events.calendar import actions as calendar
from events.calendar.models import Event, Occurrence
from events.signups import queries
from events.signups.models import SignUp, SignUpState
from partners.people import queries as people


def made(session: Session, event: Event, occurrence: Occurrence, rows: list[SignUp], now: datetime) -> None:
    """Tell everybody on a new booking whether he has a seat or waits."""
    for row in rows:
        _send(session, event, occurrence, row, "confirmed" if row.state is SignUpState.SEAT else "waiting", now)


def promoted(session: Session, event: Event, occurrence: Occurrence, rows: list[SignUp], now: datetime) -> None:
    """Tell those who have moved up from the waiting list."""
    for row in rows:
        _send(session, event, occurrence, row, "promoted", now)


def withdrawn(session: Session, event: Event, occurrence: Occurrence, row: SignUp, now: datetime) -> None:
    """Confirm a withdrawal to the person, and tell the organiser's coordinators that a place was given back."""
    _send(session, event, occurrence, row, "withdrawn", now)
    params = _params(event, occurrence, row)
    for coordinator in people.coordinators(session, event.organiser_id):
        _write(session, event, coordinator.email, coordinator.language, "given_back", params, now)


def cancelled(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """Tell everybody with a seat or in the queue that the event does not take place; return how many rows."""
    rows = queries.active(session, occurrence.id or 0)
    for row in rows:
        _send(session, event, occurrence, row, "cancelled", now)
    return len(rows)


def moved(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """Tell everybody with a seat or in the queue about a new time or place; return how many rows."""
    rows = queries.active(session, occurrence.id or 0)
    for row in rows:
        _send(session, event, occurrence, row, "moved", now)
    return len(rows)


# Whoever holds or held a seat gets the date as a calendar file; a waiting person has no date to keep.
_WITH_CALENDAR = frozenset({"confirmed", "promoted", "cancelled", "moved"})


def _send(session: Session, event: Event, occurrence: Occurrence, row: SignUp, message: str, now: datetime) -> None:
    found = queries.addresses(session, [row]).get(row.id or 0)
    if found is None:
        return
    address, language = found
    has_date = message in _WITH_CALENDAR and row.state is SignUpState.SEAT
    text = ical.publication(calendar.item(session, event)) if has_date else None
    _write(session, event, address, language, message, _params(event, occurrence, row), now, text, row.user_id)


def _write(
    session: Session,
    event: Event,
    address: str,
    language: str,
    message: str,
    params: dict[str, Param],
    now: datetime,
    text: str | None = None,
    user_id: int | None = None,
) -> None:
    post.write(
        session,
        now,
        to=address,
        user_id=user_id,
        language=language,
        template=f"events/signups/{message}",
        params=params,
        link=f"/wydarzenia/{event.uuid}#zapisy",
        calendar=text,
    )


def _params(event: Event, occurrence: Occurrence, row: SignUp) -> dict[str, Param]:
    return {
        "title": event.title,
        "person": row.person,
        "starts_at": occurrence.starts_at.isoformat(),
        "ends_at": occurrence.ends_at.isoformat(),
        "all_day": event.all_day,
        "reason": event.cancel_reason,
        "synthetic": event.synthetic,
    }

"""Which messages a sign-up act causes: one mail to each person concerned, in his language."""

from datetime import datetime

from sqlmodel import Session

from app.actors import Actor
from app.outbox import post
from app.outbox.post import Mail, Param
from events.calendar import actions as calendar
from events.calendar.models import Event, Occurrence
from events.signups import queries
from events.signups.models import SignUp, SignUpState
from partners.people import queries as people


def made(
    session: Session, booker: Actor, event: Event, occurrence: Occurrence, rows: list[SignUp], now: datetime
) -> None:
    """Tell everybody on a new booking of *booker* whether he has a seat or waits."""
    addresses = {row.id or 0: (address, booker.language) for row in rows if (address := row.email or booker.email)}
    _send(session, event, occurrence, rows, "confirmed", now, addresses=addresses, while_waiting="waiting")


def promoted(session: Session, event: Event, occurrence: Occurrence, rows: list[SignUp], now: datetime) -> None:
    """Tell those who have moved up from the waiting list."""
    _send(session, event, occurrence, rows, "promoted", now)


def withdrawn(session: Session, event: Event, occurrence: Occurrence, row: SignUp, now: datetime) -> None:
    """Confirm a withdrawal to the person, and tell the organiser's coordinators that a place was given back."""
    _send(session, event, occurrence, [row], "withdrawn", now)
    params = _params(event, occurrence, row)
    told = people.coordinators(session, event.organiser_id)
    post.write_all(session, now, [_mail(event, one.email, one.language, "given_back", params) for one in told])


def cancelled(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """Tell everybody with a seat or in the queue that the event does not take place; return how many rows."""
    rows = queries.active(session, occurrence.id or 0)
    _send(session, event, occurrence, rows, "cancelled", now)
    return len(rows)


def moved(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """Tell everybody with a seat or in the queue about a new time or place; return how many rows."""
    rows = queries.active(session, occurrence.id or 0)
    _send(session, event, occurrence, rows, "moved", now)
    return len(rows)


# Whoever holds or held a seat gets the date as a calendar file; a waiting person has no date to keep.
_WITH_CALENDAR = frozenset({"confirmed", "promoted", "cancelled", "moved"})


def _send(
    session: Session,
    event: Event,
    occurrence: Occurrence,
    rows: list[SignUp],
    message: str,
    now: datetime,
    *,
    addresses: dict[int, tuple[str, str]] | None = None,
    while_waiting: str = "",
) -> None:
    # Addresses and calendar once for all: a full hall is told under the lock that everybody else waits for.
    addresses = queries.addresses(session, rows) if addresses is None else addresses
    seated = message in _WITH_CALENDAR and any(row.state is SignUpState.SEAT for row in rows)
    text = calendar.publication(session, event) if seated else None
    mails = []
    for row in rows:
        if row.id not in addresses:
            continue
        address, language = addresses[row.id]
        has_seat = row.state is SignUpState.SEAT
        told = message if has_seat or not while_waiting else while_waiting
        params = _params(event, occurrence, row)
        mails.append(_mail(event, address, language, told, params, text if has_seat else None, row.user_id))
    post.write_all(session, now, mails)


def _mail(
    event: Event,
    address: str,
    language: str,
    message: str,
    params: dict[str, Param],
    text: str | None = None,
    user_id: int | None = None,
) -> Mail:
    link = f"/wydarzenia/{event.uuid}#zapisy"
    return Mail(address, f"events/signups/{message}", params, language, user_id, link, text)


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

"""Reads for acts that reach several rooms: what a suspension stops, whom it concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import String, cast, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app import warsaw
from app.accounts.models import UserAccount
from app.actors import Role
from app.db import columns
from events.calendar.models import Event, EventParty, Occurrence, State
from events.signups import rules as signups
from events.signups.models import Booking, SignUp
from partners.institutions.models import Institution
from partners.people.models import Membership

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class StoppedDate:
    """A date that lies in a period of a unit; *people* counts who holds a seat, waits or asks."""

    occurrence_id: int
    event_id: int
    uuid: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    organiser_id: int
    organiser: str
    people: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told, once, of all the dates that concern him."""

    address: str
    language: str
    user_id: int | None
    occurrence_ids: tuple[int, ...]


def in_period(session: Session, institution_id: int, first: date, last: date, now: datetime) -> list[StoppedDate]:
    """Give the published dates at an institution's place that touch these days and have not ended: one statement."""
    since = warsaw.start_of(first)
    statement = (
        columns(
            Occurrence.id,
            Event.id,
            Event.uuid,
            func.coalesce(Occurrence.title, Event.title),
            Occurrence.starts_at,
            Occurrence.ends_at,
            Event.all_day,
            Institution.id,
            func.coalesce(func.nullif(Institution.short_name, ""), Institution.name),
            Occurrence.seats_taken + Occurrence.waiting + Occurrence.requested,
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(Institution, col(Institution.id) == Event.organiser_id)
        .where(
            col(Occurrence.place_institution_id) == institution_id,
            col(Occurrence.starts_at) < warsaw.start_of(last + timedelta(days=1)),
            col(Occurrence.ends_at) > max(since, now),
            cast(col(Occurrence.state), String) == State.PUBLISHED.value,
        )
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
    )
    return [StoppedDate(*row) for row in session.execute(statement)]


def concerned(session: Session, dates: Sequence[StoppedDate], *, besides: int | None = None) -> list[Recipient]:
    """Give everybody whom these dates concern, each address once, in the order of the addresses.

    Who is signed up or waits, and the coordinators of the institutions that organise, host or are invited; not the
    account *besides*, who acts himself.
    """
    found: dict[str, tuple[str, int | None, set[int]]] = {}

    def add(address: str, language: str, user_id: int | None, occurrence_ids: set[int]) -> None:
        if address and (user_id is None or user_id != besides):
            known = found.setdefault(address.strip().casefold(), (language or "pl", user_id, set()))
            known[2].update(occurrence_ids)

    of_event: dict[int, set[int]] = {}
    for one in dates:
        of_event.setdefault(one.event_id, set()).add(one.occurrence_id)
    by_institution = _institutions(session, dates, of_event)
    for institution_id, address, language, user_id in _coordinators(session, list(by_institution)):
        add(address, language, user_id, by_institution[institution_id])
    for occurrence_id, address, language, user_id in _guests(session, [one.occurrence_id for one in dates]):
        add(address, language, user_id, {occurrence_id})
    order = {one.occurrence_id: number for number, one in enumerate(dates)}
    return [
        Recipient(address, language, user_id, tuple(sorted(ids, key=order.__getitem__)))
        for address, (language, user_id, ids) in sorted(found.items())
    ]


def signed_up(session: Session, occurrence_ids: Sequence[int]) -> list[SignUp]:
    """Give all who hold a seat, wait or ask on these dates, in the order of the dates' ids and queue numbers."""
    found: list[SignUp] = []
    for some in _pieces(sorted(occurrence_ids)):
        statement = (
            select(SignUp)
            .where(col(SignUp.occurrence_id).in_(some), col(SignUp.state).in_(signups.ACTIVE))
            .order_by(col(SignUp.occurrence_id), col(SignUp.queue_no))
        )
        found += session.exec(statement).all()
    return found


def _institutions(
    session: Session, dates: Sequence[StoppedDate], of_event: Mapping[int, set[int]]
) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for one in dates:
        found.setdefault(one.organiser_id, set()).add(one.occurrence_id)
    for some in _pieces(list(of_event)):
        statement = columns(EventParty.event_id, EventParty.institution_id).where(col(EventParty.event_id).in_(some))
        for event_id, institution_id in session.execute(statement):
            found.setdefault(institution_id, set()).update(of_event[event_id])
    return found


def _coordinators(session: Session, institution_ids: list[int]) -> list[tuple[int, str, str, int | None]]:
    found: list[tuple[int, str, str, int | None]] = []
    for some in _pieces(institution_ids):
        statement = (
            columns(Membership.institution_id, UserAccount.email, UserAccount.language, UserAccount.id)
            .join(UserAccount, col(UserAccount.id) == Membership.user_id)
            .where(
                col(Membership.institution_id).in_(some),
                col(Membership.ended_at).is_(None),
                col(Membership.role).in_((Role.COORDINATOR, Role.ADMIN)),
                col(UserAccount.locked_at).is_(None),
            )
        )
        found += [(row[0], row[1], row[2], row[3]) for row in session.execute(statement)]
    return found


def _guests(session: Session, occurrence_ids: list[int]) -> list[tuple[int, str, str, int | None]]:
    """Give (date, address, language, account): the person, or for a place without a name whoever booked it."""
    person, booker = aliased(UserAccount, name="person"), aliased(UserAccount, name="booker")
    found: list[tuple[int, str, str, int | None]] = []
    for some in _pieces(occurrence_ids):
        statement = (
            columns(
                SignUp.occurrence_id,
                func.coalesce(func.nullif(SignUp.email, ""), person.email, booker.email),
                func.coalesce(person.language, booker.language),
                SignUp.user_id,
            )
            .select_from(SignUp)
            .join(Booking, col(Booking.id) == SignUp.booking_id)
            .outerjoin(person, person.id == SignUp.user_id)  # type: ignore[arg-type]  # an alias of a table's class
            .outerjoin(booker, booker.id == Booking.made_by)  # type: ignore[arg-type]
            .where(col(SignUp.occurrence_id).in_(some), col(SignUp.state).in_(signups.ACTIVE))
            .order_by(col(SignUp.id))
        )
        found += [(row[0], row[1] or "", row[2], row[3]) for row in session.execute(statement)]
    return found


def _pieces(ids: list[int]) -> list[list[int]]:
    return [ids[begin : begin + _AT_ONCE] for begin in range(0, len(ids), _AT_ONCE)]

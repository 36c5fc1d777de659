"""Reads for acts that reach several rooms: what a suspension stops, whom it concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Date, Integer, String, bindparam, cast, exists, func, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app import warsaw
from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.db import columns, rows
from app.text import fold
from events.calendar import clashes
from events.calendar import queries as calendar
from events.calendar.clashes import Clash, Span, Why
from events.calendar.models import Event, EventParty, EventSpeaker, Occurrence, OccurrenceSpeaker, State
from events.calendar.rules import Speaker
from events.signups import rules as signups
from events.signups.models import Booking, SignUp, SignUpState
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


@dataclass(frozen=True, slots=True)
class _Busy:
    """A person on a date: signed up with a seat, or leading there (*speaks*)."""

    person: str
    key: str
    user_id: int | None
    institution_id: int | None
    occurrence_id: int
    starts_at: datetime
    ends_at: datetime
    organiser_id: int
    speaks: bool = False

    def is_(self, other: "_Busy") -> bool:
        """Whether both are one person: the same account or address, or the same name in one institution."""
        if self.user_id is not None and self.user_id == other.user_id:
            return True
        if self.key and self.key == other.key:
            return True
        name = fold(self.person)
        return bool(name) and name == fold(other.person) and self.institution_id == other.institution_id


def elsewhere(
    session: Session, viewer: Actor, event: Event, spans: Sequence[Span], *, speakers: Sequence[Speaker] | None = None
) -> list[Clash]:
    """Give who leads or is signed up here and is needed somewhere else at the same time; at most five statements.

    *speakers* are those of an event that is only planned.

    Found among the dates that begin on the days of *spans*. A name is told of the viewer's own people, of those whom
    his institution has signed up in both places, and of who speaks where he may see it; else it is "".
    """
    mine = [*_speakers_here(session, event, spans, speakers), *_guests_here(session, event, spans)]
    institutions = {one.institution_id for one in mine if one.institution_id is not None}
    if not institutions:
        return []
    days = sorted({day for span in spans for day in span.days})
    around = {"event": event.id or 0, "days": days, "institutions": sorted(institutions)}
    theirs = [
        _Busy(row[0], "", None, row[1], row[2], row[3], row[4], row[5], speaks=True)
        for row in rows(session, _LEADING_ELSEWHERE, around)
    ]
    theirs += [_Busy(*row) for row in rows(session, _GUESTS_ELSEWHERE, around)]
    met: dict[tuple[str, int, int], tuple[_Busy, _Busy]] = {}
    for one in mine:
        for other in theirs:
            if one.starts_at < other.ends_at and other.starts_at < one.ends_at and one.is_(other):
                met.setdefault((fold(one.person), one.occurrence_id, other.occurrence_id), (one, other))
    known = clashes.named(session, viewer, {other.occurrence_id for _one, other in met.values()})
    found = []
    for one, other in list(met.values())[: clashes.SHOWN_MAX]:
        uuid, title = known.get(other.occurrence_id, (None, ""))
        told = viewer.institution_id in (one.institution_id, other.organiser_id) or (other.speaks and uuid is not None)
        person = one.person if told and viewer.works_for_institution else ""
        day = warsaw.today(one.starts_at)
        found.append(Clash(Why.PERSON, day, other.starts_at, other.ends_at, uuid, title, person))
    return sorted(found, key=lambda clash: (clash.starts_at, clash.person))


def _speakers_here(
    session: Session, event: Event, spans: Sequence[Span], planned: Sequence[Speaker] | None
) -> list[_Busy]:
    if planned is not None:
        named: Mapping[int, Sequence[Speaker | calendar.DateSpeaker]] = {
            span.occurrence_id or 0: planned for span in spans
        }
    else:
        dates = [span.occurrence_id or 0 for span in spans]
        named = calendar.speakers_of(session, event.id or 0, dates)
    return [
        _Busy(
            one.person,
            "",
            None,
            one.institution_id,
            span.occurrence_id or 0,
            span.starts_at,
            span.ends_at,
            0,
            speaks=True,
        )
        for span in spans
        for one in named[span.occurrence_id or 0]
        if one.institution_id is not None
    ]


def _guests_here(session: Session, event: Event, spans: Sequence[Span]) -> list[_Busy]:
    if event.state is not State.PUBLISHED:
        return []
    by_date = {span.occurrence_id: span for span in spans}
    found = []
    for person, key, user_id, institution_id, occurrence_id in rows(session, _GUESTS, {"event": event.id}):
        span = by_date.get(occurrence_id)
        if span is not None:
            own = "" if key.startswith("place:") else key
            found.append(_Busy(person, own, user_id, institution_id, occurrence_id, span.starts_at, span.ends_at, 0))
    return found


_PERSON = (SignUp.person, SignUp.person_key, SignUp.user_id, SignUp.institution_id)
_DATE = (Occurrence.id, Occurrence.starts_at, Occurrence.ends_at, Occurrence.organiser_id)
_COMING = (SignUpState.SEAT, SignUpState.OFFERED)
_ELSEWHERE = (
    col(Occurrence.local_date).in_(bindparam("days", type_=Date(), expanding=True)),
    cast(col(Occurrence.state), String) == State.PUBLISHED.value,
    col(Occurrence.event_id) != bindparam("event", type_=Integer()),
)
# Made once: making a statement costs more than running it.
_GUESTS = (
    columns(*_PERSON, SignUp.occurrence_id)
    .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
    .where(col(Occurrence.event_id) == bindparam("event", type_=Integer()), col(SignUp.state).in_(_COMING))
)
_HOUSES = bindparam("institutions", type_=Integer(), expanding=True)
_LEADING_ELSEWHERE = union_all(
    columns(EventSpeaker.person, EventSpeaker.institution_id, *_DATE)
    .select_from(Occurrence)
    .join(EventSpeaker, col(EventSpeaker.event_id) == Occurrence.event_id)
    .where(
        *_ELSEWHERE,
        col(EventSpeaker.institution_id).in_(_HOUSES),
        ~exists().where(col(OccurrenceSpeaker.occurrence_id) == Occurrence.id),
    ),
    columns(OccurrenceSpeaker.person, OccurrenceSpeaker.institution_id, *_DATE)
    .select_from(Occurrence)
    .join(OccurrenceSpeaker, col(OccurrenceSpeaker.occurrence_id) == Occurrence.id)
    .where(*_ELSEWHERE, col(OccurrenceSpeaker.institution_id).in_(_HOUSES)),
)
# The sum keeps SQLite from reading all that an institution has ever signed up for.
_GUESTS_ELSEWHERE = (
    columns(*_PERSON, *_DATE)
    .select_from(Occurrence)
    .join(SignUp, col(SignUp.occurrence_id) == Occurrence.id)
    .where(
        *_ELSEWHERE,
        (col(SignUp.institution_id) + 0).in_(bindparam("institutions", type_=Integer(), expanding=True)),
        col(SignUp.state).in_(_COMING),
    )
)


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


def institutions_with_people(session: Session, event_ids: Sequence[int]) -> list[int]:
    """Give the institutions that have people on any date of these events, whatever became of their sign-ups."""
    statement = (
        columns(SignUp.institution_id)
        .join(Occurrence, col(Occurrence.id) == col(SignUp.occurrence_id))
        .where(col(Occurrence.event_id).in_(event_ids))
        .distinct()
    )
    return sorted(session.execute(statement).scalars().all())

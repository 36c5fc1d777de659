"""Reads of sign-ups: the panel of an event page, the roster of its organiser, queues under the lock."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    text,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app import warsaw
from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.db import columns, rows
from app.text import N_
from events.calendar.models import Admission, Event, EventKind, Occurrence, Promotion, SignUpScope, Split, State
from events.calendar.rules import FAMILY
from events.signups import rules
from events.signups.models import Booking, SignUp, SignUpState
from partners.institutions import workdays
from partners.institutions.models import Institution, Status
from partners.people import queries as people
from partners.people.queries import Colleague
from projects.editions.models import Edition, EditionState
from projects.programmes.models import Programme, ProgrammeState

_OWN: BindParameter[int] = bindparam("own_id", type_=Integer())
_USER: BindParameter[int] = bindparam("user_id", type_=Integer())
_NOW: BindParameter[datetime] = bindparam("now")
_LIMIT: BindParameter[int] = bindparam("limit", type_=Integer())


class Run(Protocol):
    """An event as one that is signed up for as a whole: alone, or with all others of its edition."""

    @property
    def id(self) -> int | None: ...  # noqa: D102

    @property
    def edition_id(self) -> int | None: ...  # noqa: D102


def _of_run(event: Run) -> ColumnElement[bool]:
    """Give the condition on dates: those of a series, or of all events of its edition."""
    if event.edition_id is None:
        return col(Occurrence.event_id) == event.id
    return col(Occurrence.event_id).in_(columns(Event.id).where(col(Event.edition_id) == event.edition_id))


@dataclass(frozen=True, slots=True)
class Row:
    """One sign-up as a page shows it; *ahead* is the number in the queue, from 1, *offer_until* ends an open offer.

    *note* stands beside the reason of a refusal, or says why the organiser has changed the order. *may_act*: the
    person himself or a coordinator of his institution may answer an offer or give the place up. *may_name*: put a
    name on it, another one in its stead.
    """

    id: int
    person: str
    function: str
    email: str
    institution: str
    institution_id: int
    user_id: int | None
    state: SignUpState
    ahead: int
    may_withdraw: bool
    booking_id: int = 0
    offer_until: datetime | None = None
    holds_seat: bool = False
    reason: str = ""
    note: str = ""
    may_act: bool = False
    may_name: bool = False

    @property
    def counts(self) -> bool:
        """Whether it has not been withdrawn, refused or left to expire."""
        return self.state in rules.ACTIVE

    @property
    def because(self) -> str:
        """Msgid of the reason of a refusal."""
        reason = rules.REFUSAL_REASONS.get(self.reason)
        return reason.label if reason else ""

    @property
    def overtaken(self) -> bool:
        """Whether the organiser has let somebody pass."""
        return self.reason == rules.ORDER_CHANGED


@dataclass(frozen=True, slots=True)
class Group:
    """Places of one institution on one date as numbers."""

    institution: str
    seats: int
    waiting: int
    asked: int

    @property
    def number(self) -> int:
        """All places that count."""
        return self.seats + self.waiting + self.asked


def grouped(found: Sequence[Row]) -> tuple[Group, ...]:
    """Add rows up by institution, in the order of the first row of each."""
    names: dict[int, str] = {}
    numbers: dict[int, Counter[SignUpState]] = {}
    for row in found:
        names.setdefault(row.institution_id, row.institution)
        numbers.setdefault(row.institution_id, Counter())[row.state] += 1
    return tuple(
        Group(
            names[one],
            states[SignUpState.SEAT] + states[SignUpState.OFFERED],
            states[SignUpState.WAITING],
            states[SignUpState.REQUESTED],
        )
        for one, states in numbers.items()
    )


@dataclass(frozen=True, slots=True)
class SignUpPanel:
    """Everything that the sign-up panel of one date needs, for one viewer.

    *opens_at* is there while sign-up has yet to open. *participants*: seats are a number, nobody is named.
    *untold*: how many come is not said, for they are one or two of a closed group.
    """

    occurrence_id: int
    capacity: int | None
    taken: int
    waiting: int
    requested: int
    open: bool
    closed_because: str
    opens_at: datetime | None
    closes_at: datetime
    withdraw_until: datetime
    may_sign_up: bool
    may_sign_up_others: bool
    all_or_nothing: bool
    asks: bool
    offers: bool
    whole_series: bool
    participants: bool
    edition_id: int | None
    mine: tuple[Row, ...]
    history: tuple[Row, ...]
    roster: tuple[Row, ...]
    shows_roster: bool
    may_decide: bool
    colleagues: tuple[Colleague, ...]
    takes_part: bool
    untold: bool

    @property
    def free(self) -> int | None:
        """Free seats; None without a limit."""
        return None if self.capacity is None else max(self.capacity - self.taken, 0)

    @property
    def requests(self) -> tuple[Row, ...]:
        """What waits for the organiser's word."""
        return tuple(row for row in self.roster if row.state is SignUpState.REQUESTED)

    @property
    def line(self) -> tuple[Row, ...]:
        """Who waits, the next one first."""
        return tuple(row for row in self.roster if row.state is SignUpState.WAITING)

    @property
    def seated(self) -> tuple[Row, ...]:
        """Who has a place or an offer of one."""
        return tuple(row for row in self.roster if row.state in (SignUpState.SEAT, SignUpState.OFFERED))

    @property
    def numbers(self) -> tuple[Group, ...]:
        """Places of the roster as numbers of each institution, in the order of their first one."""
        return grouped(self.roster)

    @property
    def own_numbers(self) -> Group | None:
        """Places of the viewer's institution as numbers."""
        return next(iter(grouped(self.mine)), None)

    @property
    def may_swap(self) -> bool:
        """Whether the viewer has somebody with a place and somebody who waits."""
        states = {row.state for row in self.mine if row.may_name}
        return {SignUpState.SEAT, SignUpState.WAITING} <= states


def panel(session: Session, event: Event, occurrence: Occurrence, viewer: Actor, now: datetime) -> SignUpPanel:
    """Give the panel of one date: rows seen by the viewer and colleagues to sign up, in one statement.

    A viewer sees the names of his own institution only; those who decide about places see all.
    """
    host_id = rules.host_of(event.consent, event.place_institution_id)
    decides = rules.may_decide(viewer, organiser_id=event.organiser_id, host_id=host_id)
    first = rules.first_start(event.local_start, event.rule)
    closing = rules.closing_first(event.local_start, event.rule, event.edition_id)
    starts_at = occurrence.starts_at
    early = event.signup_opens_at if rules.is_early(event.signup_opens_at, now) else None
    open_now = rules.is_open(occurrence.state, event.signup_closes_at, starts_at, now, closing, early)
    may = rules.may_sign_up(viewer)
    choose = open_now and not event.participants
    found, known = _people_of(session, occurrence, viewer, choose=choose) if may else ((), ())
    in_time = rules.can_still_withdraw(occurrence.state, event.withdraw_until, starts_at, now, first)
    coming = rules.can_still_decide(occurrence.state, starts_at, now)
    seen = _seen(found, viewer, everybody=decides, in_time=in_time, coming=coming, names=not event.participants)
    mine = tuple(row for row in seen if row.institution_id == viewer.institution_id)
    signed_up = {row.user_id for row in mine if row.counts}
    colleagues = tuple(c for c in known if c.user_id not in signed_up and _may_sign(viewer, c))
    return SignUpPanel(
        occurrence_id=occurrence.id or 0,
        capacity=event.capacity,
        taken=occurrence.seats_taken,
        waiting=occurrence.waiting,
        requested=occurrence.requested,
        open=open_now,
        closed_because="" if open_now else _why_closed(occurrence, now),
        opens_at=early if occurrence.state is State.PUBLISHED and starts_at > now else None,
        closes_at=rules.closes_at(event.signup_closes_at, starts_at, closing),
        withdraw_until=rules.limit(event.withdraw_until, starts_at, first),
        may_sign_up=may,
        may_sign_up_others=rules.may_sign_up_others(viewer),
        all_or_nothing=event.split is Split.ALL_OR_NOTHING,
        asks=event.admission is Admission.APPROVAL and not decides,
        offers=event.promotion is Promotion.OFFER,
        whole_series=event.signup_scope is SignUpScope.SERIES
        and (event.rule is not None or event.edition_id is not None),
        participants=event.participants,
        edition_id=event.edition_id,
        mine=tuple(row for row in mine if row.counts),
        history=tuple(row for row in (seen if decides else mine) if not row.counts),
        roster=tuple(row for row in seen if row.counts) if decides else (),
        shows_roster=decides,
        may_decide=decides and coming,
        colleagues=colleagues,
        takes_part=any(row.state is SignUpState.SEAT or row.holds_seat for row in mine if row.counts),
        untold=not (decides or rules.may_sign_up_others(viewer))
        and rules.tells_of_few(event.participants, occurrence.seats_taken, occurrence.waiting),
    )


def to_sign_up(session: Session, occurrence_id: int, viewer: Actor) -> tuple[Colleague, ...]:
    """Give the colleagues whom *viewer* may sign up for a date and who neither hold a seat nor wait: one statement."""
    if viewer.institution_id is None:
        return ()
    of_whom = {"occurrence_id": occurrence_id, "institution_id": viewer.institution_id}
    found = [Colleague(*row) for row in rows(session, _TO_SIGN_UP, of_whom)]
    return tuple(one for one in found if _may_sign(viewer, one))


def to_hand_over(session: Session, occurrence_id: int, viewer: Actor) -> tuple[Colleague, ...]:
    """Give the colleagues who do not stand on a date yet, so that one of them can come instead: one statement."""
    if viewer.institution_id is None:
        return ()
    of_whom = {"occurrence_id": occurrence_id, "institution_id": viewer.institution_id}
    return tuple(Colleague(*row) for row in rows(session, _TO_SIGN_UP, of_whom))


@dataclass(frozen=True, slots=True)
class OwnSignUp:
    """A sign-up of the viewer's institution for a date that has not ended; *ahead* as in Row.

    Participants of a closed group who stand alike are one line: *number* of them.
    """

    occurrence_id: int
    uuid: UUID
    title: str
    kind: EventKind
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    cancelled: bool
    person: str
    state: SignUpState
    own: bool
    id: int
    series: bool
    day: date
    offer_until: datetime | None
    ahead: int
    may_act: bool
    whole_series: bool
    participants: bool = False
    number: int = 1

    @property
    def family(self) -> str:
        """Key of the hue."""
        return FAMILY[self.kind]

    @property
    def url(self) -> str:
        """Address of the panel of this date."""
        address = f"/wydarzenia/{self.uuid}"
        return f"{address}/{self.day}#zapisy" if self.series else f"{address}#zapisy"

    @property
    def has_seat(self) -> bool:
        """Whether it is a seat and not a place in the queue."""
        return self.state is SignUpState.SEAT


def own(session: Session, viewer: Actor, now: datetime, limit: int = 30) -> list[OwnSignUp]:
    """Give the sign-ups of the viewer's institution (a member: his own) for coming dates, the soonest first.

    Of a sign-up for a whole series the next date alone.
    """
    asked = {"own_id": viewer.institution_id, "user_id": viewer.user_id, "now": now, "limit": limit}
    found: Any = rows(session, _own_lines(coordinates=viewer.coordinates), asked)
    return [
        OwnSignUp(
            row.occurrence_id,
            row.uuid,
            row.title,
            row.kind,
            row.starts_at,
            row.ends_at,
            row.all_day,
            row.state is State.CANCELLED,
            row.person,
            row.stands,
            row.user_id == viewer.user_id,
            row.id,
            row.rule is not None,
            row.local_date,
            row.offer_until,
            row.ahead if row.stands is SignUpState.WAITING else 0,
            row.state is State.PUBLISHED and row.stands is SignUpState.OFFERED and now < (row.offer_until or now),
            row.whole,
            row.participants,
            row.together,
        )
        for row in found
    ]


# What every desk asks is made once: making such a statement costs more than running it.
@lru_cache(maxsize=2)
def _own_lines(*, coordinates: bool) -> Select[Any]:
    before = aliased(SignUp)
    ahead = (
        select(func.count(col(before.id)))
        .where(
            before.occurrence_id == SignUp.occurrence_id,
            before.state == SignUpState.WAITING,
            before.queue_no <= SignUp.queue_no,
        )
        .scalar_subquery()
    )
    mate = aliased(SignUp)
    alike = (
        col(mate.occurrence_id) == SignUp.occurrence_id,
        col(mate.booking_id) == SignUp.booking_id,
        col(mate.state) == SignUp.state,
    )
    together = columns(func.count(col(mate.id))).where(*alike).correlate(SignUp).scalar_subquery()
    not_first = columns(mate.id).where(*alike, col(mate.queue_no) < SignUp.queue_no).correlate(SignUp)
    same, date_before = aliased(SignUp), aliased(Occurrence)
    sooner = (
        columns(same.id)
        .join(date_before, col(date_before.id) == same.occurrence_id)
        .where(
            col(same.booking_id) == SignUp.booking_id,
            col(same.person_key) == SignUp.person_key,
            col(same.state).in_(rules.ACTIVE),
            col(date_before.ends_at) > _NOW,
            col(date_before.starts_at) < Occurrence.starts_at,
        )
        .correlate(SignUp, Occurrence)
    )
    statement = (
        columns(
            SignUp.id,
            SignUp.occurrence_id,
            Event.uuid,
            Event.title,
            Event.kind,
            Occurrence.starts_at,
            Occurrence.ends_at,
            Event.all_day,
            Occurrence.state,
            SignUp.person,
            col(SignUp.state).label("stands"),
            SignUp.user_id,
            Event.rule,
            Occurrence.local_date,
            SignUp.offer_until,
            ahead.label("ahead"),
            col(Booking.occurrence_id).is_(None).label("whole"),
            Event.participants,
            case((col(Event.participants), together), else_=1).label("together"),
        )
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(Booking, col(Booking.id) == SignUp.booking_id)
        .where(
            col(SignUp.institution_id) == _OWN,
            col(SignUp.state).in_(rules.ACTIVE),
            col(Occurrence.ends_at) > _NOW,
            col(Occurrence.state) != State.REMOVED,
            or_(col(Booking.occurrence_id).is_not(None), ~exists(sooner)),
            or_(col(Event.participants).is_(False), ~exists(not_first)),
        )
        .order_by(col(Occurrence.starts_at), col(SignUp.queue_no))
        .limit(_LIMIT)
    )
    if not coordinates:
        return statement.where(col(SignUp.user_id) == _USER)
    return statement


def seats_on(session: Session, viewer: Actor, since: datetime, until: datetime) -> list[int]:
    """Give the dates that begin between two instants and for which the viewer's people (a member: he) are signed up.

    One statement, ids alone.
    """
    statement = (
        columns(SignUp.occurrence_id)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .where(
            col(SignUp.institution_id) == viewer.institution_id,
            col(SignUp.state).in_(rules.ACTIVE),
            col(Occurrence.starts_at) >= since,
            col(Occurrence.starts_at) < until,
            col(Occurrence.state) != State.REMOVED,
        )
        .distinct()
    )
    if not viewer.coordinates:
        statement = statement.where(col(SignUp.user_id) == viewer.user_id)
    return list(session.scalars(statement))


class TaskKind(StrEnum):
    """What about a date waits for somebody on his desk."""

    REQUESTS = "requests"
    OFFER = "offer"
    NAMES = "names"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Task:
    """Something about the places of one date that waits: how many, and for an offer until when.

    *inside*: within a prison unit; *whose*: who decides about our own request; *total*: how many such rows there are.
    """

    kind: TaskKind
    uuid: UUID
    title: str
    day: date
    series: bool
    number: int
    until: datetime | None
    inside: bool = False
    whose: str = ""
    total: int = 0

    @property
    def url(self) -> str:
        """Address of the panel of this date."""
        return f"/wydarzenia/{self.uuid}/{self.day}#zapisy" if self.series else f"/wydarzenia/{self.uuid}#zapisy"


def tasks(session: Session, viewer: Actor, now: datetime, limit: int = 10) -> list[Task]:
    """Give what waits for *viewer*: requests to decide, offers to answer, names missing; two statements.

    Offers concern a member himself, a coordinator all people of his institution. At most *limit* dates of each.
    """
    if not viewer.works_for_institution:
        return []
    return [*_to_decide(session, viewer, now, limit), *_to_answer(session, viewer, now, limit)]


def awaiting(session: Session, viewer: Actor, now: datetime, limit: int = 10) -> list[Task]:
    """Give the dates for which the viewer's people (a member: he himself) have asked for places, the soonest first.

    One statement.
    """
    if not viewer.works_for_institution:
        return []
    asked = {"own_id": viewer.institution_id, "user_id": viewer.user_id, "now": now, "limit": limit}
    return [
        Task(TaskKind.ASKED, uuid, title, day, rule is not None, number, None, whose=name, total=total)
        for uuid, title, day, rule, name, number, total in rows(
            session, _asked_lines(coordinates=viewer.coordinates), asked
        )
    ]


@lru_cache(maxsize=2)
def _asked_lines(*, coordinates: bool) -> Select[Any]:
    whose = func.coalesce(func.nullif(Institution.short_name, ""), Institution.name)
    statement = (
        columns(Event.uuid, Event.title, Occurrence.local_date, Event.rule, whose, func.count(), func.count().over())
        .select_from(SignUp)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(Institution, col(Institution.id) == Occurrence.organiser_id)
        .where(
            col(SignUp.institution_id) == _OWN,
            col(SignUp.state) == SignUpState.REQUESTED,
            col(Occurrence.state) == State.PUBLISHED,
            col(Occurrence.starts_at) > _NOW,
            col(Event.edition_id).is_(None),  # of an edition all dates are one matter: sessions/waiting.py
        )
        .group_by(col(Occurrence.id), col(Event.id), col(Institution.id))
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
        .limit(_LIMIT)
    )
    if not coordinates:
        return statement.where(col(SignUp.user_id) == _USER)
    return statement


def _to_decide(session: Session, viewer: Actor, now: datetime, limit: int) -> list[Task]:
    if not viewer.coordinates:
        return []
    asked = {"own_id": viewer.institution_id, "user_id": viewer.user_id, "now": now, "limit": limit}
    return [
        Task(TaskKind.REQUESTS, uuid, title, day, rule is not None, number, None, total=total)
        for uuid, title, day, rule, number, total in rows(session, _requests_to_decide(), asked)
    ]


@lru_cache(maxsize=1)
def _requests_to_decide() -> Select[Any]:
    inside = and_(col(Event.consent).is_not(None), col(Occurrence.place_institution_id) == _OWN)
    return (
        columns(Event.uuid, Event.title, Occurrence.local_date, Event.rule, Occurrence.requested, func.count().over())
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(
            col(Occurrence.requested) > 0,
            or_(col(Occurrence.organiser_id) == _OWN, inside),
            col(Occurrence.state) == State.PUBLISHED,
            col(Occurrence.starts_at) > _NOW,
            col(Event.edition_id).is_(None),
        )
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
        .limit(_LIMIT)
    )


def _to_answer(session: Session, viewer: Actor, now: datetime, limit: int) -> list[Task]:
    due = warsaw.start_of(workdays.after(warsaw.today(now), rules.NAMES_DUE_DAYS) + timedelta(days=1))
    asked = {"own_id": viewer.institution_id, "user_id": viewer.user_id, "now": now, "limit": limit}
    found = []
    for uuid, title, day, rule, _starts_at, within, offered, unnamed, until_at, number in rows(
        session, _open_places(coordinates=viewer.coordinates), {**asked, "due": due}
    ):
        about = Task(TaskKind.NAMES, uuid, title, day, rule is not None, unnamed, None, bool(within), "", int(number))
        if offered:
            found.append(replace(about, kind=TaskKind.OFFER, number=offered, until=until_at))
        if unnamed:
            found.append(about)
    return found


@lru_cache(maxsize=2)
def _open_places(*, coordinates: bool) -> Select[Any]:
    open_offer = and_(col(SignUp.state) == SignUpState.OFFERED, col(SignUp.offer_until) > _NOW)
    nameless = and_(
        col(SignUp.state) == SignUpState.SEAT,
        col(SignUp.person) == "",
        col(Occurrence.starts_at) < bindparam("due"),
        col(Event.participants).is_(False),
    )
    inside = col(Event.consent).is_not(None)
    shown = (
        col(Event.uuid),
        col(Event.title),
        col(Occurrence.local_date),
        col(Event.rule),
        col(Occurrence.starts_at),
        inside,
    )
    offers, names = (func.sum(case((one, 1), else_=0)) for one in (open_offer, nameless))
    until = func.min(case((open_offer, SignUp.offer_until)))
    # A date with offers and names missing makes two tasks.
    total = func.sum(case((offers > 0, 1), else_=0) + case((names > 0, 1), else_=0)).over()
    statement = (
        columns(*shown, offers, names, until, total)
        .select_from(SignUp)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(
            col(SignUp.institution_id) == _OWN,
            or_(open_offer, nameless),
            col(Occurrence.state) == State.PUBLISHED,
            col(Occurrence.starts_at) > _NOW,
        )
        .group_by(*shown)
        .order_by(func.coalesce(until, Occurrence.starts_at), col(Occurrence.starts_at))
        .limit(_LIMIT)
    )
    if not coordinates:
        return statement.where(col(SignUp.user_id) == _USER)
    return statement


def of_booking(session: Session, key: str) -> list[SignUp]:
    """Give the sign-ups that the form with this booking key has made; empty when it is new."""
    statement = select(SignUp).join(Booking, col(Booking.id) == SignUp.booking_id).where(Booking.key == key)
    return list(session.exec(statement.order_by(col(SignUp.queue_no))).all())


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about a booking under the lock of its date, read at once.

    *booked*: its form has made a booking before. *signed_up*: the key of one of its persons who holds a seat or waits.
    *first* is the start of a series' first date, from which the close of sign-up is counted. *whole*: one signs up for
    all dates at once.
    """

    capacity: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    split: Split
    asks: bool
    whole: bool
    first: datetime | None
    booked: bool
    signed_up: str | None

    def is_open(self, occurrence: Occurrence, now: datetime) -> bool:
        """Whether one can sign up for this date of the event."""
        return rules.is_open(occurrence.state, self.closes_at, occurrence.starts_at, now, self.first, self.opens_at)


def standing(session: Session, occurrence: Occurrence, key: str, person_keys: Sequence[str]) -> Standing:
    """Give how the event of a locked date stands towards the booking *key* of these persons. One statement."""
    asked = {"event_id": occurrence.event_id, "occurrence_id": occurrence.id, "key": key, "person_keys": person_keys}
    capacity, opens_at, closes_at, split, admission, scope, *more = rows(session, _STANDING, asked)[0]
    local_start, rule, edition_id, booked, twice = more
    return Standing(
        capacity,
        opens_at,
        closes_at,
        split,
        admission is Admission.APPROVAL,
        scope is SignUpScope.SERIES and (rule is not None or edition_id is not None),
        rules.closing_first(local_start, rule, edition_id),
        booked,
        twice,
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """How the queue of an event is served, as it stands under the lock of a date."""

    capacity: int | None
    split: Split
    promotion: Promotion
    offer_hours: int
    closes_at: datetime | None
    first: datetime | None

    def offer_until(self, starts_at: datetime, now: datetime) -> datetime | None:
        """Give the deadline of an offer for the date that begins at *starts_at*; None where a place is given."""
        closes = rules.closes_at(self.closes_at, starts_at, self.first)
        return rules.offer_until(self.promotion, self.offer_hours, closes, now)


def terms(session: Session, event_id: int) -> Terms:
    """Give how the queue is served: read from the row, since the event at hand may be older than the lock."""
    found = rows(session, _TERMS, {"event_id": event_id})[0]
    capacity, split, promotion, hours, closes_at, local_start, rule, edition_id = found
    if edition_id is not None:
        promotion = Promotion.AUTOMATIC  # nobody could answer an offer for each date of an edition
    return Terms(capacity, split, promotion, hours, closes_at, rules.closing_first(local_start, rule, edition_id))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of a date take seats, wait, and wait for a decision."""

    taken: int = 0
    waiting: int = 0
    requested: int = 0


def counts(session: Session, occurrence_id: int) -> Counts:
    """Count the rows of a date. Call under its lock."""
    taken = waiting = requested = 0
    for state, holds_seat, number in rows(session, _COUNTS, {"occurrence_id": occurrence_id}):
        taken += number if rules.is_taking(state, holds_seat=holds_seat) else 0
        waiting += number if state is SignUpState.WAITING else 0
        requested += number if state is SignUpState.REQUESTED else 0
    return Counts(taken, waiting, requested)


def queue(session: Session, occurrence_id: int) -> list[SignUp]:
    """Give the waiting rows of a date, the longest waiting first. Call under the lock of the date."""
    statement = select(SignUp).where(SignUp.occurrence_id == occurrence_id, SignUp.state == SignUpState.WAITING)
    return list(session.exec(statement.order_by(col(SignUp.queue_no))).all())


def active(session: Session, occurrence_id: int) -> list[SignUp]:
    """Give all who hold a seat, wait or ask, in the order of the queue numbers."""
    statement = select(SignUp).where(SignUp.occurrence_id == occurrence_id, col(SignUp.state).in_(rules.ACTIVE))
    return list(session.exec(statement.order_by(col(SignUp.queue_no))).all())


def institutions(session: Session, occurrence_id: int) -> Sequence[int]:
    """Give the institutions from which somebody holds a seat or waits."""
    statement = select(SignUp.institution_id).where(
        SignUp.occurrence_id == occurrence_id, col(SignUp.state).in_(rules.ACTIVE)
    )
    return session.exec(statement.distinct().order_by(col(SignUp.institution_id))).all()


def occurrence_of(session: Session, signup_id: int, event_id: int) -> int | None:
    """Give the date on which a sign-up of *event_id* hangs; None when it belongs to another event."""
    statement = (
        select(SignUp.occurrence_id)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .where(SignUp.id == signup_id, Occurrence.event_id == event_id)
    )
    return session.exec(statement).first()


def day_of(session: Session, signup_id: int, event_id: int) -> date | None:
    """Give the day of the date on which a sign-up of *event_id* hangs."""
    statement = (
        columns(Occurrence.local_date)
        .join(SignUp, col(SignUp.occurrence_id) == Occurrence.id)
        .where(col(SignUp.id) == signup_id, col(Occurrence.event_id) == event_id)
    )
    found = rows(session, statement)
    day: date | None = found[0][0] if found else None
    return day


def edition_is_over(session: Session, event: Run) -> bool:
    """Tell whether nobody joins the edition of an event any more: closed or called off, its project or lead gone."""
    if event.edition_id is None:
        return False
    statement = (
        columns(Edition.state, Programme.state, Programme.archived_at, Institution.status)
        .join(Programme, col(Programme.id) == Edition.programme_id)
        .join(Institution, col(Institution.id) == Programme.lead_id, isouter=True)
        .where(col(Edition.id) == event.edition_id)
    )
    ((edition, programme, archived_at, lead),) = rows(session, statement)
    over = edition in (EditionState.COMPLETED, EditionState.CANCELLED) or programme is ProgrammeState.COMPLETED
    return over or archived_at is not None or lead is Status.ARCHIVED


def edition_address(session: Session, edition_id: int) -> tuple[str, int] | None:
    """Give the slug of the programme and the number of an edition, of which its address is made."""
    statement = columns(Programme.slug, Edition.number).join(Programme, col(Programme.id) == Edition.programme_id)
    found = rows(session, statement.where(col(Edition.id) == edition_id))
    return (found[0][0], found[0][1]) if found else None


def addresses(session: Session, signups: list[SignUp]) -> dict[int, tuple[str, str]]:
    """Map sign-up id to (address, language) of whom a mail about it goes to.

    The person himself; for a place without a name, whoever booked it. One statement.
    """
    found: dict[int, tuple[str, str]] = {}
    for signup_id, own, booker, language in rows(session, _ADDRESSES, {"signup_ids": [one.id for one in signups]}):
        address = own or booker
        if signup_id is not None and address:
            found[signup_id] = (address, language or "pl")
    return found


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests to decide, as (sign-up, date): those that were *named*, and *all* that are decided with them."""

    named: tuple[tuple[int, int], ...]
    all: tuple[tuple[int, int], ...]


def requests_of(session: Session, event: Event, signup_ids: Sequence[int]) -> Requests:
    """Give what a decision about these sign-ups of an event or its edition reaches, in the order of dates and numbers.

    Groups that are taken as a whole are decided as a whole, and whoever asked for a whole series for all its dates.
    """
    of_event = (
        columns(SignUp.id, SignUp.occurrence_id, SignUp.booking_id, SignUp.person_key, Booking.occurrence_id)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .join(Booking, col(Booking.id) == SignUp.booking_id)
        .where(_of_run(event))
    )
    named = rows(session, of_event.where(col(SignUp.id).in_(signup_ids)))
    bookings = {row[2] for row in named}
    asked = col(SignUp.booking_id).in_(bookings), col(SignUp.state) == SignUpState.REQUESTED
    candidates = rows(session, of_event.where(*asked).order_by(col(SignUp.occurrence_id), col(SignUp.queue_no)))
    whole = event.split is Split.ALL_OR_NOTHING
    groups, places = {(row[2], row[1]) for row in named}, {(row[2], row[3]) for row in named}
    reached = []
    for signup_id, occurrence_id, booking_id, person_key, of_date in candidates:
        series = of_date is None and (whole or (booking_id, person_key) in places)
        if signup_id in signup_ids or series or (whole and (booking_id, occurrence_id) in groups):
            reached.append((signup_id, occurrence_id))
    return Requests(tuple((row[0], row[1]) for row in named), tuple(reached))


def with_expired_offers(session: Session, now: datetime) -> list[int]:
    """Give the dates on which the deadline of an offer has passed, in the order of their ids."""
    statement = select(SignUp.occurrence_id).where(_OFFERED, col(SignUp.offer_until) <= now).distinct()
    return list(session.exec(statement.order_by(col(SignUp.occurrence_id))).all())


def expired_offers(session: Session, occurrence_id: int, now: datetime) -> list[SignUp]:
    """Give the offers of a date whose deadline has passed. Call under its lock."""
    statement = select(SignUp).where(_OFFERED, SignUp.occurrence_id == occurrence_id, col(SignUp.offer_until) <= now)
    fresh = statement.order_by(col(SignUp.queue_no)).execution_options(populate_existing=True)
    return list(session.exec(fresh).all())


def offered_with(session: Session, row: SignUp) -> list[SignUp]:
    """Give the open offers of the same booking on the same date."""
    statement = select(SignUp).where(
        SignUp.occurrence_id == row.occurrence_id,
        SignUp.booking_id == row.booking_id,
        SignUp.state == SignUpState.OFFERED,
    )
    return list(session.exec(statement.order_by(col(SignUp.queue_no))).all())


def coming_dates(session: Session, event: Run, now: datetime) -> list[int]:
    """Give the dates of a series or an edition that are to come and take place, in the order of their ids."""
    statement = select(Occurrence.id).where(
        _of_run(event), Occurrence.state == State.PUBLISHED, col(Occurrence.starts_at) > now
    )
    return [one or 0 for one in session.exec(statement.order_by(col(Occurrence.id))).all()]


def signed_up_on(session: Session, occurrence_ids: Sequence[int], person_keys: Sequence[str]) -> str | None:
    """Give one of *person_keys* that stands on one of these dates already."""
    statement = (
        select(SignUp.person_key)
        .where(
            col(SignUp.occurrence_id).in_(occurrence_ids),
            col(SignUp.person_key).in_(person_keys),
            col(SignUp.state).in_(rules.ACTIVE),
        )
        .limit(1)
    )
    return session.exec(statement).first() if person_keys else None


def dates_of_place(session: Session, signup_id: int) -> list[int]:
    """Give the dates on which the same person or place of the same booking stands, in the order of their ids."""
    this = aliased(SignUp)
    statement = (
        select(SignUp.occurrence_id)
        .join(this, (col(this.booking_id) == SignUp.booking_id) & (col(this.person_key) == SignUp.person_key))
        .where(this.id == signup_id)
        .distinct()
    )
    return list(session.exec(statement.order_by(col(SignUp.occurrence_id))).all())


def same_place(session: Session, row: SignUp, now: datetime) -> list[SignUp]:
    """Give what counts of the same person or place of a booking on its coming dates, in the order of these."""
    statement = (
        select(SignUp)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .where(
            SignUp.booking_id == row.booking_id,
            SignUp.person_key == row.person_key,
            col(SignUp.state).in_(rules.ACTIVE),
            col(Occurrence.starts_at) > now,
            Occurrence.state == State.PUBLISHED,
        )
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement).all())


def unnamed_places(session: Session, occurrence_ids: Sequence[int], institution_id: int) -> list[SignUp]:
    """Give what counts of an institution's places without a name on these dates. Call under the locks of the dates."""
    statement = (
        select(SignUp)
        .where(
            col(SignUp.occurrence_id).in_(occurrence_ids),
            SignUp.institution_id == institution_id,
            SignUp.person == "",
            col(SignUp.state).in_(rules.ACTIVE),
        )
        .order_by(col(SignUp.occurrence_id), col(SignUp.queue_no))
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement).all())


def of_whole_series(session: Session, event: Run, without: Sequence[int], now: datetime) -> list[SignUp]:
    """Give one row for each person and place of bookings for a whole series or edition, in the order of signing up.

    The row of the latest coming date that counts; who has left all coming dates is not among them. Of an edition
    whose other dates are over the last one that took place decides: its catch-up session may be the only one to come.
    """
    statement = (
        columns(SignUp, Occurrence.starts_at, Occurrence.state)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .join(Booking, col(Booking.id) == SignUp.booking_id)
        .where(_of_run(event), col(Booking.occurrence_id).is_(None), col(Occurrence.id).not_in(without))
        .order_by(col(Occurrence.starts_at), col(SignUp.queue_no))
    )
    if event.edition_id is None:
        statement = statement.where(col(SignUp.state).in_(rules.ACTIVE), col(Occurrence.starts_at) > now)
    places: dict[tuple[int, str], list[tuple[SignUp, datetime, State]]] = {}
    for row, starts_at, state in session.execute(statement):
        places.setdefault((row.booking_id, row.person_key), []).append((row, starts_at, state))
    latest = [one for one in (_standing_last(of_place, now) for of_place in places.values()) if one is not None]
    return sorted(latest, key=lambda row: (row.signed_up_at, row.booking_id, row.queue_no))


def _standing_last(of_place: Sequence[tuple[SignUp, datetime, State]], now: datetime) -> SignUp | None:
    """Give the row of a person or place that joins a new date, out of its rows in the order of their dates."""
    coming = [row for row, starts_at, state in of_place if starts_at > now and state is State.PUBLISHED]
    if coming:
        return next((row for row in reversed(coming) if row.state in rules.ACTIVE), None)
    held = [row for row, _starts_at, state in of_place if state is State.PUBLISHED]
    last = (held or [row for row, _starts_at, _state in of_place])[-1]
    return last if last.state in rules.ACTIVE else None


def bookings_on(session: Session, occurrence_id: int) -> set[int]:
    """Give the bookings for a whole series that stand on a date, whatever became of their people there."""
    statement = (
        select(SignUp.booking_id)
        .join(Booking, col(Booking.id) == SignUp.booking_id)
        .where(SignUp.occurrence_id == occurrence_id, col(Booking.occurrence_id).is_(None))
    )
    return set(session.exec(statement.distinct()).all())


def series_with_people(session: Session, now: datetime) -> list[int]:
    """Give the events for whose whole series somebody has signed up and who still comes; of an edition one of them."""
    statement = (
        select(func.min(col(Event.id)))
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(SignUp, col(SignUp.occurrence_id) == Occurrence.id)
        .join(Booking, col(Booking.id) == SignUp.booking_id)
        .where(
            col(Booking.occurrence_id).is_(None), col(SignUp.state).in_(rules.ACTIVE), col(Occurrence.starts_at) > now
        )
        .group_by(func.coalesce(-col(Event.edition_id), col(Event.id)))
    )
    return sorted(one for one in session.exec(statement).all() if one is not None)


def dates_to_join(session: Session, event: Run, now: datetime) -> list[int]:
    """Give the coming dates of a series or an edition on which a booking for the whole of it does not stand yet."""
    whole = (
        columns(SignUp.booking_id, SignUp.occurrence_id, SignUp.state, Occurrence.starts_at)
        .join(Booking, col(Booking.id) == SignUp.booking_id)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .where(col(Booking.occurrence_id).is_(None), _of_run(event))
    )
    standing = rows(session, whole)
    wanted = {row[0] for row in standing if row[2] in rules.ACTIVE and row[3] > now}
    known = {(row[0], row[1]) for row in standing}
    coming = coming_dates(session, event, now)
    return [one for one in coming if any((booking_id, one) not in known for booking_id in wanted)]


def to_forget(session: Session, now: datetime) -> list[tuple[int, bool]]:
    """Give the sign-ups of dates over for 30 days that still say who it was, and whether even the bare name may go.

    A seat keeps the name until a record says whether the date took place, a year at most.
    """
    statement = (
        columns(SignUp.id, SignUp.state, Occurrence.outcome, Occurrence.ends_at, SignUp.person_key)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .where(col(SignUp.erased_at).is_(None), col(Occurrence.ends_at) < now - rules.KEPT_FOR)
    )
    due = []
    for signup_id, state, outcome, ends_at, person_key in rows(session, statement):
        wholly = outcome is not None or state is not SignUpState.SEAT or ends_at < now - rules.NAME_KEPT_FOR
        if wholly or not person_key.startswith("erased:"):
            due.append((signup_id, wholly))
    return due


def _people_of(
    session: Session, occurrence: Occurrence, viewer: Actor, *, choose: bool
) -> tuple[Sequence[Any], Sequence[Colleague]]:
    """Give the rows of the roster and, to *choose* among, the people of the viewer's institution, in one statement."""
    anybody, own = occurrence.next_queue_no > 1, viewer.institution_id if choose else None
    if anybody and own is not None:
        both = rows(session, _ROSTER_AND_COLLEAGUES, {"occurrence_id": occurrence.id, "institution_id": own})
        roster = [row[1:] for row in both if row[0]]
        return roster, [Colleague(row[7], row[2], row[4], row[3], row[5], Role(row[8])) for row in both if not row[0]]
    if anybody:
        return rows(session, _ROSTER, {"occurrence_id": occurrence.id}), ()
    return (), people.colleagues(session, own) if own is not None else ()


def _seen(
    found: Sequence[Any], viewer: Actor, *, everybody: bool, in_time: bool, coming: bool, names: bool
) -> tuple[Row, ...]:
    seen, ahead = [], 0
    for one in found:
        signup_id, person, function, email, institution, institution_id, user_id, stands, _queue_no, *more = one
        booking_id, offer_until, holds_seat, reason, note = more
        state = SignUpState(stands)
        ahead += state is SignUpState.WAITING
        if not everybody and institution_id != viewer.institution_id:
            continue
        counts_still = state in rules.ACTIVE
        own = counts_still and rules.may_withdraw(viewer, user_id=user_id, institution_id=institution_id)
        may_name = names and counts_still and (own or rules.may_name(viewer, institution_id=institution_id))
        place = ahead if state is SignUpState.WAITING else 0
        seen.append(
            Row(
                signup_id,
                person,
                function,
                email,
                institution,
                institution_id,
                user_id,
                state,
                place,
                in_time and own,
                booking_id,
                offer_until,
                bool(holds_seat),
                reason,
                note,
                coming and own,
                may_name and (in_time if person else coming),
            )
        )
    return tuple(seen)


# Made once: making them costs more than running them, and a sign-up holds a lock meanwhile.
# Written out: a database uses the index over the active rows only where it reads the very condition of that index.
_ACTIVE = and_(
    col(SignUp.occurrence_id) == bindparam("occurrence_id"),
    text("signup.state NOT IN ('withdrawn', 'refused', 'expired')"),
)
_OFFERED = text("signup.state = 'offered'")  # the very condition of the index over open offers
_TO_SIGN_UP = people.COLLEAGUES.where(
    ~exists(columns(SignUp.id).where(_ACTIVE, col(SignUp.user_id) == UserAccount.id).correlate(UserAccount))
).order_by(col(UserAccount.name), col(UserAccount.id))
_TERMS = columns(
    Event.capacity,
    Event.split,
    Event.promotion,
    Event.offer_hours,
    Event.signup_closes_at,
    Event.local_start,
    Event.rule,
    Event.edition_id,
).where(col(Event.id) == bindparam("event_id"))
_COUNTS = (
    columns(SignUp.state, SignUp.holds_seat, func.count())
    .where(_ACTIVE)
    .group_by(col(SignUp.state), col(SignUp.holds_seat))
)
_STANDING = columns(
    Event.capacity,
    Event.signup_opens_at,
    Event.signup_closes_at,
    Event.split,
    Event.admission,
    Event.signup_scope,
    Event.local_start,
    Event.rule,
    Event.edition_id,
    exists(columns(Booking.id).where(col(Booking.key) == bindparam("key"))),
    columns(SignUp.person_key)
    .where(_ACTIVE, col(SignUp.person_key).in_(bindparam("person_keys", expanding=True)))
    .limit(1)
    .scalar_subquery(),
).where(col(Event.id) == bindparam("event_id"))
_ADDRESSES = (
    columns(SignUp.id, SignUp.email, col(UserAccount.email).label("booker"), UserAccount.language)
    .join(Booking, col(Booking.id) == SignUp.booking_id)
    .join(UserAccount, col(UserAccount.id) == Booking.made_by, isouter=True)
    .where(col(SignUp.id).in_(bindparam("signup_ids", expanding=True)))
)
_SIGNED = (
    columns(
        SignUp.id,
        SignUp.person,
        SignUp.function,
        SignUp.email,
        Institution.name,
        SignUp.institution_id,
        SignUp.user_id,
        cast(col(SignUp.state), String).label("stands"),
        SignUp.queue_no,
        SignUp.booking_id,
        SignUp.offer_until,
        SignUp.holds_seat,
        SignUp.reason,
        SignUp.note,
    )
    .join(Institution, col(Institution.id) == SignUp.institution_id)
    .where(col(SignUp.occurrence_id) == bindparam("occurrence_id"))
)
_ROSTER = _SIGNED.order_by(col(SignUp.queue_no))
_known = people.COLLEAGUES.subquery("known")
_BOTH = union_all(
    columns(literal(1).label("signed"), *_SIGNED.subquery("signed").c),
    columns(
        literal(0),
        _known.c.id,
        _known.c.name,
        _known.c.function,
        _known.c.email,
        _known.c.language,
        bindparam("institution_id", type_=Integer()),
        _known.c.id,
        cast(_known.c.role, String),
        literal(0),
        literal(0),
        null(),
        false(),
        literal(""),
        literal(""),
    ),
).subquery("both")
_ROSTER_AND_COLLEAGUES = columns(*_BOTH.c).order_by(_BOTH.c.signed.desc(), _BOTH.c.queue_no, _BOTH.c.person, _BOTH.c.id)


def _may_sign(viewer: Actor, colleague: Colleague) -> bool:
    return rules.may_sign_up_others(viewer) or colleague.user_id == viewer.user_id


def _why_closed(occurrence: Occurrence, now: datetime) -> str:
    if occurrence.state is State.CANCELLED:
        return N_("This event has been cancelled.")
    if occurrence.state is State.DRAFT:
        return N_("Sign-up opens when the event is published.")
    if occurrence.starts_at <= now:
        return N_("This event has already begun or is over.")
    return N_("Sign-up has closed.")

"""Reads of sign-ups: the panel of an event page, the roster of its organiser, queues under the lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, String, and_, bindparam, cast, exists, literal, literal_column, union_all
from sqlmodel import Session, col, select

from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.db import columns, rows
from app.text import N_
from events.calendar.models import Event, EventKind, Occurrence, Split, State
from events.calendar.rules import FAMILY
from events.signups import rules
from events.signups.models import Booking, SignUp, SignUpState
from partners.institutions.models import Institution
from partners.people import queries as people
from partners.people.queries import Colleague


@dataclass(frozen=True, slots=True)
class Row:
    """One seat or waiting place as a page shows it; *ahead* is the number in the queue, from 1."""

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


@dataclass(frozen=True, slots=True)
class SignUpPanel:
    """Everything that the sign-up panel of one date needs, for one viewer."""

    occurrence_id: int
    capacity: int | None
    taken: int
    waiting: int
    open: bool
    closed_because: str
    closes_at: datetime
    withdraw_until: datetime
    may_sign_up: bool
    may_sign_up_others: bool
    all_or_nothing: bool
    mine: tuple[Row, ...]
    roster: tuple[Row, ...]
    shows_roster: bool
    colleagues: tuple[Colleague, ...]
    takes_part: bool

    @property
    def free(self) -> int | None:
        """Free seats; None without a limit."""
        return None if self.capacity is None else max(self.capacity - self.taken, 0)


def panel(session: Session, event: Event, occurrence: Occurrence, viewer: Actor, now: datetime) -> SignUpPanel:
    """Give the panel of one date: rows seen by the viewer and colleagues to sign up, in one statement.

    A viewer sees the names of his own institution only; the organiser's coordinators see all.
    """
    organises = viewer.coordinates and viewer.institution_id == event.organiser_id
    open_now = rules.is_open(occurrence.state, event.signup_closes_at, occurrence.starts_at, now)
    may = rules.may_sign_up(viewer)
    found, known = _people_of(session, occurrence, viewer, choose=open_now) if may else ((), ())
    in_time = rules.can_still_withdraw(occurrence.state, event.withdraw_until, occurrence.starts_at, now)
    seen = _seen(found, viewer, everybody=organises, in_time=in_time)
    mine = tuple(row for row in seen if row.institution_id == viewer.institution_id)
    signed_up = {row.user_id for row in mine}
    colleagues = tuple(c for c in known if c.user_id not in signed_up and _may_sign(viewer, c))
    return SignUpPanel(
        occurrence_id=occurrence.id or 0,
        capacity=event.capacity,
        taken=occurrence.seats_taken,
        waiting=occurrence.waiting,
        open=open_now,
        closed_because="" if open_now else _why_closed(occurrence, now),
        closes_at=rules.closes_at(event.signup_closes_at, occurrence.starts_at),
        withdraw_until=min(event.withdraw_until or occurrence.starts_at, occurrence.starts_at),
        may_sign_up=may,
        may_sign_up_others=rules.may_sign_up_others(viewer),
        all_or_nothing=event.split.value == "all_or_nothing",
        mine=mine,
        roster=seen if organises else (),
        shows_roster=organises,
        colleagues=colleagues,
        takes_part=any(row.state is SignUpState.SEAT for row in mine),
    )


def to_sign_up(session: Session, occurrence_id: int, viewer: Actor) -> tuple[Colleague, ...]:
    """Give the colleagues whom *viewer* may sign up for a date and who neither hold a seat nor wait: one statement."""
    if viewer.institution_id is None:
        return ()
    of_whom = {"occurrence_id": occurrence_id, "institution_id": viewer.institution_id}
    found = [Colleague(*row) for row in rows(session, _TO_SIGN_UP, of_whom)]
    return tuple(one for one in found if _may_sign(viewer, one))


@dataclass(frozen=True, slots=True)
class OwnSignUp:
    """A sign-up of the viewer's institution for a date that has not ended."""

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

    @property
    def family(self) -> str:
        """Key of the hue."""
        return FAMILY[self.kind]

    @property
    def has_seat(self) -> bool:
        """Whether it is a seat and not a place in the queue."""
        return self.state is SignUpState.SEAT


def own(session: Session, viewer: Actor, now: datetime, limit: int = 30) -> list[OwnSignUp]:
    """Give the sign-ups of the viewer's institution (a member: his own) for coming dates, the soonest first."""
    statement = (
        columns(
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
        )
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(
            col(SignUp.institution_id) == viewer.institution_id,
            col(SignUp.state) != SignUpState.WITHDRAWN,
            col(Occurrence.ends_at) > now,
        )
        .order_by(col(Occurrence.starts_at), col(SignUp.queue_no))
        .limit(limit)
    )
    if not viewer.coordinates:
        statement = statement.where(col(SignUp.user_id) == viewer.user_id)
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
        )
        for row in session.execute(statement)
    ]


def of_booking(session: Session, key: str) -> list[SignUp]:
    """Give the sign-ups that the form with this booking key has made; empty when it is new."""
    statement = select(SignUp).join(Booking, col(Booking.id) == SignUp.booking_id).where(Booking.key == key)
    return list(session.exec(statement.order_by(col(SignUp.queue_no))).all())


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about a booking under the lock of its date, read at once.

    *booked*: its form has made a booking before. *signed_up*: the key of one of its persons who holds a seat or waits.
    """

    capacity: int | None
    closes_at: datetime | None
    split: Split
    booked: bool
    signed_up: str | None


def standing(session: Session, occurrence: Occurrence, key: str, person_keys: Sequence[str]) -> Standing:
    """Give how the event of a locked date stands towards the booking *key* of these persons. One statement."""
    asked = {"event_id": occurrence.event_id, "occurrence_id": occurrence.id, "key": key, "person_keys": person_keys}
    return Standing(*rows(session, _STANDING, asked)[0])


def queue(session: Session, occurrence_id: int) -> list[SignUp]:
    """Give the waiting rows of a date, the longest waiting first. Call under the lock of the date."""
    statement = select(SignUp).where(SignUp.occurrence_id == occurrence_id, SignUp.state == SignUpState.WAITING)
    return list(session.exec(statement.order_by(col(SignUp.queue_no))).all())


def active(session: Session, occurrence_id: int) -> list[SignUp]:
    """Give all who hold a seat or wait, in the order of the queue numbers."""
    statement = select(SignUp).where(SignUp.occurrence_id == occurrence_id, SignUp.state != SignUpState.WITHDRAWN)
    return list(session.exec(statement.order_by(col(SignUp.queue_no))).all())


def institutions(session: Session, occurrence_id: int) -> Sequence[int]:
    """Give the institutions from which somebody holds a seat or waits."""
    statement = select(SignUp.institution_id).where(
        SignUp.occurrence_id == occurrence_id, SignUp.state != SignUpState.WITHDRAWN
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


def _people_of(
    session: Session, occurrence: Occurrence, viewer: Actor, *, choose: bool
) -> tuple[Sequence[Any], Sequence[Colleague]]:
    """Give the rows of the roster and, to *choose* among, the people of the viewer's institution, in one statement."""
    anybody, own = occurrence.seats_taken or occurrence.waiting, viewer.institution_id if choose else None
    if anybody and own is not None:
        both = rows(session, _ROSTER_AND_COLLEAGUES, {"occurrence_id": occurrence.id, "institution_id": own})
        roster = [row[1:] for row in both if row[0]]
        return roster, [Colleague(row[7], row[2], row[4], row[3], row[5], Role(row[8])) for row in both if not row[0]]
    if anybody:
        return rows(session, _ROSTER, {"occurrence_id": occurrence.id}), ()
    return (), people.colleagues(session, own) if own is not None else ()


def _seen(found: Sequence[Any], viewer: Actor, *, everybody: bool, in_time: bool) -> tuple[Row, ...]:
    seen, ahead = [], 0
    for signup_id, person, function, email, institution, institution_id, user_id, stands, _queue_no in found:
        state = SignUpState(stands)
        ahead += state is SignUpState.WAITING
        if not everybody and institution_id != viewer.institution_id:
            continue
        may = in_time and rules.may_withdraw(viewer, user_id=user_id, institution_id=institution_id)
        place = ahead if state is SignUpState.WAITING else 0
        seen.append(Row(signup_id, person, function, email, institution, institution_id, user_id, state, place, may))
    return tuple(seen)


# Made once: making them costs more than running them, and a sign-up holds a lock meanwhile.
# Written out: a database uses the index over the active rows only where it reads the very condition of that index.
_ACTIVE = and_(
    col(SignUp.occurrence_id) == bindparam("occurrence_id"),
    col(SignUp.state) != literal_column(f"'{SignUpState.WITHDRAWN.value}'"),
)
_TO_SIGN_UP = people.COLLEAGUES.where(
    ~exists(columns(SignUp.id).where(_ACTIVE, col(SignUp.user_id) == UserAccount.id).correlate(UserAccount))
).order_by(col(UserAccount.name), col(UserAccount.id))
_STANDING = columns(
    Event.capacity,
    Event.signup_closes_at,
    Event.split,
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
    )
    .join(Institution, col(Institution.id) == SignUp.institution_id)
    .where(col(SignUp.occurrence_id) == bindparam("occurrence_id"), col(SignUp.state) != SignUpState.WITHDRAWN)
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

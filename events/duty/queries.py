"""Reads of duty hours, for the two sides alone: boards, one date, expected topics, what waits, what is told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app import warsaw
from app.accounts.models import UserAccount
from app.actors import Actor
from app.audit.models import AuditLine
from app.db import columns
from events.calendar.models import Event, EventKind, Occurrence, Outcome, State
from events.calendar.queries import EventPage
from events.duty import rules
from events.duty.models import DutyBooking, DutyHintSetAside, Hint
from events.duty.rules import Kept
from events.signups.models import SignUp, SignUpState
from partners.institutions.models import Institution

ANNOUNCED = "duty.announced"
BOARDS_MAX = 100
DATES_MAX = 200


class SlotState(StrEnum):
    """How a slot stands for the viewer."""

    FREE = "free"
    MINE = "mine"
    BOOKED = "booked"
    FULL = "full"


class Matter(StrEnum):
    """What waits about duty hours."""

    MERGE = "merge"
    EXTRA = "extra"
    NOBODY = "nobody"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Place:
    """An institution as boards name it."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking in a slot: how many persons, about what; *mine* when the viewer himself has booked."""

    id: int
    slot: int
    persons: int
    topics: tuple[str, ...]
    mine: bool

    @property
    def topic_words(self) -> list[str]:
        """Msgids of the topics."""
        return [rules.TOPICS[code] for code in self.topics if code in rules.TOPICS]


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of a date with what is booked in it; *bookable* for the viewer at this moment."""

    number: int
    starts_at: datetime
    ends_at: datetime
    size: int
    booked: tuple[Booked, ...]
    bookable: bool

    @property
    def persons(self) -> int:
        """Persons booked."""
        return sum(one.persons for one in self.booked)

    @property
    def free(self) -> int:
        """Places left."""
        return max(self.size - self.persons, 0)

    @property
    def state(self) -> SlotState:
        """How it stands for the viewer."""
        if any(one.mine for one in self.booked):
            return SlotState.MINE
        if not self.booked:
            return SlotState.FREE
        return SlotState.BOOKED if self.free else SlotState.FULL


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody of the centre on a date; *person* is "" for a place whose name comes later."""

    signup_id: int
    person: str
    function: str


@dataclass(frozen=True, slots=True)
class DateCard:
    """One date of duty hours as its board shows it; *outside* are bookings that fit into no slot any more."""

    occurrence_id: int
    event_id: int
    uuid: UUID
    series: bool
    title: str
    organiser: Place
    day: date
    starts_at: datetime
    ends_at: datetime
    room: str
    state: State
    cancel_reason: str
    outcome: Outcome | None
    slot_minutes: int
    slot_persons: int
    synthetic: bool
    slots: tuple[Slot, ...]
    outside: tuple[Booked, ...]
    who: tuple[OnDuty, ...]
    begun: bool
    over: bool
    may_book: bool
    may_run: bool
    may_cancel: bool
    may_note: bool

    @property
    def cancelled(self) -> bool:
        """Whether it does not take place."""
        return self.state is State.CANCELLED

    @property
    def places(self) -> int:
        """How many persons all slots hold."""
        return len(self.slots) * self.slot_persons

    @property
    def free(self) -> int:
        """Places left in all slots."""
        return sum(slot.free for slot in self.slots)

    @property
    def persons(self) -> int:
        """Persons booked, those outside the hours too."""
        return sum(slot.persons for slot in self.slots) + sum(one.persons for one in self.outside)

    @property
    def topics(self) -> list[tuple[str, int]]:
        """Msgids of the topics with the number of bookings that name them, the most frequent first."""
        return counted([one.topics for slot in self.slots for one in slot.booked])

    @property
    def address(self) -> dict[str, Any]:
        """What addresses of this date are made of."""
        return {"event_uuid": self.uuid, **({"day": self.day} if self.series else {})}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the portal proposes for a series: merge its empty *dates*, or add one beside the full one."""

    hint: Hint
    event_id: int
    uuid: UUID
    title: str
    unit: Place
    dates: tuple[Kept, ...]
    slot_minutes: int
    slot_persons: int

    @property
    def next(self) -> Kept:
        """The date that it is about."""
        return self.dates[-1]


@dataclass(frozen=True, slots=True)
class Board:
    """The dates of duty hours in a unit in one month, as one of the two sides sees them."""

    unit: Place
    month: date
    inside: bool
    cards: tuple[DateCard, ...]
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A board in the list: its unit and centre, the next date, and how far that one is booked."""

    unit: Place
    organiser: Place
    next_day: date | None
    next_starts_at: datetime | None
    dates: int
    persons: int


@dataclass(frozen=True, slots=True)
class Expected:
    """Who is expected on a date: slots booked, persons, topics as (msgid, bookings)."""

    occurrence_id: int
    persons: int
    slots: int
    topics: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something about duty hours that waits for the viewer; *number* counts dates, places or persons."""

    matter: Matter
    unit_slug: str
    unit: str
    day: date
    title: str
    number: int
    occurrence_id: int


@dataclass(frozen=True, slots=True)
class Booker:
    """Somebody of the unit who has booked on a date, and how many persons."""

    user_id: int | None
    email: str
    language: str
    persons: int


def counted(topics: Iterable[Sequence[str]]) -> list[tuple[str, int]]:
    """Count topics of bookings: (msgid, how many bookings), the most frequent first, then in the order of the list."""
    order = list(rules.TOPICS)
    numbers: dict[str, int] = {}
    for codes in topics:
        for code in codes:
            if code in rules.TOPICS:
                numbers[code] = numbers.get(code, 0) + 1
    ranked = sorted(numbers, key=lambda code: (-numbers[code], order.index(code)))
    return [(rules.TOPICS[code], numbers[code]) for code in ranked]


# --- boards


def unit(session: Session, viewer: Actor, slug: str) -> Place | None:
    """Give a unit with duty hours that *viewer* may know of: his own, or one where his centre keeps or prepares some.

    None for everybody else. At most two statements.
    """
    if not viewer.works_for_institution:
        return None
    row = session.execute(_places().where(col(Institution.slug) == slug)).first()
    if row is None:
        return None
    found = Place(*row)
    mine = col(Occurrence.organiser_id) == viewer.institution_id
    known = columns(Occurrence.id).join(Event, col(Event.id) == Occurrence.event_id).where(*_is_duty())
    known = known.where(col(Occurrence.place_institution_id) == found.id)
    if found.id != viewer.institution_id:
        known = known.where(mine)
    return found if session.execute(known.limit(1)).first() is not None else None


def board(session: Session, viewer: Actor, unit: Place, month: date, now: datetime) -> Board:
    """Give the dates in *unit* that begin in this month, those of the viewer's centre alone unless he works inside.

    The unit comes from unit(). At most six statements, however many dates and bookings there are.
    """
    after = (month + timedelta(days=31)).replace(day=1)
    inside = viewer.institution_id == unit.id
    conditions = [
        col(Occurrence.place_institution_id) == unit.id,
        col(Occurrence.local_date) >= month,
        col(Occurrence.local_date) < after,
        col(Occurrence.state).in_((State.PUBLISHED, State.CANCELLED)),
    ]
    cards = _cards(session, viewer, conditions, now)
    shown = () if inside else proposals(session, viewer, now, unit_id=unit.id)
    return Board(unit, month, inside, tuple(cards), tuple(shown))


def boards(session: Session, viewer: Actor, now: datetime) -> list[BoardLine]:
    """Give the boards of the viewer's institution, one for each unit and centre, those with a date to come first.

    At most two statements. Nothing for those who work for no institution.
    """
    if not viewer.works_for_institution:
        return []
    place, organiser = _institution("place"), _institution("organiser")
    own = viewer.institution_id
    coming = col(Occurrence.ends_at) > now
    statement = (
        columns(
            place.id, place.slug, place.name, organiser.id, organiser.slug, organiser.name,
            func.min(Occurrence.starts_at).filter(coming), func.count(col(Occurrence.id)).filter(coming),
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(place, place.id == col(Occurrence.place_institution_id))
        .join(organiser, organiser.id == col(Occurrence.organiser_id))
        .where(
            *_is_duty(),
            col(Occurrence.state) == State.PUBLISHED,
            or_(col(Occurrence.organiser_id) == own, col(Occurrence.place_institution_id) == own),
        )
        .group_by(place.id, place.slug, place.name, place.sort_key)
        .group_by(organiser.id, organiser.slug, organiser.name, organiser.sort_key)
        .order_by(place.sort_key, organiser.sort_key)
        .limit(BOARDS_MAX)
    )  # fmt: skip
    found = session.execute(statement).all()
    persons = _persons_of_next(session, own or 0, now)
    lines = [
        BoardLine(
            Place(*row[:3]),
            Place(*row[3:6]),
            warsaw.today(row[6]) if row[6] else None,
            row[6],
            row[7],
            persons.get((row[0], row[3]), 0),
        )
        for row in found
    ]
    return sorted(lines, key=lambda one: (one.next_starts_at is None, one.next_starts_at or now))


def drafts(session: Session, viewer: Actor) -> list[tuple[UUID, str, str]]:
    """Give the duty hours that the viewer's centre prepares: (address, title, unit). One statement."""
    if not viewer.prepares:
        return []
    statement = (
        columns(Event.uuid, Event.title, Institution.name)
        .join(Institution, col(Institution.id) == Event.place_institution_id)
        .where(*_is_duty(), col(Event.state) == State.DRAFT, col(Event.organiser_id) == viewer.institution_id)
        .order_by(col(Event.id))
        .limit(BOARDS_MAX)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(statement)]


def date_card(session: Session, viewer: Actor, occurrence_id: int, now: datetime) -> tuple[DateCard, Place] | None:
    """Give one date with its unit for a page of its own; None for who works on neither side. Three statements."""
    cards = _cards(session, viewer, [col(Occurrence.id) == occurrence_id], now)
    if not cards or cards[0].state not in (State.PUBLISHED, State.CANCELLED):
        return None
    where = _places().join(Occurrence, col(Occurrence.place_institution_id) == Institution.id)
    row = session.execute(where.where(col(Occurrence.id) == occurrence_id)).first()
    return (cards[0], Place(*row)) if row else None


def booking(session: Session, viewer: Actor, booking_id: int) -> DutyBooking | None:
    """Give a booking for an act; None for who works on neither side of its date. One statement."""
    if not viewer.works_for_institution:
        return None
    statement = (
        select(DutyBooking)
        .join(Occurrence, col(Occurrence.id) == DutyBooking.occurrence_id)
        .where(DutyBooking.id == booking_id, _known_to(viewer), _here())
    )
    return session.exec(statement).first()


def event_of(session: Session, viewer: Actor, event_uuid: UUID) -> Event | None:
    """Give the event of duty hours for an act of the centre; None for everybody else. One statement."""
    if not viewer.works_for_institution:
        return None
    mine = col(Event.organiser_id) == viewer.institution_id
    return session.exec(select(Event).where(Event.uuid == event_uuid, *_is_duty(), mine)).first()


def event_on(session: Session, viewer: Actor, occurrence_id: int) -> Event | None:
    """Give the event of a date for an act of either side; None for everybody else. One statement."""
    if not viewer.works_for_institution:
        return None
    statement = (
        select(Event)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(Occurrence.id == occurrence_id, *_is_duty(), _known_to(viewer))
    )
    return session.exec(statement).first()


def slugs(session: Session, institution_ids: Sequence[int]) -> list[str]:
    """Give the address names of these institutions."""
    return list(session.exec(select(Institution.slug).where(col(Institution.id).in_(institution_ids))).all())


# --- expected


def expected(session: Session, viewer: Actor, occurrence_ids: Collection[int]) -> Mapping[int, Expected]:
    """Give who is expected on those of these dates that are duty hours of the viewer's institution, as either side.

    A date without bookings is among them, with 0 persons. One statement, none for nothing.
    """
    wanted = sorted(set(occurrence_ids))
    if not wanted or not viewer.works_for_institution:
        return {}
    return expected_on(session, wanted, _known_to(viewer))


def expected_on(session: Session, occurrence_ids: Sequence[int], *known: ColumnElement[bool]) -> dict[int, Expected]:
    """Give who is expected on these dates of duty hours, whoever asks: for acts and mails. One statement."""
    statement = (
        columns(Occurrence.id, DutyBooking.slot, DutyBooking.persons, DutyBooking.topics)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .outerjoin(DutyBooking, (col(DutyBooking.occurrence_id) == Occurrence.id) & _stands() & _here())
        .where(col(Occurrence.id).in_(occurrence_ids), col(Occurrence.state) == State.PUBLISHED, *_is_duty(), *known)
        .order_by(col(Occurrence.id), col(DutyBooking.slot))
    )
    found: dict[int, Expected] = {}
    for occurrence_id, group in groupby(session.execute(statement), key=lambda row: row[0]):
        rows = [row for row in group if row[1] is not None]
        topics = tuple(counted([row[3] for row in rows]))
        slots = len({row[1] for row in rows})
        found[occurrence_id] = Expected(occurrence_id, sum(row[2] for row in rows), slots, topics)
    return found


@dataclass(frozen=True, slots=True)
class OnEvent:
    """What the page of an event says of its slots; *expected* is None for a draft or a date that does not stand."""

    expected: Expected | None
    slot_minutes: int
    slot_persons: int
    url: str


def on_event(session: Session, page: EventPage, viewer: Actor) -> OnEvent | None:
    """Give what the page of an event of duty hours says to the two sides; None for everybody and everything else.

    One statement, none where there are no slots.
    """
    event, occurrence = page.event, page.occurrence
    if event.slot_minutes is None or event.kind is not EventKind.DUTY_HOURS or page.host is None:
        return None
    if not rules.may_read(viewer, organiser_id=event.organiser_id, unit_id=occurrence.place_institution_id):
        return None
    board_url = f"/dyzury/{page.host.slug}/{occurrence.local_date:%Y-%m}#d{occurrence.id}"
    known = expected(session, viewer, [occurrence.id or 0]) if event.state is not State.DRAFT else {}
    return OnEvent(
        known.get(occurrence.id or 0),
        event.slot_minutes,
        event.slot_persons or 1,
        board_url if event.state is not State.DRAFT else "",
    )


# --- what waits


def proposals(session: Session, viewer: Actor, now: datetime, *, unit_id: int | None = None) -> list[Proposal]:
    """Give what is proposed to coordinators of a centre, of one unit or of all: merge, add a date. Two statements."""
    if not viewer.coordinates:
        return []
    mine = col(Occurrence.organiser_id) == viewer.institution_id
    here = [col(Occurrence.place_institution_id) == unit_id] if unit_id is not None else []
    known = _kept(session, [mine, *here], now)
    return _proposals(session, known, now)


def waiting(session: Session, viewer: Actor, now: datetime, limit: int) -> list[Waiting]:
    """Give what waits for the viewer about duty hours, the soonest first, at most *limit*. At most four statements.

    For coordinators of a centre: proposals, and dates within four weeks with nobody on duty. For coordinators of a
    unit: bookings that a move has left outside the hours.
    """
    if not viewer.coordinates:
        return []
    if rules.is_centre(viewer.institution_kind):
        found = _waiting_in_centre(session, viewer, now, limit)
    else:
        found = _outside(session, viewer, now)
    return sorted(found, key=lambda one: (one.day, one.occurrence_id, one.matter))[:limit]


# --- for acts and mails


def taken(session: Session, occurrence_id: int, slot: int, unit_id: int) -> int:
    """Give how many persons of the unit are booked in a slot; exact under the lock of the date."""
    statement = select(func.coalesce(func.sum(DutyBooking.persons), 0)).where(
        DutyBooking.occurrence_id == occurrence_id,
        DutyBooking.slot == slot,
        DutyBooking.institution_id == unit_id,
        _stands(),
    )
    return int(session.exec(statement).one())


def by_key(session: Session, key: str) -> DutyBooking | None:
    """Give the booking that a form has made already."""
    return session.exec(select(DutyBooking).where(DutyBooking.key == key)).first()


def bookings_of(session: Session, occurrence_id: int) -> list[DutyBooking]:
    """Give what the unit of a date has booked on it, in the order of the slots."""
    return _bookings(session, occurrence_id, _here())


def bookings_lost(session: Session, occurrence: Occurrence) -> list[DutyBooking]:
    """Give the bookings that have lost their date: all where it does not stand, else those made by another unit.

    A date that was moved to another house is no date of the unit that has booked on it.
    """
    elsewhere = col(DutyBooking.institution_id).is_distinct_from(Occurrence.place_institution_id)
    gone = [] if occurrence.state is not State.PUBLISHED else [elsewhere]
    return _bookings(session, occurrence.id or 0, *gone)


def _bookings(session: Session, occurrence_id: int, *conditions: ColumnElement[bool]) -> list[DutyBooking]:
    statement = (
        select(DutyBooking)
        .join(Occurrence, col(Occurrence.id) == DutyBooking.occurrence_id)
        .where(DutyBooking.occurrence_id == occurrence_id, _stands(), *conditions)
        .order_by(col(DutyBooking.slot), col(DutyBooking.id))
    )
    return list(session.exec(statement).all())


def on_duty(session: Session, occurrence_ids: Sequence[int]) -> list[SignUp]:
    """Give the sign-ups of the centres' own people who come on these dates of duty hours, in the order of dates."""
    statement = (
        select(SignUp)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .where(
            col(SignUp.occurrence_id).in_(occurrence_ids),
            SignUp.state == SignUpState.SEAT,
            SignUp.institution_id == Occurrence.organiser_id,
        )
        .order_by(col(SignUp.occurrence_id), col(SignUp.queue_no))
    )
    return list(session.exec(statement).all())


def bookers(session: Session, bookings: Sequence[DutyBooking]) -> list[Booker]:
    """Give who has made these bookings and can still be reached, with the number of persons. One statement."""
    persons: dict[int, int] = {}
    for one in bookings:
        if one.booked_by is not None:
            persons[one.booked_by] = persons.get(one.booked_by, 0) + one.persons
    statement = (
        columns(UserAccount.id, UserAccount.email, UserAccount.language)
        .where(col(UserAccount.id).in_(sorted(persons)), col(UserAccount.locked_at).is_(None))
        .order_by(col(UserAccount.id))
    )
    return [Booker(row[0], row[1], row[2], persons[row[0]]) for row in session.execute(statement)] if persons else []


def announced(session: Session, since: datetime) -> dict[int, datetime]:
    """Give when each date was last announced to those on duty after *since*."""
    statement = (
        columns(AuditLine.subject_id, AuditLine.at)
        .where(col(AuditLine.verb) == ANNOUNCED, col(AuditLine.at) >= since)
        .order_by(col(AuditLine.id))
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def changed_at(session: Session, occurrence_ids: Sequence[int]) -> dict[int, datetime]:
    """Give when somebody has last booked or withdrawn on each of these dates, if anybody has. One statement."""
    booked = func.max(DutyBooking.booked_at)
    statement = (
        columns(DutyBooking.occurrence_id, booked, func.max(DutyBooking.withdrawn_at))
        .where(col(DutyBooking.occurrence_id).in_(occurrence_ids))
        .group_by(col(DutyBooking.occurrence_id))
    )
    return {row[0]: max(row[1], row[2] or row[1]) for row in session.execute(statement)}


def fallen(session: Session, now: datetime) -> list[int]:
    """Give the dates to come on which bookings have lost their date, whoever has cancelled or moved it."""
    gone = or_(
        col(Occurrence.state).in_((State.CANCELLED, State.REMOVED)),
        col(DutyBooking.institution_id).is_distinct_from(Occurrence.place_institution_id),
    )
    statement = (
        select(DutyBooking.occurrence_id)
        .join(Occurrence, col(Occurrence.id) == DutyBooking.occurrence_id)
        .where(_stands(), gone, col(Occurrence.starts_at) > now)
        .distinct()
        .order_by(col(DutyBooking.occurrence_id))
    )
    return list(session.exec(statement).all())


def dates_on(session: Session, days: Sequence[date], now: datetime) -> list[tuple[Event, Occurrence]]:
    """Give the dates of duty hours on these days that stand and have not begun, with their events."""
    statement = (
        select(Event, Occurrence)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(
            *_is_duty(),
            col(Occurrence.local_date).in_(days),
            Occurrence.state == State.PUBLISHED,
            col(Occurrence.starts_at) > now,
        )
        .order_by(col(Occurrence.id))
    )
    return [(event, occurrence) for event, occurrence in session.exec(statement)]


# --- inside


def _places() -> Any:
    return columns(Institution.id, Institution.slug, Institution.name).select_from(Institution)


def _institution(name: str) -> Any:
    return aliased(Institution, name=name)


def _is_duty() -> tuple[ColumnElement[bool], ...]:
    return (
        col(Event.kind) == EventKind.DUTY_HOURS,
        col(Event.slot_minutes).is_not(None),
        col(Event.place_institution_id).is_not(None),
    )


def _stands() -> ColumnElement[bool]:
    return col(DutyBooking.withdrawn_at).is_(None)


def _here() -> ColumnElement[bool]:
    # What another unit has booked, before the date was moved here, is none of this one's business.
    return col(DutyBooking.institution_id) == Occurrence.place_institution_id


def _known_to(viewer: Actor) -> ColumnElement[bool]:
    own = viewer.institution_id
    return or_(col(Occurrence.organiser_id) == own, col(Occurrence.place_institution_id) == own)


def _cards(session: Session, viewer: Actor, conditions: Sequence[ColumnElement[bool]], now: datetime) -> list[DateCard]:
    """Give the dates that fit, with slots, bookings and who is on duty: three statements, one where there are none."""
    if not viewer.works_for_institution:
        return []
    organiser = _institution("organiser")
    statement = (
        columns(
            Occurrence.id, Event.id, Event.uuid, Event.rule, func.coalesce(Occurrence.title, Event.title),
            organiser.id, organiser.slug, organiser.name, Occurrence.local_date, Occurrence.starts_at,
            Occurrence.ends_at, func.coalesce(Occurrence.room, Event.room), Occurrence.state,
            Occurrence.cancel_reason, Event.cancel_reason, Occurrence.outcome, Event.slot_minutes, Event.slot_persons,
            Event.synthetic, Occurrence.place_institution_id,
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(organiser, organiser.id == col(Occurrence.organiser_id))
        .where(*_is_duty(), _known_to(viewer), *conditions)
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
        .limit(DATES_MAX)
    )  # fmt: skip
    found = session.execute(statement).all()
    ids = [row[0] for row in found]
    booked = _booked(session, viewer, ids)
    who: dict[int, list[OnDuty]] = {}
    for signup in on_duty(session, ids) if ids else ():
        who.setdefault(signup.occurrence_id, []).append(OnDuty(signup.id or 0, signup.person, signup.function))
    return [_card(row, viewer, booked.get(row[0], []), who.get(row[0], []), now) for row in found]


def _booked(session: Session, viewer: Actor, occurrence_ids: Sequence[int]) -> dict[int, list[Booked]]:
    if not occurrence_ids:
        return {}
    statement = (
        columns(
            DutyBooking.occurrence_id, DutyBooking.id, DutyBooking.slot, DutyBooking.persons, DutyBooking.topics,
            DutyBooking.booked_by,
        )
        .join(Occurrence, col(Occurrence.id) == DutyBooking.occurrence_id)
        .where(col(DutyBooking.occurrence_id).in_(occurrence_ids), _stands(), _here())
        .order_by(col(DutyBooking.occurrence_id), col(DutyBooking.slot), col(DutyBooking.id))
    )  # fmt: skip
    found: dict[int, list[Booked]] = {}
    for occurrence_id, number, slot, persons, topics, by in session.execute(statement):
        mine = by is not None and by == viewer.user_id
        found.setdefault(occurrence_id, []).append(Booked(number, slot, persons, tuple(topics), mine))
    return found


def _card(row: Any, viewer: Actor, booked: Sequence[Booked], who: Sequence[OnDuty], now: datetime) -> DateCard:
    starts_at, ends_at, minutes, size, unit_id, organiser_id = row[9], row[10], row[16], row[17] or 1, row[19], row[5]
    stands = row[12] is State.PUBLISHED
    books = stands and rules.may_book(viewer, unit_id)
    number = rules.slot_count(starts_at, ends_at, minutes)
    slots = []
    for one in range(number):
        begins, ends = rules.slot_span(starts_at, one, minutes)
        here = tuple(each for each in booked if each.slot == one)
        room = size > sum(each.persons for each in here)
        slots.append(Slot(one, begins, ends, size, here, bookable=books and room and begins > now))
    return DateCard(
        occurrence_id=row[0],
        event_id=row[1],
        uuid=row[2],
        series=row[3] is not None,
        title=row[4],
        organiser=Place(*row[5:8]),
        day=row[8],
        starts_at=starts_at,
        ends_at=ends_at,
        room=row[11],
        state=row[12],
        cancel_reason=row[13] or row[14],
        outcome=row[15],
        slot_minutes=minutes,
        slot_persons=size,
        synthetic=row[18],
        slots=tuple(slots),
        outside=tuple(one for one in booked if one.slot >= number),
        who=tuple(who),
        begun=starts_at <= now,
        over=ends_at <= now,
        may_book=books,
        may_run=stands and rules.may_run(viewer, organiser_id),
        may_cancel=stands and rules.may_cancel(viewer, organiser_id=organiser_id, unit_id=unit_id),
        may_note=stands and viewer.coordinates,
    )


def _persons_of_next(session: Session, own: int, now: datetime) -> dict[tuple[int, int], int]:
    """Give the persons booked on dates to come, by (unit, centre)."""
    statement = (
        columns(Occurrence.place_institution_id, Occurrence.organiser_id, func.sum(DutyBooking.persons))
        .select_from(DutyBooking)
        .join(Occurrence, col(Occurrence.id) == DutyBooking.occurrence_id)
        .where(
            _stands(),
            _here(),
            col(Occurrence.ends_at) > now,
            col(Occurrence.state) == State.PUBLISHED,
            or_(col(Occurrence.organiser_id) == own, col(Occurrence.place_institution_id) == own),
        )
        .group_by(col(Occurrence.place_institution_id), col(Occurrence.organiser_id))
    )
    return {(row[0], row[1]): int(row[2]) for row in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class _Series:
    """A series of duty hours with its dates around now."""

    event_id: int
    uuid: UUID
    title: str
    unit: Place
    repeats: bool
    dates: tuple[Kept, ...]
    staffed: frozenset[int]
    slots: tuple[int, int]


def _kept(session: Session, conditions: Sequence[ColumnElement[bool]], now: datetime) -> list[_Series]:
    """Give the events with their standing dates around now and what is booked inside their hours: one statement."""
    place = _institution("place")
    seated = (
        columns(func.count(col(SignUp.id)))
        .where(
            col(SignUp.occurrence_id) == Occurrence.id,
            col(SignUp.institution_id) == Occurrence.organiser_id,
            cast(col(SignUp.state), String) == SignUpState.SEAT.value,
        )
        .correlate(Occurrence)
        .scalar_subquery()
    )
    statement = (
        columns(
            Event.id, Event.uuid, Event.title, place.id, place.slug, place.name, Occurrence.id, Occurrence.local_date,
            Occurrence.starts_at, Occurrence.ends_at, Event.slot_minutes, Event.slot_persons, DutyBooking.slot,
            DutyBooking.persons, seated, Event.rule,
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(place, place.id == col(Occurrence.place_institution_id))
        .outerjoin(DutyBooking, (col(DutyBooking.occurrence_id) == Occurrence.id) & _stands() & _here())
        .where(
            *_is_duty(),
            *conditions,
            col(Occurrence.state) == State.PUBLISHED,
            col(Occurrence.starts_at) > now - rules.LOOKS_BACK,
            col(Occurrence.starts_at) < now + rules.LOOKS_AHEAD,
        )
        .order_by(col(Event.id), col(Occurrence.starts_at), col(Occurrence.id))
    )  # fmt: skip
    found = []
    for _event_id, group in groupby(session.execute(statement), key=lambda row: row[0]):
        rows = list(group)
        dates, staffed = [], set()
        for occurrence_id, of_date in groupby(rows, key=lambda row: row[6]):
            each = list(of_date)
            first = each[0]
            number = rules.slot_count(first[8], first[9], first[10])
            booked = sum(row[13] for row in each if row[12] is not None and row[12] < number)
            dates.append(Kept(occurrence_id, first[0], first[7], first[8], int(booked), number * (first[11] or 1)))
            if first[14]:
                staffed.add(occurrence_id)
        head = rows[0]
        repeats, slots = head[15] is not None, (head[10], head[11] or 1)
        found.append(
            _Series(head[0], head[1], head[2], Place(*head[3:6]), repeats, tuple(dates), frozenset(staffed), slots)
        )
    return found


def _proposals(session: Session, known: Sequence[_Series], now: datetime) -> list[Proposal]:
    today, found = warsaw.today(now), []
    for one in known:
        empty = rules.merging(one.dates, now) if one.repeats else ()
        if empty:
            found.append(Proposal(Hint.MERGE, one.event_id, one.uuid, one.title, one.unit, empty, *one.slots))
        full = rules.crowded(one.dates, now)
        if full:
            found.append(Proposal(Hint.EXTRA, one.event_id, one.uuid, one.title, one.unit, (full,), *one.slots))
    if not found:
        return []
    aside = columns(DutyHintSetAside.event_id, DutyHintSetAside.hint).where(
        col(DutyHintSetAside.event_id).in_([one.event_id for one in found]), col(DutyHintSetAside.until) >= today
    )
    silenced = {(row[0], row[1]) for row in session.execute(aside)}
    return [one for one in found if (one.event_id, one.hint) not in silenced]


def _waiting_in_centre(session: Session, viewer: Actor, now: datetime, limit: int) -> list[Waiting]:
    known = _kept(session, [col(Occurrence.organiser_id) == viewer.institution_id], now)
    found = []
    for one in _proposals(session, known, now):
        number = len(one.dates) if one.hint is Hint.MERGE else one.next.places
        found.append(
            Waiting(
                Matter(one.hint.value), one.unit.slug, one.unit.name, one.next.day, one.title, number,
                one.next.occurrence_id,
            )
        )  # fmt: skip
    soon = now + timedelta(days=28)
    for series in known:
        bare = [one for one in series.dates if now < one.starts_at < soon and one.occurrence_id not in series.staffed]
        if bare:
            first = bare[0]
            found.append(
                Waiting(
                    Matter.NOBODY, series.unit.slug, series.unit.name, first.day, series.title, len(bare),
                    first.occurrence_id,
                )
            )  # fmt: skip
    return found[: limit * 3]


def _outside(session: Session, viewer: Actor, now: datetime) -> list[Waiting]:
    statement = (
        columns(
            Occurrence.id, Occurrence.local_date, Occurrence.starts_at, Occurrence.ends_at, Event.slot_minutes,
            DutyBooking.slot, DutyBooking.persons, Institution.slug, Institution.name, Event.title,
        )
        .select_from(DutyBooking)
        .join(Occurrence, col(Occurrence.id) == DutyBooking.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(Institution, col(Institution.id) == Occurrence.place_institution_id)
        .where(
            *_is_duty(),
            _stands(),
            _here(),
            col(Occurrence.place_institution_id) == viewer.institution_id,
            col(Occurrence.state) == State.PUBLISHED,
            col(Occurrence.starts_at) > now,
        )
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
    )  # fmt: skip
    found = []
    for occurrence_id, group in groupby(session.execute(statement), key=lambda row: row[0]):
        rows = [row for row in group if row[5] >= rules.slot_count(row[2], row[3], row[4])]
        if rows:
            head = rows[0]
            number = sum(row[6] for row in rows)
            found.append(Waiting(Matter.OUTSIDE, head[7], head[8], head[1], head[9], number, occurrence_id))
    return found

"""What stands in the way of the dates of a visit request: hard refusals, warnings, and dates at which all is free."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, String, and_, bindparam, cast, func, literal, or_
from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor
from app.db import columns, rows, type_of
from app.errors import Conflict, Refusal
from app.text import N_, fold
from events.calendar import clashes
from events.calendar import rules as calendar
from events.calendar.clashes import Held
from events.calendar.models import Answer, Event, EventParty, Occurrence, Part, State
from events.signups import rules as signups
from events.signups.models import SignUp
from events.visits import deadlines, holds
from events.visits.models import Visit
from events.visits.rules import Option
from partners.availability import queries as availability
from partners.availability import rules as availability_rules
from partners.availability.rules import Blocked
from partners.institutions import workdays
from partners.institutions.models import Room

SUGGESTED = 3
SUGGEST_DAYS = 30
SHOWN_MAX = 3
_AT_ONCE = 8  # dates that one statement looks around
_REACH = calendar.LONGEST + timedelta(days=1)
_DASH = "\u2013"


class Passed(Refusal):
    """A date on offer that has begun or is over."""

    message = N_("%(day)s, %(hours)s has passed. Offer a date that is still to come.")


class TooSoon(Refusal):
    """A date nearer than one of the two institutions needs."""

    message = N_("%(day)s is too soon: both institutions need time to prepare. The first day possible is %(first)s.")


class OwnDays(Refusal):
    """A day that the viewer's own institution has blocked."""

    message = N_(
        "Your institution is not available on %(day)s. Choose another day, or end that period under “Not available” "
        "on your card first."
    )
    because = N_(
        "Your institution is not available on %(day)s: %(reason)s. Choose another day, or end that period under “Not "
        "available” on your card first."
    )


class OwnRoom(Refusal):
    """A day on which the viewer's own institution has blocked this room."""

    message = N_("You have marked this room as not available on %(day)s. Choose another room or another day.")
    because = N_(
        "You have marked this room as not available on %(day)s: %(reason)s. Choose another room or another day."
    )


class UnitAway(Refusal):
    """A day that the prison unit has blocked; why is its own matter."""

    message = N_("The prison unit is not available on %(day)s. Choose another day.")


class OtherAway(Refusal):
    """A day that the other side has blocked; why is its own matter."""

    message = N_("The other institution is not available on %(day)s. Choose another day.")


class RoomAway(Refusal):
    """A day on which the room is blocked; why is the unit's own matter."""

    message = N_("The room is not available on %(day)s. Choose another room or another day.")


class RoomTaken(Conflict):
    """A room in which an event takes place at this time; *title* only where the viewer may know of it."""

    message = N_("On %(day)s the room is taken %(hours)s. Choose another hour, another room or another day.")
    titled = N_(
        "On %(day)s the room is taken %(hours)s by “%(title)s”. Choose another hour, another room or another day."
    )


class RoomHeld(Conflict):
    """A room that another visit request holds; *number* only where the viewer may read that request."""

    message = N_(
        "On %(day)s the room waits %(hours)s for an answer in case %(number)s. Choose another hour or another room, or "
        "close that case first."
    )


@dataclass(frozen=True, slots=True)
class Caution:
    """Something worth knowing that forbids nothing. *message* is a msgid, filled by words().

    *code* is one of own, side, house, person, holiday, weekend. *uuid* leads to the event, where the viewer may know of
    it.
    """

    code: str
    message: str
    day: date
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    title: str = ""
    uuid: UUID | None = None

    def words(self, language: str) -> Mapping[str, str]:
        """Give what fills the placeholders of *message*."""
        found = {"day": availability_rules.in_digits(self.day)}
        if self.starts_at is not None and self.ends_at is not None:
            found["hours"] = _hours(self.starts_at, self.ends_at)
        if self.title:
            found["title"] = self.title
        if self.code == "holiday":
            found["name"] = workdays.holiday_name(self.day, language)
        return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of one date on offer: *refusals* forbid it; *warnings* do not, and stand where none does."""

    option: Option
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[Caution, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether the date can be offered and accepted."""
        return not self.refusals


OWN = N_("Your institution has “%(title)s” at this time (%(day)s, %(hours)s). Make sure that somebody else is free.")
OWN_UNNAMED = N_(
    "Your institution has something else at this time (%(day)s, %(hours)s). Make sure that somebody is free."
)
SIDE = N_("The other institution has something else on %(day)s at this time. It may propose another date.")
HOUSE = N_("In the same unit there is “%(title)s” at this time (%(day)s, %(hours)s). Make sure that the rooms differ.")
HOUSE_UNNAMED = N_(
    "In the same unit there is something else at this time (%(day)s, %(hours)s). Make sure that the rooms differ."
)
PERSON = N_("You have signed up for “%(title)s” at this time (%(day)s, %(hours)s). Let somebody else take this one.")
PERSON_UNNAMED = N_(
    "You have signed up for something else at this time (%(day)s, %(hours)s). Let somebody else take this one."
)
HOLIDAY = N_("%(day)s is a public holiday: %(name)s. Choose a working day unless both sides want this one.")
WEEKEND = N_("%(day)s is at a weekend. Choose a working day unless both sides want this one.")


def check(
    session: Session,
    viewer: Actor,
    unit_id: int,
    sides: tuple[int, int],
    options: Sequence[Option],
    now: datetime,
    *,
    visit_id: int | None = None,
) -> list[Verdict]:
    """Give for each of *options* what forbids it and what is worth knowing, as *viewer* may know it.

    At most eleven statements for up to eight options. Dates that the visit *visit_id* has on offer already are not
    measured by notice any more; its own holds and its own event do not stand in its way. Call it under the lock of
    the unit (partners.availability.actions.hold) where the answer must not change meanwhile.
    """
    sound = [one for one in options if _unsound(one) is None]
    if not sound:
        return [Verdict(one, (refusal,)) for one in options if (refusal := _unsound(one)) is not None]
    near = _near(session, unit_id, sides, sound, now, visit_id)
    near = replace(near, busy=_busy(session, near, sound, frozenset(sides)), mine=_mine(session, viewer, near, sound))
    met = {id(one): near.met(one) for one in sound}
    told = {busy.id for found in met.values() for busy in found[:SHOWN_MAX]}
    told |= {signed.id for one in sound for signed in near.signed_up(one)}
    # A mailed link acts for an institution, too, but whoever holds it sees what a visitor does.
    eyes = viewer if viewer.signed_in else Actor.visitor()
    titles = clashes.named(session, eyes, told)
    held = holds.named(session, eyes, [one for option in sound for one in near.holding(option)])
    reasons = availability.reasons(session, viewer, [one for option in sound for one in near.away(option)])
    teller = _Teller(viewer, near, titles, {one.visit_id: one.number for one in held}, reasons)
    found = []
    for one in options:
        refusal = _unsound(one)
        found.append(Verdict(one, (refusal,)) if refusal else teller.verdict(one))
    return found


def require(
    session: Session,
    viewer: Actor,
    unit_id: int,
    sides: tuple[int, int],
    options: Sequence[Option],
    now: datetime,
    *,
    visit_id: int | None = None,
) -> None:
    """Raise the first refusal that check() has for these dates. Call it under the lock of the unit."""
    for verdict in check(session, viewer, unit_id, sides, options, now, visit_id=visit_id):
        if verdict.refusals:
            raise verdict.refusals[0]


def suggest(
    session: Session,
    unit_id: int,
    sides: tuple[int, int],
    option: Option,
    now: datetime,
    *,
    visit_id: int | None = None,
    number: int = SUGGESTED,
) -> list[Option]:
    """Give the next working days on which the same hours are free for the room and for both sides: *number* at most.

    Looks thirty days ahead of *option*, of today where it has passed, in seven statements where the first eight
    working days hold enough, in eleven at most. A prison unit has many things at a time: of its own only those count
    that may be in the same room. Nobody learns why a day is not among them.
    """
    today = warsaw.today(now)
    begin = max(option.starts.date(), today)
    moved = [_on(option, begin + timedelta(days=n)) for n in range(1, SUGGEST_DAYS + 1)]
    moved = [one for one in moved if workdays.is_workday(one.starts.date()) and _unsound(one) is None]
    if not moved or _unsound(option) is not None:
        return []
    near = _near(session, unit_id, sides, moved, now, visit_id)
    moved = [one for one in moved if near.is_open(one)]
    found: list[Option] = []
    while moved and len(found) < number:
        some, moved = moved[:_AT_ONCE], moved[_AT_ONCE:]
        near = replace(near, busy=_busy(session, near, some, frozenset(sides) - {unit_id}))
        found += [one for one in some if near.is_free(one)]
    return found[:number]


def notice_day(session: Session, sides: Sequence[int], today: date) -> date:
    """Give the first day that both sides let others offer, by their notice in working days; two statements."""
    notices = deadlines.habits(session, sides)
    closed = availability.closed_days(session, sides, today, availability_rules.latest(today))
    return max(workdays.after(today, notices[one].notice_days, closed[one].__contains__) for one in sides)


@dataclass(frozen=True, slots=True)
class _Busy:
    """A published date near those on offer; *of* are the sides that organise it or have it in their house."""

    id: int
    starts_at: datetime
    ends_at: datetime
    place_id: int | None
    room_id: int | None
    room: str
    all_day: bool
    of: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Near:
    """Everything near the dates on offer, read once."""

    now: datetime
    unit_id: int
    sides: tuple[int, int]
    visit_id: int
    first_day: date
    rooms: Mapping[int, str]
    periods: Sequence[Blocked]
    held: Sequence[Held]
    offered: frozenset[tuple[datetime, datetime]]
    busy: Sequence[_Busy] = ()
    mine: Sequence[_Busy] = ()

    def is_open(self, option: Option) -> bool:
        """Whether this date can be offered as far as blocked days, notice and holds go."""
        starts_at, _ends_at = _instants(option)
        soon = starts_at <= self.now or option.starts.date() < self.first_day
        return not (soon or self.away(option) or self.holding(option))

    def is_free(self, option: Option) -> bool:
        """Whether no event takes the room of this date or binds one of those that *busy* was read for."""
        return not any(
            self.takes_room(option, one) or self.shares_house(option, one) or (one.of and not one.all_day)
            for one in self.met(option)
        )

    def room(self, option: Option) -> str:
        """Give the folded name of the room, be it chosen or in words: others may have said it the other way."""
        return fold(self.rooms.get(option.room_id or 0) or option.room)

    def away(self, option: Option) -> list[Blocked]:
        """Give the blocked days of the unit, the room and both sides that this date touches."""
        first, last = option.starts.date(), calendar.last_day(option.starts, option.ends)
        return [
            one
            for one in self.periods
            if one.holds(first, last)
            and (one.room_id is None or (one.institution_id == self.unit_id and one.room_id == option.room_id))
            and (not one.suspends or one.institution_id == self.unit_id)
        ]

    def met(self, option: Option) -> list[_Busy]:
        """Give the dates that last while this one does."""
        starts_at, ends_at = _instants(option)
        return [one for one in self.busy if starts_at < one.ends_at and one.starts_at < ends_at]

    def signed_up(self, option: Option) -> list[_Busy]:
        """Give the dates for which the viewer himself has signed up."""
        starts_at, ends_at = _instants(option)
        return [one for one in self.mine if starts_at < one.ends_at and one.starts_at < ends_at][:SHOWN_MAX]

    def holding(self, option: Option) -> list[Held]:
        """Give the other requests that hold this room at this time."""
        starts_at, ends_at = _instants(option)
        room = self.room(option)
        return [
            one
            for one in self.held
            if starts_at < one.ends_at
            and one.starts_at < ends_at
            and clashes.same_room(option.room_id, room, one.room_id, fold(one.room))
        ]

    def takes_room(self, option: Option, one: _Busy) -> bool:
        """Whether this event takes the room of this date."""
        return one.place_id == self.unit_id and clashes.same_room(
            option.room_id, self.room(option), one.room_id, fold(one.room)
        )

    def shares_house(self, option: Option, one: _Busy) -> bool:
        """Whether this event is in the same unit and nobody has said that it is in another room."""
        apart = bool(option.room_id and one.room_id) or bool(self.room(option) and one.room)
        return one.place_id == self.unit_id and not apart and not one.all_day


@dataclass(frozen=True, slots=True)
class _Teller:
    """Puts into sentences what stands in the way, as one viewer may know it."""

    viewer: Actor
    near: _Near
    titles: Mapping[int, tuple[UUID, str]]
    numbers: Mapping[int, str]
    reasons: Mapping[int, str]

    def verdict(self, option: Option) -> Verdict:
        """Say what is to be said of one date."""
        starts_at, ends_at = _instants(option)
        day = availability_rules.in_digits(option.starts.date())
        if starts_at <= self.near.now:
            return Verdict(option, (Passed(day=day, hours=_hours(starts_at, ends_at)),))
        refusals = tuple(self._refusals(option))
        return Verdict(option, refusals, () if refusals else tuple(self._warnings(option)))

    def _refusals(self, option: Option) -> Iterator[Refusal]:
        near, first = self.near, self.near.first_day
        day = option.starts.date()
        if day < first and _instants(option) not in near.offered:
            yield TooSoon(day=availability_rules.in_digits(day), first=availability_rules.in_digits(first))
        if option.room_id is not None and option.room_id not in near.rooms:
            yield calendar.RoomElsewhere()
        away = near.away(option)
        # A suspension says enough: the plain period in the same days adds nothing.
        stopped = [one for one in away if one.suspends]
        for one in stopped[:1] or away:
            yield self._away(option, one)
        for taken in [one for one in near.met(option) if near.takes_room(option, one)][:SHOWN_MAX]:
            yield self._taken(taken)
        for held in near.holding(option)[:SHOWN_MAX]:
            yield self._held(held)

    def _away(self, option: Option, one: Blocked) -> Refusal:
        if one.suspends:
            return availability_rules.Suspended(one.first_day, one.last_day)
        day = availability_rules.in_digits(max(one.first_day, option.starts.date()))
        own = self.viewer.works_for_institution and self.viewer.institution_id == one.institution_id
        reason = self.reasons.get(one.id, "").strip().rstrip(".")
        if own:
            kind = OwnDays if one.room_id is None else OwnRoom
            return kind(kind.because, day=day, reason=reason) if reason else kind(day=day)
        if one.room_id is not None:
            return RoomAway(day=day)
        return UnitAway(day=day) if one.institution_id == self.near.unit_id else OtherAway(day=day)

    def _taken(self, one: _Busy) -> Refusal:
        day, hours = _day(one.starts_at), _hours(one.starts_at, one.ends_at)
        _uuid, title = self.titles.get(one.id, (None, ""))
        if title:
            return RoomTaken(RoomTaken.titled, day=day, hours=hours, title=title)
        return RoomTaken(day=day, hours=hours)

    def _held(self, one: Held) -> Refusal:
        day, hours = _day(one.starts_at), _hours(one.starts_at, one.ends_at)
        number = self.numbers.get(one.visit_id, "")
        return RoomHeld(day=day, hours=hours, number=number) if number else RoomTaken(day=day, hours=hours)

    def _warnings(self, option: Option) -> Iterator[Caution]:
        day, signed_up = option.starts.date(), self.near.signed_up(option)
        for one in signed_up:
            yield self._caution("person", one, PERSON, PERSON_UNNAMED)
        told = {one.id for one in signed_up}
        met = [one for one in self.near.met(option) if one.id not in told and not self.near.takes_room(option, one)]
        own = [one for one in met if self.viewer.institution_id in one.of and not one.all_day]
        for one in own[:SHOWN_MAX]:
            yield self._caution("own", one, OWN, OWN_UNNAMED)
        if any(one.of - {self.viewer.institution_id, self.near.unit_id} and not one.all_day for one in met):
            yield Caution("side", SIDE, day)
        house = [one for one in met if one not in own and self.near.shares_house(option, one)]
        for one in house[:SHOWN_MAX]:
            yield self._caution("house", one, HOUSE, HOUSE_UNNAMED)
        for touched in _days(option):
            if workdays.holiday_name(touched, "pl"):
                yield Caution("holiday", HOLIDAY, touched)
            elif workdays.is_weekend(touched):
                yield Caution("weekend", WEEKEND, touched)

    def _caution(self, code: str, one: _Busy, message: str, unnamed: str) -> Caution:
        uuid, title = self.titles.get(one.id, (None, ""))
        day = warsaw.today(one.starts_at)
        return Caution(code, message if title else unnamed, day, one.starts_at, one.ends_at, title, uuid)


def _near(
    session: Session,
    unit_id: int,
    sides: tuple[int, int],
    options: Sequence[Option],
    now: datetime,
    visit_id: int | None,
) -> _Near:
    """Read all but the events: at most five statements, however many dates there are."""
    low, high = _span(options)
    held = holds.held(session, (unit_id,), low, high)
    return _Near(
        now=now,
        unit_id=unit_id,
        sides=sides,
        visit_id=visit_id or 0,
        first_day=notice_day(session, sides, warsaw.today(now)),
        rooms=_rooms(session, unit_id, options),
        periods=availability.standing(session, {unit_id, *sides}, warsaw.today(low), warsaw.today(high)),
        held=[one for one in held if one.visit_id != visit_id],
        offered=frozenset((one.starts_at, one.ends_at) for one in held if one.visit_id == visit_id),
    )


def _busy(session: Session, near: _Near, options: Sequence[Option], sides: frozenset[int]) -> list[_Busy]:
    """Give what is published in the unit, or binds one of *sides*, at these dates: two statements, in time order."""
    around = {**_around(near, options), "sides": sorted(sides)}
    unit_id = near.unit_id
    found: dict[int, _Busy] = {}
    for row in rows(session, _AROUND, {**around, "places": sorted({unit_id, *sides})}):
        of = {row[7]} & sides | {row[3]} & sides - {unit_id}
        found[row[0]] = replace(_Busy(*row[:7]), of=frozenset(of))
    for row in rows(session, _AGREED, around):
        known = found.get(row[0]) or _Busy(*row[:7])
        found[row[0]] = replace(known, of=known.of | {row[7]})
    return sorted(found.values(), key=lambda one: (one.starts_at, one.id))


def _mine(session: Session, viewer: Actor, near: _Near, options: Sequence[Option]) -> list[_Busy]:
    if viewer.user_id is None:
        return []
    return [_Busy(*row[:7]) for row in rows(session, _MINE, {**_around(near, options), "user": viewer.user_id})]


def _around(near: _Near, options: Sequence[Option]) -> dict[str, Any]:
    """Give the parameters of _LASTING; where there are fewer dates than it takes, the last one stands for the rest."""
    low, high = _span(options)
    parameters: dict[str, Any] = {"low": low - _REACH, "high": high, "visit": near.visit_id}
    for n in range(_AT_ONCE):
        parameters[f"from{n}"], parameters[f"until{n}"] = _instants(options[min(n, len(options) - 1)])
    return parameters


def _span(options: Sequence[Option]) -> tuple[datetime, datetime]:
    return min(_instants(one)[0] for one in options), max(_instants(one)[1] for one in options)


def _rooms(session: Session, unit_id: int, options: Sequence[Option]) -> Mapping[int, str]:
    """Give the names of those rooms on offer that the unit has; no statement where none is chosen."""
    wanted = {one.room_id for one in options if one.room_id is not None}
    if not wanted:
        return {}
    statement = columns(Room.id, Room.name).where(col(Room.id).in_(sorted(wanted)), col(Room.institution_id) == unit_id)
    return {row[0]: row[1] for row in session.execute(statement)}


def _unsound(option: Option) -> Refusal | None:
    """Give what is wrong with the hours themselves, whatever else there is."""
    try:
        calendar.check_times(option.starts, option.ends)
    except (calendar.EndBeforeStart, calendar.TooLong, calendar.UnsafeHour) as refusal:
        return refusal
    return None


def _on(option: Option, day: date) -> Option:
    """Give the same hours and the same room on another day."""
    moved = day - option.starts.date()
    return replace(option, starts=option.starts + moved, ends=option.ends + moved)


@lru_cache(maxsize=256)
def _instants(option: Option) -> tuple[datetime, datetime]:
    return warsaw.to_utc(option.starts), warsaw.to_utc(option.ends)


def _days(option: Option) -> list[date]:
    first, last = option.starts.date(), calendar.last_day(option.starts, option.ends)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _day(instant: datetime) -> str:
    return availability_rules.in_digits(warsaw.today(instant))


def _hours(starts_at: datetime, ends_at: datetime) -> str:
    return f"{warsaw.hour_words(starts_at)}{_DASH}{warsaw.hour_words(ends_at)}"


_INSTANT = type_of(Occurrence, "starts_at")
_OF_VISIT = select(Visit.event_id).where(col(Visit.id) == bindparam("visit", type_=Integer())).scalar_subquery()
_LASTING: tuple[ColumnElement[bool], ...] = (
    col(Occurrence.starts_at) > bindparam("low", type_=_INSTANT),
    col(Occurrence.starts_at) < bindparam("high", type_=_INSTANT),
    or_(
        *(
            and_(
                col(Occurrence.starts_at) < bindparam(f"until{n}", type_=_INSTANT),
                col(Occurrence.ends_at) > bindparam(f"from{n}", type_=_INSTANT),
            )
            for n in range(_AT_ONCE)
        )
    ),
    cast(col(Occurrence.state), String) == State.PUBLISHED.value,
    col(Occurrence.event_id) != func.coalesce(_OF_VISIT, 0),
)


def _dates(last: Any) -> Select[Any]:
    return (
        columns(
            Occurrence.id,
            Occurrence.starts_at,
            Occurrence.ends_at,
            Occurrence.place_institution_id,
            Occurrence.room_id,
            func.coalesce(Occurrence.room, Event.room, literal("")),
            Event.all_day,
            last,
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
    )


def _ids(where: ColumnElement[bool]) -> Select[Any]:
    return columns(Occurrence.id).where(where, *_LASTING)


# The ids come out of two indexes, one for the place and one for the organiser.
_AROUND = _dates(Occurrence.organiser_id).where(
    or_(
        col(Occurrence.id).in_(_ids(col(Occurrence.organiser_id).in_(bindparam("sides", expanding=True)))),
        col(Occurrence.id).in_(_ids(col(Occurrence.place_institution_id).in_(bindparam("places", expanding=True)))),
    )
)
_AGREED = (
    _dates(EventParty.institution_id)
    .join(EventParty, col(EventParty.event_id) == Occurrence.event_id)
    .where(
        col(EventParty.institution_id).in_(bindparam("sides", expanding=True)),
        cast(col(EventParty.part), String) == Part.CO_ORGANISER.value,
        cast(col(EventParty.answer), String).in_([Answer.CONFIRMED.value, Answer.OUTSIDE.value]),
        *_LASTING,
    )
)
_MINE = (
    _dates(SignUp.user_id)
    .join(SignUp, col(SignUp.occurrence_id) == Occurrence.id)
    .where(
        col(SignUp.user_id) == bindparam("user", type_=Integer()),
        col(SignUp.state).in_(sorted(signups.ACTIVE)),
        *_LASTING,
    )
)

"""What stands in the way of an event: taken rooms, other events, blocked days, holidays; all its dates in one go."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, String, and_, bindparam, cast, func, literal, or_
from sqlmodel import Session, col

from app import warsaw
from app.actors import Actor
from app.db import columns, rows, type_of
from app.text import fold
from events.calendar import queries, rules
from events.calendar.models import Event, Occurrence, State
from partners.availability import queries as availability
from partners.availability.rules import Blocked
from partners.institutions import workdays

SHOWN_MAX = 60
_REACH = rules.LONGEST + timedelta(days=1)


class Why(StrEnum):
    """In what two events meet, the gravest first: one room, one house, one organiser, one person."""

    ROOM = "room"
    HOUSE = "house"
    ORGANISER = "organiser"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Span:
    """One date to check, with the place where it is to be; *first* and *last* are its Warsaw days."""

    starts_at: datetime
    ends_at: datetime
    first: date
    last: date
    place_id: int | None = None
    room_id: int | None = None
    room: str = ""
    occurrence_id: int | None = None

    @property
    def days(self) -> list[date]:
        """Each day that the date touches."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def meets(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether something else lasts while this date does."""
        return starts_at < self.ends_at and self.starts_at < ends_at


@dataclass(frozen=True, slots=True)
class Held:
    """A date on offer in a visit request: its room waits for an answer. Rooms upstairs know of these.

    *number* is that of the request, "" where the viewer may not know of it; *event_id* the event that is to be moved.
    """

    unit_id: int
    starts_at: datetime
    ends_at: datetime
    room_id: int | None
    room: str
    visit_id: int
    number: str = ""
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class Clash:
    """Something else at the time of one date (on *day*).

    *hidden*: the viewer may not know of it, so it has no title and no address. *person* is who is needed in both
    places, "" where the viewer may not know the name. *number* is that of a visit request for which the room is held.
    """

    why: Why
    day: date
    starts_at: datetime
    ends_at: datetime
    uuid: UUID | None = None
    title: str = ""
    person: str = ""
    number: str = ""

    @property
    def hidden(self) -> bool:
        """Whether it is merely "taken"."""
        return self.uuid is None and not self.number


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that stands in the way of an event, by the days of its dates; *year* is that of the first one."""

    dates: int
    holidays: tuple[date, ...] = ()
    weekends: tuple[date, ...] = ()
    suspended: tuple[date, ...] = ()
    suspensions: tuple[Blocked, ...] = ()
    blocked_place: tuple[date, ...] = ()
    blocked_room: tuple[date, ...] = ()
    blocked_own: tuple[date, ...] = ()
    clashes: tuple[Clash, ...] = ()
    own_place: bool = False
    year: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return any(self.groups.values())

    @property
    def groups(self) -> Mapping[str, tuple[date, ...]]:
        """The days of the dates concerned, by what is the matter with them; the gravest first."""
        found = {
            "suspended": self.suspended,
            Why.ROOM.value: self.of(Why.ROOM),
            "blocked_place": self.blocked_place,
            "blocked_room": self.blocked_room,
            Why.PERSON.value: self.of(Why.PERSON),
            Why.HOUSE.value: self.of(Why.HOUSE),
            Why.ORGANISER.value: self.of(Why.ORGANISER),
            "blocked_own": self.blocked_own,
            "holidays": self.holidays,
            "weekends": self.weekends,
        }
        return {name: days for name, days in found.items() if days}

    def of(self, why: Why) -> tuple[date, ...]:
        """Give the days on which something clashes in this way, each once."""
        return tuple(dict.fromkeys(clash.day for clash in self.clashes if clash.why is why))

    def holiday_name(self, day: date, language: str) -> str:
        """Give the name of the public holiday on *day*."""
        return workdays.holiday_name(day, language)

    def clashes_of(self, name: str) -> list[Clash]:
        """Give the clashes of a group."""
        return [clash for clash in self.clashes if clash.why.value == name]


@dataclass(frozen=True, slots=True)
class _Other:
    id: int
    starts_at: datetime
    ends_at: datetime
    place_id: int | None
    room_id: int | None
    room: str
    organiser_id: int
    all_day: bool
    folded: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", fold(self.room))


def spans_of(event: Event, dates: Iterable[Occurrence], now: datetime) -> list[Span]:
    """Give the dates of an event that are still to come, to be checked; those cancelled or left out are not."""
    found = []
    for one in dates:
        if one.state in (State.DRAFT, State.PUBLISHED) and one.ends_at > now:
            starts, ends = warsaw.to_local(one.starts_at), warsaw.to_local(one.ends_at)
            room = event.room if one.place is None else one.room or ""
            found.append(
                Span(
                    one.starts_at,
                    one.ends_at,
                    starts.date(),
                    rules.last_day(starts, ends),
                    one.place_institution_id,
                    one.room_id,
                    room,
                    one.id,
                )
            )
    return sorted(found, key=lambda span: span.starts_at)


def find(
    session: Session,
    viewer: Actor,
    event: Event,
    spans: Sequence[Span],
    *,
    people: Sequence[Clash] = (),
    held: Sequence[Held] = (),
) -> Findings:
    """Check all *spans* of *event* as *viewer* sees them, in at most three statements however many they are.

    Besides the place it looks at the viewer's own institution, which organises or has to agree. *people* are clashes of
    persons and *held* the rooms that wait for an answer, which rooms upstairs know of. An event that *viewer* may not
    know of is "taken".
    """
    if not spans:
        return Findings(0)
    days = list(dict.fromkeys(span.first for span in spans))
    names = {day: workdays.holiday_name(day, "pl") for span in spans for day in span.days}
    own_id = viewer.institution_id or event.organiser_id
    blocked = _blocked(session, own_id, spans)
    return Findings(
        dates=len(days),
        holidays=_days(spans, lambda day: bool(names[day])),
        weekends=_days(spans, lambda day: workdays.is_weekend(day) and not names[day]),
        suspended=blocked.get("suspended", ()),
        suspensions=blocked.get("suspensions", ()),
        blocked_place=blocked.get("place", ()),
        blocked_room=blocked.get("room", ()),
        blocked_own=blocked.get("own", ()),
        clashes=(*_waiting(event, spans, held), *_clashes(session, viewer, event, own_id, spans), *people),
        own_place=event.place_institution_id == own_id,
        year=spans[0].first.year,
    )


def named(session: Session, viewer: Actor, occurrence_ids: Collection[int]) -> dict[int, tuple[UUID, str]]:
    """Give address and title of those dates that *viewer* may know of, in one statement; none for none."""
    if not occurrence_ids:
        return {}
    statement = (
        columns(Occurrence.id, Event.uuid, func.coalesce(Occurrence.title, Event.title))
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(col(Occurrence.id).in_(occurrence_ids), queries.may_see(viewer))
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(statement)}


def _days(spans: Sequence[Span], holds: Callable[[date], bool]) -> tuple[date, ...]:
    """Give the dates, by their first days, that touch such a day; of a single date the very days."""
    if len(spans) == 1:
        return tuple(day for day in spans[0].days if holds(day))
    return tuple(dict.fromkeys(span.first for span in spans if any(holds(day) for day in span.days)))


def _blocked(session: Session, owner: int, spans: Sequence[Span]) -> dict[str, Any]:
    houses = {span.place_id for span in spans if span.place_id is not None} | {owner}
    periods = availability.standing(session, houses, spans[0].first, max(span.last for span in spans))
    if not periods:
        return {}
    days: dict[str, list[date]] = {"suspended": [], "place": [], "room": [], "own": []}
    stopping: dict[int, Blocked] = {}
    for span in spans:
        for one in periods:
            if not one.holds(span.first, span.last):
                continue
            at_place = one.institution_id == span.place_id
            if at_place and one.suspends:
                days["suspended"].append(span.first)
                stopping[one.id] = one
            elif at_place and one.room_id is None:
                days["place"].append(span.first)
            elif at_place and one.room_id == span.room_id:
                days["room"].append(span.first)
            elif one.institution_id == owner and one.room_id is None and span.place_id != owner:
                days["own"].append(span.first)
    found: dict[str, Any] = {name: tuple(dict.fromkeys(of)) for name, of in days.items()}
    found["suspensions"] = tuple(stopping.values())
    return found


def _clashes(session: Session, viewer: Actor, event: Event, own_id: int, spans: Sequence[Span]) -> list[Clash]:
    others = _near(session, event, own_id, spans)
    met: list[tuple[Why, Span, _Other]] = []
    starts = [other.starts_at for other in others]
    for span in spans:
        room = fold(span.room)
        for other in others[bisect_left(starts, span.starts_at - _REACH) : bisect_left(starts, span.ends_at)]:
            if span.meets(other.starts_at, other.ends_at):
                why = _why(event, own_id, span, room, other)
                if why is not None:
                    met.append((why, span, other))
    met = sorted(met, key=lambda one: (tuple(Why).index(one[0]), one[2].starts_at, one[2].id))[:SHOWN_MAX]
    known = named(session, viewer, {other.id for _why_, _span, other in met})
    found = []
    for why, span, other in met:
        uuid, title = known.get(other.id, (None, ""))
        found.append(Clash(why, span.first, other.starts_at, other.ends_at, uuid, title))
    return found


def same_room(room_id: int | None, room: str, other_id: int | None, other: str) -> bool:
    """Tell whether two rooms of one house are the same: by their ids if both have one, else by their folded names."""
    if room_id is not None and other_id is not None:
        return room_id == other_id
    return bool(room) and room == other


def _waiting(event: Event, spans: Sequence[Span], held: Sequence[Held]) -> list[Clash]:
    """Give the rooms of these dates that wait for an answer, unless it is this event that is to be moved."""
    found = []
    for span in spans:
        room = fold(span.room)
        for one in held:
            if one.unit_id != span.place_id or (event.id is not None and one.event_id == event.id):
                continue
            if span.meets(one.starts_at, one.ends_at) and same_room(span.room_id, room, one.room_id, fold(one.room)):
                found.append(Clash(Why.ROOM, span.first, one.starts_at, one.ends_at, number=one.number))
    return found[:SHOWN_MAX]


def _why(event: Event, own_id: int, span: Span, room: str, other: _Other) -> Why | None:
    if span.place_id is not None and span.place_id == other.place_id:
        if span.room_id is not None and other.room_id is not None:
            if span.room_id == other.room_id:
                return Why.ROOM
        elif room and other.folded:
            if room == other.folded:
                return Why.ROOM
        elif not (event.all_day or other.all_day):
            return Why.HOUSE
    if other.organiser_id == own_id and not (event.all_day or other.all_day):
        return Why.ORGANISER
    return None


def _near(session: Session, event: Event, own_id: int, spans: Sequence[Span]) -> list[_Other]:
    """Give what stands at these places, or is led by this institution, around these dates: from the indexes, in order.

    Compared in Python: a series of forty dates would ask forty times otherwise.
    """
    places = sorted({span.place_id for span in spans if span.place_id is not None})
    parameters = {
        "event": event.id or 0,
        "organiser": own_id,
        "places": places,
        "low": spans[0].starts_at - _REACH,
        "since": spans[0].starts_at,
        "high": max(span.ends_at for span in spans),
    }
    if not places:
        parameters.pop("places")
    found = {row[0]: _Other(*row) for row in rows(session, _around(places=bool(places)), parameters)}
    return sorted(found.values(), key=lambda other: (other.starts_at, other.id))


@lru_cache(maxsize=2)
def _around(*, places: bool) -> Select[Any]:
    """Make the statement once. The ids come out of two indexes, one for the place and one for the organiser."""
    of_organiser = _ids(col(Occurrence.organiser_id) == bindparam("organiser", type_=Integer()))
    wanted = [col(Occurrence.id).in_(of_organiser)]
    if places:
        wanted.append(
            col(Occurrence.id).in_(_ids(col(Occurrence.place_institution_id).in_(bindparam("places", expanding=True))))
        )
    return (
        columns(
            Occurrence.id,
            Occurrence.starts_at,
            Occurrence.ends_at,
            Occurrence.place_institution_id,
            Occurrence.room_id,
            func.coalesce(Occurrence.room, Event.room, literal("")),
            Occurrence.organiser_id,
            Event.all_day,
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(or_(*wanted))
    )


def _ids(where: ColumnElement[bool]) -> Select[Any]:
    instant = type_of(Occurrence, "starts_at")
    return columns(Occurrence.id).where(
        and_(
            where,
            col(Occurrence.starts_at) > bindparam("low", type_=instant),
            col(Occurrence.starts_at) < bindparam("high", type_=instant),
            col(Occurrence.ends_at) > bindparam("since", type_=instant),
            cast(col(Occurrence.state), String) == State.PUBLISHED.value,
            col(Occurrence.event_id) != bindparam("event", type_=Integer()),
        )
    )

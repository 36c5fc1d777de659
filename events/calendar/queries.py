"""Reads of the calendar: month, week, list, one event, drafts, and the cards that other rooms show."""

from collections import namedtuple
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Date,
    DateTime,
    Float,
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
    inspect,
    literal,
    literal_column,
    null,
    or_,
    text,
    true,
    union,
    union_all,
)
from sqlalchemy import column as plain_column
from sqlalchemy import select as sql_select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, SQLModel, col, select

from app import site, warsaw
from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.db import rows
from app.text import fold
from events import recurrence
from events.calendar import rules, series
from events.calendar.models import (
    Answer,
    Event,
    EventKind,
    EventParty,
    EventSpeaker,
    Occurrence,
    OccurrenceSpeaker,
    Part,
    State,
    Visibility,
)
from partners.agreements import queries as agreements
from partners.agreements.models import Agreement, AgreementParty, AgreementState, Clause, ClauseType
from partners.agreements.rules import IN_PREPARATION
from partners.institutions import queries as institutions
from partners.institutions.models import KNOWN, SHOWN, Institution, InstitutionSlug, Kind, Room, Status
from partners.institutions.rules import KIND_GROUP
from partners.people.models import Membership
from projects.editions.rules import SMALL
from projects.programmes.models import Programme, ProgrammeState

PER_DAY = 5
PER_WEEKDAY = 20
PAGE_SIZE = 30
DATES_SHOWN = 12
LOOKED_UP = 6
NEIGHBOURS = 60
EXPORTED = 5000


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of a calendar page asks for. Several *kinds* or *institution_ids* mean: any of them."""

    kinds: tuple[EventKind, ...] = ()
    voivodeship: str = ""
    institution_ids: tuple[int, ...] = ()
    audience: str = ""
    only_free: bool = False
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class EventLine:
    """One date of an event as a month shows it; *uuid* as text, with hyphens or without, *starts_at* an instant."""

    uuid: str
    title: str
    kind: EventKind
    state: State
    starts_at: datetime
    day: date
    all_day: bool
    series: bool

    @property
    def url(self) -> str:
        """Address of the page of this date."""
        address = f"/wydarzenia/{UUID(self.uuid)}"
        return f"{address}/{self.day}" if self.series else address

    @property
    def family(self) -> str:
        """Key of the hue."""
        return rules.FAMILY[self.kind]

    @property
    def kind_label(self) -> str:
        """Msgid of the kind."""
        return rules.KIND_LABEL[self.kind]

    @property
    def cancelled(self) -> bool:
        """Whether this date does not take place."""
        return self.state is State.CANCELLED


@dataclass(frozen=True, slots=True)
class EventCard(EventLine):
    """One date of an event as lists show it: columns and no language; *over* is true after its end.

    *taken* and *waiting* are None where one or two participants of a closed group stand: no list tells of so few.
    """

    occurrence_id: int
    ends_at: datetime
    place: str
    organiser: str
    capacity: int | None
    taken: int | None
    waiting: int | None
    synthetic: bool
    over: bool
    sign_up_open: bool

    @property
    def icon(self) -> str:
        """Name of the kind's icon."""
        return rules.ICON[self.kind]

    @property
    def draft(self) -> bool:
        """Whether nobody but its authors sees it."""
        return self.state is State.DRAFT

    @property
    def free(self) -> int | None:
        """Free seats; None without a limit or untold. A queue means that none is free for a newcomer."""
        if self.capacity is None or self.taken is None:
            return None
        return 0 if self.waiting else max(self.capacity - self.taken, 0)


@dataclass(frozen=True, slots=True)
class DayCards:
    """One day of a month or week: the first events, and how many more there are."""

    day: date
    cards: Sequence[EventLine] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list, and the keys of its neighbours ("" where there is none)."""

    cards: tuple[EventCard, ...]
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """An institution as a link needs it."""

    id: int
    slug: str
    name: str
    short_name: str
    kind: Kind

    @property
    def group(self) -> str:
        """Shape of its badge."""
        return KIND_GROUP[self.kind].value

    @property
    def label(self) -> str:
        """The name as short as it is known."""
        return self.short_name or self.name


@dataclass(frozen=True, slots=True)
class ClauseLink:
    """The agreement clause that an event comes from; the names are Polish and English."""

    number: str
    name_pl: str
    name_en: str
    signed_on: date | None


@dataclass(frozen=True, slots=True)
class PartyLine:
    """An institution beside the organiser, and what it has said."""

    named: Named
    part: Part
    answer: Answer | None
    asked_at: datetime | None
    answered_at: datetime | None
    reason: str

    @property
    def agrees(self) -> bool:
        """Whether it has said yes to the event as it stands."""
        return rules.has_agreed(self.answer)

    @property
    def stands(self) -> bool:
        """Whether it is named as one that takes part: it agrees, or did before it was asked anew."""
        return rules.stands(self.answer, answered=self.answered_at is not None)

    @property
    def awaited(self) -> bool:
        """Whether it has been asked about a change and has not answered."""
        return not self.agrees and self.answer is not Answer.DECLINED and self.asked_at is not None


@dataclass(frozen=True, slots=True)
class SpeakerLine:
    """Somebody who leads or speaks; *person* is empty for viewers who learn function and institution only."""

    person: str
    function: str
    institution: Named | None


@dataclass(frozen=True, slots=True)
class DateSpeaker:
    """Somebody who leads or speaks on a date. *key* tells persons apart: below zero for those of one date alone."""

    key: int
    person: str
    function: str
    institution_id: int | None


@dataclass(frozen=True, slots=True)
class PartLine:
    """Another part of the same day, with an audience of its own."""

    uuid: UUID
    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class EventPage:
    """Everything of one event and one of its dates that its page shows out of this room."""

    event: Event
    occurrence: Occurrence
    organiser: Named
    host: Named | None
    host_address: str
    programme: tuple[str, str] | None
    clause: ClauseLink | None
    co_organisers: tuple[Named, ...]
    invited: tuple[Named, ...]
    may_edit: bool
    prepares: bool
    over: bool
    dates: tuple[tuple[date, State], ...] = ()
    parties: tuple[PartyLine, ...] = ()
    speakers: tuple[SpeakerLine, ...] = ()
    parts: tuple[PartLine, ...] = ()
    left_out: tuple[date, ...] = ()
    earlier: UUID | None = None
    later: UUID | None = None

    def __hash__(self) -> int:
        """Return what finds equal pages among the drawn ones quickly; equality still looks at everything."""
        return hash((self.event.id, self.occurrence.id, self.event.revision, self.occurrence.seats_taken))

    def repeats(self, language: str) -> str:
        """Say how the series repeats, "" for a single event."""
        rule = series.rule_of(self.event.rule)
        first = self.event.local_start.date()
        return recurrence.sentence(rule, first, language, without=self.left_out) if rule else ""

    @property
    def answering(self) -> tuple[PartyLine, ...]:
        """The host and the co-organisers: who must agree."""
        return tuple(one for one in self.parties if one.part is not Part.INVITED)

    @property
    def not_agreed(self) -> tuple[PartyLine, ...]:
        """Those of them that have not said yes."""
        return tuple(one for one in self.answering if not one.agrees)

    @property
    def awaited(self) -> tuple[PartyLine, ...]:
        """Those of them that have been asked and have not answered."""
        return tuple(one for one in self.answering if one.awaited)

    @property
    def named(self) -> tuple[Named, ...]:
        """The institutions that stand on the event beside the organiser, the place's first."""
        speaking = (one.institution for one in self.speakers)
        found = (self.host, *(one.named for one in self.parties), *speaking)
        return tuple({one.id: one for one in found if one is not None}.values())

    @property
    def card(self) -> tuple[str, str, str]:
        """Hue, icon and msgid of the kind."""
        kind = self.event.kind
        return rules.FAMILY[kind], rules.ICON[kind], rules.KIND_LABEL[kind]

    @property
    def title(self) -> str:
        """Title of this date."""
        return self.occurrence.title or self.event.title

    @property
    def audience(self) -> list[str]:
        """Msgids of whom it is for."""
        return [rules.AUDIENCE[key] for key in self.event.audience if key in rules.AUDIENCE]

    @property
    def place(self) -> str:
        """Place in words, where no institution stands for it."""
        return self.event.place if self.occurrence.place is None else self.occurrence.place

    @property
    def room(self) -> str:
        """Room of this date."""
        return self.event.room if self.occurrence.room is None else self.occurrence.room

    @property
    def last_day(self) -> date:
        """Last Warsaw date of this date."""
        start, end = self.occurrence.starts_at, self.occurrence.ends_at
        return rules.last_day(warsaw.to_local(start), warsaw.to_local(end))

    @property
    def feed(self) -> str:
        """Whole address of the organiser's feed."""
        return site.absolute(f"/kanaly/i/{self.organiser.slug}.ics")

    def structured(self) -> dict[str, Any]:
        """Give the event as schema.org knows it; for public events only."""
        event = self.event
        day = f"/{self.occurrence.local_date}" if event.rule else ""
        base = site.absolute(f"/wydarzenia/{event.uuid}{day}")
        times = (self.occurrence.starts_at, self.occurrence.ends_at)
        starts, ends = (warsaw.to_local(instant).isoformat() for instant in times)
        status = "EventCancelled" if self.occurrence.state is State.CANCELLED else "EventScheduled"
        place = ", ".join(part for part in (self.host.name if self.host else self.place, self.host_address) if part)
        attended = "OnlineEventAttendanceMode" if event.online and not place else "OfflineEventAttendanceMode"
        if event.online and place:
            attended = "MixedEventAttendanceMode"
        found: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "Event",
            "name": self.title,
            "startDate": event.local_start.date().isoformat() if event.all_day else starts,
            "endDate": self.last_day.isoformat() if event.all_day else ends,
            "eventStatus": f"https://schema.org/{status}",
            "eventAttendanceMode": f"https://schema.org/{attended}",
            "url": base,
            "organizer": {"@type": "Organization", "name": self.organiser.name},
        }
        if place:
            found["location"] = {"@type": "Place", "name": place, "address": self.host_address or place}
        elif event.online:
            found["location"] = {"@type": "VirtualLocation", "url": base}
        return found


@dataclass(frozen=True, slots=True)
class RoomOffer:
    """A room that the event form offers, with the institution whose it is."""

    id: int
    name: str
    institution_id: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What the event form offers: partners by agreement, own projects, clauses of own agreements, their rooms."""

    partners: tuple[Named, ...] = ()
    programmes: tuple[tuple[int, str], ...] = ()
    clauses: tuple[tuple[int, str, str], ...] = ()
    rooms: tuple[RoomOffer, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the database says of names and ids that a form gave.

    *unknown* maps a typed name to what it may have meant, *ambiguous* to all the institutions of that name.
    """

    place_id: int | None
    place_kind: str
    voivodeship: str | None
    invited: tuple[int, ...]
    unknown: dict[str, tuple[Named, ...]]
    ambiguous: dict[str, tuple[Named, ...]]


class Scope(StrEnum):
    """How far a viewer's knowledge of other institutions' events reaches."""

    EVERYTHING = "everything"
    VOIVODESHIP = "voivodeship"
    INSTITUTION = "institution"
    PUBLIC = "public"


def may_see(viewer: Actor) -> ColumnElement[bool]:
    """Give the condition on Occurrence under which *viewer* knows of a published or cancelled date.

    The casts keep SQLite's planner on the index of the time order; comparing the bare columns it reads every public
    row and sorts it.
    """
    return _sight(_scope(viewer), viewer.institution_id or 0, viewer.voivodeship)


def days(
    session: Session,
    viewer: Actor,
    wanted: Sequence[date],
    filters: Filters,
    now: datetime,
    *,
    per_day: int = PER_DAY,
    cards: bool = False,
) -> list[DayCards]:
    """Give the first *per_day* events of each *wanted* day as lines, or as *cards*, in one statement or two.

    Each day is read by its own seek in the index, so that the cost does not grow with the events of the portal; the
    second statement counts the days in which not everything fits.
    """
    if filters.nothing:
        return [DayCards(day) for day in wanted]
    narrowed, scope = _conditions(filters, now), _scope(viewer)
    on_sqlite, number = session.get_bind().dialect.name == "sqlite", len(wanted)
    if narrowed:
        statement = _days_of(scope, number, per_day=per_day, cards=cards, on_sqlite=on_sqlite, narrowed=narrowed)
    else:
        statement = _days_of_all(scope, number, per_day=per_day, cards=cards, on_sqlite=on_sqlite)
    parameters = _viewer(viewer) | {f"day_{index}": day for index, day in enumerate(wanted)}
    by_day: dict[date, list[EventLine]] = {}
    for row in rows(session, statement, parameters):
        line = _card(row, now) if cards else EventLine(*row)
        by_day.setdefault(line.day, []).append(line)
    full = [day for day, lines in by_day.items() if len(lines) > per_day]
    totals: dict[date, int] = {}
    if full:
        counting = _totals_of(scope, narrowed) if narrowed else _totals_of_all(scope)
        totals = {row[0]: row[1] for row in rows(session, counting, _viewer(viewer) | {"full": full})}
    return [_day(day, by_day.get(day, []), totals.get(day, 0), per_day) for day in wanted]


def listed(
    session: Session,
    viewer: Actor,
    filters: Filters,
    now: datetime,
    *,
    first: date | None = None,
    last: date | None = None,
    after: str = "",
    before: str = "",
) -> Page:
    """Give up to PAGE_SIZE events from *first* to *last* (Warsaw dates), in one statement.

    *after* and *before* are keys of a neighbouring page; an unreadable key is left out of account.
    """
    if filters.nothing:
        return Page(())
    backwards = read_key(before) is not None and read_key(after) is None
    key = read_key(before) if backwards else read_key(after)
    narrowed = _conditions(filters, now)
    shape = {"since": first is not None, "until": last is not None, "keyed": key is not None, "backwards": backwards}
    scope = _scope(viewer)
    statement = _list_of(scope, narrowed=narrowed, **shape) if narrowed else _list_of_all(scope, **shape)
    parameters = _viewer(viewer) | {
        "since": warsaw.start_of(first) if first else None,
        "until": warsaw.start_of(last + timedelta(days=1)) if last else None,
        "key_instant": key[0] if key else None,
        "key_id": key[1] if key else None,
    }
    cards = [_card(row, now) for row in rows(session, statement, parameters)]
    more = len(cards) > PAGE_SIZE
    cards = cards[:PAGE_SIZE]
    if backwards:
        cards.reverse()
    has_before, has_after = (more, True) if backwards else (key is not None, more)
    return Page(
        tuple(cards),
        before=_key(cards[0]) if cards and has_before else "",
        after=_key(cards[-1]) if cards and has_after else "",
    )


def exported(
    session: Session, viewer: Actor, filters: Filters, now: datetime, *, first: date | None, last: date | None
) -> list[EventCard]:
    """Give the first EXPORTED events of a period for a table to take away: what the list shows on all its pages."""
    if filters.nothing:
        return []
    conditions = [may_see(viewer), *_conditions(filters, now)]
    starts = col(Occurrence.starts_at)
    if first:
        conditions.append(starts >= warsaw.start_of(first))
    if last:
        conditions.append(starts < warsaw.start_of(last + timedelta(days=1)))
    return [_card(row, now) for row in rows(session, _chosen_cards(conditions, EXPORTED, backwards=False))]


def read_key(key: str) -> tuple[datetime, int] | None:
    """Read a paging key "2026-11-24T09:00:00+00:00|17"; None when it is none."""
    stamp, _, number = key.partition("|")
    try:
        instant, row_id = datetime.fromisoformat(stamp), int(number)
        aware = instant.tzinfo is not None
        return (instant.astimezone(UTC), row_id) if aware and 0 < row_id < 2**31 else None
    except (ValueError, OverflowError):  # no key, or an instant before the year 1 or after 9999
        return None


def upcoming(
    session: Session,
    viewer: Actor,
    now: datetime,
    limit: int,
    *,
    institution_id: int | None = None,
    programme_id: int | None = None,
    clause_ids: Sequence[int] | None = None,
    past: bool = False,
) -> list[EventCard]:
    """Give the next dates that *viewer* may know of (the latest ones, newest first, when *past*), in one statement.

    What began before today is not upcoming any more, even if it lasts for days.
    *institution_id*: organised, co-organised or hosted by it; *programme_id*, *clause_ids*: events that belong there.
    """
    if clause_ids is not None and not clause_ids:
        return []
    ends, starts = col(Occurrence.ends_at), col(Occurrence.starts_at)
    in_time = [ends <= now, starts <= now] if past else [ends > now, starts >= warsaw.start_of(warsaw.today(now))]
    conditions = [may_see(viewer), *in_time]
    if institution_id is not None:
        conditions.append(col(Occurrence.event_id).in_(_events_of((institution_id,))))
    if programme_id is not None:
        conditions.append(
            col(Occurrence.event_id).in_(_columns(Event.id).where(col(Event.programme_id) == programme_id))
        )
    if clause_ids is not None:
        of_clauses = _columns(Event.id).where(col(Event.clause_id).in_(clause_ids))
        conditions.append(col(Occurrence.event_id).in_(of_clauses))
    return _cards(session, conditions, now, limit, backwards=past)


def week_of(session: Session, viewer: Actor, monday: date, filters: Filters, now: datetime) -> list[DayCards]:
    """Give the seven days that begin on *monday*, in one statement or two."""
    return days(
        session, viewer, [monday + timedelta(days=n) for n in range(7)], filters, now, per_day=PER_WEEKDAY, cards=True
    )


def drafts(session: Session, viewer: Actor, now: datetime, limit: int = PAGE_SIZE) -> list[EventCard]:
    """Give the drafts of the viewer's institution, each by its first date, the soonest first; nothing to others."""
    if not viewer.prepares:
        return []
    own = _columns(Event.id).where(col(Event.organiser_id) == viewer.institution_id, col(Event.state) == State.DRAFT)
    earlier = aliased(Occurrence)
    begins = _columns(func.min(earlier.starts_at)).where(
        col(earlier.event_id) == Occurrence.event_id, cast(col(earlier.state), String) == State.DRAFT.value
    )
    conditions = [
        col(Occurrence.event_id).in_(own),
        cast(col(Occurrence.state), String) == State.DRAFT.value,
        col(Occurrence.starts_at) == begins.correlate(Occurrence).scalar_subquery(),
    ]
    return _cards(session, conditions, now, limit)


def my_week(
    session: Session, viewer: Actor, now: datetime, *, also: Iterable[int] = (), days: int = 7, limit: int = PAGE_SIZE
) -> list[EventCard]:
    """Give the next seven *days* of the viewer's institution: what it prepares or hosts, and the dates *also* named.

    *also* holds occurrence ids, such as those that the viewer is signed up for.
    """
    if not viewer.works_for_institution:
        return []
    today = warsaw.today(now)
    named = tuple(also)
    mine = col(Occurrence.event_id).in_(_events_of((viewer.institution_id or 0,)))
    conditions = [
        may_see(viewer),
        col(Occurrence.starts_at) >= warsaw.start_of(today),
        col(Occurrence.starts_at) < warsaw.start_of(today + timedelta(days=days)),
        or_(mine, col(Occurrence.id).in_(named)) if named else mine,
    ]
    return _cards(session, conditions, now, limit)


def in_units(session: Session, viewer: Actor, now: datetime, *, days: int, limit: int = PAGE_SIZE) -> list[EventCard]:
    """Give the dates of the next *days* in prison units, others than the viewer's own, in which his institution has a
    part: as organiser, co-organiser or invited. One statement.
    """
    if not viewer.works_for_institution:
        return []
    today = warsaw.today(now)
    units = _columns(Institution.id).where(col(Institution.kind).in_(sorted(rules.PRISON_KINDS)))
    conditions = [
        may_see(viewer),
        col(Occurrence.starts_at) >= warsaw.start_of(today),
        col(Occurrence.starts_at) < warsaw.start_of(today + timedelta(days=days)),
        col(Occurrence.place_institution_id) != viewer.institution_id,
        col(Occurrence.place_institution_id).in_(units),
        _takes_part(viewer.institution_id or 0),
    ]
    return _cards(session, conditions, now, limit)


def nearest(
    session: Session, viewer: Actor, event_ids: Sequence[int], now: datetime, limit: int, *, coming: bool
) -> list[EventCard]:
    """Give one date of each of these events, out of those that *viewer* may know of: the next, or the last gone by."""
    if not event_ids:
        return []
    begins = warsaw.start_of(warsaw.today(now))
    starts = col(Occurrence.starts_at)
    conditions = [
        may_see(viewer),
        col(Occurrence.event_id).in_(event_ids),
        starts >= begins if coming else starts < begins,
    ]
    statement = _chosen_cards(conditions, len(event_ids) * 2, backwards=not coming)
    cards = [_card(row, now) for row in rows(session, statement)]
    once: dict[str, EventCard] = {}
    for card in cards:
        once.setdefault(card.uuid, card)
    return list(once.values())[:limit]


def page(session: Session, viewer: Actor, uuid: UUID, now: datetime, day: date | None = None) -> EventPage | None:
    """Give an event with one of its dates (*day*, else the next one, else the last), or None.

    None also means: *viewer* may not know of it. Drafts are known to the organiser's coordinators only. One
    statement, one more if anybody is invited, and one for a series.
    """
    statement = _page_of(
        _scope(viewer), prepares=viewer.prepares, asked=viewer.coordinates, dated=day is not None, records=True
    )
    row = session.execute(statement, _viewer(viewer) | {"uuid": uuid, "now": now, "day": day}).first()
    return _event_page(session, viewer, row, now) if row else None


def seen(session: Session, viewer: Actor, uuid: UUID, now: datetime, day: date | None = None) -> EventPage | None:
    """Give what page() gives, for reading only: event and date are plain values, so that equal pages are equal."""
    statement = _page_of(
        _scope(viewer), prepares=viewer.prepares, asked=viewer.coordinates, dated=day is not None, records=False
    )
    found = rows(session, statement, _viewer(viewer) | {"uuid": uuid, "now": now, "day": day})
    if not found:
        return None
    values = tuple(found[0])
    width = len(_EventValues._fields)
    event = _EventValues._make(values[:width])
    event = event._replace(audience=tuple(event.audience), topics=tuple(event.topics))
    rest = width + len(_DateValues._fields)
    return _event_page(session, viewer, (event, _DateValues._make(values[width:rest]), *values[rest:]), now)


def _event_page(session: Session, viewer: Actor, row: Sequence[Any], now: datetime) -> EventPage:
    event, occurrence = row[0], row[1]
    named = _may_know_names(viewer) or rules.may_edit(viewer, event)
    parties, speakers, parts = _around(session, viewer, event, occurrence, named=named) if row[23] else ((), (), ())
    hidden_programme = row[17] is None or (
        row[17] is ProgrammeState.DRAFT and not (viewer.prepares and viewer.institution_id == row[18])
    )
    series_facts = _dates(session, viewer, event, now) if event.rule or event.continues_id else _SINGLE
    return EventPage(
        event=event,
        occurrence=occurrence,
        organiser=Named(*row[2:7]),
        host=Named(*row[7:12]) if row[7] is not None else None,
        host_address=_address(row[12], row[13], row[14]),
        programme=None if hidden_programme else (row[15], row[16]),
        clause=ClauseLink(*row[19:23]) if _may_name(session, viewer, row[19], row[24]) else None,
        co_organisers=tuple(one.named for one in parties if one.part is Part.CO_ORGANISER and one.stands),
        invited=tuple(one.named for one in parties if one.part is Part.INVITED),
        may_edit=rules.may_edit(viewer, event),
        prepares=viewer.works_for_institution
        and viewer.institution_id
        in {row[2], row[7], *(one.named.id for one in parties if one.part is Part.CO_ORGANISER and one.stands)},
        over=occurrence.ends_at <= now,
        dates=series_facts.dates,
        left_out=series_facts.left_out,
        earlier=series_facts.earlier,
        later=series_facts.later,
        parties=parties,
        speakers=speakers,
        parts=parts,
    )


def dates_of_programme(viewer: Actor) -> Select[Any]:
    """Give a SELECT of the next and the last dates of a programme in the order of time, for rooms that say more.

    It takes *programme_id*, *now*, *today* (its beginning), *coming* and *past* (how many at most) and what viewing()
    gives. Its first columns are for card_of(), then come visibility and edition; DATE is the table of the dates.
    """
    return _dates_of_programme(_scope(viewer))


def of_projects(session: Session, now: datetime, until: datetime, limit: int) -> list[tuple[EventCard, str]]:
    """Give the public dates of listed projects from *now* on that begin before *until*, each with its project's title.

    The same for everybody: nothing that only partners see. One statement.
    """
    found = rows(session, _OF_PROJECTS, {"now": now, "until": until, "limit": limit})
    return [(_card(row, now), row[-1]) for row in found]


def sight_of(viewer: Actor) -> ColumnElement[bool]:
    """Give the condition of may_see() for statements that are made once: who looks stands in viewing()."""
    return _sight(_scope(viewer), _INSTITUTION, _VOIVODESHIP)


def own_draft_of(viewer: Actor) -> ColumnElement[bool]:
    """Give the condition of own_draft() for statements that are made once."""
    return _draft_of(_INSTITUTION, asked=viewer.coordinates) if viewer.prepares else false()


def viewing(viewer: Actor) -> dict[str, Any]:
    """Give the values of a statement that asks by sight_of() and own_draft_of() what *viewer* may know of."""
    return _viewer(viewer)


def card_of(row: Sequence[Any], now: datetime) -> EventCard:
    """Make a card of the first columns of dates_of_programme()."""
    return _card(row, now)


def programmes_with_room(viewer: Actor, now: datetime) -> Select[Any]:
    """Give the ids of the programmes that have a date of which *viewer* may know, open for sign-up and with seats."""
    return (
        _columns(Event.programme_id)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(
            col(Event.programme_id).is_not(None),
            may_see(viewer),
            cast(col(Occurrence.state), String) == State.PUBLISHED.value,
            col(Occurrence.starts_at) > now,
            col(Occurrence.waiting) == 0,
            or_(col(Event.capacity).is_(None), col(Event.capacity) > Occurrence.seats_taken),
            or_(col(Event.signup_opens_at).is_(None), col(Event.signup_opens_at) <= now),
            _still_open(now),
        )
    )


def sees_as(viewer: Actor) -> tuple[str, int, str]:
    """Give what decides which dates *viewer* may know of: who has the same sees the same."""
    scope = _scope(viewer)
    own = viewer.institution_id or 0 if scope is Scope.INSTITUTION else 0
    return scope.value, own, (viewer.voivodeship or "") if scope is Scope.VOIVODESHIP else ""


def uuid_of_date(session: Session, occurrence_id: int) -> UUID | None:
    """Give the address of the event to which a date belongs now."""
    statement = select(Event.uuid).join(Occurrence, col(Occurrence.event_id) == Event.id)
    return session.exec(statement.where(Occurrence.id == occurrence_id)).first()


def speakers_on(session: Session, event_id: int, occurrence_id: int) -> tuple[DateSpeaker, ...]:
    """Give who leads or speaks on a date, in order: those of the date, else those of its event. One statement."""
    return speakers_of(session, event_id, [occurrence_id])[occurrence_id]


def speakers_of(session: Session, event_id: int, occurrence_ids: Sequence[int]) -> dict[int, tuple[DateSpeaker, ...]]:
    """Give who leads or speaks on each of these dates of an event, as speakers_on does; one statement for all."""
    whole: list[DateSpeaker] = []
    own: dict[int, list[DateSpeaker]] = {}
    wanted = {"event": event_id, "dates": list(occurrence_ids)}
    for occurrence_id, key, _position, *said in rows(session, _WHO_SPEAKS, wanted):
        if occurrence_id is None:
            whole.append(DateSpeaker(key, *said))
        else:
            own.setdefault(occurrence_id, []).append(DateSpeaker(-key, *said))
    return {one: tuple(own.get(one, whole)) for one in occurrence_ids}


def own_event(session: Session, viewer: Actor, uuid: UUID) -> Event | None:
    """Give an event that *viewer* may know of, for an act; None otherwise. One statement."""
    statement = (
        select(Event)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(Event.uuid == uuid, or_(may_see(viewer), own_draft(viewer)))
        .limit(1)
    )
    return session.exec(statement).first()


def stands() -> ColumnElement[bool]:
    """Give the condition on EventParty under which a co-organiser is named as one: it has agreed, or had before."""
    again = and_(col(EventParty.answer) == Answer.ASKED, col(EventParty.answered_at).is_not(None))
    return or_(col(EventParty.answer).in_((Answer.CONFIRMED, Answer.OUTSIDE)), again)


def not_agreed(session: Session, event_id: int) -> list[str]:
    """Name the host and the co-organisers that have not said yes, in the Polish order."""
    statement = (
        _columns(Institution.name)
        .join(EventParty, col(EventParty.institution_id) == Institution.id)
        .where(
            col(EventParty.event_id) == event_id,
            col(EventParty.part) != Part.INVITED,
            or_(
                col(EventParty.answer).is_(None),
                col(EventParty.answer).not_in((Answer.CONFIRMED, Answer.OUTSIDE)),
            ),
        )
        .order_by(col(Institution.sort_key))
    )
    return list(session.execute(statement).scalars())


def look_up(session: Session, words: str, limit: int = LOOKED_UP) -> list[Named]:
    """Find known institutions by address name, a former one too, active ones by the beginnings of words.

    Whole names go before parts.
    """
    folded = fold(words)
    if not folded:
        return []
    slug = words.strip().casefold()
    beginnings = and_(*(col(Institution.search_text).contains(f" {word}", autoescape=True) for word in folded.split()))
    once = _columns(col(InstitutionSlug.institution_id)).where(col(InstitutionSlug.slug) == slug)
    at_slug = or_(col(Institution.slug) == slug, col(Institution.id).in_(once))
    is_slug = and_(at_slug, col(Institution.status).in_(KNOWN))
    statement = (
        _columns(*_named(Institution))
        .where(or_(is_slug, and_(col(Institution.status) == Status.ACTIVE, beginnings)))
        .order_by(case((is_slug, 0), else_=1), col(Institution.sort_key))
        .limit(limit)
    )
    found = [Named(*row) for row in session.execute(statement)]
    called = [one for one in found if folded in (fold(one.name), fold(one.short_name))]
    return [one for one in found if one.slug == slug] or called or found


def institution(session: Session, institution_id: int) -> Named | None:
    """Give one institution as a link needs it."""
    row = session.execute(_columns(*_named(Institution)).where(col(Institution.id) == institution_id)).first()
    return Named(*row) if row else None


def resolve(
    session: Session,
    own_id: int,
    *,
    place_id: int | None,
    place: str,
    invited: Sequence[int],
    names: Sequence[str],
) -> Resolved:
    """Find the institutions that a form names: the place (by id, or by a text that is exactly a name) and the invited.

    The voivodeship is that of the place, else that of *own_id*.
    """
    asked = [*names, *([place] if place and place_id is None else [])]
    found = institutions.named(session, asked) if asked else {}
    if place_id is None and place:
        called = [
            one for one in found.get(place, ()) if fold(place) in (fold(one.name), fold(one.short_name), one.slug)
        ]
        # A name is a link only where the two work together: nobody is put into another's calendar unasked.
        place_id = called[0].id if len(called) == 1 and _agreed(session, own_id, called[0].id) else None
    hits = {name: tuple(found.get(name, ())) for name in names}
    chosen = dict.fromkeys([*invited, *(hit[0].id for hit in hits.values() if len(hit) == 1)])
    several = [one.id for hit in hits.values() if len(hit) > 1 for one in hit]
    facts = {row.id: row for row in _facts(session, [own_id, *([place_id] if place_id else []), *several])}
    where = facts.get(place_id or own_id)
    return Resolved(
        place_id=place_id,
        place_kind=where.kind.value if where and place_id else "",
        voivodeship=where.voivodeship_code if where else None,
        invited=tuple(one for one in chosen if one != own_id),
        unknown={name: tuple(look_up(session, name, 3)) for name, hit in hits.items() if not hit},
        ambiguous={
            name: tuple(Named(*tuple(facts[one.id])[:5]) for one in hit) for name, hit in hits.items() if len(hit) > 1
        },
    )


def _agreed(session: Session, own_id: int, other_id: int) -> bool:
    ours, theirs = _alias(AgreementParty, "ours"), _alias(AgreementParty, "theirs")
    statement = (
        _columns(literal(1))
        .select_from(ours)
        .join(theirs, theirs.agreement_id == ours.agreement_id)
        .where(ours.institution_id == own_id, theirs.institution_id == other_id)
        .limit(1)
    )
    return own_id == other_id or session.execute(statement).first() is not None


def choices(session: Session, institution_id: int, also: Sequence[int] = ()) -> Choices:
    """Give what the event form of an institution offers, in four statements.

    *also* names institutions that stand on the event already: their rooms are offered too.
    """
    ours, theirs = _alias(AgreementParty, "ours"), _alias(AgreementParty, "theirs")
    partners = (
        _columns(*_named(Institution))
        .where(
            col(Institution.id).in_(
                _columns(theirs.institution_id)
                .join(ours, ours.agreement_id == theirs.agreement_id)
                .where(ours.institution_id == institution_id, theirs.institution_id != institution_id)
            ),
            col(Institution.status).in_(SHOWN),
        )
        .order_by(col(Institution.sort_key))
        .limit(NEIGHBOURS)
    )
    programmes = (
        _columns(Programme.id, Programme.title)
        .where(
            col(Programme.lead_id) == institution_id,
            col(Programme.state) != ProgrammeState.COMPLETED,
            col(Programme.archived_at).is_(None),
        )
        .order_by(col(Programme.sort_key))
        .limit(NEIGHBOURS)
    )
    clauses = (
        _columns(Clause.id, Agreement.number, ClauseType.name_pl, ClauseType.name_en)
        .join(Agreement, col(Agreement.id) == Clause.agreement_id)
        .join(ClauseType, col(ClauseType.id) == Clause.clause_type_id)
        .join(AgreementParty, col(AgreementParty.agreement_id) == Agreement.id)
        .where(col(AgreementParty.institution_id) == institution_id)
        .order_by(col(Agreement.number), col(Clause.position), col(Clause.id))
        .limit(NEIGHBOURS * 3)
    )
    found = tuple(Named(*row) for row in session.execute(partners))
    return Choices(
        partners=found,
        rooms=rooms_of(session, (institution_id, *also, *(one.id for one in found))),
        programmes=tuple((row[0], row[1]) for row in session.execute(programmes)),
        clauses=tuple((row[0], f"{row[1]} – {row[2]}", f"{row[1]} – {row[3]}") for row in session.execute(clauses)),
    )


def rooms_of(session: Session, institution_ids: Sequence[int]) -> tuple[RoomOffer, ...]:
    """Give the rooms in use of these institutions, each in its own order."""
    statement = (
        _columns(Room.id, Room.name, Room.institution_id)
        .where(col(Room.institution_id).in_(institution_ids), col(Room.active).is_(True))
        .order_by(col(Room.institution_id), col(Room.position), col(Room.id))
        .limit(NEIGHBOURS * 10)
    )
    return tuple(RoomOffer(*row) for row in session.execute(statement))


def answering(session: Session, institution_ids: Sequence[int]) -> set[int]:
    """Give those of these institutions that have somebody in Kładka who can answer for them."""
    statement = (
        _columns(Membership.institution_id)
        .join(UserAccount, col(UserAccount.id) == Membership.user_id)
        .where(
            col(Membership.institution_id).in_(institution_ids),
            col(Membership.role).in_((Role.COORDINATOR, Role.ADMIN)),
            col(Membership.ended_at).is_(None),
            col(UserAccount.locked_at).is_(None),
        )
        .distinct()
    )
    return set(session.execute(statement).scalars())


def _columns(*wanted: Any) -> Select[Any]:
    # Columns, not objects: pages read frozen rows.
    return sql_select(*wanted)


def _alias(table: type[SQLModel], name: str) -> Any:
    return aliased(table, name=name)


def _named(table: Any) -> tuple[Any, ...]:
    return table.id, table.slug, table.name, table.short_name, table.kind


def _facts(session: Session, ids: Sequence[int]) -> Sequence[Any]:
    statement = _columns(*_named(Institution), Institution.voivodeship_code).where(col(Institution.id).in_(ids))
    return session.execute(statement).all()


def _address(street: str | None, postal_code: str | None, town: str | None) -> str:
    return ", ".join(part for part in (street, " ".join(p for p in (postal_code, town) if p)) if part)


def _scope(viewer: Actor) -> Scope:
    if viewer.role in (Role.OPERATOR, Role.SYSTEM):
        return Scope.EVERYTHING
    if viewer.role is Role.INSPECTOR:
        return Scope.VOIVODESHIP
    return Scope.INSTITUTION if viewer.works_for_institution else Scope.PUBLIC


def _sight(
    scope: Scope, institution_id: int | BindParameter[int], voivodeship: str | BindParameter[str] | None
) -> ColumnElement[bool]:
    seen, stands = cast(col(Occurrence.visibility), String), cast(col(Occurrence.state), String)
    shown = or_(stands == _word(State.PUBLISHED), stands == _word(State.CANCELLED))
    public, partners, invited = (_word(one) for one in (Visibility.PUBLIC, Visibility.PARTNERS, Visibility.INVITED))
    if scope is Scope.EVERYTHING:
        return shown
    if scope is Scope.VOIVODESHIP:
        in_scope = and_(seen == partners, col(Occurrence.voivodeship_code) == voivodeship)
        return and_(shown, or_(seen == public, in_scope))
    if scope is Scope.INSTITUTION:
        mine = _takes_part(institution_id)
        return and_(shown, or_(seen == public, seen == partners, and_(seen == invited, mine)))
    return and_(shown, seen == public)


def _word(value: StrEnum) -> ColumnElement[str]:
    # Our own words, written out: an IN of bound values is put together anew at every execution.
    return literal_column(f"'{value.value}'", String())


def _viewer(viewer: Actor) -> dict[str, Any]:
    return {"viewer_institution": viewer.institution_id or 0, "viewer_voivodeship": viewer.voivodeship}


def _takes_part(institution_id: int | BindParameter[int]) -> ColumnElement[bool]:
    part = (
        _columns(literal(1))
        .select_from(EventParty)
        .where(col(EventParty.event_id) == Occurrence.event_id, col(EventParty.institution_id) == institution_id)
        .correlate(Occurrence)
    )
    prepared = _its_event(
        or_(col(Event.organiser_id) == institution_id, col(Event.place_institution_id) == institution_id)
    )
    return or_(prepared, exists(part))


def _its_event(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    # Correlated by hand: statements around it may read event as well.
    return exists(
        _columns(literal(1))
        .select_from(Event)
        .where(col(Event.id) == Occurrence.event_id, condition)
        .correlate(Occurrence)
    )


def own_draft(viewer: Actor) -> ColumnElement[bool]:
    """Give the condition on Occurrence under which *viewer* knows of a draft: his own, or one he is asked about."""
    return _draft_of(viewer.institution_id or 0, asked=viewer.coordinates) if viewer.prepares else false()


def _draft_of(institution_id: int | BindParameter[int], *, asked: bool) -> ColumnElement[bool]:
    """Drafts that an institution prepares, and those about which it has been *asked*."""
    own = _its_event(col(Event.organiser_id) == institution_id)
    party = (
        _columns(literal(1))
        .select_from(EventParty)
        .where(
            col(EventParty.event_id) == Occurrence.event_id,
            col(EventParty.institution_id) == institution_id,
            col(EventParty.part) != Part.INVITED,
            col(EventParty.answer).is_not(None),
        )
        .correlate(Occurrence)
    )
    return and_(cast(col(Occurrence.state), String) == State.DRAFT.value, or_(own, exists(party)) if asked else own)


def _events_of(institution_ids: Sequence[int]) -> Any:
    return union(
        _columns(Event.id).where(col(Event.organiser_id).in_(institution_ids)),
        _columns(Event.id).where(col(Event.place_institution_id).in_(institution_ids)),
        _columns(EventParty.event_id).where(
            col(EventParty.institution_id).in_(institution_ids),
            col(EventParty.part) == Part.CO_ORGANISER,
            stands(),
        ),
    )


def _conditions(filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.kinds:
        conditions.append(col(Occurrence.kind).in_(filters.kinds))
    if filters.voivodeship:
        conditions.append(col(Occurrence.voivodeship_code) == filters.voivodeship)
    if filters.institution_ids:
        conditions.append(col(Occurrence.event_id).in_(_events_of(filters.institution_ids)))
    if filters.audience:
        # The list is stored as JSON text on both databases.
        conditions.append(_its_event(cast(col(Event.audience), String).contains(f'"{filters.audience}"')))
    if filters.only_free:
        room = and_(
            or_(col(Event.capacity).is_(None), col(Event.capacity) > Occurrence.seats_taken),
            # The deadline of a series is said for its first date: later ones are looked through by the page.
            or_(col(Event.signup_closes_at).is_(None), col(Event.signup_closes_at) > now, col(Event.rule).is_not(None)),
            or_(col(Event.signup_opens_at).is_(None), col(Event.signup_opens_at) <= now),
        )
        conditions += [
            cast(col(Occurrence.state), String) == State.PUBLISHED.value,
            col(Occurrence.starts_at) > now,
            col(Occurrence.waiting) == 0,
            _its_event(room),
        ]
    return conditions


class _Days(FunctionElement[float]):
    """An instant as a number of days, for differences that both databases count alike."""

    type = Float()
    inherit_cache = True


@compiles(_Days, "sqlite")
def _days_on_sqlite(element: _Days, compiler: SQLCompiler, **words: Any) -> str:
    return f"julianday({compiler.process(element.clauses, **words)})"


@compiles(_Days, "postgresql")
def _days_on_postgresql(element: _Days, compiler: SQLCompiler, **words: Any) -> str:
    return f"(extract(epoch from {compiler.process(element.clauses, **words)}) / 86400.0)"


def _still_open(now: datetime) -> ColumnElement[bool]:
    """Sign-up is open; a date of a series closes as long before its start as the first one does, an edition at once.

    *local_start* is Warsaw time, one or two hours ahead of an instant: the later of the two is meant.
    """
    closes = col(Event.signup_closes_at)
    ahead = _Days(col(Event.local_start)) - literal_column("1.0 / 24", Float()) - _Days(closes)
    first_hours = case((ahead > 0, ahead), else_=0.0)
    of_series = and_(col(Event.rule).is_not(None), _Days(col(Occurrence.starts_at)) - first_hours > _Days(literal(now)))
    at_once = or_(col(Event.rule).is_(None), col(Event.edition_id).is_not(None))
    opens = col(Event.signup_opens_at)
    is_open = or_(closes.is_(None), case((at_once, closes > now), else_=of_series))
    return and_(or_(opens.is_(None), opens <= now), is_open)


def _key(card: EventCard) -> str:
    return f"{card.starts_at.isoformat()}|{card.occurrence_id}"


@lru_cache(maxsize=64)
def _day_list(number: int) -> CTE:
    # Text, because SQLAlchemy compiles a VALUES construct anew at every execution (5 ms for a month).
    names = [f"day_{index}" for index in range(number)]
    rows = " UNION ALL ".join(f"SELECT :{name} AS day" for name in names)
    parameters = [bindparam(name, type_=Date()) for name in names]
    return text(rows).bindparams(*parameters).columns(plain_column("day", Date())).cte("day_list")


def _day(day: date, cards: Sequence[EventLine], total: int, per_day: int) -> DayCards:
    return DayCards(day, tuple(cards[:per_day]), max(total - per_day, 0) if len(cards) > per_day else 0)


def _cards(
    session: Session, conditions: Sequence[ColumnElement[bool]], now: datetime, limit: int, *, backwards: bool = False
) -> list[EventCard]:
    statement = _chosen_cards(conditions, limit, backwards=backwards)
    return [_card(row, now) for row in session.execute(statement)]


def _chosen_cards(conditions: Sequence[ColumnElement[bool]], limit: int, *, backwards: bool) -> Select[Any]:
    starts, number = col(Occurrence.starts_at), col(Occurrence.id)
    order = (starts.desc(), number.desc()) if backwards else (starts, number)
    chosen = _columns(Occurrence.id).where(*conditions).order_by(*order).limit(limit)
    shown = (_SHOWN.starts_at.desc(), _SHOWN.id.desc()) if backwards else (_SHOWN.starts_at, _SHOWN.id)
    return _CARDS.where(_SHOWN.id.in_(chosen)).order_by(*shown)


# What every page asks is made once for each shape: making such a statement costs more than running it.
VIEWER_INSTITUTION = _INSTITUTION = bindparam("viewer_institution", type_=Integer())
_VOIVODESHIP = bindparam("viewer_voivodeship", type_=String())


def _days_of(
    scope: Scope,
    number: int,
    *,
    per_day: int,
    cards: bool,
    on_sqlite: bool,
    narrowed: Sequence[ColumnElement[bool]] = (),
) -> Select[Any]:
    day_list = _day_list(number)
    first = (
        _columns(Occurrence.id)
        .where(col(Occurrence.local_date) == day_list.c.day, _sight(scope, _INSTITUTION, _VOIVODESHIP), *narrowed)
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
        .limit(per_day + 1)
        .correlate(day_list)
    )
    lines = (_CARD if cards else _LINE).select_from(day_list)
    if on_sqlite:
        chosen = lines.join(_SHOWN, _SHOWN.id.in_(first))
    else:
        # PostgreSQL would test every date of the portal against each day's IN; SQLite knows no LATERAL.
        ids = first.lateral("first_of_day")
        chosen = lines.join(ids, true()).join(_SHOWN, _SHOWN.id == ids.c.id)
    around = _with_places(chosen) if cards else chosen.join(Event, col(Event.id) == _SHOWN.event_id)
    return around.order_by(_SHOWN.starts_at, _SHOWN.id)


def _totals_of(scope: Scope, narrowed: Sequence[ColumnElement[bool]] = ()) -> Select[Any]:
    return (
        _columns(Occurrence.local_date, func.count())
        .where(col(Occurrence.local_date).in_(bindparam("full", expanding=True)))
        .where(_sight(scope, _INSTITUTION, _VOIVODESHIP), *narrowed)
        .group_by(col(Occurrence.local_date))
    )


def _list_of(
    scope: Scope,
    *,
    since: bool,
    until: bool,
    keyed: bool,
    backwards: bool,
    narrowed: Sequence[ColumnElement[bool]] = (),
) -> Select[Any]:
    starts, number = col(Occurrence.starts_at), col(Occurrence.id)
    conditions = [_sight(scope, _INSTITUTION, _VOIVODESHIP), *narrowed]
    if since:
        conditions.append(starts >= bindparam("since"))
    if until:
        conditions.append(starts < bindparam("until"))
    if keyed:
        instant: BindParameter[datetime] = bindparam("key_instant")
        row_id: BindParameter[int] = bindparam("key_id")
        if backwards:
            conditions.append(and_(starts <= instant, or_(starts < instant, number < row_id)))
        else:
            conditions.append(and_(starts >= instant, or_(starts > instant, number > row_id)))
    return _chosen_cards(conditions, PAGE_SIZE + 1, backwards=backwards)


@lru_cache(maxsize=32)
def _page_of(scope: Scope, *, prepares: bool, asked: bool, dated: bool, records: bool) -> Select[Any]:
    ends, starts = col(Occurrence.ends_at), col(Occurrence.starts_at)
    now: BindParameter[datetime] = bindparam("now")
    drafts = _draft_of(_INSTITUTION, asked=asked) if prepares else false()
    statement = (
        (_PAGE if records else _PAGE_VALUES)
        .where(col(Event.uuid) == bindparam("uuid"), or_(_sight(scope, _INSTITUTION, _VOIVODESHIP), drafts))
        .order_by(case((ends > now, 0), else_=1), case((ends > now, starts)), starts.desc())
        .limit(1)
    )
    return statement.where(col(Occurrence.local_date) == bindparam("day")) if dated else statement


_days_of_all, _totals_of_all, _list_of_all = (lru_cache(maxsize=64)(made) for made in (_days_of, _totals_of, _list_of))


def _with_places(statement: Select[Any]) -> Select[Any]:
    return (
        statement.join(Event, col(Event.id) == _SHOWN.event_id)
        .join(_ORGANISER, _ORGANISER.id == Event.organiser_id)
        .outerjoin(_HOST, _HOST.id == _SHOWN.place_institution_id)
    )


# Built once: making these at every request costs more than running them.
DATE = _SHOWN = _alias(Occurrence, "shown")
_PART = _alias(Event, "part")
_HOST = _alias(Institution, "host")
_ORGANISER = _alias(Institution, "organiser")
# As text, with hyphens or without: making a UUID of each costs more than the row, and only a drawn line needs one.
_ADDRESS = cast(col(Event.uuid), String)
_LINE = _columns(
    _ADDRESS,
    func.coalesce(_SHOWN.title, Event.title),
    _SHOWN.kind,
    _SHOWN.state,
    _SHOWN.starts_at,
    _SHOWN.local_date,
    Event.all_day,
    col(Event.rule).is_not(None),
)


def _told(number: Any) -> Any:
    """Give a number of seats unless it says that one or two participants of a closed group come."""
    few = and_(col(Event.participants), number > 0, number < literal_column(str(SMALL), Integer()))
    return case((few, null()), else_=number)


_CARD = _columns(
    _SHOWN.id,
    _ADDRESS,
    func.coalesce(_SHOWN.title, Event.title),
    _SHOWN.kind,
    _SHOWN.state,
    _SHOWN.starts_at,
    _SHOWN.ends_at,
    _SHOWN.local_date,
    Event.all_day,
    func.coalesce(_SHOWN.place, Event.place),
    Event.online,
    Event.capacity,
    _told(_SHOWN.seats_taken),
    _told(_SHOWN.waiting),
    Event.synthetic,
    Event.signup_closes_at,
    Event.rule,
    func.coalesce(func.nullif(_HOST.short_name, ""), _HOST.name),
    func.coalesce(func.nullif(_ORGANISER.short_name, ""), _ORGANISER.name),
    Event.local_start,
    Event.edition_id,
    Event.signup_opens_at,
)
_CARDS = _with_places(_CARD)
_as_values: Any = namedtuple  # noqa: PYI024 - the names are the columns of the tables
_EventValues = _as_values("_EventValues", [attribute.key for attribute in inspect(Event).column_attrs])
_DateValues = _as_values("_DateValues", [attribute.key for attribute in inspect(Occurrence).column_attrs])
_SECOND = _alias(Event, "second_part")
_AROUND = (
    *_named(_ORGANISER),
    *_named(_HOST),
    _HOST.street,
    _HOST.postal_code,
    _HOST.post_town,
    Programme.slug,
    Programme.title,
    Programme.state,
    Programme.lead_id,
    Agreement.number,
    ClauseType.name_pl,
    ClauseType.name_en,
    Agreement.signed_on,
    or_(
        exists(_columns(literal(1)).select_from(EventParty).where(col(EventParty.event_id) == Event.id)),
        exists(_columns(literal(1)).select_from(EventSpeaker).where(col(EventSpeaker.event_id) == Event.id)),
        exists(
            _columns(literal(1))
            .select_from(OccurrenceSpeaker)
            .where(col(OccurrenceSpeaker.occurrence_id) == Occurrence.id)
        ),
        col(Event.part_of_id).is_not(None),
        exists(_columns(literal(1)).select_from(_SECOND).where(_SECOND.part_of_id == Event.id)),
    ),
    Agreement.state,
)


def _with_surroundings(statement: Select[Any]) -> Select[Any]:
    return (
        statement.select_from(Event)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .join(_ORGANISER, _ORGANISER.id == Event.organiser_id)
        .outerjoin(_HOST, _HOST.id == Occurrence.place_institution_id)
        .outerjoin(Programme, col(Programme.id) == Event.programme_id)
        .outerjoin(Clause, col(Clause.id) == Event.clause_id)
        .outerjoin(Agreement, col(Agreement.id) == Clause.agreement_id)
        .outerjoin(ClauseType, col(ClauseType.id) == Clause.clause_type_id)
    )


_PAGE = _with_surroundings(_columns(Event, Occurrence, *_AROUND))
_PAGE_VALUES = _with_surroundings(
    _columns(
        *(getattr(Event, name) for name in _EventValues._fields),
        *(getattr(Occurrence, name) for name in _DateValues._fields),
        *_AROUND,
    )
)
# Parties and speakers in one statement: who leads or speaks has no part.
_PARTIES = (
    _columns(
        EventParty.part,
        *_named(Institution),
        EventParty.answer,
        EventParty.asked_at,
        EventParty.answered_at,
        EventParty.reason,
        literal("").label("person"),
        col(Institution.sort_key).label("place"),
    )
    .join(Institution, col(Institution.id) == EventParty.institution_id)
    .where(col(EventParty.event_id) == bindparam("event_id"))
)
_DATE: BindParameter[int] = bindparam("occurrence_id", type_=Integer())
_ITS_OWN = _columns(literal(1)).select_from(OccurrenceSpeaker).where(col(OccurrenceSpeaker.occurrence_id) == _DATE)


def _speaking(table: Any) -> Select[Any]:
    return (
        _columns(
            null(),
            *_named(Institution),
            null(),
            null(),
            null(),
            table.function,
            table.person,
            cast(col(table.position), String),
        )
        .select_from(table)
        .outerjoin(Institution, col(Institution.id) == table.institution_id)
    )


# Whoever a date names stands instead of all that its event names.
_SPEAKERS = _speaking(EventSpeaker).where(col(EventSpeaker.event_id) == bindparam("event_id"), ~exists(_ITS_OWN))
_SPEAKERS_OF_DATE = _speaking(OccurrenceSpeaker).where(col(OccurrenceSpeaker.occurrence_id) == _DATE)
_WHO_SPEAKS = union_all(
    _columns(
        cast(null(), Integer).label("date"),
        col(EventSpeaker.id).label("key"),
        col(EventSpeaker.position).label("position"),
        EventSpeaker.person,
        EventSpeaker.function,
        EventSpeaker.institution_id,
    ).where(col(EventSpeaker.event_id) == bindparam("event", type_=Integer())),
    _columns(
        OccurrenceSpeaker.occurrence_id,
        OccurrenceSpeaker.id,
        OccurrenceSpeaker.position,
        OccurrenceSpeaker.person,
        OccurrenceSpeaker.function,
        OccurrenceSpeaker.institution_id,
    ).where(col(OccurrenceSpeaker.occurrence_id).in_(bindparam("dates", type_=Integer(), expanding=True))),
).order_by("date", "position", "key")
# Of one day and one place: the first part, the second one, and the others of the same first part.
_OTHER = _alias(Event, "other_part")


@lru_cache(maxsize=32)
def _around_of(scope: Scope, *, prepares: bool, asked: bool) -> Any:
    drafts = _draft_of(_INSTITUTION, asked=asked) if prepares else false()
    first: BindParameter[int] = bindparam("part_of_id", type_=Integer())
    this: BindParameter[int] = bindparam("event_id", type_=Integer())
    parts = (
        _columns(
            null(), null(), cast(_OTHER.uuid, String), _OTHER.title, literal(""), null(), null(), Occurrence.starts_at,
            Occurrence.ends_at, literal(""), null(), literal(""),
        )
        .select_from(Occurrence)
        .join(_OTHER, _OTHER.id == Occurrence.event_id)
        .where(
            or_(_OTHER.part_of_id == this, _OTHER.id == first, and_(_OTHER.part_of_id == first, _OTHER.id != this)),
            _OTHER.rule.is_(None),
            or_(_sight(scope, _INSTITUTION, _VOIVODESHIP), drafts),
        )
    )  # fmt: skip
    return union_all(_PARTIES, _SPEAKERS, _SPEAKERS_OF_DATE, parts).order_by("place", "asked_at")


_OF_PROJECTS = (
    _CARDS.add_columns(col(Programme.title))
    .join(Programme, col(Programme.id) == Event.programme_id)
    .where(
        cast(_SHOWN.visibility, String) == _word(Visibility.PUBLIC),
        cast(_SHOWN.state, String) == _word(State.PUBLISHED),
        _SHOWN.starts_at > bindparam("now"),
        _SHOWN.starts_at < bindparam("until"),
        col(Programme.state) != ProgrammeState.DRAFT,
        col(Programme.archived_at).is_(None),
    )
    .order_by(_SHOWN.starts_at, _SHOWN.id)
    .limit(bindparam("limit", type_=Integer()))
)


@lru_cache(maxsize=8)
def _dates_of_programme(scope: Scope) -> Select[Any]:
    ends, starts, number = col(Occurrence.ends_at), col(Occurrence.starts_at), col(Occurrence.id)
    now: BindParameter[datetime] = bindparam("now")
    # From the project's few events to their dates: by the order of time the database would read all the portal's.
    of_it = (
        _columns(number.label("id"))
        .select_from(Event)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(col(Event.programme_id) == bindparam("programme_id"), _sight(scope, _INSTITUTION, _VOIVODESHIP))
    )
    instant = func.coalesce(starts, starts)  # no column of an index, so that its order tempts nobody
    coming = of_it.where(ends > now, starts >= bindparam("today")).order_by(instant, number).limit(bindparam("coming"))
    past = of_it.where(ends <= now).order_by(instant.desc(), number.desc()).limit(bindparam("past"))
    ids = union_all(_columns(coming.subquery().c.id), _columns(past.subquery().c.id)).subquery()
    shown = _CARDS.add_columns(_SHOWN.visibility, col(Event.edition_id))
    return shown.where(_SHOWN.id.in_(_columns(ids.c.id))).order_by(_SHOWN.starts_at, _SHOWN.id)


def _card(row: Any, now: datetime) -> EventCard:
    closes = min(row[15], row[5]) if row[15] is not None else row[5]
    # On dates of a series as long before as on the first one; an edition is closed on one day.
    if row[15] is not None and row[16] is not None and row[20] is None:
        closes = row[5] - max(warsaw.to_utc(row[19]) - row[15], timedelta())
    return EventCard(
        uuid=row[1],
        title=row[2],
        kind=row[3],
        state=row[4],
        starts_at=row[5],
        day=row[7],
        all_day=row[8],
        series=row[16] is not None,
        occurrence_id=row[0],
        ends_at=row[6],
        place=row[17] or row[9] or ("online" if row[10] else ""),
        organiser=row[18],
        capacity=row[11],
        taken=row[12],
        waiting=row[13],
        synthetic=row[14],
        over=row[6] <= now,
        sign_up_open=row[4] is State.PUBLISHED and now < closes and (row[21] is None or row[21] <= now),
    )


def _around(
    session: Session, viewer: Actor, event: Any, occurrence: Any, *, named: bool
) -> tuple[tuple[PartyLine, ...], tuple[SpeakerLine, ...], tuple[PartLine, ...]]:
    parties: list[PartyLine] = []
    speakers: list[SpeakerLine] = []
    parts: list[PartLine] = []
    statement = _around_of(_scope(viewer), prepares=viewer.prepares, asked=viewer.coordinates)
    parameters = _viewer(viewer) | {
        "event_id": event.id,
        "occurrence_id": occurrence.id,
        "part_of_id": event.part_of_id,
    }
    for row in rows(session, statement, parameters):
        institution_ = Named(*row[1:6]) if row[1] is not None else None
        if row[0] is not None and institution_ is not None:
            parties.append(PartyLine(institution_, row[0], *row[6:10]))
        elif row[10] is not None:
            speakers.append(SpeakerLine(row[10] if named else "", row[9], institution_))
        else:
            parts.append(PartLine(UUID(row[2]), row[3], row[7], row[8]))
    return tuple(parties), tuple(speakers), tuple(parts)


def _may_know_names(viewer: Actor) -> bool:
    # Function and institution say enough to the public; names of people at work are for those who meet them.
    return viewer.works_for_institution or viewer.role in (Role.OPERATOR, Role.SYSTEM)


def _may_name(session: Session, viewer: Actor, number: str | None, state: AgreementState | None) -> bool:
    # Asked of the register only where not everybody may know: an agreement in preparation.
    return number is not None and (state not in IN_PREPARATION or agreements.is_known(session, number, viewer))


@dataclass(frozen=True, slots=True)
class _Series:
    """What the page of a date says of its series: the next dates, those taken out, its earlier and later parts."""

    dates: tuple[tuple[date, State], ...] = ()
    left_out: tuple[date, ...] = ()
    earlier: UUID | None = None
    later: UUID | None = None


_SINGLE = _Series()


def _dates(session: Session, viewer: Actor, event: Event, now: datetime) -> _Series:
    """Ask all of it by one statement; of the parts those that *viewer* may know of."""
    statement = _series_of(_scope(viewer), prepares=viewer.prepares, asked=viewer.coordinates)
    asked = {"event_id": event.id, "continues_id": event.continues_id, "now": now}
    found = rows(session, statement, _viewer(viewer) | asked)
    of_part = {row[0]: UUID(row[4]) for row in found if row[4]}
    return _Series(
        tuple((row[1], State(row[2])) for row in found if row[0] == "date"),
        tuple(sorted(row[1] for row in found if row[0] == "out" and not row[3].microsecond)),
        of_part.get("earlier"),
        of_part.get("later"),
    )


@lru_cache(maxsize=16)
def _series_of(scope: Scope, *, prepares: bool, asked: bool) -> CompoundSelect[Any]:
    event_id: BindParameter[int] = bindparam("event_id", type_=Integer())
    continues_id: BindParameter[int] = bindparam("continues_id", type_=Integer())
    drafts = _draft_of(_INSTITUTION, asked=asked) if prepares else false()
    seen = or_(_sight(scope, _INSTITUTION, _VOIVODESHIP), drafts)
    stands, original = cast(col(Occurrence.state), String), col(Occurrence.original_local)
    nothing, no_text = cast(null(), DateTime(timezone=False)), cast(null(), String)
    coming = (
        _columns(literal("date").label("what"), Occurrence.local_date, stands, original, no_text)
        .where(col(Occurrence.event_id) == event_id, col(Occurrence.ends_at) > bindparam("now"), seen)
        .order_by(col(Occurrence.starts_at))
        .limit(DATES_SHOWN)
    ).subquery()
    removed = _columns(literal("out"), Occurrence.local_date, stands, original, no_text).where(
        col(Occurrence.event_id) == event_id, stands == State.REMOVED.value
    )
    # Correlated: a list of all dates that somebody may see would be made anew for each page.
    of_it = (
        _columns(literal(1)).select_from(Occurrence).where(col(Occurrence.event_id) == _PART.id, seen).correlate(_PART)
    )
    parts = [
        _columns(literal(name), cast(null(), Date), no_text, nothing, cast(col(_PART.uuid), String)).where(
            here, exists(of_it)
        )
        for name, here in (("later", _PART.continues_id == event_id), ("earlier", _PART.id == continues_id))
    ]
    return union_all(_columns(*coming.c), removed, *parts)

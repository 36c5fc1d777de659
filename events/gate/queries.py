"""Reads of entry lists: a unit's rules, the list of a date with its viewer, what waits for whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Date, Integer, Select, String, and_, bindparam, case, cast, or_, union_all
from sqlmodel import Session, col, func, select

from app import warsaw
from app.actors import Actor
from app.db import columns, rows
from app.text import sort_key
from events.calendar import queries as calendar
from events.calendar.models import Event, EventParty, Occurrence, Part, State
from events.gate import rules
from events.gate.models import Entry, EntryState, Equipment, GateRules, Origin
from events.gate.rules import UnitRules
from partners.institutions.models import Institution, Kind

REMINDED = timedelta(days=21)
ON_DESK = 20
_OWN: BindParameter[int] = bindparam("own_id", type_=Integer())
_TODAY: BindParameter[date] = bindparam("today", type_=Date())
_LIMIT: BindParameter[int] = bindparam("limit", type_=Integer())


def rules_of(session: Session, unit_id: int) -> UnitRules:
    """Give what a unit asks of those who enter; the defaults where it has chosen nothing."""
    found = session.get(GateRules, unit_id)
    if found is None:
        return UnitRules()
    fields = tuple(key for key in rules.EXTRA_FIELDS if key in found.extra_fields)
    return UnitRules(found.preset, found.freeze_days, fields, found.equipment, found.standing_text)


def by_signup(session: Session, occurrence_id: int, signup_ids: Sequence[int]) -> dict[int, Entry]:
    """Give the entries of these sign-ups on a date, withdrawn ones too."""
    statement = select(Entry).where(
        Entry.occurrence_id == occurrence_id, Entry.origin == Origin.SIGN_UP, col(Entry.signup_id).in_(signup_ids)
    )
    return {entry.signup_id: entry for entry in session.exec(statement).all() if entry.signup_id is not None}


def speakers_on(session: Session, occurrence_ids: Sequence[int]) -> dict[int, list[Entry]]:
    """Give, for each of these dates, the entries of those who lead or speak."""
    statement = select(Entry).where(col(Entry.occurrence_id).in_(occurrence_ids), Entry.origin == Origin.SPEAKER)
    found: dict[int, list[Entry]] = {}
    for entry in session.exec(statement.order_by(col(Entry.id))).all() if occurrence_ids else ():
        found.setdefault(entry.occurrence_id, []).append(entry)
    return found


def organises(session: Session, actor: Actor, event: Event, occurrence: Occurrence) -> bool:
    """Whether *actor* coordinates for the organiser or a co-organiser of the event."""
    if not actor.coordinates:
        return False
    if actor.institution_id == event.organiser_id:
        return True
    return session.exec(_co_organised([occurrence.id or 0], actor.institution_id)).first() is not None


def takes_part(session: Session, actor: Actor, event: Event, occurrence: Occurrence) -> bool:
    """Whether *actor* coordinates for an institution with people on the list, or for an organiser."""
    own = select(Entry.id).where(
        Entry.occurrence_id == occurrence.id,
        Entry.institution_id == actor.institution_id,
        Entry.state != EntryState.REMOVED,
    )
    known = actor.coordinates and session.exec(own.limit(1)).first() is not None
    return known or organises(session, actor, event, occurrence)


def unit(session: Session, slug: str) -> Institution | None:
    """Give the prison unit with this slug; None for other institutions."""
    kinds = (Kind.PRISON, Kind.REMAND_PRISON, Kind.EXTERNAL_UNIT)
    return session.exec(select(Institution).where(Institution.slug == slug, col(Institution.kind).in_(kinds))).first()


@dataclass(frozen=True, slots=True)
class Meeting:
    """One date that people enter for; the parts of one day have the same *root*."""

    occurrence_id: int
    uuid: UUID
    title: str
    room: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    consent: str
    organiser_id: int
    organiser: str
    synthetic: bool
    series: bool
    day: date
    root: int
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One person on a list; *ids* has one entry for each part of the day, *guest_ids* those added by hand."""

    ids: tuple[int, ...]
    person: str
    function: str
    instead_of: str
    institution_id: int
    institution: str
    origin: Origin
    extras: Mapping[str, str]
    state: EntryState
    reason: str
    note: str
    made_at: datetime
    changed_at: datetime
    meetings: tuple[Meeting, ...]
    guest_ids: tuple[int, ...] = ()
    erased: bool = False

    @property
    def id(self) -> int:
        """Number of the first of its entries."""
        return self.ids[0]

    @property
    def edition(self) -> str:
        """What a form about this person carries along: another one means that the entry has changed since."""
        return edition(self.changed_at)

    @property
    def starts_at(self) -> datetime:
        """When the person's first part begins."""
        return min(one.starts_at for one in self.meetings)


@dataclass(frozen=True, slots=True)
class Thing:
    """One piece of equipment on a list."""

    id: int
    institution_id: int
    institution: str
    what: str
    serial: str
    state: EntryState
    reason: str
    note: str
    made_at: datetime
    changed_at: datetime
    meeting: Meeting

    @property
    def edition(self) -> str:
        """What a form about this thing carries along."""
        return edition(self.changed_at)


@dataclass(frozen=True, slots=True)
class EntryList:
    """The entry list of a date as one viewer sees it; the parts of one day share it."""

    unit_id: int
    unit: str
    unit_slug: str
    day: date
    meeting: Meeting
    meetings: tuple[Meeting, ...]
    cancelled: bool
    rules: UnitRules
    freeze_day: date
    frozen: bool
    over: bool
    lines: tuple[Line, ...]
    things: tuple[Thing, ...]
    decides: bool
    brings: bool
    keeps: bool

    @property
    def standing(self) -> tuple[Line, ...]:
        """Who has not been withdrawn."""
        return tuple(one for one in self.lines if one.state is not EntryState.REMOVED)

    @property
    def withdrawn(self) -> tuple[Line, ...]:
        """Who was withdrawn after the freeze: before it nobody needs to know."""
        late = (one for one in self.lines if one.state is EntryState.REMOVED)
        return tuple(one for one in late if warsaw.today(one.changed_at) > self.freeze_day)

    @property
    def brought(self) -> tuple[Thing, ...]:
        """Equipment that has not been withdrawn."""
        return tuple(one for one in self.things if one.state is not EntryState.REMOVED)

    @property
    def undecided(self) -> int:
        """How many people and things wait for the unit."""
        states = [*(one.state for one in self.standing), *(one.state for one in self.brought)]
        return states.count(EntryState.REQUESTED)

    @property
    def to_complete(self) -> int:
        """How many of these people lack a name or what the unit asks for."""
        return sum(is_incomplete(one, self.rules) for one in self.standing)


def edition(changed_at: datetime) -> str:
    """Write an instant so that two of them compare equal on both databases."""
    return f"{changed_at.timestamp():.6f}"


def is_incomplete(line: Line, asked: UnitRules) -> bool:
    """Whether a person's name or an answer to what the unit asks for is missing."""
    refused = line.state is EntryState.REFUSED
    return not refused and (not line.person or any(not line.extras.get(key) for key in asked.fields))


def list_of(session: Session, viewer: Actor, uuid: UUID, now: datetime, day: date | None = None) -> EntryList | None:
    """Give the entry list of an event (on *day*, else its next date, else the last), or None.

    None also means: *viewer* may not know of it. The unit's coordinators see everybody, an institution's people those
    of their own, organiser and co-organisers see that there is a list. Seven statements, however many people.
    """
    if not viewer.works_for_institution:
        return None
    found = _date_of(session, uuid, now, day)
    if found is None:
        return None
    meeting, where = found
    unit_id, cancelled = where.id or 0, meeting.cancelled
    decides = rules.may_decide(viewer, unit_id)
    meetings = _parts(session, unit_id, meeting)
    lines, things = people_of(session, meetings), things_of(session, meetings)
    if not decides:
        lines = [one for one in lines if one.institution_id == viewer.institution_id]
        things = [one for one in things if one.institution_id == viewer.institution_id]
    brings = decides or (viewer.coordinates and _organises(session, viewer, meetings))
    if not (decides or brings or lines or things):
        return None
    asked = rules_of(session, unit_id)
    return EntryList(
        unit_id=unit_id,
        unit=where.name,
        unit_slug=where.slug,
        day=meeting.day,
        meeting=meeting,
        meetings=meetings,
        cancelled=cancelled,
        rules=asked,
        freeze_day=rules.freeze_day(meeting.day, asked.freeze_days),
        frozen=rules.is_frozen(meeting.day, asked.freeze_days, now),
        over=rules.is_over(meeting.day, now),
        lines=tuple(lines),
        things=tuple(things),
        decides=decides,
        brings=brings and not cancelled,
        keeps=viewer.coordinates and (brings or bool(lines)) and not cancelled,
    )


def people_of(session: Session, meetings: Iterable[Meeting]) -> list[Line]:
    """Give everybody on the lists of these dates, one line for a person on each, by institution and surname.

    One statement. Whoever stands on the list of a cancelled date has been withdrawn.
    """
    by_id = {one.occurrence_id: one for one in meetings}
    statement = (
        select(Entry, Institution.name, Institution.short_name)
        .join(Institution, col(Institution.id) == Entry.institution_id)
        .where(col(Entry.occurrence_id).in_(by_id))
        .order_by(col(Entry.id))
    )
    groups: dict[object, list[tuple[Entry, str]]] = {}
    for entry, name, short in session.exec(statement).all() if by_id else ():
        person = rules.same_person(entry.person)
        root = by_id[entry.occurrence_id].root
        key = (root, entry.institution_id, person) if person else entry.id
        groups.setdefault(key, []).append((entry, short or name))
    lines = [_line(group, by_id) for group in groups.values()]
    return sorted(lines, key=lambda one: (sort_key(one.institution), *_by_surname(one.person), one.id))


def things_of(session: Session, meetings: Iterable[Meeting]) -> list[Thing]:
    """Give the equipment on the lists of these dates, by institution. One statement."""
    by_id = {one.occurrence_id: one for one in meetings}
    statement = (
        select(Equipment, Institution.name, Institution.short_name)
        .join(Institution, col(Institution.id) == Equipment.institution_id)
        .where(col(Equipment.occurrence_id).in_(by_id))
        .order_by(col(Institution.sort_key), col(Equipment.id))
    )
    return [
        Thing(
            id=one.id or 0,
            institution_id=one.institution_id,
            institution=short or name,
            what=one.what,
            serial=one.serial,
            state=_state(one, by_id[one.occurrence_id]),
            reason=one.reason,
            note=one.note,
            made_at=one.made_at,
            changed_at=one.changed_at,
            meeting=by_id[one.occurrence_id],
        )
        for one, name, short in (session.exec(statement).all() if by_id else ())
    ]


def meetings_on(session: Session, unit_id: int, day: date) -> list[Meeting]:
    """Give the dates of a day inside a unit, cancelled ones too, by the hour. One statement."""
    statement = _meeting().where(
        col(Occurrence.local_date) == day,
        col(Occurrence.state).in_([State.PUBLISHED, State.CANCELLED]),
        func.coalesce(Occurrence.place_institution_id, Event.place_institution_id) == unit_id,
    )
    return [_as_meeting(row) for row in session.execute(statement.order_by(col(Occurrence.starts_at), Occurrence.id))]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits on one list, for a desk; *total* is how many such lists there are."""

    uuid: UUID
    title: str
    day: date
    series: bool
    number: int
    until: date
    total: int


def to_decide(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Waiting]:
    """Give the lists on which people or things wait for the decision of the viewer's unit, the next day first.

    One statement.
    """
    if not viewer.coordinates or viewer.institution_id is None:
        return []
    asked = {"own_id": viewer.institution_id, "today": warsaw.today(now), "limit": limit}
    found = ((_as_meeting(row), row[15], row[16]) for row in rows(session, _to_decide(), asked))
    return [Waiting(one.uuid, one.title, one.day, one.series, number, one.day, total) for one, number, total in found]


def to_fill(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Waiting]:
    """Give the lists on which people of the viewer's institution lack a name or an answer, the nearest freeze first.

    Only dates of the next weeks: whoever is reminded of everything reads nothing. One statement.
    """
    if not viewer.coordinates or viewer.institution_id is None:
        return []
    today = warsaw.today(now)
    asked = {"own_id": viewer.institution_id, "today": today, "until": today + REMINDED, "limit": limit}
    found = []
    for row in rows(session, _to_fill(), asked):
        one, freeze_days = _as_meeting(row), row[15]
        until = rules.freeze_day(one.day, UnitRules().freeze_days if freeze_days is None else freeze_days)
        found.append(Waiting(one.uuid, one.title, one.day, one.series, row[16], until, row[17]))
    return sorted(found, key=lambda one: (one.until, one.day))


# What every desk asks is made once: making such a statement costs more than running it.
@cache
def _to_decide() -> Select[Any]:
    waiting = union_all(
        *(
            columns(table.occurrence_id).where(
                col(table.unit_id) == _OWN,
                col(table.state) == EntryState.REQUESTED,
                col(table.local_date) >= _TODAY,
            )
            for table in (Entry, Equipment)
        )
    ).subquery()
    counted = (
        columns(waiting.c.occurrence_id, func.count().label("number")).group_by(waiting.c.occurrence_id).subquery()
    )
    statement: Select[Any] = (
        _meeting(counted.c.number, func.count().over())
        .join(counted, counted.c.occurrence_id == Occurrence.id)
        .where(col(Occurrence.state) == State.PUBLISHED)
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
        .limit(_LIMIT)
    )
    return statement


@cache
def _to_fill() -> Select[Any]:
    asked, said = cast(col(GateRules.extra_fields), String), cast(col(Entry.extras), String)
    lacking = (
        and_(asked.contains(f'"{key}"'), or_(~said.contains(f'"{key}": "'), said.contains(f'"{key}": ""')))
        for key in rules.EXTRA_FIELDS
    )
    missing = (
        columns(Entry.occurrence_id, func.max(GateRules.freeze_days).label("freeze_days"), func.count().label("number"))
        .outerjoin(GateRules, col(GateRules.institution_id) == Entry.unit_id)
        .where(
            col(Entry.institution_id) == _OWN,
            col(Entry.state).in_([state.value for state in rules.ACTIVE]),
            col(Entry.local_date).between(_TODAY, bindparam("until", type_=Date())),
            or_(col(Entry.person) == "", *lacking),
        )
        .group_by(col(Entry.occurrence_id))
        .subquery()
    )
    statement: Select[Any] = (
        _meeting(missing.c.freeze_days, missing.c.number, func.count().over())
        .join(missing, missing.c.occurrence_id == Occurrence.id)
        .where(col(Occurrence.state) == State.PUBLISHED)
        .order_by(col(Occurrence.local_date), col(Occurrence.starts_at), col(Occurrence.id))
        .limit(_LIMIT)
    )
    return statement


def _meeting(*more: Any) -> Any:
    return (
        columns(
            Occurrence.id,
            Event.uuid,
            func.coalesce(Occurrence.title, Event.title),
            func.coalesce(Occurrence.room, Event.room),
            Occurrence.starts_at,
            Occurrence.ends_at,
            Event.all_day,
            Event.consent,
            Event.organiser_id,
            func.coalesce(func.nullif(Institution.short_name, ""), Institution.name),
            Event.synthetic,
            Event.rule,
            Occurrence.local_date,
            func.coalesce(Event.part_of_id, Event.id),
            Occurrence.state,
            *more,
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(Institution, col(Institution.id) == Event.organiser_id)
        .where(col(Event.consent).is_not(None))
    )


def _as_meeting(row: Sequence[Any]) -> Meeting:
    return Meeting(
        occurrence_id=row[0],
        uuid=row[1],
        title=row[2],
        room=row[3],
        starts_at=row[4],
        ends_at=row[5],
        all_day=row[6],
        consent=row[7].value,
        organiser_id=row[8],
        organiser=row[9],
        synthetic=row[10],
        series=row[11] is not None,
        day=row[12],
        root=row[13],
        cancelled=row[14] is State.CANCELLED,
    )


def _date_of(session: Session, uuid: UUID, now: datetime, day: date | None) -> tuple[Meeting, Institution] | None:
    ends, starts = col(Occurrence.ends_at), col(Occurrence.starts_at)
    place = func.coalesce(Occurrence.place_institution_id, Event.place_institution_id)
    statement = (
        _meeting(place)
        .where(col(Event.uuid) == uuid, col(Occurrence.state).in_([State.PUBLISHED, State.CANCELLED]))
        .order_by(case((ends > now, 0), else_=1), case((ends > now, starts)), starts.desc())
        .limit(1)
    )
    if day is not None:
        statement = statement.where(col(Occurrence.local_date) == day)
    row = session.execute(statement).first()
    where = session.get(Institution, row[15]) if row and row[15] else None
    return None if row is None or where is None else (_as_meeting(row), where)


def _parts(session: Session, unit_id: int, meeting: Meeting) -> tuple[Meeting, ...]:
    statement = _meeting().where(
        or_(col(Event.id) == meeting.root, col(Event.part_of_id) == meeting.root),
        col(Occurrence.local_date) == meeting.day,
        col(Occurrence.state).in_([State.PUBLISHED, State.CANCELLED]),
        func.coalesce(Occurrence.place_institution_id, Event.place_institution_id) == unit_id,
    )
    return tuple(_as_meeting(row) for row in session.execute(statement.order_by(col(Occurrence.starts_at))))


def _organises(session: Session, viewer: Actor, meetings: Iterable[Meeting]) -> bool:
    if any(one.organiser_id == viewer.institution_id for one in meetings):
        return True
    ids = [one.occurrence_id for one in meetings]
    return session.exec(_co_organised(ids, viewer.institution_id)).first() is not None


def _co_organised(occurrence_ids: Sequence[int], institution_id: int | None) -> Any:
    return (
        select(EventParty.event_id)
        .join(Occurrence, col(Occurrence.event_id) == EventParty.event_id)
        .where(
            col(Occurrence.id).in_(occurrence_ids),
            col(EventParty.institution_id) == institution_id,
            col(EventParty.part) == Part.CO_ORGANISER,
            calendar.stands(),
        )
        .limit(1)
    )


def _line(group: Sequence[tuple[Entry, str]], meetings: Mapping[int, Meeting]) -> Line:
    stands = {one.id: _state(one, meetings[one.occurrence_id]) for one, _name in group}
    here = [one for one, _name in group if stands[one.id] is not EntryState.REMOVED] or [one for one, _name in group]
    state = rules.combined([stands[one.id] for one in here])
    first = next(one for one in here if stands[one.id] is state)
    return Line(
        ids=tuple(one.id or 0 for one in here),
        person=first.person,
        function=first.function or next((one.function for one in here if one.function), ""),
        instead_of=next((one.instead_of for one in here if one.instead_of), ""),
        institution_id=first.institution_id or 0,
        institution=group[0][1],
        origin=first.origin,
        extras={key: said for one in reversed(here) for key, said in one.extras.items()},
        state=state,
        reason=first.reason,
        note=first.note,
        made_at=min(one.made_at for one in here),
        changed_at=max(one.changed_at for one in here),
        meetings=tuple(dict.fromkeys(meetings[one.occurrence_id] for one in here)),
        guest_ids=tuple(one.id or 0 for one in here if one.origin is Origin.GUEST),
        erased=first.erased_at is not None,
    )


def _state(one: Entry | Equipment, meeting: Meeting) -> EntryState:
    return EntryState.REMOVED if meeting.cancelled else one.state


def _by_surname(person: str) -> tuple[str, str]:
    words = person.split()
    return sort_key(words[-1] if words else "") or "~", sort_key(person)

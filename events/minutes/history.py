"""The list "what was held, and where it is written": dates with their outcome, for those who may know."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app import warsaw
from app.actors import Actor, Role
from app.db import columns
from app.text import N_
from events.calendar import queries as calendar
from events.calendar.models import Event, EventKind, Occurrence, Outcome, State
from events.calendar.rules import KIND_LABEL
from events.minutes import queries, rules
from events.minutes.models import Attendance, Record, RecordState, Side
from events.minutes.rules import Sight
from partners.institutions.models import Institution

PAGE_SIZE = 30
EXPORT_MAX = 5000


class Asked(StrEnum):
    """What of the list is asked for."""

    ALL = ""
    HELD = "held"
    NOT_HELD = "not_held"
    WITHOUT = "without"
    CANCELLED = "cancelled"


ASKED_WORD = {
    Asked.HELD: "odbyte",
    Asked.NOT_HELD: "nieodbyte",
    Asked.WITHOUT: "bez-notatki",
    Asked.CANCELLED: "odwolane",
}
"""How the address names them."""
ASKED_LABEL = {
    Asked.ALL: N_("All"),
    Asked.HELD: N_("Held"),
    Asked.NOT_HELD: N_("Not held"),
    Asked.WITHOUT: N_("Without a note"),
    Asked.CANCELLED: N_("Cancelled"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter of the list."""

    asked: Asked = Asked.ALL
    first: date | None = None
    last: date | None = None
    institution_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One date as the list shows it to one viewer: what he may not read is not in here."""

    uuid: UUID
    series: bool
    day: date
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    title: str
    kind: EventKind
    organiser: str
    place: str
    state: State
    outcome: Outcome | None
    record_state: RecordState | None
    side: Side | None
    reason: str
    numbers: tuple[str, str, str]
    present: int | None
    closed_on: date | None
    seal: str
    badge: str
    sees: Sight
    synthetic: bool

    @property
    def address(self) -> dict[str, Any]:
        """What the addresses of this date are made of."""
        return {"event_uuid": self.uuid, **({"day": self.day} if self.series else {})}

    @property
    def kind_label(self) -> str:
        """Msgid of the kind."""
        return KIND_LABEL[self.kind]


def listed(session: Session, viewer: Actor, wanted: Wanted, now: datetime, page: int) -> tuple[list[Line], bool]:
    """Give one page of the dates that have begun, the newest first, and whether there is another; one statement."""
    rows = session.execute(_statement(viewer, wanted, now, PAGE_SIZE + 1, (page - 1) * PAGE_SIZE))
    lines = [_line(row, viewer, now) for row in rows]
    return lines[:PAGE_SIZE], len(lines) > PAGE_SIZE


def exported(session: Session, viewer: Actor, wanted: Wanted, now: datetime) -> Iterator[Line]:
    """Give all lines of the list, for a table."""
    for row in session.execute(_statement(viewer, wanted, now, EXPORT_MAX, 0)):
        yield _line(row, viewer, now)


def may_list(viewer: Actor) -> bool:
    """Whether there is a list for *viewer*: people of institutions, inspectors, the operator."""
    return viewer.works_for_institution or viewer.role in (Role.INSPECTOR, Role.OPERATOR)


def _chosen(viewer: Actor, wanted: Wanted, now: datetime, limit: int, offset: int) -> Any:
    """Choose the dates first: what a line shows of each is asked for those alone that are shown."""
    own = viewer.institution_id or 0
    conditions: list[ColumnElement[bool]] = [calendar.may_see(viewer), col(Occurrence.starts_at) <= now]
    if viewer.works_for_institution:
        conditions.append(_of_institutions((own,)))
    elif viewer.role is Role.INSPECTOR:
        conditions.append(col(Occurrence.voivodeship_code) == viewer.voivodeship)
    if wanted.institution_ids is not None:
        conditions.append(_of_institutions(wanted.institution_ids))
    if wanted.first:
        conditions.append(col(Occurrence.local_date) >= wanted.first)
    if wanted.last:
        conditions.append(col(Occurrence.local_date) <= wanted.last)
    conditions += _of(wanted.asked, now)
    chosen = columns(Occurrence.id).where(*conditions)
    if wanted.asked is Asked.WITHOUT:
        chosen = chosen.join(Event, col(Event.id) == Occurrence.event_id)
    newest = chosen.order_by(col(Occurrence.starts_at).desc(), col(Occurrence.id).desc())
    return newest.limit(limit).offset(offset)


def _of_institutions(institution_ids: tuple[int, ...]) -> ColumnElement[bool]:
    attended = (
        columns(Record.occurrence_id)
        .join(Attendance, col(Attendance.record_id) == Record.id)
        .where(col(Attendance.institution_id).in_(institution_ids))
    )
    return col(Occurrence.id).in_(queries.dates_run_by(institution_ids, attended))


def _statement(viewer: Actor, wanted: Wanted, now: datetime, limit: int, offset: int) -> Any:
    organiser, host = aliased(Institution, name="organiser"), aliased(Institution, name="host")
    own = viewer.institution_id or 0
    present = (
        columns(func.count())
        .where(col(Attendance.record_id) == Record.id, col(Attendance.present).is_(True))
        .correlate(Record)
        .scalar_subquery()
    )
    shown = _chosen(viewer, wanted, now, limit, offset).subquery("chosen")
    return (
        columns(
            Event.uuid,
            col(Event.rule).is_not(None),
            Occurrence.local_date,
            Occurrence.starts_at,
            Occurrence.ends_at,
            Event.all_day,
            func.coalesce(Occurrence.title, Event.title),
            Event.kind,
            organiser.name,
            func.coalesce(host.name, Occurrence.place, Event.place),
            Occurrence.state,
            Occurrence.outcome,
            col(Record.state).label("record_state"),
            Record.side,
            Record.reason,
            Record.people_inside,
            Record.family_members,
            Record.others,
            present,
            Record.submitted_at,
            Record.sealed_at,
            Record.seal,
            Event.published_at,
            Event.organiser_id,
            _ran(own),
            _attended(own),
            Event.synthetic,
        )
        .select_from(shown)
        .join(Occurrence, col(Occurrence.id) == shown.c.id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(organiser, col(organiser.id) == Event.organiser_id)
        .outerjoin(host, col(host.id) == Occurrence.place_institution_id)
        .outerjoin(Record, col(Record.occurrence_id) == Occurrence.id)
        .order_by(col(Occurrence.starts_at).desc(), col(Occurrence.id).desc())
    )


def _of(asked: Asked, now: datetime) -> list[ColumnElement[bool]]:
    if asked is Asked.CANCELLED:
        return [col(Occurrence.state) == State.CANCELLED]
    if asked is Asked.WITHOUT:
        return [
            col(Occurrence.state) == State.PUBLISHED,
            col(Occurrence.outcome).is_(None),
            col(Occurrence.ends_at) <= now,
            col(Event.published_at) <= col(Occurrence.ends_at),
        ]
    if asked is Asked.ALL:
        return []
    return [col(Occurrence.outcome) == Outcome(asked.value)]


def _ran(institution_id: int) -> ColumnElement[bool]:
    return or_(
        col(Occurrence.organiser_id) == institution_id,
        col(Occurrence.place_institution_id) == institution_id,
        queries.co_organises(institution_id),
    )


def _attended(institution_id: int) -> ColumnElement[bool]:
    there = and_(col(Attendance.record_id) == Record.id, col(Attendance.institution_id) == institution_id)
    return exists(columns(literal(1)).select_from(Attendance).where(there).correlate(Record))


def _line(row: Any, viewer: Actor, now: datetime) -> Line:
    own = viewer.works_for_institution
    sees = Sight.SIDE if own and row[24] else Sight.GUEST if own and row[25] else Sight.FACT
    done = row[12] is not None and row[12] is not RecordState.OPEN
    code = row[14] if done else ""
    closed = row[20] or row[19]
    return Line(
        uuid=row[0],
        series=bool(row[1]),
        day=row[2],
        starts_at=row[3],
        ends_at=row[4],
        all_day=row[5],
        title=row[6],
        kind=row[7],
        organiser=row[8],
        place=row[9] or "",
        state=row[10],
        outcome=row[11],
        record_state=row[12],
        side=row[13] if done else None,
        reason=rules.REASONS[code].label if rules.reads_reason(viewer, code, sees) else "",
        numbers=(
            rules.shown_count(row[15] if done else None, sees),
            rules.shown_count(row[16] if done else None, sees),
            rules.shown_count(row[17] if done else None, sees),
        ),
        present=row[18] if done else None,
        closed_on=warsaw.today(closed) if done and closed else None,
        seal=row[21] if done else "",
        badge=_badge(row, viewer, now),
        sees=sees,
        synthetic=row[26],
    )


def _badge(row: Any, viewer: Actor, now: datetime) -> str:
    """Say what stands in the place of an outcome: awaiting, without, fresh, or fact where nobody is asked."""
    if row[11] is not None or row[10] is not State.PUBLISHED:
        return ""
    if row[22] is None or row[22] > row[4]:
        return "fact"
    if now < row[4] or rules.note_due(row[4]) >= warsaw.today(now):
        return "fresh"
    owner = viewer.works_for_institution and viewer.institution_id == row[23]
    return "awaiting" if owner and rules.awaits_note(None, row[10], row[4], row[22], now) else "without"

"""Reads of reports: the figures as they are now, frozen reports, where their records lie, what is due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Date,
    Integer,
    String,
    Uuid,
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
    union_all,
)
from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor
from app.db import columns, rows
from events.calendar import queries as calendar
from events.calendar.models import Event, Occurrence, State, Visibility
from events.minutes.models import Attendance, Record, RecordReply, RecordState
from events.minutes.queries import STORIES_SHOWN, Story, stories_of, story_of
from events.reports import counting, rules
from events.reports.counting import Line
from events.reports.models import Report, ReportKind, ReportRecord
from events.reports.rules import EditionLine, Head, OutcomeLine, Period
from events.sessions.models import EditionSession
from partners.institutions.models import Institution
from projects.editions.models import Edition, EditionOutcome
from projects.editions.rules import Count, counts
from projects.programmes.models import Programme, ProgrammePartner
from projects.programmes.rules import PUBLIC_STATES

ON_DESK = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen report in a list, without its content."""

    id: int
    uuid: UUID
    period: Period
    number: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Door:
    """Where the record of a date is read, for a viewer who may know of the date."""

    uuid: UUID
    day: date
    series: bool

    @property
    def address(self) -> dict[str, Any]:
        """What the addresses of the date are made of."""
        return {"event_uuid": self.uuid, **({"day": self.day} if self.series else {})}


@dataclass(frozen=True, slots=True)
class Due:
    """A report that waits to be frozen, until *due_on* (*late* when that is over); *total* is how many do."""

    programme_id: int
    slug: str
    title: str
    period: Period
    due_on: date
    late: bool
    total: int = 0

    @property
    def address(self) -> dict[str, Any]:
        """What the address of the project's list of reports is made of."""
        return {"slug": self.slug}


# --- figures as they are now


def figures(
    session: Session,
    programme: Programme,
    start: date,
    end: date,
    now: datetime,
    kind: ReportKind = ReportKind.QUARTERLY,
) -> dict[str, Any]:
    """Give the content that a report frozen at this moment would have (rules.build), in up to seven statements.

    A quarterly one counts the dates of the period, and apart from them the sealed records of earlier dates that no
    frozen report for another quarter has counted; a final one all dates of the programme.
    """
    period = Period(kind, start, end)
    programme_id = programme.id or 0
    found = session.execute(_dates(programme_id, period)).all()
    sealed = [row.record_id for row in found if row.sealed]
    present = _present(session, sealed)
    lines = [_line(row, present.get(row.record_id, {}), start, now, period) for row in found]
    before = last_of(session, programme_id, period)
    told = sum(1 for row in found if row.sealed and row.told and row.local_date >= start)
    return rules.build(
        period,
        before.number + 1 if before else 1,
        now,
        _head(session, programme),
        _editions(session, programme_id, period, {line.edition for line in lines}),
        lines,
        _names(session, sorted({one for line in lines for one in line.institutions})),
        told_elsewhere=told if kind is ReportKind.QUARTERLY else 0,
        before=before.content if before else None,
    )


def unsealed(session: Session, programme_id: int, period: Period, now: datetime) -> int:
    """Count the dates of a period that are over and have no sealed record, in one statement."""
    statement = (
        columns(func.count())
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .outerjoin(Record, and_(col(Record.occurrence_id) == Occurrence.id, col(Record.state) == RecordState.SEALED))
        .where(
            col(Event.programme_id) == programme_id,
            col(Occurrence.state) == State.PUBLISHED,
            col(Occurrence.ends_at) <= now,
            col(Occurrence.local_date).between(period.starts_on, period.ends_on),
            col(Record.id).is_(None),
        )
    )
    return int(session.execute(statement).scalar_one())


def term(session: Session, programme: Programme, today: date) -> Period:
    """Give the whole term of a programme; without one, the days from its first date to its last. One statement."""
    first, last = programme.starts_on, programme.ends_on
    if first is None or last is None:
        statement = columns(func.min(Occurrence.local_date), func.max(Occurrence.local_date)).join(
            Event, col(Event.id) == Occurrence.event_id
        )
        found = session.execute(statement.where(col(Event.programme_id) == programme.id, _STOOD)).one()
        first = first or found[0] or warsaw.today(programme.published_at or programme.changed_at)
        last = last or found[1] or today
    return Period(ReportKind.FINAL, first, max(first, last))


# --- frozen reports


def last_of(session: Session, programme_id: int, period: Period) -> Report | None:
    """Give the last frozen report of a period; the final one is one period, however the term was moved."""
    statement = select(Report).where(Report.programme_id == programme_id, Report.kind == period.kind)
    if period.kind is ReportKind.QUARTERLY:
        statement = statement.where(Report.starts_on == period.starts_on, Report.ends_on == period.ends_on)
    return session.exec(statement.order_by(col(Report.number).desc()).limit(1)).first()


def report(session: Session, programme_id: int, uuid: UUID) -> Report | None:
    """Give a frozen report of a programme."""
    return session.exec(select(Report).where(Report.programme_id == programme_id, Report.uuid == uuid)).first()


def frozen(session: Session, programme_id: int) -> list[Frozen]:
    """Give the frozen reports of a programme, the latest period and the latest number first, without their content."""
    statement = (
        columns(Report.id, Report.uuid, Report.kind, Report.starts_on, Report.ends_on, Report.number, Report.as_of)
        .where(col(Report.programme_id) == programme_id)
        .order_by(col(Report.kind), col(Report.starts_on).desc(), col(Report.number).desc())
    )
    return [Frozen(row[0], row[1], Period(*row[2:5]), row[5], row[6]) for row in session.execute(statement)]


def doors(session: Session, viewer: Actor, occurrence_ids: Sequence[int]) -> dict[int, Door]:
    """Give where the records of these dates are read, of those that *viewer* may know of, in one statement."""
    if not occurrence_ids:
        return {}
    knows: Any = calendar.may_see(viewer)
    if viewer.works_for_institution:
        asked = columns(RecordReply.id).join(Record, col(Record.id) == RecordReply.record_id)
        own = (col(Record.occurrence_id) == Occurrence.id, col(RecordReply.institution_id) == viewer.institution_id)
        knows = or_(knows, exists(asked.where(*own).correlate(Occurrence)))
    statement = (
        columns(Occurrence.id, Event.uuid, Occurrence.local_date, col(Event.rule).is_not(None))
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(col(Occurrence.id).in_(occurrence_ids), knows)
    )
    return {row[0]: Door(row[1], row[2], bool(row[3])) for row in session.execute(statement)}


# --- what is due


def due(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Due]:
    """Give the reports that coordinators of the lead have to freeze, the first deadline first, in one statement.

    Of projects whose funder wants a report for each quarter: for the last two quarters that are over, and the final
    one. *total* on each line is how many there are.
    """
    if not viewer.coordinates:
        return []
    found = all_due(session, now, lead_id=viewer.institution_id)
    return [
        Due(one.programme_id, one.slug, one.title, one.period, one.due_on, one.late, len(found))
        for one in found[:limit]
    ]


def all_due(session: Session, now: datetime, lead_id: int | None = None) -> list[Due]:
    """Give the reports that wait, of the whole portal or of one lead, the first deadline first. One statement."""
    today = warsaw.today(now)
    last = rules.last_over(today)
    asked = (last, rules.last_over(last.starts_on))
    told = [
        exists(
            columns(literal(1))
            .select_from(Report)
            .where(
                col(Report.programme_id) == Programme.id,
                col(Report.kind) == ReportKind.QUARTERLY,
                col(Report.starts_on) == one.starts_on,
            )
        )
        for one in asked
    ]
    final = exists(
        columns(literal(1))
        .select_from(Report)
        .where(col(Report.programme_id) == Programme.id, col(Report.kind) == ReportKind.FINAL)
    )
    statement = columns(
        Programme.id,
        Programme.slug,
        Programme.title,
        Programme.starts_on,
        Programme.ends_on,
        Programme.report_days,
        Programme.published_at,
        *told,
        final,
    ).where(
        col(Programme.reports_quarterly).is_(True),
        col(Programme.archived_at).is_(None),
        col(Programme.state).in_(PUBLIC_STATES),
        col(Programme.published_at).is_not(None),
        col(Programme.lead_id).is_not(None) if lead_id is None else col(Programme.lead_id) == lead_id,
    )
    found = []
    for row in session.execute(statement):
        periods = [one for one, done in zip(asked, row[7:9], strict=True) if not done and _runs(row[3], row[4], one)]
        if row[3] and row[4] and row[4] < today and not row[9]:
            periods.append(Period(ReportKind.FINAL, row[3], row[4]))
        for one in periods:
            until = one.due_on(row[5])
            if warsaw.today(row[6]) <= one.ends_on and today - one.ends_on <= rules.ASKED_FOR:
                found.append(Due(row[0], row[1], row[2], one, until, until < today))
    return sorted(found, key=lambda one: (one.due_on, one.programme_id, one.period.kind))


def _runs(first: date | None, last: date | None, period: Period) -> bool:
    begun = first is None or first <= period.ends_on
    return begun and (last is None or last >= period.starts_on)


# --- pieces of the figures

# Drafts are nobody's promise yet, removed dates nobody's any more.
_STOOD = col(Occurrence.state).in_((State.PUBLISHED, State.CANCELLED))


def _dates(programme_id: int, period: Period) -> Any:
    told = exists(
        columns(literal(1))
        .select_from(ReportRecord)
        .join(Report, col(Report.id) == ReportRecord.report_id)
        .where(
            col(ReportRecord.record_id) == Record.id,
            col(Report.programme_id) == programme_id,
            col(Report.kind) == ReportKind.QUARTERLY,
            col(Report.starts_on) != period.starts_on,
        )
        .correlate(Record)
    )
    sealed = col(Record.state) == RecordState.SEALED
    statement = (
        columns(
            Occurrence.id,
            Occurrence.local_date,
            Occurrence.starts_at,
            Occurrence.ends_at,
            Occurrence.state,
            Event.all_day,
            Event.kind,
            Occurrence.visibility,
            func.coalesce(Occurrence.title, Event.title).label("title"),
            Edition.number.label("edition"),  # type: ignore[attr-defined]  # a column, which SQLModel types as its value
            EditionSession.number.label("session_number"),  # type: ignore[attr-defined]
            EditionSession.topic,
            EditionSession.makes_up_for_id,
            col(Record.id).label("record_id"),
            case((sealed, 1), else_=0).label("sealed"),
            Record.outcome,
            Record.reason,
            Record.side,
            Record.people_inside,
            Record.family_members,
            Record.others,
            told.label("told"),
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .outerjoin(Edition, and_(col(Edition.id) == Event.edition_id, col(Edition.programme_id) == programme_id))
        .outerjoin(EditionSession, col(EditionSession.occurrence_id) == Occurrence.id)
        .outerjoin(Record, col(Record.occurrence_id) == Occurrence.id)
        .where(col(Event.programme_id) == programme_id, _STOOD)
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
    )
    if period.kind is ReportKind.FINAL:
        return statement
    in_time = col(Occurrence.local_date).between(period.starts_on, period.ends_on)
    return statement.where(or_(in_time, and_(col(Occurrence.local_date) < period.starts_on, sealed, ~told)))


def _line(row: Any, present: Mapping[int, int], start: date, now: datetime, period: Period) -> Line:
    known = bool(row.sealed)
    course = counting.course(row.state, row.outcome if known else None, row.ends_at, now)
    secret = row.visibility is Visibility.INVITED and row.edition is None
    not_held = course is counting.Course.NOT_HELD
    held = course is counting.Course.HELD
    return Line(
        occurrence=row.id,
        record=row.record_id if known else None,
        edition=row.edition,
        number=row.session_number,
        catch_up=row.makes_up_for_id is not None,
        topic=row.topic or "",
        title="" if secret else row.title,
        kind=row.kind.value,
        day=row.local_date.isoformat(),
        starts="" if row.all_day else warsaw.hour_words(row.starts_at),
        ends="" if row.all_day else warsaw.hour_words(row.ends_at),
        minutes=0 if row.all_day else int((row.ends_at - row.starts_at).total_seconds()) // 60,
        course=course.value,
        side=row.side.value if not_held and row.side else "",
        reason=counting.told_reason(row.reason) if not_held else "",
        people_inside=row.people_inside if held else None,
        family_members=row.family_members if held else None,
        others=row.others if held else None,
        staff=sum(present.values()) if held else 0,
        institutions=tuple(sorted(present)) if held else (),
        early=period.kind is ReportKind.QUARTERLY and row.local_date < start,
    )


def _present(session: Session, record_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """Give how many people of each institution were present, by record: numbers, no names."""
    if not record_ids:
        return {}
    statement = (
        columns(Attendance.record_id, Attendance.institution_id, func.count())
        .where(col(Attendance.record_id).in_(record_ids), col(Attendance.present).is_(True))
        .group_by(col(Attendance.record_id), col(Attendance.institution_id))
    )
    found: dict[int, dict[int, int]] = {}
    for record_id, institution_id, number in session.execute(statement):
        found.setdefault(record_id, {})[institution_id] = number
    return found


def _editions(session: Session, programme_id: int, period: Period, with_dates: set[int | None]) -> list[EditionLine]:
    """Give the editions that have dates in the period or run in it, with their outcomes. One statement."""
    statement = (
        columns(Edition, EditionOutcome)
        .outerjoin(EditionOutcome, col(EditionOutcome.edition_id) == Edition.id)
        .where(col(Edition.programme_id) == programme_id)
        .order_by(col(Edition.number), col(EditionOutcome.position))
    )
    found: dict[int, EditionLine] = {}
    for edition, outcome in session.execute(statement):
        runs = edition.starts_on is not None and _runs(edition.starts_on, edition.ends_on, period)
        if not (period.kind is ReportKind.FINAL or runs or edition.number in with_dates):
            continue
        line = found.get(edition.number)
        outcomes = line.outcomes if line else ()
        if outcome is not None:
            told = OutcomeLine(
                outcome.position, outcome.text, outcome.target, outcome.achieved, outcome.partly, outcome.missed
            )
            outcomes = (*outcomes, told)
        found[edition.number] = EditionLine(
            edition.number, edition.name, edition.state.value, edition.participants, outcomes
        )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Result:
    """A planned outcome of an edition with its results, as the viewer may read them."""

    text: str
    target: int | None
    achieved: Count
    partly: Count
    missed: Count


@dataclass(frozen=True, slots=True)
class CameOut:
    """What came out of a programme so far: counted outcomes by edition, the newest accounts of its meetings."""

    results: Mapping[int, tuple[Result, ...]]
    stories: tuple[Story, ...]


def came_out(session: Session, viewer: Actor, programme_id: int, *, inside: bool) -> CameOut:
    """Give what came out of a programme so far, in one statement. Small numbers are hidden from who is not *inside*.

    Results are those of all editions: who shows them leaves out the editions of which the viewer does not know.
    """
    results: dict[int, list[Result]] = {}
    stories = []
    found = rows(session, _came_out(viewer), calendar.viewing(viewer) | {"programme_id": programme_id})
    for row in sorted(found, key=lambda row: row[14] or 0):
        edition_id, target, *numbers = row[9:14]
        if edition_id is None:
            stories.append(story_of(row))
        else:
            line = Result(row[0], target, *counts(numbers, inside=inside))
            results.setdefault(edition_id, []).append(line)
    newest = sorted(stories, key=lambda story: story.day, reverse=True)
    return CameOut({edition_id: tuple(lines) for edition_id, lines in results.items()}, tuple(newest))


_CAME_OUT: dict[tuple[str, bool], Any] = {}


def _came_out(viewer: Actor) -> Any:
    """Make the statement once for each way of seeing."""
    way = calendar.sees_as(viewer)[0], viewer.signed_in and viewer.admitted
    if way not in _CAME_OUT:
        this: BindParameter[int] = bindparam("programme_id", type_=Integer())
        newest = stories_of(viewer, col(Event.programme_id) == this).limit(STORIES_SHOWN).subquery()
        empty, no_number = literal(""), cast(null(), Integer())
        accounts = columns(*newest.c, *(no_number,) * 6)
        outcomes = (
            columns(
                col(EditionOutcome.text),
                empty,
                cast(null(), Date()),
                empty,
                cast(null(), String()),
                empty,
                cast(null(), Uuid()),
                false(),
                false(),
                Edition.id,
                EditionOutcome.target,
                EditionOutcome.achieved,
                EditionOutcome.partly,
                EditionOutcome.missed,
                EditionOutcome.position,
            )
            .join(Edition, col(Edition.id) == EditionOutcome.edition_id)
            .where(
                col(Edition.programme_id) == this,
                or_(*(column.is_not(None) for column in (_ACHIEVED, _PARTLY, _MISSED))),
            )
        )
        _CAME_OUT[way] = union_all(accounts, outcomes)
    return _CAME_OUT[way]


_ACHIEVED, _PARTLY, _MISSED = col(EditionOutcome.achieved), col(EditionOutcome.partly), col(EditionOutcome.missed)


def _head(session: Session, programme: Programme) -> Head:
    """Give what the report says of the programme: the parts that partners have agreed to. One statement."""
    statement = (
        columns(Institution.id, Institution.name, ProgrammePartner.agreed_part)
        .outerjoin(
            ProgrammePartner,
            and_(
                col(ProgrammePartner.institution_id) == Institution.id,
                col(ProgrammePartner.programme_id) == programme.id,
                col(ProgrammePartner.agreed_part).is_not(None),
            ),
        )
        .where(or_(col(Institution.id) == programme.lead_id, col(ProgrammePartner.programme_id).is_not(None)))
        .order_by(col(ProgrammePartner.position), col(Institution.id))
    )
    rows = session.execute(statement).all()
    return Head(
        slug=programme.slug,
        title=programme.title,
        lead=next((row[1] for row in rows if row[0] == programme.lead_id), ""),
        partners=tuple((row[1], row[2] or "") for row in rows if row[0] != programme.lead_id),
        funding=programme.funding,
        grant_number=programme.grant_number,
        notice=programme.funding_notice,
        total_amount=programme.total_amount,
        grant_amount=programme.grant_amount,
        synthetic=programme.synthetic,
    )


def _names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    if not ids:
        return {}
    return {
        row[0]: row[1]
        for row in session.execute(columns(Institution.id, Institution.name).where(col(Institution.id).in_(ids)))
    }

"""Reads of records: who is concerned, the record in writing and as it is read, what waits, accounts for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    union,
    union_all,
)
from sqlalchemy import Date as DayColumn
from sqlmodel import Session, col, select

from app import warsaw
from app.accounts.models import UserAccount
from app.actors import Actor
from app.db import columns, rows
from events.calendar import queries as calendar
from events.calendar.models import Event, EventKind, EventParty, Occurrence, Outcome, Part, State
from events.calendar.rules import FAMILY, ICON, KIND_LABEL
from events.gate.models import Entry, EntryState, Origin
from events.minutes import rules
from events.minutes.models import Attendance, Record, RecordRemark, RecordReply, RecordState, RecordTask, Reply, Side
from events.minutes.rules import Sealed, Sealing, Sight
from events.minutes.versions import Row, Task, Version, row_key, task_key
from events.signups.models import SignUp, SignUpState
from partners.institutions.models import Institution, InstitutionSlug, Kind
from partners.institutions.rules import KIND_GROUP

ON_DESK = 5
EARLIER_TASKS = 20
STORIES_SHOWN = 3
# Named alone is not enough: whoever the organiser adds later would read the notes of all dates before.
_CO_ORGANISES = and_(col(EventParty.part) == Part.CO_ORGANISER, calendar.stands())
_OWN: BindParameter[int] = bindparam("own_id", type_=Integer())
_LIMIT: BindParameter[int] = bindparam("limit", type_=Integer())
# From the day after the meeting on; what had passed when it was put in asks for nothing.
_WITHOUT_NOTE: tuple[ColumnElement[bool], ...] = (
    col(Occurrence.outcome).is_(None),
    col(Occurrence.state) == State.PUBLISHED,
    col(Occurrence.starts_at) > bindparam("since"),
    col(Occurrence.ends_at) > bindparam("remembered"),
    col(Occurrence.ends_at) <= bindparam("today_begins"),
    col(Event.published_at) <= col(Occurrence.ends_at),
)


@dataclass(frozen=True, slots=True)
class Party:
    """An institution that ran a meeting (*side*), or had people there (*guest*)."""

    id: int
    slug: str
    name: str
    short_name: str
    kind: Kind
    side: bool
    guest: bool

    @property
    def label(self) -> str:
        """The name as short as it is known."""
        return self.short_name or self.name

    @property
    def group(self) -> str:
        """Shape of its badge."""
        return KIND_GROUP[self.kind].value


@dataclass(frozen=True, slots=True)
class Circle:
    """The institutions concerned by one date, the organiser first."""

    parties: tuple[Party, ...]

    @property
    def sides(self) -> tuple[int, ...]:
        """Ids of organiser, host and co-organisers."""
        return tuple(one.id for one in self.parties if one.side)

    @property
    def guests(self) -> tuple[int, ...]:
        """Ids of the others who had people there."""
        return tuple(one.id for one in self.parties if one.guest and not one.side)

    @property
    def names(self) -> dict[int, str]:
        """Names by id."""
        return {one.id: one.name for one in self.parties}


@dataclass(frozen=True, slots=True)
class Date:
    """One date of an event that the viewer may know of, with those concerned and its record, if there is one."""

    event: Event
    occurrence: Occurrence
    circle: Circle
    record: Record | None

    @property
    def title(self) -> str:
        """Title of this date."""
        return self.occurrence.title or self.event.title

    @property
    def address(self) -> dict[str, Any]:
        """What the addresses of this date are made of."""
        day = {"day": self.occurrence.local_date} if self.event.rule else {}
        return {"event_uuid": self.event.uuid, **day}

    @property
    def card(self) -> tuple[str, str, str]:
        """Hue, icon and msgid of the kind."""
        kind = self.event.kind
        return FAMILY[kind], ICON[kind], KIND_LABEL[kind]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the list of attendance."""

    id: int
    person: str
    function: str
    institution_id: int
    institution: str
    present: bool | None
    signup_id: int | None
    user_id: int | None


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task with the institution that took it; *day* and *title* of the meeting."""

    id: int
    text: str
    institution_id: int
    institution: str
    due_on: date | None
    done_at: datetime | None
    uuid: UUID
    series: bool
    day: date
    title: str

    @property
    def address(self) -> dict[str, Any]:
        """What the addresses of the meeting are made of."""
        return {"event_uuid": self.uuid, **({"day": self.day} if self.series else {})}

    def late(self, today: date) -> bool:
        """Whether its day has passed."""
        return self.done_at is None and self.due_on is not None and self.due_on < today


@dataclass(frozen=True, slots=True)
class Word:
    """What an institution that was asked has said of the record."""

    institution_id: int
    institution: str
    reply: Reply
    replied_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What an institution has added after the sealing."""

    institution: str
    text: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A record as one viewer reads it: what he may not read is not in here."""

    date: Date
    sees: Sight
    state: RecordState | None
    outcome: Outcome | None
    side: Side | None
    reason: str
    note: str
    numbers: tuple[str, str, str]
    present: int
    topics: tuple[str, ...]
    body: str
    people: tuple[Person, ...]
    tasks: tuple[TaskLine, ...]
    words: tuple[Word, ...]
    remarks: tuple[Remark, ...]
    sealing: Sealing | None
    names: dict[int, str]
    may_write: bool
    may_answer: bool
    may_remark: bool
    may_tell: bool

    @property
    def record(self) -> Record | None:
        """The row itself, for dates and the seal only."""
        return self.date.record

    @property
    def texts(self) -> bool:
        """Whether the viewer reads the texts of the record."""
        return self.sees is not Sight.FACT


@dataclass(frozen=True, slots=True)
class OnEvent:
    """What the page of an event says of its record: *badge* is "awaiting", "without" or "", *story* for everybody."""

    outcome: Outcome | None
    badge: str
    state: RecordState | None
    story: str
    story_link: str
    story_at: datetime | None
    may_write: bool
    may_read: bool
    address: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the desk: a note to write, an answer, or a task, with its last day (*late* when that is over).

    *total* is how many lines of the same sort there are.
    """

    what: str
    id: int
    uuid: UUID
    series: bool
    day: date
    title: str
    text: str
    due_on: date | None
    late: bool
    total: int

    @property
    def address(self) -> dict[str, Any]:
        """What the addresses of the meeting are made of."""
        return {"event_uuid": self.uuid, **({"day": self.day} if self.series else {})}


@dataclass(frozen=True, slots=True)
class Story:
    """An account for everybody; *title* and address only for those who may know of the event."""

    text: str
    link: str
    day: date
    organiser: str
    kind: EventKind
    title: str
    uuid: UUID | None
    series: bool

    @property
    def kind_label(self) -> str:
        """Msgid of the kind."""
        return KIND_LABEL[self.kind]

    @property
    def url(self) -> str:
        """Address of the event, "" for those who may not know of it."""
        if self.uuid is None:
            return ""
        return f"/wydarzenia/{self.uuid}/{self.day}" if self.series else f"/wydarzenia/{self.uuid}"


# --- one date


def date_of(session: Session, viewer: Actor, uuid: UUID, now: datetime, day: date | None = None) -> Date | None:
    """Give a published or cancelled date of an event that *viewer* may know of: of *day*, else the last one begun.

    Whose institution was asked about the record of a date knows of it, whoever organises the event today. Three
    statements. None also means: he may not know of it.
    """
    statement = (
        select(Event, Occurrence)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(Event.uuid == uuid, _knows(viewer))
        .order_by(case((col(Occurrence.starts_at) <= now, 0), else_=1), col(Occurrence.starts_at).desc())
        .limit(1)
    )
    if day is not None:
        statement = statement.where(Occurrence.local_date == day)
    found = session.exec(statement).first()
    return _date(session, *found) if found else None


def date_by_id(session: Session, occurrence_id: int) -> Date | None:
    """Give a date by its number, whoever asks: for acts of the night and after a lock."""
    statement = (
        select(Event, Occurrence)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(Occurrence.id == occurrence_id)
    )
    found = session.exec(statement).first()
    return _date(session, *found) if found else None


def record_under_lock(session: Session, occurrence_id: int) -> Record | None:
    """Give the record of a date afresh: the caller holds the lock of the date."""
    statement = select(Record).where(Record.occurrence_id == occurrence_id)
    return session.exec(statement.execution_options(populate_existing=True)).first()


def circle(session: Session, event: Event, occurrence: Occurrence) -> Circle:
    """Give the institutions that ran a date or had people there, in one statement.

    Sides are the organiser, the host of the place, co-organisers that stand by it, and whoever was asked about the
    record: nobody loses his word on it because the organiser names others for the dates to come.
    """
    ran = (event.organiser_id, occurrence.place_institution_id or event.organiser_id)
    co_organisers = columns(EventParty.institution_id).where(col(EventParty.event_id) == event.id, _CO_ORGANISES)
    seats = columns(SignUp.institution_id).where(
        col(SignUp.occurrence_id) == occurrence.id, col(SignUp.state) == SignUpState.SEAT
    )
    came = (
        columns(Attendance.institution_id)
        .join(Record, col(Record.id) == Attendance.record_id)
        .where(col(Record.occurrence_id) == occurrence.id)
    )
    asked = (
        columns(RecordReply.institution_id)
        .join(Record, col(Record.id) == RecordReply.record_id)
        .where(col(Record.occurrence_id) == occurrence.id)
    )
    side = or_(*(col(Institution.id).in_(ids) for ids in (ran, co_organisers, asked)))
    guest = or_(col(Institution.id).in_(seats), col(Institution.id).in_(came))
    statement = (
        columns(
            Institution.id,
            Institution.slug,
            Institution.name,
            Institution.short_name,
            Institution.kind,
            side.label("side"),
            guest.label("guest"),
        )
        .where(or_(side, guest))
        .order_by(case((col(Institution.id) == event.organiser_id, 0), else_=1), side.desc(), col(Institution.sort_key))
    )
    return Circle(
        tuple(
            Party(row[0], row[1], row[2], row[3], row[4], side=bool(row[5]), guest=bool(row[6]))
            for row in session.execute(statement)
        )
    )


def version_of(session: Session, record: Record | None) -> Version:
    """Give what is saved of a record, in two statements; an empty version where there is none."""
    if record is None:
        return Version()
    rows = tuple(
        Row(
            row_key(one.person, one.institution_id, one.signup_id),
            one.person,
            one.institution_id,
            one.function,
            one.present,
            one.signup_id,
            one.user_id,
        )
        for one in attendance(session, record.id or 0)
    )
    tasks = tuple(
        Task(task_key(one.text), one.text, one.institution_id, one.due_on) for one in tasks_of(session, record.id or 0)
    )
    return Version(
        outcome=record.outcome,
        reason=record.reason,
        side=record.side,
        note=record.reason_note,
        people_inside=record.people_inside,
        family_members=record.family_members,
        others=record.others,
        topics=tuple(record.topics),
        body=record.body,
        rows=rows,
        tasks=tasks,
    )


def attendance(session: Session, record_id: int) -> list[Attendance]:
    """Give the rows of attendance in their order."""
    statement = select(Attendance).where(Attendance.record_id == record_id)
    return list(session.exec(statement.order_by(col(Attendance.position), col(Attendance.id))).all())


def tasks_of(session: Session, record_id: int) -> list[RecordTask]:
    """Give the tasks of a record in their order."""
    statement = select(RecordTask).where(RecordTask.record_id == record_id)
    return list(session.exec(statement.order_by(col(RecordTask.position), col(RecordTask.id))).all())


def replies_of(session: Session, record_id: int) -> list[RecordReply]:
    """Give the answers to a record."""
    statement = select(RecordReply).where(RecordReply.record_id == record_id).order_by(col(RecordReply.id))
    return list(session.exec(statement).all())


def expected(session: Session, event: Event, occurrence: Occurrence) -> tuple[Row, ...]:
    """Give who was expected: speakers with an institution, everybody with a seat, then guests whom the unit let in.

    Places may have no name yet. Participants of a closed group are a number, so they have no rows: nobody shall be
    asked for their names. What the gate knew of guests besides name and institution stays there, where it is erased.
    Two statements, inside a prison unit three.
    """
    speaking = calendar.speakers_on(session, event.id or 0, occurrence.id or 0)
    speakers = [one for one in speaking if one.institution_id is not None]
    named = (SignUp.occurrence_id == occurrence.id, SignUp.state == SignUpState.SEAT)
    seats = select(SignUp).where(*named).order_by(col(SignUp.institution_id), col(SignUp.queue_no))
    seated = [] if event.participants else session.exec(seats).all()
    led = tuple(
        Row(row_key(one.person, one.institution_id or 0), one.person, one.institution_id or 0, one.function)
        for one in speakers
    )
    here = {one.key for one in led}
    came = tuple(
        Row(
            row_key(one.person, one.institution_id, one.id),
            one.person,
            one.institution_id,
            one.function,
            None,
            one.id,
            one.user_id,
        )
        for one in seated
        if row_key(one.person, one.institution_id) not in here
    )
    return led + came + (_guests(session, occurrence, led + came) if event.consent is not None else ())


def _guests(session: Session, occurrence: Occurrence, already: Sequence[Row]) -> tuple[Row, ...]:
    guests = session.exec(
        select(Entry)
        .where(
            Entry.occurrence_id == occurrence.id,
            Entry.origin == Origin.GUEST,
            col(Entry.state).in_((EntryState.LISTED, EntryState.APPROVED)),
            col(Entry.institution_id).is_not(None),
        )
        .order_by(col(Entry.institution_id), col(Entry.id))
    ).all()
    rows = (Row(row_key(one.person, one.institution_id or 0), one.person, one.institution_id or 0) for one in guests)
    here = {row_key(one.person, one.institution_id) for one in already}
    return tuple(row for row in rows if row.person and row.key not in here)


def open_tasks(session: Session, found: Date) -> list[TaskLine]:
    """Give the tasks still open of earlier dates: of the same series, or of the same organiser and place.

    The latter only where every side of this meeting ran that one, too: a third one knows nothing of what two agreed on.
    """
    event, occurrence = found.event, found.occurrence
    two = (event.organiser_id, occurrence.place_institution_id)
    same_two = and_(
        col(Occurrence.organiser_id) == event.organiser_id,
        *(co_organises(one) for one in found.circle.sides if one not in two),
        col(Occurrence.place_institution_id).is_not(None),
        col(Occurrence.place_institution_id) == occurrence.place_institution_id,
    )
    series = [event.id, *([event.continues_id] if event.continues_id else [])]
    statement = (
        _task_lines()
        .where(
            col(RecordTask.done_at).is_(None),
            col(Record.state) != RecordState.OPEN,
            col(Occurrence.id) != occurrence.id,
            col(Occurrence.starts_at) < occurrence.starts_at,
            or_(col(Occurrence.event_id).in_(series), same_two),
        )
        .order_by(col(RecordTask.due_on), col(RecordTask.id))
        .limit(EARLIER_TASKS)
    )
    return [TaskLine(*row) for row in session.execute(statement)]


def task(session: Session, viewer: Actor, task_id: int) -> tuple[Date, RecordTask] | None:
    """Give a task with its date for an act; None also for those who may not know of the meeting, or read its tasks."""
    found = session.get(RecordTask, task_id)
    record = session.get(Record, found.record_id) if found else None
    if found is None or record is None or record.state is RecordState.OPEN:
        return None
    place = date_by_id(session, record.occurrence_id)
    if place is None:
        return None
    sides = place.circle.sides
    own = viewer.works_for_institution and viewer.institution_id in (*sides, found.institution_id)
    return (place, found) if own else None


def record_of(session: Session, viewer: Actor, occurrence_id: int) -> RecordPage | None:
    """Give the record of a date as *viewer* may read it; None where he may not know of the date."""
    statement = (
        select(Event, Occurrence)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(Occurrence.id == occurrence_id, calendar.may_see(viewer))
    )
    found = session.exec(statement).first()
    return page_of(session, viewer, _date(session, *found)) if found else None


def page_of(session: Session, viewer: Actor, found: Date) -> RecordPage:
    """Give the record of a date as *viewer* reads it: up to six statements.

    A record in writing shows nothing but that it is written; guests read their own people only.
    """
    record, around = found.record, found.circle
    sees = rules.sight(viewer, around.sides, around.guests)
    done = record if record is not None and record.state is not RecordState.OPEN else None
    replies = replies_of(session, done.id or 0) if done else []
    words = tuple(_word(one, around) for one in replies) if sees is Sight.SIDE else ()
    people = attendance(session, done.id or 0) if done else []
    lines = _lines_of(session, done.id or 0) if done and sees is not Sight.FACT else []
    names = around.names | _names(session, [one.institution_id for one in people], around)
    mine = {viewer.institution_id}
    asked = {one.institution_id for one in replies if one.reply is Reply.ASKED}
    code = done.reason if done else ""
    reads = rules.reads_reason(viewer, code, sees)
    return RecordPage(
        date=found,
        sees=sees,
        state=record.state if record else None,
        outcome=done.outcome if done else None,
        side=done.side if done else None,
        reason=rules.REASONS[code].label if reads else "",
        note=done.reason_note if done and rules.reads_words(viewer, code, sees) else "",
        numbers=_numbers(done, sees),
        present=sum(bool(one.present) for one in people),
        topics=tuple(done.topics) if done and sees is not Sight.FACT else (),
        body=done.body if done and sees is not Sight.FACT else "",
        people=tuple(
            _person(one, names)
            for one in people
            if sees is Sight.SIDE or (sees is Sight.GUEST and one.institution_id in mine)
        ),
        tasks=tuple(one for one in lines if sees is Sight.SIDE or one.institution_id in mine),
        words=words,
        remarks=_remarks(session, done) if sees is Sight.SIDE else (),
        sealing=_sealing(done, replies),
        names=names,
        may_write=rules.may_write(viewer, around.sides) and done is None,
        may_answer=done is not None and done.state is RecordState.SUBMITTED and rules.may_answer(viewer, asked),
        may_remark=done is not None and done.state is RecordState.SEALED and rules.may_write(viewer, around.sides),
        may_tell=done is not None and done.outcome is Outcome.HELD and rules.may_tell(viewer, found.event.organiser_id),
    )


def sealed(session: Session, record: Record, starts_at: datetime) -> Sealed:
    """Give what the seal of a record covers, as the database holds it now. Three statements."""
    number = record.id or 0
    replies = [(one.institution_id, one.reply, one.remark, one.replied_at) for one in replies_of(session, number)]
    people = attendance(session, number)
    return Sealed(
        occurrence_id=record.occurrence_id,
        starts_at=starts_at,
        outcome=record.outcome,
        reason=record.reason,
        side=record.side,
        note=record.reason_note,
        numbers=(record.people_inside, record.family_members, record.others),
        topics=tuple(record.topics),
        body=record.body,
        people=tuple((one.person, one.function, one.institution_id, one.present) for one in people),
        tasks=tuple((one.text, one.institution_id, one.due_on) for one in tasks_of(session, number)),
        replies=tuple(replies),
        submitted_at=record.submitted_at,
        sealed_at=record.sealed_at,
    )


def called(session: Session, institution_ids: Sequence[int]) -> dict[int, list[str]]:
    """Give all address names that institutions have ever had, the present one first. Two statements."""
    present = columns(Institution.id, Institution.slug).where(col(Institution.id).in_(institution_ids))
    former = columns(InstitutionSlug.institution_id, InstitutionSlug.slug).where(
        col(InstitutionSlug.institution_id).in_(institution_ids)
    )
    found: dict[int, list[str]] = {}
    for statement in (present, former.order_by(col(InstitutionSlug.slug))):
        for institution_id, slug in session.execute(statement):
            found.setdefault(institution_id, []).append(slug)
    return found


def seal_holds(session: Session, record: Record, starts_at: datetime) -> bool:
    """Whether the content of a sealed record still gives its seal, counted anew from the database."""
    facts = sealed(session, record, starts_at)
    return rules.fits(record.seal, facts, called(session, facts.institutions))


def author(session: Session, user_id: int | None) -> str:
    """Give the name of whoever saved last, "" where the account is gone."""
    user = session.get(UserAccount, user_id) if user_id else None
    return user.name if user else ""


# --- the page of an event, the desk, accounts


def on_event(session: Session, page: calendar.EventPage, viewer: Actor, now: datetime) -> OnEvent | None:
    """Give what the page of an event says of its record; None before it begins and for what did not stand.

    Asks nothing of the database, but one statement where a note is approved or the viewer may write one.
    """
    event, occurrence = page.event, page.occurrence
    if occurrence.state is not State.PUBLISHED or occurrence.starts_at > now:
        return None
    owner = viewer.works_for_institution and viewer.institution_id == event.organiser_id
    badge = ""
    if rules.awaits_note(occurrence.outcome, occurrence.state, occurrence.ends_at, event.published_at, now):
        badge = "awaiting" if owner else "without"
    ran = {page.organiser.id, *((page.host.id,) if page.host else ()), *(one.id for one in page.co_organisers)}
    writes = rules.may_write(viewer, ran)
    row = None
    if occurrence.outcome is not None or writes:
        statement = columns(Record.state, Record.story, Record.story_link, Record.story_at)
        row = session.execute(statement.where(col(Record.occurrence_id) == occurrence.id)).first()
    told = row is not None and row[3] is not None
    return OnEvent(
        outcome=occurrence.outcome,
        badge=badge,
        state=row[0] if row else None,
        story=row[1] if row and told else "",
        story_link=row[2] if row and told else "",
        story_at=row[3] if row else None,
        may_write=writes and (row is None or row[0] is RecordState.OPEN),
        may_read=viewer.signed_in and occurrence.outcome is not None,
        address={"event_uuid": event.uuid, **({"day": occurrence.local_date} if event.rule else {})},
    )


def why_not(session: Session, viewer: Actor, occurrence_ids: Sequence[int]) -> dict[int, str]:
    """Give the msgids of why dates were not held that *viewer*, as one of their sides, reads. One statement at most."""
    if not occurrence_ids:
        return {}
    approved = columns(Record.occurrence_id, Record.reason).where(
        col(Record.occurrence_id).in_(occurrence_ids), col(Record.state) != RecordState.OPEN
    )
    found = session.execute(approved).all()
    return {one: rules.REASONS[code].label for one, code in found if rules.reads_reason(viewer, code, Sight.SIDE)}


def waiting(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Waiting]:
    """Give what waits for *viewer* on his desk, in one statement: notes to write, answers to give, tasks to do.

    Notes from the day after the meeting on, for coordinators of the organiser; answers for coordinators of those who
    were asked; tasks for everybody of the institution that took them. At most *limit* of each.
    """
    if not viewer.works_for_institution:
        return []
    asked = {"own_id": viewer.institution_id, "limit": limit, **_noteless(now)}
    today = warsaw.today(now)
    found = [_waiting(row, today) for row in rows(session, _waiting_lines(coordinates=viewer.coordinates), asked)]
    order = {"answer": 0, "note": 1, "task": 2}
    return sorted(found, key=lambda one: (order[one.what], one.due_on or one.day, one.id))


# What every desk asks is made once: making such a statement costs more than running it.
@lru_cache(maxsize=2)
def _waiting_lines(*, coordinates: bool) -> CompoundSelect[Any]:
    title = func.coalesce(Occurrence.title, Event.title)
    where = (cast(col(Event.uuid), String), col(Event.rule).is_not(None), Occurrence.local_date, title)
    nothing = cast(literal(""), String)
    no_day = cast(literal(None), DayColumn)
    in_all = func.count().over().label("in_all")
    task_rows = (
        columns(literal("task").label("what"), RecordTask.id, *where, RecordTask.text, RecordTask.due_on, in_all)
        .join(Record, col(Record.id) == RecordTask.record_id)
        .join(Occurrence, col(Occurrence.id) == Record.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(
            col(RecordTask.institution_id) == _OWN,
            col(RecordTask.done_at).is_(None),
            col(Record.state) != RecordState.OPEN,
        )
        .order_by(func.coalesce(RecordTask.due_on, date(2100, 1, 1)), col(RecordTask.id))
        .limit(_LIMIT)
    )
    parts = [task_rows]
    if coordinates:
        parts.append(
            columns(literal("answer"), Record.id, *where, nothing, Record.answer_by, in_all)
            .join(RecordReply, col(RecordReply.record_id) == Record.id)
            .join(Occurrence, col(Occurrence.id) == Record.occurrence_id)
            .join(Event, col(Event.id) == Occurrence.event_id)
            .where(
                col(RecordReply.institution_id) == _OWN,
                col(RecordReply.reply) == Reply.ASKED,
                col(Record.state) == RecordState.SUBMITTED,
            )
            .order_by(col(Record.answer_by), col(Record.id))
            .limit(_LIMIT)
        )
        parts.append(
            columns(literal("note"), Occurrence.id, *where, nothing, no_day, in_all)
            .join(Event, col(Event.id) == Occurrence.event_id)
            .where(*_WITHOUT_NOTE, col(Occurrence.organiser_id) == _OWN)
            .order_by(col(Occurrence.starts_at), col(Occurrence.id))
            .limit(_LIMIT)
        )
    return union_all(*(columns(*part.subquery().c) for part in parts))


def awaiting(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Waiting]:
    """Give the notes of meetings that the viewer's institution organised which wait for the word of others.

    One statement; *text* names who has to answer, *what* is "reply". The first to be closed comes first.
    """
    if not viewer.coordinates:
        return []
    today, asked = warsaw.today(now), {"own_id": viewer.institution_id, "limit": limit}
    return [_waiting(row, today) for row in rows(session, _awaiting_lines(), asked)]


@lru_cache(maxsize=1)
def _awaiting_lines() -> Select[Any]:
    title = func.coalesce(Occurrence.title, Event.title)
    name = func.coalesce(func.nullif(Institution.short_name, ""), Institution.name)
    return (
        columns(
            literal("reply"),
            Record.id,
            cast(col(Event.uuid), String),
            col(Event.rule).is_not(None),
            Occurrence.local_date,
            title,
            func.min(name),
            Record.answer_by,
            func.count().over(),
        )
        .select_from(Record)
        .join(RecordReply, col(RecordReply.record_id) == Record.id)
        .join(Institution, col(Institution.id) == RecordReply.institution_id)
        .join(Occurrence, col(Occurrence.id) == Record.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(
            col(Occurrence.organiser_id) == _OWN,
            col(Record.state) == RecordState.SUBMITTED,
            col(RecordReply.reply) == Reply.ASKED,
        )
        .group_by(col(Record.id), col(Occurrence.id), col(Event.id))
        .order_by(col(Record.answer_by), col(Record.id))
        .limit(_LIMIT)
    )


def late_notes(session: Session, now: datetime) -> list[tuple[int, datetime]]:
    """Give the dates of the portal that wait for a note, as (occurrence, end); who is late is for rules to say."""
    statement = (
        columns(Occurrence.id, Occurrence.ends_at)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(*_WITHOUT_NOTE)
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
    )
    return [(row[0], row[1]) for row in rows(session, statement, _noteless(now))]


def unanswered(session: Session, today: date) -> list[int]:
    """Give the records whose time for remarks is over."""
    statement = columns(Record.id).where(col(Record.state) == RecordState.SUBMITTED, col(Record.answer_by) < today)
    return list(session.scalars(statement.order_by(col(Record.id))))


def stories(
    session: Session,
    viewer: Actor,
    *,
    institution_id: int | None = None,
    programme_id: int | None = None,
    limit: int = STORIES_SHOWN,
) -> list[Story]:
    """Give the newest accounts of meetings of an institution or a project, in one statement.

    Of public events for everybody, of others for the signed-in; who may not know of an event reads neither its title
    nor its address.
    """
    conditions = []
    if programme_id is not None:
        conditions.append(col(Event.programme_id) == programme_id)
    if institution_id is not None:
        conditions.append(col(Occurrence.id).in_(dates_run_by((institution_id,))))
    statement = stories_of(viewer, *conditions).limit(limit)
    return [story_of(row) for row in session.execute(statement, calendar.viewing(viewer))]


def stories_of(viewer: Actor, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Give a SELECT of the accounts that *viewer* may read, the newest first, for story_of().

    It takes what calendar.viewing() gives.
    """
    knows = calendar.sight_of(viewer)
    readable = [col(Record.story_at).is_not(None), col(Occurrence.state) == State.PUBLISHED, *conditions]
    if not (viewer.signed_in and viewer.admitted):
        readable.append(knows)
    return (
        columns(
            col(Record.story),
            Record.story_link,
            Occurrence.local_date,
            Institution.name,
            Event.kind,
            func.coalesce(Occurrence.title, Event.title).label("called"),
            Event.uuid,
            col(Event.rule).is_not(None).label("series"),
            cast(knows, Boolean).label("known"),
        )
        .select_from(Record)
        .join(Occurrence, col(Occurrence.id) == Record.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(Institution, col(Institution.id) == Event.organiser_id)
        .where(*readable)
        .order_by(col(Occurrence.starts_at).desc(), col(Record.id).desc())
    )


def story_of(row: Sequence[Any]) -> Story:
    """Make an account of a row of stories_of(): title and address only for who may know of the event."""
    title, uuid = (row[5], row[6]) if row[8] else ("", None)
    return Story(row[0], row[1], row[2], row[3], row[4], title, uuid, bool(row[7]))


def dates_run_by(institution_ids: Sequence[int], *more: Any) -> Any:
    """Give the ids of the dates that one of these institutions organised, hosted or co-organised.

    Each way by an index of its own: an OR of them would read every date of the portal. *more* are further such ids.
    """
    named = (
        columns(Occurrence.id)
        .join(EventParty, col(EventParty.event_id) == Occurrence.event_id)
        .where(col(EventParty.institution_id).in_(institution_ids), _CO_ORGANISES)
    )
    return union(
        columns(Occurrence.id).where(col(Occurrence.organiser_id).in_(institution_ids)),
        columns(Occurrence.id).where(col(Occurrence.place_institution_id).in_(institution_ids)),
        named,
        *more,
    )


def co_organises(institution_id: int) -> ColumnElement[bool]:
    """Give the condition on Occurrence that an institution co-organises the event."""
    named = (
        columns(literal(1))
        .select_from(EventParty)
        .where(
            col(EventParty.event_id) == Occurrence.event_id,
            col(EventParty.institution_id) == institution_id,
            _CO_ORGANISES,
        )
    )
    return exists(named.correlate(Occurrence))


def _noteless(now: datetime) -> dict[str, datetime]:
    return {
        "since": now - rules.REMEMBERED - timedelta(days=15),
        "remembered": now - rules.REMEMBERED,
        "today_begins": warsaw.start_of(warsaw.today(now)),
    }


def _knows(viewer: Actor) -> ColumnElement[bool]:
    if not viewer.works_for_institution:
        return calendar.may_see(viewer)
    asked = columns(RecordReply.id).join(Record, col(Record.id) == RecordReply.record_id)
    own = (col(Record.occurrence_id) == Occurrence.id, col(RecordReply.institution_id) == viewer.institution_id)
    return or_(calendar.may_see(viewer), exists(asked.where(*own).correlate(Occurrence)))


def _waiting(row: Any, today: date) -> Waiting:
    what, number, uuid, series, day, title, text, due, total = row
    until = rules.note_due(warsaw.start_of(day)) if what == "note" else due
    return Waiting(
        what, number, UUID(uuid), bool(series), day, title, text, until, until is not None and until < today, total
    )


def _date(session: Session, event: Event, occurrence: Occurrence) -> Date:
    record = session.exec(select(Record).where(Record.occurrence_id == occurrence.id)).first()
    return Date(event, occurrence, circle(session, event, occurrence), record)


def _task_lines() -> Any:
    return (
        columns(
            RecordTask.id,
            RecordTask.text,
            RecordTask.institution_id,
            Institution.name,
            RecordTask.due_on,
            RecordTask.done_at,
            Event.uuid,
            col(Event.rule).is_not(None),
            Occurrence.local_date,
            func.coalesce(Occurrence.title, Event.title),
        )
        .join(Institution, col(Institution.id) == RecordTask.institution_id)
        .join(Record, col(Record.id) == RecordTask.record_id)
        .join(Occurrence, col(Occurrence.id) == Record.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
    )


def _lines_of(session: Session, record_id: int) -> list[TaskLine]:
    statement = _task_lines().where(col(RecordTask.record_id) == record_id)
    rows = session.execute(statement.order_by(col(RecordTask.position), col(RecordTask.id)))
    return [TaskLine(*row) for row in rows]


def _word(reply: RecordReply, around: Circle) -> Word:
    name = around.names.get(reply.institution_id, "")
    return Word(reply.institution_id, name, reply.reply, reply.replied_at, reply.remark)


def _remarks(session: Session, record: Record | None) -> tuple[Remark, ...]:
    if record is None or record.state is not RecordState.SEALED:
        return ()
    statement = (
        columns(Institution.name, RecordRemark.remark, RecordRemark.made_at)
        .join(Institution, col(Institution.id) == RecordRemark.institution_id)
        .where(col(RecordRemark.record_id) == record.id)
        .order_by(col(RecordRemark.id))
    )
    return tuple(Remark(*row) for row in session.execute(statement))


def _names(session: Session, ids: Sequence[int], around: Circle) -> dict[int, str]:
    missing = {one for one in ids if one not in around.names}
    if not missing:
        return {}
    rows = session.execute(columns(Institution.id, Institution.name).where(col(Institution.id).in_(missing)))
    return {row[0]: row[1] for row in rows}


def _person(row: Attendance, names: dict[int, str]) -> Person:
    name = names.get(row.institution_id, "")
    return Person(
        row.id or 0, row.person, row.function, row.institution_id, name, row.present, row.signup_id, row.user_id
    )


def _numbers(record: Record | None, sees: Sight) -> tuple[str, str, str]:
    if record is None:
        return "", "", ""
    inside, family, others = record.people_inside, record.family_members, record.others
    return rules.shown_count(inside, sees), rules.shown_count(family, sees), rules.shown_count(others, sees)


def _sealing(record: Record | None, replies: Sequence[RecordReply]) -> Sealing | None:
    if record is None or record.state is not RecordState.SEALED:
        return None
    return rules.sealing([one.reply for one in replies])

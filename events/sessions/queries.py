"""Reads of sessions: the dates of an edition with number and topic, how far each edition has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
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
    or_,
)
from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor
from app.db import columns, rows
from events.calendar import queries as calendar
from events.calendar.models import Admission, Event, EventParty, Occurrence, Outcome, Part, State, Visibility
from events.calendar.queries import EventCard
from events.sessions import joined, rules
from events.sessions.models import EditionSession
from events.signups.models import SignUp
from events.signups.rules import ACTIVE
from partners.institutions.models import Institution
from partners.people.models import Membership
from projects.editions.models import Edition, EditionState
from projects.editions.rules import SMALL
from projects.programmes.models import Programme, ProgrammePartner

joining = joined.panel


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A date of an edition as its page lists it. *number* is None for a date that was added a moment ago.

    *made_up_on* is the day of the catch-up session for it, *makes_up_for* the day of the one that this makes up for.
    """

    occurrence_id: int
    event_id: int
    uuid: UUID
    number: int | None
    topic: str
    title: str
    day: date
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    series: bool
    state: State
    outcome: Outcome | None
    reason: str
    place: str
    place_institution_id: int | None
    room: str
    online: bool
    capacity: int | None
    taken: int
    waiting: int
    over: bool
    begun: bool
    makes_up_for_id: int | None = None
    makes_up_for: date | None = None
    made_up_on: date | None = None

    @property
    def url(self) -> str:
        """Address of the page of this date."""
        address = f"/wydarzenia/{self.uuid}"
        return f"{address}/{self.day}" if self.series else address

    @property
    def stands(self) -> bool:
        """Whether it is to take place, or took place as far as anybody knows."""
        return self.state in (State.DRAFT, State.PUBLISHED) and self.outcome is not Outcome.NOT_HELD

    @property
    def can_be_made_up(self) -> bool:
        """Whether a catch-up session can be planned for it: cancelled or not held, and none there yet."""
        return self.number is not None and rules.can_be_made_up(self) and self.made_up_on is None


@dataclass(frozen=True, slots=True)
class EditionProgress:
    """How far an edition has come, counted out of the dates that the viewer may know of.

    *sessions* counts numbers of the plan, *recorded* dates whose record says whether they took place. *free* is the
    least number of free seats on a date to come, None without a limit or without such a date, and to who stands
    outside the circle where it would tell of one or two participants of a closed group.
    """

    edition_id: int
    number: int
    name: str
    state: EditionState
    starts_on: date | None
    ends_on: date | None
    sessions: int
    dates: int
    held: int
    cancelled: int
    recorded: int
    coming: int
    free: int | None
    waiting: int
    capacity: int | None
    participants: bool
    approval: bool
    opens_at: datetime | None
    closes_at: datetime | None
    next_uuid: UUID | None
    next_day: date | None
    next_starts_at: datetime | None
    next_series: bool

    @property
    def gone_by(self) -> int:
        """How many sessions of the plan have been, as far as anybody knows: the cancelled ones are not among them."""
        return min(max(self.dates - self.coming - self.cancelled, 0), self.sessions)

    @property
    def next_url(self) -> str:
        """Address of the next date, "" without one."""
        if self.next_uuid is None:
            return ""
        address = f"/wydarzenia/{self.next_uuid}"
        return f"{address}/{self.next_day}" if self.next_series else address


def of_edition(session: Session, viewer: Actor, edition_id: int, now: datetime) -> list[SessionLine]:
    """Give the dates of an edition that *viewer* may know of, in the order of time; drafts to those who prepare them.

    Without dates that were left out. One statement.
    """
    statement = (
        columns(
            Occurrence.id,
            Occurrence.event_id,
            Event.uuid,
            EditionSession.number,
            func.coalesce(EditionSession.topic, ""),
            func.coalesce(Occurrence.title, Event.title),
            Occurrence.local_date,
            Occurrence.starts_at,
            Occurrence.ends_at,
            Event.all_day,
            col(Event.rule).is_not(None),
            Occurrence.state,
            Occurrence.outcome,
            func.coalesce(func.nullif(Occurrence.cancel_reason, ""), Event.cancel_reason),
            func.coalesce(func.nullif(Institution.short_name, ""), Institution.name, Occurrence.place, Event.place, ""),
            Occurrence.place_institution_id,
            func.coalesce(Occurrence.room, Event.room, ""),
            Event.online,
            Event.capacity,
            Occurrence.seats_taken,
            Occurrence.waiting,
            EditionSession.makes_up_for_id,
            Occurrence.original_local,
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .outerjoin(EditionSession, col(EditionSession.occurrence_id) == Occurrence.id)
        .outerjoin(Institution, col(Institution.id) == Occurrence.place_institution_id)
        .where(
            col(Event.edition_id) == edition_id,
            col(Occurrence.state) != State.REMOVED,
            or_(calendar.may_see(viewer), calendar.own_draft(viewer)),
        )
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
    )
    # A date that the rule has no more stays on the pages of those who were signed up for it, and is no session.
    found = [row for row in session.execute(statement).all() if not row[22].microsecond]
    days = {row[0]: row[6] for row in found}
    stands = (State.DRAFT, State.PUBLISHED)
    made_up = {row[21]: row[6] for row in found if row[21] is not None and row[11] in stands}
    told: list[Any] = [
        (*row[:21], row[8] <= now, row[7] <= now, row[21], days.get(row[21]), made_up.get(row[0])) for row in found
    ]
    return [SessionLine(*values) for values in told]


def progress(session: Session, viewer: Actor, programme_id: int, now: datetime) -> list[EditionProgress]:
    """Give how far the editions of a programme have come, the newest first, in one statement.

    Those with a date that *viewer* may know of; to the circle of the programme all of them.
    """
    way = calendar.sees_as(viewer)[0], viewer.prepares, viewer.coordinates
    statement = _PROGRESS.get(way)
    if statement is None:
        statement = _PROGRESS[way] = _progress_of(viewer)
    values = calendar.viewing(viewer) | {"now": now, "programme_id": programme_id}
    return [_progress(row) for row in rows(session, statement, values)]


# Made once for each way of seeing: making it costs ten times what it takes to run.
_PROGRESS: dict[tuple[str, bool, bool], Any] = {}


def _progress_of(viewer: Actor) -> Any:
    now: BindParameter[datetime] = bindparam("now")
    programme_id: BindParameter[int] = bindparam("programme_id", type_=Integer())
    coming = and_(col(Occurrence.starts_at) > now, cast(col(Occurrence.state), String) == State.PUBLISHED.value)
    order: Any = (Event.edition_id, case((coming, 1), else_=0))
    by_time: Any = (Occurrence.starts_at, Occurrence.id)
    seen = (
        columns(
            Event.edition_id,
            col(Occurrence.id).label("date"),
            Occurrence.local_date,
            Occurrence.starts_at,
            cast(col(Occurrence.state), String).label("state"),
            cast(col(Occurrence.outcome), String).label("outcome"),
            EditionSession.number,
            case((coming, 1), else_=0).label("coming"),
            case((coming, col(Event.capacity) - Occurrence.seats_taken)).label("free"),
            case((coming, col(Occurrence.waiting))).label("waiting"),
            case((and_(coming, col(Event.participants), _is_few(Occurrence.seats_taken)), 1), else_=0).label("few"),
            cast(col(Event.uuid), String).label("uuid"),
            Event.signup_opens_at,
            Event.signup_closes_at,
            case((col(Event.rule).is_not(None), 1), else_=0).label("series"),
            case((cast(col(Event.admission), String) == Admission.APPROVAL.value, 1), else_=0).label("approval"),
            func.row_number().over(partition_by=order, order_by=by_time).label("place"),
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .outerjoin(EditionSession, col(EditionSession.occurrence_id) == Occurrence.id)
        .where(
            col(Event.programme_id) == programme_id,
            col(Event.edition_id).is_not(None),
            col(Occurrence.state) != State.REMOVED,
            or_(calendar.sight_of(viewer), calendar.own_draft_of(viewer)),
        )
    ).subquery()
    is_next = and_(seen.c.coming == 1, seen.c.place == 1)
    inside = _inside(viewer, programme_id)
    return (
        columns(
            Edition.id,
            Edition.number,
            Edition.name,
            Edition.state,
            func.coalesce(func.min(seen.c.local_date), Edition.starts_on),
            func.coalesce(func.max(case((seen.c.state != State.CANCELLED.value, seen.c.local_date))), Edition.ends_on),
            func.count(seen.c.number.distinct()),
            func.count(seen.c.date),
            func.count(case((seen.c.outcome == Outcome.HELD.value, 1))),
            func.count(case((and_(seen.c.state == State.CANCELLED.value, seen.c.number.is_not(None)), 1))),
            func.count(seen.c.outcome),
            func.coalesce(func.sum(seen.c.coming), 0),
            case((or_(func.max(seen.c.few) == 0, inside), func.min(seen.c.free))),
            func.coalesce(func.max(seen.c.waiting), 0),
            Edition.capacity,
            Edition.participants,
            func.coalesce(func.max(seen.c.approval), 0),
            func.max(case((is_next, seen.c.signup_opens_at))),
            func.max(case((is_next, seen.c.signup_closes_at))),
            func.max(case((is_next, seen.c.uuid))),
            func.max(case((is_next, seen.c.local_date))),
            func.max(case((is_next, seen.c.starts_at))),
            func.max(case((is_next, seen.c.series))),
        )
        .select_from(Edition)
        .outerjoin(seen, seen.c.edition_id == Edition.id)
        .where(col(Edition.programme_id) == programme_id)
        .group_by(col(Edition.id))
        .having(or_(func.count(seen.c.date) > 0, inside))
        .order_by(col(Edition.number).desc())
    )


@dataclass(frozen=True, slots=True)
class ProgrammeDate:
    """A date of a programme as its page lists it; *number* is that of the plan, None of a meeting beside editions.

    *catch_up*: it makes up for the date of that number.
    """

    card: EventCard
    public: bool
    edition_id: int | None
    number: int | None
    catch_up: bool


def of_programme(
    session: Session, viewer: Actor, programme_id: int, now: datetime, *, coming: int, past: int
) -> tuple[tuple[ProgrammeDate, ...], tuple[ProgrammeDate, ...]]:
    """Give the next dates of a programme that *viewer* may know of, and the last ones, the newest first.

    What began before today is not coming any more, even if it lasts for days. One statement.
    """
    values = calendar.viewing(viewer) | {
        "programme_id": programme_id,
        "now": now,
        "today": warsaw.start_of(warsaw.today(now)),
        "coming": coming,
        "past": past,
    }
    found = [
        ProgrammeDate(
            card=calendar.card_of(row, now),
            public=row[-4] is Visibility.PUBLIC,
            edition_id=row[-3],
            number=row[-2],
            catch_up=row[-1] is not None,
        )
        for row in rows(session, _with_numbers(calendar.dates_of_programme(viewer)), values)
    ]
    return (
        tuple(one for one in found if not one.card.over),
        tuple(one for one in reversed(found) if one.card.over),
    )


@lru_cache(maxsize=8)
def _with_numbers(statement: Select[Any]) -> Select[Any]:
    session_of = col(EditionSession.occurrence_id) == calendar.DATE.id
    return statement.outerjoin(EditionSession, session_of).add_columns(
        col(EditionSession.number), col(EditionSession.makes_up_for_id)
    )


def circle(session: Session, programme: Programme) -> list[calendar.Named]:
    """Give the lead and the partners that have agreed, as a form offers them; the lead first. One statement."""
    agreed = columns(ProgrammePartner.institution_id).where(
        col(ProgrammePartner.programme_id) == programme.id, col(ProgrammePartner.agreed_part).is_not(None)
    )
    statement = (
        columns(
            Institution.id,
            Institution.slug,
            Institution.name,
            Institution.short_name,
            Institution.kind,
        )
        .where(or_(col(Institution.id) == programme.lead_id, col(Institution.id).in_(agreed)))
        .order_by(case((col(Institution.id) == programme.lead_id, 0), else_=1), col(Institution.sort_key))
    )
    return [calendar.Named(*row) for row in session.execute(statement).all()]


def event_by_key(session: Session, uuid: UUID) -> Event | None:
    """Give the event that an earlier post of the same form made."""
    return session.exec(select(Event).where(Event.uuid == uuid)).first()


def events_of(session: Session, edition_id: int) -> list[Event]:
    """Give the events of an edition in the order in which acts lock them."""
    return list(session.exec(select(Event).where(Event.edition_id == edition_id).order_by(col(Event.id))).all())


def sessions_of(session: Session, edition_id: int) -> list[EditionSession]:
    """Give what is said of the dates of an edition, in the order of the plan."""
    statement = select(EditionSession).where(EditionSession.edition_id == edition_id)
    return list(session.exec(statement.order_by(col(EditionSession.number), col(EditionSession.occurrence_id))).all())


def dates_of(session: Session, edition_id: int) -> list[Occurrence]:
    """Give all dates of the events of an edition, in the order of time; those that were left out, too."""
    statement = select(Occurrence).join(Event, col(Event.id) == Occurrence.event_id)
    in_time = statement.where(col(Event.edition_id) == edition_id).order_by(
        col(Occurrence.starts_at), col(Occurrence.id)
    )
    return list(session.exec(in_time).all())


def has_plan(session: Session, edition_id: int) -> bool:
    """Tell whether an edition has dates that stand."""
    statement = (
        columns(literal(1))
        .select_from(EditionSession)
        .join(Occurrence, col(Occurrence.id) == EditionSession.occurrence_id)
        .where(
            col(EditionSession.edition_id) == edition_id,
            col(Occurrence.state).in_((State.DRAFT, State.PUBLISHED)),
        )
    )
    return session.execute(statement.limit(1)).first() is not None


def made_up(session: Session, occurrence_id: int) -> Occurrence | None:
    """Give the date that makes up for this one and stands, if there is one."""
    statement = (
        select(Occurrence)
        .join(EditionSession, col(EditionSession.occurrence_id) == Occurrence.id)
        .where(
            EditionSession.makes_up_for_id == occurrence_id,
            col(Occurrence.state).in_((State.DRAFT, State.PUBLISHED)),
        )
    )
    return session.exec(statement.limit(1)).first()


def misnumbered(session: Session, since: datetime) -> Sequence[int]:
    """Give the editions with dates that stand and have no number, or have one and were left out since."""
    numbered = exists().where(col(EditionSession.occurrence_id) == Occurrence.id)
    stands = col(Occurrence.state).in_((State.DRAFT, State.PUBLISHED))
    statement = (
        columns(Event.edition_id)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(
            col(Event.edition_id).is_not(None),
            col(Occurrence.ends_at) > since,
            or_(and_(stands, ~numbered), and_(col(Occurrence.state) == State.REMOVED, numbered)),
        )
        .distinct()
    )
    return sorted(session.execute(statement).scalars())


def not_brought_along(session: Session, now: datetime) -> list[Event]:
    """Give published catch-up sessions to come for which nobody has a row: their hosts agreed after the planning."""
    statement = (
        select(Event)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .join(EditionSession, col(EditionSession.occurrence_id) == Occurrence.id)
        .where(
            col(EditionSession.makes_up_for_id).is_not(None),
            col(Occurrence.state) == State.PUBLISHED,
            col(Occurrence.starts_at) > now,
            ~exists().where(col(SignUp.occurrence_id) == Occurrence.id),
        )
    )
    return list(session.exec(statement.order_by(col(Event.id))).all())


def not_invited(session: Session, now: datetime) -> list[tuple[int, int]]:
    """Give (event, institution): partners with people who have agreed since, and sessions to come that miss them."""
    coming = exists().where(col(Occurrence.event_id) == Event.id, col(Occurrence.ends_at) > now)
    stands = exists().where(
        col(EventParty.event_id) == Event.id,
        col(EventParty.institution_id) == ProgrammePartner.institution_id,
    )
    has_people = exists().where(
        col(Membership.institution_id) == ProgrammePartner.institution_id, col(Membership.ended_at).is_(None)
    )
    statement = (
        columns(Event.id, ProgrammePartner.institution_id)
        .join(ProgrammePartner, col(ProgrammePartner.programme_id) == Event.programme_id)
        .where(
            col(Event.edition_id).is_not(None),
            col(Event.state).in_((State.DRAFT, State.PUBLISHED)),
            col(ProgrammePartner.agreed_part).is_not(None),
            col(ProgrammePartner.institution_id) != Event.organiser_id,
            coming,
            ~stands,
            has_people,
        )
        .order_by(col(Event.id), col(ProgrammePartner.institution_id))
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def left_since(session: Session, now: datetime) -> list[tuple[int, int]]:
    """Give (event, institution): former partners still invited to sessions to come, and without places on them.

    Of events that nobody has changed since: whom the organiser invites after that is invited by him.
    """
    coming = exists().where(col(Occurrence.event_id) == Event.id, col(Occurrence.ends_at) > now)
    takes_part = (
        exists()
        .where(
            col(SignUp.occurrence_id) == Occurrence.id,
            col(Occurrence.event_id) == Event.id,
            col(SignUp.institution_id) == EventParty.institution_id,
            col(SignUp.state).in_(ACTIVE),
        )
        .correlate(Event, EventParty)
    )
    statement = (
        columns(Event.id, EventParty.institution_id)
        .join(ProgrammePartner, col(ProgrammePartner.programme_id) == Event.programme_id)
        .join(
            EventParty,
            and_(
                col(EventParty.event_id) == Event.id,
                col(EventParty.institution_id) == ProgrammePartner.institution_id,
                col(EventParty.part) == Part.INVITED,
            ),
        )
        .where(
            col(Event.edition_id).is_not(None),
            col(Event.state).in_((State.DRAFT, State.PUBLISHED)),
            col(ProgrammePartner.agreed_part).is_(None),
            col(ProgrammePartner.answered_at) > Event.changed_at,
            coming,
            ~takes_part,
        )
        .order_by(col(Event.id), col(EventParty.institution_id))
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def events_led(session: Session, programme_id: int, organiser_id: int, now: datetime) -> list[Event]:
    """Give the events of a programme's editions that an institution organises and that have a date to come."""
    coming = exists().where(col(Occurrence.event_id) == Event.id, col(Occurrence.ends_at) > now)
    statement = select(Event).where(
        Event.programme_id == programme_id,
        col(Event.edition_id).is_not(None),
        Event.organiser_id == organiser_id,
        col(Event.state).in_((State.DRAFT, State.PUBLISHED)),
        coming,
    )
    return list(session.exec(statement.order_by(col(Event.id))).all())


def _is_few(number: Any) -> ColumnElement[bool]:
    return and_(number > 0, number < SMALL)


def _inside(viewer: Actor, programme_id: BindParameter[int]) -> ColumnElement[bool]:
    if not viewer.works_for_institution:
        return false()
    own = calendar.VIEWER_INSTITUTION
    leads = exists().where(col(Programme.id) == programme_id, col(Programme.lead_id) == own)
    agreed = exists().where(
        col(ProgrammePartner.programme_id) == programme_id,
        col(ProgrammePartner.institution_id) == own,
        col(ProgrammePartner.agreed_part).is_not(None),
    )
    return or_(leads, agreed)


def _progress(row: Sequence[Any]) -> EditionProgress:
    closes_at, uuid, day, starts_at, is_series = row[18:]
    # One day closes the sign-up for all sessions of an edition.
    closes = min(closes_at, starts_at) if closes_at and starts_at else starts_at
    following = (UUID(uuid) if uuid else None, day, starts_at, bool(is_series))
    told: Any = (*row[:16], bool(row[16]), row[17], closes, *following)
    return EditionProgress(*told)

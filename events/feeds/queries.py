"""Reads of a feed: one statement to know its version, one more for its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Executable, String, and_, bindparam, cast, exists, func, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from app.accounts.models import UserAccount
from app.db import Database, rows
from events import ical
from events.calendar.models import Event, Occurrence, SignUpScope, State, Visibility
from events.feeds.models import CalendarFeed
from events.feeds.rules import PUBLIC_NAME, Edition, Feed, Kept
from events.ical import SingleDate
from events.shelf import queries as shelf
from events.shelf.models import FeedEvent, FeedKind, FeedState, InnerText
from events.signups.models import SignUp, SignUpState
from partners.institutions.models import Institution, InstitutionSlug, Status
from partners.people.models import Membership
from projects.programmes.models import Programme, ProgrammeState

# Made once, and asked at a glance: programs ask thousands of times an hour whether anything has changed, and a session
# with a statement made anew costs four times as much as the answer.
_STATE = (col(FeedState.version), col(FeedState.modified))
_OF_ALL = columns(*_STATE).where(col(FeedState.kind) == FeedKind.PUBLIC, col(FeedState.owner_id) == shelf.PUBLIC_OWNER)
_OF_INSTITUTION = (
    columns(col(Institution.id), col(Institution.name), col(Institution.changed_at), *_STATE)
    .outerjoin(
        FeedState,
        and_(col(FeedState.kind) == FeedKind.INSTITUTION, col(FeedState.owner_id) == col(Institution.id)),
    )
    .where(col(Institution.status) != Status.APPLIED, col(Institution.status) != Status.REFUSED)
)
_AT_SLUG = _OF_INSTITUTION.where(col(Institution.slug) == bindparam("slug"))
_ONCE_AT_SLUG = _OF_INSTITUTION.join(InstitutionSlug, col(InstitutionSlug.institution_id) == col(Institution.id)).where(
    col(InstitutionSlug.slug) == bindparam("slug")
)
# What a personal address opens. All that could close it is part of the one statement, so nobody has to revoke in time.
# A membership that began after the address was made is another one, so an old address does not come back to life.
_NEWEST_SIGN_UP = (
    columns(func.max(col(SignUp.changed_at)))
    .where(col(SignUp.institution_id) == col(CalendarFeed.institution_id))
    .correlate(CalendarFeed)
    .scalar_subquery()
)
_CURRENT = and_(
    col(Membership.user_id) == col(CalendarFeed.user_id),
    col(Membership.institution_id) == col(CalendarFeed.institution_id),
    col(Membership.ended_at).is_(None),
    col(Membership.since) <= col(CalendarFeed.made_at),
)
_KEPT = (
    columns(
        col(CalendarFeed.id),
        col(CalendarFeed.name),
        col(CalendarFeed.busy),
        col(CalendarFeed.institution_id),
        col(CalendarFeed.made_at),
        col(CalendarFeed.last_fetched_at),
        col(Membership.id),
        cast(col(Membership.role), String),
        _NEWEST_SIGN_UP,
        *_STATE,
    )
    .join(UserAccount, col(UserAccount.id) == col(CalendarFeed.user_id))
    .join(Membership, _CURRENT)
    .join(Institution, col(Institution.id) == col(CalendarFeed.institution_id))
    .outerjoin(
        FeedState,
        and_(col(FeedState.kind) == FeedKind.INNER, col(FeedState.owner_id) == col(CalendarFeed.institution_id)),
    )
    .where(
        col(CalendarFeed.token_hash) == bindparam("token_hash"),
        col(CalendarFeed.revoked_at).is_(None),
        col(UserAccount.locked_at).is_(None),
        col(UserAccount.is_operator).is_(False),
        col(UserAccount.inspects).is_(None),
        col(Institution.status) != Status.APPLIED,
        col(Institution.status) != Status.REFUSED,
    )
)
_OF_PROGRAMME = (
    columns(col(Programme.id), col(Programme.title), col(Programme.changed_at), *_STATE)
    .outerjoin(
        FeedState,
        and_(col(FeedState.kind) == FeedKind.PROGRAMME, col(FeedState.owner_id) == col(Programme.id)),
    )
    .where(col(Programme.slug) == bindparam("slug"), col(Programme.state) != ProgrammeState.DRAFT)
)


def _seated() -> ColumnElement[bool]:
    # Written out as constants, as in the calendar: an IN of bound values is put together anew at every execution.
    asked_on_a_seat = and_(col(SignUp.state) == SignUpState.REQUESTED, col(SignUp.holds_seat).is_(True))
    return or_(col(SignUp.state) == SignUpState.SEAT, asked_on_a_seat)


# The dates on which an institution has seats, of events that do not stand in its calendars by its own part in them.
# What has become a matter of the invited alone is no longer shown to those whom nobody has invited.
_SEATS = (
    columns(
        col(Occurrence.event_id),
        col(InnerText.ics),
        col(InnerText.busy),
        and_(col(Event.rule).is_not(None), col(Event.signup_scope) == SignUpScope.DATE),
        col(Occurrence.original_local),
        col(Occurrence.starts_at),
        col(Occurrence.ends_at),
        col(Event.all_day),
    )
    .join(Event, col(Event.id) == col(Occurrence.event_id))
    .join(InnerText, col(InnerText.event_id) == col(Occurrence.event_id))
    .where(
        col(Occurrence.id).in_(
            columns(col(SignUp.occurrence_id)).where(
                col(SignUp.institution_id) == bindparam("institution_id"), _seated()
            )
        ),
        col(Occurrence.visibility) != Visibility.INVITED,
        or_(
            and_(col(Occurrence.state) == State.PUBLISHED, col(Occurrence.ends_at) >= bindparam("since")),
            and_(col(Occurrence.state) == State.CANCELLED, col(Occurrence.ends_at) >= bindparam("cancelled_since")),
        ),
        ~exists().where(
            col(FeedEvent.kind) == FeedKind.INNER,
            col(FeedEvent.owner_id) == bindparam("institution_id"),
            col(FeedEvent.event_id) == col(Occurrence.event_id),
        ),
    )
    .order_by(col(Occurrence.starts_at), col(Occurrence.id))
)


@dataclass(frozen=True, slots=True)
class OwnFeed:
    """A calendar of one's own as its person sees it; *institution* is whose meetings it shows."""

    id: int
    name: str
    busy: bool
    institution: str
    made_at: datetime
    fetched_at: datetime | None
    client: str


def public(database: Database) -> Feed:
    """Give the feed of everything that everybody may see."""
    row = database.glance(_OF_ALL)
    version, modified = row or (0, None)
    return Feed(FeedKind.PUBLIC, shelf.PUBLIC_OWNER, PUBLIC_NAME, version, modified)


def of_institution(database: Database, slug: str) -> Feed | None:
    """Give the feed of an institution, archived ones included (subscribers stay), or None.

    An address that the institution once had gives the same, so that whoever subscribed to it keeps being served.
    """
    found = _feed(database, FeedKind.INSTITUTION, _AT_SLUG, slug)
    return found or _feed(database, FeedKind.INSTITUTION, _ONCE_AT_SLUG, slug)


def of_programme(database: Database, slug: str) -> Feed | None:
    """Give the feed of a programme, or None: also for a draft, whose title only its lead may read."""
    return _feed(database, FeedKind.PROGRAMME, _OF_PROGRAMME, slug)


def kept(database: Database, hashed: str) -> Kept | None:
    """Give the personal feed whose secret has this hash; None for what is unknown, revoked, or has lost its right."""
    row = database.glance(_KEPT, {"token_hash": hashed})
    if row is None:
        return None
    feed_id, name, busy, institution_id, made_at, fetched_at, membership_id, role, signed_at, version, modified = row
    signed = f"{signed_at.timestamp():.6f}" if signed_at else ""
    mark = f".{membership_id}.{role}.{signed}"
    changed = max(made_at, modified or made_at, signed_at or made_at)
    feed = Feed(FeedKind.INNER, feed_id, name, version or 0, changed, mark)
    return Kept(feed_id, institution_id, busy, fetched_at, feed)


def kept_texts(session: Session, found: Kept, edition: Edition) -> list[bytes]:
    """Give the VEVENTs of a personal feed: where the institution takes part, and the dates it has seats on.

    Two statements. A series of which it has signed up for some dates alone stands there with those.
    """
    window = {"since": edition.since, "cancelled_since": edition.cancelled_since}
    texts = list(shelf.inner_texts(session, found.institution_id, busy=found.busy, **window))
    of_series: dict[int, tuple[bytes, list[SingleDate]]] = {}
    parameters = {"institution_id": found.institution_id, **window}
    for event_id, ics, busy, is_apart, *date in rows(session, _SEATS, parameters):
        text = busy if found.busy else ics
        if is_apart:
            of_series.setdefault(event_id, (text, []))[1].append(SingleDate(*date))
        else:
            of_series[event_id] = text, []
    texts += [ical.alone(text, dates) if dates else text for text, dates in of_series.values()]
    return texts


def own(session: Session, user_id: int) -> list[OwnFeed]:
    """Give the calendars of a person that work, the newest first."""
    statement = (
        columns(
            col(CalendarFeed.id),
            col(CalendarFeed.name),
            col(CalendarFeed.busy),
            col(Institution.name),
            col(CalendarFeed.made_at),
            col(CalendarFeed.last_fetched_at),
            col(CalendarFeed.last_client),
        )
        .join(Membership, _CURRENT)
        .join(Institution, col(Institution.id) == col(CalendarFeed.institution_id))
        .where(col(CalendarFeed.user_id) == user_id, col(CalendarFeed.revoked_at).is_(None))
        .order_by(col(CalendarFeed.id).desc())
    )
    return [OwnFeed(*row) for row in session.execute(statement).all()]


def of_person(session: Session, user_id: int, feed_id: int) -> CalendarFeed | None:
    """Give one calendar of this person for an act; None for another's, and for a revoked one."""
    found = session.get(CalendarFeed, feed_id)
    return found if found and found.user_id == user_id and found.revoked_at is None else None


def number(session: Session, user_id: int) -> int:
    """Count the addresses of a person that have not been revoked."""
    statement = select(func.count()).where(col(CalendarFeed.user_id) == user_id, col(CalendarFeed.revoked_at).is_(None))
    return session.exec(statement).one()


def without_right(session: Session) -> list[CalendarFeed]:
    """Give the calendars whose person has left the institution: their addresses are dead already."""
    current = exists().where(_CURRENT)
    statement = select(CalendarFeed).where(col(CalendarFeed.revoked_at).is_(None), ~current)
    return list(session.exec(statement.order_by(col(CalendarFeed.id))).all())


def behind(session: Session, since: datetime) -> list[int]:
    """Give the institutions whose version is older than something that their people's calendars show.

    That is a text of an event on which they have seats, or a sign-up of theirs noted since *since*: two that were
    made in the same moment may be stored in another order than they were dated.
    """
    seen = (
        columns(col(SignUp.institution_id))
        .join(Occurrence, col(Occurrence.id) == col(SignUp.occurrence_id))
        .join(InnerText, col(InnerText.event_id) == col(Occurrence.event_id))
        .outerjoin(
            FeedState,
            and_(col(FeedState.kind) == FeedKind.INNER, col(FeedState.owner_id) == col(SignUp.institution_id)),
        )
        .where(
            _seated(),
            or_(
                col(FeedState.id).is_(None),
                col(FeedState.modified) < col(InnerText.modified),
                and_(col(SignUp.changed_at) >= since, col(FeedState.modified) < col(SignUp.changed_at)),
            ),
        )
        .distinct()
    )
    return sorted(session.execute(seen).scalars().all())


def texts(session: Session, feed: Feed, edition: Edition) -> Sequence[bytes]:
    """Give the VEVENTs of *feed* within the window of *edition*."""
    return shelf.texts(session, feed.kind, feed.owner_id, since=edition.since, cancelled_since=edition.cancelled_since)


def _feed(database: Database, kind: FeedKind, statement: Executable, slug: str) -> Feed | None:
    row = database.glance(statement, {"slug": slug})
    if row is None:
        return None
    owner_id, name, changed_at, version, modified = row
    # The owner's name is part of the text; any change of its card counts as a change for If-Modified-Since.
    return Feed(kind, owner_id, name, version or 0, max(modified or changed_at, changed_at))


def texts_on(session: Session, institution_id: int, occurrence_ids: Sequence[int]) -> list[bytes]:
    """Give the VEVENTs of these dates as the institution's personal feeds have them, with the same UIDs. One statement.

    A series in which it takes part stands there whole; one of which it has signed up for some dates with those alone.
    """
    taken_part = exists().where(
        col(FeedEvent.kind) == FeedKind.INNER,
        col(FeedEvent.owner_id) == institution_id,
        col(FeedEvent.event_id) == col(Occurrence.event_id),
    )
    by_date = and_(col(Event.rule).is_not(None), col(Event.signup_scope) == SignUpScope.DATE, ~taken_part)
    statement = (
        columns(
            col(Occurrence.event_id),
            col(InnerText.ics),
            by_date,
            col(Occurrence.original_local),
            col(Occurrence.starts_at),
            col(Occurrence.ends_at),
            col(Event.all_day),
        )
        .join(Event, col(Event.id) == col(Occurrence.event_id))
        .join(InnerText, col(InnerText.event_id) == col(Occurrence.event_id))
        .where(col(Occurrence.id).in_(occurrence_ids))
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
    )
    found: dict[int, tuple[bytes, list[SingleDate]]] = {}
    for event_id, ics, is_apart, *date in session.execute(statement):
        dates = found.setdefault(event_id, (ics, []))[1]
        if is_apart:
            dates.append(SingleDate(*date))
    return [ical.alone(text, dates) if dates else text for text, dates in found.values()]

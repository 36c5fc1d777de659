"""Reads of a feed: one statement to know its version, one more for its text."""

from collections.abc import Sequence

from sqlalchemy import Executable, and_, bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col

from app.db import Database
from events.feeds.models import CalendarFeed
from events.feeds.rules import PUBLIC_NAME, Edition, Feed
from events.shelf import queries as shelf
from events.shelf.models import FeedKind, FeedState
from partners.institutions.models import Institution, InstitutionSlug, Status
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
# What a personal address opens; everything that could close it is part of the one statement.
_KEPT = columns(col(CalendarFeed.id), col(CalendarFeed.institution_id)).where(
    col(CalendarFeed.token_hash) == bindparam("token_hash"), col(CalendarFeed.revoked_at).is_(None)
)
_OF_PROGRAMME = (
    columns(col(Programme.id), col(Programme.title), col(Programme.changed_at), *_STATE)
    .outerjoin(
        FeedState,
        and_(col(FeedState.kind) == FeedKind.PROGRAMME, col(FeedState.owner_id) == col(Programme.id)),
    )
    .where(col(Programme.slug) == bindparam("slug"), col(Programme.state) != ProgrammeState.DRAFT)
)


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

"""Calendars of those who come: what changes an event raises the personal feeds of everybody who is signed up for it."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from events.changes import queries
from events.shelf import actions as shelf
from events.shelf.models import FeedKind


def hold(session: Session, event_ids: Sequence[int]) -> None:
    """Lock, in one order, the versions of all feeds that a change of these events will raise. Call under their lock."""
    if shelf.takes_locks(session):
        shelf.hold(session, event_ids, queries.institutions_with_people(session, event_ids))


def tell(session: Session, event_ids: Sequence[int], now: datetime) -> None:
    """Raise the personal feeds of the institutions that have people on these events.

    The shelf knows those who prepare an event or are invited. Those who are only signed up are joined at reading, so
    that signing up writes nothing more: hence their versions are raised here.
    """
    session.flush()
    shelf.touch(session, {(FeedKind.INNER, one) for one in queries.institutions_with_people(session, event_ids)}, now)

"""Reads of the shelf: versions of feeds, stored texts, texts written by older code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, or_
from sqlmodel import Session, col, select

from app.db import columns, rows
from events import ical
from events.shelf.models import EventText, FeedEvent, FeedKind, FeedState, InnerText

PUBLIC_OWNER = 0


@dataclass(frozen=True, slots=True)
class FeedVersion:
    """How far a feed has moved: *version* grows with every change that touches it, *modified* is an instant."""

    version: int
    modified: datetime


def version(session: Session, kind: FeedKind, owner_id: int = PUBLIC_OWNER) -> FeedVersion | None:
    """Give the version of one feed, or None if nothing ever stood in it."""
    row = session.exec(
        select(FeedState.version, FeedState.modified).where(FeedState.kind == kind, FeedState.owner_id == owner_id)
    ).first()
    return FeedVersion(*row) if row else None


def texts(
    session: Session, kind: FeedKind, owner_id: int, *, since: datetime, cancelled_since: datetime
) -> Sequence[bytes]:
    """Give the stored VEVENTs of a feed, the earliest date first, in one statement.

    What ended before *since* is left out; what is cancelled, before *cancelled_since* (instants).
    """
    window: ColumnElement[bool] = and_(
        col(EventText.last_day) >= since,
        or_(col(EventText.cancelled).is_(False), col(EventText.last_day) >= cancelled_since),
    )
    statement = select(EventText.ics).where(window).order_by(col(EventText.last_day), col(EventText.event_id))
    if kind is not FeedKind.PUBLIC:
        statement = statement.join(FeedEvent, col(FeedEvent.event_id) == col(EventText.event_id)).where(
            FeedEvent.kind == kind, FeedEvent.owner_id == owner_id
        )
    return session.exec(statement).all()


def inner_texts(
    session: Session, institution_id: int, *, busy: bool, since: datetime, cancelled_since: datetime
) -> Sequence[bytes]:
    """Give what stands in the calendars of an institution's own people, or its times alone; else as `texts`."""
    statement = (
        select(InnerText.busy if busy else InnerText.ics)
        .join(FeedEvent, col(FeedEvent.event_id) == col(InnerText.event_id))
        .where(
            FeedEvent.kind == FeedKind.INNER,
            FeedEvent.owner_id == institution_id,
            col(InnerText.last_day) >= since,
            or_(col(InnerText.cancelled).is_(False), col(InnerText.last_day) >= cancelled_since),
        )
        .order_by(col(InnerText.last_day), col(InnerText.event_id))
    )
    return session.exec(statement).all()


def text(session: Session, event_id: int) -> bytes | None:
    """Give the stored VEVENT of an event as those concerned read it; None for a draft."""
    found = rows(session, _TEXT, {"event_id": event_id})
    return found[0][0] if found else None


_TEXT = columns(InnerText.ics).where(col(InnerText.event_id) == bindparam("event_id"))


def outdated(session: Session) -> Sequence[int]:
    """Give the ids of the events whose text was written by another RENDER: `kladka db upgrade` rebuilds them."""
    return session.exec(
        select(EventText.event_id).where(EventText.render != ical.RENDER).order_by(col(EventText.event_id))
    ).all()


def outdated_inner(session: Session) -> Sequence[int]:
    """Give the ids of the events whose inner text was written by another RENDER."""
    return session.exec(
        select(InnerText.event_id).where(InnerText.render != ical.RENDER).order_by(col(InnerText.event_id))
    ).all()


def public_texts(session: Session, event_ids: Sequence[int]) -> dict[int, EventText]:
    """Give the stored public texts of these events, those that the present RENDER has written."""
    statement = select(EventText).where(col(EventText.event_id).in_(event_ids), EventText.render == ical.RENDER)
    return {one.event_id: one for one in session.exec(statement).all()}

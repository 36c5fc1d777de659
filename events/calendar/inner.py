"""The inner calendar texts of all events at once: written where they are missing, and compared with the rows."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, delete, exists, insert, literal, tuple_, union
from sqlmodel import Session, col, select

from app.db import choice, columns
from events.calendar import actions, series
from events.calendar.models import Answer, Event, EventParty, State
from events.shelf import actions as shelf
from events.shelf import queries as shelf_queries
from events.shelf.models import FeedEvent, FeedKind, InnerText

_AT_ONCE = 500
_KNOWN = (State.PUBLISHED, State.CANCELLED)


def renew(session: Session, now: datetime) -> int:
    """Write the inner texts that are missing or were written by older code, and let them stand where they should.

    For `kladka db upgrade` and the night, in batches: after each, the session forgets what it has read. Returns how
    many texts and places were not as they should be.
    """
    outdated = list(shelf_queries.outdated_inner(session))
    for ids in _batches(outdated):
        events = [(event_id, actions.items(session, session.get_one(Event, event_id))) for event_id in ids]
        shelf.rebuild_inner(session, events, now)
        _forget(session)
    return len(outdated) + _fill(session, now) + agree(session, now)


def agree(session: Session, now: datetime) -> int:
    """Compare where the inner texts stand with what events and parties say, and set right what differs.

    Returns how many places differed. Nothing should: each change of an event places its text itself.
    """
    stored = columns(col(FeedEvent.owner_id), col(FeedEvent.event_id)).where(col(FeedEvent.kind) == FeedKind.INNER)
    wanted = _wanted()
    found = wanted.subquery()
    missing = session.execute(columns(found).except_(stored)).all()
    surplus = session.execute(stored.except_(columns(found))).all()
    for rows in _batches(surplus):
        keys = tuple_(col(FeedEvent.owner_id), col(FeedEvent.event_id))
        session.execute(
            delete(FeedEvent).where(col(FeedEvent.kind) == FeedKind.INNER, keys.in_([tuple(row) for row in rows]))
        )
    if len(missing) > _AT_ONCE:
        kind = literal(FeedKind.INNER, choice(FeedKind))
        absent = columns(found).except_(stored).subquery()
        session.execute(
            insert(FeedEvent).from_select(["kind", "owner_id", "event_id"], columns(kind, absent.c[0], absent.c[1]))
        )
    elif missing:
        session.execute(
            insert(FeedEvent),
            [{"kind": FeedKind.INNER, "owner_id": owner_id, "event_id": event_id} for owner_id, event_id in missing],
        )
    shelf.touch(session, {(FeedKind.INNER, owner_id) for owner_id, _event_id in (*missing, *surplus)}, now)
    return len(missing) + len(surplus)


def _wanted() -> CompoundSelect[tuple[int, int]]:
    """Select institution and event of each place that calendar.actions gives an inner text, by the rows alone."""
    known = col(Event.state).in_(_KNOWN)
    return union(
        columns(col(Event.organiser_id).label("owner_id"), col(Event.id).label("event_id")).where(known),
        columns(col(Event.place_institution_id), col(Event.id)).where(
            known, col(Event.place_institution_id).is_not(None)
        ),
        columns(col(EventParty.institution_id), col(EventParty.event_id))
        .join(Event, col(Event.id) == EventParty.event_id)
        .where(known, col(EventParty.answer).is_distinct_from(Answer.DECLINED)),
    )


def _fill(session: Session, now: datetime) -> int:
    written = last_id = 0
    while True:
        statement = (
            select(Event.id)
            .where(
                col(Event.id) > last_id,
                col(Event.state).in_(_KNOWN),
                ~exists().where(col(InnerText.event_id) == Event.id),
            )
            .order_by(col(Event.id))
            .limit(_AT_ONCE)
        )
        ids = [event_id or 0 for event_id in session.exec(statement).all()]
        if not ids:
            return written
        shelf.add_inner(session, list(_texts(session, ids, now)))
        _forget(session)
        written, last_id = written + len(ids), ids[-1]


def _texts(session: Session, ids: Sequence[int], now: datetime) -> Iterator[InnerText]:
    # What everybody may read is the same text, so most need not be written anew.
    public = shelf_queries.public_texts(session, ids)
    for event_id in ids:
        known = public.get(event_id)
        if known is not None:
            yield shelf.inner_text(event_id, known.ics, known.last_day, known.modified, cancelled=known.cancelled)
            continue
        event = session.get_one(Event, event_id)
        last = series.last_end(event, series.occurrences(session, event), now)
        yield shelf.inner_of(event_id, actions.items(session, event), last, event.changed_at)


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for begin in range(0, len(rows), _AT_ONCE):
        yield rows[begin : begin + _AT_ONCE]


def _forget(session: Session) -> None:
    session.flush()
    session.expunge_all()

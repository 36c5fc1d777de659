"""What an edition of a programme says of its sessions: its row follows the dates of its events, under its lock."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, func
from sqlmodel import Session, col

from app.db import columns, lock
from events.calendar.models import Event, Occurrence, State
from projects.editions import actions as editions
from projects.editions.models import Edition, EditionState
from projects.programmes.models import Programme


def hold(session: Session, event: Event) -> None:
    """Lock programme and edition of an event, before the event itself; nothing happens for others."""
    if event.edition_id is not None:
        if event.programme_id is not None:
            lock(session, Programme, event.programme_id)
        lock(session, Edition, event.edition_id)


def hold_all(session: Session, event_ids: Collection[int]) -> None:
    """Lock programmes and editions of several events, before the events themselves; each kind in the order of ids."""
    known = columns(Event.programme_id, Event.edition_id).where(
        col(Event.id).in_(event_ids), col(Event.edition_id).is_not(None)
    )
    found = session.execute(known).all() if event_ids else []
    for programme_id in sorted({row[0] for row in found if row[0] is not None}):
        lock(session, Programme, programme_id)
    for edition_id in sorted({row[1] for row in found}):
        lock(session, Edition, edition_id)


def follow(session: Session, event: Event, now: datetime, *, sessions: int | None = None) -> None:
    """Let the edition of *event* say from when to when its dates are, and that it is open once one is published.

    Seats are those of the event that was changed last. The room of sessions says how many *sessions* there are.
    Call under the lock of the edition; dates must have been flushed.
    """
    edition = session.get(Edition, event.edition_id) if event.edition_id is not None else None
    if edition is None:
        return
    stands = col(Occurrence.state).in_((State.DRAFT, State.PUBLISHED))
    statement = (
        columns(
            func.min(Occurrence.local_date),
            func.max(case((stands, col(Occurrence.local_date)))),
            func.max(case((col(Occurrence.state) == State.PUBLISHED, 1), else_=0)),
        )
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(col(Event.edition_id) == edition.id, col(Occurrence.state) != State.REMOVED)
    )
    starts_on, ends_on, published = session.execute(statement).one()
    opens = edition.state is EditionState.PLANNED and bool(published)
    number = edition.sessions if sessions is None and starts_on is not None else sessions or 0
    says = (starts_on, ends_on or starts_on, number, event.participants, event.capacity)
    said = (edition.starts_on, edition.ends_on, edition.sessions, edition.participants, edition.capacity)
    if opens or says != said:
        editions.follow_plan(
            session,
            edition,
            now,
            starts_on=starts_on,
            ends_on=ends_on or starts_on,
            sessions=number,
            participants=event.participants,
            capacity=event.capacity,
            state=EditionState.OPEN if opens else None,
        )

"""The end of an edition before its time: one act that reaches every series of its sessions."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.actors import Actor
from events.calendar import actions as calendar
from events.calendar.models import Event, Occurrence, State
from events.changes import actions as changes
from projects.editions import actions as editions
from projects.editions.models import Edition


def call_off(session: Session, actor: Actor, edition: Edition, reason: str, now: datetime) -> int:
    """Call an edition off: its coming dates are cancelled with *reason*, its drafts deleted; tell how many were told.

    What took place stays, with its records. Locks programme and edition, then event after event. Raises what
    projects.editions.actions.cancel raises.
    """
    editions.cancel(session, actor, edition, now)
    ahead = select(Occurrence.event_id).where(Occurrence.state == State.PUBLISHED, col(Occurrence.ends_at) > now)
    events = session.exec(select(Event).where(Event.edition_id == edition.id).order_by(col(Event.id))).all()
    coming = set(session.exec(ahead.where(col(Occurrence.event_id).in_([event.id for event in events]))))
    told = 0
    for event in events:
        if event.state is State.DRAFT:
            calendar.discard(session, actor, event, now)
        elif event.state is State.PUBLISHED and event.id in coming:
            told += changes.cancel(session, actor, event, reason, now)
    return told

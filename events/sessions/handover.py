"""Another institution takes the lead of a programme: its sessions to come are organised by it from then on."""

from datetime import datetime

from sqlmodel import Session

from app.actors import Actor
from events.calendar import actions as calendar
from events.calendar import series
from events.calendar.models import State
from events.changes import calendars
from events.gate import actions as gate
from events.sessions import queries
from projects.programmes import parties
from projects.programmes.models import Programme


def take_over(session: Session, actor: Actor, programme: Programme, now: datetime) -> int:
    """Take the lead for the actor's institution, with the sessions that are still to come; return how many events.

    The former lead stays on them as a co-organiser, so that their records are its own, too. Locks the institution, the
    programme, then editions and events. Raises what programmes.parties.take_lead raises.
    """
    former_id = parties.take_lead(session, actor, programme, now)
    organiser_id = actor.institution_id or 0
    events = queries.events_led(session, programme.id or 0, former_id, now)
    for event in events:
        calendar.hand_over(session, actor, event, organiser_id, now)
        ahead = [row for row in series.occurrences(session, event) if row.starts_at > now]
        gate.speakers(session, actor, event, ahead, now)
    calendars.tell(session, [one.id or 0 for one in events if one.state is State.PUBLISHED], now)
    return len(events)

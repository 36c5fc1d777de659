"""What the worker does for sessions: numbers of new dates, partners who come and go, people who come along."""

from datetime import datetime, timedelta
from itertools import groupby

from sqlmodel import Session

from events.sessions import actions, queries

_LOOKED_BACK = timedelta(days=7)


def number_new_dates(session: Session, now: datetime) -> int:
    """Let dates that a new rhythm has made be sessions with number and topic; return how many."""
    return sum(actions.number_dates(session, one, now) for one in queries.misnumbered(session, now - _LOOKED_BACK))


def invite_new_partners(session: Session, now: datetime) -> int:
    """Let partners who have agreed since find the sessions in their calendars; return how many were added."""
    found = groupby(queries.not_invited(session, now), key=lambda pair: pair[0])
    return sum(actions.invite(session, event_id, [pair[1] for pair in pairs], now) for event_id, pairs in found)


def let_former_partners_go(session: Session, now: datetime) -> int:
    """Let who has left a project find its sessions for the invited no more; return how many invitations went."""
    found = groupby(queries.left_since(session, now), key=lambda pair: pair[0])
    return sum(actions.let_go(session, event_id, [pair[1] for pair in pairs], now) for event_id, pairs in found)


def bring_along(session: Session, now: datetime) -> int:
    """Put whoever is signed up for an edition on catch-up sessions published since; return how many rows."""
    return sum(actions.bring_along(session, event, now) for event in queries.not_brought_along(session, now))

"""What the worker does for sessions: numbers of dates that a new rhythm has made, people for catch-up sessions."""

from datetime import datetime, timedelta

from sqlmodel import Session

from events.sessions import actions, queries

_LOOKED_BACK = timedelta(days=7)


def number_new_dates(session: Session, now: datetime) -> int:
    """Let dates that a new rhythm has made be sessions with number and topic; return how many."""
    return sum(actions.number_dates(session, one, now) for one in queries.misnumbered(session, now - _LOOKED_BACK))


def bring_along(session: Session, now: datetime) -> int:
    """Put whoever is signed up for an edition on catch-up sessions published since; return how many rows."""
    return sum(actions.bring_along(session, event, now) for event in queries.not_brought_along(session, now))

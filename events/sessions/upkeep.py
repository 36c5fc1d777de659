"""What the worker does for sessions: numbers of dates that a change of the rhythm has made."""

from datetime import datetime, timedelta

from sqlmodel import Session

from events.sessions import actions, queries

_LOOKED_BACK = timedelta(days=7)


def number_new_dates(session: Session, now: datetime) -> int:
    """Let dates that a new rhythm has made be sessions with number and topic; return how many."""
    return sum(actions.number_dates(session, one, now) for one in queries.without_number(session, now - _LOOKED_BACK))

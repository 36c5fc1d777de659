"""How far the people of an institution have read a thread: noted beside the page that shows it."""

from datetime import datetime

from sqlmodel import Session

from app.db import insert
from events.visits.models import VisitSeen


def note(session: Session, visit_id: int, institution_id: int, position: int, now: datetime) -> None:
    """Note that somebody of this institution has read the thread up to *position*; never back."""
    seen = session.get(VisitSeen, (visit_id, institution_id), with_for_update=True)
    if seen is None:
        insert(session, VisitSeen, visit_id=visit_id, institution_id=institution_id, position=position, seen_at=now)
    elif seen.position < position:
        seen.position, seen.seen_at = position, now
        session.flush()

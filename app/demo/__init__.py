"""The demo: facts out of published documents, and an invented life among invented institutions."""

from datetime import date, datetime, timedelta

from sqlmodel import Session

from app import marks
from app.actors import Actor
from app.audit import trail
from app.demo.facts import load_facts
from app.demo.life import load_life, refresh_life
from app.demo.load import add_load
from app.demo.load_projects import add_projects
from app.demo.reference import load_reference, load_register
from partners.competence.actions import keep_placeholders

__all__ = ["add_load", "add_projects", "is_loaded", "load_all", "load_reference", "loaded_for", "refresh"]

STALE = timedelta(days=7)


def load_all(session: Session, today: date, now: datetime) -> None:
    """Load reference data, facts and life, and mark the database as a demo. A second time it changes nothing.

    A demo that was loaded for another day keeps that day: `refresh` moves it.
    """
    loaded = loaded_for(session)
    load_register(session, now)
    load_facts(session, now)
    load_life(session, loaded or today, now)
    keep_placeholders(session, Actor.system(), now)
    if loaded is None:
        _mark(session, today, now)


def is_loaded(session: Session) -> bool:
    """Tell whether this database holds the demo."""
    return marks.mark(session, marks.DEMO) is not None


def loaded_for(session: Session) -> date | None:
    """Give the day around which the invented part lies, or None without a demo."""
    day = marks.mark(session, marks.DEMO_TODAY)
    return date.fromisoformat(day) if day else None


def refresh(session: Session, today: date, now: datetime) -> bool:
    """Move the invented part to *today* if it is more than 7 days away; tell whether it was moved."""
    loaded = loaded_for(session)
    if loaded is None or abs(today - loaded) <= STALE:
        return False
    refresh_life(session, today, now)
    _mark(session, today, now)
    return True


def _mark(session: Session, today: date, now: datetime) -> None:
    marks.set_mark(session, marks.DEMO, "1")
    marks.set_mark(session, marks.DEMO_TODAY, today.isoformat())
    details = {"today": today.isoformat()}
    trail.record(session, Actor.system(), "demo.loaded", "site", 0, now, details=details)

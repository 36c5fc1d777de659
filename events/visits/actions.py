"""Verbs of visit requests: ask, accept, counter, refuse, withdraw, move, cancel, say. One function applies them all."""

from datetime import datetime

from sqlmodel import Session

from app.actors import Actor, Role
from events.calendar.models import Event
from events.signups.rules import Wanted
from events.visits.models import Visit
from events.visits.rules import Option, VisitDraft


def replier(visit: Visit) -> Actor:
    """Give who answers through a mailed link: the asked institution, without a person."""
    return Actor(role=Role.COORDINATOR, institution_id=visit.asked_id, synthetic=visit.synthetic)


def ask(session: Session, actor: Actor, wanted: VisitDraft, key: str, now: datetime) -> Visit:
    """Send a request with its dates; the same *key* of a form makes one request, however often it is posted."""
    raise NotImplementedError


def accept(
    session: Session,
    actor: Actor,
    visit: Visit,
    option_id: int,
    now: datetime,
    *,
    turn: int,
    message: str = "",
    people: Wanted | None = None,
) -> Event:
    """Accept one date on offer: the event is made, or the agreed one moved, in the same unit of work."""
    raise NotImplementedError


def counter(
    session: Session,
    actor: Actor,
    visit: Visit,
    options: tuple[Option, ...],
    now: datetime,
    *,
    turn: int,
    message: str = "",
) -> None:
    """Offer other dates instead of those on offer."""
    raise NotImplementedError


def refuse(
    session: Session, actor: Actor, visit: Visit, reason: str, now: datetime, *, turn: int, message: str = ""
) -> None:
    """Refuse what the other side has asked for, with a coded reason."""
    raise NotImplementedError


def withdraw(
    session: Session, actor: Actor, visit: Visit, now: datetime, *, turn: int, reason: str = "", message: str = ""
) -> None:
    """Take back one's own request, or one's own wish for another date."""
    raise NotImplementedError


def move(
    session: Session,
    actor: Actor,
    visit: Visit,
    options: tuple[Option, ...],
    reason: str,
    now: datetime,
    *,
    message: str = "",
) -> None:
    """Ask for another date of an agreed visit; the agreed one stands until a new one is accepted."""
    raise NotImplementedError


def cancel(session: Session, actor: Actor, visit: Visit, reason: str, now: datetime, *, message: str = "") -> None:
    """Call an agreed meeting off, for either side."""
    raise NotImplementedError


def say(session: Session, actor: Actor, visit: Visit, message: str, now: datetime) -> None:
    """Write a message into the thread."""
    raise NotImplementedError

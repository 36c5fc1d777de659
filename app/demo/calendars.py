"""The demo's own calendars: an address that Outlook visits. Nobody knows its token, so it opens nothing to anybody."""

from datetime import date

from sqlmodel import Session, select

from app.actors import Actor
from app.demo.dates import instant
from app.demo.people import Staff
from app.secret import token_hash
from events.feeds.models import CalendarFeed

_OWNERS = ("mops@demo.example", "areszt@demo.example")


def load_calendars(session: Session, staff: Staff, today: date) -> None:
    """Give two coordinators a calendar of their own, fetched on the morning of *today*."""
    for email in _OWNERS:
        actor = staff.members.get(email)
        if actor is not None:
            _load(session, actor, today)
    session.flush()


def _load(session: Session, actor: Actor, today: date) -> None:
    made = instant(today, "7:00")
    hashed = token_hash(f"{actor.email}: no address has this shape")
    feed = session.exec(select(CalendarFeed).where(CalendarFeed.token_hash == hashed)).first()
    feed = feed or CalendarFeed(
        user_id=actor.user_id or 0,
        institution_id=actor.institution_id or 0,
        token_hash=hashed,
        name="Outlook w pracy",
        made_at=made,
    )
    feed.last_fetched_at, feed.last_client = made, "Outlook"
    session.add(feed)

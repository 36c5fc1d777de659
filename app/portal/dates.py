"""“Send me my dates”: the dates of the next 30 days in one mail, as text and as a calendar file."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.audit.models import AuditLine
from app.errors import Refusal
from app.outbox import post
from app.text import N_
from events import ical
from events.calendar import queries as calendar
from events.calendar.queries import EventCard
from events.feeds import queries as feeds
from events.signups import queries as signups

DAYS = 30
SHOWN = 200
A_DAY = 3
_VERB = "dates.mailed"


class SentOften(Refusal):
    """More mails with one's dates than a day takes."""

    message = N_("You have had your dates sent %(number)d times today. See “My week” or the calendar; tomorrow again.")

    def __init__(self) -> None:
        super().__init__(number=A_DAY)


class NoDates(Refusal):
    """Nothing in the next 30 days."""

    message = N_("You have no dates in the next 30 days, so nothing was sent.")


def coming(session: Session, who: Actor, at: datetime, days: int = DAYS, limit: int = SHOWN) -> list[EventCard]:
    """Give the dates of the next *days* that somebody sees as his own, in two statements.

    What his institution prepares or hosts, and where it has places; a member his own places.
    """
    first = warsaw.start_of(warsaw.today(at))
    seats = signups.seats_on(session, who, first, first + timedelta(days=days))
    return calendar.my_week(session, who, at, also=seats, days=days, limit=limit)


def send(session: Session, who: Actor, at: datetime) -> int:
    """Mail *who* his dates, those called off left out; return how many. Raises SentOften, NoDates."""
    since = warsaw.start_of(warsaw.today(at))
    statement = select(func.count()).where(
        AuditLine.user_id == who.user_id, AuditLine.verb == _VERB, col(AuditLine.at) >= since
    )
    if session.exec(statement).one() >= A_DAY:
        raise SentOften
    cards = [card for card in coming(session, who, at) if not card.cancelled and not card.draft]
    if not cards:
        raise NoDates
    texts = feeds.texts_on(session, who.institution_id or 0, [card.occurrence_id for card in cards])
    post.write(
        session,
        at,
        to=who.email,
        template="app/portal/dates",
        params={
            "dates": [_line(card, who.language) for card in cards],
            "number": len(cards),
            "synthetic": who.synthetic,
        },
        language=who.language,
        user_id=who.user_id,
        link="/biurko",
        calendar=ical.calendar("", texts).decode(),
    )
    trail.record(session, who, _VERB, "user_account", who.user_id or 0, at, details={"number": len(cards)})
    return len(cards)


def _line(card: EventCard, language: str) -> str:
    day = warsaw.day_words(card.day, language)
    hours = warsaw.span_words(card.starts_at, card.ends_at, all_day=card.all_day, language=language)
    where = card.place or card.organiser
    return f"{day}{', ' if hours else ''}{hours}: {card.title}{f' ({where})' if where else ''}"

"""What writes the index: the words of an event, with its change."""

from collections.abc import Iterable
from datetime import date

from sqlmodel import Session, col, delete

from app.db import insert_all
from events.search import rules
from events.search.models import EventWord


def put(session: Session, event_id: int, texts: Iterable[str], last_day: date) -> None:
    """Let *event_id* be found by the words of *texts*, the most telling first, until and after its *last_day*.

    What it was found by before is forgotten. Without texts it is found no more.
    """
    session.exec(delete(EventWord).where(col(EventWord.event_id) == event_id))
    insert_all(session, EventWord, rows(event_id, texts, last_day))


def rows(event_id: int, texts: Iterable[str], last_day: date) -> list[dict[str, object]]:
    """Give the rows of an event's words, for whoever writes many events at once."""
    return [{"word": word, "event_id": event_id, "last_day": last_day} for word in rules.words(texts)]

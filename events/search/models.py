"""The table of search: each word of each event, written at the change."""

from datetime import date

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

WORD_MAX = 40


class EventWord(SQLModel, table=True):
    """A folded word of an event. *last_day* is copied, so that a word is read in the order of dates and with a cap."""

    __tablename__ = "event_word"
    __table_args__ = (Index("ix_event_word_event", "event_id"), Index("ix_event_word_day", "word", "last_day"))

    word: str = Field(primary_key=True, max_length=WORD_MAX)
    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    last_day: date

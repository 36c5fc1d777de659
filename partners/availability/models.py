"""The table of blocked days."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

REASON_MAX = 300


class Unavailability(SQLModel, table=True):
    """Days, the last one included, on which an institution or one of its rooms takes no meetings.

    *reason* is for the institution's own people. *suspends* marks the act by which a prison unit cancelled what stood
    in these days. A period ends early by *ended_at*; it is not deleted.
    """

    __table_args__ = (Index("ix_unavailability_days", "institution_id", "last_day"),)

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE")
    room_id: int | None = Field(default=None, foreign_key="room.id", ondelete="CASCADE")
    first_day: date
    last_day: date
    reason: str = Field(default="", max_length=REASON_MAX)
    suspends: bool = False
    made_at: datetime
    made_by: int | None = None
    ended_at: datetime | None = None
    synthetic: bool = False

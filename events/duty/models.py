"""Tables of duty hours: what is booked in a slot, and which proposals were set aside."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.db import choice

PERSONS_MAX = 30
SLOT_MINUTES = 20
SLOT_MINUTES_MAX = 240
SLOT_PERSONS = 1


class Hint(StrEnum):
    """What the portal proposes: merge dates that stay empty, or add one where all is full."""

    MERGE = "merge"
    EXTRA = "extra"


class DutyBooking(SQLModel, table=True):
    """Persons of the unit who are to be seen in one slot of one date: a number and topics, never who.

    *slot* counts from 0 at the beginning of the date, in steps of the event's *slot_minutes*. *key* comes from the
    form, so that a double click books once.
    """

    __tablename__ = "duty_booking"
    __table_args__ = (Index("ix_duty_booking_slot", "occurrence_id", "slot"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=36, unique=True)
    occurrence_id: int = Field(foreign_key="occurrence.id", ondelete="CASCADE")
    institution_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT", index=True)
    slot: int
    persons: int
    topics: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    booked_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL", index=True)
    booked_at: datetime
    withdrawn_at: datetime | None = None
    synthetic: bool = False


class DutyHintSetAside(SQLModel, table=True):
    """A proposal that the centre does not want to see again before *until*."""

    __tablename__ = "duty_hint_set_aside"

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    hint: Hint = Field(primary_key=True, sa_type=choice(Hint))
    until: date

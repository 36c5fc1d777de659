"""Tables of editions: one run of a programme, and what it set out to reach."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db import choice

NAME_MAX = 120
OUTCOME_MAX = 200


class EditionState(StrEnum):
    """Life of an edition. A *planned* one is known to lead and partners; its results close a *completed* one."""

    PLANNED = "planned"
    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Edition(SQLModel, table=True):
    """One run of a programme. Its sessions are events that name it; terms of sign-up stand on them.

    *starts_on*, *ends_on* and *sessions* (how many are planned, cancelled ones included) follow the plan.
    *participants*: seats are persons of a closed group, known as a number only; otherwise staff of institutions.
    *capacity* is that of its sessions, empty without a limit. *revision* is raised by every change: a stale form is
    refused.
    """

    __table_args__ = (UniqueConstraint("programme_id", "number", name="uq_edition_number"),)

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id", ondelete="CASCADE")
    number: int
    name: str = Field(default="", max_length=NAME_MAX)
    state: EditionState = Field(default=EditionState.PLANNED, sa_type=choice(EditionState))
    starts_on: date | None = None
    ends_on: date | None = None
    sessions: int = 0
    participants: bool = False
    capacity: int | None = None
    revision: int = 1
    created_by: int | None = None
    changed_at: datetime
    completed_at: datetime | None = None
    synthetic: bool = False


class EditionOutcome(SQLModel, table=True):
    """Something that an edition sets out to reach, counted in persons: the target, and how many reached it."""

    __tablename__ = "edition_outcome"
    __table_args__ = (UniqueConstraint("edition_id", "position", name="uq_edition_outcome_position"),)

    id: int | None = Field(default=None, primary_key=True)
    edition_id: int = Field(foreign_key="edition.id", ondelete="CASCADE")
    position: int
    text: str = Field(max_length=OUTCOME_MAX)
    target: int | None = None
    achieved: int | None = None
    partly: int | None = None
    missed: int | None = None

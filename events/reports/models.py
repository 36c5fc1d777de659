"""Tables of reports: figures of a programme as they stood on a day, and the records that they come from."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db import choice


class ReportKind(StrEnum):
    """For which time a report speaks: one quarter, or the whole term."""

    QUARTERLY = "quarterly"
    FINAL = "final"


class Report(SQLModel, table=True):
    """A frozen report: *content* (built by rules.build) never changes, *seal* is the SHA-256 of its canonical JSON.

    *number* counts the reports for one period: a later one corrects those before it and leaves them alone.
    """

    __table_args__ = (
        UniqueConstraint("programme_id", "kind", "starts_on", "ends_on", "number", name="uq_report_number"),
    )

    id: int | None = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    programme_id: int = Field(foreign_key="programme.id", ondelete="RESTRICT")
    kind: ReportKind = Field(sa_type=choice(ReportKind))
    starts_on: date
    ends_on: date
    number: int = 1
    as_of: datetime
    frozen_by: int | None = None
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    seal: str = Field(max_length=64)


class ReportRecord(SQLModel, table=True):
    """A sealed record that a frozen report counts: the next report knows by it what has been told already."""

    __tablename__ = "report_record"

    report_id: int = Field(primary_key=True, foreign_key="report.id", ondelete="CASCADE")
    record_id: int = Field(primary_key=True, foreign_key="record.id", ondelete="RESTRICT", index=True)

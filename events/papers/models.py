"""The table of certificates."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class Certificate(SQLModel, table=True):
    """A certificate of attendance that was issued; its number is made of the year and the key (rules.number)."""

    id: int | None = Field(default=None, primary_key=True)
    attendance_id: int = Field(foreign_key="attendance.id", ondelete="CASCADE", unique=True)
    issued_at: datetime
    issued_by: int | None = None

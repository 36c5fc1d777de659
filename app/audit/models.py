"""Tables of the audit trail: lines, the personal values that may be forgotten, the nightly seals."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class AuditLine(SQLModel, table=True):
    """Who did what to what, when: ids and codes only, never changed or deleted before its time."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    user_id: int | None = Field(default=None, index=True)
    institution_id: int | None = Field(default=None, index=True)
    role: str = Field(max_length=20)
    verb: str = Field(max_length=60)
    subject_kind: str = Field(max_length=40)
    subject_id: int
    details: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    digest: str | None = Field(default=None, max_length=64, description="HMAC-SHA256 of the personal values")


class AuditValue(SQLModel, table=True):
    """Personal old and new values of a line, and the key of its digest. Deleting it makes the digest unreadable."""

    __tablename__ = "audit_values"

    audit_id: int = Field(primary_key=True, foreign_key="audit.id", ondelete="CASCADE")
    key: str = Field(max_length=64)
    personal: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    at: datetime = Field(index=True)


class AuditSeal(SQLModel, table=True):
    """The chain over one day's lines: count, hash of them, and the seal before."""

    __tablename__ = "audit_seal"

    day: date = Field(primary_key=True)
    lines: int
    last_id: int
    previous: str = Field(max_length=64)
    seal: str = Field(max_length=64)

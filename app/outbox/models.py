"""The table of outgoing mail."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, Text
from sqlmodel import Field, SQLModel

from app.db import choice

ERROR_MAX = 300
ADDRESS_MAX = 254


class MailState(StrEnum):
    """Where a mail is. *sending* after a crash means: perhaps sent; it is tried again with the same Message-ID."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class OutboxMail(SQLModel, table=True):
    """One mail to one recipient. The row commits with the act that causes it; the worker renders and delivers it."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "state", "next_try_at"),)

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime
    to_address: str = Field(max_length=ADDRESS_MAX)
    to_user_id: int | None = Field(default=None, index=True)
    language: str = Field(max_length=2)
    template: str = Field(max_length=80, description="such as events/signups/confirmed")
    params: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    link: str = Field(default="", max_length=300, description="path inside the portal")
    calendar: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    message_id: str = Field(max_length=120, unique=True)
    state: MailState = Field(default=MailState.WAITING, sa_type=choice(MailState))
    attempts: int = 0
    next_try_at: datetime
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    perhaps_twice: bool = False
    error: str = Field(default="", max_length=ERROR_MAX)
    subject: str = Field(default="", max_length=300)
    body: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))

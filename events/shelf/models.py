"""Tables of the shelf: VEVENT text written with the change, for everybody and for those concerned; feed versions."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db import choice


class FeedKind(StrEnum):
    """Which feed; *inner* is what an institution's own people read, with what is not for everybody."""

    PUBLIC = "public"
    INSTITUTION = "institution"
    PROGRAMME = "programme"
    INNER = "inner"


class EventText(SQLModel, table=True):
    """The VEVENTs of one event as a public feed shows them (folded, CRLF). Only public events have a row."""

    __tablename__ = "event_ics"
    __table_args__ = (Index("ix_event_ics_window", "last_day"),)

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    render: int = Field(description="version of the code that wrote the text")
    cancelled: bool = False
    last_day: datetime = Field(description="end of the last date: the feed's window reads it")
    modified: datetime
    ics: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class InnerText(SQLModel, table=True):
    """The VEVENTs of one event as those concerned read them, and as mere busy time. Every published event has a row.

    A table of its own, so that no statement of a public feed can reach it.
    """

    __tablename__ = "event_inner_ics"
    __table_args__ = (Index("ix_event_inner_ics_window", "last_day"),)

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    render: int = Field(description="version of the code that wrote the text")
    cancelled: bool = False
    last_day: datetime = Field(description="end of the last date: the feed's window reads it")
    modified: datetime
    ics: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    busy: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class FeedEvent(SQLModel, table=True):
    """Which feeds an event stands in, besides the public one."""

    __tablename__ = "feed_event"
    __table_args__ = (Index("ix_feed_event_event", "event_id"),)

    kind: FeedKind = Field(primary_key=True, sa_type=choice(FeedKind))
    owner_id: int = Field(primary_key=True)
    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")


class FeedState(SQLModel, table=True):
    """The version of one feed: raised with every change that touches it; a 304 needs only this row."""

    __tablename__ = "feed_state"
    __table_args__ = (UniqueConstraint("kind", "owner_id", name="uq_feed_state_owner"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: FeedKind = Field(sa_type=choice(FeedKind))
    owner_id: int = Field(default=0, description="institution or programme id; 0 for the public feed")
    version: int = 0
    modified: datetime

"""Tables of what took place: the record of a date, attendance, tasks, answers of the other side."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.db import choice
from events.calendar.models import Outcome

PERSON_MAX = 120
TASK_MAX = 300
REMARK_MAX = 2000
BODY_MAX = 20_000
STORY_MAX = 600
LINK_MAX = 300


class RecordState(StrEnum):
    """Life of a record: *open* while it is written, *submitted* to the other side, then sealed for good."""

    OPEN = "open"
    SUBMITTED = "submitted"
    SEALED = "sealed"


class Side(StrEnum):
    """On whose side the reason lay that a date was not held."""

    PRISON = "prison"
    WELFARE = "welfare"
    ORGANISATION = "organisation"
    NOBODY = "nobody"


class Reply(StrEnum):
    """What an institution asked for its word has said; *silent* once the time for remarks is over."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    REMARKED = "remarked"
    SILENT = "silent"


class Record(SQLModel, table=True):
    """What took place on one date. People inside and families are numbers; only staff stand by name (Attendance).

    *revision* is raised by every saved change: a form made from an older one is shown both texts. *answer_by* is the
    last day for the other side's remark. *seal* is the SHA-256 of the sealed content (rules.content).
    """

    __tablename__ = "record"
    # Accounts for everybody are few among many records, and pages ask for them.
    __table_args__ = (
        Index(
            "ix_record_story",
            "story_at",
            sqlite_where=text("story_at IS NOT NULL"),
            postgresql_where=text("story_at IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    occurrence_id: int = Field(foreign_key="occurrence.id", ondelete="RESTRICT", unique=True)
    state: RecordState = Field(default=RecordState.OPEN, sa_type=choice(RecordState))
    outcome: Outcome | None = Field(default=None, sa_type=choice(Outcome))
    reason: str = Field(default="", max_length=32, description="code of why it was not held")
    side: Side | None = Field(default=None, sa_type=choice(Side))
    reason_note: str = Field(default="", max_length=REMARK_MAX)
    people_inside: int | None = None
    family_members: int | None = None
    others: int | None = None
    topics: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    body: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    revision: int = 1
    made_at: datetime
    made_by: int | None = None
    changed_at: datetime
    changed_by: int | None = None
    submitted_at: datetime | None = None
    answer_by: date | None = None
    sealed_at: datetime | None = None
    seal: str = Field(default="", max_length=64)
    story: str = Field(default="", max_length=STORY_MAX, description="account for everybody")
    story_link: str = Field(default="", max_length=LINK_MAX)
    story_at: datetime | None = None


class Attendance(SQLModel, table=True):
    """One person of an institution who was expected, and whether he came. Stays as the proof of presence."""

    __tablename__ = "attendance"

    id: int | None = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="record.id", ondelete="CASCADE", index=True)
    signup_id: int | None = Field(default=None, index=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT", index=True)
    user_id: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL", index=True)
    person: str = Field(max_length=PERSON_MAX)
    function: str = Field(default="", max_length=PERSON_MAX)
    present: bool | None = None
    position: int = 0


class RecordTask(SQLModel, table=True):
    """Something that an institution took upon itself at a meeting, with its day."""

    __tablename__ = "record_task"
    __table_args__ = (Index("ix_record_task_open", "institution_id", "done_at"),)

    id: int | None = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="record.id", ondelete="CASCADE", index=True)
    text: str = Field(max_length=TASK_MAX)
    institution_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    due_on: date | None = None
    done_at: datetime | None = None
    done_by: int | None = None
    position: int = 0


class RecordReply(SQLModel, table=True):
    """The word of an institution that took part without writing the record."""

    __tablename__ = "record_reply"
    __table_args__ = (UniqueConstraint("record_id", "institution_id", name="uq_record_reply_institution"),)

    id: int | None = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="record.id", ondelete="CASCADE")
    institution_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT", index=True)
    reply: Reply = Field(default=Reply.ASKED, sa_type=choice(Reply))
    remark: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    asked_at: datetime
    replied_at: datetime | None = None
    replied_by: int | None = None


class RecordRemark(SQLModel, table=True):
    """A remark added after the sealing: it stands beside the sealed content and never touches it."""

    __tablename__ = "record_remark"

    id: int | None = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="record.id", ondelete="CASCADE", index=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    remark: str = Field(sa_column=Column(Text, nullable=False))
    made_at: datetime
    made_by: int | None = None

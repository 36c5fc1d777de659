"""Tables of programmes: what is run together, and the institutions that take part."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from app.db import choice

TITLE_MAX = 160
LEAD_MAX = 300
TEXT_MAX = 8000
NOTICE_MAX = 600
PART_MAX = 200
NOTE_MAX = 300
MILESTONE_MAX = 160
REPORT_DAYS = 30


class ProgrammeKind(StrEnum):
    """What a programme offers."""

    WORKSHOP = "workshop"
    FAMILY_THERAPY = "family_therapy"
    GROUP_THERAPY = "group_therapy"
    VOCATIONAL_TRAINING = "vocational_training"
    COUNSELLING = "counselling"
    HOMELESSNESS_SUPPORT = "homelessness_support"
    INFRASTRUCTURE = "infrastructure"
    STANDING_PROGRAMME = "standing_programme"


class ProgrammeState(StrEnum):
    """Life of a programme; a draft is seen by its lead only."""

    DRAFT = "draft"
    RECRUITING = "recruiting"
    RUNNING = "running"
    COMPLETED = "completed"


class PartnerAnswer(StrEnum):
    """Where an institution stands: asked by the lead, or asking to join. *outside* is a yes noted by the lead."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    OUTSIDE = "outside"
    DECLINED = "declined"
    REQUESTED = "requested"
    REFUSED = "refused"
    LEFT = "left"


class Happening(StrEnum):
    """What the course of a programme notes about those who run it."""

    PUBLISHED = "published"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    JOINED = "joined"
    LEFT = "left"
    LEAD_CHANGED = "lead_changed"
    SUCCEEDED = "succeeded"
    INSTITUTION_ARCHIVED = "institution_archived"
    ARCHIVED = "archived"
    REOPENED = "reopened"


class Programme(SQLModel, table=True):
    """A programme: title, lead, term, funding, whom it is for.

    *audience* holds codes of rules.AUDIENCE (twice: the rows of ProgrammeAudience are what lists are filtered by).
    Amounts are whole złoty. *reports_quarterly* says that the funder wants a report for each quarter, *report_days*
    after its end. *offered_to_id* is the institution that was asked to take the lead over. An archived programme keeps
    its page and leaves the lists.
    """

    __table_args__ = (
        Index("ix_programme_listed", "state", "sort_key"),
        Index(
            "ix_programme_offered",
            "offered_to_id",
            sqlite_where=text("offered_to_id IS NOT NULL"),
            postgresql_where=text("offered_to_id IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=60, unique=True)
    title: str = Field(max_length=TITLE_MAX)
    kind: ProgrammeKind = Field(sa_type=choice(ProgrammeKind))
    state: ProgrammeState = Field(default=ProgrammeState.DRAFT, sa_type=choice(ProgrammeState))
    lead_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="RESTRICT", index=True)
    voivodeship_code: str | None = Field(
        default=None, foreign_key="voivodeship.code", ondelete="RESTRICT", max_length=2, index=True
    )
    summary: str = Field(default="", max_length=LEAD_MAX)
    description: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    target_group: str = Field(default="", max_length=300)
    goals: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    results: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    funding: str = Field(default="", max_length=200)
    grant_number: str = Field(default="", max_length=60)
    funding_notice: str = Field(default="", max_length=NOTICE_MAX, description="sentence that the funder requires")
    total_amount: int | None = None
    grant_amount: int | None = None
    reports_quarterly: bool = False
    report_days: int = REPORT_DAYS
    contact_role: str = Field(default="", max_length=40, description="key of CONTACT_ROLES: whom to ask at the lead")
    audience: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    how_to_join: str = Field(default="", max_length=600)
    starts_on: date | None = None
    ends_on: date | None = None
    recruiting_until: date | None = None
    sort_key: str = Field(max_length=400)
    search_text: str = Field(sa_column=Column(Text, nullable=False))
    basis: str = Field(default="", max_length=300)
    revision: int = 1
    created_by: int | None = None
    changed_at: datetime
    published_at: datetime | None = None
    archived_at: datetime | None = None
    copied_from_id: int | None = Field(default=None, foreign_key="programme.id", ondelete="SET NULL")
    offered_to_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="SET NULL")
    offered_at: datetime | None = None
    offered_by: int | None = None
    synthetic: bool = False


class ProgrammePartner(SQLModel, table=True):
    """An institution that takes part, and its part in words.

    *answer* is empty while the lead only writes the draft. *agreed_part* is what the institution has last agreed to:
    everybody reads that one, never a part that waits for its word; None if it has not agreed to anything yet, or has
    left. *reason* is the code of a refusal, *note* the words beside it.
    """

    __tablename__ = "programme_partner"

    programme_id: int = Field(primary_key=True, foreign_key="programme.id", ondelete="CASCADE")
    institution_id: int = Field(primary_key=True, foreign_key="institution.id", ondelete="RESTRICT", index=True)
    part: str = Field(default="", max_length=PART_MAX)
    agreed_part: str | None = Field(default=None, max_length=PART_MAX)
    position: int = 0
    answer: PartnerAnswer | None = Field(default=None, sa_type=choice(PartnerAnswer))
    asked_at: datetime | None = None
    asked_by: int | None = None
    answered_at: datetime | None = None
    answered_by: int | None = None
    reason: str = Field(default="", max_length=32)
    note: str = Field(default="", max_length=NOTE_MAX)


class ProgrammeAudience(SQLModel, table=True):
    """Whom a programme is for, one row a code of rules.AUDIENCE."""

    __tablename__ = "programme_audience"

    programme_id: int = Field(primary_key=True, foreign_key="programme.id", ondelete="CASCADE")
    code: str = Field(primary_key=True, max_length=32, index=True)


class ProgrammeMilestone(SQLModel, table=True):
    """A step of the programme besides its sessions: a month (its first day) and what happens in it."""

    __tablename__ = "programme_milestone"

    programme_id: int = Field(primary_key=True, foreign_key="programme.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    month: date
    text: str = Field(max_length=MILESTONE_MAX)


class ProgrammeDocument(SQLModel, table=True):
    """A PDF of a programme; *public* for everybody who sees the page, otherwise for lead and partners."""

    __tablename__ = "programme_document"

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id", ondelete="CASCADE", index=True)
    file_id: int = Field(foreign_key="stored_file.id", ondelete="RESTRICT", index=True)
    title: str = Field(max_length=TITLE_MAX)
    public: bool = False
    added_at: datetime
    added_by: int | None = None


class ProgrammeHappening(SQLModel, table=True):
    """Something that happened to those who run a programme: never deleted, names no person.

    *institution_id* is whom it is about, *other_id* who came in its place or who had it before.
    """

    __tablename__ = "programme_happening"

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id", ondelete="CASCADE", index=True)
    happening: Happening = Field(sa_type=choice(Happening))
    happened_at: datetime
    institution_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="RESTRICT", index=True)
    other_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="RESTRICT", index=True)
    note: str = Field(default="", max_length=NOTE_MAX)

"""Tables of programmes: what is run together, and the institutions that take part."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from app.db import choice

TITLE_MAX = 160
LEAD_MAX = 300
TEXT_MAX = 8000


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


class Programme(SQLModel, table=True):
    """A programme: title, lead, term, funding, whom it is for."""

    __table_args__ = (Index("ix_programme_listed", "state", "sort_key"),)

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
    synthetic: bool = False


class ProgrammePartner(SQLModel, table=True):
    """An institution that takes part, and its part in words."""

    __tablename__ = "programme_partner"

    programme_id: int = Field(primary_key=True, foreign_key="programme.id", ondelete="CASCADE")
    institution_id: int = Field(primary_key=True, foreign_key="institution.id", ondelete="RESTRICT", index=True)
    part: str = Field(default="", max_length=200)
    position: int = 0

"""Tables of agreements: the register, parties, clause types and clauses, lines of history."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db import choice

SUBJECT_MAX = 400


class AgreementKind(StrEnum):
    """What was signed."""

    AGREEMENT = "agreement"
    LETTER_OF_INTENT = "letter_of_intent"
    AMENDMENT = "amendment"


class AgreementState(StrEnum):
    """Life of an agreement; *source_only* means: a source says that it was signed, its present state is unknown."""

    DRAFT = "draft"
    SENT = "sent"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    SUPERSEDED = "superseded"
    SOURCE_ONLY = "source_only"


class Side(StrEnum):
    """On which side a party stands."""

    PRISON = "prison"
    WELFARE = "welfare"
    NGO = "ngo"
    OFFICE = "office"


class Agreement(SQLModel, table=True):
    """One entry of the register; *number* such as P-08-007 (voivodeship, running) never changes."""

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=12, unique=True)
    kind: AgreementKind = Field(sa_type=choice(AgreementKind))
    state: AgreementState = Field(sa_type=choice(AgreementState))
    voivodeship_code: str = Field(foreign_key="voivodeship.code", ondelete="RESTRICT", max_length=2, index=True)
    subject: str = Field(default="", max_length=SUBJECT_MAX)
    planned: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    signed_on: date | None = None
    signed_note: str = Field(default="", max_length=200)
    valid_from: date | None = None
    valid_to: date | None = None
    note: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    basis: str = Field(default="", max_length=300)
    changed_at: datetime
    synthetic: bool = False


class AgreementParty(SQLModel, table=True):
    """An institution that is a party; it survives the institution's succession."""

    __tablename__ = "agreement_party"

    agreement_id: int = Field(primary_key=True, foreign_key="agreement.id", ondelete="CASCADE")
    institution_id: int = Field(primary_key=True, foreign_key="institution.id", ondelete="RESTRICT", index=True)
    side: Side = Field(sa_type=choice(Side))
    signatory_function: str = Field(default="", max_length=120)
    position: int = 0


class ClauseType(SQLModel, table=True):
    """What an agreement can regulate; *parameter* none, schedule, contact or months_before."""

    __tablename__ = "clause_type"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=60, unique=True)
    name_pl: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    parameter: str = Field(max_length=20)
    position: int = 0
    note: str = Field(default="", max_length=300)


class Clause(SQLModel, table=True):
    """One regulated duty. *months* None, 0 and n are three different values; *uncertain* marks a reading."""

    __table_args__ = (UniqueConstraint("agreement_id", "clause_type_id", name="uq_clause_once"),)

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id", ondelete="CASCADE", index=True)
    clause_type_id: int = Field(foreign_key="clause_type.id", ondelete="RESTRICT", index=True)
    months: int | None = None
    uncertain: bool = False
    detail: str = Field(default="", max_length=300)
    position: int = 0


class AgreementHistory(SQLModel, table=True):
    """Something that a source reports of an agreement without a date."""

    __tablename__ = "agreement_history"
    __table_args__ = (UniqueConstraint("agreement_id", "key", name="uq_agreement_history_key"),)

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id", ondelete="CASCADE", index=True)
    key: str = Field(max_length=40)
    title: str = Field(max_length=200)
    year: int | None = None
    basis: str = Field(default="", max_length=300)

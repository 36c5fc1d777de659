"""Tables of people in institutions: memberships, invitations, contacts by role with absences and reports."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from app.actors import Role
from app.db import choice

FUNCTION_MAX = 120


class Membership(SQLModel, table=True):
    """A person's role in an institution; ended, never deleted."""

    __table_args__ = (
        Index(
            "uq_membership_current",
            "user_id",
            "institution_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", ondelete="CASCADE", index=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", index=True)
    role: Role = Field(sa_type=choice(Role))
    function: str = Field(default="", max_length=FUNCTION_MAX)
    since: datetime
    ended_at: datetime | None = None
    confirmed_on: date | None = Field(default=None, description="day on which an admin last confirmed the membership")


class Invitation(SQLModel, table=True):
    """An invitation to act for an institution: by mail or printed, 14 days, one use; only a hash is kept."""

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", index=True)
    token_hash: str = Field(max_length=64, unique=True)
    email: str = Field(max_length=254)
    name: str = Field(default="", max_length=120)
    role: Role = Field(sa_type=choice(Role))
    function: str = Field(default="", max_length=FUNCTION_MAX)
    language: str = Field(default="pl", max_length=2)
    printed: bool = Field(default=False, description="handed over as a printed code instead of a mail")
    invited_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    invited_at: datetime
    expires_at: datetime
    accepted_at: datetime | None = None
    withdrawn_at: datetime | None = None


class Contact(SQLModel, table=True):
    """Whom to write to in one matter: functional mailbox first, a person only where needed."""

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", index=True)
    role: str = Field(max_length=40, description="key of CONTACT_ROLES in partners/people/rules.py")
    mailbox: str = Field(default="", max_length=254)
    person: str = Field(default="", max_length=120)
    phone: str = Field(default="", max_length=40)
    hours: str = Field(default="", max_length=120)
    public: bool = False
    confirmed_on: date | None = None
    confirmed_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    position: int = Field(default=0, description="order within the role: 0 first, its substitutes after it")


class ContactAbsence(SQLModel, table=True):
    """Days on which a contact is away, both ends included: mails and tasks go to the next substitute."""

    __tablename__ = "contact_absence"

    id: int | None = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="contact.id", ondelete="CASCADE", index=True)
    starts_on: date
    ends_on: date
    noted_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    noted_at: datetime


class ReportKind(StrEnum):
    """What is wrong on a card."""

    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    HOURS = "hours"
    SERVICE = "service"
    OTHER = "other"


class CardReport(SQLModel, table=True):
    """A partner's report that something on a card does not work; a task of the institution until it is settled."""

    __tablename__ = "card_report"

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", index=True)
    contact_id: int | None = Field(default=None, foreign_key="contact.id", ondelete="SET NULL")
    kind: ReportKind = Field(sa_type=choice(ReportKind))
    note: str = Field(default="", max_length=300)
    reported_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    reporter_institution_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="SET NULL")
    reported_at: datetime
    settled_at: datetime | None = None
    settled_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    outcome: str = Field(default="", max_length=300)

"""Tables of contacts by role, their absences, and reports on cards."""

from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.db import choice

PERSON_MAX = 120
PHONE_MAX = 40
HOURS_MAX = 120
NOTE_MAX = 300


class Contact(SQLModel, table=True):
    """Whom to write to in one matter: functional mailbox first, a person only where needed."""

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", index=True)
    role: str = Field(max_length=40, description="key of CONTACT_ROLES in partners/contacts/rules.py")
    mailbox: str = Field(default="", max_length=254)
    person: str = Field(default="", max_length=PERSON_MAX)
    phone: str = Field(default="", max_length=PHONE_MAX)
    hours: str = Field(default="", max_length=HOURS_MAX)
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
    note: str = Field(default="", max_length=NOTE_MAX)
    reported_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    reporter_institution_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="SET NULL")
    reported_at: datetime
    settled_at: datetime | None = None
    settled_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    outcome: str = Field(default="", max_length=NOTE_MAX)

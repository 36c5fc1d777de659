"""Tables of people in institutions: memberships and contacts by role."""

from datetime import date, datetime

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
    position: int = 0

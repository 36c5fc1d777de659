"""Tables of people in institutions: memberships and invitations."""

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

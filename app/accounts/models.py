"""Tables of identity: accounts, second factor, sessions, resets, attempts to sign in, kept forms, working copies."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

EMAIL_MAX = 254
NAME_MAX = 120
PASSWORD_MIN = 12
PASSWORD_MAX = 200
PATH_MAX = 300


class UserAccount(SQLModel, table=True):
    """A person who can sign in. What he may do stands in partners/people; here only who he is."""

    __tablename__ = "user_account"

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=EMAIL_MAX, unique=True)
    name: str = Field(max_length=NAME_MAX)
    password_hash: str = Field(max_length=200)
    language: str = Field(default="pl", max_length=2)
    is_operator: bool = False
    inspects: str | None = Field(default=None, max_length=2, description="voivodeship code of an inspector's scope")
    locked_at: datetime | None = None
    created_at: datetime
    synthetic: bool = False
    totp_secret: str | None = Field(default=None, max_length=64, description="base32 (RFC 6238), maybe unproven")
    totp_since: datetime | None = Field(default=None, description="when a first code proved it; empty: not asked for")
    totp_last_step: int = Field(default=0, description="last 30-second step taken: a code works once")


class UserSession(SQLModel, table=True):
    """One signed-in browser. The cookie holds the token, the row only its SHA-256."""

    __tablename__ = "user_session"

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(max_length=64, unique=True)
    user_id: int = Field(foreign_key="user_account.id", ondelete="CASCADE", index=True)
    acting_for: int | None = Field(default=None, description="institution id chosen in the masthead")
    started_at: datetime
    last_seen_at: datetime
    ended_at: datetime | None = None
    client: str = Field(default="", max_length=200)
    awaits_code: bool = Field(default=False, description="password right, second factor not yet: signs nobody in")


class RecoveryCode(SQLModel, table=True):
    """A printed code that stands in for the second factor once. Only its SHA-256 is kept."""

    __tablename__ = "recovery_code"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", ondelete="CASCADE", index=True)
    code_hash: str = Field(max_length=64, unique=True)
    used_at: datetime | None = None


class PasswordReset(SQLModel, table=True):
    """A link to choose a new password: one use, a short time. Only the token's SHA-256 is kept."""

    __tablename__ = "password_reset"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", ondelete="CASCADE", index=True)
    token_hash: str = Field(max_length=64, unique=True)
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class SignInAttempt(SQLModel, table=True):
    """A failed attempt to sign in; counted per account and per address, kept one day."""

    __tablename__ = "sign_in_attempt"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    email_hash: str = Field(max_length=64, index=True)
    address: str = Field(max_length=45, index=True)


class KeptForm(SQLModel, table=True):
    """A form posted after the session had ended: kept 24 hours for that person, put back unsent after sign-in."""

    __tablename__ = "kept_form"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", ondelete="CASCADE", index=True)
    path: str = Field(max_length=PATH_MAX)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    kept_at: datetime


class WorkingCopy(SQLModel, table=True):
    """What somebody is typing into a long form, saved every few seconds: for that person alone, one for each page.

    *revision* is that of the row that the form was opened with, 0 for a new one.
    """

    __tablename__ = "working_copy"
    __table_args__ = (UniqueConstraint("user_id", "path", name="uq_working_copy_path"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", ondelete="CASCADE")
    path: str = Field(max_length=PATH_MAX)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    revision: int = 0
    saved_at: datetime

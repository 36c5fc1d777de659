"""Reads of identity."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.accounts import rules
from app.accounts.models import KeptForm, PasswordReset, UserAccount, UserSession
from app.db import columns
from app.secret import token_hash


def by_email(session: Session, email: str) -> UserAccount | None:
    """Give the account of a mail address, whatever its case."""
    return session.exec(select(UserAccount).where(UserAccount.email == email.strip().casefold())).first()


def open_reset(session: Session, token: str, now: datetime) -> tuple[PasswordReset, UserAccount] | None:
    """Give the mailed link of *token* with its account while it works: unused, in time, the account not locked."""
    statement = (
        select(PasswordReset, UserAccount)
        .join(UserAccount, col(UserAccount.id) == PasswordReset.user_id)
        .where(
            PasswordReset.token_hash == token_hash(token),
            col(PasswordReset.used_at).is_(None),
            PasswordReset.expires_at > now,
            col(UserAccount.locked_at).is_(None),
        )
    )
    return session.exec(statement).first()


def waiting_for_code(session: Session, token: str, now: datetime) -> tuple[UserSession, UserAccount] | None:
    """Give the sign-in that waits for its code, for ten minutes after the right password."""
    statement = (
        select(UserSession, UserAccount)
        .join(UserAccount, col(UserAccount.id) == UserSession.user_id)
        .where(
            UserSession.token_hash == token_hash(token),
            col(UserSession.awaits_code).is_(True),
            col(UserSession.ended_at).is_(None),
            UserSession.started_at > now - rules.CODE_PATIENCE,
            col(UserAccount.locked_at).is_(None),
        )
    )
    return session.exec(statement).first()


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A signed-in browser as its owner sees it."""

    id: int
    client: str
    started_at: datetime
    last_seen_at: datetime


def open_sessions(session: Session, user_id: int, now: datetime) -> list[OpenSession]:
    """Give the sessions of a person that still open something, the last seen first."""
    statement = (
        columns(UserSession.id, UserSession.client, UserSession.started_at, UserSession.last_seen_at)
        .where(
            col(UserSession.user_id) == user_id,
            col(UserSession.ended_at).is_(None),
            col(UserSession.awaits_code).is_(False),
            col(UserSession.last_seen_at) > now - rules.IDLE,
            col(UserSession.started_at) > now - rules.ABSOLUTE,
        )
        .order_by(col(UserSession.last_seen_at).desc(), col(UserSession.id).desc())
    )
    return [OpenSession(*row) for row in session.execute(statement)]


def kept_form(session: Session, user_id: int, now: datetime) -> KeptForm | None:
    """Give the form that was kept for this person in the last 24 hours."""
    recent = KeptForm.kept_at > now - rules.KEPT_FORM_FOR
    statement = select(KeptForm).where(KeptForm.user_id == user_id, recent).order_by(col(KeptForm.id).desc())
    return session.exec(statement).first()


def form_not_shown_yet(session: Session, user_id: int, now: datetime) -> KeptForm | None:
    """Give the kept form of this person unless he has signed in since: then he was shown it."""
    found = kept_form(session, user_id, now)
    if found is None:
        return None
    since = select(UserSession.id).where(
        UserSession.user_id == user_id,
        UserSession.started_at >= found.kept_at,
        col(UserSession.awaits_code).is_(False),
    )
    return None if session.exec(since.limit(1)).first() else found


def kept_body(session: Session, user_id: int, now: datetime) -> dict[str, list[str]] | None:
    """Give what was typed into the kept form: field name to values."""
    found = kept_form(session, user_id, now)
    return dict(found.body) if found else None

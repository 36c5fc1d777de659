"""Reads of identity."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from app.accounts import rules
from app.accounts.models import KeptForm, PasswordReset, UserAccount, UserSession, WorkingCopy
from app.db import columns
from app.secret import token_hash
from app.text import fold, search_text


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


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in the operator's list; *last_seen_at* only while a session of it is kept."""

    id: int
    name: str
    email: str
    is_operator: bool
    inspects: str | None
    locked_at: datetime | None
    totp_since: datetime | None
    last_seen_at: datetime | None


_LAST_SEEN = (
    select(func.max(UserSession.last_seen_at))
    .where(UserSession.user_id == UserAccount.id, col(UserSession.awaits_code).is_(False))
    .correlate(UserAccount)
    .scalar_subquery()
)
STATES: Mapping[str, ColumnElement[bool]] = {
    "zablokowane": col(UserAccount.locked_at).is_not(None),
    "operatorzy": col(UserAccount.is_operator).is_(True),
    "inspektorzy": col(UserAccount.inspects).is_not(None),
    "drugi-krok": col(UserAccount.totp_since).is_not(None),
}
"""Kinds of accounts by which the operator's list can be narrowed, as its address names them."""


def accounts(session: Session, words: str, state: str, before: int | None, limit: int) -> list[AccountRow]:
    """Give accounts, the newest first: those below the id *before*, in *state*, whose name or address has all *words*.

    Words find beginnings of words, whatever their accents: the names are folded here, not in the database.
    """
    chosen = [STATES[state]] if state in STATES else []
    if before is not None:
        chosen.append(col(UserAccount.id) < before)
    if wanted := fold(words).split():
        names = columns(UserAccount.id, UserAccount.name, UserAccount.email).where(*chosen)
        found = (
            user_id
            for user_id, name, email in session.execute(names.order_by(col(UserAccount.id).desc()))
            if all(f" {word}" in search_text(name, email) for word in wanted)
        )
        chosen.append(col(UserAccount.id).in_(list(islice(found, limit))))
    statement = (
        columns(
            UserAccount.id,
            UserAccount.name,
            UserAccount.email,
            UserAccount.is_operator,
            UserAccount.inspects,
            UserAccount.locked_at,
            UserAccount.totp_since,
            _LAST_SEEN,
        )
        .where(*chosen)
        .order_by(col(UserAccount.id).desc())
        .limit(limit)
    )
    return [AccountRow(*row) for row in session.execute(statement)]


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


def working_copy(session: Session, user_id: int, path: str, now: datetime) -> WorkingCopy | None:
    """Give what this person was typing into the form of the page *path* in the last 14 days."""
    recent = WorkingCopy.saved_at >= now - rules.COPY_FOR
    statement = select(WorkingCopy).where(WorkingCopy.user_id == user_id, WorkingCopy.path == path, recent)
    return session.exec(statement).first()

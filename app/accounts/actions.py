"""Verbs of identity: add an account, begin and end a session, count failed attempts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col, delete, func, select

from app.accounts import rules
from app.accounts.models import PATH_MAX, KeptForm, SignInAttempt, UserAccount, UserSession
from app.actors import Actor
from app.audit import trail
from app.errors import Unavailable
from app.secret import new_token, token_hash
from app.text import N_

# 64 MiB a hash: two at once are 128 MiB; the others wait their turn.
_hashing = threading.Semaphore(2)
_PATIENCE_SECONDS = 3
_memory_kib = {"value": 65536}


def configure_hashing(memory_kib: int) -> None:
    """Set the memory of one password hash (64 MiB; tests take less)."""
    _memory_kib["value"] = memory_kib


def hash_password(password: str) -> str:
    """Return the argon2id hash of *password*. Slow on purpose: call with no unit of work open."""
    with _one_of_two():
        return _hasher().hash(password)


def verify(password: str, stored: str | None) -> bool:
    """Whether *password* gives *stored*; takes the same time when there is no account (*stored* None)."""
    with _one_of_two():
        hasher = _hasher()
        if stored is None:
            hasher.hash(password)
            return False
        try:
            return hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


@contextmanager
def _one_of_two() -> Iterator[None]:
    # A flood of sign-ins must not hold every thread of the server: who waits too long is told to come back.
    if not _hashing.acquire(timeout=_PATIENCE_SECONDS):
        raise Unavailable(N_("Many people are signing in at the moment. Try again in a minute."))
    try:
        yield
    finally:
        _hashing.release()


def add_account(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    email: str,
    name: str,
    password_hash: str,
    language: str = "pl",
    is_operator: bool = False,
    inspects: str | None = None,
    synthetic: bool = False,
) -> UserAccount:
    """Add a person who can sign in. Raises AddressTaken.

    The caller has checked the password (rules.check_password) and hashed it (hash_password) with no unit of work open.
    """
    address = email.strip().casefold()
    if session.exec(select(UserAccount.id).where(UserAccount.email == address)).first() is not None:
        raise rules.AddressTaken
    user = UserAccount(
        email=address,
        name=name,
        password_hash=password_hash,
        language=language,
        is_operator=is_operator,
        inspects=inspects,
        created_at=now,
        synthetic=synthetic,
    )
    session.add(user)
    session.flush()
    trail.record(session, actor, "account.added", "account", user.id or 0, now, personal={"email": user.email})
    return user


def begin_session(session: Session, user: UserAccount, client: str, now: datetime) -> str:
    """Begin a server-side session for *user* and return the token for the cookie."""
    token = new_token()
    row = UserSession(
        token_hash=token_hash(token), user_id=user.id or 0, started_at=now, last_seen_at=now, client=client[:200]
    )
    session.add(row)
    session.flush()
    who = Actor(role=Actor.visitor().role, user_id=user.id, name=user.name)
    trail.record(session, who, "session.started", "session", row.id or 0, now)
    return token


def end_session(session: Session, actor: Actor, now: datetime, reason: str = "sign_out") -> None:
    """End the actor's own session: the cookie is worth nothing from now on."""
    row = session.get(UserSession, actor.session_id) if actor.session_id else None
    if row is not None and row.ended_at is None:
        row.ended_at = now
        session.flush()
        trail.record(session, actor, "session.ended", "session", row.id or 0, now, details={"reason": reason})


def end_sessions(
    session: Session, actor: Actor, user_id: int, now: datetime, *, reason: str, keep: int | None = None
) -> int:
    """End all sessions of a person at once, but for the one in *keep*; return how many were open."""
    still_open = select(UserSession).where(UserSession.user_id == user_id, col(UserSession.ended_at).is_(None))
    ended = [row for row in session.exec(still_open) if row.id != keep]
    for row in ended:
        row.ended_at = now
    session.flush()
    for row in ended:
        trail.record(session, actor, "session.ended", "session", row.id or 0, now, details={"reason": reason})
    return len(ended)


def seen(session: Session, session_id: int, now: datetime) -> None:
    """Note that the person is still there: moves the idle end of the session."""
    row = session.get(UserSession, session_id)
    if row is not None and row.ended_at is None:
        row.last_seen_at = max(row.last_seen_at, now)
        session.flush()


def note_failure(session: Session, email: str, address: str, now: datetime) -> int:
    """Count a failed attempt for the account and for the address it came from; return its number."""
    attempt = SignInAttempt(at=now, email_hash=token_hash(email.strip().casefold()), address=address[:45])
    session.add(attempt)
    session.flush()
    return attempt.id or 0


def forget_failure(session: Session, attempt: int) -> None:
    """Take an attempt back that turned out right."""
    session.exec(delete(SignInAttempt).where(col(SignInAttempt.id) == attempt))


def failures(session: Session, email: str, address: str, now: datetime) -> tuple[int, int]:
    """Give the failed attempts of the last 15 minutes: (for this account, from this address)."""
    since = now - rules.WINDOW
    recent = select(func.count(col(SignInAttempt.id))).where(SignInAttempt.at > since)
    account = recent.where(SignInAttempt.email_hash == token_hash(email.strip().casefold()))
    return session.exec(account).one(), session.exec(recent.where(SignInAttempt.address == address[:45])).one()


def keep_form(session: Session, hashed_token: str, path: str, body: dict[str, list[str]], now: datetime) -> bool:
    """Keep a form that came after its session had run out, for the person behind the session; False if nobody is.

    Whoever signed out has no form to lose: only a stolen cookie still names such a session.
    """
    ended = session.exec(select(UserSession).where(UserSession.token_hash == hashed_token)).first()
    if ended is None or ended.ended_at is not None:
        return False
    session.exec(delete(KeptForm).where(col(KeptForm.user_id) == ended.user_id))
    session.add(KeptForm(user_id=ended.user_id, path=path[:PATH_MAX], body=body, kept_at=now))
    session.flush()
    return True


def forget_old(session: Session, now: datetime) -> int:
    """Delete attempts older than a day, kept forms and sessions past their time; return how many rows went."""
    ended = now - timedelta(days=30)
    gone = 0
    for statement in (
        delete(SignInAttempt).where(col(SignInAttempt.at) < now - timedelta(days=1)),
        delete(KeptForm).where(col(KeptForm.kept_at) < now - rules.KEPT_FORM_FOR),
        delete(UserSession).where(col(UserSession.started_at) < ended),
    ):
        gone += session.exec(statement).rowcount
    return gone


def _hasher() -> PasswordHasher:
    return PasswordHasher(memory_cost=_memory_kib["value"], time_cost=3, parallelism=4)

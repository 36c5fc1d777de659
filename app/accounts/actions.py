"""Verbs of identity: add, revise, lock an account, begin and end sessions, change passwords, count attempts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col, delete, func, or_, select, update

from app.accounts import mail, queries, rules
from app.accounts.models import (
    PATH_MAX,
    KeptForm,
    PasswordReset,
    SignInAttempt,
    UserAccount,
    UserSession,
    WorkingCopy,
)
from app.actors import Actor
from app.audit import trail
from app.db import lock
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


def revise(session: Session, actor: Actor, name: str, language: str, now: datetime) -> None:
    """Change the actor's own name and the language of his mails. Locks the account."""
    user = _locked(session, actor.user_id or 0)
    wanted = {"name": name, "language": language}
    before = {field: str(getattr(user, field)) for field in wanted}
    changed = [field for field, value in wanted.items() if before[field] != value]
    if not changed:
        return
    user.name, user.language = name, language
    session.flush()
    personal = {"name": name, "before": before["name"]} if "name" in changed else None
    details = {"changed": changed}
    trail.record(session, actor, "account.revised", "account", user.id or 0, now, details=details, personal=personal)


def begin_session(session: Session, user: UserAccount, client: str, now: datetime) -> str:
    """Begin a server-side session for *user* and return the token for the cookie."""
    token, row = _add_session(session, user, client, now, awaits_code=False)
    trail.record(session, _himself(user), "session.started", "session", row.id or 0, now)
    return token


def await_code(session: Session, user: UserAccount, client: str, now: datetime) -> str:
    """Note that *user*'s password was right and a code must follow; the token returned signs nobody in."""
    token, row = _add_session(session, user, client, now, awaits_code=True)
    trail.record(session, _himself(user), "session.awaits_code", "session", row.id or 0, now)
    return token


def still_right(session: Session, user: UserAccount) -> UserAccount | None:
    """Give the account afresh if the password that was found right is still its password, and it is not locked.

    Hashing takes its time, with no unit of work open: a new password, or a lock, may have ended all sessions meanwhile.
    Locks the account.
    """
    fresh = lock(session, UserAccount, user.id or 0)
    if fresh is None or fresh.locked_at is not None or fresh.password_hash != user.password_hash:
        return None
    return fresh


def end_waiting(session: Session, session_id: int, now: datetime) -> bool:
    """End the wait for a code: it has come, and the session that begins now has a token of its own.

    False if it has ended meanwhile, by a new password or a lock. The caller has locked the account.
    """
    waiting = session.get_one(UserSession, session_id)
    if waiting.ended_at is not None:
        return False
    waiting.ended_at = now
    session.flush()
    return True


def end_session(session: Session, actor: Actor, now: datetime, reason: str = "sign_out") -> None:
    """End the actor's own session: the cookie is worth nothing from now on."""
    row = session.get(UserSession, actor.session_id) if actor.session_id else None
    if row is not None and row.ended_at is None:
        row.ended_at = now
        session.flush()
        trail.record(session, actor, "session.ended", "session", row.id or 0, now, details={"reason": reason})


def end_one(session: Session, actor: Actor, session_id: int, now: datetime) -> bool:
    """End one of the actor's sessions, in another browser perhaps; False if it is not his or has ended."""
    row = session.get(UserSession, session_id)
    if row is None or row.user_id != actor.user_id or row.ended_at is not None:
        return False
    row.ended_at = now
    session.flush()
    trail.record(session, actor, "session.ended", "session", session_id, now, details={"reason": "by_owner"})
    return True


def end_sessions(
    session: Session, actor: Actor, user_id: int, now: datetime, reason: str, *, keep: int | None = None
) -> int:
    """End all sessions of a person but *keep*, those that wait for a code too; return how many."""
    open_ones = select(UserSession).where(UserSession.user_id == user_id, col(UserSession.ended_at).is_(None))
    rows = [row for row in session.exec(open_ones).all() if row.id != keep]
    for row in rows:
        row.ended_at = now
        trail.record(session, actor, "session.ended", "session", row.id or 0, now, details={"reason": reason})
    session.flush()
    return len(rows)


def seen(session: Session, session_id: int, now: datetime) -> None:
    """Note that the person is still there: moves the idle end of the session."""
    row = session.get(UserSession, session_id)
    if row is not None and row.ended_at is None:
        row.last_seen_at = max(row.last_seen_at, now)
        session.flush()


def note_failure(session: Session, key: str, address: str, now: datetime) -> int:
    """Count an attempt for *key* (an account, by what is attempted) and for its address; return its number."""
    attempt = SignInAttempt(at=now, email_hash=_key_hash(key), address=rules.network(address)[:45])
    session.add(attempt)
    session.flush()
    return attempt.id or 0


def forget_failure(session: Session, attempt: int) -> None:
    """Take an attempt back that turned out right."""
    session.exec(delete(SignInAttempt).where(col(SignInAttempt.id) == attempt))


def failures(session: Session, key: str, address: str, now: datetime) -> tuple[int, int]:
    """Give the attempts of the last 15 minutes: (for this key, from this address whatever for)."""
    since, near = now - rules.WINDOW, rules.network(address)[:45]
    recent = select(func.count(col(SignInAttempt.id))).where(SignInAttempt.at > since)
    account = recent.where(SignInAttempt.email_hash == _key_hash(key))
    return session.exec(account).one(), session.exec(recent.where(SignInAttempt.address == near)).one()


def try_once(session: Session, key: str, address: str, now: datetime, most: int = rules.PER_ACCOUNT) -> int | None:
    """Count one more attempt, which is a failure until forget_failure; None when there were too many of them."""
    account, near = failures(session, key, address, now)
    if rules.too_many(for_account=account, from_address=near, most=most):
        return None
    return note_failure(session, key, address, now)


def ask_reset(session: Session, actor: Actor, email: str, address: str, now: datetime) -> None:
    """Mail a link for a new password if *email* has an account; whoever asks cannot tell. Raises TooManyAttempts.

    Links that were mailed before are worth nothing from now on.
    """
    if try_once(session, rules.reset_key(email), address, now, rules.RESETS_PER_ACCOUNT) is None:
        raise rules.TooManyAttempts
    user = queries.by_email(session, email)
    if user is None or user.locked_at is not None:
        return
    _void_resets(session, user.id or 0, now)
    token = new_token()
    session.add(
        PasswordReset(
            user_id=user.id or 0, token_hash=token_hash(token), made_at=now, expires_at=now + rules.RESET_LASTS
        )
    )
    session.flush()
    trail.record(session, actor, "password.reset_asked", "account", user.id or 0, now)
    mail.reset(session, user, token, now)


def reset_password(session: Session, token: str, password_hash: str, now: datetime) -> None:
    """Give the person behind a mailed link a new password. Raises ResetGone. Locks the link.

    Ends all sessions and forgets the failed attempts of the account: whoever reads its mailbox need not wait.
    """
    found = queries.open_reset(session, token, now)
    if found is None:
        raise rules.ResetGone
    reset, user = found
    lock(session, PasswordReset, reset.id or 0)
    if reset.used_at is not None:
        raise rules.ResetGone
    _void_resets(session, user.id or 0, now)
    user.password_hash = password_hash
    himself = _himself(user)
    end_sessions(session, himself, user.id or 0, now, "password")
    session.exec(delete(SignInAttempt).where(col(SignInAttempt.email_hash) == _key_hash(user.email)))
    session.flush()
    trail.record(session, himself, "password.reset", "account", user.id or 0, now)
    mail.password_changed(session, user, now)


def change_password(session: Session, actor: Actor, password_hash: str, now: datetime) -> None:
    """Give the actor a new password and end his sessions in other browsers. The caller has had the old one proved."""
    user = _locked(session, actor.user_id or 0)
    user.password_hash = password_hash
    _void_resets(session, user.id or 0, now)
    end_sessions(session, actor, user.id or 0, now, "password", keep=actor.session_id)
    trail.record(session, actor, "password.changed", "account", user.id or 0, now)
    mail.password_changed(session, user, now)


def lock_account(session: Session, actor: Actor, user_id: int, reason: str, now: datetime) -> None:
    """Let a person in no more, at once: ends his sessions and mailed links. Locks the account. Raises Refusals."""
    user = _locked(session, user_id)
    if user.id == actor.user_id:
        raise rules.OwnAccount
    if user.locked_at is not None:
        raise rules.LockedAlready
    user.locked_at = now
    _void_resets(session, user_id, now)
    end_sessions(session, actor, user_id, now, "locked")
    trail.record(session, actor, "account.locked", "account", user_id, now, personal={"reason": reason})
    mail.locked(session, user, reason, now)


def unlock_account(session: Session, actor: Actor, user_id: int, reason: str, now: datetime) -> None:
    """Let a person in again. Locks the account. Raises NotLocked."""
    user = _locked(session, user_id)
    if user.locked_at is None:
        raise rules.NotLocked
    user.locked_at = None
    session.flush()
    trail.record(session, actor, "account.unlocked", "account", user_id, now, personal={"reason": reason})
    mail.unlocked(session, user, now)


def change_address(session: Session, actor: Actor, user_id: int, email: str, reason: str, now: datetime) -> None:
    """Let a person sign in with another address. Locks the account. Raises AddressTaken, SameAddress.

    Ends his sessions and mailed links; both addresses are told, the old one in case nobody asked for it.
    """
    user = _locked(session, user_id)
    before, address = user.email, email.strip().casefold()
    if address == before:
        raise rules.SameAddress
    if queries.by_email(session, address) is not None:
        raise rules.AddressTaken
    user.email = address
    _void_resets(session, user_id, now)
    end_sessions(session, actor, user_id, now, "address")
    personal = {"email": address, "before": before, "reason": reason}
    trail.record(session, actor, "account.readdressed", "account", user_id, now, personal=personal)
    for recipient in (before, address):
        mail.address_changed(session, user, recipient, now)


def keep_form(session: Session, hashed_token: str, path: str, body: dict[str, list[str]], now: datetime) -> bool:
    """Keep a form that came after its session had run out, for the person behind the session; False if nobody is.

    Whoever signed out has no form to lose: only a stolen cookie still names such a session.
    """
    ended = session.exec(select(UserSession).where(UserSession.token_hash == hashed_token)).first()
    if ended is None or ended.ended_at is not None or ended.awaits_code:
        return False
    session.exec(delete(KeptForm).where(col(KeptForm.user_id) == ended.user_id))
    session.add(KeptForm(user_id=ended.user_id, path=path[:PATH_MAX], body=body, kept_at=now))
    session.flush()
    return True


def keep_copy(
    session: Session, user_id: int, path: str, body: dict[str, list[str]], now: datetime, *, revision: int = 0
) -> WorkingCopy:
    """Keep what somebody is typing into the form of the page *path*, in place of what was kept of it before.

    Of each person the latest copies are kept, rules.COPIES_MAX of them. Locks the account, so that two tabs make one.
    """
    _locked(session, user_id)
    of_page = (WorkingCopy.user_id == user_id, WorkingCopy.path == path)
    found = session.exec(select(WorkingCopy).where(*of_page)).first()
    if found is None:
        found = WorkingCopy(user_id=user_id, path=path, body=body, revision=revision, saved_at=now)
        session.add(found)
        others = select(WorkingCopy.id).where(WorkingCopy.user_id == user_id, WorkingCopy.path != path)
        late = others.order_by(col(WorkingCopy.saved_at).desc(), col(WorkingCopy.id).desc())
        too_many = session.exec(late.offset(rules.COPIES_MAX - 1)).all()
        session.exec(delete(WorkingCopy).where(col(WorkingCopy.id).in_(too_many)))
    else:
        found.body, found.revision, found.saved_at = body, revision, now
    session.flush()
    return found


def forget_copy(session: Session, user_id: int, path: str) -> bool:
    """Delete the working copy of the page *path*; False if there is none."""
    of_page = (col(WorkingCopy.user_id) == user_id) & (col(WorkingCopy.path) == path)
    return session.exec(delete(WorkingCopy).where(of_page)).rowcount > 0


def forget_copies(session: Session, now: datetime) -> int:
    """Delete working copies that nobody has gone on with for 14 days; return how many went."""
    return session.exec(delete(WorkingCopy).where(col(WorkingCopy.saved_at) < now - rules.COPY_FOR)).rowcount


def forget_old(session: Session, now: datetime) -> int:
    """Delete attempts older than a day, kept forms, mailed links and sessions past their time; return how many went."""
    day_ago, month_ago = now - timedelta(days=1), now - timedelta(days=30)
    half_way = col(UserSession.awaits_code) & (col(UserSession.started_at) < day_ago)
    gone = 0
    for statement in (
        delete(SignInAttempt).where(col(SignInAttempt.at) < day_ago),
        delete(KeptForm).where(col(KeptForm.kept_at) < now - rules.KEPT_FORM_FOR),
        delete(PasswordReset).where(col(PasswordReset.expires_at) < day_ago),
        delete(UserSession).where(or_(col(UserSession.started_at) < month_ago, half_way)),
    ):
        gone += session.exec(statement).rowcount
    return gone


def _add_session(
    session: Session, user: UserAccount, client: str, now: datetime, *, awaits_code: bool
) -> tuple[str, UserSession]:
    # A new session acts for whom the person acted last; if he no longer may, the identity is another one by itself.
    token = new_token()
    last = select(UserSession.acting_for).where(
        UserSession.user_id == user.id, col(UserSession.acting_for).is_not(None)
    )
    row = UserSession(
        token_hash=token_hash(token),
        user_id=user.id or 0,
        acting_for=session.exec(last.order_by(col(UserSession.id).desc()).limit(1)).first(),
        started_at=now,
        last_seen_at=now,
        client=client[:200],
        awaits_code=awaits_code,
    )
    session.add(row)
    session.flush()
    return token, row


def _locked(session: Session, user_id: int) -> UserAccount:
    user = lock(session, UserAccount, user_id)
    if user is None:
        raise rules.NoSuchAccount
    return user


def _himself(user: UserAccount) -> Actor:
    return Actor(role=Actor.visitor().role, user_id=user.id, name=user.name)


def _void_resets(session: Session, user_id: int, now: datetime) -> None:
    unused = (col(PasswordReset.user_id) == user_id) & col(PasswordReset.used_at).is_(None)
    session.exec(update(PasswordReset).where(unused).values(used_at=now))


def _key_hash(key: str) -> str:
    return token_hash(key.strip().casefold())


def _hasher() -> PasswordHasher:
    return PasswordHasher(memory_cost=_memory_kib["value"], time_cost=3, parallelism=4)

"""Verbs of the second factor: begin, prove, take a code, renew the paper codes, switch off (RFC 6238)."""

import hmac
import secrets
from datetime import datetime

import pyotp
from sqlmodel import Session, col, delete, func, select

from app.accounts import actions, mail, rules
from app.accounts.models import RecoveryCode, UserAccount
from app.actors import Actor
from app.audit import trail
from app.db import lock
from app.secret import token_hash

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else on paper
_CODE_LETTERS = 12
_CODE_GROUP = 4


def begin(session: Session, actor: Actor, now: datetime) -> None:
    """Give the actor's account a new secret, which counts once a first code has proved it. Locks the account.

    The caller has had the password proved. Raises SecondFactorOn.
    """
    user = _locked(session, actor.user_id or 0)
    if user.totp_since is not None:
        raise rules.SecondFactorOn
    user.totp_secret, user.totp_last_step = pyotp.random_base32(), 0
    session.flush()
    trail.record(session, actor, "second_factor.begun", "account", user.id or 0, now)


def prove(session: Session, actor: Actor, typed: str, now: datetime) -> list[str]:
    """Switch the second factor on by a first code; return the paper codes, to be shown this once.

    Ends the actor's sessions in other browsers. Locks the account. Raises SecondFactorOn, NotBegun, WrongCode.
    """
    user = _locked(session, actor.user_id or 0)
    if user.totp_since is not None:
        raise rules.SecondFactorOn
    if user.totp_secret is None:
        raise rules.NotBegun
    if not _take_step(user, typed, now):
        raise rules.WrongCode
    user.totp_since = now
    codes = _new_codes(session, user)
    actions.end_sessions(session, actor, user.id or 0, now, "second_factor", keep=actor.session_id)
    trail.record(session, actor, "second_factor.on", "account", user.id or 0, now)
    mail.second_factor_on(session, user, now)
    return codes


def take(session: Session, user_id: int, typed: str, now: datetime) -> int | None:
    """Take a code at sign-in: of the program, or one of the paper codes. Raises WrongCode. Locks the account.

    Each works once. Returns how many paper codes are left if one was used, else None.
    """
    user = _locked(session, user_id)
    if user.totp_since is None or user.totp_secret is None:
        raise rules.NotBegun
    if _take_step(user, typed, now):
        session.flush()
        return None
    found = session.exec(
        select(RecoveryCode).where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _paper_hash(user_id, typed),
            col(RecoveryCode.used_at).is_(None),
        )
    ).first()
    if found is None:
        raise rules.WrongCode
    found.used_at = now
    session.flush()
    left = codes_left(session, user_id)
    himself = Actor(role=Actor.visitor().role, user_id=user_id, name=user.name)
    trail.record(session, himself, "recovery_code.used", "account", user_id, now, details={"left": left})
    return left


def renew_codes(session: Session, actor: Actor, now: datetime) -> list[str]:
    """Make ten new paper codes; the old ones are worth nothing. The caller has had the password proved.

    Locks the account. Raises NotBegun.
    """
    user = _locked(session, actor.user_id or 0)
    if user.totp_since is None:
        raise rules.NotBegun
    codes = _new_codes(session, user)
    trail.record(session, actor, "recovery_codes.made", "account", user.id or 0, now)
    mail.recovery_codes_made(session, user, now)
    return codes


def switch_off(session: Session, actor: Actor, now: datetime) -> None:
    """Ask the actor for no code any more. The caller has had the password proved. Locks the account."""
    user = _locked(session, actor.user_id or 0)
    if user.totp_secret is None:
        return
    was_on = user.totp_since is not None
    _forget(session, user)
    trail.record(session, actor, "second_factor.off", "account", user.id or 0, now)
    if was_on:
        mail.second_factor_off(session, user, now)


def reset(session: Session, actor: Actor, user_id: int, reason: str, now: datetime) -> None:
    """Take the second factor of somebody who has lost program and paper away, and end his sessions.

    Locks the account. Raises OwnAccount, NotBegun.
    """
    user = _locked(session, user_id)
    if user_id == actor.user_id:
        raise rules.OwnAccount
    if user.totp_since is None:
        raise rules.NotBegun
    _forget(session, user)
    actions.end_sessions(session, actor, user_id, now, "second_factor")
    trail.record(session, actor, "second_factor.reset", "account", user_id, now, personal={"reason": reason})
    mail.second_factor_reset(session, user, now)


def codes_left(session: Session, user_id: int) -> int:
    """Give the number of paper codes that still work."""
    unused = (col(RecoveryCode.user_id) == user_id) & col(RecoveryCode.used_at).is_(None)
    return session.exec(select(func.count(col(RecoveryCode.id))).where(unused)).one()


def _locked(session: Session, user_id: int) -> UserAccount:
    user = lock(session, UserAccount, user_id)
    if user is None:
        raise rules.NoSuchAccount
    return user


def _take_step(user: UserAccount, typed: str, now: datetime) -> bool:
    """Whether *typed* is the code of this half minute, or of the one before or after, and of none taken already."""
    code = "".join(typed.split())
    if user.totp_secret is None or not (code.isascii() and code.isdigit()):
        return False
    program = pyotp.TOTP(user.totp_secret)
    present = int(now.timestamp()) // rules.STEP_SECONDS
    for step in range(max(present - 1, user.totp_last_step + 1), present + 2):
        if hmac.compare_digest(program.generate_otp(step), code):
            user.totp_last_step = step
            return True
    return False


def _new_codes(session: Session, user: UserAccount) -> list[str]:
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))
    codes = [_new_code() for _ in range(rules.PAPER_CODES)]
    session.add_all(RecoveryCode(user_id=user.id or 0, code_hash=_paper_hash(user.id or 0, code)) for code in codes)
    session.flush()
    return codes


def _new_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LETTERS))
    return "-".join(letters[n : n + _CODE_GROUP] for n in range(0, _CODE_LETTERS, _CODE_GROUP))


def _paper_hash(user_id: int, typed: str) -> str:
    letters = "".join(character for character in typed.casefold() if character.isalnum())
    return token_hash(f"{user_id} {letters}")


def _forget(session: Session, user: UserAccount) -> None:
    user.totp_secret, user.totp_since, user.totp_last_step = None, None, 0
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))
    session.flush()

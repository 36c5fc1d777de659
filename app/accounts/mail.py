"""The messages that acts on an account cause: a link for a new password, and a word about every change."""

from datetime import datetime

from sqlmodel import Session

from app.accounts.models import UserAccount
from app.outbox import post


def reset(session: Session, user: UserAccount, token: str, now: datetime) -> None:
    """Mail the link for a new password."""
    _write(session, user, "reset", now, link=f"/haslo/{token}")


def password_changed(session: Session, user: UserAccount, now: datetime) -> None:
    """Say that the password is another one now: whoever did not change it must hear of it."""
    _write(session, user, "password_changed", now, link="/haslo")


def second_factor_on(session: Session, user: UserAccount, now: datetime) -> None:
    """Say that signing in asks for a code from now on."""
    _write(session, user, "second_factor_on", now, link="/ustawienia")


def second_factor_off(session: Session, user: UserAccount, now: datetime) -> None:
    """Say that signing in asks for no code any more."""
    _write(session, user, "second_factor_off", now, link="/ustawienia")


def second_factor_reset(session: Session, user: UserAccount, now: datetime) -> None:
    """Say that the operator has taken the second factor away."""
    _write(session, user, "second_factor_reset", now, link="/ustawienia")


def recovery_codes_made(session: Session, user: UserAccount, now: datetime) -> None:
    """Say that there are new paper codes and the old ones are worth nothing."""
    _write(session, user, "recovery_codes_made", now, link="/ustawienia")


def locked(session: Session, user: UserAccount, reason: str, now: datetime) -> None:
    """Say that the operator lets the person in no more, and why."""
    _write(session, user, "locked", now, link="/pomoc", reason=reason)


def address_changed(session: Session, user: UserAccount, recipient: str, now: datetime) -> None:
    """Say, to the old and to the new address, with which of them one signs in from now on."""
    _write(session, user, "address_changed", now, link="/logowanie", to=recipient)


def unlocked(session: Session, user: UserAccount, now: datetime) -> None:
    """Say that the person can sign in again."""
    _write(session, user, "unlocked", now, link="/logowanie")


def _write(
    session: Session, user: UserAccount, message: str, now: datetime, *, link: str, to: str = "", **more: str
) -> None:
    post.write(
        session,
        now,
        to=to or user.email,
        user_id=user.id,
        language=user.language,
        template=f"app/accounts/{message}",
        params={"synthetic": user.synthetic, **more},
        link=link,
    )

"""Reads of identity."""

from sqlmodel import Session, select

from app.accounts.models import UserAccount


def by_email(session: Session, email: str) -> UserAccount | None:
    """Give the account of a mail address, whatever its case."""
    return session.exec(select(UserAccount).where(UserAccount.email == email.strip().casefold())).first()

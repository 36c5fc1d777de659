"""Reads of identity."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.accounts import rules
from app.accounts.models import KeptForm, UserAccount, UserSession


def by_email(session: Session, email: str) -> UserAccount | None:
    """Give the account of a mail address, whatever its case."""
    return session.exec(select(UserAccount).where(UserAccount.email == email.strip().casefold())).first()


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
    since = select(UserSession.id).where(UserSession.user_id == user_id, UserSession.started_at >= found.kept_at)
    return None if session.exec(since.limit(1)).first() else found


def kept_body(session: Session, user_id: int, now: datetime) -> dict[str, list[str]] | None:
    """Give what was typed into the kept form: field name to values."""
    found = kept_form(session, user_id, now)
    return dict(found.body) if found else None

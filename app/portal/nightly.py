"""The timetable of the night: what is forgotten, sealed and extended, as a plain list."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from app.accounts import actions as accounts
from app.audit import trail
from app.outbox import delivery
from partners.contacts import actions as contacts

JOBS: tuple[tuple[str, Callable[[Session, datetime], int]], ...] = (
    ("old attempts, kept forms and sessions deleted", accounts.forget_old),
    ("mails given up that waited for a week", delivery.give_up_old),
    ("bodies of mails older than 30 days deleted", delivery.forget_bodies),
    ("who reported a mistake on a card forgotten after a year", contacts.forget_reporters),
    ("institutions asked to confirm their contacts", contacts.remind),
    ("personal values of the audit trail deleted after two years", trail.forget_personal),
    ("days of the audit trail sealed", trail.seal_days),
)


def run(session: Session, now: datetime) -> dict[str, int]:
    """Do all jobs in the caller's transaction; return how much each did."""
    return {name: job(session, now) for name, job in JOBS}

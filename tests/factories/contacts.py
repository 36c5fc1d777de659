"""Rows of contacts."""

from datetime import date, timedelta
from typing import Any

from sqlmodel import Session

from app import warsaw
from app.clock import now
from partners.contacts.models import CardReport, Contact, ContactAbsence, ReportKind
from partners.institutions.models import Institution
from tests.factories.persons import Person
from tests.factories.rows import add


def make_contact(session: Session, owner: Institution, role: str = "head", **columns: Any) -> Contact:
    """Add a contact that is confirmed today and for partners only."""
    values: dict[str, Any] = {"confirmed_on": warsaw.today(now()), "mailbox": f"{role}@{owner.slug}.example", **columns}
    return add(session, Contact, institution_id=owner.id or 0, role=role, **values)


def make_absence(session: Session, contact: Contact, first: date, days: int = 10) -> ContactAbsence:
    """Let a contact be away for some days."""
    last = first + timedelta(days=days - 1)
    return add(session, ContactAbsence, contact_id=contact.id or 0, starts_on=first, ends_on=last, noted_at=now())


def make_report(
    session: Session, owner: Institution, by: Person, kind: ReportKind = ReportKind.PHONE, **columns: Any
) -> CardReport:
    """Add an open report on a card."""
    values: dict[str, Any] = {"reported_at": now(), "reporter_institution_id": by.actor.institution_id, **columns}
    return add(session, CardReport, institution_id=owner.id or 0, kind=kind, reported_by=by.user_id, **values)

"""Verbs of contacts: add, revise, move, remove, note absences, confirm; report on a card and settle; by night."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlmodel import Session, col, func, select, update

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.db import lock
from partners.contacts import mail, queries, rules
from partners.contacts.models import CardReport, Contact, ContactAbsence, ReportKind
from partners.contacts.rules import ContactDraft, Outcome
from partners.institutions.models import Institution

_COLUMNS = ("role", "mailbox", "person", "phone", "hours", "public")
_REMINDED = "contacts.reminded"


def add(session: Session, actor: Actor, institution_id: int, draft: ContactDraft, now: datetime) -> Contact:
    """Add a contact at the end of the line of its role; who writes it down confirms it.

    Locks the institution. Raises NotYourContacts, Unreachable, TooManyContacts.
    """
    _keep(session, actor, institution_id)
    rules.check(draft)
    number = session.exec(select(func.count()).where(Contact.institution_id == institution_id)).one()
    if number >= rules.CONTACTS_MAX:
        raise rules.TooManyContacts(limit=rules.CONTACTS_MAX)
    contact = Contact(institution_id=institution_id, **{name: getattr(draft, name) for name in _COLUMNS})
    contact.position = _end_of_line(session, institution_id, draft.role)
    _confirmed(contact, actor, now)
    session.add(contact)
    session.flush()
    _record(session, actor, "contact.added", contact, now, _personal(contact), public=contact.public)
    return contact


def revise(session: Session, actor: Actor, contact: Contact, draft: ContactDraft, now: datetime) -> frozenset[str]:
    """Give *contact* the values of *draft*, confirm it by that, and return the names of the columns that changed.

    In another role it goes to the end of that line. Locks the institution. Raises NotYourContacts, Unreachable.
    """
    _keep(session, actor, contact.institution_id)
    lock(session, Contact, contact.id or 0)
    rules.check(draft)
    before = _personal(contact)
    changed = frozenset(name for name in _COLUMNS if getattr(contact, name) != getattr(draft, name))
    if "role" in changed:
        contact.position = _end_of_line(session, contact.institution_id, draft.role)
    for name in changed:
        setattr(contact, name, getattr(draft, name))
    _confirmed(contact, actor, now)
    session.flush()
    personal = {**{f"old_{name}": value for name, value in before.items()}, **_personal(contact)}
    _record(session, actor, "contact.revised", contact, now, personal, changed=sorted(changed))
    return changed


def remove(session: Session, actor: Actor, contact: Contact, now: datetime) -> None:
    """Take a contact off the card, with its absences. Locks the institution. Raises NotYourContacts."""
    _keep(session, actor, contact.institution_id)
    _record(session, actor, "contact.removed", contact, now, _personal(contact))
    session.delete(contact)
    session.flush()


def move(session: Session, actor: Actor, contact: Contact, *, up: bool, now: datetime) -> None:
    """Change places with the neighbour in the line of its role; at the end of the line nothing happens.

    Numbers the line anew, because an import may have left equal positions. Locks the institution. Raises
    NotYourContacts.
    """
    _keep(session, actor, contact.institution_id)
    line = list(
        session.exec(
            select(Contact)
            .where(Contact.institution_id == contact.institution_id, Contact.role == contact.role)
            .order_by(col(Contact.position), col(Contact.id))
        )
    )
    here = next(number for number, one in enumerate(line) if one.id == contact.id)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(line):
        return
    line[here], line[there] = line[there], line[here]
    for position, one in enumerate(line):
        one.position = position
    session.flush()
    _record(session, actor, "contact.moved", contact, now, position=there)


def note_absence(
    session: Session, actor: Actor, contact: Contact, first: date, last: date, now: datetime
) -> ContactAbsence:
    """Note the days on which a contact is away, both included: messages go to the next in line.

    Locks the institution. Raises NotYourContacts, AbsenceBackwards, AbsenceOver, AbsenceTooLong, AbsentAlready.
    """
    _keep(session, actor, contact.institution_id)
    rules.check_absence(first, last, warsaw.today(now))
    overlapping = select(ContactAbsence.id).where(
        ContactAbsence.contact_id == contact.id,
        col(ContactAbsence.starts_on) <= last,
        col(ContactAbsence.ends_on) >= first,
    )
    if session.exec(overlapping).first() is not None:
        raise rules.AbsentAlready
    absence = ContactAbsence(
        contact_id=contact.id or 0, starts_on=first, ends_on=last, noted_by=actor.user_id, noted_at=now
    )
    session.add(absence)
    session.flush()
    days = f"{first.isoformat()}/{last.isoformat()}"
    _record(session, actor, "contact.away", contact, now, days=days)
    return absence


def end_absence(session: Session, actor: Actor, contact: Contact, absence: ContactAbsence, now: datetime) -> None:
    """Take an absence back: the contact is there again. Locks the institution. Raises NotYourContacts."""
    _keep(session, actor, contact.institution_id)
    session.delete(absence)
    session.flush()
    _record(session, actor, "contact.back", contact, now)


def confirm(session: Session, actor: Actor, institution_id: int, now: datetime) -> int:
    """Say that all contacts of the card hold today; return how many they are.

    Locks the institution. Raises NotYourContacts, NothingToConfirm.
    """
    _keep(session, actor, institution_id)
    contacts = session.exec(select(Contact).where(Contact.institution_id == institution_id)).all()
    if not contacts:
        raise rules.NothingToConfirm
    for contact in contacts:
        _confirmed(contact, actor, now)
    session.flush()
    details = {"number": len(contacts)}
    trail.record(session, actor, "contacts.confirmed", "institution", institution_id, now, details=details)
    return len(contacts)


def report(
    session: Session,
    actor: Actor,
    institution: Institution,
    kind: ReportKind,
    note: str,
    now: datetime,
    *,
    contact_id: int | None = None,
) -> CardReport | None:
    """Say that something on a card does not work, and tell its administrators.

    One open report of a kind counts once: None when somebody has said the same already. Locks the institution.
    Raises NotAPartner, OwnCard.
    """
    if not rules.may_report(actor):
        raise rules.NotAPartner
    owner = institution.id or 0
    if actor.institution_id == owner:
        raise rules.OwnCard
    lock(session, Institution, owner)
    same = select(CardReport.id).where(
        CardReport.institution_id == owner, CardReport.kind == kind, col(CardReport.settled_at).is_(None)
    )
    if session.exec(same).first() is not None:
        return None
    row = CardReport(
        institution_id=owner,
        contact_id=contact_id,
        kind=kind,
        note=note,
        reported_by=actor.user_id,
        reporter_institution_id=actor.institution_id,
        reported_at=now,
    )
    session.add(row)
    session.flush()
    details = {"institution_id": owner, "kind": kind.value}
    personal = {"note": note} if note else None
    trail.record(session, actor, "card.reported", "report", row.id or 0, now, details=details, personal=personal)
    mail.reported(session, institution, kind, now)
    return row


def settle(session: Session, actor: Actor, report: CardReport, outcome: Outcome, now: datetime) -> None:
    """Say what became of a report; who has made it is forgotten with that.

    Locks the report. Raises NotYourReports, SettledAlready.
    """
    lock(session, CardReport, report.id or 0)
    if not rules.may_settle(actor, report.institution_id):
        raise rules.NotYourReports
    if report.settled_at is not None:
        raise rules.SettledAlready
    report.settled_at, report.settled_by, report.outcome = now, actor.user_id, outcome.value
    report.reported_by = None
    session.flush()
    details = {"institution_id": report.institution_id, "kind": report.kind.value, "outcome": outcome.value}
    trail.record(session, actor, "card.report_settled", "report", report.id or 0, now, details=details)


def forget_reporters(session: Session, now: datetime) -> int:
    """Forget who made a report that nobody has settled for a year; return how many there were."""
    statement = (
        update(CardReport)
        .where(col(CardReport.reported_by).is_not(None), col(CardReport.reported_at) < now - rules.REPORTER_KEPT)
        .values(reported_by=None)
    )
    return session.exec(statement).rowcount


def remind(session: Session, now: datetime) -> int:
    """Ask the administrators of each card with contacts older than a year to confirm them, once a year at most.

    The trail remembers who has been asked. Returns how many institutions were.
    """
    waiting = queries.to_remind(session, warsaw.today(now))
    asked = trail.subjects_of(session, _REMINDED, now - rules.REMINDED_FOR)
    due = {institution_id: number for institution_id, number in waiting.items() if institution_id not in asked}
    for institution_id, number in due.items():
        mail.remind(session, session.get_one(Institution, institution_id), number, now)
        details = {"number": number}
        trail.record(session, Actor.system(), _REMINDED, "institution", institution_id, now, details=details)
    return len(due)


def _keep(session: Session, actor: Actor, institution_id: int) -> None:
    """Lock the card and refuse whoever does not keep it: positions and confirmations concern all its contacts."""
    lock(session, Institution, institution_id)
    if not rules.may_keep(actor, institution_id):
        raise rules.NotYourContacts


def _end_of_line(session: Session, institution_id: int, role: str) -> int:
    positions = session.exec(
        select(Contact.position)
        .where(Contact.institution_id == institution_id, Contact.role == role)
        .order_by(col(Contact.position).desc())
    )
    last = positions.first()
    return 0 if last is None else last + 1


def _confirmed(contact: Contact, actor: Actor, now: datetime) -> None:
    contact.confirmed_on, contact.confirmed_by = warsaw.today(now), actor.user_id


def _personal(contact: Contact) -> dict[str, trail.Plain]:
    return {name: getattr(contact, name) for name in ("mailbox", "person", "phone", "hours")}


def _record(
    session: Session,
    actor: Actor,
    verb: str,
    contact: Contact,
    now: datetime,
    personal: Mapping[str, trail.Plain] | None = None,
    **more: trail.Plain,
) -> None:
    details: dict[str, trail.Plain] = {"institution_id": contact.institution_id, "role": contact.role, **more}
    trail.record(session, actor, verb, "contact", contact.id or 0, now, details=details, personal=personal)

"""Reads of contacts: what a card shows, whom to write to on a day, what an institution keeps, reports and tasks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import and_, func, or_
from sqlmodel import Session, col, select

from app.actors import Actor, Role
from app.db import columns
from partners.contacts import rules
from partners.contacts.models import CardReport, Contact, ContactAbsence, ReportKind
from partners.contacts.rules import Line
from partners.institutions.models import SHOWN, Institution, Status
from partners.institutions.queries import voivodeship_of
from partners.institutions.rules import CHECKED_FOR, is_outdated
from partners.people.models import Membership

SETTLED_SHOWN = 20
_ORDER = {role: number for number, role in enumerate(rules.CONTACT_ROLES)}
_CONTACT = (
    col(Contact.id),
    col(Contact.role),
    col(Contact.person),
    col(Contact.phone),
    col(Contact.mailbox),
    col(Contact.hours),
    col(Contact.public),
    col(Contact.confirmed_on),
)


InRole = TypeVar("InRole", Contact, Line)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Whom to write to in one matter, as the card shows it; *role_label* is a msgid.

    *away_until* is the last day of a present absence; then *stands_in* is the name, mailbox or telephone of whoever
    does the work meanwhile, "" when nobody of this role is there.
    """

    id: int
    role: str
    role_label: str
    person: str
    phone: str
    mailbox: str
    hours: str
    public: bool
    confirmed_on: date | None
    substitute: bool
    away_until: date | None
    stands_in: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message about one matter goes: *contact_id* is None for the mailbox of the institution itself."""

    mailbox: str
    person: str
    contact_id: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A contact with its coming absences, as its institution edits it; *first* and *last* of its line."""

    contact: Contact
    role_label: str
    absences: tuple[ContactAbsence, ...]
    outdated: bool
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class ReportNote:
    """What a card tells partners about an open report; *sentence* is a msgid with %(day)s."""

    kind: ReportKind
    sentence: str
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report as the institution reads it: who reports is told as an institution, never as a person."""

    id: int
    kind: ReportKind
    label: str
    note: str
    reported_at: datetime
    reporter: str
    about: str
    settled_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class CardTasks:
    """What waits on the desk of those who keep a card: contacts to confirm, reports to settle."""

    outdated: int
    reports: int


def of_card(session: Session, institution_id: int, viewer: Actor, today: date) -> list[ContactRow]:
    """Give the contacts that *viewer* may know of (the public ones; all of them to partners), roles in order.

    One statement, two for an inspector. Whoever stands in for an absent contact is named only if *viewer* may know of
    him, too.
    """
    lines, away = _lines(session, institution_id, today)
    sees_all = _sees_all(session, institution_id, viewer)
    shown = [one for one in lines if one.public or sees_all]
    by_role = _by_role(shown)
    return [
        ContactRow(
            id=one.id,
            role=role,
            role_label=rules.CONTACT_ROLES.get(role, role),
            person=one.person,
            phone=one.phone,
            mailbox=one.mailbox,
            hours=one.hours,
            public=one.public,
            confirmed_on=one.confirmed_on,
            substitute=number > 0,
            away_until=away.get(one.id),
            stands_in=_name(rules.stand_in(line, away)) if one.id in away else "",
        )
        for role, line in by_role.items()
        for number, one in enumerate(line)
    ]


def whom_to_write(session: Session, institution_id: int, role: str, day: date) -> Recipient | None:
    """Give where a message in the matter of *role* goes on *day*: the first contact with a mailbox who is not absent.

    Without one it is the institution's own mailbox; None when it has none either. What an institution was that has
    ended goes to its successor. For other rooms, whoever asks: contacts that are for partners only get mails, too.
    """
    statement = columns(col(Institution.email), col(Institution.status), col(Institution.successor_id))
    found = session.execute(statement.where(col(Institution.id) == institution_id)).first()
    if found is None:
        return None
    mailbox, status, successor_id = found
    if status is Status.ARCHIVED and successor_id is not None:
        return whom_to_write(session, successor_id, role, day)
    lines, away = _lines(session, institution_id, day)
    contact = rules.stand_in([one for one in lines if one.role == role and one.mailbox], away)
    if contact is not None:
        return Recipient(contact.mailbox, contact.person, contact.id)
    return Recipient(mailbox, "", None) if mailbox else None


def whom_to_write_besides(session: Session, institution_id: int, role: str, day: date) -> list[Recipient]:
    """Give everybody in the line of *role* with a mailbox who is not absent on *day*, in the order of substitutes.

    For a message that the first one has left without an answer; never empty where whom_to_write names somebody.
    """
    first = whom_to_write(session, institution_id, role, day)
    lines, away = _lines(session, institution_id, day)
    found = [
        Recipient(one.mailbox, one.person, one.id)
        for one in lines
        if one.role == role and one.mailbox and one.id not in away
    ]
    return found or ([first] if first is not None else [])


def kept(session: Session, institution_id: int, viewer: Actor, today: date) -> list[Kept]:
    """Give all contacts with the absences that have not passed, for editing; nothing to others. Two statements."""
    if not rules.may_keep(viewer, institution_id):
        return []
    contacts = session.exec(
        select(Contact)
        .where(Contact.institution_id == institution_id)
        .order_by(col(Contact.position), col(Contact.id))
        .execution_options(populate_existing=True)
    ).all()
    absences: dict[int, list[ContactAbsence]] = {}
    for absence in session.exec(
        select(ContactAbsence)
        .join(Contact, col(Contact.id) == ContactAbsence.contact_id)
        .where(Contact.institution_id == institution_id, col(ContactAbsence.ends_on) >= today)
        .order_by(col(ContactAbsence.starts_on), col(ContactAbsence.id))
    ):
        absences.setdefault(absence.contact_id, []).append(absence)
    return [
        Kept(
            contact=one,
            role_label=rules.CONTACT_ROLES.get(role, role),
            absences=tuple(absences.get(one.id or 0, ())),
            outdated=is_outdated(one.confirmed_on, today),
            first=number == 0,
            last=number == len(line) - 1,
        )
        for role, line in _by_role(contacts).items()
        for number, one in enumerate(line)
    ]


def contact(session: Session, institution_id: int, contact_id: int, viewer: Actor) -> Contact | None:
    """Give one contact of this card for an act; None when it hangs on another card or is not *viewer*'s to keep."""
    found = session.get(Contact, contact_id)
    if found is None or found.institution_id != institution_id or not rules.may_keep(viewer, institution_id):
        return None
    return found


def absence(session: Session, owner: Contact, absence_id: int) -> ContactAbsence | None:
    """Give one absence of *owner*."""
    found = session.get(ContactAbsence, absence_id)
    return found if found is not None and found.contact_id == owner.id else None


def open_notes(session: Session, institution_id: int, viewer: Actor) -> list[ReportNote]:
    """Give what has been reported about a card and is not settled, once for each kind; to partners only."""
    if not _sees_all(session, institution_id, viewer):
        return []
    statement = (
        columns(CardReport.kind, func.min(CardReport.reported_at))
        .where(col(CardReport.institution_id) == institution_id, col(CardReport.settled_at).is_(None))
        .group_by(col(CardReport.kind))
        .order_by(func.min(CardReport.reported_at))
    )
    return [ReportNote(kind, rules.REPORTED[kind], at) for kind, at in session.execute(statement)]


def keeps(viewer: Actor, institution_id: int) -> bool:
    """Whether the card leads *viewer* to the contacts that he edits."""
    return rules.may_keep(viewer, institution_id)


def settles(viewer: Actor, institution_id: int) -> bool:
    """Whether the card leads *viewer* to the reports that he settles."""
    return rules.may_settle(viewer, institution_id)


def reports_here(viewer: Actor, institution_id: int) -> bool:
    """Whether the card asks *viewer* to report what is wrong on it: people of other institutions."""
    return rules.may_report(viewer) and viewer.institution_id != institution_id


def reports(session: Session, institution_id: int, viewer: Actor) -> list[ReportRow]:
    """Give the open reports, the oldest first, then the last settled ones; nothing to those who settle nothing."""
    if not rules.may_settle(viewer, institution_id):
        return []
    statement = (
        columns(
            CardReport.id,
            CardReport.kind,
            CardReport.note,
            CardReport.reported_at,
            Institution.name,
            Contact.role,
            CardReport.settled_at,
            CardReport.outcome,
        )
        .outerjoin(Institution, col(Institution.id) == CardReport.reporter_institution_id)
        .outerjoin(Contact, col(Contact.id) == CardReport.contact_id)
        .where(col(CardReport.institution_id) == institution_id)
    )
    waiting = session.execute(statement.where(col(CardReport.settled_at).is_(None)).order_by(col(CardReport.id))).all()
    settled = session.execute(
        statement.where(col(CardReport.settled_at).is_not(None))
        .order_by(col(CardReport.settled_at).desc(), col(CardReport.id).desc())
        .limit(SETTLED_SHOWN)
    ).all()
    return [
        ReportRow(
            id=row_id,
            kind=kind,
            label=rules.REPORT_LABEL[kind],
            note=note,
            reported_at=reported_at,
            reporter=reporter or "",
            about=rules.CONTACT_ROLES.get(role, "") if role else "",
            settled_at=settled_at,
            outcome=rules.OUTCOME_LABEL[rules.Outcome(outcome)] if outcome else "",
        )
        for row_id, kind, note, reported_at, reporter, role, settled_at, outcome in (*waiting, *settled)
    ]


def report(session: Session, institution_id: int, report_id: int, viewer: Actor) -> CardReport | None:
    """Give one report on this card for an act; None when it hangs on another card or is not *viewer*'s to settle."""
    found = session.get(CardReport, report_id)
    if found is None or found.institution_id != institution_id or not rules.may_settle(viewer, institution_id):
        return None
    return found


def tasks(session: Session, viewer: Actor, today: date) -> CardTasks:
    """Count what waits for those who keep *viewer*'s card. One statement, none for others."""
    if not viewer.coordinates:
        return CardTasks(0, 0)
    waiting = (
        columns(func.count())
        .select_from(CardReport)
        .where(col(CardReport.institution_id) == viewer.institution_id, col(CardReport.settled_at).is_(None))
    )
    outdated = (
        columns(func.count())
        .select_from(Contact)
        .where(
            col(Contact.institution_id) == viewer.institution_id,
            or_(col(Contact.confirmed_on).is_(None), col(Contact.confirmed_on) < today - CHECKED_FOR),
        )
    )
    row = session.execute(columns(outdated.scalar_subquery(), waiting.scalar_subquery())).one()
    return CardTasks(row[0] if viewer.role is Role.ADMIN else 0, row[1])


def to_remind(session: Session, today: date) -> dict[int, int]:
    """Count the contacts older than a year, or never confirmed, of each institution that has an administrator."""
    statement = (
        columns(Contact.institution_id, func.count(func.distinct(Contact.id)))
        .join(Institution, col(Institution.id) == Contact.institution_id)
        .join(
            Membership,
            and_(
                col(Membership.institution_id) == Contact.institution_id,
                col(Membership.ended_at).is_(None),
                col(Membership.role) == Role.ADMIN,
            ),
        )
        .where(
            col(Institution.status).in_(SHOWN),
            or_(col(Contact.confirmed_on).is_(None), col(Contact.confirmed_on) < today - CHECKED_FOR),
        )
        .group_by(col(Contact.institution_id))
        .order_by(col(Contact.institution_id))
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def _sees_all(session: Session, institution_id: int, viewer: Actor) -> bool:
    # Where the institution lies matters to inspectors alone: nobody else pays for asking.
    place = voivodeship_of(session, institution_id) if viewer.role is Role.INSPECTOR else ""
    return rules.sees_all(viewer, institution_id, place)


def _lines(session: Session, institution_id: int, day: date) -> tuple[list[Line], dict[int, date]]:
    """Give all contacts in the order of their lines, and the last day of those absent on *day*. One statement."""
    away = and_(
        col(ContactAbsence.contact_id) == Contact.id,
        col(ContactAbsence.starts_on) <= day,
        col(ContactAbsence.ends_on) >= day,
    )
    found = session.execute(
        columns(*_CONTACT, col(ContactAbsence.ends_on))
        .outerjoin(ContactAbsence, away)
        .where(col(Contact.institution_id) == institution_id)
        .order_by(col(Contact.position), col(Contact.id), col(ContactAbsence.ends_on))
    )
    lines: dict[int, Line] = {}
    until: dict[int, date] = {}
    for row in found:
        lines[row[0]] = Line(*row[:-1])
        if row[-1] is not None:
            until[row[0]] = row[-1]
    return list(lines.values()), until


def _by_role(contacts: Iterable[InRole]) -> dict[str, list[InRole]]:
    found: dict[str, list[InRole]] = {}
    for one in contacts:
        found.setdefault(one.role, []).append(one)
    return dict(sorted(found.items(), key=lambda item: _ORDER.get(item[0], len(_ORDER))))


def _name(line: Line | None) -> str:
    return "" if line is None else line.person or line.mailbox or line.phone

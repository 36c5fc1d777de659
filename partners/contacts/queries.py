"""Reads of contacts."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from app.actors import Actor, Role
from partners.contacts.models import Contact
from partners.contacts.rules import CONTACT_ROLES


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Whom to write to in one matter; *role_label* is a msgid."""

    role_label: str
    person: str
    phone: str
    mailbox: str
    hours: str
    public: bool
    confirmed_on: date | None


def contacts(session: Session, institution_id: int, viewer: Actor) -> list[ContactRow]:
    """Give the contacts of an institution that *viewer* may know of: the public ones, all of them to partners."""
    statement = select(Contact).where(Contact.institution_id == institution_id)
    if not (viewer.works_for_institution or viewer.role in (Role.OPERATOR, Role.INSPECTOR)):
        statement = statement.where(col(Contact.public).is_(True))
    return [
        ContactRow(
            role_label=CONTACT_ROLES.get(row.role, row.role),
            person=row.person,
            phone=row.phone,
            mailbox=row.mailbox,
            hours=row.hours,
            public=row.public,
            confirmed_on=row.confirmed_on,
        )
        for row in session.exec(statement.order_by(col(Contact.position), col(Contact.id)))
    ]

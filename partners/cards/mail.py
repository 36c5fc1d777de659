"""Which messages cards cause: the yearly question whether a card is still right."""

from datetime import datetime

from sqlmodel import Session

from app.actors import Role
from app.outbox import post
from partners.institutions.models import Institution
from partners.people import queries as people


def remind(session: Session, institution: Institution, number: int, now: datetime) -> None:
    """Ask the administrators of a card to look through it, and *number* of its services."""
    for person in people.coordinators(session, institution.id or 0):
        if person.role is Role.ADMIN:
            post.write(
                session,
                now,
                to=person.email,
                user_id=person.user_id,
                language=person.language,
                template="partners/cards/remind",
                params={"institution": institution.name, "number": number, "synthetic": institution.synthetic},
                link=f"/partnerzy/{institution.slug}",
            )

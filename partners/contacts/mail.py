"""Which messages contacts cause: a report for those who keep the card, the yearly question to confirm."""

from datetime import datetime

from sqlmodel import Session

from app.actors import Role
from app.outbox import post
from app.outbox.post import Param
from partners.contacts.models import ReportKind
from partners.institutions.models import Institution
from partners.people import queries as people


def reported(session: Session, institution: Institution, kind: ReportKind, now: datetime) -> None:
    """Tell the administrators of a card (its coordinators, if it has none) that something on it does not work."""
    params: dict[str, Param] = {"report": kind.value}
    _write(session, institution, "reported", params, f"/partnerzy/{institution.slug}/zgloszenia", now)


def remind(session: Session, institution: Institution, number: int, now: datetime) -> None:
    """Ask the administrators of a card to confirm *number* contacts."""
    _write(session, institution, "remind", {"number": number}, f"/partnerzy/{institution.slug}/kontakty", now)


def _write(
    session: Session, institution: Institution, message: str, params: dict[str, Param], link: str, now: datetime
) -> None:
    coordinators = people.coordinators(session, institution.id or 0)
    admins = [one for one in coordinators if one.role is Role.ADMIN]
    for person in admins or coordinators:
        post.write(
            session,
            now,
            to=person.email,
            user_id=person.user_id,
            language=person.language,
            template=f"partners/contacts/{message}",
            params={"institution": institution.name, "synthetic": institution.synthetic, **params},
            link=link,
        )

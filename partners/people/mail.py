"""Which messages an act on people causes: the invited gets a link, unless a code is printed for him."""

from datetime import datetime

from sqlmodel import Session

from app.outbox import post
from partners.institutions.models import Institution
from partners.people.models import Invitation


def invited(session: Session, invitation: Invitation, inviter: str, secret: str, now: datetime) -> None:
    """Send the link of an invitation to the address that it is for; nothing when it is handed over on paper."""
    if invitation.printed:
        return
    institution = session.get_one(Institution, invitation.institution_id)
    post.write(
        session,
        now,
        to=invitation.email,
        language=invitation.language,
        template="partners/people/invited",
        params={
            "institution": institution.name,
            "inviter": inviter,
            "role": invitation.role.value,
            "ends_at": invitation.expires_at.isoformat(),
            "synthetic": institution.synthetic,
        },
        link=f"/zaproszenie/{secret}",
    )

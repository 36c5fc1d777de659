"""Which messages admission causes: operators hear of an application, the applicant of the decision."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.accounts.models import UserAccount
from app.outbox import post
from partners.admission.models import Application
from partners.institutions.models import Institution
from partners.people.models import Invitation


def applied(session: Session, application: Application, institution: Institution, now: datetime) -> None:
    """Tell the operators that an application waits."""
    statement = select(UserAccount).where(col(UserAccount.is_operator), col(UserAccount.locked_at).is_(None))
    for operator in session.exec(statement.order_by(col(UserAccount.id))):
        post.write(
            session,
            now,
            to=operator.email,
            user_id=operator.id,
            language=operator.language,
            template="partners/admission/applied",
            params={"institution": institution.name, "synthetic": institution.synthetic},
            link=f"/operator/zgloszenia/{application.id}",
        )


def accepted(session: Session, application: Application, institution: Institution, now: datetime) -> None:
    """Tell the applicant that the institution has been admitted."""
    post.write(
        session,
        now,
        to=application.applicant_email,
        language=_language(session, institution),
        template="partners/admission/accepted",
        params={"institution": institution.name, "synthetic": institution.synthetic},
        link="/biurko",
    )


def refused(session: Session, application: Application, institution: Institution, now: datetime) -> None:
    """Tell the applicant that it has not been, and why."""
    post.write(
        session,
        now,
        to=application.applicant_email,
        language=_language(session, institution),
        template="partners/admission/refused",
        params={
            "institution": institution.name,
            "reason": application.reason,
            "synthetic": institution.synthetic,
        },
        link="/partnerzy",
    )


def _language(session: Session, institution: Institution) -> str:
    first = select(Invitation.language).where(Invitation.institution_id == institution.id).order_by(col(Invitation.id))
    return session.exec(first.limit(1)).first() or "pl"

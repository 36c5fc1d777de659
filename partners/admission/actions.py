"""Verbs of admission: apply, accept, refuse, and forget what was refused."""

from datetime import datetime

from sqlmodel import Session, col, delete, select

from app.accounts import actions as accounts
from app.accounts import rules as account_rules
from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.audit import trail
from app.db import lock
from partners.admission import mail, queries, rules
from partners.admission.models import Application, ApplicationState
from partners.admission.rules import Applied
from partners.institutions import actions as institutions
from partners.institutions.actions import NewCard
from partners.institutions.models import Institution, Status
from partners.people import actions as people
from partners.people import queries as people_queries
from partners.people import rules as people_rules
from partners.people.models import Invitation, Membership


def apply(
    session: Session, actor: Actor, applied: Applied, now: datetime, *, address: str = "", synthetic: bool = False
) -> Application:
    """Let an institution exist as *applied*, and invite the applicant as its first admin.

    Operators get a mail. *address* is where on the network it comes from. The same application, while it waits, is made
    once. Raises TooManyApplications.
    """
    key = f"application\n{account_rules.network(address)}"
    if address and accounts.try_once(session, key, address, now, rules.FROM_ONE_PLACE) is None:
        raise rules.TooManyApplications
    same = queries.waiting_same(session, applied.name, applied.gmina_code, applied.applicant_email)
    if same is not None:
        return same
    if queries.of_person(session, applied.applicant_email) >= rules.OF_ONE_PERSON:
        raise rules.TooManyApplications
    card = NewCard(
        name=applied.name,
        kind=applied.kind,
        gmina_code=applied.gmina_code,
        district_code=applied.district_code,
        street=applied.street,
        postal_code=applied.postal_code,
        post_town=applied.post_town,
        email=applied.email,
        phone=applied.phone,
        status=Status.APPLIED,
        synthetic=synthetic,
    )
    institution = institutions.add_institution(session, actor, card, now)
    owner = institution.id or 0
    application = Application(
        institution_id=owner,
        applicant_name=applied.applicant_name,
        applicant_email=applied.applicant_email,
        applicant_function=applied.applicant_function,
        message=applied.message,
        applied_at=now,
    )
    session.add(application)
    session.flush()
    details = {"kind": applied.kind.value}
    trail.record(session, actor, "application.made", "application", _id(application), now, details=details)
    wanted = people_rules.Wanted(
        email=applied.applicant_email,
        role=Role.ADMIN,
        name=applied.applicant_name,
        function=applied.applicant_function,
        language=applied.language,
    )
    people.issue(session, Actor.visitor(), owner, wanted, now)
    mail.applied(session, application, institution, now)
    return application


def accept(session: Session, actor: Actor, application: Application, now: datetime) -> Institution:
    """Admit an institution: from now on everybody sees it, and its people may publish.

    An applicant who has not accepted the invitation yet gets a fresh one. Locks institution and application. Raises
    NotTheOperator, DecidedAlready.
    """
    institution = _decide(session, actor, application, ApplicationState.ACCEPTED, now)
    institution.status = Status.ACTIVE
    mail.accepted(session, application, institution, now)
    for invitation in people_queries.invitations(session, institution.id or 0):
        people.renew(session, actor, invitation, now)
    _forget_applicant(application)
    session.flush()
    details = {"institution_id": institution.id or 0}
    trail.record(session, actor, "application.accepted", "application", _id(application), now, details=details)
    return institution


def refuse(session: Session, actor: Actor, application: Application, reason: str, now: datetime) -> None:
    """Refuse an application with a *reason* that its people read; after 30 days nothing of it is left.

    Open invitations die. Locks institution and application. Raises NotTheOperator, DecidedAlready, ReasonMissing.
    """
    if not reason:
        raise rules.ReasonMissing
    institution = _decide(session, actor, application, ApplicationState.REFUSED, now)
    institution.status = Status.REFUSED
    application.reason = reason
    mail.refused(session, application, institution, now)
    for invitation in people_queries.invitations(session, institution.id or 0):
        people.withdraw(session, actor, invitation, now)
    _forget_applicant(application)
    session.flush()
    details = {"institution_id": institution.id or 0}
    trail.record(session, actor, "application.refused", "application", _id(application), now, details=details)


def refused_before(session: Session, now: datetime) -> list[Application]:
    """Give the refused applications whose 30 days are over."""
    statement = select(Application).where(
        Application.state == ApplicationState.REFUSED, col(Application.decided_at) < now - rules.REFUSED_KEPT
    )
    return list(session.exec(statement))


def forget(session: Session, application: Application, now: datetime) -> None:
    """Delete a refused institution, and the accounts that belonged nowhere else; its drafts are gone already."""
    owner = application.institution_id
    details = {"institution_id": owner}
    trail.record(
        session, Actor.system(), "application.forgotten", "application", _id(application), now, details=details
    )
    elsewhere = select(Membership.user_id).where(Membership.institution_id != owner)
    lone = (
        select(UserAccount.id)
        .join(Membership, col(Membership.user_id) == UserAccount.id)
        .where(
            Membership.institution_id == owner,
            col(UserAccount.id).not_in(elsewhere),
            col(UserAccount.is_operator).is_(False),
            col(UserAccount.inspects).is_(None),
        )
    )
    persons = [one for one in session.exec(lone) if one is not None]
    session.exec(delete(Invitation).where(col(Invitation.institution_id) == owner))
    session.exec(delete(Application).where(col(Application.institution_id) == owner))
    session.exec(delete(Membership).where(col(Membership.institution_id) == owner))
    session.exec(delete(Institution).where(col(Institution.id) == owner))
    session.exec(delete(UserAccount).where(col(UserAccount.id).in_(persons)))


def _decide(
    session: Session, actor: Actor, application: Application, state: ApplicationState, now: datetime
) -> Institution:
    institution = lock(session, Institution, application.institution_id)
    lock(session, Application, _id(application))
    if not rules.may_decide(actor):
        raise rules.NotTheOperator
    if application.state is not ApplicationState.WAITING or institution is None:
        raise rules.DecidedAlready
    application.state = state
    application.decided_at = now
    application.decided_by = actor.user_id
    institution.changed_at = now
    return institution


def _forget_applicant(application: Application) -> None:
    application.applicant_name = application.applicant_email = application.applicant_function = ""
    application.message = ""


def _id(application: Application) -> int:
    if application.id is None:
        raise LookupError("the application has not been stored yet")
    return application.id

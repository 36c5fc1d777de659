"""Verbs of people: invite, accept, change a role, end a membership, confirm, choose for whom one acts."""

import secrets
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, or_, select, update

from app import warsaw
from app.accounts import actions as accounts
from app.accounts import queries as account_queries
from app.accounts.models import UserAccount, UserSession
from app.accounts.rules import AddressTaken
from app.actors import Actor, Role
from app.audit import trail
from app.db import lock
from app.errors import NotAdmitted
from app.secret import new_token, token_hash
from partners.institutions.models import Institution
from partners.people import mail, rules
from partners.people.models import Invitation, Membership
from partners.people.rules import Wanted


def add_member(
    session: Session, actor: Actor, user_id: int, institution_id: int, role: Role, function: str, now: datetime
) -> Membership:
    """Make a person member, coordinator or admin of an institution."""
    membership = Membership(user_id=user_id, institution_id=institution_id, role=role, function=function, since=now)
    session.add(membership)
    session.flush()
    details = {"institution_id": institution_id, "role": role.value}
    trail.record(session, actor, "membership.added", "account", user_id, now, details=details)
    return membership


def invite(
    session: Session, actor: Actor, institution_id: int, wanted: Wanted, now: datetime
) -> tuple[Invitation, str]:
    """Invite somebody by mail or by a printed code; return the invitation and its secret, which is kept nowhere.

    Locks the institution. Whether the address has an account makes no difference. Raises NotYourPeople, NotAdmitted,
    AddressInvited, AlreadyAmong, TooManyOpen.
    """
    lock(session, Institution, institution_id)
    _check_right(actor, institution_id)
    address = wanted.email.strip().casefold()
    waiting = [
        other.email
        for other in session.exec(select(Invitation).where(Invitation.institution_id == institution_id))
        if rules.is_open(other, now)
    ]
    if address in waiting:
        raise rules.AddressInvited
    if len(waiting) >= rules.OPEN_MAX:
        raise rules.TooManyOpen(limit=rules.OPEN_MAX)
    if _is_among(session, institution_id, email=address):
        raise rules.AlreadyAmong
    return issue(session, actor, institution_id, wanted, now)


def issue(session: Session, actor: Actor, institution_id: int, wanted: Wanted, now: datetime) -> tuple[Invitation, str]:
    """Make an invitation without asking who makes it: for the first admin of an institution that applies."""
    secret, token = _secret(printed=wanted.printed)
    invitation = Invitation(
        institution_id=institution_id,
        token_hash=token_hash(token),
        email=wanted.email.strip().casefold(),
        name=wanted.name,
        role=wanted.role,
        function=wanted.function,
        language=wanted.language,
        printed=wanted.printed,
        invited_by=actor.user_id,
        invited_at=now,
        expires_at=now + rules.INVITATION_FOR,
    )
    session.add(invitation)
    session.flush()
    details = {"institution_id": institution_id, "role": wanted.role.value, "printed": wanted.printed}
    personal = {"email": invitation.email}
    trail.record(
        session, actor, "invitation.made", "invitation", _id(invitation), now, details=details, personal=personal
    )
    mail.invited(session, invitation, actor.name, secret, now)
    return invitation, secret


def renew(session: Session, actor: Actor, invitation: Invitation, now: datetime) -> str:
    """Give an invitation a new secret and 14 new days, and send it again; the old link or code opens nothing any more.

    Locks it. Raises NotYourPeople, NotAdmitted, InvitationOver.
    """
    lock(session, Invitation, _id(invitation))
    _check_right(actor, invitation.institution_id)
    if not rules.waits(invitation):
        raise rules.InvitationOver
    secret, token = _secret(printed=invitation.printed)
    invitation.token_hash = token_hash(token)
    invitation.expires_at = now + rules.INVITATION_FOR
    if invitation.invited_by is not None:  # the first admin of an institution is invited by nobody
        invitation.invited_by = actor.user_id
    session.flush()
    trail.record(session, actor, "invitation.renewed", "invitation", _id(invitation), now)
    mail.invited(session, invitation, actor.name, secret, now)
    return secret


def withdraw(session: Session, actor: Actor, invitation: Invitation, now: datetime) -> None:
    """Make an invitation worthless. Locks it. Raises NotYourPeople, InvitationOver."""
    lock(session, Invitation, _id(invitation))
    if not rules.may_administer(actor, invitation.institution_id):
        raise rules.NotYourPeople
    if not rules.waits(invitation):
        raise rules.InvitationOver
    invitation.withdrawn_at = now
    session.flush()
    trail.record(session, actor, "invitation.withdrawn", "invitation", _id(invitation), now)


def accept(session: Session, actor: Actor, invitation: Invitation, now: datetime) -> Membership:
    """Let the signed-in person join, and act for the institution in this session from now on.

    Locks institution and invitation. Raises InvitationOver, NotForOffices, AlreadyYours.
    """
    lock(session, Institution, invitation.institution_id)
    lock(session, Invitation, _id(invitation))
    if not rules.is_open(invitation, now):
        raise rules.InvitationOver
    if actor.role in (Role.OPERATOR, Role.INSPECTOR) or actor.user_id is None:
        raise rules.NotForOffices
    if _is_among(session, invitation.institution_id, user_id=actor.user_id):
        raise rules.AlreadyYours
    membership = _join(session, actor, actor.user_id, invitation, now)
    _act_for(session, actor, invitation.institution_id)
    return membership


def accept_as_new(
    session: Session, invitation: Invitation, name: str, password_hash: str, language: str, now: datetime
) -> Membership | None:
    """Make the account of the invited address and let it join; None, and nothing done, if the address has one.

    The page says the same in both cases: sign in. Whoever has an account accepts after signing in with his own
    password. Locks the invitation. The caller has checked and hashed the password. Raises InvitationOver.
    """
    lock(session, Invitation, _id(invitation))
    if not rules.is_open(invitation, now):
        raise rules.InvitationOver
    if account_queries.by_email(session, invitation.email) is not None:
        return None
    institution = session.get_one(Institution, invitation.institution_id)
    try:
        with session.begin_nested():
            user = accounts.add_account(
                session,
                Actor.visitor(),
                now,
                email=invitation.email,
                name=name,
                password_hash=password_hash,
                language=language,
                synthetic=institution.synthetic,
            )
    except (AddressTaken, IntegrityError):
        return None  # another invitation of this address was accepted in this moment
    who = Actor(role=Role.VISITOR, user_id=user.id, name=name)
    return _join(session, who, user.id or 0, invitation, now)


def change(session: Session, actor: Actor, membership: Membership, role: Role, function: str, now: datetime) -> bool:
    """Give a person another role or function; return whether anything changed.

    Another role ends the person's other sessions; invitations of one who is no administrator any more run out. Locks
    the institution. Raises NotYourPeople, MembershipOver, LastAdmin.
    """
    lock(session, Institution, membership.institution_id)
    _check_current(session, actor, membership)
    was = membership.role
    if (was, membership.function) == (role, function):
        return False
    if was is Role.ADMIN and role is not Role.ADMIN:
        _check_another_admin(session, membership)
    membership.role, membership.function = role, function
    session.flush()
    details = {"institution_id": membership.institution_id, "role": role.value, "was": was.value}
    trail.record(session, actor, "membership.changed", "account", membership.user_id, now, details=details)
    if role is not Role.ADMIN:
        _stop_invitations(session, membership, now)
    if role is not was:
        _end_sessions(session, actor, membership.user_id, "role_changed", now)
    return True


def end(session: Session, actor: Actor, membership: Membership, now: datetime) -> None:
    """End a membership and the person's sessions, at once; open invitations that he made run out.

    Locks the institution. Raises NotYourPeople, MembershipOver, LastAdmin.
    """
    lock(session, Institution, membership.institution_id)
    _check_current(session, actor, membership)
    if membership.role is Role.ADMIN:
        _check_another_admin(session, membership)
    membership.ended_at = now
    session.flush()
    details = {"institution_id": membership.institution_id, "role": membership.role.value}
    trail.record(session, actor, "membership.ended", "account", membership.user_id, now, details=details)
    _stop_invitations(session, membership, now)
    _end_sessions(session, actor, membership.user_id, "membership_ended", now)


def confirm(session: Session, actor: Actor, institution_id: int, now: datetime) -> int:
    """Note that all people of an institution still work there; return their number. Raises NotYourPeople."""
    lock(session, Institution, institution_id)
    if not rules.may_administer(actor, institution_id):
        raise rules.NotYourPeople
    current = session.exec(
        select(Membership).where(Membership.institution_id == institution_id, col(Membership.ended_at).is_(None))
    ).all()
    for membership in current:
        membership.confirmed_on = warsaw.today(now)
    session.flush()
    details = {"number": len(current)}
    trail.record(session, actor, "membership.confirmed", "institution", institution_id, now, details=details)
    return len(current)


def act_for(session: Session, actor: Actor, institution_id: int) -> None:
    """Choose for whom the actor's session acts. Raises NotYourPlace."""
    if institution_id not in {place.institution_id for place in actor.places}:
        raise rules.NotYourPlace
    _act_for(session, actor, institution_id)


def forget_invitations(session: Session, now: datetime) -> int:
    """Delete invitations 30 days after they were used, withdrawn or ran out; return how many went."""
    before = now - rules.INVITATION_KEPT
    statement = delete(Invitation).where(
        or_(
            col(Invitation.accepted_at) < before,
            col(Invitation.withdrawn_at) < before,
            col(Invitation.expires_at) < before,
        )
    )
    return session.exec(statement).rowcount


def _join(session: Session, actor: Actor, user_id: int, invitation: Invitation, now: datetime) -> Membership:
    invitation.accepted_at = now
    details = {"institution_id": invitation.institution_id}
    trail.record(session, actor, "invitation.accepted", "invitation", _id(invitation), now, details=details)
    return add_member(session, actor, user_id, invitation.institution_id, invitation.role, invitation.function, now)


def _act_for(session: Session, actor: Actor, institution_id: int) -> None:
    row = session.get(UserSession, actor.session_id) if actor.session_id else None
    if row is not None:
        row.acting_for = institution_id
        session.flush()


def _check_right(actor: Actor, institution_id: int) -> None:
    if not rules.may_administer(actor, institution_id):
        raise rules.NotYourPeople
    if not actor.admitted:
        raise NotAdmitted


def _check_current(session: Session, actor: Actor, membership: Membership) -> None:
    if not rules.may_administer(actor, membership.institution_id):
        raise rules.NotYourPeople
    session.refresh(membership)
    if membership.ended_at is not None:
        raise rules.MembershipOver


def _check_another_admin(session: Session, membership: Membership) -> None:
    other = (
        select(Membership.id)
        .join(UserAccount, col(UserAccount.id) == Membership.user_id)
        .where(
            Membership.institution_id == membership.institution_id,
            Membership.id != membership.id,
            Membership.role == Role.ADMIN,
            col(Membership.ended_at).is_(None),
            col(UserAccount.locked_at).is_(None),
        )
    )
    if session.exec(other.limit(1)).first() is None:
        raise rules.LastAdmin


def _is_among(session: Session, institution_id: int, *, user_id: int | None = None, email: str = "") -> bool:
    statement = (
        select(Membership.id)
        .join(UserAccount, col(UserAccount.id) == Membership.user_id)
        .where(Membership.institution_id == institution_id, col(Membership.ended_at).is_(None))
        .where(UserAccount.id == user_id if user_id is not None else UserAccount.email == email)
    )
    return session.exec(statement.limit(1)).first() is not None


def _stop_invitations(session: Session, membership: Membership, now: datetime) -> None:
    """Let run out what somebody invited who administers no more: he may hold the link; others can send it again."""
    session.exec(
        update(Invitation)
        .where(
            col(Invitation.institution_id) == membership.institution_id,
            col(Invitation.invited_by) == membership.user_id,
            col(Invitation.expires_at) > now,
        )
        .values(expires_at=now)
    )


def _end_sessions(session: Session, actor: Actor, user_id: int, reason: str, now: datetime) -> None:
    # His own session goes on when an admin changes his own role: the role is read anew at every request.
    accounts.end_sessions(session, actor, user_id, now, reason=reason, keep=actor.session_id)


def _secret(*, printed: bool) -> tuple[str, str]:
    """Make what the invited gets, and the token of the address: a code stands for one that nobody has to type."""
    if printed:
        code = "".join(secrets.choice(rules.CODE_LETTERS) for _letter in range(rules.CODE_LENGTH))
        return code, rules.token_of(code)
    token = new_token()
    return token, token


def _id(invitation: Invitation) -> int:
    if invitation.id is None:
        raise LookupError("the invitation has not been stored yet")
    return invitation.id

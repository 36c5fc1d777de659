"""Reads of people: who a session's person is, colleagues, coordinators."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from app.accounts.models import UserAccount, UserSession
from app.accounts.rules import ABSOLUTE, IDLE
from app.actors import Actor, Role
from app.db import columns
from partners.institutions.models import Institution
from partners.people.models import Contact, Membership

_RANK = {Role.ADMIN: 0, Role.COORDINATOR: 1, Role.MEMBER: 2}


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person with an account in an institution."""

    user_id: int
    name: str
    email: str
    function: str
    language: str
    role: Role


def actor_of(session: Session, token_hash: str, now: datetime) -> Actor | None:
    """Give the actor behind a session token, or None when the session has ended, idled out or been locked.

    One statement. The role comes from the membership that the session acts for, else from the strongest one; an
    ended membership ends here, by the join, and not by a write.
    """
    statement = (
        select(UserSession, UserAccount, Membership, Institution)
        .join(UserAccount, col(UserAccount.id) == UserSession.user_id)
        .join(
            Membership,
            (col(Membership.user_id) == UserAccount.id) & col(Membership.ended_at).is_(None),
            isouter=True,
        )
        .join(Institution, col(Institution.id) == Membership.institution_id, isouter=True)
        .where(UserSession.token_hash == token_hash)
    )
    rows = session.exec(statement).all()
    if not rows:
        return None
    web_session, user = rows[0][0], rows[0][1]
    ends = min(web_session.last_seen_at + IDLE, web_session.started_at + ABSOLUTE)
    if web_session.ended_at is not None or user.locked_at is not None or now >= ends:
        return None
    current: list[tuple[Membership | None, Institution | None]] = [(row[2], row[3]) for row in rows]
    memberships = [(held, at) for held, at in current if held is not None and at is not None]
    chosen = min(
        memberships,
        key=lambda pair: (pair[0].institution_id != web_session.acting_for, _RANK[pair[0].role], pair[0].id),
        default=None,
    )
    return _actor(user, web_session, ends, chosen)


def _actor(
    user: UserAccount, web_session: UserSession, ends: datetime, chosen: tuple[Membership, Institution] | None
) -> Actor:
    role, institution = Role.VISITOR, None
    if user.is_operator:
        role = Role.OPERATOR
    elif user.inspects:
        role = Role.INSPECTOR
    elif chosen is not None:
        role, institution = chosen[0].role, chosen[1]
    return Actor(
        role=role,
        user_id=user.id,
        name=user.name,
        email=user.email,
        institution_id=institution.id if institution else None,
        institution_name=(institution.short_name or institution.name) if institution else "",
        institution_slug=institution.slug if institution else "",
        institution_kind=institution.kind.value if institution else "",
        voivodeship=user.inspects,
        language=user.language,
        session_id=web_session.id,
        session_ends=ends.timestamp(),
        session_limit=(web_session.started_at + ABSOLUTE).timestamp(),
        seen_at=web_session.last_seen_at.timestamp(),
        synthetic=user.synthetic,
    )


def colleagues(session: Session, institution_id: int) -> list[Colleague]:
    """Give the people of an institution with an account, by name. One statement."""
    statement = (
        columns(
            UserAccount.id,
            UserAccount.name,
            UserAccount.email,
            Membership.function,
            UserAccount.language,
            Membership.role,
        )
        .join(Membership, col(Membership.user_id) == UserAccount.id)
        .where(
            col(Membership.institution_id) == institution_id,
            col(Membership.ended_at).is_(None),
            col(UserAccount.locked_at).is_(None),
        )
        .order_by(col(UserAccount.name), col(UserAccount.id))
    )
    return [Colleague(*row) for row in session.execute(statement)]


def coordinators(session: Session, institution_id: int) -> list[Colleague]:
    """Give those of an institution who publish and decide: coordinators and admins."""
    return [c for c in colleagues(session, institution_id) if c.role in (Role.COORDINATOR, Role.ADMIN)]


def actor_of_user(session: Session, user_id: int) -> Actor | None:
    """Give the actor of an account without a web session: for commands and loaders."""
    user = session.get(UserAccount, user_id)
    if user is None:
        return None
    statement = (
        select(Membership, Institution)
        .join(Institution, col(Institution.id) == Membership.institution_id)
        .where(Membership.user_id == user_id, col(Membership.ended_at).is_(None))
    )
    pairs = sorted(session.exec(statement).all(), key=lambda pair: (_RANK[pair[0].role], pair[0].id))
    never = datetime(1970, 1, 1, tzinfo=UTC)
    blank = UserSession(token_hash="", user_id=user_id, started_at=never, last_seen_at=never)
    return _actor(user, blank, never + timedelta(0), (pairs[0][0], pairs[0][1]) if pairs else None)


def contacts(session: Session, institution_id: int, viewer: Actor) -> list[Contact]:
    """Give the contacts of an institution that *viewer* may know of: the public ones, all of them to partners."""
    statement = select(Contact).where(Contact.institution_id == institution_id)
    if not (viewer.works_for_institution or viewer.role in (Role.OPERATOR, Role.INSPECTOR)):
        statement = statement.where(col(Contact.public).is_(True))
    return list(session.exec(statement.order_by(col(Contact.position), col(Contact.id))))


def has_people(session: Session, institution_id: int) -> bool:
    """Tell whether anybody can sign in for an institution."""
    statement = (
        select(Membership.id)
        .join(UserAccount, col(UserAccount.id) == Membership.user_id)
        .where(
            col(Membership.institution_id) == institution_id,
            col(Membership.ended_at).is_(None),
            col(UserAccount.locked_at).is_(None),
        )
        .limit(1)
    )
    return session.exec(statement).first() is not None


def institution_id(session: Session, slug: str) -> int | None:
    """Give the id of the institution with this slug."""
    return session.exec(select(Institution.id).where(Institution.slug == slug)).first()


def any_institution(session: Session) -> bool:
    """Whether the directory holds anything yet."""
    return session.exec(select(Institution.id).limit(1)).first() is not None

"""Reads of people: who a session's person is, colleagues, coordinators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from app.accounts.models import UserAccount, UserSession
from app.accounts.rules import ABSOLUTE, IDLE
from app.actors import Actor, Place, Role
from app.db import columns, rows
from app.text import sort_key
from partners.institutions.models import KNOWN, Institution, Kind, Status
from partners.people.models import Invitation, Membership
from partners.people.rules import confirmed_until, may_administer

LISTED = 500
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


class _Held(NamedTuple):
    """A web session with its person and one of his current memberships, if he has any: made at every request."""

    session_id: int
    started_at: datetime
    last_seen_at: datetime
    ended_at: datetime | None
    acting_for: int | None
    user_id: int
    name: str
    email: str
    language: str
    is_operator: bool
    inspects: str | None
    locked_at: datetime | None
    synthetic: bool
    membership_id: int | None
    role: Role | None
    institution_id: int | None
    institution_name: str | None
    institution_short: str | None
    institution_slug: str | None
    institution_kind: Kind | None
    institution_status: Status | None


# Made once: making a statement costs more than running it, and every page of a signed-in person asks this one.
_BY_TOKEN = (
    columns(
        UserSession.id,
        UserSession.started_at,
        UserSession.last_seen_at,
        UserSession.ended_at,
        UserSession.acting_for,
        UserAccount.id,
        UserAccount.name,
        UserAccount.email,
        UserAccount.language,
        UserAccount.is_operator,
        UserAccount.inspects,
        UserAccount.locked_at,
        UserAccount.synthetic,
        Membership.id,
        Membership.role,
        Membership.institution_id,
        Institution.name,
        Institution.short_name,
        Institution.slug,
        Institution.kind,
        Institution.status,
    )
    .select_from(UserSession)
    .join(UserAccount, col(UserAccount.id) == UserSession.user_id)
    .outerjoin(Membership, (col(Membership.user_id) == UserAccount.id) & col(Membership.ended_at).is_(None))
    .outerjoin(Institution, col(Institution.id) == Membership.institution_id)
    .where(col(UserSession.token_hash) == bindparam("token_hash"), col(UserSession.awaits_code).is_(False))
)

COLLEAGUES = (
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
        col(Membership.institution_id) == bindparam("institution_id"),
        col(Membership.ended_at).is_(None),
        col(UserAccount.locked_at).is_(None),
    )
)
"""People of *institution_id* with an account, as Colleague takes them: for statements that ask for more at once."""
_COLLEAGUES = COLLEAGUES.order_by(col(UserAccount.name), col(UserAccount.id))


def actor_of(session: Session, token_hash: str, now: datetime) -> Actor | None:
    """Give the actor behind a session token, or None when the session has ended, idled out or been locked.

    One statement. The role comes from the membership that the session acts for, else from the strongest one; an
    ended membership ends here, by the join, and not by a write.
    """
    found = [_Held._make(row) for row in rows(session, _BY_TOKEN, {"token_hash": token_hash})]
    if not found:
        return None
    held = found[0] if len(found) == 1 else _acted_for(found)
    limit = held.started_at + ABSOLUTE
    ends = min(held.last_seen_at + IDLE, limit)
    if held.ended_at is not None or held.locked_at is not None or now >= ends:
        return None
    above = Role.OPERATOR if held.is_operator else Role.INSPECTOR if held.inspects else None
    inside = above is None and held.role is not None
    return Actor(
        role=above or held.role or Role.VISITOR,
        user_id=held.user_id,
        institution_id=held.institution_id if inside else None,
        name=held.name,
        email=held.email,
        institution_name=_name_of(held) if inside else "",
        institution_slug=held.institution_slug or "" if inside else "",
        institution_kind=held.institution_kind.value if inside and held.institution_kind else "",
        voivodeship=held.inspects,
        language=held.language,
        session_id=held.session_id,
        session_ends=ends.timestamp(),
        session_limit=limit.timestamp(),
        seen_at=held.last_seen_at.timestamp(),
        synthetic=held.synthetic,
        admitted=not (inside and _waits(held)),
        places=_places(found) if inside else (),
    )


def colleagues(session: Session, institution_id: int) -> list[Colleague]:
    """Give the people of an institution with an account, by name. One statement."""
    return [Colleague(*row) for row in rows(session, _COLLEAGUES, {"institution_id": institution_id})]


def coordinators(session: Session, institution_id: int) -> list[Colleague]:
    """Give those of an institution who publish and decide: coordinators and admins."""
    return [c for c in colleagues(session, institution_id) if c.role in (Role.COORDINATOR, Role.ADMIN)]


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


def names_of_places(session: Session, user_id: int) -> list[str]:
    """Give the names of the institutions that a person belongs to: no password may be made of them."""
    statement = (
        select(Institution.name)
        .join(Membership, col(Membership.institution_id) == Institution.id)
        .where(col(Membership.user_id) == user_id, col(Membership.ended_at).is_(None))
    )
    return list(session.exec(statement))


def any_institution(session: Session) -> bool:
    """Whether the directory holds anything yet."""
    return session.exec(select(Institution.id).limit(1)).first() is not None


def administered(session: Session, slug: str, actor: Actor) -> Institution | None:
    """Give an institution whose people *actor* administers; None for every other, and for one that does not exist."""
    found = session.exec(select(Institution).where(Institution.slug == slug)).first()
    return found if found and may_administer(actor, found.id or 0) else None


@dataclass(frozen=True, slots=True)
class Member:
    """A person of an institution as its administrators see him."""

    membership_id: int
    user_id: int
    name: str
    email: str
    role: Role
    function: str
    since: datetime
    confirmed_on: date | None
    locked: bool


_MEMBERS = (
    columns(
        Membership.id,
        UserAccount.id,
        UserAccount.name,
        UserAccount.email,
        Membership.role,
        Membership.function,
        Membership.since,
        Membership.confirmed_on,
        col(UserAccount.locked_at).is_not(None),
    )
    .join(UserAccount, col(UserAccount.id) == Membership.user_id)
    .where(col(Membership.institution_id) == bindparam("institution_id"), col(Membership.ended_at).is_(None))
    .order_by(col(UserAccount.name), col(Membership.id))
    .limit(LISTED)
)


def members(session: Session, institution_id: int) -> list[Member]:
    """Give those who belong to an institution, locked accounts too, by surname as far as names tell it.

    At most LISTED: more than any institution has.
    """
    found = [Member(*row) for row in rows(session, _MEMBERS, {"institution_id": institution_id})]
    return sorted(found, key=lambda one: (sort_key(" ".join(reversed(one.name.split()))), one.membership_id))


def membership(session: Session, institution_id: int, membership_id: int) -> Membership | None:
    """Give one current membership of this institution for an act; None when it has ended or is another's."""
    found = session.get(Membership, membership_id)
    return found if found and found.institution_id == institution_id and found.ended_at is None else None


def confirm_by(session: Session, institution_id: int) -> date | None:
    """Give the day by which the people of an institution have to be confirmed; None where there is nobody."""
    statement = columns(Membership.confirmed_on, Membership.since).where(
        col(Membership.institution_id) == institution_id, col(Membership.ended_at).is_(None)
    )
    return min((confirmed_until(*row) for row in session.execute(statement)), default=None)


def invitations(session: Session, institution_id: int) -> list[Invitation]:
    """Give the invitations that were neither used nor withdrawn, the newest first; those run out are among them."""
    statement = (
        select(Invitation)
        .where(
            Invitation.institution_id == institution_id,
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
        )
        .order_by(col(Invitation.id).desc())
        .limit(LISTED)
    )
    return list(session.exec(statement))


def invitation(session: Session, institution_id: int, invitation_id: int) -> Invitation | None:
    """Give one invitation of this institution for an act; None when it is another's."""
    found = session.get(Invitation, invitation_id)
    return found if found and found.institution_id == institution_id else None


@dataclass(frozen=True, slots=True)
class Offered:
    """An invitation as the invited sees it; *inviter* is empty for the first admin of an institution that applied."""

    invitation: Invitation
    institution: Institution
    inviter: str


def offered(session: Session, hashed: str) -> Offered | None:
    """Give the invitation whose secret has this hash, used and old ones too; None where nothing fits.

    None, too, while the account of whoever has sent it is locked: another administrator can send it again.
    """
    row = session.execute(
        columns(Invitation, Institution, UserAccount.name)
        .join(Institution, col(Institution.id) == Invitation.institution_id)
        .outerjoin(UserAccount, col(UserAccount.id) == Invitation.invited_by)
        .where(col(Invitation.token_hash) == hashed, col(UserAccount.locked_at).is_(None))
    ).first()
    return Offered(row[0], row[1], row[2] or "") if row else None


def _acted_for(found: Sequence[_Held]) -> _Held:
    """Choose the membership that the session acts for, else the strongest.

    An institution that has been admitted goes before one that waits.
    """
    return min(
        found, key=lambda one: (one.institution_id != one.acting_for, _waits(one), _rank(one), one.membership_id or 0)
    )


def _places(found: Sequence[_Held]) -> tuple[Place, ...]:
    places = [Place(one.institution_id or 0, _name_of(one), one.role) for one in found if one.role]
    return tuple(sorted(places, key=lambda place: sort_key(place.name)) if len(places) > 1 else places)


def _name_of(held: _Held) -> str:
    return held.institution_short or held.institution_name or ""


def _waits(held: _Held) -> bool:
    return held.institution_status not in KNOWN


def _rank(held: _Held) -> int:
    return len(_RANK) if held.role is None else _RANK[held.role]

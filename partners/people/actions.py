"""Verbs of people: add a member."""

from datetime import datetime

from sqlmodel import Session

from app.actors import Actor, Role
from app.audit import trail
from partners.people.models import Membership


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

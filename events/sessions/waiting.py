"""Reads for the desk: editions for which others ask for places, and those for which our own people have asked."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import BindParameter, Integer, Select, and_, bindparam, distinct, func, or_
from sqlmodel import Session, col

from app.actors import Actor
from app.db import columns, rows, type_of
from events.calendar.models import Event, Occurrence, State
from events.signups.models import SignUp, SignUpState
from partners.institutions.models import Institution
from projects.editions.models import Edition
from projects.programmes.models import Programme

ON_DESK = 20
_OWN: BindParameter[int] = bindparam("own_id", type_=Integer())
_USER: BindParameter[int] = bindparam("user_id", type_=Integer())
_NOW: BindParameter[datetime] = bindparam("now", type_=type_of(Occurrence, "starts_at"))
_LIMIT: BindParameter[int] = bindparam("limit", type_=Integer())


@dataclass(frozen=True, slots=True)
class Asked:
    """An edition for which *number* places were asked for, all its dates at once.

    *day* is its next date, *whose* who decides about our own request, *total* how many such editions there are.
    """

    slug: str
    title: str
    edition: int
    name: str
    day: date
    number: int
    whose: str
    total: int


def to_decide(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Asked]:
    """Give the editions with requests about which the viewer's institution decides, the soonest first.

    One statement. Inside a prison unit the unit decides, too.
    """
    if not viewer.coordinates:
        return []
    asked = {"own_id": viewer.institution_id, "now": now, "limit": limit}
    return [Asked(*row) for row in rows(session, _to_decide(), asked)]


def awaiting(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Asked]:
    """Give the editions for which the viewer's people (a member: he himself) have asked for places. One statement."""
    if not viewer.works_for_institution:
        return []
    asked = {"own_id": viewer.institution_id, "user_id": viewer.user_id, "now": now, "limit": limit}
    return [Asked(*row) for row in rows(session, _awaiting(coordinates=viewer.coordinates), asked)]


@lru_cache(maxsize=1)
def _to_decide() -> Select[tuple[object, ...]]:
    inside = and_(col(Event.consent).is_not(None), col(Occurrence.place_institution_id) == _OWN)
    return _editions(func.max(Occurrence.requested)).where(
        col(Occurrence.requested) > 0, or_(col(Occurrence.organiser_id) == _OWN, inside)
    )


@lru_cache(maxsize=2)
def _awaiting(*, coordinates: bool) -> Select[tuple[object, ...]]:
    statement = (
        _editions(func.count(distinct(col(SignUp.person_key))))
        .join(SignUp, col(SignUp.occurrence_id) == Occurrence.id)
        .where(col(SignUp.institution_id) == _OWN, col(SignUp.state) == SignUpState.REQUESTED)
    )
    return statement if coordinates else statement.where(col(SignUp.user_id) == _USER)


def _editions(number: object) -> Select[tuple[object, ...]]:
    lead = func.coalesce(func.nullif(Institution.short_name, ""), Institution.name)
    return (
        columns(
            Programme.slug,
            Programme.title,
            Edition.number,
            Edition.name,
            func.min(Occurrence.local_date),
            number,
            func.coalesce(lead, ""),
            func.count().over(),
        )
        .select_from(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(Edition, col(Edition.id) == Event.edition_id)
        .join(Programme, col(Programme.id) == Edition.programme_id)
        .join(Institution, col(Institution.id) == Programme.lead_id, isouter=True)
        .where(col(Occurrence.state) == State.PUBLISHED, col(Occurrence.starts_at) > _NOW)
        .group_by(col(Edition.id), col(Programme.id), col(Institution.id))
        .order_by(func.min(Occurrence.starts_at), col(Edition.id))
        .limit(_LIMIT)
    )

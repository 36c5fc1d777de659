"""Reads for the desk: what an institution is asked to agree to, and what its own events wait for."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Integer, Select, and_, bindparam, case, or_
from sqlmodel import Session, col, func

from app.actors import Actor
from app.db import columns, rows
from events.calendar.models import Answer, Consent, Event, EventParty, Occurrence, Part, State
from partners.institutions.models import Institution

ON_DESK = 20
# What every desk asks is made once: making such a statement costs more than running it.
_OWN: BindParameter[int] = bindparam("own_id", type_=Integer())
_NOW: BindParameter[datetime] = bindparam("now")
_LIMIT: BindParameter[int] = bindparam("limit", type_=Integer())


class Matter(StrEnum):
    """What an event waits for."""

    CONSENT = "consent"
    ANSWERS = "answers"
    REFUSED = "refused"
    PUBLICATION = "publication"


@dataclass(frozen=True, slots=True)
class Open:
    """An event that waits: for a director's consent, for the answers of others, or for its publication.

    *whose*: who has to answer first, or whose consent it is; *number*: how many have to; *total*: how many such events.
    """

    uuid: UUID
    title: str
    day: date
    matter: Matter
    total: int = 0
    whose: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """An event about which the viewer's institution is asked; *again* when it had agreed and something was moved.

    *total* is how many such events there are.
    """

    uuid: UUID
    title: str
    organiser: str
    day: date
    again: bool
    total: int = 0


def to_answer(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Question]:
    """Give the events to come that wait for the answer of the viewer's institution, the soonest first. One statement.

    Nothing for those who do not coordinate it.
    """
    if not viewer.coordinates:
        return []
    return [
        Question(uuid, title, name, day, state is State.PUBLISHED, total)
        for uuid, title, name, day, state, total in rows(session, _ASKED, _asking(viewer, now, limit))
    ]


def to_settle(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Open]:
    """Give the events to come whose director's consent the viewer's unit has to note, and the drafts of the viewer's
    institution that somebody has declined or that nobody has still to confirm, the soonest first. One statement.

    Nothing for those who do not coordinate it.
    """
    return _open(session, viewer, now, limit, others=False)


def awaiting(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Open]:
    """Give the events of the viewer's institution to come that wait for others, the soonest first: drafts for answers,
    published ones for the consent of the unit's director. One statement.

    Nothing for those who do not coordinate it.
    """
    return _open(session, viewer, now, limit, others=True)


def _open(session: Session, viewer: Actor, now: datetime, limit: int, *, others: bool) -> list[Open]:
    if not viewer.coordinates:
        return []
    found = rows(session, _open_events(others=others), _asking(viewer, now, limit))
    return [
        Open(uuid, title, day, _matter(state, refused_by, open_answers), total, whose or "", open_answers)
        for uuid, title, day, state, refused_by, open_answers, total, whose in found
    ]


@lru_cache(maxsize=2)
def _open_events(*, others: bool) -> Select[Any]:
    coming = (
        columns(Occurrence.event_id, func.min(Occurrence.local_date).label("day"))
        .where(
            col(Occurrence.ends_at) > _NOW,
            col(Occurrence.state).in_((State.DRAFT, State.PUBLISHED)),
            or_(col(Occurrence.place_institution_id) == _OWN, col(Occurrence.organiser_id) == _OWN),
        )
        .group_by(col(Occurrence.event_id))
        .subquery()
    )
    elsewhere = and_(col(Event.organiser_id) == _OWN, col(Event.place_institution_id) != _OWN)
    here = and_(
        elsewhere if others else col(Event.place_institution_id) == _OWN,
        col(Event.consent) == Consent.PENDING,
        col(Event.state) == State.PUBLISHED,
    )
    ours = and_(col(Event.organiser_id) == _OWN, col(Event.state) == State.DRAFT)
    agreed = col(EventParty.answer).in_((Answer.CONFIRMED, Answer.OUTSIDE))
    refused = col(EventParty.answer) == Answer.DECLINED
    refusals = func.count(case((refused, 1)))
    missing = func.count(col(EventParty.event_id)) - func.count(case((agreed, 1)))
    waits = and_(refusals == 0, missing > 0)
    name = func.coalesce(func.nullif(Institution.short_name, ""), Institution.name)
    asked = case((or_(col(Event.state) == State.PUBLISHED, ~agreed), name))
    return (
        columns(
            Event.uuid,
            Event.title,
            coming.c.day,
            Event.state,
            refusals,
            missing,
            func.count().over(),
            func.min(asked),
        )
        .join(coming, coming.c.event_id == Event.id)
        .outerjoin(EventParty, and_(col(EventParty.event_id) == Event.id, col(EventParty.part) != Part.INVITED))
        .outerjoin(Institution, col(Institution.id) == _asked_id())
        .where(or_(here, ours))
        .group_by(col(Event.id), coming.c.day)
        .having(
            or_(
                col(Event.state) == State.PUBLISHED,
                and_(func.count(col(EventParty.answer)) > 0, waits if others else ~waits),
            )
        )
        .order_by(coming.c.day, col(Event.id))
        .limit(_LIMIT)
    )


def _asking(viewer: Actor, now: datetime, limit: int) -> dict[str, Any]:
    return {"own_id": viewer.institution_id, "now": now, "limit": limit}


def _asked_id() -> Any:
    # Of what is published the place is named, whose director consents; of a draft whoever was asked.
    return case(
        (col(Event.state) == State.PUBLISHED, col(Event.place_institution_id)), else_=col(EventParty.institution_id)
    )


def _matter(state: State, refusals: int, missing: int) -> Matter:
    if state is State.PUBLISHED:
        return Matter.CONSENT
    if refusals:
        return Matter.REFUSED
    return Matter.ANSWERS if missing else Matter.PUBLICATION


_ASKED = (
    columns(
        Event.uuid,
        Event.title,
        Institution.name,
        func.min(Occurrence.local_date),
        Event.state,
        func.count().over(),
    )
    .join(EventParty, col(EventParty.event_id) == Event.id)
    .join(Institution, col(Institution.id) == Event.organiser_id)
    .join(Occurrence, col(Occurrence.event_id) == Event.id)
    .where(
        col(EventParty.institution_id) == _OWN,
        col(EventParty.answer) == Answer.ASKED,
        col(Event.state) != State.CANCELLED,
        col(Occurrence.state).in_((State.DRAFT, State.PUBLISHED)),
        col(Occurrence.ends_at) > _NOW,
    )
    .group_by(col(Event.id), col(Institution.id))
    .order_by(func.min(Occurrence.local_date), col(Event.id))
    .limit(_LIMIT)
)

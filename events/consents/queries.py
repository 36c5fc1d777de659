"""Reads for the desk: what an institution is asked to agree to, and what its own events wait for."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import and_, case, or_
from sqlmodel import Session, col, func

from app.actors import Actor
from app.db import columns
from events.calendar.models import Answer, Consent, Event, EventParty, Occurrence, Part, State
from partners.institutions.models import Institution

SHOWN = 20
COUNTED = 200


class Matter(StrEnum):
    """What an event waits for."""

    CONSENT = "consent"
    ANSWERS = "answers"
    REFUSED = "refused"
    PUBLICATION = "publication"


@dataclass(frozen=True, slots=True)
class Open:
    """An event that waits: for the director's consent here, for the answers of others, or for its publication."""

    uuid: UUID
    title: str
    day: date
    matter: Matter


@dataclass(frozen=True, slots=True)
class Question:
    """An event about which the viewer's institution is asked; *again* when it had agreed and something was moved."""

    uuid: UUID
    title: str
    organiser: str
    day: date
    again: bool


def to_answer(session: Session, viewer: Actor, now: datetime) -> list[Question]:
    """Give the events to come that wait for the answer of the viewer's institution, the soonest first. One statement.

    Nothing for those who do not coordinate it.
    """
    if not viewer.coordinates:
        return []
    statement = (
        columns(Event.uuid, Event.title, Institution.name, func.min(Occurrence.local_date), Event.state)
        .join(EventParty, col(EventParty.event_id) == Event.id)
        .join(Institution, col(Institution.id) == Event.organiser_id)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(
            col(EventParty.institution_id) == viewer.institution_id,
            col(EventParty.answer) == Answer.ASKED,
            col(Event.state) != State.CANCELLED,
            col(Occurrence.state).in_((State.DRAFT, State.PUBLISHED)),
            col(Occurrence.ends_at) > now,
        )
        .group_by(col(Event.id), col(Institution.id))
        .order_by(func.min(Occurrence.local_date), col(Event.id))
        .limit(SHOWN)
    )
    rows = session.execute(statement)
    return [Question(uuid, title, name, day, again=state is State.PUBLISHED) for uuid, title, name, day, state in rows]


def to_settle(session: Session, viewer: Actor, now: datetime) -> list[Open]:
    """Give the events to come whose director's consent the viewer's unit has to note, and the drafts of the viewer's
    institution about which others were asked, the soonest first. One statement.

    Nothing for those who do not coordinate it.
    """
    if not viewer.coordinates:
        return []
    own_id = viewer.institution_id
    coming = (
        columns(Occurrence.event_id, func.min(Occurrence.local_date).label("day"))
        .where(
            col(Occurrence.ends_at) > now,
            col(Occurrence.state).in_((State.DRAFT, State.PUBLISHED)),
            or_(col(Occurrence.place_institution_id) == own_id, col(Occurrence.organiser_id) == own_id),
        )
        .group_by(col(Occurrence.event_id))
        .subquery()
    )
    here = and_(
        col(Event.place_institution_id) == own_id,
        col(Event.consent) == Consent.PENDING,
        col(Event.state) == State.PUBLISHED,
    )
    ours = and_(col(Event.organiser_id) == own_id, col(Event.state) == State.DRAFT)
    agreed = col(EventParty.answer).in_((Answer.CONFIRMED, Answer.OUTSIDE))
    refused = col(EventParty.answer) == Answer.DECLINED
    statement = (
        columns(
            Event.uuid,
            Event.title,
            coming.c.day,
            Event.state,
            func.count(case((refused, 1))),
            func.count(col(EventParty.event_id)) - func.count(case((agreed, 1))),
        )
        .join(coming, coming.c.event_id == Event.id)
        .outerjoin(EventParty, and_(col(EventParty.event_id) == Event.id, col(EventParty.part) != Part.INVITED))
        .where(or_(here, ours))
        .group_by(col(Event.id), coming.c.day)
        .having(or_(col(Event.state) == State.PUBLISHED, func.count(col(EventParty.answer)) > 0))
        .order_by(coming.c.day, col(Event.id))
        .limit(COUNTED)
    )
    return [
        Open(uuid, title, day, _matter(state, refusals, missing))
        for uuid, title, day, state, refusals, missing in session.execute(statement)
    ]


def _matter(state: State, refusals: int, missing: int) -> Matter:
    if state is State.PUBLISHED:
        return Matter.CONSENT
    if refusals:
        return Matter.REFUSED
    return Matter.ANSWERS if missing else Matter.PUBLICATION

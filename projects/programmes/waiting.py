"""Reads for the desk: which projects wait for a word of the viewer's institution, and for whom its own ones wait."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, Integer, String, and_, bindparam, case, cast, func, literal, null, or_, union_all
from sqlmodel import Session, col

from app.actors import Actor
from app.db import columns, rows
from partners.institutions.models import Institution
from projects.programmes.models import PartnerAnswer, Programme, ProgrammePartner, ProgrammeState

ON_DESK = 20
_OWN: BindParameter[int] = bindparam("own_id", type_=Integer())
_LIMIT: BindParameter[int] = bindparam("limit", type_=Integer())


class Matter(StrEnum):
    """What a project waits for."""

    ANSWER = "answer"
    OFFER = "offer"
    REQUEST = "request"
    PUBLICATION = "publication"
    ANSWERS = "answers"
    OWN_REQUEST = "own_request"
    OWN_OFFER = "own_offer"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A project that waits.

    *again*: the institution had agreed to other words of its part. *whose*: who leads it, asks to join or has to
    answer first; *number*: how many have to answer; *total*: how many such lines there are.
    """

    slug: str
    title: str
    matter: Matter
    since: datetime
    whose: str
    number: int
    again: bool
    total: int


def waiting(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Waiting]:
    """Give what waits for the viewer's institution, the oldest first. One statement.

    Its part to be confirmed, the lead on offer to it, requests to join its projects, its drafts on which everybody
    has answered. Nothing for those who do not coordinate it.
    """
    return _found(session, viewer, _WAITING, now, limit)


def awaiting_others(session: Session, viewer: Actor, now: datetime, limit: int = ON_DESK) -> list[Waiting]:
    """Give what the viewer's institution waits for, the oldest first: answers, its own requests, its offers of a lead.

    One statement. Nothing for those who do not coordinate it.
    """
    return _found(session, viewer, _AWAITING, now, limit)


def _found(session: Session, viewer: Actor, statement: Any, now: datetime, limit: int) -> list[Waiting]:
    if not viewer.coordinates:
        return []
    return [
        Waiting(slug, title, Matter(matter), since or now, whose or "", number, bool(again), total)
        for slug, title, matter, since, whose, number, again, total in rows(
            session, statement, {"own_id": viewer.institution_id, "limit": limit}
        )
    ]


def _name(of: Any) -> Any:
    short = func.coalesce(func.nullif(col(Institution.short_name), ""), col(Institution.name))
    return columns(short).where(col(Institution.id) == of).correlate(Programme, ProgrammePartner).scalar_subquery()


def _line(matter: Matter, since: Any, whose: Any, number: Any = None, again: Any = None) -> Any:
    return columns(
        col(Programme.slug).label("slug"),
        col(Programme.title).label("title"),
        cast(literal(matter.value), String).label("matter"),
        since.label("since"),
        whose.label("whose"),
        (literal(1) if number is None else number).label("number"),
        (literal(0) if again is None else again).label("again"),
    )


def _statement(*lines: Any) -> Any:
    found = union_all(*lines).subquery()
    return (
        columns(
            found.c.slug,
            found.c.title,
            found.c.matter,
            found.c.since,
            found.c.whose,
            found.c.number,
            found.c.again,
            func.count().over(),
        )
        .order_by(found.c.since, found.c.slug, found.c.matter)
        .limit(_LIMIT)
    )


_KEPT = col(Programme.archived_at).is_(None)
_GOES_ON = and_(_KEPT, col(Programme.state) != ProgrammeState.COMPLETED)
_OF_IT = col(ProgrammePartner.programme_id) == col(Programme.id)
_AWAITED = or_(
    col(ProgrammePartner.answer).is_(None),
    and_(col(ProgrammePartner.answer) == PartnerAnswer.ASKED, col(ProgrammePartner.agreed_part).is_(None)),
)
_OWN_LEAD = col(Programme.lead_id) == _OWN
_OWN_ROW = col(ProgrammePartner.institution_id) == _OWN
_IS_ASKED = col(ProgrammePartner.answer) == PartnerAnswer.ASKED
_IS_REQUEST = col(ProgrammePartner.answer) == PartnerAnswer.REQUESTED

_WAITING = _statement(
    _line(
        Matter.ANSWER,
        col(ProgrammePartner.asked_at),
        _name(col(Programme.lead_id)),
        again=case((col(ProgrammePartner.agreed_part).is_not(None), 1), else_=0),
    )
    .join(ProgrammePartner, _OF_IT)
    .where(_OWN_ROW, _IS_ASKED, _GOES_ON),
    _line(Matter.OFFER, col(Programme.offered_at), _name(col(Programme.lead_id))).where(
        col(Programme.offered_to_id) == _OWN, _KEPT
    ),
    _line(Matter.REQUEST, col(ProgrammePartner.asked_at), _name(col(ProgrammePartner.institution_id)))
    .join(ProgrammePartner, _OF_IT)
    .where(_OWN_LEAD, _IS_REQUEST, _KEPT),
    _line(Matter.PUBLICATION, func.max(col(ProgrammePartner.answered_at)), cast(null(), String))
    .join(ProgrammePartner, _OF_IT)
    .where(_OWN_LEAD, col(Programme.state) == ProgrammeState.DRAFT, _KEPT)
    .group_by(col(Programme.id))
    .having(func.count(case((_AWAITED, 1))) == 0, func.count(col(ProgrammePartner.asked_at)) > 0),
)
_AWAITING = _statement(
    _line(
        Matter.ANSWERS,
        func.min(col(ProgrammePartner.asked_at)),
        func.min(func.coalesce(func.nullif(col(Institution.short_name), ""), col(Institution.name))),
        number=func.count(),
    )
    .join(ProgrammePartner, _OF_IT)
    .join(Institution, col(Institution.id) == col(ProgrammePartner.institution_id))
    .where(_OWN_LEAD, _IS_ASKED, _GOES_ON)
    .group_by(col(Programme.id)),
    _line(Matter.OWN_REQUEST, col(ProgrammePartner.asked_at), _name(col(Programme.lead_id)))
    .join(ProgrammePartner, _OF_IT)
    .where(_OWN_ROW, _IS_REQUEST, _KEPT),
    _line(Matter.OWN_OFFER, col(Programme.offered_at), _name(col(Programme.offered_to_id))).where(
        _OWN_LEAD, col(Programme.offered_to_id).is_not(None), _KEPT
    ),
)

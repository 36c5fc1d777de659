"""Rooms on hold: dates on offer in visit requests, which nobody else can offer while they wait for an answer."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Integer, bindparam, func, text
from sqlmodel import Session, col, select

from app.actors import Actor
from app.db import columns, rows, type_of
from events.calendar.clashes import Held, Span
from events.visits import rules
from events.visits.models import Visit, VisitOption
from partners.institutions.models import Room


def held(
    session: Session, unit_ids: Collection[int], low: datetime, high: datetime, *, besides: int | None = None
) -> list[Held]:
    """Give the dates on offer in these prison units that touch the time from *low* to *high*, the first one first.

    With or without a room; those of the visit *besides* are left out. One statement, none for nobody. The numbers are
    there whoever asks: named() takes away what a viewer may not know.
    """
    wanted = sorted(set(unit_ids))
    if not wanted:
        return []
    parameters = {"units": wanted, "low": low, "high": high, "besides": besides or 0}
    return [Held(*row) for row in rows(session, _OPEN, parameters)]


def named(session: Session, viewer: Actor, found: Sequence[Held]) -> list[Held]:
    """Give the same holds without the numbers of requests that *viewer* may not read; one statement, none for none."""
    ids = sorted({one.visit_id for one in found})
    if not ids:
        return []
    visits = session.exec(select(Visit).where(col(Visit.id).in_(ids))).all()
    known = {visit.id for visit in visits if rules.may_read(viewer, visit)}
    return [one if one.visit_id in known else replace(one, number="") for one in found]


def around(session: Session, viewer: Actor, spans: Sequence[Span]) -> list[Held]:
    """Give what is on hold at the places and around the dates of an event, as *viewer* may know it: two statements."""
    places = {span.place_id for span in spans if span.place_id is not None}
    if not places:
        return []
    low, high = min(span.starts_at for span in spans), max(span.ends_at for span in spans)
    return named(session, viewer, held(session, places, low, high))


_INSTANT = type_of(VisitOption, "starts_at")
_OPEN = (
    columns(
        VisitOption.unit_id,
        VisitOption.starts_at,
        VisitOption.ends_at,
        VisitOption.room_id,
        func.coalesce(Room.name, VisitOption.room),
        Visit.id,
        Visit.number,
        Visit.event_id,
    )
    .select_from(VisitOption)
    .join(Visit, col(Visit.id) == VisitOption.visit_id)
    .outerjoin(Room, col(Room.id) == VisitOption.room_id)
    .where(
        col(VisitOption.unit_id).in_(bindparam("units", expanding=True)),
        text("visit_option.state = 'open'"),  # in these very words: the index holds the open ones only
        col(VisitOption.starts_at) < bindparam("high", type_=_INSTANT),
        col(VisitOption.ends_at) > bindparam("low", type_=_INSTANT),
        col(Visit.id) != bindparam("besides", type_=Integer()),
    )
    .order_by(col(VisitOption.starts_at), col(VisitOption.id))
)

"""Reads of blocked days: what others plan around, and the list with reasons for the institution's own people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Integer, Select, bindparam, case, or_
from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor
from app.db import columns, rows
from partners.availability import rules
from partners.availability.models import Unavailability
from partners.availability.rules import Blocked
from partners.institutions.models import Room

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A period as the institution's own people read it; *room* is "" for the whole institution."""

    id: int
    room: str
    first_day: date
    last_day: date
    reason: str
    suspends: bool
    ended_on: date | None
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of an institution: all coming ones, and one page of the past."""

    coming: tuple[PeriodRow, ...]
    past: tuple[PeriodRow, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What the calendar of the institution's own people says of a day; *rooms* is empty for the whole institution."""

    suspends: bool = False
    rooms: tuple[str, ...] = ()


def blocked(
    session: Session, institution_ids: Collection[int], room_id: int | None, first_day: date, last_day: date
) -> list[Blocked]:
    """Give the periods in force that touch the days from *first_day* to *last_day*, without their reasons.

    Those of whole institutions, and those of the room *room_id* where one is meant. One statement, none for nobody.
    """
    wanted = sorted(set(institution_ids))
    if not wanted:
        return []
    parameters = {"institutions": wanted, "room": room_id or 0, "first": first_day, "last": last_day}
    return [Blocked(*row) for row in rows(session, _BLOCKED, parameters)]


def standing(session: Session, institution_ids: Collection[int], first_day: date, last_day: date) -> list[Blocked]:
    """Give all periods in force of these institutions and their rooms that touch these days, the first one first."""
    parameters = {"institutions": sorted(institution_ids), "first": first_day, "last": last_day}
    return [Blocked(*row) for row in rows(session, _STANDING, parameters)]


def closed_days(
    session: Session, institution_ids: Collection[int], first_day: date, last_day: date
) -> Mapping[int, frozenset[date]]:
    """Give each institution's blocked days between two days, as counting in working days leaves them out.

    Of whole institutions only: a blocked room keeps nobody from answering, nor does a suspension of meetings. Days of a
    period that was ended early count until its end. One statement, none for nobody; every institution has an entry.
    """
    wanted = sorted(set(institution_ids))
    if not wanted:
        return {}
    days: dict[int, set[date]] = {institution_id: set() for institution_id in wanted}
    parameters = {"institutions": wanted, "first": first_day, "last": last_day}
    for institution_id, first, last, ended_at in rows(session, _CLOSED, parameters):
        begin, until = max(first, first_day), min(rules.in_force_until(last, ended_at), last_day)
        days[institution_id].update(begin + timedelta(days=n) for n in range((until - begin).days + 1))
    return {institution_id: frozenset(found) for institution_id, found in days.items()}


def reasons(session: Session, viewer: Actor, found: Collection[Blocked]) -> Mapping[int, str]:
    """Give the reasons of those periods that block the viewer's own institution, by their keys; one statement or none.

    Only to a person who works there: a mailed link acts for an institution, too, and reads none.
    """
    own = [one.id for one in found if rules.may_read(viewer, one.institution_id)]
    if not own or not viewer.signed_in:
        return {}
    statement = columns(Unavailability.id, Unavailability.reason).where(col(Unavailability.id).in_(own))
    return {row[0]: row[1] for row in session.execute(statement)}


def suspensions(session: Session, institution_id: int, today: date) -> tuple[Blocked, ...]:
    """Give the suspensions of a prison unit that last until *today* or longer, in one statement."""
    found = rows(session, _SUSPENSIONS, {"institutions": [institution_id], "first": today})
    return tuple(Blocked(*row) for row in found)


def running_suspensions(session: Session, today: date) -> Sequence[Unavailability]:
    """Give the suspensions of all units that last until *today* or longer, in the order of the units."""
    statement = (
        select(Unavailability)
        .where(
            col(Unavailability.suspends).is_(True),
            col(Unavailability.last_day) >= today,
            col(Unavailability.ended_at).is_(None),
        )
        .order_by(col(Unavailability.institution_id), col(Unavailability.id))
    )
    return session.exec(statement).all()


def periods(session: Session, viewer: Actor, institution_id: int, today: date, page: int = 1) -> Periods:
    """Give the coming periods and a *page* of the past ones, with reasons; nothing for who is not one of its people."""
    if not rules.may_read(viewer, institution_id):
        return Periods((), (), more=False)
    over = or_(col(Unavailability.last_day) < today, col(Unavailability.ended_at).is_not(None))
    of_it = _ROWS.where(col(Unavailability.institution_id) == institution_id)
    coming = of_it.where(~over).order_by(*_BY_DAY).limit(rules.PERIODS_MAX * 2)
    newest = (col(Unavailability.last_day).desc(), col(Unavailability.id).desc())
    past = of_it.where(over).order_by(*newest).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)
    old = [_period(row) for row in session.execute(past)]
    return Periods(
        coming=tuple(_period(row) for row in session.execute(coming)),
        past=tuple(old[:PAGE_SIZE]),
        more=len(old) > PAGE_SIZE,
    )


def period(session: Session, viewer: Actor, institution_id: int, period_id: int) -> Unavailability | None:
    """Give one period of this institution for an act; None for another one's, or who is not one of its people."""
    found = session.get(Unavailability, period_id)
    if found is None or found.institution_id != institution_id or not rules.may_read(viewer, institution_id):
        return None
    return found


def marks(session: Session, viewer: Actor, first_day: date, last_day: date) -> Mapping[date, Mark]:
    """Give the blocked days of the viewer's own institution between two days: one statement, none for others."""
    if not rules.may_read(viewer, viewer.institution_id):
        return {}
    found: dict[date, Mark] = {}
    wanted = {"institution": viewer.institution_id, "first": first_day, "last": last_day}
    for first, last, ended_at, suspends, room_id, room in rows(session, _MARKS, wanted):
        day, until = max(first, first_day), min(rules.in_force_until(last, ended_at), last_day)
        while day <= until:
            found[day] = _also(found.get(day), suspends=suspends, room=room if room_id is not None else None)
            day += timedelta(days=1)
    return found


def _also(mark: Mark | None, *, suspends: bool, room: str | None) -> Mark:
    if room is None or (mark is not None and not mark.rooms):
        return Mark(suspends=suspends or (mark is not None and mark.suspends))
    return Mark(rooms=tuple(sorted({*(mark.rooms if mark else ()), room})))


def _period(row: Any) -> PeriodRow:
    return PeriodRow(
        id=row[0],
        room=row[1] or "",
        first_day=row[2],
        last_day=row[3],
        reason=row[5],
        suspends=row[6],
        ended_on=warsaw.today(row[4]) if row[4] is not None else None,
        synthetic=row[7],
    )


@lru_cache(maxsize=4)
def _touching(*, last: bool) -> Select[Any]:
    statement = columns(
        Unavailability.id,
        Unavailability.institution_id,
        Unavailability.room_id,
        Unavailability.first_day,
        Unavailability.last_day,
        Unavailability.suspends,
    ).where(
        col(Unavailability.institution_id).in_(bindparam("institutions", expanding=True)),
        col(Unavailability.last_day) >= bindparam("first", type_=Date()),
        col(Unavailability.ended_at).is_(None),
    )
    if last:
        statement = statement.where(col(Unavailability.first_day) <= bindparam("last", type_=Date()))
    return statement.order_by(*_BY_DAY)


# Made once: making a statement costs more than running it.
_BY_DAY = (col(Unavailability.first_day), col(Unavailability.id))
_BLOCKED = _touching(last=True).where(
    or_(col(Unavailability.room_id).is_(None), col(Unavailability.room_id) == bindparam("room", type_=Integer()))
)
_STANDING = _touching(last=True)
_SUSPENSIONS = _touching(last=False).where(col(Unavailability.suspends).is_(True))
_CLOSED = columns(
    Unavailability.institution_id, Unavailability.first_day, Unavailability.last_day, Unavailability.ended_at
).where(
    col(Unavailability.institution_id).in_(bindparam("institutions", expanding=True)),
    col(Unavailability.room_id).is_(None),
    col(Unavailability.suspends).is_(False),
    col(Unavailability.last_day) >= bindparam("first", type_=Date()),
    col(Unavailability.first_day) <= bindparam("last", type_=Date()),
)
_MARKS = (
    columns(
        Unavailability.first_day,
        Unavailability.last_day,
        Unavailability.ended_at,
        Unavailability.suspends,
        Unavailability.room_id,
        Room.name,
    )
    .select_from(Unavailability)
    .outerjoin(Room, col(Room.id) == Unavailability.room_id)
    .where(
        col(Unavailability.institution_id) == bindparam("institution", type_=Integer()),
        col(Unavailability.last_day) >= bindparam("first", type_=Date()),
        col(Unavailability.first_day) <= bindparam("last", type_=Date()),
    )
    .order_by(case((col(Unavailability.room_id).is_(None), 0), else_=1), col(Unavailability.id))
)
_ROWS = (
    columns(
        Unavailability.id,
        Room.name,
        Unavailability.first_day,
        Unavailability.last_day,
        Unavailability.ended_at,
        Unavailability.reason,
        Unavailability.suspends,
        Unavailability.synthetic,
    )
    .select_from(Unavailability)
    .outerjoin(Room, col(Room.id) == Unavailability.room_id)
)

"""Reads of a series: its dates page by page, and where a date stands that has left its event."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import case
from sqlmodel import Session, col, select

from app.actors import Actor
from app.db import columns
from events.calendar.models import Event, Occurrence, State
from events.calendar.queries import PAGE_SIZE, may_see

_PARTS_MAX = 50


@dataclass(frozen=True, slots=True)
class SeriesDate:
    """One date in the list of a series."""

    day: date
    starts_at: datetime
    ends_at: datetime
    state: State
    moved: bool
    title: str | None

    @property
    def cancelled(self) -> bool:
        """Whether it does not take place."""
        return self.state is State.CANCELLED


@dataclass(frozen=True, slots=True)
class DatesPage:
    """One page of the dates of a series, and the numbers of its neighbours (0 where there is none)."""

    dates: tuple[SeriesDate, ...]
    before: int
    after: int


def listed(session: Session, viewer: Actor, event_id: int, number: int) -> DatesPage:
    """Give page *number* (from 1) of the dates that *viewer* may know of, the earliest first: one statement."""
    statement = (
        columns(
            Occurrence.local_date,
            Occurrence.starts_at,
            Occurrence.ends_at,
            Occurrence.state,
            Occurrence.moved,
            Occurrence.title,
        )
        .where(col(Occurrence.event_id) == event_id, may_see(viewer))
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
        .offset((number - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE + 1)
    )
    found = [SeriesDate(*row) for row in session.execute(statement)]
    after = number + 1 if len(found) > PAGE_SIZE else 0
    return DatesPage(tuple(found[:PAGE_SIZE]), number - 1, after)


def led_on(session: Session, viewer: Actor, uuid: UUID, day: date) -> tuple[UUID, date] | None:
    """Give where the date stands that this event had on *day*: moved, or in a series that continues it."""
    event_id = session.exec(select(Event.id).where(Event.uuid == uuid)).first()
    chain: list[int] = []
    while event_id is not None and event_id not in chain and len(chain) < _PARTS_MAX:
        chain.append(event_id)
        event_id = session.exec(select(Event.id).where(Event.continues_id == event_id)).first()
    begins = datetime.combine(day, datetime.min.time())
    of_day = (col(Occurrence.original_local) >= begins) & (col(Occurrence.original_local) < begins + timedelta(days=1))
    stands = col(Occurrence.local_date) == day
    statement = (
        columns(Event.uuid, Occurrence.local_date)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .where(col(Event.id).in_(chain), stands | of_day, may_see(viewer))
        .order_by(case((stands, 0), else_=1), col(Occurrence.id))
        .limit(1)
    )
    row = session.execute(statement).first()
    return (row[0], row[1]) if row else None

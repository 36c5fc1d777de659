"""The suspension of a prison unit: one act blocks its days, cancels every date in them and tells everybody once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from events.calendar import actions as calendar
from events.calendar import edition
from events.calendar.models import REASON_MAX, Event, Occurrence, State
from events.changes import calendars, mail, queries
from events.changes.queries import StoppedDate
from events.gate import actions as gate
from partners.availability import actions as availability
from partners.availability import queries as availability_queries
from partners.availability.models import Unavailability
from partners.availability.rules import PeriodDraft
from partners.institutions.models import Institution

PUBLIC_REASON_MAX = 200


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a suspension has done: dates cancelled, and how many were told."""

    dates: int
    told: int


def suspend(session: Session, actor: Actor, unit: Institution, wanted: PeriodDraft, now: datetime) -> Stopped:
    """Suspend all meetings at a prison unit for a period, whoever organises them; *wanted.reason* is for everybody.

    Locks the unit, then the events there and their dates in the order of their ids. Whoever publishes or moves a
    meeting to the unit holds the unit first (availability.actions.hold), so that none slips in. Raises what
    availability.actions.suspend raises.
    """
    period = availability.suspend(session, actor, unit, wanted, now)
    return _stop(session, actor, unit, period, now)


def stop_again(session: Session, now: datetime) -> int:
    """Cancel the dates that have come into a suspension since it began, as the next dates of a series do; how many."""
    stopped = 0
    for period in availability_queries.running_suspensions(session, warsaw.today(now)):
        unit = lock(session, Institution, period.institution_id)
        if unit is not None:
            stopped += _stop(session, Actor.system(), unit, period, now).dates
    return stopped


def public_reason(period: Unavailability) -> str:
    """Give what everybody reads on a cancelled date, in Polish as institutions write."""
    until = warsaw.short_day_words(period.last_day, "pl")
    return f"Jednostka zawiesiła spotkania do {until}. {period.reason}".strip()[:REASON_MAX]


def _stop(session: Session, actor: Actor, unit: Institution, period: Unavailability, now: datetime) -> Stopped:
    found = queries.in_period(session, unit.id or 0, period.first_day, period.last_day, now)
    dates = _still_on(session, unit, found)
    if not dates:
        return Stopped(0, 0)
    recipients = queries.concerned(session, [one for one, _row in dates], besides=actor.user_id)
    reason = public_reason(period)
    rows: dict[int, list[Occurrence]] = {}
    for one, row in dates:
        rows.setdefault(one.event_id, []).append(row)
    calendars.hold(session, sorted(rows))
    for event_id, of_event in rows.items():
        event = session.get_one(Event, event_id)
        _cancel(session, actor, event, of_event, reason, now)
    days = (period.first_day, period.last_day)
    calendars.tell(session, sorted(rows), now)
    by_id = {one.occurrence_id: one for one, _row in dates}
    told = mail.suspended(session, unit, days, period.reason, by_id, recipients, now)
    details: dict[str, Plain] = {
        "first_day": period.first_day.isoformat(),
        "last_day": period.last_day.isoformat(),
        "dates": len(dates),
        "people": told,
    }
    trail.record(session, actor, "days.suspended", "institution", unit.id or 0, now, details=details)
    return Stopped(len(dates), told)


def _cancel(
    session: Session, actor: Actor, event: Event, rows: Sequence[Occurrence], reason: str, now: datetime
) -> None:
    if event.rule is None:
        signed_up = sum(row.seats_taken + row.waiting for row in rows)
        calendar.cancel(session, actor, event, reason, now, signed_up=signed_up)
    for row in rows:
        if event.rule is not None:
            calendar.cancel_date(session, actor, event, row, reason, now)
        gate.clear(session, actor, event, row, now)


def _still_on(
    session: Session, unit: Institution, found: Sequence[StoppedDate]
) -> list[tuple[StoppedDate, Occurrence]]:
    """Lock the events and their dates, and give those that still stand: somebody may have been faster."""
    kept: dict[int, Occurrence] = {}
    events = sorted({one.event_id for one in found})
    edition.hold_all(session, events)
    for event_id in events:
        lock(session, Event, event_id)
    # All dates in one order, as expired offers take them: by events apart the two would wait for each other.
    for occurrence_id in sorted(one.occurrence_id for one in found):
        row = lock(session, Occurrence, occurrence_id)
        if row is not None and row.state is State.PUBLISHED and row.place_institution_id == unit.id:
            kept[occurrence_id] = row
    return [(one, kept[one.occurrence_id]) for one in found if one.occurrence_id in kept]

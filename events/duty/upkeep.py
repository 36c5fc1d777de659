"""What time does to duty hours: the digest before a date, bookings of dates that others have cancelled, names."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor
from app.db import lock
from events.calendar.models import Event, Occurrence
from events.duty import actions, queries, rules
from events.duty.models import DutyBooking

KEPT_FOR = timedelta(days=90)
"""How long after a date a booking says which person made it; unit, number and topics stay."""
_DAYS_LOOKED_AT = 8


def announce(session: Session, now: datetime) -> int:
    """Tell those on duty one working day ahead what is booked, booked or not; return how many were told.

    Once for each date, and once more each night in which the bookings have changed since. A night that was missed is
    made up for as long as the date lies ahead.
    """
    today = warsaw.today(now)
    days = [today + timedelta(days=number) for number in range(_DAYS_LOOKED_AT)]
    due = [day for day in days if rules.digest_day(day) <= today]
    dates = queries.dates_on(session, due, now)
    if not dates:
        return 0
    said = queries.announced(session, warsaw.start_of(min(rules.digest_day(one.local_date) for _event, one in dates)))
    changed = queries.changed_at(session, [one.id or 0 for _event, one in dates])
    told = 0
    for event, occurrence in dates:
        last = said.get(occurrence.id or 0)
        news = last is not None and changed.get(occurrence.id or 0, last) > last
        if last is None or (news and warsaw.today(last) < today):
            told += actions.announce(session, event, occurrence, now)
    return told


def let_fall(session: Session, now: datetime) -> int:
    """Tell who has booked on dates that were cancelled, or moved to another house, by another way than their board.

    Returns how many dates.
    """
    number = 0
    for occurrence_id in queries.fallen(session, now):
        occurrence = lock(session, Occurrence, occurrence_id)
        if occurrence is None:
            continue
        event = session.get_one(Event, occurrence.event_id)
        number += actions.let_fall(session, Actor.system(), event, occurrence, now) > 0
    return number


def forget(session: Session, now: datetime) -> int:
    """Forget who has booked on dates that ended 90 days ago; return how many bookings."""
    over = select(Occurrence.id).where(col(Occurrence.ends_at) <= now - KEPT_FOR)
    named = col(DutyBooking.booked_by).is_not(None)
    found = update(DutyBooking).where(named, col(DutyBooking.occurrence_id).in_(over)).values(booked_by=None)
    return session.exec(found).rowcount

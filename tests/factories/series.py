"""Series, and what a calendar program makes of their text: the second engine that tests compare with."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import icalendar
import recurring_ical_events
from sqlmodel import Session, col, select

from app import warsaw
from app.clock import now
from events.calendar import actions, series
from events.calendar.models import Event, Occurrence, State
from events.recurrence import Freq, Rule
from events.signups import actions as signups
from events.signups.models import SignUp
from events.signups.rules import Wanted
from tests.factories.events import END, START, make_event, named
from tests.factories.persons import People, Person

Seen = tuple[datetime, datetime, bool]
# START is a Tuesday.
TUESDAYS = Rule(Freq.WEEKLY, days=(1,), count=6)


def make_series(session: Session, organiser: Person, rule: Rule | None = TUESDAYS, **changes: Any) -> Event:
    """Let *organiser* publish a training that repeats: by default on six Tuesdays from 8 December 2026."""
    return make_event(session, organiser, rule=rule, **changes)


def dates_of(session: Session, event: Event) -> list[Occurrence]:
    """Give all dates of *event*, by their place in the rule."""
    statement = select(Occurrence).where(Occurrence.event_id == event.id).order_by(col(Occurrence.original_local))
    return list(session.exec(statement).all())


def standing(session: Session, event: Event) -> list[str]:
    """Give the dates that take place as "08.12 10:00", a cancelled one with "x" behind it, in the order of time."""
    rows = [row for row in dates_of(session, event) if row.state is not State.REMOVED]
    rows.sort(key=lambda row: row.starts_at)
    return [f"{warsaw.to_local(row.starts_at):%d.%m %H:%M}{'x' * (row.state is State.CANCELLED)}" for row in rows]


def week(number: int, hour: int = 10) -> datetime:
    """Give START's weekday *number* weeks later."""
    return START.replace(hour=hour) + timedelta(weeks=number)


def seat_on(session: Session, event: Event, people: People, *numbers: int, who: int = 1) -> list[SignUp]:
    """Sign the same invented person up for several dates, counted from 0."""
    rows = dates_of(session, event)
    made = []
    for number in numbers:
        made += signups.sign_up(
            session,
            people.marek.actor,
            event,
            rows[number].id or 0,
            Wanted(people=(named(who),)),
            str(uuid4()),
            now(),
        )
    return made


def text_of(session: Session, event: Event) -> str:
    """Give the calendar text of *event* as its feeds and its download have it, unfolded."""
    return actions.publication(session, event).replace("\r\n ", "")


def seen_by_a_calendar(session: Session, event: Event, first: datetime = START, days: int = 1300) -> set[Seen]:
    """Give (start, end, cancelled) of every date that the second engine reads out of the text."""
    calendar = icalendar.Calendar.from_ical(actions.publication(session, event))
    begin = warsaw.to_utc(first - timedelta(days=200))
    found = recurring_ical_events.of(calendar).between(begin, begin + timedelta(days=200 + days))
    return {(_instant(one.start), _instant(one.end), str(one.get("STATUS")) == "CANCELLED") for one in found}


def rows_as_seen(session: Session, event: Event) -> set[Seen]:
    """Give the same of the rows: those that the rule has, without those taken out."""
    rows = (row for row in dates_of(session, event) if row.state is not State.REMOVED and not series.is_off(row))
    return {(row.starts_at, row.ends_at, row.state is State.CANCELLED) for row in rows}


def assert_calendars_agree(session: Session, *events: Event) -> None:
    """Demand that a calendar program sees the dates of the rows, each of them and no other."""
    for event in events:
        if event.rule is None:
            continue
        horizon = event.horizon
        seen = seen_by_a_calendar(session, event)
        rows = rows_as_seen(session, event)
        if horizon is not None:
            seen = {one for one in seen if warsaw.today(one[0]) <= horizon}
        assert seen == rows
        text = text_of(session, event)
        exdates = [line.partition(":")[2] for line in text.splitlines() if line.startswith("EXDATE")]
        overridden = [line.partition(":")[2] for line in text.splitlines() if line.startswith("RECURRENCE-ID")]
        assert not set(exdates) & set(overridden)
        assert "COUNT=1;" not in text
        assert "RDATE" not in text


def part_of(session: Session, event: Event) -> Event:
    """Give the event that continues *event*."""
    return session.exec(select(Event).where(Event.continues_id == event.id)).one()


def end_of(start: datetime) -> datetime:
    """Give the end of a date that begins at *start* and lasts as long as the factory's event."""
    return start + (END - START)


def _instant(value: Any) -> datetime:
    instant: datetime = value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
    return warsaw.to_utc(instant) if instant.tzinfo is None else instant.astimezone(UTC)

"""Rules by exceptions by scopes by acts: whatever is done to a series, calendars show the dates of the rows."""

from datetime import date, datetime, timedelta
from itertools import product

import pytest
from sqlmodel import Session, select

from app import warsaw
from app.clock import now
from events import recurrence
from events.calendar import actions as calendar
from events.calendar import series
from events.calendar.models import Event, State
from events.changes import actions
from events.changes.rules import Scope
from tests.factories.events import draft_of, make_draft
from tests.factories.persons import People
from tests.factories.series import assert_calendars_agree, dates_of

pytestmark = pytest.mark.usefixtures("clock")

RULES = [
    ("FREQ=WEEKLY;COUNT=6;BYDAY=TU", "2026-12-08"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=7;BYDAY=MO,WE", "2026-12-07"),
    ("FREQ=WEEKLY;UNTIL=20270420T215959Z;BYDAY=SU", "2027-02-28"),
    ("FREQ=MONTHLY;COUNT=6;BYMONTHDAY=31", "2026-12-31"),
    ("FREQ=MONTHLY;COUNT=6;BYDAY=4TU", "2026-12-22"),
    ("FREQ=MONTHLY;UNTIL=20271130T225959Z;BYDAY=-1SU", "2026-12-27"),
]
EXCEPTIONS = [(), (1,), (0, 3)]
ACTS = ["edit", "move", "cancel"]


@pytest.mark.slow
@pytest.mark.parametrize(("text", "first"), RULES)
@pytest.mark.parametrize("left_out", EXCEPTIONS)
def test_rows_and_calendars_agree_after_every_act(
    session: Session, people: People, text: str, first: str, left_out: tuple[int, ...]
) -> None:
    for scope, act in product(Scope, ACTS):
        event = published(session, people, text, first, left_out)
        assert_calendars_agree(session, event)
        days = [row.local_date for row in dates_of(session, event) if row.state is State.PUBLISHED]
        do(session, people, event, scope, act)
        parts = [event, *session.exec(select(Event).where(Event.continues_id == event.id)).all()]
        assert_calendars_agree(session, *parts)
        rows = [row for part in parts for row in dates_of(session, part) if row.state is not State.REMOVED]
        assert len(rows) == len(days)
        assert len(parts) == (2 if scope is Scope.FOLLOWING else 1)
        touched = {Scope.THIS: 1, Scope.FOLLOWING: len([row for row in rows if row.local_date >= days[2]])}
        number = touched.get(scope, len(rows))
        if act == "cancel":
            assert len([row for row in rows if row.state is State.CANCELLED]) == number
        hours = [warsaw.to_local(row.starts_at).hour for row in rows]
        assert hours.count(15) == (number if act == "move" else 0)
        assert set(hours) <= {10, 15}


def published(session: Session, people: People, text: str, first: str, left_out: tuple[int, ...]) -> Event:
    start = datetime.fromisoformat(first).replace(hour=10)
    rule = recurrence.from_text(text)
    event = make_draft(session, people.ewa, rule=rule, starts=start, ends=start + timedelta(hours=2))
    rows = dates_of(session, event)
    out: set[date] = {rows[number].local_date for number in left_out}
    calendar.leave_out(session, people.ewa.actor, event, out, now())
    calendar.publish(session, people.ewa.actor, event, now())
    return event


def do(session: Session, people: People, event: Event, scope: Scope, act: str) -> None:
    chosen = [row for row in dates_of(session, event) if row.state is State.PUBLISHED][2]
    if act == "cancel":
        reason = "Awaria"
        actions.cancel(session, people.ewa.actor, event, reason, now(), occurrence_id=chosen.id, scope=scope)
        return
    start = event.local_start if scope is Scope.ALL else chosen.original_local
    rule = series.rest(event, start)
    if act == "move":
        start = start.replace(hour=15)
    wanted = draft_of(
        starts=start,
        ends=start + timedelta(hours=2),
        rule=rule,
        title="Nowy tytuł" if act == "edit" else draft_of().title,
    )
    actions.edit(session, people.ewa.actor, event, wanted, event.revision, now(), occurrence_id=chosen.id, scope=scope)

"""The dates of a series as rows: made, extended by night, at their local hour."""

import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from app import warsaw
from app.clock import now
from events import recurrence
from events.calendar import actions, series
from events.calendar.models import Event, EventKind, Occurrence, State, Visibility
from events.recurrence import Freq, Rule
from events.shelf.models import EventText, FeedState
from tests.factories.persons import People
from tests.factories.series import assert_calendars_agree, dates_of, make_series, standing, text_of

pytestmark = pytest.mark.usefixtures("clock")

EVERY_TUESDAY = Rule(days=(1,))


def wall(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001


def test_a_series_without_end_is_made_18_months_ahead(session: Session, people: People) -> None:
    event = make_series(session, people.ewa, rule=EVERY_TUESDAY)
    assert event.horizon == date(2028, 5, 23)
    assert (len(standing(session, event)), standing(session, event)[-1]) == (77, "23.05 10:00")
    assert_calendars_agree(session, event)


def test_a_series_that_ends_sooner_has_no_horizon(session: Session, people: People) -> None:
    assert make_series(session, people.ewa).horizon is None
    until = Rule(days=(1,), until=date(2028, 6, 1))
    assert make_series(session, people.ewa, rule=until).horizon == date(2028, 5, 23)


def test_the_night_adds_what_has_come_within_reach(session: Session, people: People, clock) -> None:
    event = make_series(session, people.ewa, rule=EVERY_TUESDAY)
    before = text_of(session, event)
    version = session.exec(select(FeedState.version)).all()
    assert series.extend(session, now()) == 0
    clock.move_to(now() + timedelta(days=15))
    assert series.extend(session, now()) == 2
    session.expire_all()
    assert standing(session, event)[-1] == "06.06 10:00"
    assert dates_of(session, event)[-1].state is State.PUBLISHED
    assert session.get_one(Event, event.id).horizon == date(2028, 6, 8)
    assert series.extend(session, now()) == 0
    assert (text_of(session, event), session.exec(select(FeedState.version)).all()) == (before, version)
    assert_calendars_agree(session, event)


def test_the_night_ends_with_the_series(session: Session, people: People, clock) -> None:
    event = make_series(session, people.ewa, rule=Rule(days=(1,), until=date(2028, 6, 1)))
    clock.move_to(now() + timedelta(days=30))
    assert series.extend(session, now()) == 1
    session.expire_all()
    assert session.get_one(Event, event.id).horizon is None


def test_missed_nights_are_made_up_for(session: Session, people: People, clock) -> None:
    event = make_series(session, people.ewa, rule=Rule(Freq.MONTHLY, month_day=8))
    clock.move_to(now() + timedelta(days=200))
    assert series.extend(session, now()) == 7
    session.expire_all()
    assert [row.local_date.day for row in dates_of(session, event)] == [8] * len(dates_of(session, event))
    assert_calendars_agree(session, event)


def test_neither_drafts_nor_cancelled_series_grow(session: Session, people: People, clock) -> None:
    event = make_series(session, people.ewa, rule=EVERY_TUESDAY)
    event.state = State.CANCELLED
    session.flush()
    clock.move_to(now() + timedelta(days=60))
    assert series.extend(session, now()) == 0


def test_a_series_without_end_stays_in_the_feeds(session: Session, people: People) -> None:
    endless = make_series(session, people.ewa, rule=EVERY_TUESDAY)
    until = make_series(session, people.ewa, rule=Rule(days=(1,), until=date(2029, 6, 1)))
    assert session.get_one(EventText, endless.id).last_day == series.FAR
    assert warsaw.today(session.get_one(EventText, until.id).last_day) == date(2029, 5, 29)


CHANGES = [
    # first date, rule, the UTC hours before and after the night in which the clocks change
    (datetime(2026, 12, 7, 10), Rule(days=(0,), until=date(2027, 5, 1)), date(2027, 3, 28), 9, 8),  # noqa: DTZ001
    (datetime(2026, 12, 6, 9), Rule(days=(6,), until=date(2027, 5, 1)), date(2027, 3, 27), 8, 7),  # noqa: DTZ001
    (datetime(2026, 12, 4, 18, 30), Rule(days=(4,), until=date(2027, 5, 1)), date(2027, 3, 28), 17, 16),  # noqa: DTZ001
    (datetime(2027, 9, 6, 10), Rule(days=(0,), until=date(2027, 12, 1)), date(2027, 10, 31), 8, 9),  # noqa: DTZ001
    (datetime(2026, 12, 15, 23), Rule(Freq.MONTHLY, month_day=15, count=8), date(2027, 3, 28), 22, 21),  # noqa: DTZ001
]


@pytest.mark.parametrize(("first", "rule", "night", "before", "after"), CHANGES)
def test_the_local_hour_holds_when_the_clocks_change(
    session: Session, people: People, first: datetime, rule: Rule, night: date, before: int, after: int
) -> None:
    event = make_series(session, people.ewa, rule, starts=first, ends=first + timedelta(minutes=45))
    rows = dates_of(session, event)
    assert {(warsaw.to_local(row.starts_at).hour, row.ends_at - row.starts_at) for row in rows} == {
        (first.hour, timedelta(minutes=45))
    }
    assert {row.starts_at.hour for row in rows if row.local_date <= night} == {before}
    assert {row.starts_at.hour for row in rows if row.local_date > night} == {after}
    assert_calendars_agree(session, event)


def test_series_over_last_october_stays_at_ten(session: Session, people: People, clock) -> None:
    clock.move_to(datetime(2026, 9, 1, 8, tzinfo=warsaw.ZONE))
    first = datetime(2026, 10, 6, 10)  # noqa: DTZ001
    rule = Rule(days=(1, 6), until=date(2027, 4, 10))
    event = make_series(session, people.ewa, rule, starts=first, ends=first + timedelta(hours=2))
    days = {row.local_date: row.starts_at.hour for row in dates_of(session, event)}
    assert (days[date(2026, 10, 20)], days[date(2026, 10, 25)], days[date(2026, 10, 27)]) == (8, 9, 9)
    assert (days[date(2027, 3, 23)], days[date(2027, 3, 28)], days[date(2027, 3, 30)]) == (9, 8, 8)
    assert_calendars_agree(session, event)


def test_whole_days_of_a_series_are_dates_in_calendars(session: Session, people: People) -> None:
    first = datetime(2027, 3, 26)  # noqa: DTZ001
    rule = Rule(interval=2, days=(4,), count=5)
    event = make_series(session, people.ewa, rule, starts=first, ends=first + timedelta(days=3), all_day=True)
    text = text_of(session, event)
    assert "DTSTART;VALUE=DATE:20270326" in text
    assert "DTEND;VALUE=DATE:20270329" in text
    assert [(row.local_date.day, warsaw.to_local(row.ends_at).hour) for row in dates_of(session, event)] == [
        (26, 0), (9, 0), (23, 0), (7, 0), (21, 0)
    ]  # fmt: skip
    assert_calendars_agree(session, event)


@pytest.mark.parametrize(
    ("starts", "ends"),
    [((1, 0), (2, 0)), ((1, 0), (2, 30)), ((2, 0), (2, 45)), ((2, 59), (4, 0)), ((0, 30), (3, 30)), ((22, 0), (30, 0))],
)
def test_a_series_in_the_night_hour_is_refused(
    session: Session, people: People, starts: tuple[int, int], ends: tuple[int, int]
) -> None:
    day = date(2026, 12, 8)
    begin = wall(day, *starts)
    end = wall(day + timedelta(days=ends[0] // 24), ends[0] % 24, ends[1])
    with pytest.raises(recurrence.UnsafeSeries, match="from 02:00 to 03:00"):
        make_series(session, people.ewa, EVERY_TUESDAY, starts=begin, ends=end)


@pytest.mark.parametrize(("starts", "ends"), [((0, 0), (1, 59)), ((3, 0), (4, 0)), ((22, 0), (25, 30))])
def test_a_series_beside_the_night_hour_is_taken(
    session: Session, people: People, starts: tuple[int, int], ends: tuple[int, int]
) -> None:
    day = date(2026, 12, 6)
    begin = wall(day, *starts)
    end = wall(day + timedelta(days=ends[0] // 24), ends[0] % 24, ends[1])
    event = make_series(session, people.ewa, Rule(days=(6,), until=date(2027, 4, 20)), starts=begin, ends=end)
    assert_calendars_agree(session, event)


@pytest.mark.slow
def test_5000_series_are_extended_in_half_a_minute(session: Session, people: People, clock) -> None:
    first, today = datetime(2026, 11, 30, 10), warsaw.today(now())  # noqa: DTZ001
    horizon = recurrence.horizon(today, today)
    texts = [
        recurrence.to_text(rule)
        for rule in (
            Rule(days=(0, 2, 4)),
            Rule(interval=2, days=(0,)),
            Rule(Freq.MONTHLY, month_day=30),
            Rule(Freq.MONTHLY, days=(0,), nth=-1),
            Rule(days=(0,), count=200),
        )
    ]
    shared: dict[str, Any] = {
        "kind": EventKind.DUTY_HOURS, "state": State.PUBLISHED, "visibility": Visibility.PARTNERS,
        "organiser_id": people.prison.id, "local_start": first, "minutes": 60, "created_at": now(),
        "changed_at": now(), "horizon": horizon,
    }  # fmt: skip
    rows = [
        {**Event(title=f"Seria {number}", rule=texts[number % 5], **shared).model_dump(exclude={"id"})}
        for number in range(5000)
    ]
    session.execute(insert(Event), rows)
    session.flush()
    clock.move_to(now() + timedelta(days=31))
    begun = time.perf_counter()
    made = series.extend(session, now())
    took = time.perf_counter() - begun
    assert session.exec(select(func.count(col(Occurrence.id)))).one() == made > 20_000
    assert took < 30, f"{made} dates took {took:.1f} s"
    assert series.extend(session, now()) == 0


def test_slots_of_duty_hours_stay_through_changes_and_splits(session: Session, people: People) -> None:
    event = make_series(session, people.ewa, kind=EventKind.DUTY_HOURS, slot_minutes=20, slot_persons=3)
    wanted = replace(actions.as_saved(session, event), slot_minutes=None, slot_persons=None, title="Inny tytuł")
    actions.revise(session, people.ewa.actor, event, wanted, now())
    part = actions.split(session, people.ewa.actor, event, dates_of(session, event)[2].original_local, now())
    assert [(one.title, one.slot_minutes, one.slot_persons) for one in (event, part)] == [("Inny tytuł", 20, 3)] * 2

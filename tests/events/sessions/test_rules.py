"""How a plan is laid out: exactly so many sessions at one hour of the clock, whatever is left out."""

from datetime import date, datetime, time

import pytest

from app import warsaw
from events import recurrence
from events.recurrence import Freq, Rule
from events.sessions import rules
from events.sessions.rules import LeftOut
from partners.institutions import workdays
from tests.factories.sessions import plan_of

FAR = date(2028, 1, 1)


def holidays(day: date) -> LeftOut | None:
    return LeftOut.HOLIDAY if workdays.holiday_name(day, "pl") else None


@pytest.mark.parametrize(
    ("first", "out", "changes"),
    [
        # Wednesdays in autumn: the clocks change on 25 October, 11 November is a holiday.
        (date(2026, 10, 7), [date(2026, 11, 11)], [date(2026, 10, 28)]),
        # Fridays over Christmas: 25 December and 1 January.
        (date(2026, 12, 4), [date(2026, 12, 25), date(2027, 1, 1)], []),
        # Mondays in spring: Easter Monday the day after the clocks change, and 3 May.
        (date(2027, 3, 15), [date(2027, 3, 29), date(2027, 5, 3)], [date(2027, 4, 5)]),
    ],
)
def test_a_plan_has_exactly_its_sessions_at_one_hour(first: date, out: list[date], changes: list[date]) -> None:
    wanted = plan_of(first, 10, topics=tuple(f"Temat {n}" for n in range(1, 11)))
    layout = rules.lay_out(wanted, FAR, holidays)
    assert [line.number for line in layout.sessions] == list(range(1, 11))
    assert [line.topic for line in layout.sessions] == [f"Temat {n}" for n in range(1, 11)]
    assert {(line.starts.time(), line.ends.time()) for line in layout.lines} == {(time(10), time(12))}
    assert {warsaw.to_local(line.starts_at).time() for line in layout.sessions} == {time(10)}
    assert sorted(layout.days_out) == out
    assert [line.day for line in layout.lines if line.clocks_change] == changes
    assert layout.rule is not None
    assert layout.rule.count == 10 + len(out)


def test_a_plan_that_would_begin_on_a_holiday_begins_after_it() -> None:
    layout = rules.lay_out(plan_of(date(2026, 11, 11), 2), FAR, holidays)
    assert [line.day for line in layout.sessions] == [date(2026, 11, 18), date(2026, 11, 25)]
    assert (layout.lines[0].left_out, layout.rule and layout.rule.count) == (LeftOut.HOLIDAY, 2)


def test_one_session_is_no_series() -> None:
    assert rules.lay_out(plan_of(sessions=1), FAR, holidays).rule is None


def test_what_makes_no_plan_is_refused() -> None:
    with pytest.raises(rules.TooManyTopics):
        rules.lay_out(plan_of(sessions=1, topics=("a", "b")), FAR, holidays)
    with pytest.raises(rules.TooFar, match="18 months ahead"):
        rules.lay_out(plan_of(sessions=20), date(2026, 12, 31), holidays)
    with pytest.raises(rules.TooFewDates):
        rules.lay_out(plan_of(), FAR, lambda _day: LeftOut.BLOCKED)


def test_a_monthly_rhythm_may_skip_too() -> None:
    wanted = plan_of(date(2026, 11, 11), 3, rhythm=Rule(Freq.MONTHLY, month_day=11))
    assert [line.day for line in rules.lay_out(wanted, FAR, holidays).sessions] == [
        date(2026, 12, 11),
        date(2027, 1, 11),
        date(2027, 2, 11),
    ]


def test_a_catch_up_date_is_suggested_on_the_same_weekday_and_no_holiday() -> None:
    missed = datetime(2026, 12, 4, 16, 30)  # noqa: DTZ001 - a Friday, wall time
    found = rules.suggested(date(2026, 12, 18), missed, date(2026, 12, 5), holidays)
    assert found == datetime(2027, 1, 8, 16, 30)  # noqa: DTZ001 - after Christmas and New Year


def test_new_dates_take_the_numbers_that_have_come_free() -> None:
    assert rules.numbered([(1, 1), (2, 2)], [3, 4], [7, 8, 9]) == {7: 3, 8: 4, 9: 5}
    assert rules.numbered([(1, 1), (2, 3)], [3], [7]) == {7: 4}
    assert recurrence.COUNT_MAX >= rules.SESSIONS_MAX

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import warsaw

SUMMER_ENDS, SUMMER_BEGINS = date(2026, 10, 25), date(2027, 3, 28)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2026-10-24T17:00", "2026-10-24T15:00+00:00"),
        ("2026-10-26T17:00", "2026-10-26T16:00+00:00"),
        ("2027-03-27T17:00", "2027-03-27T16:00+00:00"),
        ("2027-03-29T17:00", "2027-03-29T15:00+00:00"),
        ("2026-12-31T23:59", "2026-12-31T22:59+00:00"),
    ],
)
def test_five_o_clock_stays_five_o_clock(local, instant):
    assert warsaw.to_utc(wall(local)) == wall(instant)
    assert warsaw.to_local(wall(instant)).replace(tzinfo=None) == wall(local)


@pytest.mark.parametrize(
    ("local", "unsafe"),
    [
        ("2026-10-25T01:59", False),
        ("2026-10-25T02:00", True),
        ("2026-10-25T02:59", True),
        ("2026-10-25T03:00", False),
        ("2027-03-28T02:30", True),
        ("2027-03-21T02:30", False),
        ("2026-10-18T02:30", False),
        ("2026-03-29T02:30", True),
    ],
)
def test_the_hour_that_is_missing_or_doubled(local, unsafe):
    assert warsaw.is_unsafe(wall(local)) is unsafe


@given(st.dates(date(1996, 1, 1), date(2100, 12, 31)))
def test_the_clock_changes_when_the_zone_says_so(day):
    before, after = warsaw.start_of(day), warsaw.start_of(day + timedelta(days=1))
    assert warsaw.is_clock_change(day) is (after - before != timedelta(days=1))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - wall times
def test_every_safe_wall_time_comes_back(local):
    if not warsaw.is_unsafe(local):
        assert warsaw.to_local(warsaw.to_utc(local)).replace(tzinfo=None) == local


def test_a_day_begins_at_midnight_in_warsaw():
    assert warsaw.start_of(date(2026, 11, 23)) == datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert warsaw.today(datetime(2026, 11, 22, 22, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert warsaw.today(datetime(2026, 11, 22, 23, 0, tzinfo=UTC)) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("pl", ["wtorek, 24 listopada 2026", "24 listopada 2026", "listopad 2026"]),
        ("en", ["Tuesday, 24 November 2026", "24 November 2026", "November 2026"]),
    ],
)
def test_dates_in_words(language, words):
    day = date(2026, 11, 24)
    made = [warsaw.day_words(day, language), warsaw.short_day_words(day, language), warsaw.month_words(day, language)]
    assert made == words


@pytest.mark.parametrize(
    ("starts", "ends", "all_day", "words"),
    [
        ("2026-11-24T10:00", "2026-11-24T12:00", False, "10.00–12.00"),
        ("2026-11-24T08:05", "2026-11-24T09:00", False, "8.05–9.00"),
        ("2026-11-24T22:00", "2026-11-25T06:00", False, "22.00–6.00 (25 listopada 2026)"),
        ("2026-10-25T01:30", "2026-10-25T03:30", False, "1.30–3.30"),
        ("2026-11-24T00:00", "2026-11-25T00:00", True, ""),
    ],
)
def test_spans_in_words(starts, ends, all_day, words):
    first, last = warsaw.to_utc(wall(starts)), warsaw.to_utc(wall(ends))
    assert warsaw.span_words(first, last, all_day=all_day, language="pl") == words

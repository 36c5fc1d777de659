"""Counting in working days against a table written out by hand from the act on days free of work."""

from datetime import date, timedelta

import pytest

from partners.institutions import workdays

# (from, number of working days, the day that is meant), with the weekday of each beside it.
TABLE = [
    ("2026-11-23", 0, "2026-11-23"),  # Monday: nothing to count
    ("2026-11-22", 0, "2026-11-22"),  # not even from a Sunday
    ("2026-11-23", 1, "2026-11-24"),  # Monday to Tuesday
    ("2026-11-27", 1, "2026-11-30"),  # Friday to Monday
    ("2026-11-28", 1, "2026-11-30"),  # Saturday
    ("2026-11-29", 1, "2026-11-30"),  # Sunday
    ("2026-11-23", 5, "2026-11-30"),  # a week
    ("2026-11-23", 10, "2026-12-07"),
    ("2026-01-05", 1, "2026-01-07"),  # Epiphany, a Tuesday
    ("2026-04-02", 1, "2026-04-03"),  # Good Friday is a working day
    ("2026-04-03", 1, "2026-04-07"),  # over Easter Sunday and Easter Monday
    ("2027-03-26", 1, "2027-03-30"),  # Easter of another year
    ("2026-04-30", 1, "2026-05-04"),  # 1 May, a Friday; 3 May, a Sunday
    ("2027-04-30", 1, "2027-05-04"),  # 1 May, a Saturday; 3 May, a Monday
    ("2026-06-03", 1, "2026-06-05"),  # Corpus Christi, always a Thursday
    ("2026-06-03", 2, "2026-06-08"),
    ("2027-05-26", 1, "2027-05-28"),  # Corpus Christi of another year
    ("2025-08-14", 1, "2025-08-18"),  # 15 August, a Friday
    ("2027-10-29", 1, "2027-11-02"),  # 1 November, a Monday
    ("2026-11-10", 1, "2026-11-12"),  # 11 November, a Wednesday
    ("2024-12-23", 1, "2024-12-24"),  # 24 December was a working day until 2024
    ("2025-12-23", 1, "2025-12-29"),  # and is free since 2025: Wednesday to Friday free, then a weekend
    ("2026-12-23", 1, "2026-12-28"),  # Thursday to Saturday free, then a Sunday
    ("2026-12-23", 3, "2026-12-30"),
    ("2026-12-30", 1, "2026-12-31"),  # New Year's Eve is a working day
    ("2026-12-30", 2, "2027-01-04"),  # 1 January, a Friday
    ("2026-12-30", 4, "2027-01-07"),  # and 6 January, a Wednesday
    ("2026-12-18", 10, "2027-01-07"),  # 21, 22, 23, 28, 29, 30, 31 December, 4, 5, 7 January
]


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(("since", "number", "until"), TABLE)
def test_working_days_are_counted_as_the_table_says(since: str, number: int, until: str) -> None:
    assert workdays.after(day(since), number) == day(until)
    assert workdays.between(day(since), day(until)) == number
    if workdays.is_workday(day(since)):
        assert workdays.before(day(until), number) == day(since)


@pytest.mark.parametrize(
    ("since", "number", "closed", "until"),
    [
        ("2026-11-23", 1, ("2026-11-24", "2026-11-24"), "2026-11-25"),
        ("2026-11-23", 3, ("2026-11-25", "2026-11-26"), "2026-11-30"),  # 24, 27, 30
        ("2026-11-23", 3, ("2026-11-23", "2026-11-23"), "2026-11-26"),  # the first day never counts
        ("2026-11-27", 1, ("2026-11-28", "2026-11-29"), "2026-11-30"),  # a blocked weekend costs nothing
        ("2026-12-18", 5, ("2026-12-21", "2027-01-08"), "2027-01-15"),  # closed over the holidays
        ("2026-12-30", 2, ("2026-12-31", "2027-01-04"), "2027-01-07"),  # 5, 7 January
        ("2026-06-03", 1, ("2026-06-05", "2026-06-05"), "2026-06-08"),  # the Friday after Corpus Christi
    ],
)
def test_blocked_days_do_not_count(since: str, number: int, closed: tuple[str, str], until: str) -> None:
    first, last = (day(one) for one in closed)

    def is_closed(one: date) -> bool:
        return first <= one <= last

    assert workdays.after(day(since), number, is_closed) == day(until)
    assert workdays.between(day(since), day(until), is_closed) == number


def test_nothing_lies_between_a_day_and_itself_or_an_earlier_one() -> None:
    assert workdays.between(day("2026-11-24"), day("2026-11-24")) == 0
    assert workdays.between(day("2026-11-24"), day("2026-11-23")) == 0
    assert workdays.between(day("2026-11-27"), day("2026-11-29")) == 0


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028])
def test_the_moving_holidays_follow_easter(year: int) -> None:
    """Easter Monday and Corpus Christi, computed by the rule of 1582 and not by the library."""
    easter = easter_of(year)
    assert workdays.holiday_name(easter, "pl") == "Niedziela Wielkanocna"
    assert workdays.holiday_name(easter + timedelta(days=1), "pl") == "Poniedziałek Wielkanocny"
    assert workdays.holiday_name(easter + timedelta(days=60), "pl") == "Dzień Bożego Ciała"
    assert workdays.is_workday(easter - timedelta(days=2))


def easter_of(year: int) -> date:
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)

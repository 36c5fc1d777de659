"""Dates of the invented part: everything is counted from the demo's *today*, nothing asks the clock."""

from datetime import date, datetime, time, timedelta

from app import warsaw
from partners.institutions.workdays import holiday_name, is_weekend

_WEEK = timedelta(days=7)


def day_in(today: date, week: int, weekday: int) -> date:
    """Give the *weekday* (Monday is 0) of the week *week* weeks after today's; a holiday moves it by a week.

    So does the time between Christmas and the New Year.
    """
    day = today - timedelta(days=today.weekday()) + week * _WEEK + timedelta(days=weekday)
    while is_quiet(day):
        day += _WEEK
    return day


def working_day(day: date) -> date:
    """Give *day*, or the next day on which offices work."""
    while is_weekend(day) or holiday_name(day, "pl"):
        day += timedelta(days=1)
    return day


def weeks_after(today: date, weeks: int) -> date:
    """Give a working day *weeks* weeks after *today* (before it, if negative)."""
    return working_day(today + weeks * _WEEK)


def wall(day: date, clock: str) -> datetime:
    """Give the Warsaw wall time (naive) of *clock*, such as "9:30", on *day*."""
    hour, minute = clock.split(":")
    return datetime.combine(day, time(int(hour), int(minute)))


def instant(day: date, clock: str = "9:00") -> datetime:
    """Give the instant of *clock* on *day* in Warsaw."""
    return warsaw.to_utc(wall(day, clock))


def is_quiet(day: date) -> bool:
    """Whether nobody meets on this *day*: a holiday, or between Christmas and the New Year."""
    return bool(holiday_name(day, "pl")) or (12, 23) < (day.month, day.day) <= (12, 31)

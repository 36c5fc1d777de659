"""Polish public holidays by their names, out of the holidays library, and counting in working days."""

import importlib
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

_SATURDAY = 5


@lru_cache(maxsize=64)
def holidays_of(year: int, language: str) -> Mapping[date, str]:
    """Give the public holidays of *year* with their names in Polish ("pl") or English.

    Source: the act on days free of work (ustawa o dniach wolnych od pracy) as the library holds it.
    """
    holidays: Any = importlib.import_module("holidays")  # with the first year: the start does without it
    return dict(holidays.country_holidays("PL", years=year, language="pl" if language == "pl" else "en_US"))


def holiday_name(day: date, language: str) -> str:
    """Give the name of the public holiday on *day*, or "" for any other day."""
    return holidays_of(day.year, language).get(day, "")


def is_weekend(day: date) -> bool:
    """Tell whether *day* is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY


def is_workday(day: date) -> bool:
    """Tell whether offices work on *day*: no weekend, no public holiday."""
    return not is_weekend(day) and not holiday_name(day, "pl")


def after(day: date, number: int, closed: Callable[[date], bool] | None = None) -> date:
    """Give the *number*-th working day after *day*; *day* itself for 0.

    Days for which *closed* is true do not count either: an institution's own blocked days, say. One of them must end.
    """
    return _step(day, number, timedelta(days=1), closed)


def before(day: date, number: int) -> date:
    """Give the *number*-th working day before *day*; *day* itself for 0."""
    return _step(day, number, timedelta(days=-1), None)


def between(first: date, last: date, closed: Callable[[date], bool] | None = None) -> int:
    """Count the working days after *first* up to *last*, which counts too: after(first, n) is n days away.

    0 where *last* is not later than *first*. Days for which *closed* is true do not count.
    """
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(_counts(day, closed) for day in days)


def _step(day: date, number: int, step: timedelta, closed: Callable[[date], bool] | None) -> date:
    while number > 0:
        day += step
        number -= _counts(day, closed)
    return day


def _counts(day: date, closed: Callable[[date], bool] | None) -> bool:
    return is_workday(day) and not (closed is not None and closed(day))

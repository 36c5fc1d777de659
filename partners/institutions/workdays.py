"""Polish public holidays by their names, out of the holidays library."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays

_SATURDAY = 5


@lru_cache(maxsize=64)
def holidays_of(year: int, language: str) -> Mapping[date, str]:
    """Give the public holidays of *year* with their names in Polish ("pl") or English.

    Source: the act on days free of work (ustawa o dniach wolnych od pracy) as the library holds it.
    """
    return dict(holidays.country_holidays("PL", years=year, language="pl" if language == "pl" else "en_US"))


def holiday_name(day: date, language: str) -> str:
    """Give the name of the public holiday on *day*, or "" for any other day."""
    return holidays_of(day.year, language).get(day, "")


def is_weekend(day: date) -> bool:
    """Tell whether *day* is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY

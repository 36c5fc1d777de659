"""Europe/Warsaw at the edges: local time to instants and back, the two clock-change nights, dates in words."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date as babel_date

ZONE_NAME = "Europe/Warsaw"
ZONE = ZoneInfo(ZONE_NAME)
_SKIPPED_HOUR = 2
_SUNDAY = 6
_DASH = "\u2013"
_REMEMBERED = 4096  # Babel takes 30 µs a date, and lists name the same days over and over


def to_local(instant: datetime) -> datetime:
    """Convert an aware *instant* to Warsaw wall time (aware)."""
    return instant.astimezone(ZONE)


def to_utc(wall: datetime) -> datetime:
    """Convert a naive Warsaw wall time to an aware UTC instant."""
    return wall.replace(tzinfo=ZONE).astimezone(UTC)


def today(instant: datetime) -> date:
    """Give the Warsaw date at *instant*."""
    return to_local(instant).date()


def start_of(day: date) -> datetime:
    """Give the instant at which *day* begins in Warsaw."""
    return to_utc(datetime.combine(day, time.min))


def is_clock_change(day: date) -> bool:
    """Tell whether the clocks change in the night of *day*: last Sunday of March and of October."""
    return day.month in (3, 10) and day.weekday() == _SUNDAY and (day + timedelta(days=7)).month != day.month


def is_unsafe(wall: datetime) -> bool:
    """Tell whether *wall* lies between 02:00 and 02:59 of a clock-change night: missing or doubled time."""
    return wall.hour == _SKIPPED_HOUR and is_clock_change(wall.date())


@lru_cache(maxsize=_REMEMBERED)
def day_words(day: date, language: str) -> str:
    """Give "wtorek, 24 listopada 2026" or "Tuesday, 24 November 2026"."""
    pattern = "EEEE, d MMMM y"
    return str(babel_date(day, pattern, locale=_locale(language)))


@lru_cache(maxsize=_REMEMBERED)
def short_day_words(day: date, language: str) -> str:
    """Give "24 listopada 2026" or "24 November 2026"."""
    return str(babel_date(day, "d MMMM y", locale=_locale(language)))


@lru_cache(maxsize=_REMEMBERED)
def month_words(day: date, language: str) -> str:
    """Give "listopad 2026" or "November 2026"."""
    return str(babel_date(day, "LLLL y", locale=_locale(language)))


@lru_cache(maxsize=_REMEMBERED)
def weekday_short(day: date, language: str) -> str:
    """Give "wt." or "Tue"."""
    return str(babel_date(day, "EEE", locale=_locale(language)))


@lru_cache(maxsize=_REMEMBERED)
def month_short(day: date, language: str) -> str:
    """Give "lis" or "Nov"."""
    return str(babel_date(day, "LLL", locale=_locale(language)))


def hour_words(instant: datetime) -> str:
    """Give the Warsaw clock time of *instant* as Polish offices write it: "10.00"."""
    local = to_local(instant)
    return f"{local.hour}.{local.minute:02d}"


def span_words(starts_at: datetime, ends_at: datetime, *, all_day: bool, language: str) -> str:
    """Give "10.00–12.00", "22.00 – 6.00 (25 listopada 2026)" over midnight, or "" for an all-day event."""
    if all_day:
        return ""
    words = f"{hour_words(starts_at)}{_DASH}{hour_words(ends_at)}"
    if today(ends_at) != today(starts_at):
        words += f" ({short_day_words(today(ends_at), language)})"
    return words


def _locale(language: str) -> str:
    return "pl" if language == "pl" else "en_GB"

"""Typed parts of addresses: nonsense is no address and answers 404, never a fault."""

from datetime import date, timedelta

from flask import Flask
from werkzeug.routing import BaseConverter, UUIDConverter, ValidationError

_LARGEST_ID = 2**31 - 1
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


class IdConverter(BaseConverter):
    """A row's number: 1 to 2**31-1, ASCII digits."""

    regex = r"[1-9][0-9]{0,9}"

    def to_python(self, value: str) -> int:
        """Give the number."""
        if int(value) > _LARGEST_ID:
            raise ValidationError
        return int(value)


class SlugConverter(BaseConverter):
    """A Polish slug without diacritics."""

    regex = r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?"


class MonthConverter(BaseConverter):
    """A month such as 2026-11, given as its first day."""

    regex = r"[0-9]{4}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Give the first day of the month."""
        year, month = int(value[:4]), int(value[5:])
        if not (_FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12):
            raise ValidationError
        return date(year, month, 1)

    def to_url(self, value: date) -> str:
        """Write the month of a date."""
        return f"{value.year:04d}-{value.month:02d}"


class CaseConverter(BaseConverter):
    """The number of a visit request, such as W-2026-041."""

    regex = r"W-[0-9]{4}-[0-9]{3,6}"


class WeekConverter(BaseConverter):
    """An ISO week such as 2026-W48, given as its Monday."""

    regex = r"[0-9]{4}-W[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Give the Monday of the week."""
        year, week = int(value[:4]), int(value[6:])
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise ValidationError
        try:
            return date.fromisocalendar(year, week, 1)
        except ValueError as error:
            raise ValidationError from error

    def to_url(self, value: date) -> str:
        """Write the ISO week of a date."""
        iso = value.isocalendar()
        return f"{iso.year:04d}-W{iso.week:02d}"


class QuarterConverter(BaseConverter):
    """A quarter of a year such as 2026-4, given as its first day."""

    regex = r"[0-9]{4}-[1-4]"

    def to_python(self, value: str) -> date:
        """Give the first day of the quarter."""
        year, number = int(value[:4]), int(value[5:])
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise ValidationError
        return date(year, 3 * number - 2, 1)

    def to_url(self, value: date) -> str:
        """Write the quarter of a date."""
        return f"{value.year:04d}-{(value.month + 2) // 3}"


class DayConverter(BaseConverter):
    """A day such as 2026-11-24."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Give the date."""
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise ValidationError from error
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise ValidationError
        return day

    def to_url(self, value: date) -> str:
        """Write the date in ISO form."""
        return value.isoformat()


class NumberConverter(BaseConverter):
    """The number of an agreement: P-08-007, LI-08-001."""

    regex = r"[A-Z]{1,3}-[0-9]{2}-[0-9]{3,5}"


class LowerUUIDConverter(UUIDConverter):
    """A UUID, in lower case only: one thing has one address."""

    regex = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class TokenConverter(BaseConverter):
    """A secret of app/secret.py: 43 characters that carry 256 random bits."""

    regex = r"[A-Za-z0-9_-]{43}"


def init(app: Flask) -> None:
    """Register the converters."""
    app.url_map.converters.update(
        id=IdConverter,
        slug=SlugConverter,
        month=MonthConverter,
        case=CaseConverter,
        week=WeekConverter,
        quarter=QuarterConverter,
        day=DayConverter,
        number=NumberConverter,
        uuid=LowerUUIDConverter,
        token=TokenConverter,
    )


def monday_of(day: date) -> date:
    """Give the Monday of the week of *day*."""
    return day - timedelta(days=day.weekday())

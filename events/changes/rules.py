"""Decisions about changes on plain values: how far an act on a series reaches, and what it may not do."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from app.errors import Conflict, Refusal
from app.text import N_
from events.calendar.models import Occurrence


class Scope(StrEnum):
    """Which dates of a series an act is meant for."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


class NoSuchDate(Conflict):
    """A date that the event does not have, or no longer."""

    message = N_("This date no longer belongs to the series. Open the event again and choose a date.")


class DateOver(Conflict):
    """A change of a date that has taken place."""

    message = N_("This date is over and can no longer be changed. Choose a later one.")


class DateCancelled(Conflict):
    """A change of a date that was cancelled."""

    message = N_("This date has been cancelled already.")


class NotForOneDate(Refusal):
    """A change of something that all dates of a series share."""

    message = N_("A single date can have a title, hours and a place of its own. Change the rest for the whole series.")


def first_coming(occurrences: Sequence[Occurrence], now: datetime) -> Occurrence | None:
    """Give the first date in the order of the rule that has not begun; None when a series is over."""
    coming = [row for row in occurrences if row.starts_at > now and not row.original_local.microsecond]
    return min(coming, key=lambda row: row.original_local, default=None)

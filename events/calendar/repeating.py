"""The repetition of an event as people type it: a part of the form, its rule, and the dates before publishing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from wtforms import Field

from app.errors import Refusal
from app.text import N_
from app.web.fields import ChoiceField, ChoicesField, DayField, WholeNumberField
from app.web.i18n import _, _l, language, translated
from events import recurrence
from events.calendar import rules, series
from events.calendar.models import Occurrence, State
from events.recurrence import Freq, Rule
from partners.institutions import workdays

WEEKLY, MONTH_DAY, MONTH_NTH, MONTH_LAST = "weekly", "month_day", "month_nth", "month_last"
PREVIEWED = 40
REPEATING = ("repeats", "repeat_interval", "repeat_days", "repeat_until", "repeat_count")
_LABELS: Mapping[str, str] = {
    "": N_("it does not repeat"),
    WEEKLY: N_("on the same days of the week, every week or every few weeks"),
    MONTH_DAY: N_("on the same day of the month, such as the 15th"),
    MONTH_NTH: N_("on the same weekday of the month, such as the fourth Tuesday"),
    MONTH_LAST: N_("on the last such weekday of the month, such as the last Tuesday"),
}
_WEEKDAYS = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"),
)  # fmt: skip
_FIELD_OF: Mapping[type[Refusal], str] = {
    recurrence.NoDay: "repeat_days",
    recurrence.BadInterval: "repeat_interval",
    recurrence.BadCount: "repeat_count",
    recurrence.EndsTooSoon: "repeat_until",
    recurrence.EndsTooLate: "repeat_until",
    recurrence.NeverHits: "repeats",
    recurrence.UnsafeSeries: "starts",
    recurrence.Overlapping: "repeat_interval",
}


@dataclass(frozen=True, slots=True)
class DateLine:
    """One date of a series on the page of a draft."""

    day: date
    starts_at: datetime
    ends_at: datetime
    holiday: str
    weekend: bool
    left_out: bool


class Repeating:
    """The fields of the repetition, to be mixed into a form that has *day*, *starts* and *ends*."""

    repeats = ChoiceField(_l("How it repeats"), default="")
    repeat_interval = WholeNumberField(
        _l("Every how many weeks or months"), low=1, high=recurrence.INTERVAL_MAX, default=1
    )
    repeat_days = ChoicesField(_l("Days of the week"))
    repeat_until = DayField(_l("Last day of the series"))
    repeat_count = WholeNumberField(_l("or number of dates"), low=2, high=recurrence.COUNT_MAX)

    refuse: Callable[[Field, str], None]
    errors: Mapping[str, Any]

    def offer_repetition(self) -> None:
        """Give the fields their choices."""
        self.repeats.choices = [(value, _(label)) for value, label in _LABELS.items()]
        self.repeat_days.choices = [(str(number), _(label)) for number, label in enumerate(_WEEKDAYS)]

    def rule_from(self, first: date) -> Rule | None:
        """Give the rule of a series whose date in the form is *first*; None for a single event."""
        ends = {"until": self.repeat_until.data, "count": self.repeat_count.data}
        interval = self.repeat_interval.data or 1
        if self.repeats.data == WEEKLY:
            days = tuple(sorted(int(day) for day in self.repeat_days.data or ())) or (first.weekday(),)
            return Rule(Freq.WEEKLY, interval, days, **ends)
        if self.repeats.data == MONTH_DAY:
            return Rule(Freq.MONTHLY, interval, month_day=first.day, **ends)
        if self.repeats.data in (MONTH_NTH, MONTH_LAST):
            nth = _nth(first) if self.repeats.data == MONTH_NTH else recurrence.LAST
            return Rule(Freq.MONTHLY, interval, (first.weekday(),), nth=nth, **ends)
        return None

    def check_repetition(self, starts: datetime, ends: datetime, *, all_day: bool) -> bool:
        """Refuse what makes no series for an event at these wall times, on the field that it is about."""
        if any(getattr(self, name).errors for name in REPEATING):
            return False
        if not self.repeats.data:
            return self._check_nothing_else()
        if self.repeat_until.data is not None and self.repeat_count.data is not None:
            self.refuse(self.repeat_count, _("Give the last day or the number of dates, not both."))
            return False
        if self.repeats.data != WEEKLY and self.repeat_days.data:
            sentence = _("Days of the week can be chosen for a weekly repetition only. Clear them, or choose it above.")
            self.refuse(self.repeat_days, sentence)
            return False
        if self.repeats.data == MONTH_NTH and _nth(starts.date()) not in recurrence.NTHS:
            sentence = _("Not every month has a fifth such weekday. Choose the last one of the month instead.")
            self.refuse(self.repeats, sentence)
            return False
        rule = self.rule_from(starts.date())
        if rule is None:
            return True
        try:
            series.settled(rule, starts, ends, all_day=all_day)
        except tuple(_FIELD_OF) as refusal:
            self.refuse(getattr(self, _FIELD_OF[type(refusal)]), translated(refusal))
            return False
        return True

    @property
    def repetition_is_open(self) -> bool:
        """Whether the fold must stand open: the event repeats, or there is something to correct."""
        return bool(self.repeats.data) or any(name in REPEATING for name in self.errors)

    def _check_nothing_else(self) -> bool:
        given = self.repeat_days.data or self.repeat_until.data or self.repeat_count.data
        if given:
            self.refuse(self.repeats, _("Choose how the event repeats, or clear the fields below."))
        return not given


def values_of(rule: Rule | None) -> dict[str, Any]:
    """Give what the fields begin with for an event that repeats by *rule*."""
    if rule is None:
        return {"repeats": "", "repeat_interval": 1, "repeat_days": [], "repeat_until": None, "repeat_count": None}
    if rule.freq is Freq.WEEKLY:
        kind = WEEKLY
    elif rule.month_day is not None:
        kind = MONTH_DAY
    else:
        kind = MONTH_LAST if rule.nth == recurrence.LAST else MONTH_NTH
    return {
        "repeats": kind,
        "repeat_interval": rule.interval,
        "repeat_days": [str(day) for day in rule.days] if kind == WEEKLY else [],
        "repeat_until": rule.until,
        "repeat_count": rule.count,
    }


def sentence_of(rule_text: str | None, first: date, rows: list[Occurrence]) -> str:
    """Say how a series repeats, in the visitor's language, without the dates that were taken out."""
    rule = series.rule_of(rule_text)
    if rule is None:
        return ""
    without = [row.original_local.date() for row in rows if row.state is State.REMOVED and not series.is_off(row)]
    return recurrence.sentence(rule, first, language(), without=without)


def lines_of(rows: list[Occurrence]) -> list[DateLine]:
    """Give the dates of a draft as its page lists them, with holidays and what is left out."""
    return [
        DateLine(
            row.original_local.date(),
            row.starts_at,
            row.ends_at,
            workdays.holiday_name(row.local_date, language()),
            workdays.is_weekend(row.local_date),
            row.state is State.REMOVED,
        )
        for row in rows
        if not series.is_off(row)
    ]


@dataclass(frozen=True, slots=True)
class Preview:
    """The dates that a typed rule would have: the sentence, the first of them, and how many there are within reach."""

    sentence: str
    lines: tuple[DateLine, ...]
    number: int
    endless: bool


def preview_of(rule: Rule, starts: datetime, ends: datetime, *, all_day: bool, today: date) -> Preview:
    """Give the dates of a rule that has been checked, without saving anything."""
    first, last = series.settled(rule, starts, ends, all_day=all_day)
    rhythm = series.Rhythm(first, rules.minutes_between(first, last), all_day, rule)
    until = recurrence.horizon(today, first.date())
    hits = rhythm.hits(until)
    return Preview(
        recurrence.sentence(rule, first.date(), language()),
        tuple(
            DateLine(
                wall.date(),
                *rhythm.span(wall),
                workdays.holiday_name(wall.date(), language()),
                workdays.is_weekend(wall.date()),
                left_out=False,
            )
            for wall in hits[:PREVIEWED]
        ),
        len(hits),
        series.open_until(rhythm, until) is not None,
    )


def _nth(day: date) -> int:
    return (day.day - 1) // 7 + 1

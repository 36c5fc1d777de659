"""Recurrence, pure: a rule, its dates as Warsaw wall times, its RRULE text, and its sentence in two languages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice, pairwise

from dateutil.relativedelta import relativedelta
from dateutil.rrule import MO, MONTHLY, WEEKLY, rrule, weekday, weekdays

from app import warsaw
from app.errors import Refusal
from app.text import N_

INTERVAL_MAX = 12
COUNT_MAX = 200
YEARS_MAX = 5
HORIZON_MONTHS = 18
LAST = -1
NTHS = (1, 2, 3, 4, LAST)
WORKDAYS = (0, 1, 2, 3, 4)
_LAST_MINUTE = time(23, 59, 59)
_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_CHANGING_HOUR = (time(2), time(3))
_NAMED_EXCEPTIONS = 4
# A monthly rule is followed so many of its steps ahead: 200 dates, and February the 29th once in 8 years.
_MONTHS_SOUGHT = 400


class Freq(StrEnum):
    """How a series repeats, in the words of RFC 5545."""

    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class BadInterval(Refusal):
    """An interval that nobody would find in a calendar."""

    message = N_("Choose a repetition at least every 12 weeks or 12 months.")


class BadCount(Refusal):
    """A number of dates that makes no series, or too long a one."""

    message = N_("A series has 2 to 200 dates. For a single date leave the repetition out.")


class EndsTooSoon(Refusal):
    """A last day on or before the first date."""

    message = N_("With this last day the series would have fewer than two dates. Choose a later day.")


class EndsTooLate(Refusal):
    """A last day years ahead."""

    message = N_("The last day can be at most 5 years after the first date. Leave it empty for a series without end.")


class NoDay(Refusal):
    """A rule that says no day."""

    message = N_("Choose the days on which the event repeats.")


class NeverHits(Refusal):
    """A rule without any date, such as the 30th of every February."""

    message = N_("On these days the series would have no dates. Choose other days.")


class UnsafeSeries(Refusal):
    """A series over the hour that clock changes skip or double."""

    message = N_(
        "A series cannot touch the time from 02:00 to 03:00: when the clocks change, calendars show it at different "
        "hours. Choose other hours, or enter single events."
    )


class Overlapping(Refusal):
    """Dates that last until the next one begins."""

    message = N_("Each date must end before the next one begins. Shorten the event or let it repeat less often.")


class NotARule(Refusal):
    """An RRULE that Kładka does not write."""

    message = N_("This repetition is not one that Kładka knows.")


@dataclass(frozen=True, slots=True)
class Rule:
    """When an event repeats.

    Weekly: on *days* (Monday is 0) every *interval* weeks. Monthly: on *month_day*, or on the *nth* (-1: last)
    weekday *days[0]*, every *interval* months. It ends on the day *until* (included), after *count* dates, or never.
    """

    freq: Freq = Freq.WEEKLY
    interval: int = 1
    days: tuple[int, ...] = ()
    month_day: int | None = None
    nth: int | None = None
    until: date | None = None
    count: int | None = None

    @property
    def endless(self) -> bool:
        """Whether it has no end of its own."""
        return self.until is None and self.count is None

    @property
    def shape(self) -> tuple[Freq, int, int, bool]:
        """What two rules share if the dates of one become those of the other in their order."""
        return self.freq, self.interval, len(self.days), self.nth is None


def check(rule: Rule, first: datetime, ends: datetime, *, all_day: bool = False) -> None:
    """Refuse a rule that is not sensible for an event from *first* to *ends* (Warsaw wall times).

    Raises NoDay, BadInterval, BadCount, EndsTooSoon, EndsTooLate, NeverHits, UnsafeSeries, Overlapping.
    """
    if rule.freq is Freq.WEEKLY and not rule.days:
        raise NoDay
    if rule.freq is Freq.MONTHLY and (rule.month_day is None) == (rule.nth is None or not rule.days):
        raise NoDay
    if not 1 <= rule.interval <= INTERVAL_MAX:
        raise BadInterval
    if rule.count is not None and not 2 <= rule.count <= COUNT_MAX:
        raise BadCount
    if rule.until is not None and rule.until > first.date() + relativedelta(years=YEARS_MAX):
        raise EndsTooLate
    if not all_day and touches_changing_hour(first, ends):
        raise UnsafeSeries
    found = dates(rule, first, None, limit=60)
    if len(found) < 2:
        raise EndsTooSoon if rule.until is not None and dates(_endless(rule), first, None, limit=2) else NeverHits
    length = ends - first
    if any(later - earlier < length for earlier, later in pairwise(found)):
        raise Overlapping


def touches_changing_hour(starts: datetime, ends: datetime) -> bool:
    """Whether an event between these wall times starts, ends or runs between 02:00 and 03:00."""
    day = starts.date()
    while day <= ends.date():
        if starts < datetime.combine(day, _CHANGING_HOUR[1]) and ends >= datetime.combine(day, _CHANGING_HOUR[0]):
            return True
        day += timedelta(days=1)
    return False


def first_hit(rule: Rule, start: datetime) -> datetime:
    """Give the first date of *rule* at or after *start*: the DTSTART of its series. Raises NeverHits."""
    hits = dates(replace(_endless(rule), count=None), start, None, limit=1)
    if not hits:
        raise NeverHits
    return hits[0]


def dates(
    rule: Rule, first: datetime, until: datetime | None, *, limit: int = COUNT_MAX, after: datetime | None = None
) -> list[datetime]:
    """Give the wall times of *rule* whose series begins at *first*: up to *until* (included), after *after*.

    Each is at the hour of *first*. *limit* bounds what an endless rule gives.
    """
    return list(islice(_hits(rule, first, until, after), limit))


def horizon(today: date, first: date) -> date:
    """Give the day up to which the dates of a series are made: 18 months ahead, and always the first one."""
    ahead: date = today + relativedelta(months=HORIZON_MONTHS)
    return max(ahead, first)


def last(rule: Rule, first: datetime) -> datetime | None:
    """Give the last date of a series, None for one without end."""
    if rule.endless:
        return None
    found = dates(rule, first, None, limit=10_000)
    return found[-1] if found else first


def to_text(rule: Rule, *, all_day: bool = False) -> str:
    """Write the value of an RRULE property: UNTIL in UTC (a date for *all_day*), never COUNT=1."""
    parts = [f"FREQ={rule.freq.value}"]
    if rule.interval > 1:
        parts.append(f"INTERVAL={rule.interval}")
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    if rule.until is not None:
        ends = warsaw.to_utc(datetime.combine(rule.until, _LAST_MINUTE))
        parts.append(f"UNTIL={rule.until:%Y%m%d}" if all_day else f"UNTIL={ends:%Y%m%dT%H%M%SZ}")
    if rule.freq is Freq.WEEKLY:
        parts.append("BYDAY=" + ",".join(_CODES[day] for day in sorted(rule.days)))
    elif rule.month_day is not None:
        parts.append(f"BYMONTHDAY={rule.month_day}")
    else:
        parts.append(f"BYDAY={rule.nth}{_CODES[rule.days[0]]}")
    return ";".join(parts)


def from_text(text: str) -> Rule:
    """Read what to_text has written. Raises NotARule."""
    try:
        parts = dict(part.split("=", 1) for part in text.split(";"))
        freq, by_day, month_day = Freq(parts.pop("FREQ")), parts.pop("BYDAY", ""), parts.pop("BYMONTHDAY", None)
        count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
        rule = Rule(
            freq=freq,
            interval=int(parts.pop("INTERVAL", "1")),
            days=tuple(_CODES.index(code[-2:]) for code in by_day.split(",") if code),
            month_day=int(month_day) if month_day else None,
            nth=int(by_day[:-2]) if freq is Freq.MONTHLY and by_day else None,
            until=_until(until) if until else None,
            count=int(count) if count else None,
        )
    except (ValueError, KeyError) as error:
        raise NotARule from error
    if parts or to_text(rule, all_day=until is not None and "T" not in until) != text:
        raise NotARule
    return rule


def tail(rule: Rule, first: datetime, start: datetime) -> Rule:
    """Give the rule of the part of a series that begins with its date *start*: what is left of a count."""
    if rule.count is None:
        return rule
    left = rule.count - len(dates(rule, first, start - timedelta(minutes=1), limit=rule.count))
    return _counted(rule, start, left)


def head(rule: Rule, first: datetime, start: datetime) -> Rule:
    """Give the rule of the part of a series that ends before its date *start*: UNTIL the date before."""
    before = dates(rule, first, start - timedelta(minutes=1), limit=10_000)
    return replace(rule, until=before[-1].date() if before else start.date() - timedelta(days=1), count=None)


def _counted(rule: Rule, start: datetime, left: int) -> Rule:
    # No COUNT=1: some programs refuse it. One date is as well the one until its own day.
    if left > 1:
        return replace(rule, count=left)
    return replace(rule, count=None, until=start.date())


def _endless(rule: Rule) -> Rule:
    return replace(rule, until=None, count=None)


def _until(text: str) -> date:
    if "T" not in text:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a date, not an instant
    return warsaw.today(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))


def _hits(rule: Rule, first: datetime, until: datetime | None, after: datetime | None) -> Iterator[datetime]:
    start = first if rule.count is not None or after is None else _near(rule, first, after)
    ends = [datetime.combine(rule.until, _LAST_MINUTE)] if rule.until is not None else []
    if until is not None:
        ends.append(until)
    if rule.freq is Freq.MONTHLY:
        ends.append(max(start, after or start) + relativedelta(months=_MONTHS_SOUGHT * rule.interval))
    stop = min(ends, default=None)
    if stop is not None and stop < start:
        return
    # Counted here: the engine takes no end beside a count.
    for hit in islice((hit for hit in _engine(rule, start, stop) if hit >= first), rule.count):
        if after is None or hit > after:
            yield hit


def _engine(rule: Rule, start: datetime, stop: datetime | None) -> rrule:
    if rule.freq is Freq.WEEKLY:
        days = [weekdays[day] for day in rule.days]
        return rrule(WEEKLY, dtstart=start, interval=rule.interval, wkst=MO, byweekday=days, until=stop)
    if rule.month_day is not None:
        return rrule(MONTHLY, dtstart=start, interval=rule.interval, bymonthday=rule.month_day, until=stop)
    return rrule(MONTHLY, dtstart=start, interval=rule.interval, byweekday=_nth(rule), until=stop)


def _nth(rule: Rule) -> weekday:
    return weekdays[rule.days[0]](rule.nth)


def _near(rule: Rule, first: datetime, after: datetime) -> datetime:
    """Give a start in the rhythm of the series shortly before *after*, so that old dates are not counted through."""
    if rule.freq is Freq.WEEKLY:
        monday = first - timedelta(days=first.weekday())
        weeks = max((after - monday).days // 7 // rule.interval, 0) * rule.interval
        return max(first, monday + timedelta(weeks=weeks))
    month = first.replace(day=1)
    months = (after.year - month.year) * 12 + after.month - month.month
    near: datetime = month + relativedelta(months=max(months // rule.interval, 0) * rule.interval)
    return max(first, near)


_PL_ON = ("poniedziałki", "wtorki", "środy", "czwartki", "piątki", "soboty", "niedziele")
_PL_DAY = ("poniedziałek", "wtorek", "środę", "czwartek", "piątek", "sobotę", "niedzielę")
_FEMININE = frozenset({2, 5, 6})
_PL_NTH = {
    1: ("pierwszy", "pierwszą"),
    2: ("drugi", "drugą"),
    3: ("trzeci", "trzecią"),
    4: ("czwarty", "czwartą"),
    LAST: ("ostatni", "ostatnią"),
}
_PL_NUMBER = (
    "", "", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć", "dziesięć", "jedenaście",
    "dwanaście",
)  # fmt: skip
_EN_DAY = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EN_NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", LAST: "last"}
_PL_SKIPS = {
    29: "z pominięciem lutego, który ma 28 dni",
    30: "z pominięciem lutego",
    31: "z pominięciem miesięcy, które nie mają 31 dni",
}
_EN_SKIPS = {
    29: "leaving out February unless it has 29 days",
    30: "leaving out February",
    31: "leaving out months without a 31st day",
}


def sentence(rule: Rule, first: date, language: str, *, without: Sequence[date] = ()) -> str:
    """Say the rule in words, "pl" or "en"; *without* are its dates that do not take place.

    "w czwarty wtorek miesiąca, 9 terminów, bez 22 grudnia": the number is that of the dates that take place.
    """
    left_out = sorted(without)
    parts = [_rhythm_pl(rule) if language == "pl" else _rhythm_en(rule)]
    skips = (_PL_SKIPS if language == "pl" else _EN_SKIPS).get(rule.month_day or 0)
    if skips:
        parts.append(skips)
    if rule.count is not None:
        number = rule.count - len(left_out)
        parts.append(f"{number} {_dates_pl(number)}" if language == "pl" else f"{number} date{'s' * (number != 1)}")
    if rule.until is not None:
        day = warsaw.short_day_words(rule.until, language)
        parts.append(f"do {day}" if language == "pl" else f"until {day}")
    if rule.endless:
        parts.append("bez daty końcowej" if language == "pl" else "without an end date")
    if left_out:
        parts.append(_without(left_out, first, language))
    return ", ".join(parts)


def _rhythm_pl(rule: Rule) -> str:
    if rule.freq is Freq.WEEKLY:
        days = tuple(sorted(rule.days))
        if len(days) == len(_CODES):
            return "codziennie" if rule.interval == 1 else f"{_every_pl(rule.interval, _WEEKS_PL)} przez cały tydzień"
        every = _every_pl(rule.interval, _WEEKS_PL)
        if days == WORKDAYS:
            return f"{every} od poniedziałku do piątku"
        return f"{every} {'we' if days[0] == 1 else 'w'} {_joined([_PL_ON[day] for day in days], 'i')}"
    if rule.month_day is not None:
        on = f"{rule.month_day}. dnia miesiąca"
    else:
        nth = _PL_NTH[rule.nth or 1][rule.days[0] in _FEMININE]
        on = f"w {nth} {_PL_DAY[rule.days[0]]} miesiąca"
    return on if rule.interval == 1 else f"{_every_pl(rule.interval, _MONTHS_PL)} {on}"


_WEEKS_PL = ("tydzień", "tygodnie", "tygodni")
_MONTHS_PL = ("miesiąc", "miesiące", "miesięcy")


def _every_pl(number: int, forms: tuple[str, str, str]) -> str:
    if number == 1:
        return f"co {forms[0]}"
    return f"co {_PL_NUMBER[number]} {forms[1] if number <= 4 else forms[2]}"


def _dates_pl(number: int) -> str:
    if number == 1:
        return "termin"
    few = number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14)
    return "terminy" if few else "terminów"


def _rhythm_en(rule: Rule) -> str:
    if rule.freq is Freq.WEEKLY:
        days = tuple(sorted(rule.days))
        every = "every week" if rule.interval == 1 else f"every {rule.interval} weeks"
        if len(days) == len(_CODES):
            return "every day" if rule.interval == 1 else f"{every} on all days"
        if days == WORKDAYS:
            return f"{every} from Monday to Friday"
        return f"{every} on {_joined([_EN_DAY[day] + 's' for day in days], 'and')}"
    if rule.month_day is not None:
        on = f"on the {rule.month_day}{_ordinal(rule.month_day)} of the month"
    else:
        on = f"on the {_EN_NTH[rule.nth or 1]} {_EN_DAY[rule.days[0]]} of the month"
    return on if rule.interval == 1 else f"every {rule.interval} months {on}"


def _ordinal(number: int) -> str:
    if number in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _without(left_out: Sequence[date], first: date, language: str) -> str:
    if len(left_out) > _NAMED_EXCEPTIONS:
        number = len(left_out)
        return f"bez {number} terminów" if language == "pl" else f"without {number} dates"
    words = [warsaw.short_day_words(day, language) for day in left_out]
    words = [
        word.rpartition(" ")[0] if day.year == first.year else word for day, word in zip(left_out, words, strict=True)
    ]
    return f"bez {_joined(words, 'i')}" if language == "pl" else f"without {_joined(words, 'and')}"


def _joined(words: Sequence[str], last_word: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last_word} {words[-1]}"

"""From the content of a report to the words of its page and its paper, in one language."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypedDict

from app import warsaw
from app.text import N_
from events.calendar.models import EventKind
from events.calendar.rules import KIND_LABEL, KIND_LABEL_PL
from events.minutes.models import Side
from events.minutes.rules import REASONS, SIDE_LABEL
from events.reports import counting, rules
from events.reports.counting import COURSE_LABEL, EARLY, FIGURES, OUTSIDE, TOTAL, Course, Line
from events.reports.models import ReportKind
from events.reports.rules import Period

Say = Callable[[str], str]
"""Gives a msgid in the language that is written."""

# Said only where there is something to say.
_QUIET = ("catch_ups", "made_up", "ahead", "family_members", "others")
HOUR = 60
_DASH = "\u2013"

SIDE_WORD: Mapping[Side, str] = {
    Side.PRISON: "jednostka",
    Side.WELFARE: "osrodek",
    Side.ORGANISATION: "organizacja",
    Side.NOBODY: "nikt",
}
"""The word that stands for a side in the address of the records behind a figure."""
SIDE_OF: Mapping[str, str] = {word: side.value for side, word in SIDE_WORD.items()}


class Row(TypedDict):
    """A figure in words: *word* names it in addresses, *number* says whether records stand behind it."""

    word: str
    label: str
    value: str
    number: int


class Meeting(TypedDict):
    """A date in words; numbers are text, a dash where the record gives none."""

    occurrence: int
    when: str
    name: str
    kind: str
    course: str
    outcome: str
    why: str
    people_inside: str
    family_members: str
    others: str
    staff: str


class Across(TypedDict):
    """A figure across the sections of a report: its value in each, in the order of Told.compared."""

    word: str
    label: str
    values: list[str]
    numbers: list[int]


class Why(TypedDict):
    """Why dates were not held, how many, and how that is asked for in an address."""

    words: str
    number: int
    side: str
    reason: str


class Section(TypedDict):
    """A part of a report: the whole period, an edition, dates outside editions, earlier dates."""

    scope: str
    heading: str
    state: str
    edition: int
    figures: list[Row]
    why: list[Why]
    outcomes: list[list[str]]
    meetings: list[Meeting]


@dataclass(frozen=True, slots=True)
class Told:
    """A report in words; *missing* are the dates without a sealed record, *differs* what it corrects."""

    title: str
    period: str
    as_of: str
    number: int
    head: Mapping[str, Any]
    money: tuple[str, ...]
    total: Section
    sections: tuple[Section, ...]
    compared: tuple[tuple[str, str], ...]
    across: tuple[Across, ...]
    missing: tuple[Meeting, ...]
    differs: tuple[str, ...]
    told_elsewhere: int
    columns: tuple[str, ...]

    @property
    def meetings(self) -> int:
        """How many dates the report names."""
        return sum(len(one["meetings"]) for one in self.sections)


def tell(content: Mapping[str, Any], language: str, say: Say) -> Told:
    """Write a content out in words of *language*; nothing but the content is asked."""
    words = Words(language, say)
    lines = rules.lines_of(content)
    period = rules.period_of(content)
    sections = [
        words.section(lines, counting.scope_of(one["number"]), words.edition(one), one["figures"], one)
        for one in content["editions"]
    ]
    for scope, key, heading in (
        (OUTSIDE, "outside", N_("Sessions outside editions")),
        (EARLY, "early", N_("Notes of earlier sessions, sealed since")),
    ):
        if content[key] is not None:
            sections.append(words.section(lines, scope, say(heading), content[key]))
    head = content["programme"]
    total = words.section(lines, TOTAL, say(N_("Altogether")), content["totals"])
    in_time = [one for one in sections if one["scope"] != EARLY]
    compared = [total, *in_time] if len(in_time) > 1 else [total]
    return Told(
        title=words.title(period),
        period=words.span(period),
        as_of=words.instant(content),
        number=content["number"],
        head=head,
        money=tuple(
            say(label) % {"amount": words.money(head[key])}
            for key, label in (
                ("grant_amount", N_("grant: %(amount)s")),
                ("total_amount", N_("whole cost: %(amount)s")),
            )
            if head[key] is not None
        ),
        total=total,
        sections=tuple(sections),
        compared=tuple((one["scope"], one["heading"]) for one in compared),
        across=tuple(words.across(content, [one["scope"] for one in compared])),
        missing=tuple(words.meeting(line) for line in lines if line.course == Course.WAITING),
        differs=tuple(words.difference(one) for one in content["differs"]),
        told_elsewhere=content["told_elsewhere"],
        columns=tuple(key for key in ("family_members", "others") if any(getattr(line, key) for line in lines)),
    )


def period_words(period: Period, language: str, say: Say) -> str:
    """Name a period: "IV kwartał 2026", "Cały projekt"."""
    return Words(language, say).title(period)


def span_words(period: Period, language: str) -> str:
    """Give the days of a period: "1 października – 31 grudnia 2026"."""
    return Words(language, str).span(period)


def differs_words(found: Iterable[Mapping[str, Any]], language: str, say: Say) -> list[str]:
    """Give sentences for what rules.differences found."""
    words = Words(language, say)
    return [words.difference(one) for one in found]


def scope_words(content: Mapping[str, Any], scope: str, language: str, say: Say) -> str | None:
    """Name a section of a content, None where it has no such section."""
    told = {counting.scope_of(one["number"]): Words(language, say).edition(one) for one in content["editions"]}
    told[TOTAL] = say(N_("Altogether"))
    if content["outside"] is not None:
        told[OUTSIDE] = say(N_("Sessions outside editions"))
    if content["early"] is not None:
        told[EARLY] = say(N_("Notes of earlier sessions, sealed since"))
    return told.get(scope)


def meetings(lines: Iterable[Line], language: str, say: Say) -> list[Meeting]:
    """Write dates out in words."""
    words = Words(language, say)
    return [words.meeting(line) for line in lines]


def value_words(figure: str, number: int, language: str, say: Say) -> str:
    """Write the value of a figure: hours for minutes, numbers otherwise."""
    return Words(language, say).value(figure, number)


def paper(told: Told, seal: str) -> dict[str, object]:
    """Give the values of the paper (templates/pdf/events/reports/report)."""
    return {
        "title": told.title,
        "period": told.period,
        "as_of": told.as_of,
        "number": told.number,
        "head": dict(told.head),
        "money": list(told.money),
        "total": told.total,
        "sections": list(told.sections),
        "compared": [heading for _scope, heading in told.compared],
        "across": list(told.across),
        "missing": list(told.missing),
        "differs": list(told.differs),
        "told_elsewhere": told.told_elsewhere,
        "columns": list(told.columns),
        "seal": seal,
        "synthetic": bool(told.head["synthetic"]),
    }


class Words:
    """Words of one language for what a report holds."""

    def __init__(self, language: str, say: Say) -> None:
        self.language, self.say = language, say

    def title(self, period: Period) -> str:
        if period.kind is ReportKind.FINAL:
            return self.say(N_("Whole project"))
        return self.say(N_("Quarter %(roman)s of %(year)s")) % {"roman": period.roman, "year": period.starts_on.year}

    def span(self, period: Period) -> str:
        first, last = (warsaw.short_day_words(day, self.language) for day in (period.starts_on, period.ends_on))
        if period.starts_on.year == period.ends_on.year:
            first = first.rpartition(" ")[0]
        return f"{first} {_DASH} {last}"

    def instant(self, content: Mapping[str, Any]) -> str:
        at = rules.as_of(content)
        return f"{warsaw.short_day_words(warsaw.today(at), self.language)}, {warsaw.hour_words(at)}"

    def day(self, iso: str) -> str:
        return warsaw.short_day_words(date.fromisoformat(iso), self.language)

    def money(self, amount: int) -> str:
        return f"{amount:,}".replace(",", "\u00a0") + "\u00a0zł"

    def value(self, figure: str, number: int) -> str:
        if figure != "minutes":
            return str(number)
        hours, rest = divmod(number, HOUR)
        if not rest:
            return self.say(N_("%(hours)s h")) % {"hours": hours}
        return self.say(N_("%(hours)s h %(minutes)s min")) % {"hours": hours, "minutes": rest}

    def edition(self, one: Mapping[str, Any]) -> str:
        heading = self.say(N_("Edition %(number)s")) % {"number": one["number"]}
        return f"{heading}: {one['name']}" if one["name"] else heading

    def kind(self, line: Line) -> str:
        return (KIND_LABEL_PL if self.language == "pl" else KIND_LABEL)[EventKind(line.kind)]

    def name(self, line: Line) -> str:
        """Name a date: its number and topic, else its title, else its kind."""
        named = line.topic or line.title or self.kind(line)
        if line.number is None:
            return named
        return self.say(N_("Session %(number)s: %(name)s")) % {"number": line.number, "name": named}

    def why(self, side: str, reason: str) -> str:
        parts = [self.say(REASONS[reason].label)] if reason in REASONS else []
        if side:
            parts.append(self.say(SIDE_LABEL[Side(side)]))
        return ", ".join(parts)

    def section(
        self,
        lines: Iterable[Line],
        scope: str,
        heading: str,
        figures: Mapping[str, int],
        edition: Mapping[str, Any] | None = None,
    ) -> Section:
        inside = counting.within(lines, scope)
        keys = counting.EARLY_FIGURES if scope == EARLY else tuple(FIGURES)
        return {
            "scope": scope,
            "heading": heading,
            "state": edition["state"] if edition else "",
            "edition": edition["number"] if edition else 0,
            "figures": [
                {
                    "word": FIGURES[key].word,
                    "label": self.say(FIGURES[key].label),
                    "value": self.value(key, figures[key]),
                    "number": figures[key],
                }
                for key in keys
                if figures[key] or key not in _QUIET
            ],
            "why": [
                {
                    "words": self.why(side, reason),
                    "number": number,
                    "side": SIDE_WORD[Side(side)] if side else "",
                    "reason": reason,
                }
                for side, reason, number in counting.why_not(inside)
            ],
            "outcomes": [
                [one["text"], *("" if one[key] is None else str(one[key]) for key in _COUNTS)]
                for one in (edition["outcomes"] if edition else ())
            ],
            "meetings": [] if scope == TOTAL else [self.meeting(line) for line in inside],
        }

    def across(self, content: Mapping[str, Any], scopes: Sequence[str]) -> list[Across]:
        of_scope = rules.figures_by_scope(content)
        found: list[Across] = []
        for key, figure in FIGURES.items():
            numbers = [of_scope[scope][key] for scope in scopes]
            if any(numbers) or key not in _QUIET:
                values = [self.value(key, number) for number in numbers]
                found.append(
                    {"word": figure.word, "label": self.say(figure.label), "values": values, "numbers": numbers}
                )
        return found

    def meeting(self, line: Line) -> Meeting:
        outcome = self.say(COURSE_LABEL[Course(line.course)])
        if line.catch_up and line.course == Course.HELD:
            outcome = self.say(N_("held to make up"))
        hours = f", {line.starts}{_DASH}{line.ends}" if line.starts else ""
        held = line.course == Course.HELD
        return {
            "occurrence": line.occurrence,
            "when": self.day(line.day) + hours,
            "name": self.name(line),
            "kind": line.kind,
            "course": line.course,
            "outcome": outcome,
            "why": self.why(line.side, line.reason),
            "people_inside": _count(line.people_inside, held=held),
            "family_members": _count(line.family_members, held=held),
            "others": _count(line.others, held=held),
            "staff": _count(line.staff, held=held),
        }

    def difference(self, one: Mapping[str, Any]) -> str:
        what, scope, key, before, after = (one[part] for part in ("what", "scope", "key", "before", "after"))
        if what == "figure":
            where = self._scope(scope)
            values = {"before": self.value(key, before), "after": self.value(key, after)}
            return f"{where}, {self.say(FIGURES[key].label)}: " + self.say(N_("was %(before)s, is %(after)s")) % values
        if what == "outcome":
            values = {"before": _list(before), "after": _list(after)}
            sentence = N_("was %(before)s, is %(after)s (target, achieved, partly, not achieved)")
            return f"{self._scope(scope)}, {key}: " + self.say(sentence) % values
        if what == "date":
            named = f"{self.day(scope)}, {key}" if key else self.day(scope)
            values = {"before": self._course(before), "after": self._course(after)}
            if before == after:
                return f"{named}: " + self.say(N_("other numbers or another place in the plan"))
            return f"{named}: " + self.say(N_("was %(before)s, is %(after)s")) % values
        if what == "editions":
            return self.say(N_("The list of editions, their names or states have changed."))
        return self.say(N_("The texts about the project have changed."))

    def _scope(self, scope: str) -> str:
        named = {
            TOTAL: N_("Altogether"),
            OUTSIDE: N_("Sessions outside editions"),
            EARLY: N_("Notes of earlier sessions, sealed since"),
        }
        if scope in named:
            return self.say(named[scope])
        return self.say(N_("Edition %(number)s")) % {"number": scope.rpartition("-")[2]}

    def _course(self, course: str) -> str:
        return self.say(COURSE_LABEL[Course(course)]) if course else self.say(N_("not in the report"))


_COUNTS = ("target", "achieved", "partly", "missed")


def _count(number: int | None, *, held: bool) -> str:
    return str(number) if held and number is not None else _DASH


def _list(counts: Sequence[int | None] | None) -> str:
    return ", ".join(_DASH if one is None else str(one) for one in counts or ()) or _DASH

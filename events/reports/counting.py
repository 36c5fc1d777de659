"""What a report counts: one date, what became of it, and how much it adds to each figure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from app.text import N_
from events.calendar.models import Outcome, State
from events.minutes import rules as minutes
from events.minutes.models import Side


class Course(StrEnum):
    """What became of a date, as far as its sealed record says; *waiting* has none yet, *ahead* is still to come."""

    HELD = "held"
    NOT_HELD = "not_held"
    CANCELLED = "cancelled"
    WAITING = "waiting"
    AHEAD = "ahead"


COURSE_LABEL: Mapping[Course, str] = {
    Course.HELD: N_("held"),
    Course.NOT_HELD: N_("not held"),
    Course.CANCELLED: N_("cancelled"),
    Course.WAITING: N_("no sealed note yet"),
    Course.AHEAD: N_("still to come"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One date as a report tells it: no person by name, numbers only out of its sealed record.

    *title* is empty for a date that only invited institutions know of; *early* means before the period. *reason* is a
    code that everybody may read, or "". *institutions* are ids of those whose staff was present.
    """

    occurrence: int
    record: int | None
    edition: int | None
    number: int | None
    catch_up: bool
    topic: str
    title: str
    kind: str
    day: str
    starts: str
    ends: str
    minutes: int
    course: str
    side: str = ""
    reason: str = ""
    people_inside: int | None = None
    family_members: int | None = None
    others: int | None = None
    staff: int = 0
    institutions: tuple[int, ...] = ()
    early: bool = False


LINE = tuple(one.name for one in fields(Line))


def course(state: State, outcome: Outcome | None, ends_at: datetime, now: datetime) -> Course:
    """Say what became of a date; *outcome* is that of its sealed record, None without one."""
    if outcome is not None:
        return Course.HELD if outcome is Outcome.HELD else Course.NOT_HELD
    if state is State.CANCELLED:
        return Course.CANCELLED
    return Course.WAITING if ends_at <= now else Course.AHEAD


def told_reason(code: str) -> str:
    """Give the code of a reason that partners and the funder may read, "" for what stays in a unit or in one house."""
    reason = minutes.REASONS.get(code)
    return code if reason is not None and reason.shown and reason.side is not Side.PRISON else ""


# --- figures


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a report: its word in addresses, its name, and how much one date adds to it."""

    word: str
    label: str
    of: Callable[[Line], int]


def _held(line: Line) -> bool:
    return line.course == Course.HELD


FIGURES: Mapping[str, Figure] = {
    "planned": Figure("zaplanowane", N_("Sessions planned"), lambda line: int(not line.catch_up)),
    "catch_ups": Figure("zastepcze", N_("Catch-up sessions added"), lambda line: int(line.catch_up)),
    "held": Figure("odbyte", N_("Sessions held"), lambda line: int(_held(line))),
    "made_up": Figure("odrobione", N_("of these held to make up"), lambda line: int(_held(line) and line.catch_up)),
    "not_held": Figure("nieodbyte", N_("Sessions not held"), lambda line: int(line.course == Course.NOT_HELD)),
    "cancelled": Figure("odwolane", N_("Sessions cancelled"), lambda line: int(line.course == Course.CANCELLED)),
    "waiting": Figure("bez-notatki", N_("Without a sealed note"), lambda line: int(line.course == Course.WAITING)),
    "ahead": Figure("przed-nami", N_("Still to come"), lambda line: int(line.course == Course.AHEAD)),
    "minutes": Figure("godziny", N_("Hours held"), lambda line: line.minutes if _held(line) else 0),
    "people_inside": Figure(
        "osoby-w-jednostce",
        N_("Attendances of people in prison"),
        lambda line: (line.people_inside or 0) if _held(line) else 0,
    ),
    "family_members": Figure(
        "rodziny", N_("Attendances of family members"), lambda line: (line.family_members or 0) if _held(line) else 0
    ),
    "others": Figure(
        "inne-osoby", N_("Attendances of other people"), lambda line: (line.others or 0) if _held(line) else 0
    ),
    "staff": Figure("pracownicy", N_("Attendances of staff"), lambda line: line.staff if _held(line) else 0),
    "institutions": Figure(
        "instytucje", N_("Institutions present"), lambda line: len(line.institutions) if _held(line) else 0
    ),
}
FIGURE_OF: Mapping[str, str] = {figure.word: key for key, figure in FIGURES.items()}
EARLY_FIGURES = (
    "held",
    "made_up",
    "not_held",
    "minutes",
    "people_inside",
    "family_members",
    "others",
    "staff",
    "institutions",
)
"""What a section of earlier dates says: it holds sealed records alone."""

TOTAL, OUTSIDE, EARLY = "razem", "poza-edycjami", "wczesniejsze"
_EDITION = "edycja-"


def scope_of(edition: int) -> str:
    """Give the word of the section of an edition."""
    return f"{_EDITION}{edition}"


def within(lines: Iterable[Line], scope: str) -> list[Line]:
    """Give the dates of a section: the whole period, an edition, outside editions, earlier dates."""
    if scope == EARLY:
        return [line for line in lines if line.early]
    in_time = [line for line in lines if not line.early]
    if scope == TOTAL:
        return in_time
    if scope == OUTSIDE:
        return [line for line in in_time if line.edition is None]
    return [line for line in in_time if line.edition is not None and scope_of(line.edition) == scope]


def behind(lines: Iterable[Line], figure: str) -> list[Line]:
    """Give the dates that make up a figure, in their order."""
    return [line for line in lines if FIGURES[figure].of(line)]


def count(lines: Iterable[Line]) -> dict[str, int]:
    """Count all figures of these dates; an institution counts once, however often its people came."""
    known = list(lines)
    found = {key: sum(figure.of(line) for line in known) for key, figure in FIGURES.items()}
    found["institutions"] = len({one for line in known if _held(line) for one in line.institutions})
    return found


def why_not(lines: Iterable[Line]) -> list[tuple[str, str, int]]:
    """Count the dates not held as (side, reason, number), the most frequent first."""
    found: dict[tuple[str, str], int] = {}
    for line in lines:
        if line.course == Course.NOT_HELD:
            found[line.side, line.reason] = found.get((line.side, line.reason), 0) + 1
    return sorted(((*why, number) for why, number in found.items()), key=lambda row: (-row[2], row[0], row[1]))

"""The task engine: what waits for us and for others, with its deadline and what happens then, read from the rooms."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain

from app import warsaw
from app.actors import Actor
from app.text import N_
from app.web.i18n import _, language

ON_DESK = 8
PAGE = 30
PAGES = 200
_FAR = date.max
_WEEK = timedelta(days=7)
_UNTIL_WEEKDAY = (
    N_("until Monday"),
    N_("until Tuesday"),
    N_("until Wednesday"),
    N_("until Thursday"),
    N_("until Friday"),
    N_("until Saturday"),
    N_("until Sunday"),
)


class Kind(StrEnum):
    """What a task is about: one room or a few that belong together; its value stands in addresses."""

    VISITS = "wizyty"
    DUTY = "dyzury"
    GATE = "wejscia"
    PLACES = "zapisy"
    EVENTS = "wydarzenia"
    PROJECTS = "projekty"
    NOTES = "notatki"
    AGREEMENTS = "porozumienia"
    CARD = "wizytowka"


KIND_LABEL: Mapping[Kind, str] = {
    Kind.VISITS: N_("Visits"),
    Kind.DUTY: N_("Duty hours"),
    Kind.GATE: N_("People who enter"),
    Kind.PLACES: N_("Sign-ups and places"),
    Kind.EVENTS: N_("Agreeing on events"),
    Kind.PROJECTS: N_("Projects"),
    Kind.NOTES: N_("Attendance and notes"),
    Kind.AGREEMENTS: N_("Agreements"),
    Kind.CARD: N_("Our card and people"),
}
_ORDER = {kind: number for number, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits: for us (*mine*), or for the other side whom we have asked.

    *due* is the last day for it, None where there is none; *consequence* says in words what happens without an answer.
    *family* is a hue, *url* the page where it is done.
    """

    url: str
    icon: str
    title: str
    text: str
    family: str = ""
    due: date | None = None
    consequence: str = ""
    mine: bool = True
    kind: Kind = Kind.EVENTS


@dataclass(frozen=True, slots=True)
class Found:
    """The most urgent tasks of one kind, and how many there are in all."""

    tasks: Sequence[Task] = ()
    total: int = 0

    def __add__(self, other: "Found") -> "Found":
        """Put two findings of one kind together."""
        return Found((*self.tasks, *other.tasks), self.total + other.total)


Gatherer = Callable[[Actor, datetime, int], Found]
"""Reads the tasks of one kind: (who, now, at most so many). The number of its statements never depends on the rows."""


@dataclass(frozen=True, slots=True)
class Board:
    """Tasks of several kinds, ordered by deadline: one page of them, and how many there are of each kind."""

    tasks: Sequence[Task]
    counts: Mapping[Kind, int]
    page: int = 1
    more: bool = False

    @property
    def total(self) -> int:
        """How many there are of all kinds."""
        return sum(self.counts.values())


def gather(
    gatherers: Mapping[Kind, Gatherer],
    who: Actor,
    at: datetime,
    *,
    only: Kind | None = None,
    page: int = 1,
    size: int = ON_DESK,
) -> Board:
    """Ask every room once for its most urgent tasks and give one *page* of them; of other kinds than *only* the count.

    Each room gives the first rows of its own order, so that a later page reads what stands before it, too.
    """
    upto = page * size
    found = {kind: read(who, at, upto if only in (None, kind) else 1) for kind, read in gatherers.items()}
    shown = [one for kind, one in found.items() if only in (None, kind)]
    ordered = in_order(chain.from_iterable(one.tasks for one in shown))
    counts = {kind: one.total for kind, one in found.items() if one.total}
    total = sum(one.total for one in shown)
    return Board(ordered[upto - size : upto], counts, page, upto < total)


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """Order by deadline, what has none last; within a day by kind."""
    return sorted(tasks, key=lambda one: (one.due or _FAR, _ORDER[one.kind]))


def tag(task: Task, today: date) -> tuple[str, str, str]:
    """Give the tag of a task, (class, icon, words): the deadline as one says it."""
    if task.due is None:
        return ("wait", "clock", _("waits for you")) if task.mine else ("info", "mail", _("asked"))
    if task.due < today:
        return ("bad", "warn", _("the deadline has passed")) if task.mine else ("wait", "clock", _("without an answer"))
    if task.mine and task.due - today <= timedelta(days=1):
        return "bad", "warn", _("the deadline is today") if task.due == today else _("the deadline is tomorrow")
    words = until(task.due, today)
    return ("wait", "clock", words) if task.mine and task.due - today < _WEEK else ("plain", "cal", words)


def until(day: date, today: date) -> str:
    """Give "until today", "until Wednesday" within a week, else "until 30 November", with another year's number."""
    if day == today:
        return _("until today")
    if timedelta() < day - today < _WEEK:
        return _(_UNTIL_WEEKDAY[day.weekday()])
    return _("until %(day)s", day=plain_day(day, today))


def plain_day(day: date, today: date) -> str:
    """Give "30 November", with the year if it is another one than today's."""
    words = warsaw.short_day_words(day, language())
    return words if day.year != today.year else words.removesuffix(f" {day.year}")

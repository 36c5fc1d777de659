"""Fit a sheet on paper: how many lines it takes, and what is left out so that it takes no more than a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from math import ceil

from partners.institutions.models import Kind

CUT = "…"


class Topic(StrEnum):
    """What a person looks for; the order is that of the sheet."""

    WELFARE = "welfare"
    FAMILY = "family"
    REGION = "region"
    SHELTER = "shelter"
    WORK = "work"
    PROBATION = "probation"
    NGO = "ngo"


@dataclass(frozen=True, slots=True)
class Entry:
    """One institution as the sheet names it; *services* are pairs (Polish, English).

    *checked_on* is None where nobody has checked the data, *outdated* tells that it was more than a year ago;
    *distance* in km is given for what lies in another county.
    """

    slug: str
    name: str
    kind: Kind
    address: str = ""
    phone: str = ""
    email: str = ""
    hours: str = ""
    services: tuple[tuple[str, str], ...] = ()
    bring: str = ""
    checked_on: date | None = None
    outdated: bool = False
    unconfirmed: bool = False
    distance: int | None = None
    more_services: int = 0

    @property
    def reachable(self) -> bool:
        """Whether it says where to go or call."""
        return bool(self.address or self.phone or self.email)


@dataclass(frozen=True, slots=True)
class Group:
    """The entries of one topic, the nearest first, and how many were left out."""

    topic: Topic
    entries: tuple[Entry, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Paper:
    """How much fits: *lines* in all of *width* characters, at most so many entries of each topic."""

    lines: int
    width: int
    most: int


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much is said of one entry, in characters; 0 leaves a part out."""

    name: int
    address: int
    hours: int
    services: int
    bring: int


A4 = Paper(lines=94, width=54, most=4)
"""One page in two columns."""
LARGE = Paper(lines=60, width=62, most=3)
"""Two pages in large type."""
_DETAILS = (
    _Detail(name=200, address=160, hours=160, services=220, bring=200),
    _Detail(name=120, address=100, hours=100, services=120, bring=100),
    _Detail(name=90, address=90, hours=80, services=80, bring=60),
    _Detail(name=90, address=90, hours=60, services=48, bring=0),
    _Detail(name=90, address=50, hours=0, services=0, bring=0),
)
HEADING = 2
"""Lines of a heading with its space."""


def fit(groups: Sequence[Group], paper: Paper) -> tuple[Group, ...]:
    """Shorten *groups* until they fit on *paper*: first fewer entries of the richest topic, then fewer words.

    The first entry of a topic is never left out. What is left out is counted.
    """
    capped = [_cap(group, paper.most) for group in groups]
    last: list[Group] = capped
    for detail in _DETAILS:
        held = [replace(group, entries=tuple(_shorten(one, detail) for one in group.entries)) for group in capped]
        while lines(held, paper.width) > paper.lines:
            richest = max(range(len(held)), key=lambda at: (len(held[at].entries), at))
            if len(held[richest].entries) <= 1:
                break
            held[richest] = _cap(held[richest], len(held[richest].entries) - 1)
        last = held
        if lines(held, paper.width) <= paper.lines:
            break
    return tuple(last)


def lines(groups: Iterable[Group], width: int) -> int:
    """Estimate the lines that *groups* take with *width* characters a line."""
    return sum(HEADING + sum(_lines_of(one, width) for one in group.entries) for group in groups if group.entries)


def cut(text: str, longest: int) -> str:
    """Shorten *text* at the end of a word; "" if nothing is wanted."""
    if longest == 0 or len(text) <= longest:
        return text if longest else ""
    head = text[: longest - 1]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;:–-") + CUT


def _cap(group: Group, most: int) -> Group:
    kept = group.entries[:most]
    return replace(group, entries=kept, left_out=group.left_out + len(group.entries) - len(kept))


def _shorten(entry: Entry, detail: _Detail) -> Entry:
    named: list[tuple[str, str]] = []
    length = 0
    for pair in entry.services:
        length += max(map(len, pair)) + 2
        if length > detail.services:
            break
        named.append(pair)
    return replace(
        entry,
        name=cut(entry.name, detail.name),
        address=cut(entry.address, detail.address),
        hours=cut(entry.hours, detail.hours),
        services=tuple(named),
        more_services=len(entry.services) - len(named) if named else 0,
        bring=cut(entry.bring, detail.bring),
    )


def _lines_of(entry: Entry, width: int) -> int:
    services = sum(max(map(len, pair)) + 2 for pair in entry.services)
    parts = (
        len(entry.name) * 1.15,  # bold
        len(entry.address) + 16,  # and the distance
        len(entry.phone) + len(entry.email) + 8 if entry.phone or entry.email else 0,
        len(entry.hours) + 8 if entry.hours else 0,
        services + 16 if services else 0,
        len(entry.bring) + 11 if entry.bring else 0,
        40,  # when it was checked
    )
    return sum(ceil(part / width) for part in parts) + (1 if not entry.reachable else 0)

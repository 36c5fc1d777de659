"""The course of a programme as a picture: milestones, editions, what happened to those who run it, where it is now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from projects.programmes.models import ProgrammeState
from projects.programmes.pages import Happened, ProgrammePage


class Kind(StrEnum):
    """What a step of the picture is."""

    BEGIN = "begin"
    HAPPENED = "happened"
    MILESTONE = "milestone"
    EDITION = "edition"
    NOW = "now"
    DEADLINE = "deadline"
    END = "end"


class Run(Protocol):
    """What the picture needs to know of an edition; read only."""

    @property
    def number(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def state(self) -> StrEnum: ...

    @property
    def starts_on(self) -> date | None: ...

    @property
    def ends_on(self) -> date | None: ...

    @property
    def sessions(self) -> int: ...

    @property
    def gone_by(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the picture; *until* of an edition its last day, *gone_by* of *sessions* have been."""

    kind: Kind
    day: date
    done: bool = False
    now: bool = False
    text: str = ""
    number: int = 0
    until: date | None = None
    gone_by: int = 0
    sessions: int = 0
    cancelled: bool = False
    happened: Happened | None = None
    recruiting: bool = False


_PLACE = {kind: place for place, kind in enumerate(Kind)}


def steps(page: ProgrammePage, editions: Sequence[Run], today: date) -> tuple[Step, ...]:
    """Lay the course of a programme out in the order of time; nothing of editions without a date."""
    programme = page.programme
    found = [_edition(one, today) for one in editions if one.starts_on is not None]
    found += [
        Step(Kind.MILESTONE, one.month, done=_month(one.month) < _month(today), text=one.text)
        for one in page.milestones
    ]
    found += [Step(Kind.HAPPENED, one.day, done=True, happened=one) for one in page.happenings]
    if programme.starts_on:
        found.append(Step(Kind.BEGIN, programme.starts_on, done=programme.starts_on <= today))
    if page.recruiting_until and page.recruiting_until >= today:
        found.append(Step(Kind.DEADLINE, page.recruiting_until))
    if programme.ends_on:
        found.append(Step(Kind.END, programme.ends_on, done=programme.ends_on < today))
    runs = page.state in (ProgrammeState.RECRUITING, ProgrammeState.RUNNING) and not page.over
    begun = programme.starts_on is None or programme.starts_on <= today
    if found and runs and (begun or page.recruiting) and not any(step.now for step in found):
        found.append(Step(Kind.NOW, today, now=True, recruiting=page.recruiting))
    return tuple(sorted(found, key=lambda step: (today if step.now else step.day, _PLACE[step.kind])))


def _edition(edition: Run, today: date) -> Step:
    first = edition.starts_on or today
    last = edition.ends_on or first
    cancelled = edition.state.value == "cancelled"
    over = last < today or edition.state.value in ("completed", "cancelled")
    return Step(
        Kind.EDITION,
        first,
        done=over,
        now=not over and first <= today,
        text=edition.name,
        number=edition.number,
        until=last,
        gone_by=edition.gone_by,
        sessions=edition.sessions,
        cancelled=cancelled,
    )


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month

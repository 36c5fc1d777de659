"""Decisions about sessions on plain values: how a plan is laid out, what a date is called, what can be made up for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app import warsaw
from app.errors import Conflict, Refusal
from app.text import N_
from events import recurrence
from events.calendar.models import OFFER_HOURS, Admission, EventKind, Outcome, Promotion, Split, State, Visibility
from events.calendar.rules import Speaker
from events.recurrence import Rule
from projects.programmes.models import ProgrammeKind

SESSIONS_MAX = 60
WEEK = timedelta(days=7)

EVENT_KIND: Mapping[ProgrammeKind, EventKind] = {
    ProgrammeKind.WORKSHOP: EventKind.WORKSHOP,
    ProgrammeKind.FAMILY_THERAPY: EventKind.FAMILY_THERAPY,
    ProgrammeKind.GROUP_THERAPY: EventKind.GROUP_THERAPY,
    ProgrammeKind.VOCATIONAL_TRAINING: EventKind.VOCATIONAL_TRAINING,
    ProgrammeKind.COUNSELLING: EventKind.COUNSELLING,
    ProgrammeKind.HOMELESSNESS_SUPPORT: EventKind.GROUP_MEETING,
    ProgrammeKind.INFRASTRUCTURE: EventKind.OTHER,
    ProgrammeKind.STANDING_PROGRAMME: EventKind.GROUP_MEETING,
}


class LeftOut(StrEnum):
    """Why a plan leaves a date of its rhythm out."""

    HOLIDAY = "holiday"
    BLOCKED = "blocked"


class TooFewDates(Refusal):
    """A rhythm that does not give as many open dates."""

    message = N_("With this rhythm there are not enough free dates. Plan fewer sessions, or choose another rhythm.")


class TooFar(Refusal):
    """A plan that reaches further than dates of series are made."""

    message = N_(
        "The last session would be on %(day)s, more than 18 months ahead. Plan fewer sessions now, and the rest as "
        "another edition."
    )


class TooManyTopics(Refusal):
    """More topics than sessions."""

    message = N_("There are more topics than sessions. Plan more sessions, or join some topics.")


class PlannedAlready(Conflict):
    """A second plan for one edition."""

    message = N_(
        "The sessions of this edition are planned already. Change them on their pages, or delete the draft first and "
        "plan anew."
    )


class NotASession(Conflict):
    """An act on a date that is no session of the edition."""

    message = N_("This date does not belong to this edition any more. Open the edition again.")


class Begun(Conflict):
    """A change of who leads a session that has begun, or does not take place."""

    message = N_("This session has begun or does not take place. Choose one that is still to come.")


class NothingToMakeUp(Conflict):
    """A catch-up session for one that takes place."""

    message = N_("Only a session that was cancelled or not held can be made up for.")


class MadeUpAlready(Conflict):
    """A second catch-up session for the same one."""

    message = N_("There is a catch-up session for this one already. Move that one, or cancel it first.")


class NobodyLeads(Refusal):
    """A session of its own persons without any."""

    message = N_("Name at least one person who leads this session.")


class NothingToCallOff(Conflict):
    """Calling off an edition that has ended."""

    message = N_("No session of this edition is still to come, so there is nothing to call off.")


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """What the form says of the sessions of an edition: Warsaw wall times of the first day, a rule without an end.

    *skip_blocked* leaves out days that the place has blocked, or for which it has suspended its meetings.
    """

    title: str
    sessions: int
    starts: datetime
    ends: datetime
    rhythm: Rule
    topics: tuple[str, ...] = ()
    place_institution_id: int | None = None
    place: str = ""
    room: str = ""
    room_id: int | None = None
    online: bool = False
    online_link: str = ""
    voivodeship_code: str | None = None
    audience: tuple[str, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    visibility: Visibility = Visibility.PARTNERS
    participants: bool = False
    capacity: int | None = None
    split: Split = Split.SPLIT
    admission: Admission = Admission.OPEN
    promotion: Promotion = Promotion.AUTOMATIC
    offer_hours: int = OFFER_HOURS
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    withdraw_until: datetime | None = None
    skip_holidays: bool = True
    skip_blocked: bool = False
    children: bool = False
    minors_checked_on: date | None = None
    minors_standards: bool = False
    contact: str = ""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A date of the rhythm: a session with its *number*, or one that is *left_out*.

    *clocks_change*: since the session before it the clocks have changed; its hours are the same all the same.
    """

    starts: datetime
    ends: datetime
    number: int | None
    topic: str = ""
    left_out: LeftOut | None = None
    clocks_change: bool = False

    @property
    def day(self) -> date:
        """Its Warsaw date."""
        return self.starts.date()

    @property
    def starts_at(self) -> datetime:
        """The instant at which it begins."""
        return warsaw.to_utc(self.starts)

    @property
    def ends_at(self) -> datetime:
        """The instant at which it ends."""
        return warsaw.to_utc(self.ends)


@dataclass(frozen=True, slots=True)
class Layout:
    """The dates of a plan, from its first session to its last; *rule* is None for a single one."""

    lines: tuple[PlanLine, ...]
    rule: Rule | None

    @property
    def sessions(self) -> tuple[PlanLine, ...]:
        """Those that take place."""
        return tuple(one for one in self.lines if one.number is not None)

    @property
    def days_out(self) -> frozenset[date]:
        """The days that are left out."""
        return frozenset(one.day for one in self.lines if one.number is None)


class Missable(Protocol):
    """What a decision needs to know of a date."""

    @property
    def state(self) -> State: ...  # noqa: D102

    @property
    def outcome(self) -> Outcome | None: ...  # noqa: D102


def lay_out(wanted: PlanDraft, until: date, why: Callable[[date], LeftOut | None]) -> Layout:
    """Lay out exactly as many sessions as are wanted, at one wall time; *why* says which days are left out.

    The series begins and ends with a session. Raises TooFewDates, TooFar when the last one lies after *until*,
    TooManyTopics, and what recurrence.first_hit raises.
    """
    if len(wanted.topics) > wanted.sessions:
        raise TooManyTopics
    length = wanted.ends - wanted.starts
    endless = replace(wanted.rhythm, until=None, count=None)
    first = recurrence.first_hit(endless, wanted.starts)
    topics = (*wanted.topics, *[""] * (wanted.sessions - len(wanted.topics)))
    lines: list[PlanLine] = []
    number, offset = 0, None
    for hit in recurrence.dates(endless, first, None, limit=recurrence.COUNT_MAX):
        reason = why(hit.date())
        if reason is not None:
            lines += [PlanLine(hit, hit + length, None, left_out=reason)]
            continue
        number += 1
        before, offset = offset, warsaw.to_utc(hit) - hit.replace(tzinfo=warsaw.to_utc(hit).tzinfo)
        changed = before is not None and before != offset
        lines.append(PlanLine(hit, hit + length, number, topics[number - 1], clocks_change=changed))
        if number == wanted.sessions:
            break
    else:
        raise TooFewDates
    if lines[-1].day > until:
        raise TooFar(day=lines[-1].day.strftime("%d.%m.%Y"))
    begins = next(index for index, line in enumerate(lines) if line.number is not None)
    inside = len(lines) - begins
    # What lies before the first session is shown, and is no date of the series.
    return Layout(tuple(lines), replace(endless, count=inside) if inside > 1 else None)


def can_be_made_up(date_: Missable) -> bool:
    """Tell whether a date was cancelled or not held: then there may be a catch-up session for it."""
    return date_.state is State.CANCELLED or date_.outcome is Outcome.NOT_HELD


def suggested(ends_on: date | None, starts: datetime, today: date, why: Callable[[date], LeftOut | None]) -> datetime:
    """Suggest when to make up for a session that began at the wall time *starts*: on its weekday, after the last one.

    Public holidays and blocked days are passed over.
    """
    after = max(ends_on or today, today)
    day = after + timedelta(days=(starts.weekday() - after.weekday() - 1) % 7 + 1)
    for _week in range(52):
        if why(day) is None:
            break
        day += WEEK
    return datetime.combine(day, starts.time())


def numbered(known: Sequence[tuple[int, int]], freed: Sequence[int], fresh: Sequence[int]) -> dict[int, int]:
    """Give numbers to *fresh* dates (ids in the order of time): first those *freed*, then the next after all *known*.

    *known* are pairs of id and number that stand.
    """
    taken = {number for _id, number in known}
    free = sorted(set(freed) - taken)
    highest = max((*taken, *free), default=0)
    numbers = (*free, *range(highest + 1, highest + 1 + len(fresh)))
    return dict(zip(fresh, numbers, strict=False))

"""Decisions about blocked days on plain values: who may set them, which days, what a suspension forbids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app import warsaw
from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from partners.institutions.models import Kind

YEARS_AHEAD = 2
PERIODS_MAX = 200
SUSPENDING = frozenset({Kind.PRISON, Kind.REMAND_PRISON, Kind.EXTERNAL_UNIT})


class NotYourDays(Forbidden):
    """Blocking days of an institution that one does not administer."""

    message = N_("Only an administrator of this institution can change its blocked days.")


class NotYourUnit(Forbidden):
    """Suspending the meetings of a prison unit that one does not coordinate."""

    message = N_("Only a coordinator or administrator of this prison unit can suspend its meetings.")


class EndBeforeStart(Refusal):
    """A last day before the first one."""

    message = N_("The last day cannot be before the first one.")


class Passed(Refusal):
    """A period that begins in the past."""

    message = N_("The first day cannot have passed.")


class TooFar(Refusal):
    """A period further away than anybody plans."""

    message = N_("Days can be blocked at most two years ahead.")


class NoSuchRoom(Refusal):
    """A room of another institution."""

    message = N_("Choose one of the rooms of this institution.")


class TooManyPeriods(Refusal):
    """More coming periods than a page can show."""

    message = N_("There are %(number)d coming periods already. End one that is no longer needed, or join several.")

    def __init__(self) -> None:
        super().__init__(number=PERIODS_MAX)


class Overlapping(Conflict):
    """Days that a period of the same institution or room holds already."""

    message = N_(
        "From %(first)s to %(last)s these days are blocked already. Choose other days, or end that period first."
    )

    def __init__(self, first: date, last: date) -> None:
        super().__init__(first=in_digits(first), last=in_digits(last))


class EndedAlready(Conflict):
    """Ending a period that is over, or was ended before."""

    message = N_("This period is over already.")


class Suspended(Conflict):
    """Planning a meeting at a prison unit in the days for which it has suspended all of them."""

    message = N_("The unit has suspended its meetings from %(first)s to %(last)s. Choose another day or another place.")

    def __init__(self, first: date, last: date) -> None:
        super().__init__(first=in_digits(first), last=in_digits(last))


@dataclass(frozen=True, slots=True)
class PeriodDraft:
    """Days to block, the last one included; without *room_id* the whole institution."""

    first_day: date
    last_day: date
    room_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Days on which an institution (*room_id* None) or one of its rooms takes no meetings. Never says why."""

    id: int
    institution_id: int
    room_id: int | None
    first_day: date
    last_day: date
    suspends: bool

    def holds(self, first: date, last: date) -> bool:
        """Whether one of the days from *first* to *last* is blocked."""
        return self.first_day <= last and first <= self.last_day


def in_digits(day: date) -> str:
    """Write a day as offices do in both languages: 24.11.2026."""
    return day.strftime("%d.%m.%Y")


def may_read(actor: Actor, institution_id: int | None) -> bool:
    """Whether *actor* knows the blocked days of an institution with their reasons: its own people."""
    return actor.works_for_institution and institution_id is not None and actor.institution_id == institution_id


def may_edit(actor: Actor, institution_id: int | None) -> bool:
    """Whether *actor* sets the blocked days of an institution: its administrators."""
    return actor.role is Role.SYSTEM or (actor.role is Role.ADMIN and may_read(actor, institution_id))


def may_suspend(actor: Actor, institution_id: int | None, kind: Kind) -> bool:
    """Whether *actor* may suspend all meetings at an institution: coordinators, where it is a prison unit."""
    if kind not in SUSPENDING:
        return False
    return actor.role is Role.SYSTEM or (actor.coordinates and may_read(actor, institution_id))


def latest(today: date) -> date:
    """Give the last day that can be blocked on *today*: the same day two years later."""
    try:
        return today.replace(year=today.year + YEARS_AHEAD)
    except ValueError:  # 29 February
        return today.replace(year=today.year + YEARS_AHEAD, day=28)


def check_days(first: date, last: date, today: date) -> None:
    """Refuse a period that cannot stand. Raises EndBeforeStart, Passed, TooFar."""
    if last < first:
        raise EndBeforeStart
    if first < today:
        raise Passed
    if last > latest(today):
        raise TooFar


def check_free(wanted: PeriodDraft, standing: Iterable[Blocked]) -> None:
    """Refuse what is blocked already: by a period of the same room, or of the whole institution. Raises Overlapping.

    Days of a room may lie in a new period of the whole institution: both end by themselves.
    """
    for one in standing:
        if one.room_id in (None, wanted.room_id) and one.holds(wanted.first_day, wanted.last_day):
            raise Overlapping(one.first_day, one.last_day)


def check_open(suspended: Sequence[Blocked], days: Iterable[tuple[date, date]]) -> None:
    """Refuse dates (first and last day of each) that lie in a suspension. Raises Suspended."""
    for first, last in days:
        for one in suspended:
            if one.suspends and one.holds(first, last):
                raise Suspended(one.first_day, one.last_day)


def in_force_until(last_day: date, ended_at: datetime | None) -> date:
    """Give the last day on which a period holds: one ended early is over from the day of its end on."""
    if ended_at is None:
        return last_day
    return min(last_day, warsaw.today(ended_at) - timedelta(days=1))

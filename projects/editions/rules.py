"""Decisions and words of editions: who begins one, what it plans to reach, what others may read of its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from app.actors import Actor
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from projects.editions.models import EditionState
from projects.programmes import rules as programmes
from projects.programmes.models import ProgrammeState

OUTCOMES_MAX = 8
CAPACITY_MAX = 1000
NUMBER_MAX = 10_000
# Under this many persons a number could tell who is meant: others than the circle read that it is smaller.
SMALL = 3
FEW = N_("fewer than 3")
WITHHELD = N_("not given")

# Class of the tag, icon, words.
STATE_TAG: Mapping[EditionState, tuple[str, str, str]] = {
    EditionState.PLANNED: ("wait", "pen", N_("in preparation")),
    EditionState.OPEN: ("info", "clock", N_("under way")),
    EditionState.COMPLETED: ("plain", "check", N_("edition completed")),
    EditionState.CANCELLED: ("bad", "warn", N_("edition called off")),
}
_ANNOUNCED = ("info", "cal", N_("edition announced"))


class Led(Protocol):
    """What a decision needs to know of a programme."""

    lead_id: int | None
    state: ProgrammeState
    archived_at: datetime | None


class Run(Protocol):
    """What a decision needs to know of an edition."""

    state: EditionState
    sessions: int
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class OutcomeDraft:
    """Something that an edition sets out to reach, and for how many; *outcome_id* of one that is there already."""

    text: str
    target: int | None = None
    outcome_id: int | None = None


@dataclass(frozen=True, slots=True)
class EditionDraft:
    """What the form gives of an edition; without *capacity* there is no limit."""

    name: str = ""
    participants: bool = False
    capacity: int | None = None
    outcomes: tuple[OutcomeDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeResult:
    """How many reached an outcome, reached a part of it, or did not; None where nobody has counted yet."""

    outcome_id: int
    achieved: int | None = None
    partly: int | None = None
    missed: int | None = None

    @property
    def is_counted(self) -> bool:
        """Whether anything has been entered."""
        return (self.achieved, self.partly, self.missed) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Count:
    """A number as the viewer may read it: *value* is None where he may not, or where nothing was counted."""

    words: str
    value: int | None = None


class NotYourEdition(Forbidden):
    """The actor does not coordinate the institution that leads the programme."""

    message = N_("Only a coordinator of the institution that leads this project can change its editions.")


class NotPublished(Conflict):
    """The programme is a draft."""

    message = N_("Publish the project first. Then you can plan its editions.")


class ProjectOver(Conflict):
    """The programme is completed or archived."""

    message = N_("This project is over. Reopen it, or copy it as a new one.")


class OverAlready(Conflict):
    """The edition is completed or called off."""

    message = N_("This edition is over already. Its results can still be entered, nothing else.")


class StillRunning(Conflict):
    """Sessions are to come."""

    message = N_("Sessions of this edition are still to come. Close it after the last one, or call the rest off.")


class NothingHeld(Conflict):
    """An edition without a plan has nothing to close."""

    message = N_("This edition has no sessions yet. Plan them, or delete the edition.")


class ResultsMissing(Refusal):
    """Planned outcomes have no results, and the actor has not said that it shall be so."""

    message = N_("Some planned outcomes have no results. Enter them, or say that there will be none.")


class HasSessions(Conflict):
    """An edition with sessions cannot be deleted."""

    message = N_("This edition has sessions already. Call it off instead: what took place is kept.")


class TermsStand(Refusal):
    """Whom seats are for and how many there are is written in the sessions already."""

    message = N_("The sessions are planned already. Change the number of places there, for the whole series.")


class TwiceOutcome(Refusal):
    """Two outcomes with the same words."""

    message = N_("Each outcome can be entered once.")


class TooManyOutcomes(Refusal):
    """More outcomes than the form has lines."""

    message = N_("At most %(limit)d outcomes can be entered.")


class HasResults(Refusal):
    """An outcome with results was taken away."""

    message = N_("Results of “%(outcome)s” have been entered. Empty them first, then take the outcome away.")


class Stale(Conflict):
    """Somebody has saved the edition since the form was opened."""

    message = N_("Somebody else has changed this edition in the meantime.")


def may_begin(actor: Actor, programme: Led) -> bool:
    """Decide whether *actor* may begin an edition: a coordinator of the lead, of a public project that is not over."""
    return programmes.may_edit(actor, programme) and actor.admitted and runs(programme)


def may_edit(actor: Actor, programme: Led) -> bool:
    """Decide whether *actor* may change editions of a programme: a coordinator of its lead."""
    return programmes.may_edit(actor, programme) and programme.archived_at is None


def runs(programme: Led) -> bool:
    """Tell whether a programme is public and not over: only then editions begin and sessions are planned."""
    return programme.archived_at is None and programme.state in (ProgrammeState.RECRUITING, ProgrammeState.RUNNING)


def tag(state: EditionState, *, begun: bool) -> tuple[str, str, str]:
    """Give class, icon and msgid of what an edition is now; an open one whose first session is to come is announced."""
    if state is EditionState.OPEN and not begun:
        return _ANNOUNCED
    return STATE_TAG[state]


def is_over(state: EditionState) -> bool:
    """Tell whether an edition is completed or called off."""
    return state in (EditionState.COMPLETED, EditionState.CANCELLED)


def may_know(state: EditionState, *, inside: bool) -> bool:
    """Decide whether an edition is known: to the circle always, to others from its first published session on.

    Others must see at least one of its dates besides; events stand above, so their views ask for that.
    """
    return inside or state is not EditionState.PLANNED


def check_running(programme: Led) -> None:
    """Refuse a draft and a programme that is over. Raises NotPublished, ProjectOver."""
    if programme.state is ProgrammeState.DRAFT:
        raise NotPublished
    if not runs(programme):
        raise ProjectOver


def check_outcomes(outcomes: Sequence[OutcomeDraft]) -> None:
    """Check the planned outcomes. Raises TwiceOutcome, TooManyOutcomes."""
    words = [outcome.text.casefold() for outcome in outcomes]
    if len(set(words)) < len(words):
        raise TwiceOutcome
    if len(words) > OUTCOMES_MAX:
        raise TooManyOutcomes(limit=OUTCOMES_MAX)


def check_complete(edition: Run, today: date, *, counted: bool, without_results: bool) -> None:
    """Check that an edition can be closed. Raises OverAlready, NothingHeld, StillRunning, ResultsMissing."""
    if is_over(edition.state):
        raise OverAlready
    if not edition.sessions:
        raise NothingHeld
    if edition.ends_on is not None and edition.ends_on > today:
        raise StillRunning
    if not counted and not without_results:
        raise ResultsMissing


def shown(number: int | None, inside: bool) -> str:  # noqa: FBT001
    """Give a number of persons as text, or the msgid of "fewer than 3" to who is not *inside* the circle; "" for None.

    Never show anybody outside a total beside it from which the number could be computed.
    """
    if number is None:
        return ""
    return FEW if not inside and 0 < number < SMALL else str(number)


def counts(numbers: Sequence[int | None], *, inside: bool) -> tuple[Count, ...]:
    """Give the parts of one whole as the viewer may read them.

    How large the whole is may be read elsewhere, as all outcomes of an edition count the same persons. So outside the
    circle a zero beside a small number is called small as well; and where the small numbers would still follow from
    the whole, as one alone does, or some that can only be 2 each, the smallest of the others is not given.
    """
    if inside or not any(number is not None and 0 < number < SMALL for number in numbers):
        return tuple(Count(shown(number, inside), number) for number in numbers)
    told = [
        Count(FEW) if number is not None and number < SMALL else Count(shown(number, inside), number)
        for number in numbers
    ]
    small = [number for number in numbers if number is not None and number < SMALL]
    others = [place for place, one in enumerate(told) if one.value is not None] or [0]
    if None not in numbers and (len(small) == 1 or all(number == SMALL - 1 for number in small)):
        told[min(reversed(others), key=lambda place: numbers[place] or 0)] = Count(WITHHELD)
    return tuple(told)

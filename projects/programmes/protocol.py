"""How an institution becomes and stays a partner of a programme: one table of steps, its refusals and its words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from projects.programmes.models import PartnerAnswer, ProgrammeState
from projects.programmes.rules import Owned


class Step(StrEnum):
    """What lead or partner can do about the partner's part."""

    ASK = "ask"
    CONFIRM = "confirm"
    DECLINE = "decline"
    NOTE = "note"
    REQUEST = "request"
    ACCEPT = "accept"
    REFUSE = "refuse"
    REWORD = "reword"
    LEAVE = "leave"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the protocol: who takes the step, where the partner stood before, where it stands then, in words.

    None among *before* is a partner whom the lead has only written down; *after* None means that the row goes.
    """

    by_lead: bool
    before: frozenset[PartnerAnswer | None]
    after: PartnerAnswer | None
    words: str


_A = PartnerAnswer
PROTOCOL: Mapping[Step, Row] = {
    Step.ASK: Row(
        by_lead=True,
        before=frozenset({None, _A.DECLINED, _A.REFUSED, _A.LEFT}),
        after=_A.ASKED,
        words=N_("The lead asks the institution to confirm its part; from now on it sees the draft."),
    ),
    Step.CONFIRM: Row(
        by_lead=False,
        before=frozenset({_A.ASKED}),
        after=_A.CONFIRMED,
        words=N_("A coordinator of the institution confirms: it is a partner with these words."),
    ),
    Step.DECLINE: Row(
        by_lead=False,
        before=frozenset({_A.ASKED, _A.CONFIRMED}),
        after=_A.DECLINED,
        words=N_("A coordinator declines. Words agreed before stay in force; without any it is no partner."),
    ),
    Step.NOTE: Row(
        by_lead=True,
        before=frozenset({None, _A.ASKED, _A.DECLINED, _A.REFUSED, _A.LEFT, _A.OUTSIDE}),
        after=_A.OUTSIDE,
        words=N_("The lead notes a yes by letter or telephone, for an institution without people in Kładka only."),
    ),
    Step.REQUEST: Row(
        by_lead=False,
        before=frozenset({None, _A.DECLINED, _A.REFUSED, _A.LEFT}),
        after=_A.REQUESTED,
        words=N_("A coordinator of another institution asks to join a published project and says with what."),
    ),
    Step.ACCEPT: Row(
        by_lead=True,
        before=frozenset({_A.REQUESTED}),
        after=_A.CONFIRMED,
        words=N_("The lead accepts the request: the institution is a partner."),
    ),
    Step.REFUSE: Row(
        by_lead=True,
        before=frozenset({_A.REQUESTED}),
        after=_A.REFUSED,
        words=N_("The lead refuses and gives a reason. The institution may ask again."),
    ),
    Step.REWORD: Row(
        by_lead=True,
        before=frozenset({None, _A.ASKED, _A.CONFIRMED, _A.OUTSIDE}),
        after=_A.ASKED,
        words=N_("The lead changes the words of a part: the institution is asked anew, the agreed words stand so far."),
    ),
    Step.LEAVE: Row(
        by_lead=False,
        before=frozenset({None, _A.ASKED, _A.CONFIRMED, _A.OUTSIDE}),
        after=_A.LEFT,
        words=N_("A partner leaves the project. What it did before stays in the records."),
    ),
    Step.DROP: Row(
        by_lead=True,
        before=frozenset({None, _A.ASKED, _A.DECLINED, _A.CONFIRMED, _A.OUTSIDE}),
        after=None,
        words=N_("The lead takes an institution off the project; one that was a partner stays in its course."),
    ),
}

REMIND_AFTER = timedelta(days=3)
"""How long after a question the lead can send it again."""

STANDING = (_A.ASKED, _A.CONFIRMED, _A.OUTSIDE)
"""Answers with which an institution stands in the form of the lead, besides none yet."""

# Class of the tag, icon, words.
ANSWER_TAG: Mapping[PartnerAnswer | None, tuple[str, str, str]] = {
    None: ("plain", "pen", N_("not asked yet")),
    _A.ASKED: ("wait", "clock", N_("waits for an answer")),
    _A.CONFIRMED: ("ok", "check", N_("confirmed")),
    _A.OUTSIDE: ("ok", "check", N_("agreed outside Kładka")),
    _A.DECLINED: ("bad", "x", N_("declined")),
    _A.REQUESTED: ("wait", "clock", N_("asks to join")),
    _A.REFUSED: ("bad", "x", N_("refused")),
    _A.LEFT: ("plain", "right", N_("has left")),
}


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """Why a request to join is refused; *needs_note*: nobody understands it without a word beside it."""

    label: str
    needs_note: bool = False


REFUSAL_REASONS: Mapping[str, RefusalReason] = {
    "enough": RefusalReason(N_("the project has enough partners")),
    "profile": RefusalReason(N_("the proposed part does not fit the project")),
    "area": RefusalReason(N_("the project runs in another area")),
    "funder": RefusalReason(N_("the funder does not allow further partners")),
    "term": RefusalReason(N_("it is too late: the work is far advanced")),
    "other": RefusalReason(N_("another reason"), needs_note=True),
}
"""Codes are stored, words are not: the history stays readable when a word changes."""


class NotAsked(Forbidden):
    """An answer by an institution that was not asked."""

    message = N_("Your institution is not asked about this project at the moment. See its page for the present state.")


class NotAPartner(Forbidden):
    """An act of a partner by somebody else, or upon an institution that is none."""

    message = N_("This institution is not a partner of this project. See the list of partners.")


class NobodyToAsk(Refusal):
    """Asking when all have been asked, or nobody has an account."""

    message = N_("There is nobody to ask. Institutions without an account in Kładka: note that they agreed.")


class AnswersItself(Refusal):
    """A yes noted for an institution that can say it itself."""

    message = N_("This institution has people in Kładka: ask it, it answers itself.")


class WordsMissing(Refusal):
    """A yes from outside, or a departure, without a word how or why."""

    message = N_("Say in a few words who agreed, when and how, for example: letter of 12 November.")


class TooSoon(Refusal):
    """Reminding an institution that has been asked only just now."""

    message = N_("This institution was asked less than %(days)d days ago. Give it time, or telephone.")


class PartMissing(Refusal):
    """A request that does not say what the institution would do."""

    message = N_("Say what your institution would do in the project.")


class PartChanged(Conflict):
    """An answer to words that have changed since the page was shown."""

    message = N_("The lead has changed the words of your part in the meantime. Read them again, then answer.")


class NotOpen(Refusal):
    """A request to join where nobody can join."""

    message = N_("One cannot join this project: it is not published, is completed or archived, or nobody leads it.")


class AlreadyIn(Conflict):
    """A request by an institution that leads or takes part."""

    message = N_("Your institution takes part in this project already.")


class AlreadyRequested(Conflict):
    """A second request while the first one waits."""

    message = N_("Your institution has asked already. The lead answers; you can take the request back.")


class AnswerInstead(Conflict):
    """A request by an institution that the lead has asked itself."""

    message = N_("The lead has asked your institution to take part: answer on the page of the project.")


class NoRequest(Conflict):
    """A decision about a request that is not there any more."""

    message = N_("This request is settled or was taken back. See the list of partners.")


class RequestChanged(Conflict):
    """A decision about a request that was taken back and sent with other words since the page was shown."""

    message = N_("The institution has asked anew with other words in the meantime. Read them, then decide.")


class DecideInstead(Conflict):
    """Dropping an institution that asks to join."""

    message = N_("This institution asks to join: accept or refuse its request.")


class UnknownReason(Refusal):
    """A refusal without one of the coded reasons."""

    message = N_("Choose the reason for the refusal.")


class NoteNeeded(Refusal):
    """A coded reason that says nothing alone."""

    message = N_("Say the reason in a few words: those who asked will read it.")


class Over(Refusal):
    """Partners of a project that is completed or archived."""

    message = N_("The project is completed or in the archive: its partners stay as they are. Reopen it first.")


class PartnersAwaited(Refusal):
    """Publication before everybody has answered."""

    message = N_("The project cannot be published yet. It waits for: %(names)s. Remind them, or take them off.")


class NotTheLead(Forbidden):
    """The lead offered by somebody who may not."""

    message = N_("Only a coordinator of the lead, or the operator when the lead has ended, can hand the project over.")


class CannotLead(Refusal):
    """The lead offered to an institution that could not take it."""

    message = N_("Only a partner that has confirmed its part and has people in Kładka can take the lead over.")


class AlreadyOffered(Conflict):
    """A second offer while the first one waits."""

    message = N_("The lead is offered already. Take that offer back first.")


class NotOffered(Conflict):
    """Taking, declining or withdrawing an offer that is not there."""

    message = N_("The lead of this project is not on offer any more. See its page for the present state.")


class NotYourArchive(Forbidden):
    """Archiving or reopening by somebody who does not lead."""

    message = N_("Only a coordinator of the lead, or the operator when the lead has ended, can archive and reopen it.")


class AlreadyArchived(Conflict):
    """Archiving twice."""

    message = N_("The project is in the archive already.")


class NotArchived(Conflict):
    """Reopening what is not archived."""

    message = N_("The project is not in the archive.")


def has_agreed(agreed_part: str | None) -> bool:
    """Whether a partner takes part at present, with whatever words."""
    return agreed_part is not None


def check_step(step: Step, answer: PartnerAnswer | None, refusal: type[Refusal]) -> PartnerAnswer | None:
    """Give the answer that *step* leads to. Raises *refusal* where the protocol has no such step."""
    row = PROTOCOL[step]
    if answer not in row.before:
        raise refusal
    return row.after


def check_reason(code: str, note: str) -> None:
    """Refuse a refusal that nobody could understand. Raises UnknownReason, NoteNeeded."""
    reason = REFUSAL_REASONS.get(code)
    if reason is None:
        raise UnknownReason
    if reason.needs_note and not note.strip():
        raise NoteNeeded


def can_join(state: ProgrammeState, *, archived: bool, lead_works: bool) -> bool:
    """Whether institutions can ask to join: published, not completed, not archived, led by somebody who works."""
    return state in (ProgrammeState.RECRUITING, ProgrammeState.RUNNING) and not archived and lead_works


def may_offer_lead(actor: Actor, programme: Owned, *, lead_works: bool) -> bool:
    """Whether *actor* offers the lead to a partner: the lead's coordinators, the operator when the lead has ended."""
    if actor.role is Role.OPERATOR:
        return not lead_works and programme.lead_id is not None
    return actor.coordinates and programme.lead_id is not None and actor.institution_id == programme.lead_id


def is_open_to_partners(state: ProgrammeState, *, archived: bool) -> bool:
    """Whether partners can still be asked, answer, come and go."""
    return state is not ProgrammeState.COMPLETED and not archived

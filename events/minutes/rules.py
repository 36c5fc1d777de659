"""Decisions about records on plain values: who writes, answers and reads what; reasons, gaps, states, the seal."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import islice, product

from app import warsaw
from app.actors import Actor
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from events.calendar.models import Outcome, State
from events.minutes.models import RecordState, Reply, Side
from events.minutes.versions import Version
from partners.institutions import workdays
from partners.institutions.models import Kind, KindGroup
from partners.institutions.rules import KIND_GROUP

NOTE_DUE = 3
"""Working days after which a date without a note waits for it."""
ANSWER_IN = 7
"""Working days in which the other side confirms or adds a remark."""
REMEMBERED = timedelta(days=60)
"""How long a date without a note is asked for."""
HIDDEN_BELOW = 3
_CALLINGS_TRIED = 256


class NotASide(Forbidden):
    """Writing or answering for an institution that did not run the meeting."""

    message = N_("The note is written by coordinators of the organiser, the co-organisers and the host of the place.")


class OrganiserOnly(Forbidden):
    """Publishing the account for everybody without being the organiser."""

    message = N_("Only a coordinator of the organising institution publishes an account for everybody.")


class NotYourTask(Forbidden):
    """Marking another institution's task as done."""

    message = N_("Only people of the institution that took the task, or those who keep the note, can mark it as done.")


class NotBegun(Conflict):
    """A record of a date that is still to come."""

    message = N_("You can write the note as soon as the meeting has begun.")


class NotOver(Conflict):
    """Submitting a record before the end."""

    message = N_("You can approve the note when the meeting is over. What you have typed can be saved as a draft.")


class DidNotStand(Conflict):
    """A record of a cancelled date: the cancellation itself says what happened."""

    message = N_("This date was cancelled, so there is nothing to record. The reason stands on the page of the event.")


class Closed(Conflict):
    """Changing a record that was submitted or sealed."""

    message = N_("This note has been approved and no longer changes. You can add a remark on its page.")


class NotAsked(Conflict):
    """An answer of an institution that was not asked, or that has answered already."""

    message = N_("Your institution has answered already, or was not asked about this note.")


class NotSealed(Conflict):
    """A later remark on a record that is not sealed yet."""

    message = N_("The note is not closed yet. Answer it on its page.")


class NoWords(Refusal):
    """A remark without words."""

    message = N_("Write what you want to add.")


class NotHeld(Conflict):
    """An account for everybody of a meeting that has no approved note saying that it was held."""

    message = N_("An account can be published when the note says that the meeting was held, and has been approved.")


class BadLink(Refusal):
    """A link that is not a whole https address."""

    message = N_("Give the whole address, beginning with https://.")


class DoneAlready(Conflict):
    """Marking a task as done twice."""

    message = N_("This task is marked as done already.")


class Incomplete(Refusal):
    """Submitting a record with gaps; *gaps* are (field, msgid)."""

    message = N_("The note is not complete yet. See what is missing.")

    def __init__(self, gaps: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.gaps = tuple(gaps)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a date was not held: on whose *side* (None: to be said), whether it *needs_words*, whether all sides read it.

    A reason that is not *shown* is read by people of its own side only; others read the side.
    """

    label: str
    side: Side | None
    needs_words: bool = False
    shown: bool = True


REASONS: Mapping[str, Reason] = {
    "unit_security": Reason(N_("Security of the unit"), Side.PRISON, shown=False),
    "unit_staff": Reason(N_("Too few officers to run the meeting"), Side.PRISON, shown=False),
    "unit_illness": Reason(N_("Illness or quarantine in the unit"), Side.PRISON),
    "unit_consent": Reason(N_("No consent of the director to enter"), Side.PRISON),
    "unit_room": Reason(N_("No room or equipment in the unit"), Side.PRISON),
    "unit_other": Reason(N_("On the side of the prison unit, no reason given"), Side.PRISON),
    "centre_staff": Reason(N_("Absence of the welfare centre’s staff"), Side.WELFARE),
    "centre_other": Reason(N_("Another reason on the side of the welfare centre or office"), Side.WELFARE, True),
    "ngo_staff": Reason(N_("Absence of those who were to lead, from an organisation"), Side.ORGANISATION),
    "ngo_other": Reason(N_("Another reason on the side of the organisation"), Side.ORGANISATION, True),
    "nobody_came": Reason(N_("Nobody signed up or came"), Side.NOBODY),
    "weather": Reason(N_("Weather, breakdown, road"), Side.NOBODY),
    "misunderstanding": Reason(N_("A mistake in the date or in the invitation"), None, True),
    "other": Reason(N_("Another reason"), None, True),
}

SIDE_LABEL: Mapping[Side, str] = {
    Side.PRISON: N_("on the side of the prison unit"),
    Side.WELFARE: N_("on the side of the welfare centre or office"),
    Side.ORGANISATION: N_("on the side of the organisation"),
    Side.NOBODY: N_("on nobody’s side"),
}

OUTCOME_LABEL: Mapping[Outcome, str] = {Outcome.HELD: N_("held"), Outcome.NOT_HELD: N_("not held")}

_SIDE_OF: Mapping[KindGroup, Side] = {
    KindGroup.PRISON: Side.PRISON,
    KindGroup.WELFARE: Side.WELFARE,
    KindGroup.OFFICE: Side.WELFARE,
    KindGroup.NGO: Side.ORGANISATION,
}

# Every step of a record and of an answer, with the sentence that the page says beside it. What is not here is refused.
STEPS: Mapping[tuple[RecordState, RecordState], str] = {
    (RecordState.OPEN, RecordState.SUBMITTED): N_("approved and sent to the other side"),
    (RecordState.OPEN, RecordState.SEALED): N_("approved by the organiser; no other institution took part"),
    (RecordState.SUBMITTED, RecordState.SEALED): N_("closed after the other side’s answer or silence"),
}
ANSWERS: Mapping[tuple[Reply, Reply], str] = {
    (Reply.ASKED, Reply.CONFIRMED): N_("confirmed"),
    (Reply.ASKED, Reply.REMARKED): N_("added a remark"),
    (Reply.ASKED, Reply.SILENT): N_("no remarks in time"),
}


class Sealing(StrEnum):
    """How a record came to be sealed."""

    ALONE = "alone"
    BOTH = "both"
    SILENCE = "silence"
    REMARKS = "remarks"


SEALING_LABEL: Mapping[Sealing, str] = {
    Sealing.ALONE: N_("Approved by the organiser"),
    Sealing.BOTH: N_("Approved by both sides"),
    Sealing.SILENCE: N_("No remarks in time"),
    Sealing.REMARKS: N_("Closed with a remark of the other side"),
}


class Sight(StrEnum):
    """How much of a record somebody reads: everything, what guests were present for, or the bare fact."""

    SIDE = "side"
    GUEST = "guest"
    FACT = "fact"


# --- who


def may_write(actor: Actor, sides: Iterable[int]) -> bool:
    """Whether *actor* writes the record: coordinators of the institutions that ran the meeting."""
    return actor.coordinates and actor.institution_id in set(sides)


def may_answer(actor: Actor, asked: Iterable[int]) -> bool:
    """Whether *actor* may confirm a record or remark on it: coordinators of the institutions in *asked*."""
    return actor.coordinates and actor.institution_id in set(asked)


def may_tell(actor: Actor, organiser_id: int) -> bool:
    """Whether *actor* publishes or removes the account for everybody."""
    return actor.coordinates and actor.institution_id == organiser_id


def may_finish(actor: Actor, institution_id: int, sides: Iterable[int]) -> bool:
    """Whether *actor* marks a task as done: anybody of the institution that took it, coordinators of the sides."""
    own = actor.works_for_institution and actor.institution_id == institution_id
    return own or may_write(actor, sides)


def sight(actor: Actor, sides: Iterable[int], guests: Iterable[int]) -> Sight:
    """Say how much *actor* reads of a record that he may know of."""
    if actor.works_for_institution and actor.institution_id in set(sides):
        return Sight.SIDE
    if actor.works_for_institution and actor.institution_id in set(guests):
        return Sight.GUEST
    return Sight.FACT


def side_of(kind: str) -> Side:
    """Give the side that an institution of *kind* stands on."""
    return _SIDE_OF[KIND_GROUP[Kind(kind)]] if kind else Side.NOBODY


# --- reasons and numbers


def reads_reason(actor: Actor, code: str, sees: Sight) -> bool:
    """Whether *actor* reads the reason itself, and not only whose side it lay on.

    Reasons of a prison unit stay with the institutions concerned; some of them with the unit alone.
    """
    reason = REASONS.get(code)
    if reason is None:
        return False
    own = sees is Sight.SIDE and side_of(actor.institution_kind) is reason.side
    if reason.side is Side.PRISON:
        return own or (reason.shown and sees is not Sight.FACT)
    return own or reason.shown


def reads_words(actor: Actor, code: str, sees: Sight) -> bool:
    """Whether *actor* reads the words beside a reason: whoever reads the reason, among the institutions concerned."""
    return sees is not Sight.FACT and (not code or reads_reason(actor, code, sees))


def offered_reasons(kind: str) -> list[str]:
    """Give the codes that somebody of an institution of *kind* may choose: no inner reasons of another side."""
    own = side_of(kind)
    return [code for code, reason in REASONS.items() if reason.shown or reason.side is own]


def settled_side(code: str, chosen: Side | None) -> Side | None:
    """Give the side that goes with a reason: its own, or the chosen one where it has none."""
    reason = REASONS.get(code)
    return chosen if reason is None or reason.side is None else reason.side


def shown_count(number: int | None, sees: Sight) -> str:
    """Write a number of persons; under three it is hidden from everybody but the two sides ("" for unknown)."""
    if number is None:
        return ""
    return str(number) if sees is Sight.SIDE or number >= HIDDEN_BELOW else f"<{HIDDEN_BELOW}"


# --- when


def check_time(state: State, starts_at: datetime, ends_at: datetime, now: datetime, *, whole: bool = False) -> None:
    """Refuse a record of a date that did not stand or has not begun (*whole*: is not over).

    Raises DidNotStand, NotBegun, NotOver.
    """
    if state is not State.PUBLISHED:
        raise DidNotStand
    if now < starts_at:
        raise NotBegun
    if whole and now < ends_at:
        raise NotOver


def answer_by(submitted: datetime) -> date:
    """Give the last day for a remark: the seventh working day after the submission."""
    return workdays.after(warsaw.today(submitted), ANSWER_IN)


def is_over_for(day: date, today: date) -> bool:
    """Whether the time for remarks is over: the last day itself still counts."""
    return day < today


def note_due(ends_at: datetime) -> date:
    """Give the last day on which a note is not late yet."""
    return workdays.after(warsaw.today(ends_at), NOTE_DUE)


def awaits_note(
    outcome: Outcome | None, state: State, ends_at: datetime, published_at: datetime | None, now: datetime
) -> bool:
    """Whether a date waits for its note: over for more than three working days, at most 60 days ago.

    A date that had passed when it was put in, as facts out of sources do, waits for nothing.
    """
    asked = outcome is None and state is State.PUBLISHED and published_at is not None and published_at <= ends_at
    return asked and ends_at > now - REMEMBERED and note_due(ends_at) < warsaw.today(now)


# --- states


def check_open(state: RecordState) -> None:
    """Refuse a change of what was submitted or sealed. Raises Closed."""
    if state is not RecordState.OPEN:
        raise Closed


def check_step(before: RecordState, after: RecordState) -> None:
    """Refuse a step that is not in the table. Raises Closed."""
    if (before, after) not in STEPS:
        raise Closed


def check_answer(state: RecordState, before: Reply | None, after: Reply) -> None:
    """Refuse an answer that is not in the table, or one of a record that does not wait for it. Raises NotAsked."""
    if state is not RecordState.SUBMITTED or before is None or (before, after) not in ANSWERS:
        raise NotAsked


def sealing(replies: Sequence[Reply]) -> Sealing:
    """Say how a record is sealed by these answers."""
    if not replies:
        return Sealing.ALONE
    if Reply.REMARKED in replies:
        return Sealing.REMARKS
    return Sealing.SILENCE if Reply.SILENT in replies else Sealing.BOTH


def gaps(version: Version) -> list[tuple[str, str]]:
    """Name what a record lacks before it can be approved, as (field, msgid)."""
    found: list[tuple[str, str]] = []
    if version.outcome is None:
        found.append(("outcome", N_("Say whether the meeting was held.")))
    elif version.outcome is Outcome.NOT_HELD:
        reason = REASONS.get(version.reason)
        if reason is None:
            found.append(("reason", N_("Choose why the meeting was not held.")))
        elif reason.needs_words and not version.note:
            found.append(("note", N_("This reason needs a few words.")))
        if settled_side(version.reason, version.side) is None:
            found.append(("side", N_("Say on whose side the reason lay.")))
    else:
        if any(row.present is None for row in version.rows):
            found.append(("people", N_("Mark for each person whether he or she was present.")))
        if not version.body:
            found.append(("body", N_("Write the note: what was agreed on, in a few sentences.")))
    return found


# --- the seal


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a seal covers, institutions by id: they are written by the address names that they had."""

    occurrence_id: int
    starts_at: datetime
    outcome: Outcome | None
    reason: str
    side: Side | None
    note: str
    numbers: tuple[int | None, int | None, int | None]
    topics: tuple[str, ...]
    body: str
    people: tuple[tuple[str, str, int, bool | None], ...]
    tasks: tuple[tuple[str, int, date | None], ...]
    replies: tuple[tuple[int, Reply, str, datetime | None], ...]
    submitted_at: datetime | None
    sealed_at: datetime | None

    @property
    def institutions(self) -> list[int]:
        """Ids that stand in it, each once."""
        named = (*(row[2] for row in self.people), *(row[1] for row in self.tasks), *(row[0] for row in self.replies))
        return sorted(set(named))


def content(sealed: Sealed, called: Mapping[int, str]) -> bytes:
    """Write what the seal is made of: canonical JSON (sorted keys, no spaces, UTF-8), instants as UTC to the second.

    *called* gives the address name of each institution. Replies are sorted by it, people and tasks stay in their
    order. Remarks after the sealing, done tasks and the account for everybody are no part of it.
    """
    facts = {
        "occurrence": sealed.occurrence_id,
        "starts_at": _stamp(sealed.starts_at),
        "outcome": sealed.outcome.value if sealed.outcome else "",
        "reason": sealed.reason,
        "side": sealed.side.value if sealed.side else "",
        "note": sealed.note,
        "numbers": list(sealed.numbers),
        "topics": list(sealed.topics),
        "body": sealed.body,
        "people": [[who, what, called[at], present] for who, what, at, present in sealed.people],
        "tasks": [[text, called[whose], due.isoformat() if due else ""] for text, whose, due in sealed.tasks],
        "replies": sorted([called[who], reply.value, words, _stamp(at)] for who, reply, words, at in sealed.replies),
        "submitted_at": _stamp(sealed.submitted_at),
        "sealed_at": _stamp(sealed.sealed_at),
    }
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def seal(sealed: Sealed, called: Mapping[int, str]) -> str:
    """Give the SHA-256 of the content."""
    return hashlib.sha256(content(sealed, called)).hexdigest()


def fits(stored: str, sealed: Sealed, called: Mapping[int, Sequence[str]]) -> bool:
    """Whether the content still gives the *stored* seal.

    *called* gives all address names that an institution has ever had, the present one first: two cards that were merged
    since, or an address that changed, are no fault of the record.
    """
    ids = sealed.institutions
    ways = product(*(called.get(one, ("",)) for one in ids))
    return any(seal(sealed, dict(zip(ids, way, strict=True))) == stored for way in islice(ways, _CALLINGS_TRIED))


def _stamp(instant: datetime | None) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if instant else ""

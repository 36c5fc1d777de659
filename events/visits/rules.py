"""Decisions about visit requests on plain values: the table of transitions, who may do what, the coded reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app import warsaw
from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from events.calendar import rules as calendar_rules
from events.calendar.models import EventKind
from events.calendar.models import State as EventState
from events.signups.models import BOOKING_MAX
from events.visits.models import MESSAGE_MAX, OPTIONS_MAX, PERSONS_MAX, SUBJECT_MAX, TURNS_MAX, Act, Path, State

UNIT_KINDS = frozenset({"prison", "remand_prison", "external_unit"})
CENTRE_KINDS = frozenset({"ops", "mops", "gops", "mgops", "mopr", "gcpr", "cus"})
"""Who asks and is asked for assistance: centres of a gmina, towns with county rights among them."""

OPEN = frozenset({State.REQUESTED, State.COUNTERED, State.MOVING})
"""An offer waits for its answer: somebody has the turn."""
VISITORS_MAX = BOOKING_MAX
"""How many may come from outside: they are signed up together when a date is agreed."""
CLOSED = frozenset({State.REFUSED, State.WITHDRAWN, State.EXPIRED})
OFFERS = frozenset({Act.ASK, Act.COUNTER, Act.MOVE})
"""Steps with dates on offer."""
ANSWERS = frozenset({Act.ACCEPT, Act.COUNTER, Act.REFUSE})
"""Steps that answer the other side, whose time counts."""
OF_TIME = frozenset({Act.NUDGE, Act.ESCALATE, Act.EXPIRE})
"""Steps that nobody takes: the night does."""
BY_PORTAL = OF_TIME | {Act.WITHDRAW, Act.CANCEL}
"""Steps that the portal takes: its own, and the end of what has lost its other side or its meeting."""


@dataclass(frozen=True, slots=True)
class Option:
    """A date on offer: Warsaw wall times, and a room of the unit by its key or in words."""

    starts: datetime
    ends: datetime
    room_id: int | None = None
    room: str = ""


@dataclass(frozen=True, slots=True)
class VisitDraft:
    """What a form asks for: checked values, ids that the view has resolved. *participants* is a number, never who."""

    path: Path
    asked_id: int
    unit_id: int
    kind: EventKind
    subject: str
    options: tuple[Option, ...]
    topics: tuple[str, ...] = ()
    visitors: int = 1
    participants: int | None = None
    message: str = ""
    clause_id: int | None = None
    reply_email: str = ""
    slot_minutes: int | None = None
    slot_persons: int | None = None
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """A step of the protocol: the state it leads to, and its sentence (a msgid) for the page and the help."""

    to: State
    sentence: str


BEGINNING = Arrow(
    State.REQUESTED,
    N_(
        "One institution asks another for a meeting in a prison unit and offers one to three dates. It is sent at once."
    ),
)
"""How a visit begins: ASK, out of nothing."""

_SAID = N_("Somebody writes a message. Nothing else changes, and the deadline goes on.")
_NUDGED = N_("Half of the time for an answer has passed: Kładka reminds the side whose turn it is.")
_ESCALATED = N_("The day for the answer has passed: Kładka writes to the substitutes, too. The dates still stand.")

TRANSITIONS: Mapping[tuple[State, Act], Arrow] = {
    (State.REQUESTED, Act.ACCEPT): Arrow(
        State.ACCEPTED,
        N_("The side that was asked accepts one of the dates. The meeting is agreed and stands in both calendars."),
    ),
    (State.REQUESTED, Act.COUNTER): Arrow(
        State.COUNTERED,
        N_("The side that was asked offers other dates instead. Now the side that asked answers."),
    ),
    (State.REQUESTED, Act.REFUSE): Arrow(
        State.REFUSED,
        N_("The side that was asked refuses and says why. The dates and rooms are free again."),
    ),
    (State.REQUESTED, Act.WITHDRAW): Arrow(
        State.WITHDRAWN,
        N_("The side that asked takes its request back before an answer. The dates and rooms are free again."),
    ),
    (State.REQUESTED, Act.SAY): Arrow(State.REQUESTED, _SAID),
    (State.REQUESTED, Act.NUDGE): Arrow(State.REQUESTED, _NUDGED),
    (State.REQUESTED, Act.ESCALATE): Arrow(State.REQUESTED, _ESCALATED),
    (State.REQUESTED, Act.EXPIRE): Arrow(
        State.EXPIRED,
        N_("Nobody has answered in twice the time, or no date on offer lies ahead: the request ends by itself."),
    ),
    (State.COUNTERED, Act.ACCEPT): Arrow(
        State.ACCEPTED,
        N_(
            "The side whose turn it is accepts one of the new dates. The meeting is agreed and stands in both "
            "calendars."
        ),
    ),
    (State.COUNTERED, Act.COUNTER): Arrow(
        State.COUNTERED,
        N_("The side whose turn it is offers other dates again. There are at most six offers, then it is yes or no."),
    ),
    (State.COUNTERED, Act.REFUSE): Arrow(
        State.REFUSED,
        N_("The side that was asked ends the search for a date and says why. The dates and rooms are free again."),
    ),
    (State.COUNTERED, Act.WITHDRAW): Arrow(
        State.WITHDRAWN,
        N_("The side that asked takes its request back while dates go to and fro. The dates and rooms are free again."),
    ),
    (State.COUNTERED, Act.SAY): Arrow(State.COUNTERED, _SAID),
    (State.COUNTERED, Act.NUDGE): Arrow(State.COUNTERED, _NUDGED),
    (State.COUNTERED, Act.ESCALATE): Arrow(State.COUNTERED, _ESCALATED),
    (State.COUNTERED, Act.EXPIRE): Arrow(
        State.EXPIRED,
        N_("Nobody has answered the last offer in twice the time, or none of its dates lies ahead: the request ends."),
    ),
    (State.ACCEPTED, Act.MOVE): Arrow(
        State.MOVING,
        N_("One side asks for another date and says why. The agreed date stands until a new one is accepted."),
    ),
    (State.ACCEPTED, Act.CANCEL): Arrow(
        State.ACCEPTED,
        N_("One side calls the agreed meeting off and says why. It stays visible as cancelled, and everybody is told."),
    ),
    (State.ACCEPTED, Act.SAY): Arrow(State.ACCEPTED, N_("Somebody writes a message. The agreed date stands.")),
    (State.MOVING, Act.ACCEPT): Arrow(
        State.ACCEPTED,
        N_("The side whose turn it is accepts a new date. The same meeting moves there in both calendars."),
    ),
    (State.MOVING, Act.COUNTER): Arrow(
        State.MOVING,
        N_("The side whose turn it is offers other new dates. The agreed date stands meanwhile."),
    ),
    (State.MOVING, Act.REFUSE): Arrow(
        State.ACCEPTED,
        N_("The other side does not want to move the meeting and says why. The agreed date stands."),
    ),
    (State.MOVING, Act.WITHDRAW): Arrow(
        State.ACCEPTED,
        N_("The side that wanted to move the meeting changes its mind. The agreed date stands."),
    ),
    (State.MOVING, Act.CANCEL): Arrow(
        State.ACCEPTED,
        N_("The meeting is called off, and with it ends the search for a new date. Everybody is told."),
    ),
    (State.MOVING, Act.SAY): Arrow(State.MOVING, _SAID),
    (State.MOVING, Act.NUDGE): Arrow(State.MOVING, _NUDGED),
    (State.MOVING, Act.ESCALATE): Arrow(State.MOVING, _ESCALATED),
    (State.MOVING, Act.EXPIRE): Arrow(
        State.ACCEPTED,
        N_("The wish for another date ends without an answer, at the latest when the meeting begins: the date stands."),
    ),
}
"""Every step there is. What does not stand here cannot happen; actions.py applies it, nothing else does."""

STATE_LABEL: Mapping[State, str] = {
    State.REQUESTED: N_("waits for an answer"),
    State.COUNTERED: N_("another date offered"),
    State.ACCEPTED: N_("agreed"),
    State.MOVING: N_("agreed, another date asked for"),
    State.REFUSED: N_("refused"),
    State.WITHDRAWN: N_("request taken back"),
    State.EXPIRED: N_("ended without an answer"),
}

STATE_SENTENCE: Mapping[State, str] = {
    State.REQUESTED: N_("The request waits for its first answer. The rooms of the dates on offer are held."),
    State.COUNTERED: N_("Other dates were offered and wait for an answer. Their rooms are held."),
    State.ACCEPTED: N_("A date is agreed. The meeting stands in the calendars of both institutions."),
    State.MOVING: N_("A date is agreed and stands. One side has asked for another one, which waits for an answer."),
    State.REFUSED: N_("The request was refused; the reason stands in the thread. A new request can be sent."),
    State.WITHDRAWN: N_("The request was taken back. A new request can be sent."),
    State.EXPIRED: N_("Nobody answered in time, so the request has ended. A new request can be sent."),
}

STEP_LABEL: Mapping[Act, str] = {
    Act.ASK: N_("Request for a meeting"),
    Act.COUNTER: N_("Other dates offered"),
    Act.ACCEPT: N_("Date accepted"),
    Act.REFUSE: N_("Refusal"),
    Act.WITHDRAW: N_("Taken back"),
    Act.MOVE: N_("Request for another date"),
    Act.CANCEL: N_("Meeting called off"),
    Act.SAY: N_("Message"),
    Act.NUDGE: N_("Reminder by Kładka"),
    Act.ESCALATE: N_("Message to the substitutes"),
    Act.EXPIRE: N_("Ended without an answer"),
}


class By(StrEnum):
    """Whose reason it may be: that of the prison unit, of those who come, or of either."""

    EITHER = "either"
    UNIT = "unit"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Reason:
    """A coded reason, which the other side reads. *polish* stands in calendars, which have one language.

    *needs_note*: nobody understands it without a word beside it.
    """

    label: str
    polish: str
    acts: frozenset[Act]
    by: By = By.EITHER
    needs_note: bool = False


_STANDS = (EventState.DRAFT, EventState.PUBLISHED)
_NO = frozenset({Act.REFUSE})
_OFF = frozenset({Act.CANCEL, Act.MOVE})
_NO_OR_OFF = _NO | _OFF

REASONS: Mapping[str, Reason] = {
    "room": Reason(N_("no suitable room in the unit"), "brak odpowiedniej sali w jednostce", _NO_OR_OFF, By.UNIT),
    "escort": Reason(N_("no staff to accompany the guests"), "brak funkcjonariuszy do asysty", _NO_OR_OFF, By.UNIT),
    "order": Reason(
        N_("the order of the day or safety of the unit"), "porządek dnia lub bezpieczeństwo", _NO_OR_OFF, By.UNIT
    ),
    "consent": Reason(
        N_("the director of the unit has not consented"), "brak zgody dyrektora jednostki", _NO_OR_OFF, By.UNIT
    ),
    "nobody": Reason(
        N_("nobody in the unit is interested in this meeting now"),
        "brak zainteresowanych w jednostce",
        _NO | {Act.CANCEL},
        By.UNIT,
    ),
    "staff": Reason(N_("no worker is free"), "brak wolnego pracownika", _NO_OR_OFF, By.GUEST),
    "illness": Reason(N_("illness of the person who was to come"), "choroba prowadzącego", _OFF, By.GUEST),
    "journey": Reason(N_("no way to travel there"), "brak możliwości dojazdu", _NO_OR_OFF, By.GUEST),
    "other_centre": Reason(N_("another institution is in charge"), "właściwa jest inna instytucja", _NO, By.GUEST),
    "topic": Reason(N_("the topic does not belong to our tasks"), "temat poza zadaniami instytucji", _NO),
    "dates": Reason(N_("no date suits in the coming time"), "brak pasującego terminu", _NO),
    "other_duty": Reason(N_("another urgent duty at this time"), "inny pilny obowiązek", _OFF),
    "settled": Reason(
        N_("settled otherwise, the meeting is no longer needed"),
        "sprawa załatwiona inaczej",
        frozenset({Act.WITHDRAW, Act.CANCEL, Act.REFUSE}),
    ),
    "mistake": Reason(N_("sent by mistake"), "wysłane przez pomyłkę", frozenset({Act.WITHDRAW})),
    "cannot": Reason(
        N_("we cannot come to this meeting after all"), "brak możliwości udziału", frozenset({Act.WITHDRAW})
    ),
    "other": Reason(N_("another reason"), "inny powód", _NO_OR_OFF | {Act.WITHDRAW}, needs_note=True),
}
"""Codes are stored, words are not: the thread stays readable when a word changes."""

AUDIENCE: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.STAFF_TRAINING: ("prison_staff",),
    EventKind.STUDY_VISIT: ("social_workers",),
    EventKind.COORDINATION_MEETING: ("prison_staff", "social_workers"),
    EventKind.CONFERENCE: ("prison_staff", "social_workers"),
    EventKind.COUNCIL_MEETING: ("prison_staff", "social_workers"),
}
"""Whom the event of an accepted visit is for; every other kind is for convicted persons, told as a number only."""


class Side(StrEnum):
    """What an institution is in a visit."""

    ASKING = "asking"
    ASKED = "asked"


class HasSides(Protocol):
    """What the decisions below read of a visit."""

    path: Path
    state: State
    asking_id: int
    asked_id: int
    unit_id: int
    turns: int
    turn_of_id: int | None
    event_id: int | None


class HasDate(Protocol):
    """What the decisions below read of the event of a visit."""

    state: EventState
    local_start: datetime


class NotYourVisit(Forbidden):
    """An act of somebody who coordinates neither institution."""

    message = N_("Only coordinators of the two institutions can do this. Ask the coordinator of your institution.")


class OtherLayer(Refusal):
    """A request from sample data to a real institution, or the other way round."""

    message = N_(
        "One of these institutions is sample data. Sample data and real institutions never write to each other."
    )


class NotThere(Refusal):
    """A request to an institution that is archived, or that waits for its admission."""

    message = N_(
        "This institution cannot be asked: its card is archived or not admitted yet. See who does its work now."
    )


class WrongSides(Conflict):
    """Institutions that this path does not join."""

    message = N_(
        "This request joins a prison unit and an institution that comes there, or two welfare centres. Begin it on the "
        "card of the institution that you mean."
    )


class NobodyToAnswer(Refusal):
    """An institution that nobody could reach."""

    message = N_(
        "This institution has nobody in Kładka and no mailbox on its card. Give an e-mail address for the answer: "
        "Kładka sends a link there."
    )


class DatesMissing(Refusal):
    """An offer without dates, or with too many of them."""

    message = N_("Offer one to three dates.")


class SameDates(Refusal):
    """The same date twice in one offer."""

    message = N_("You have offered the same date twice. Change one of them or leave it out.")


class SubjectMissing(Refusal):
    """A request without a subject."""

    message = N_("Say in a few words what the meeting is about.")


class WrongNumber(Refusal):
    """A number of persons that is none."""

    message = N_("Give a number of persons from 1 to %(limit)d.")

    def __init__(self, limit: int) -> None:
        super().__init__(limit=limit)


class TooLong(Refusal):
    """A message longer than a thread takes."""

    message = N_("The message can have %(limit)d characters at most. Shorten it.")

    def __init__(self) -> None:
        super().__init__(limit=MESSAGE_MAX)


class MessageMissing(Refusal):
    """An empty message."""

    message = N_("Write your message first.")


class UnknownReason(Refusal):
    """An act without one of the coded reasons that fit it."""

    message = N_("Choose the reason. The other side will read it.")


class NoteNeeded(Refusal):
    """A coded reason that says nothing alone."""

    message = N_("Say the reason in a few words: the other side will read it.")


class NoSuchOption(Refusal):
    """A date that is not on offer."""

    message = N_("Choose one of the dates on offer.")


class NotYourTurn(Conflict):
    """An answer to one's own offer."""

    message = N_("Now the other institution answers. You can write a message or end the search for a date.")


class NotYoursToRefuse(Conflict):
    """A refusal of one's own wish."""

    message = N_("Your institution has asked for this itself. Take the request back instead of refusing it.")


class NotYoursToWithdraw(Conflict):
    """Taking back what the other side has asked for."""

    message = N_("Only the institution that has asked can take this back. You can refuse and say why.")


class NoMoreOffers(Conflict):
    """A seventh offer."""

    message = N_(
        "Six offers have been made. Accept one of the dates, or end this and agree by telephone: a new request can "
        "begin with the date that you find."
    )


class NothingOpen(Conflict):
    """An answer where nothing waits for one."""

    message = N_("Nothing waits for an answer here any more. The page shows how this request stands.")


class NotAgreedYet(Conflict):
    """Moving or cancelling without an agreed date."""

    message = N_("No date is agreed, so nothing can be moved or called off. The page shows how this request stands.")


class CalledOff(Conflict):
    """An act about a meeting that was cancelled."""

    message = N_("This meeting was called off meanwhile, and with it ends the search for a new date.")


class Begun(Conflict):
    """Moving or cancelling a meeting that has begun."""

    message = N_("This meeting has begun or is over. Note in its record whether it took place.")


class ClosedAlready(Conflict):
    """A message in a thread that has ended."""

    message = N_("This request has ended. Send a new one if you want to meet after all.")


class Meanwhile(Conflict):
    """An answer to an offer that does not stand any more."""

    message = N_(
        "Meanwhile this request has changed. See how it stands now, then answer. Nothing of your text is lost."
    )


MEANWHILE: Mapping[Act, str] = {
    Act.ACCEPT: N_("Meanwhile a date was accepted (%(who)s). See which one is agreed; your answer was not sent."),
    Act.COUNTER: N_("Meanwhile other dates were offered (%(who)s). See them, then answer; your answer was not sent."),
    Act.REFUSE: N_("Meanwhile it was refused (%(who)s). See the reason; your answer was not sent."),
    Act.WITHDRAW: N_("Meanwhile it was taken back (%(who)s). Your answer was not sent."),
    Act.MOVE: N_("Meanwhile another date was asked for (%(who)s). See it, then answer; your answer was not sent."),
    Act.CANCEL: N_("Meanwhile the meeting was called off (%(who)s). See the reason; your answer was not sent."),
    Act.EXPIRE: N_("Meanwhile this ended without an answer: its time was over. Your answer was not sent."),
}
"""What Meanwhile says of the step that was faster; *who* is the institution that took it."""


def next_state(state: State, act: Act) -> State | None:
    """Give the state that *act* leads to, None where the protocol knows no such step."""
    arrow = TRANSITIONS.get((state, act))
    return None if arrow is None else arrow.to


def may_ask(actor: Actor) -> bool:
    """Whether *actor* may send requests for his institution: its coordinators, once it is admitted."""
    return actor.coordinates


def may_read(actor: Actor, visit: HasSides) -> bool:
    """Whether *actor* may know of this request: the people of both institutions, nobody else."""
    if actor.role is Role.SYSTEM:
        return True
    return actor.works_for_institution and actor.institution_id in {visit.asking_id, visit.asked_id}


def may_act(actor: Actor, visit: HasSides) -> bool:
    """Whether *actor* may answer for one of the two institutions: its coordinators."""
    return actor.coordinates and actor.institution_id in {visit.asking_id, visit.asked_id}


def side_of(actor: Actor, visit: HasSides) -> Side | None:
    """Give the side that *actor* acts for, None for anybody else."""
    if actor.institution_id == visit.asking_id:
        return Side.ASKING
    return Side.ASKED if actor.institution_id == visit.asked_id else None


def other_of(visit: HasSides, institution_id: int | None) -> int:
    """Give the institution on the other side."""
    return visit.asked_id if institution_id == visit.asking_id else visit.asking_id


def proposer_of(visit: HasSides) -> int | None:
    """Give the institution that began the open round; None while nothing is open. Offers alternate: it is counted."""
    if visit.turn_of_id is None:
        return None
    return other_of(visit, visit.turn_of_id) if visit.turns % 2 else visit.turn_of_id


def guest_of(visit: HasSides) -> int:
    """Give the institution whose people come to the unit; of two welfare centres the one that was asked."""
    return visit.asking_id if visit.asked_id == visit.unit_id else visit.asked_id


def by_of(institution_id: int, visit: HasSides) -> By:
    """Say whose reasons an institution has in this visit."""
    return By.UNIT if institution_id == visit.unit_id else By.GUEST


def reasons_for(act: Act, by: By) -> Mapping[str, Reason]:
    """Give the reasons from which one side chooses for *act*, in their order."""
    return {code: one for code, one in REASONS.items() if act in one.acts and one.by in (By.EITHER, by)}


def check_reason(act: Act, code: str, note: str, by: By) -> None:
    """Refuse a reason that does not fit, or that nobody could understand. Raises UnknownReason, NoteNeeded."""
    reason = reasons_for(act, by).get(code)
    if reason is None:
        raise UnknownReason
    if reason.needs_note and not note.strip():
        raise NoteNeeded


def check_message(message: str, *, needed: bool = False) -> None:
    """Refuse a message that is too long, or missing where it is *needed*. Raises TooLong, MessageMissing."""
    if len(message) > MESSAGE_MAX:
        raise TooLong
    if needed and not message.strip():
        raise MessageMissing


def check_options(options: Sequence[Option]) -> None:
    """Refuse an offer that nobody could answer.

    Raises DatesMissing, SameDates, EndBeforeStart, TooLong, UnsafeHour.
    """
    if not 1 <= len(options) <= OPTIONS_MAX:
        raise DatesMissing
    if len({(one.starts, one.ends) for one in options}) < len(options):
        raise SameDates
    for one in options:
        calendar_rules.check_times(one.starts, one.ends)


def check_wanted(wanted: VisitDraft) -> None:
    """Refuse a request whose values nobody could use. Raises SubjectMissing, WrongNumber and as check_options."""
    if not wanted.subject.strip() or len(wanted.subject) > SUBJECT_MAX:
        raise SubjectMissing
    if not 1 <= wanted.visitors <= VISITORS_MAX:
        raise WrongNumber(VISITORS_MAX)
    if wanted.participants is not None and not 1 <= wanted.participants <= PERSONS_MAX:
        raise WrongNumber(PERSONS_MAX)
    check_message(wanted.message)
    check_options(wanted.options)


def check_sides(path: Path, asking: tuple[int, str], asked: tuple[int, str], unit: tuple[int, str]) -> None:
    """Refuse institutions (key and kind each) that *path* does not join. Raises WrongSides."""
    fits = {
        Path.INVITATION: asking == unit != asked,
        Path.REQUEST: asked == unit != asking,
        Path.ASSISTANCE: asking[0] != asked[0] and asking[1] in CENTRE_KINDS and asked[1] in CENTRE_KINDS,
    }
    if not fits[path] or unit[1] not in UNIT_KINDS:
        raise WrongSides


def choices(actor: Actor, visit: HasSides, event: HasDate | None, now: datetime | None = None) -> frozenset[Act]:
    """Give what *actor* may do now. *event* is that of an agreed visit; without *now* its time is not looked at."""
    if not may_act(actor, visit) or visit.state in CLOSED:
        return frozenset()
    can = {Act.SAY}
    if visit.state in (State.ACCEPTED, State.MOVING):
        # A meeting that was called off or has begun is neither moved nor called off any more.
        if event is None or event.state not in _STANDS or (now is not None and is_begun(event, now)):
            return frozenset(can)
        can |= {Act.CANCEL, Act.MOVE} if visit.state is State.ACCEPTED else {Act.CANCEL}
    if visit.state in OPEN:
        if actor.institution_id == visit.turn_of_id:
            can |= {Act.ACCEPT} if visit.turns >= TURNS_MAX else {Act.ACCEPT, Act.COUNTER}
        can.add(Act.WITHDRAW if actor.institution_id == proposer_of(visit) else Act.REFUSE)
    return frozenset(can)


def check_act(actor: Actor, visit: HasSides, event: HasDate | None, act: Act, now: datetime) -> None:
    """Refuse what choices() does not hold, with a sentence of its own for each cause.

    Raises NotYourVisit, ClosedAlready, NothingOpen, NotAgreedYet, CalledOff, Begun, NotYourTurn, NoMoreOffers,
    NotYoursToRefuse, NotYoursToWithdraw.
    """
    if act in BY_PORTAL and actor.role is Role.SYSTEM:
        if next_state(visit.state, act) is None:
            raise NothingOpen
        return
    if not may_act(actor, visit):
        raise NotYourVisit
    if act in choices(actor, visit, event, now):
        return
    raise _why_not(actor, visit, event, act, now)


def is_begun(event: HasDate, now: datetime) -> bool:
    """Whether the agreed meeting has begun."""
    return warsaw.to_utc(event.local_start) <= now


def _why_not(actor: Actor, visit: HasSides, event: HasDate | None, act: Act, now: datetime) -> Refusal:
    if act is Act.SAY:
        return ClosedAlready()
    if act in (Act.MOVE, Act.CANCEL):
        if visit.state not in (State.ACCEPTED, State.MOVING):
            return NotAgreedYet()
        if event is None or event.state not in _STANDS:
            return CalledOff()
        return Meanwhile() if act is Act.MOVE and visit.state is State.MOVING else Begun()
    if visit.state not in OPEN:
        return NothingOpen()
    if visit.state is State.MOVING and (event is None or event.state not in _STANDS):
        return CalledOff()
    if visit.state is State.MOVING and event is not None and is_begun(event, now):
        return Begun()
    if act is Act.REFUSE:
        return NotYoursToRefuse()
    if act is Act.WITHDRAW:
        return NotYoursToWithdraw()
    return NoMoreOffers() if actor.institution_id == visit.turn_of_id else NotYourTurn()

"""Decisions about sign-ups on plain values: who may, until when, how many."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app import warsaw
from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_, fold
from events.calendar.models import Consent, Promotion, State
from events.signups.models import BOOKING_MAX, SignUpState
from projects.editions.rules import SMALL

SEAT, OFFERED, WAITING, REQUESTED = (
    SignUpState.SEAT,
    SignUpState.OFFERED,
    SignUpState.WAITING,
    SignUpState.REQUESTED,
)
ACTIVE = frozenset({SEAT, OFFERED, WAITING, REQUESTED})
"""Sign-ups that count; the others are history."""

# Kept on a sign-up whose number was worsened by the organiser; refusals have codes of their own.
ORDER_CHANGED = "order_changed"
KEPT_FOR = timedelta(days=30)
"""How long after its date a sign-up keeps function and address, and the name that a record has taken over."""
NAME_KEPT_FOR = timedelta(days=365)
"""How long the bare name of a participant waits for a record of the date."""
NAMES_DUE_DAYS = 3
"""Working days before the date from which a missing name stands on the desk."""


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """Why a request is refused. *by_unit*: the reason lies with the unit or organiser, not with who asked.

    *needs_note*: nobody understands it without a word beside it. *may_ask_again*: asking once more makes sense.
    """

    label: str
    by_unit: bool = False
    needs_note: bool = False
    may_ask_again: bool = False


REFUSAL_REASONS: Mapping[str, RefusalReason] = {
    "audience": RefusalReason(N_("the event is for other professions")),
    "number": RefusalReason(N_("too many people from one institution"), may_ask_again=True),
    "room": RefusalReason(N_("the room or the escort does not suffice"), by_unit=True),
    "consent": RefusalReason(N_("the director of the unit has not consented"), by_unit=True),
    "data": RefusalReason(N_("name, function or purpose is missing"), may_ask_again=True),
    "date": RefusalReason(N_("not on the new date"), by_unit=True, may_ask_again=True),
    "other": RefusalReason(N_("another reason"), needs_note=True),
}
"""Codes are stored, words are not: the history stays readable when a word changes."""


class NotSignedUpHere(Forbidden):
    """Signing up without an institution behind one."""

    message = N_("Only people of an institution that is listed in Kładka can sign up.")


class OnlyYourself(Forbidden):
    """A member signing colleagues up."""

    message = N_("You can sign up yourself. A coordinator of your institution signs colleagues up.")


class SignUpClosed(Conflict):
    """Signing up after the close, for a cancelled or a past date."""

    message = N_("Sign-up for this event is closed.")


class NotOpenYet(SignUpClosed):
    """Signing up before the organiser has opened it."""

    message = N_("Sign-up has not opened yet. The page says from when you can sign up.")


class WholeSeries(Conflict):
    """Signing up for one date of a series that is taken as a whole."""

    message = N_("One signs up for all dates of this series at once. Load the page again.")


class NumbersOnly(Refusal):
    """A person named where seats are persons of a closed group."""

    message = N_("Here you register a number of participants, without names. Give the number alone.")


class ByCoordinator(Forbidden):
    """Participants registered by somebody who does not speak for his institution."""

    message = N_("A coordinator of your institution registers participants. Ask him or her to do it.")


class NobodyChosen(Refusal):
    """An empty booking."""

    message = N_("Choose at least one person or give the number of places.")


class TooMany(Refusal):
    """A booking larger than one form may hold."""

    message = N_("You can sign up at most %(limit)d people at once.")

    def __init__(self) -> None:
        super().__init__(limit=BOOKING_MAX)


class SignedUpAlready(Conflict):
    """A person who has a seat or waits already."""

    message = N_("%(person)s is already signed up for this event.")


class NotEnoughSeats(Conflict):
    """An all-or-nothing booking larger than the free seats."""

    message = N_("Only %(free)d seats are free, and this event takes groups only as a whole. Ask for fewer places.")


class GroupTooLarge(Conflict):
    """A group that is taken as a whole, too large for the free places of an edition."""

    message = N_(
        "Free places: %(free)d. Groups are taken only as a whole. Give a smaller number, or tick that the whole group "
        "waits for places."
    )


class NotFewer(Refusal):
    """A number of places to keep that is not smaller than what stands."""

    message = N_("Give a number smaller than %(number)d. To add places, sign up for more of them.")


class NotYourSignUp(Forbidden):
    """Withdrawing another institution's sign-up."""

    message = N_("Only this person or a coordinator of the same institution can withdraw this sign-up.")


class NoSuchSignUp(Refusal):
    """A sign-up that is not of this event, or that the actor may not know of."""

    status = 404
    message = N_("There is no such sign-up for this event.")


class WithdrawnAlready(Conflict):
    """Withdrawing twice."""

    message = N_("This sign-up has been withdrawn already.")


class WithdrawalClosed(Conflict):
    """Withdrawing after the deadline."""

    message = N_("The time for withdrawing has passed. Call the organiser.")


class NoLongerCounts(Conflict):
    """An act on a sign-up that was withdrawn, refused or has expired."""

    message = N_("This sign-up no longer counts: it was withdrawn, refused or its offer has expired.")


class NotYoursToDecide(Forbidden):
    """A request decided, or an order changed, by others than organiser and host."""

    message = N_("Only coordinators of the organiser, or of the prison unit where it takes place, decide about places.")


class DecidedAlready(Conflict):
    """Requests that somebody has decided or withdrawn meanwhile."""

    message = N_("These requests have been decided or withdrawn already. The list shows how they stand.")


class NothingChosen(Refusal):
    """A decision about no request."""

    message = N_("Choose at least one request.")


class UnknownReason(Refusal):
    """A refusal without one of the coded reasons."""

    message = N_("Choose the reason for the refusal.")


class NoteNeeded(Refusal):
    """A coded reason that says nothing alone."""

    message = N_("Say the reason in a few words: those who asked will read it.")


class ReasonNeeded(Refusal):
    """A changed order without a reason."""

    message = N_("Give the reason. Those who are overtaken will read it.")


class TooLate(Conflict):
    """A decision after the date has begun, or about one that was called off."""

    message = N_("This date has begun or does not take place. Nothing can be changed any more.")


class NoOffer(Conflict):
    """Taking or declining what is not offered."""

    message = N_("There is no offer to answer: it was answered already, or the place went to the next person.")


class OfferExpired(Conflict):
    """Taking an offer after its deadline, whether or not the place has been passed on already."""

    message = N_("The time to take this place has passed, and it goes to the next person. You can sign up again.")


class NotWaiting(Conflict):
    """Moving somebody who does not wait any more."""

    message = N_("This person is not on the waiting list any more.")


class NoFreeSeat(Conflict):
    """A seat out of turn where none is free."""

    message = N_("No place is free. Add a place in the event’s settings, or move this person up in the queue.")


class NotNamed(Refusal):
    """A person without a name or an address."""

    message = N_("Give name and work e-mail of the person who comes.")


class NoSwap(Refusal):
    """A swap that is none: not one with a place and one who waits, of the same institution and date."""

    message = N_("Choose one of your people who has a place and one who waits.")


class NamedAlready(Conflict):
    """A change of a person where there is none."""

    message = N_("This person has this place already.")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to sign up: a colleague with an account (*user_id*) or by name, function and work e-mail."""

    name: str
    email: str
    function: str = ""
    user_id: int | None = None

    @property
    def key(self) -> str:
        """What makes the person the same one on a second form."""
        return self.email.strip().casefold() or fold(self.name)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sign-up form asks for: named people, and places whose names the organiser gets later."""

    people: tuple[Person, ...] = ()
    places: int = 0

    @property
    def number(self) -> int:
        """Seats asked for."""
        return len(self.people) + self.places


def may_sign_up(actor: Actor) -> bool:
    """Whether *actor* acts for an institution and so may sign somebody up."""
    return actor.works_for_institution


def tells_of_few(participants: bool, *numbers: int) -> bool:  # noqa: FBT001
    """Whether one of these numbers of seats says that one or two *participants* of a closed group come.

    Who neither decides about places nor can ask for them reads no such number.
    """
    return participants and any(0 < number < SMALL for number in numbers)


def may_sign_up_others(actor: Actor) -> bool:
    """Whether *actor* may sign colleagues and places up: coordinators."""
    return actor.coordinates


def may_withdraw(actor: Actor, *, user_id: int | None, institution_id: int) -> bool:
    """Whether *actor* may withdraw: the person himself, or his institution's coordinator."""
    if actor.role is Role.SYSTEM:
        return True
    own = actor.works_for_institution and user_id is not None and user_id == actor.user_id
    return own or (actor.coordinates and actor.institution_id == institution_id)


def host_of(consent: Consent | None, place_institution_id: int | None) -> int | None:
    """Give the prison unit inside which an event takes place; None for every other place."""
    return place_institution_id if consent is not None else None


def may_know(actor: Actor, *, institution_id: int, organiser_id: int, host_id: int | None = None) -> bool:
    """Whether *actor* may know who signed up from an institution: its own people, and those who decide."""
    if actor.role is Role.SYSTEM:
        return True
    own = actor.works_for_institution and actor.institution_id == institution_id
    return own or may_decide(actor, organiser_id=organiser_id, host_id=host_id)


def may_decide(actor: Actor, *, organiser_id: int, host_id: int | None) -> bool:
    """Whether *actor* decides about places: coordinators of the organiser, inside a prison unit those of the unit."""
    if actor.role is Role.SYSTEM:
        return True
    return actor.coordinates and actor.institution_id in {organiser_id, host_id}


def may_name(actor: Actor, *, institution_id: int) -> bool:
    """Whether *actor* may put names on places of an institution, or swap its people: its coordinators."""
    return actor.coordinates and actor.institution_id == institution_id


def check_reason(code: str, note: str) -> None:
    """Refuse a refusal that nobody could understand. Raises UnknownReason, NoteNeeded."""
    reason = REFUSAL_REASONS.get(code)
    if reason is None:
        raise UnknownReason
    if reason.needs_note and not note.strip():
        raise NoteNeeded


def check_wanted(actor: Actor, wanted: Wanted, *, participants: bool = False) -> None:
    """Refuse what *actor* may not ask for; where seats are *participants* nobody is named, whoever it is.

    Raises NotSignedUpHere, OnlyYourself, ByCoordinator, NumbersOnly, NobodyChosen, TooMany.
    """
    if not may_sign_up(actor):
        raise NotSignedUpHere
    if participants and not may_sign_up_others(actor):
        raise ByCoordinator
    if participants and wanted.people:
        raise NumbersOnly
    if wanted.number == 0:
        raise NobodyChosen
    if wanted.number > BOOKING_MAX:
        raise TooMany
    if not may_sign_up_others(actor) and (wanted.places or any(p.user_id != actor.user_id for p in wanted.people)):
        raise OnlyYourself


def first_start(local_start: datetime, rule: str | None) -> datetime | None:
    """Give the instant of a series' first date, from which its deadlines are counted; None for a single date."""
    return warsaw.to_utc(local_start) if rule else None


def closing_first(local_start: datetime, rule: str | None, edition_id: int | None) -> datetime | None:
    """Give the first date from which the close of sign-up is counted; None where one instant closes it for all dates.

    So it is for a single date, and for an edition: its group is closed on one day.
    """
    return first_start(local_start, rule) if edition_id is None else None


def limit(set_at: datetime | None, starts_at: datetime, first: datetime | None = None) -> datetime:
    """Give a deadline of one date: as set, at most the start; on dates of a series as long before as on the *first*."""
    if set_at is None:
        return starts_at
    return min(set_at, starts_at) if first is None else starts_at - max(first - set_at, timedelta())


def closes_at(signup_closes_at: datetime | None, starts_at: datetime, first: datetime | None = None) -> datetime:
    """Instant at which sign-up closes: as set, and never after the start."""
    return limit(signup_closes_at, starts_at, first)


def is_open(
    state: State,
    signup_closes_at: datetime | None,
    starts_at: datetime,
    now: datetime,
    first: datetime | None = None,
    opens_at: datetime | None = None,
) -> bool:
    """Whether one can sign up for this date at *now*: not before it opens, not after it closes."""
    return state is State.PUBLISHED and not is_early(opens_at, now) and now < limit(signup_closes_at, starts_at, first)


def is_early(opens_at: datetime | None, now: datetime) -> bool:
    """Whether sign-up has yet to open."""
    return opens_at is not None and now < opens_at


def closed(opens_at: datetime | None, now: datetime) -> SignUpClosed:
    """Give the refusal of a sign-up that is not open."""
    return NotOpenYet() if is_early(opens_at, now) else SignUpClosed()


def can_still_withdraw(
    state: State, withdraw_until: datetime | None, starts_at: datetime, now: datetime, first: datetime | None = None
) -> bool:
    """Whether one can withdraw at *now*: until the deadline, at most until the start, never from what is cancelled."""
    return state is State.PUBLISHED and now < limit(withdraw_until, starts_at, first)


def can_still_decide(state: State, starts_at: datetime, now: datetime) -> bool:
    """Whether places of a date can still be given: until it begins."""
    return state is State.PUBLISHED and now < starts_at


def offer_until(promotion: Promotion, offer_hours: int, closes: datetime, now: datetime) -> datetime | None:
    """Instant until which a free place is offered to the next in line; None where it is his at once.

    That is so where the event promotes by itself, and after the close of sign-up: nobody could answer in time.
    """
    until = min(now + timedelta(hours=offer_hours), closes)
    return until if promotion is Promotion.OFFER and until > now else None


def is_taking(state: SignUpState, *, holds_seat: bool) -> bool:
    """Whether a sign-up takes a seat away from others: seats, open offers, requests that keep the seat of somebody."""
    return state in (SEAT, OFFERED) or (state is REQUESTED and holds_seat)

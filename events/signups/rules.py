"""Decisions about sign-ups on plain values: who may, until when, how many."""

from dataclasses import dataclass
from datetime import datetime

from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_, fold
from events.calendar.models import State
from events.signups.models import BOOKING_MAX


class NotSignedUpHere(Forbidden):
    """Signing up without an institution behind one."""

    message = N_("Only people of an institution that is listed in Kładka can sign up.")


class OnlyYourself(Forbidden):
    """A member signing colleagues up."""

    message = N_("You can sign up yourself. A coordinator of your institution signs colleagues up.")


class SignUpClosed(Conflict):
    """Signing up after the close, for a cancelled or a past date."""

    message = N_("Sign-up for this event is closed.")


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


def may_sign_up_others(actor: Actor) -> bool:
    """Whether *actor* may sign colleagues and places up: coordinators."""
    return actor.coordinates


def may_withdraw(actor: Actor, *, user_id: int | None, institution_id: int) -> bool:
    """Whether *actor* may withdraw: the person himself, or his institution's coordinator."""
    if actor.role is Role.SYSTEM:
        return True
    own = actor.works_for_institution and user_id is not None and user_id == actor.user_id
    return own or (actor.coordinates and actor.institution_id == institution_id)


def may_know(actor: Actor, *, institution_id: int, organiser_id: int) -> bool:
    """Whether *actor* may know who signed up from an institution: its own people, and the organiser's coordinators."""
    if actor.role is Role.SYSTEM:
        return True
    own = actor.works_for_institution and actor.institution_id == institution_id
    return own or (actor.coordinates and actor.institution_id == organiser_id)


def check_wanted(actor: Actor, wanted: Wanted) -> None:
    """Refuse what *actor* may not ask for. Raises NotSignedUpHere, OnlyYourself, NobodyChosen, TooMany."""
    if not may_sign_up(actor):
        raise NotSignedUpHere
    if wanted.number == 0:
        raise NobodyChosen
    if wanted.number > BOOKING_MAX:
        raise TooMany
    if not may_sign_up_others(actor) and (wanted.places or any(p.user_id != actor.user_id for p in wanted.people)):
        raise OnlyYourself


def closes_at(signup_closes_at: datetime | None, starts_at: datetime) -> datetime:
    """Instant at which sign-up closes: as set, and never after the start."""
    return min(signup_closes_at, starts_at) if signup_closes_at else starts_at


def is_open(state: State, signup_closes_at: datetime | None, starts_at: datetime, now: datetime) -> bool:
    """Whether one can sign up for this date at *now*."""
    return state is State.PUBLISHED and now < closes_at(signup_closes_at, starts_at)


def can_still_withdraw(state: State, withdraw_until: datetime | None, starts_at: datetime, now: datetime) -> bool:
    """Whether one can withdraw at *now*: until the deadline, at most until the start, never from what is cancelled."""
    return state is State.PUBLISHED and now < (min(withdraw_until, starts_at) if withdraw_until else starts_at)

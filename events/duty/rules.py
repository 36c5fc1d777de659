"""Decisions about duty hours on plain values: who may, which slots there are, what is proposed, coded reasons."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from dateutil.relativedelta import relativedelta

from app.actors import Actor
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from events import recurrence
from events.duty.models import PERSONS_MAX, SLOT_MINUTES, SLOT_PERSONS
from events.recurrence import Rule
from events.signups.rules import Person
from partners.institutions import workdays
from partners.institutions.models import Kind, KindGroup
from partners.institutions.rules import KIND_GROUP

MERGED_AFTER = 3
"""So many dates in a row without a booking, the next one among them, are worth merging."""
LOOKS_BACK = timedelta(days=120)
LOOKS_AHEAD = timedelta(days=62)
PLANNED_MONTHS = 18
DATES_MAX = 120
SET_ASIDE_MONTHS = (1, 3, 6)
SLOT_MINUTES_MIN = 5
NOTE_MAX = 120

TOPICS: Mapping[str, str] = {
    "release_plan": N_("plan for the time after release"),
    "benefits": N_("benefits"),
    "family_benefits": N_("family benefits"),
    "shelter": N_("finding a shelter"),
    "housing": N_("housing"),
    "papers": N_("identity card and papers"),
    "insurance": N_("health insurance"),
    "work": N_("work"),
    "debts": N_("debts and maintenance"),
    "disability": N_("disability certificate"),
    "family": N_("family and children"),
    "care": N_("care and nursing home"),
    "therapy": N_("treatment and addiction"),
    "other": N_("another topic"),
}
"""What a talk is about. Codes are stored; free text would sooner or later hold a name."""

OTHER = "other"
NO_BOOKINGS = "no_bookings"
REASONS: Mapping[str, str] = {
    "illness": N_("illness of the worker on duty"),
    "absence": N_("the worker on duty is away"),
    NO_BOOKINGS: N_("nobody is booked, joined with the next date"),
    "unit": N_("reasons on the side of the unit"),
    "road": N_("weather, breakdown, road"),
    OTHER: N_("another reason, in words"),
}
REASON_PL: Mapping[str, str] = {
    "illness": "choroba pracownika na dyżurze",
    "absence": "nieobecność pracownika na dyżurze",
    NO_BOOKINGS: "brak zapisów, połączony z następnym terminem",
    "unit": "przyczyny po stronie jednostki",
    "road": "pogoda, awaria, dojazd",
}
"""The same as calendars and mails write it: what an event says is Polish."""


class NotYourDuty(Forbidden):
    """Substitution, cancellation or a proposal by others than the centre's coordinators."""

    message = N_("Only a coordinator of the centre that keeps these duty hours can do this.")


class NotYourUnit(Forbidden):
    """A booking by others than coordinators of the unit."""

    message = N_("Only a coordinator of the prison unit books persons for duty hours.")


class NotACentre(Forbidden):
    """Duty hours planned by another institution than a welfare centre."""

    message = N_("Duty hours are kept by welfare centres. Plan another kind of event in the calendar.")


class NoSlots(Refusal):
    """Hours that are shorter than one slot."""

    message = N_("No slot fits into these hours. Shorten the slot, or make the duty hours longer.")


class NotASlot(Conflict):
    """A slot that the date does not have, or no longer."""

    message = N_("This slot is no longer there: the hours of the date have changed. Choose another one.")


class SlotFull(Conflict):
    """More persons than the slot has places left."""

    message = N_("Only %(free)d places are left in this slot. Choose a smaller number or another slot.")


class SlotTaken(Conflict):
    """A slot without any place left."""

    message = N_("This slot has just been taken. Choose another one.")


class TooLateToBook(Conflict):
    """A booking or its withdrawal after the slot has begun, or on a date that does not take place."""

    message = N_("This slot has begun or does not take place. Choose a later one.")


class NoPersons(Refusal):
    """A booking of nobody."""

    message = N_("Give the number of persons: at least one.")


class NoTopic(Refusal):
    """A booking without a topic, or with one that is not in the list."""

    message = N_("Choose at least one topic of the list.")


class WithdrawnAlready(Conflict):
    """Withdrawing twice."""

    message = N_("This booking has been withdrawn already.")


class UnknownReason(Refusal):
    """A cancellation without one of the coded reasons."""

    message = N_("Choose the reason.")


class WordsNeeded(Refusal):
    """A coded reason that says nothing alone."""

    message = N_("Say the reason in a few words: the unit and those on duty read it.")


class NoDates(Refusal):
    """A plan all of whose dates are left out."""

    message = N_("All dates are left out. Keep at least one.")


class NobodyOnDuty(Refusal):
    """A plan that does not say who comes."""

    message = N_("Say who is on duty: a colleague, or name and function.")


class HasSlots(Protocol):
    """What slots are counted from."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DutyDraft:
    """What the form says of new duty hours: checked values, Warsaw wall times of the first date, resolved ids.

    *left_out* are days of the rule on which nobody comes; *who* keeps the hours.
    """

    unit_id: int
    title: str
    starts: datetime
    ends: datetime
    rule: Rule
    slot_minutes: int = SLOT_MINUTES
    slot_persons: int = SLOT_PERSONS
    room: str = ""
    room_id: int | None = None
    who: Person | None = None
    clause_id: int | None = None
    audience: tuple[str, ...] = ("convicts",)
    voivodeship_code: str | None = None
    left_out: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept:
    """A date of duty hours for the proposals: how many persons are booked, and how many places it has."""

    occurrence_id: int
    event_id: int
    day: date
    starts_at: datetime
    booked: int
    places: int

    @property
    def full(self) -> bool:
        """Whether no place is left."""
        return self.places > 0 and self.booked >= self.places


def slot_count(starts_at: datetime, ends_at: datetime, slot_minutes: int) -> int:
    """Give how many whole slots fit into a date; minutes are real ones, whatever the clocks do."""
    return max(int((ends_at - starts_at) / timedelta(minutes=slot_minutes)), 0)


def slot_span(starts_at: datetime, number: int, slot_minutes: int) -> tuple[datetime, datetime]:
    """Give the instants at which the slot *number* (from 0) begins and ends."""
    begins = starts_at + timedelta(minutes=number * slot_minutes)
    return begins, begins + timedelta(minutes=slot_minutes)


def is_centre(kind: str) -> bool:
    """Whether an institution of *kind* keeps duty hours: welfare centres."""
    return kind in set(Kind) and KIND_GROUP[Kind(kind)] is KindGroup.WELFARE


def may_plan(actor: Actor) -> bool:
    """Whether *actor* plans duty hours for his centre."""
    return actor.coordinates and is_centre(actor.institution_kind)


def may_read(viewer: Actor, *, organiser_id: int, unit_id: int | None) -> bool:
    """Whether *viewer* may know of a date of duty hours: people of the two sides, nobody else."""
    return viewer.works_for_institution and viewer.institution_id in (organiser_id, unit_id)


def may_book(actor: Actor, unit_id: int | None) -> bool:
    """Whether *actor* books and withdraws: coordinators of the unit where the date takes place."""
    return actor.coordinates and unit_id is not None and actor.institution_id == unit_id


def may_run(actor: Actor, organiser_id: int) -> bool:
    """Whether *actor* substitutes, cancels and hears proposals: coordinators of the centre."""
    return actor.coordinates and actor.institution_id == organiser_id


def may_cancel(actor: Actor, *, organiser_id: int, unit_id: int | None) -> bool:
    """Whether *actor* cancels a date: coordinators of either side."""
    return may_run(actor, organiser_id) or may_book(actor, unit_id)


def check_booking(persons: int, topics: Sequence[str]) -> None:
    """Refuse a booking that says too little. Raises NoPersons, NoTopic."""
    if not 1 <= persons <= PERSONS_MAX:
        raise NoPersons
    if not topics or any(topic not in TOPICS for topic in topics):
        raise NoTopic


def check_slots(starts: datetime, ends: datetime, slot_minutes: int) -> None:
    """Refuse hours that hold no slot. Raises NoSlots."""
    if slot_count(starts, ends, slot_minutes) < 1:
        raise NoSlots


def reason_text(code: str, words: str) -> str:
    """Give the reason of a cancellation as calendars and mails write it. Raises UnknownReason, WordsNeeded."""
    if code not in REASONS:
        raise UnknownReason
    words = words.strip()
    if code == OTHER and not words:
        raise WordsNeeded
    return ": ".join(part for part in (REASON_PL.get(code, ""), words) if part)


def planned(rule: Rule, starts: datetime) -> list[datetime]:
    """Give the wall times of the dates of a plan whose validity begins with *starts*, at most DATES_MAX."""
    horizon: datetime = starts + relativedelta(months=PLANNED_MONTHS)
    return recurrence.dates(rule, starts, horizon, limit=DATES_MAX)


def merging(dates: Iterable[Kept], now: datetime) -> tuple[Kept, ...]:
    """Give the run of dates without a booking that ends with the next date to come; () when it is too short.

    *dates* are those of one series that stand, in the order of time.
    """
    run: list[Kept] = []
    for one in dates:
        if one.booked:
            run = []
        else:
            run.append(one)
        if one.starts_at > now:
            return tuple(run) if len(run) >= MERGED_AFTER else ()
    return ()


def crowded(dates: Iterable[Kept], now: datetime) -> Kept | None:
    """Give the first date to come that is full."""
    return next((one for one in dates if one.starts_at > now and one.full), None)


def digest_day(day: date) -> date:
    """Give the day on which those on duty read who is expected on *day*: one working day ahead."""
    return workdays.before(day, 1)


def until_of(today: date, months: int) -> date:
    """Give the day until which a proposal is set aside."""
    day: date = today + relativedelta(months=months)
    return day

"""Decisions about events on plain values: kinds, who may do what, which times are allowed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from app import warsaw
from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from events.calendar.models import (
    OFFER_HOURS,
    TITLE_MAX,
    Admission,
    Answer,
    Consent,
    EventKind,
    Part,
    Promotion,
    SignUpScope,
    Split,
    State,
    Visibility,
)
from events.recurrence import Rule
from projects.programmes import rules as programmes

LONGEST = timedelta(days=14)
PRISON_KINDS = frozenset({"prison", "remand_prison", "external_unit"})

KIND_LABEL: Mapping[EventKind, str] = {
    EventKind.GROUP_MEETING: N_("Group meeting"),
    EventKind.INDIVIDUAL_MEETING: N_("Individual meetings"),
    EventKind.DUTY_HOURS: N_("Social worker's duty hours"),
    EventKind.STAFF_TRAINING: N_("Staff training"),
    EventKind.STUDY_VISIT: N_("Study visit"),
    EventKind.COORDINATION_MEETING: N_("Coordination meeting"),
    EventKind.CONFERENCE: N_("Conference"),
    EventKind.COUNCIL_MEETING: N_("Council meeting"),
    EventKind.WORKSHOP: N_("Workshop"),
    EventKind.FAMILY_THERAPY: N_("Family therapy"),
    EventKind.GROUP_THERAPY: N_("Group therapy"),
    EventKind.INDIVIDUAL_THERAPY: N_("Individual therapy"),
    EventKind.VOCATIONAL_TRAINING: N_("Vocational training"),
    EventKind.COUNSELLING: N_("Counselling"),
    EventKind.ADMINISTRATIVE_STEP: N_("Interview or administrative step"),
    EventKind.OTHER: N_("Other event"),
}

# The word in calendars and mails that are Polish whatever the reader's language (feeds have one language).
KIND_LABEL_PL: Mapping[EventKind, str] = {
    EventKind.GROUP_MEETING: "Spotkanie grupowe",
    EventKind.INDIVIDUAL_MEETING: "Spotkania indywidualne",
    EventKind.DUTY_HOURS: "Dyżur pracownika socjalnego",
    EventKind.STAFF_TRAINING: "Szkolenie kadry",
    EventKind.STUDY_VISIT: "Wizyta studyjna",
    EventKind.COORDINATION_MEETING: "Narada koordynacyjna",
    EventKind.CONFERENCE: "Konferencja",
    EventKind.COUNCIL_MEETING: "Posiedzenie rady",
    EventKind.WORKSHOP: "Warsztaty",
    EventKind.FAMILY_THERAPY: "Terapia rodzinna",
    EventKind.GROUP_THERAPY: "Terapia grupowa",
    EventKind.INDIVIDUAL_THERAPY: "Terapia indywidualna",
    EventKind.VOCATIONAL_TRAINING: "Szkolenie zawodowe",
    EventKind.COUNSELLING: "Doradztwo",
    EventKind.ADMINISTRATIVE_STEP: "Wywiad lub czynność w postępowaniu",
    EventKind.OTHER: "Inne wydarzenie",
}

FAMILY: Mapping[EventKind, str] = {
    EventKind.GROUP_MEETING: "spotkanie",
    EventKind.INDIVIDUAL_MEETING: "spotkanie",
    EventKind.DUTY_HOURS: "dyzur",
    EventKind.STAFF_TRAINING: "kadra",
    EventKind.STUDY_VISIT: "studyjna",
    EventKind.COORDINATION_MEETING: "spotkanie",
    EventKind.CONFERENCE: "spotkanie",
    EventKind.COUNCIL_MEETING: "spotkanie",
    EventKind.WORKSHOP: "warsztat",
    EventKind.FAMILY_THERAPY: "rodzina",
    EventKind.GROUP_THERAPY: "warsztat",
    EventKind.INDIVIDUAL_THERAPY: "warsztat",
    EventKind.VOCATIONAL_TRAINING: "kadra",
    EventKind.COUNSELLING: "warsztat",
    EventKind.ADMINISTRATIVE_STEP: "inne",
    EventKind.OTHER: "inne",
}

FAMILY_LABEL: Mapping[str, str] = {
    "spotkanie": N_("Meetings"),
    "dyzur": N_("Duty hours"),
    "kadra": N_("Training"),
    "studyjna": N_("Study visits"),
    "rodzina": N_("Family"),
    "warsztat": N_("Workshops and therapy"),
    "inne": N_("Other"),
}

ICON: Mapping[EventKind, str] = {
    EventKind.GROUP_MEETING: "users",
    EventKind.INDIVIDUAL_MEETING: "user",
    EventKind.DUTY_HOURS: "clock",
    EventKind.STAFF_TRAINING: "cap",
    EventKind.STUDY_VISIT: "eye",
    EventKind.COORDINATION_MEETING: "swap",
    EventKind.CONFERENCE: "column",
    EventKind.COUNCIL_MEETING: "column",
    EventKind.WORKSHOP: "chat",
    EventKind.FAMILY_THERAPY: "heart",
    EventKind.GROUP_THERAPY: "users",
    EventKind.INDIVIDUAL_THERAPY: "user",
    EventKind.VOCATIONAL_TRAINING: "tools",
    EventKind.COUNSELLING: "chat",
    EventKind.ADMINISTRATIVE_STEP: "doc",
    EventKind.OTHER: "cal",
}

# Events and programmes are for the same people, under the same codes.
AUDIENCE: Mapping[str, str] = programmes.AUDIENCE

VISIBILITY_LABEL: Mapping[Visibility, str] = {
    Visibility.PUBLIC: N_("Everybody"),
    Visibility.PARTNERS: N_("Signed-in partners"),
    Visibility.INVITED: N_("Invited institutions only"),
}


ADMISSION_LABEL: Mapping[Admission, str] = {
    Admission.OPEN: N_("whoever signs up gets a place"),
    Admission.APPROVAL: N_("the organiser accepts each sign-up"),
}

PROMOTION_LABEL: Mapping[Promotion, str] = {
    Promotion.AUTOMATIC: N_("the next in the queue gets it at once"),
    Promotion.OFFER: N_("the next in the queue is asked and answers in time"),
}

SIGN_UP_SCOPE_LABEL: Mapping[SignUpScope, str] = {
    SignUpScope.DATE: N_("each date apart"),
    SignUpScope.SERIES: N_("all dates at once"),
}

CONSENT_LABEL: Mapping[Consent, str] = {
    Consent.PENDING: N_("in progress"),
    Consent.NOT_NEEDED: N_("not needed"),
    Consent.GRANTED: N_("granted"),
}


class UnsafeHour(Refusal):
    """A start or end in the doubled or missing hour of a clock-change night."""

    message = N_("In this night the clocks change: choose a time before 02:00 or from 03:00 on.")


class EndBeforeStart(Refusal):
    """An end that is not after the start."""

    message = N_("The end must be later than the start.")


class TooLong(Refusal):
    """An event longer than 14 days."""

    message = N_("An event can last 14 days at most. For a longer one post a project.")


class InThePast(Refusal):
    """A start that has passed."""

    message = N_("The date must be later than now.")


class Incomplete(Refusal):
    """A draft that lacks what publishing needs."""

    message = N_("This draft is not complete yet: give the place and whom the event is for, then publish it.")


class RoomElsewhere(Refusal):
    """A room of another institution than the place."""

    message = N_("This room belongs to another place. Choose a room of the place, or change the place.")


class MinorsUnprotected(Refusal):
    """Children take part, and nobody has said that those who lead were checked."""

    message = N_(
        "Children take part: give the day on which those who lead were checked, and confirm that standards for the "
        "protection of minors are in force."
    )


class NotAgreed(Conflict):
    """Publishing before the host and all co-organisers have said yes."""

    message = N_(
        "Not confirmed yet: %(names)s. Ask them to confirm, or note what you agreed outside Kładka, then publish."
    )


class NobodyToAsk(Conflict):
    """Asking when everybody has agreed, was asked, or has nobody in Kładka."""

    message = N_(
        "There is nobody to ask: the others have been asked already, or have nobody in Kładka yet. Agree with those "
        "by letter or telephone and note it."
    )


class NotAsked(Forbidden):
    """An answer of an institution that nobody has asked."""

    message = N_("Your institution has not been asked about this event.")


class AnswersItself(Conflict):
    """Noting the word of an institution whose people can give it themselves."""

    message = N_("This institution has coordinators in Kładka. Ask them to confirm: nobody else can do it for them.")


class CancelInstead(Conflict):
    """A host who does not agree to what has been published."""

    message = N_("The event is published and people count on it. If it cannot take place in your house, cancel it.")


class ReasonMissing(Refusal):
    """A no without a reason."""

    message = N_("Say why: the organiser must know what to change.")


class NotYourConsent(Forbidden):
    """A director's consent noted by anybody but the prison unit."""

    message = N_("Only a coordinator of the prison unit in which the event takes place can note this.")


class ConsentDayMissing(Refusal):
    """A consent without its day, or of a day to come."""

    message = N_("Give the day on which the consent was granted: today or earlier.")


class NotADraft(Conflict):
    """Publishing what is published or cancelled already."""

    message = N_("This event has been published or cancelled already.")


class AlreadyCancelled(Conflict):
    """An act on a cancelled event."""

    message = N_("This event has been cancelled. Copy it as a new one if it is to take place after all.")


class StalePage(Conflict):
    """A form made from an older state of the event."""

    message = N_("Somebody changed this event while you were editing it. Compare and save again.")


class NoDatesLeft(Refusal):
    """A series of which every date was left out."""

    message = N_("All dates are left out. Keep at least one, or delete the draft.")


class AlreadyOver(Conflict):
    """A change of an event that has ended."""

    message = N_("This event is over and can no longer be changed.")


class NotYourEvent(Forbidden):
    """A change of another institution's event."""

    message = N_("Only a coordinator of the organising institution can do this.")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who leads or speaks; without an institution the function says where he comes from."""

    person: str
    function: str = ""
    institution_id: int | None = None


@dataclass(frozen=True, slots=True)
class EventDraft:
    """What a form says of an event: checked values, Warsaw wall times, ids that the view has resolved.

    *consent* is a wish, heard only from the prison unit in which the event takes place; *part_of_id*, the edition with
    its terms and the slots of duty hours are kept from the first saving on.
    """

    title: str
    kind: EventKind
    starts: datetime
    ends: datetime
    all_day: bool = False
    place_institution_id: int | None = None
    place: str = ""
    room: str = ""
    room_id: int | None = None
    online: bool = False
    online_link: str = ""
    voivodeship_code: str | None = None
    capacity: int | None = None
    audience: tuple[str, ...] = ()
    description: str = ""
    topics: tuple[str, ...] = ()
    visibility: Visibility = Visibility.PARTNERS
    programme_id: int | None = None
    edition_id: int | None = None
    clause_id: int | None = None
    split: Split = Split.SPLIT
    admission: Admission = Admission.OPEN
    promotion: Promotion = Promotion.AUTOMATIC
    offer_hours: int = OFFER_HOURS
    signup_scope: SignUpScope = SignUpScope.DATE
    participants: bool = False
    signup_opens_at: datetime | None = None
    signup_closes_at: datetime | None = None
    withdraw_until: datetime | None = None
    consent: Consent | None = None
    children: bool = False
    minors_checked_on: date | None = None
    minors_standards: bool = False
    agenda: str = ""
    contact: str = ""
    speakers: tuple[Speaker, ...] = ()
    co_organisers: tuple[int, ...] = ()
    invited: tuple[int, ...] = ()
    part_of_id: int | None = None
    slot_minutes: int | None = None
    slot_persons: int | None = None
    rule: Rule | None = None
    basis: str = ""
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class DateDraft:
    """What a form says of one date of a series: Warsaw wall times, and a place resolved by the view."""

    title: str
    starts: datetime
    ends: datetime
    place_institution_id: int | None = None
    place: str = ""
    room: str = ""
    room_id: int | None = None


class HasTimes(Protocol):
    """What the decisions below read of an event."""

    organiser_id: int
    place_institution_id: int | None
    state: State


def check_times(starts: datetime, ends: datetime, *, all_day: bool = False) -> None:
    """Refuse Warsaw wall times that no calendar shows alike.

    Raises EndBeforeStart, TooLong, UnsafeHour.
    """
    if ends <= starts:
        raise EndBeforeStart
    if ends - starts > LONGEST:
        raise TooLong
    if not all_day and (warsaw.is_unsafe(starts) or warsaw.is_unsafe(ends)):
        raise UnsafeHour


def check_future(starts: datetime, now: datetime, *, all_day: bool = False) -> None:
    """Refuse a start (Warsaw wall time) that has passed at *now*. Raises InThePast."""
    past = starts.date() < warsaw.today(now) if all_day else warsaw.to_utc(starts) <= now
    if past:
        raise InThePast


def may_draft(actor: Actor) -> bool:
    """Whether *actor* may begin an event for his institution."""
    return actor.prepares or actor.role is Role.SYSTEM


def may_edit(actor: Actor, event: HasTimes) -> bool:
    """Whether *actor* may change or cancel *event*, and publish it once admitted: coordinators of the organiser."""
    return actor.role is Role.SYSTEM or (actor.prepares and actor.institution_id == event.organiser_id)


def may_stop(actor: Actor, event: HasTimes) -> bool:
    """Whether *actor* may cancel *event* or one of its dates: the organiser, and the host of the place."""
    hosts = actor.coordinates and actor.institution_id == event.place_institution_id
    return may_edit(actor, event) or hosts


def stands(answer: Answer | None, *, answered: bool) -> bool:
    """Whether an institution is named as one that takes part: it agrees, or had *answered* when it was asked anew."""
    return has_agreed(answer) or (answer is Answer.ASKED and answered)


# What the host of the place may change beside the organiser, and what a co-organiser may; of a date, the same times.
HOST_MAY = frozenset({"local_start", "minutes", "room", "room_id", "signup_closes_at", "withdraw_until"})
# A date with a room of its own holds its place, too, though it is the same.
HOST_MAY_OF_DATE = frozenset({"starts_at", "ends_at", "place", "room", "room_id"})
CO_ORGANISER_MAY = frozenset({"topics", "agenda", "speakers"})


def may_move(actor: Actor, event: HasTimes) -> bool:
    """Whether *actor* may change hours and room beside the organiser: coordinators of the house."""
    return actor.coordinates and actor.institution_id == event.place_institution_id


def may_consent(actor: Actor, event: HasTimes) -> bool:
    """Whether *actor* notes the director's consent: coordinators of the unit in which the event takes place."""
    return actor.role is Role.SYSTEM or (actor.coordinates and actor.institution_id == event.place_institution_id)


def missing(*, has_place: bool, audience: Sequence[str], minors_open: bool = False) -> list[str]:
    """Name (as msgids) what a draft lacks before it can be published."""
    gaps = []
    if not has_place:
        gaps.append(N_("where it takes place"))
    if not audience:
        gaps.append(N_("whom it is for"))
    if minors_open:
        gaps.append(N_("how the children who take part are protected"))
    return gaps


def minors_open(*, children: bool, checked_on: date | None, standards: bool) -> bool:
    """Whether children take part and it has not been said yet how they are protected (art. 21 of the act)."""
    return children and (checked_on is None or not standards)


def consent_of(
    place_kind: str, *, own_place: bool, wanted: Consent | None, present: Consent | None, moved: bool
) -> Consent | None:
    """Give the state of the director's consent: None outside prison units.

    The unit itself (*own_place*) may say at once that none is needed; a *moved* event needs a new consent. That it was
    granted is said by an act of its own.
    """
    if place_kind not in PRISON_KINDS:
        return None
    kept = None if moved else present
    if own_place and wanted is not None and wanted is not Consent.GRANTED and kept is not Consent.GRANTED:
        return wanted
    return kept or Consent.PENDING


def part_of(institution_id: int, *, place_id: int | None, co_organisers: Sequence[int]) -> Part:
    """Give why an institution stands on an event: who organises it too is no mere host, and a host no mere guest."""
    if institution_id in co_organisers:
        return Part.CO_ORGANISER
    return Part.HOST if institution_id == place_id else Part.INVITED


def has_agreed(answer: Answer | None) -> bool:
    """Whether an institution that must answer has said yes, in Kładka or on paper."""
    return answer in (Answer.CONFIRMED, Answer.OUTSIDE)


def titled(title: str, topic: str) -> str | None:
    """Give the title of a date that has a *topic*; None for one without, which is called as its series."""
    return f"{title}: {topic}"[:TITLE_MAX].rstrip() if topic else None


def retitled(own: str, before: str, title: str) -> str:
    """Give the title of a date after its series was renamed: what begins with the old title begins with the new one."""
    prefix = f"{before}: "
    return titled(title, own[len(prefix) :]) or title if own.startswith(prefix) else own


def default_visibility(place_kind: str) -> Visibility:
    """Inside a prison unit an event is for the invited unless somebody opens it; elsewhere for partners."""
    return Visibility.INVITED if place_kind in PRISON_KINDS else Visibility.PARTNERS


def minutes_between(starts: datetime, ends: datetime) -> int:
    """Length in minutes of real time between two Warsaw wall times."""
    return round((warsaw.to_utc(ends) - warsaw.to_utc(starts)).total_seconds() / 60)


def last_day(starts: datetime, ends: datetime) -> date:
    """Last Warsaw date that the event touches; an end at midnight does not touch the next day."""
    return (ends - timedelta(minutes=1)).date() if ends > starts else starts.date()

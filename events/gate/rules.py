"""Decisions about entry lists on plain values: who may, until when freely, what a unit asks, codes and refusals."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app import warsaw
from app.actors import Actor
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_, fold
from events.gate.models import FREEZE_DAYS, EntryState, Origin, Preset
from partners.institutions import workdays

KEPT_FOR = timedelta(days=30)
PEOPLE_PER_PAGE = 25
EXTRA_MAX = 60
# Of what nobody takes in; a list that is longer is no list for a gate.
PEOPLE_MAX = 500
ITEMS_MAX = 100

EXTRA_FIELDS: Mapping[str, str] = {
    "vehicle": N_("Vehicle and registration number"),
    "phone": N_("Telephone for the escort"),
    "arrival": N_("Hour of arrival"),
    "task": N_("What the person will do there"),
}

PRESET_LABEL: Mapping[Preset, str] = {
    Preset.NAMES: N_("names only"),
    Preset.NAMES_AND_EQUIPMENT: N_("names and equipment"),
    Preset.CUSTOM: N_("our own rules"),
}

STATE_LABEL: Mapping[EntryState, str] = {
    EntryState.LISTED: N_("on the list"),
    EntryState.REQUESTED: N_("waits for the unit's decision"),
    EntryState.APPROVED: N_("allowed in"),
    EntryState.REFUSED: N_("not allowed in"),
    EntryState.REMOVED: N_("taken off the list"),
}

THING_LABEL: Mapping[EntryState, str] = {
    EntryState.LISTED: N_("reported"),
    EntryState.REQUESTED: N_("waits for the unit's decision"),
    EntryState.APPROVED: N_("may be brought in"),
    EntryState.REFUSED: N_("must not be brought in"),
    EntryState.REMOVED: N_("taken off the list"),
}

ORIGIN_LABEL: Mapping[Origin, str] = {
    Origin.SIGN_UP: N_("signed up"),
    Origin.SPEAKER: N_("leads or speaks"),
    Origin.GUEST: N_("guest"),
}

OTHER = "other"
PERSON_REASONS: Mapping[str, str] = {
    "late": N_("too late to check the person"),
    "number": N_("more people than the unit can let in"),
    "data": N_("data are missing or unclear"),
    "consent": N_("the head of the unit has not consented"),
    "security": N_("for reasons of security"),
    OTHER: N_("another reason, said beside it"),
}
THING_REASONS: Mapping[str, str] = {
    "forbidden": N_("must not be brought into the unit"),
    "on_site": N_("the unit has such a thing and lends it"),
    "serial": N_("model or serial number is missing"),
    "late": N_("too late to check the thing"),
    "security": N_("for reasons of security"),
    OTHER: N_("another reason, said beside it"),
}

# What the sheet says to the guard: plain words that tell what to do.
GATE_WORDS: Mapping[EntryState, str] = {
    EntryState.LISTED: N_("let in"),
    EntryState.REQUESTED: N_("no decision – not without the duty officer's consent"),
    EntryState.APPROVED: N_("let in"),
    EntryState.REFUSED: N_("refused – do not let in"),
    EntryState.REMOVED: N_("withdrawn – will not come"),
}
NO_CONSENT_WORDS = N_("the head has not consented – not without the duty officer's consent")
GATE_THING_WORDS: Mapping[EntryState, str] = {
    EntryState.LISTED: N_("no decision – into the deposit"),
    EntryState.REQUESTED: N_("no decision – into the deposit, or ask the duty officer"),
    EntryState.APPROVED: N_("may be brought in"),
    EntryState.REFUSED: N_("refused – must not be brought in"),
    EntryState.REMOVED: N_("withdrawn – will not be brought"),
}

STANDING_TEXT = N_(
    "Bring an identity document: it is checked at the gate and may be kept until you leave. Do not bring a telephone, "
    "a smart watch, memory sticks or other storage media, medicines or food. What is not on the list of equipment goes "
    "into the deposit. Come 15 minutes early."
)

ACTIVE = frozenset({EntryState.LISTED, EntryState.REQUESTED, EntryState.APPROVED})
_DOCUMENTS = (
    re.compile(r"(?<![A-Z0-9])[A-Z]{3}[ -]?\d{6}(?!\d)"),  # identity card
    re.compile(r"(?<![A-Z0-9])[A-Z]{2}[ -]?\d{7}(?!\d)"),  # passport
    re.compile(r"(?<!\d)\d{5}/\d{2}/\d{4}(?!\d)"),  # driving licence
)


class NotYourList(Forbidden):
    """A change of another institution's people or things."""

    message = N_("Only coordinators of the institution that these people come from can change this.")


class NotYourGate(Forbidden):
    """A decision, a print or rules of another unit."""

    message = N_("Only the unit into which these people come decides this.")


class NotTheOrganiser(Forbidden):
    """A guest added by somebody who neither organises nor co-organises."""

    message = N_(
        "Only the organiser, co-organisers and the unit add guests. Sign your own people up on the event page."
    )


class NoSuchList(Conflict):
    """An act on the list of a date that is cancelled or does not take place in a prison unit any more."""

    message = N_("There is no entry list for this date any more. See the event page.")


class DayIsOver(Conflict):
    """A change after the day."""

    message = N_("This day is over: its entry list can no longer be changed.")


class Withdrawn(Conflict):
    """An act on a person or thing that has been withdrawn."""

    message = N_("This entry has been withdrawn in the meantime.")


class Stale(Conflict):
    """A decision about a person or thing that has changed since the page was drawn."""

    message = N_("Somebody has changed this entry in the meantime. See how it stands now, then decide.")


class NotAGuest(Conflict):
    """A change here of somebody who signed up or speaks."""

    message = N_("This person signed up or leads the event. Change it on the event page; this list follows.")


class ReasonMissing(Refusal):
    """A refusal without a reason."""

    message = N_("Choose why you refuse: the institution sees the reason.")


class WordsMissing(Refusal):
    """The reason “another” without words."""

    message = N_("You chose another reason: say in a few words which.")


class NobodyNamed(Refusal):
    """A guest without a name."""

    message = N_("Give the name and surname of the person.")


class NothingNamed(Refusal):
    """A thing without a name."""

    message = N_("Say what you want to bring in, and how many.")


class EquipmentOff(Refusal):
    """Equipment for a unit that takes none."""

    message = N_("This unit does not let anybody bring equipment in. Ask it whether it lends what you need.")


class FieldNotAsked(Refusal):
    """An answer to what the unit does not ask for."""

    message = N_("The unit does not ask for this. See its present rules.")


class DocumentNumber(Refusal):
    """The number of an identity document in a field of an entry list."""

    message = N_(
        "This looks like the number of an identity document. Kładka does not keep such numbers: the document is shown "
        "at the gate."
    )


class ListFull(Refusal):
    """More than a list can hold."""

    message = N_("This list is full. Write to the unit.")


@dataclass(frozen=True, slots=True)
class Expected:
    """A person whom a sign-up brings; *person* is empty while a place has no name yet."""

    signup_id: int
    institution_id: int
    person: str
    function: str


@dataclass(frozen=True, slots=True)
class UnitRules:
    """What a unit asks of those who enter, its own choice or the defaults."""

    preset: Preset = Preset.NAMES_AND_EQUIPMENT
    freeze_days: int = FREEZE_DAYS
    fields: tuple[str, ...] = ()
    equipment: bool = True
    standing_text: str = ""


def freeze_day(day: date, freeze_days: int) -> date:
    """Give the last day on which a list of *day* changes freely: the *freeze_days*-th working day before it."""
    return workdays.before(day, freeze_days)


def is_frozen(day: date, freeze_days: int, now: datetime) -> bool:
    """Whether a change of the list of *day* is a request at *now*: after the end of its freeze day."""
    return warsaw.today(now) > freeze_day(day, freeze_days)


def is_over(day: date, now: datetime) -> bool:
    """Whether *day* has passed."""
    return warsaw.today(now) > day


def may_decide(actor: Actor, unit_id: int) -> bool:
    """Whether *actor* sees whole lists of the unit, decides, prints: its coordinators and admins."""
    return actor.coordinates and actor.institution_id == unit_id


def may_set_rules(actor: Actor, unit_id: int) -> bool:
    """Whether *actor* sets what the unit asks for: its admin."""
    return actor.coordinates and actor.role.value == "admin" and actor.institution_id == unit_id


def may_keep(actor: Actor, institution_id: int | None) -> bool:
    """Whether *actor* completes, adds and withdraws for *institution_id*: its coordinators and admins."""
    return actor.coordinates and institution_id is not None and actor.institution_id == institution_id


def reasons(*, thing: bool) -> Mapping[str, str]:
    """Give the codes of refusal of a thing or of a person, with their words."""
    return THING_REASONS if thing else PERSON_REASONS


def check_reason(reason: str, note: str, *, thing: bool) -> None:
    """Refuse a refusal that nobody understands. Raises ReasonMissing, WordsMissing."""
    if reason not in reasons(thing=thing):
        raise ReasonMissing
    if reason == OTHER and not note:
        raise WordsMissing


def holds_document_number(text: str) -> bool:
    """Tell whether *text* holds what looks like the number of an identity card, passport or driving licence."""
    return any(pattern.search(text.upper()) for pattern in _DOCUMENTS)


def check_words(*words: str) -> None:
    """Refuse numbers of identity documents. Raises DocumentNumber."""
    if any(holds_document_number(word) for word in words):
        raise DocumentNumber


def gate_words(state: EntryState, consents: Sequence[str]) -> str:
    """Give (as a msgid) what the guard does with a person in *state* on events with these consents of the head."""
    if "pending" in consents and state in (EntryState.LISTED, EntryState.APPROVED):
        return NO_CONSENT_WORDS
    return GATE_WORDS[state]


def same_person(person: str) -> str:
    """Give the key by which two entries of one list are one person; "" for a place without a name."""
    return fold(person)


def combined(states: Sequence[EntryState]) -> EntryState:
    """Give the state of a person who stands on two parts of one day: what the gate must know first wins."""
    order = (
        EntryState.REFUSED,
        EntryState.REQUESTED,
        EntryState.LISTED,
        EntryState.APPROVED,
        EntryState.REMOVED,
    )
    return min(states, key=order.index)

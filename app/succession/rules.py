"""Decisions about merging and succession on plain values, and the words of what moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from partners.institutions.models import Institution, Status
from partners.institutions.rules import KIND_GROUP

# What a merged card may fill in where the surviving one is empty. The address is taken as a whole.
FILLED = ("short_name", "email", "phone", "website", "hours", "description", "inspectorate", "valid_from", "parent_id")
ADDRESS = ("street", "postal_code", "post_town", "locality")

TABLE_LABEL: Mapping[str, str] = {
    "agreement_party": N_("agreements"),
    "application": N_("application for admission"),
    "attendance": N_("attendance of its people"),
    "booking": N_("bookings"),
    "calendar_feed": N_("personal addresses of calendars"),
    "card_report": N_("reports on the card"),
    "contact": N_("contacts"),
    "duty_booking": N_("bookings of duty hours"),
    "event": N_("events"),
    "event_party": N_("invitations to events and co-organisers"),
    "event_speaker": N_("people who lead or speak"),
    "gate_entry": N_("entry lists"),
    "gate_equipment": N_("equipment on entry lists"),
    "gate_print": N_("prints of entry lists"),
    "gate_rules": N_("rules of the gate"),
    "institution": N_("parent institutions, units and successions"),
    "institution_acts_as": N_("tasks of other kinds"),
    "institution_alias": N_("other names"),
    "institution_feature": N_("features of the unit"),
    "institution_history": N_("lines of history"),
    "institution_slug": N_("former addresses"),
    "institution_territory": N_("territory served"),
    "invitation": N_("invitations to accounts"),
    "membership": N_("people"),
    "occurrence": N_("dates of events"),
    "occurrence_speaker": N_("people who lead or speak on single dates"),
    "programme": N_("projects led"),
    "programme_happening": N_("what happened in projects"),
    "programme_partner": N_("projects of others"),
    "record_remark": N_("remarks on sealed records"),
    "record_reply": N_("answers to records of meetings"),
    "record_task": N_("tasks out of meetings"),
    "room": N_("rooms"),
    "service_offer": N_("services"),
    "signup": N_("sign-ups"),
    "unavailability": N_("blocked days"),
    "visit": N_("visit requests"),
    "visit_option": N_("dates on offer for visits"),
    "visit_rules": N_("rules for visits"),
    "visit_seen": N_("how far visit requests were read"),
    "visit_step": N_("steps in visit requests"),
}
FILLED_LABEL: Mapping[str, str] = {
    "short_name": N_("short name"),
    "email": N_("e-mail"),
    "phone": N_("phone"),
    "website": N_("website"),
    "hours": N_("hours"),
    "description": N_("description"),
    "inspectorate": N_("district inspectorate"),
    "valid_from": N_("since when it works"),
    "parent_id": N_("parent institution"),
    "street": N_("address"),
}


class OperatorOnly(Forbidden):
    """Merging or succession by anybody else."""

    message = N_("Only the operator of the portal merges cards and names successors.")


class SameCard(Refusal):
    """One card chosen twice."""

    message = N_("These are not two cards but one. Choose another one.")


class OtherKind(Refusal):
    """Merging a prison with a welfare centre."""

    message = N_(
        "These cards are of different kinds, such as a prison and a welfare centre. Correct the kind first if one of "
        "them is wrong."
    )


class OtherLayer(Refusal):
    """Mixing what is invented for the demonstration with facts."""

    message = N_("One of these cards is sample data. Sample data and real institutions are never mixed.")


class NotDecided(Refusal):
    """A card that waits for admission, or was not admitted."""

    message = N_("One of these cards waits for admission or was not admitted. Decide its application first.")


class SurvivorArchived(Refusal):
    """Merging into, or succeeding by, a card that is archived."""

    message = N_("The card that stays must be active. This one is archived.")


class Archived(Refusal):
    """Succession of a card that is archived already."""

    message = N_("This card is archived already.")


class PartlyAhead(Refusal):
    """Handing over only a part from a day that has not come: nothing would remember the choice until then."""

    message = N_("From a day ahead everything passes. Tick all boxes, or come back on that day and choose.")


class NotAnnounced(Conflict):
    """Withdrawing a succession that is not announced, or has happened."""

    message = N_("No succession is announced for this card.")


class DayTooEarly(Refusal):
    """Succession from a day before the institution began."""

    message = N_("The institution did not exist yet on that day.")


class Stale(Conflict):
    """What would move has changed since the page was shown."""

    message = N_("Something has changed since you looked at these cards. Look at them again, then merge.")


class LeftBehind(Exception):
    """A fault, not a refusal: after a merge something still points to the card that is about to go."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What passes to a successor besides territory, names and units, and from which day."""

    day: date
    people: bool = True
    contacts: bool = True
    services: bool = True
    coming: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether everything passes."""
        return self.people and self.contacts and self.services and self.coming


def may_rearrange(actor: Actor) -> bool:
    """Whether *actor* merges cards and names successors; the portal itself carries out what was announced."""
    return actor.role in (Role.OPERATOR, Role.SYSTEM)


def check_pair(one: Institution, other: Institution) -> None:
    """Raise SameCard, OtherLayer or NotDecided for what never belongs together."""
    if one.id == other.id:
        raise SameCard
    if one.synthetic != other.synthetic:
        raise OtherLayer
    if {one.status, other.status} & {Status.APPLIED, Status.REFUSED}:
        raise NotDecided


def check_merge(duplicate: Institution, survivor: Institution) -> None:
    """Raise SameCard, OtherLayer, NotDecided, OtherKind, SurvivorArchived."""
    check_pair(duplicate, survivor)
    if KIND_GROUP[duplicate.kind] is not KIND_GROUP[survivor.kind]:
        raise OtherKind
    if survivor.status is Status.ARCHIVED:
        raise SurvivorArchived


def check_succession(old: Institution, successor: Institution) -> None:
    """Raise SameCard, OtherLayer, NotDecided, Archived, SurvivorArchived."""
    check_pair(old, successor)
    if old.status is Status.ARCHIVED:
        raise Archived
    if successor.status is Status.ARCHIVED:
        raise SurvivorArchived


def check_day(old: Institution, handover: Handover, today: date) -> None:
    """Raise DayTooEarly, PartlyAhead."""
    if old.valid_from is not None and handover.day <= old.valid_from:
        raise DayTooEarly
    if handover.day > today and not handover.is_whole:
        raise PartlyAhead


def fills(duplicate: Institution, survivor: Institution) -> dict[str, object]:
    """Give the columns that are empty on *survivor* with what *duplicate* knows; an address only as a whole."""
    found = {name: getattr(duplicate, name) for name in FILLED if not getattr(survivor, name)}
    found = {name: value for name, value in found.items() if value}
    if found.get("parent_id") == survivor.id:
        del found["parent_id"]
    if duplicate.street and not any(getattr(survivor, name) for name in ADDRESS):
        found |= {name: getattr(duplicate, name) for name in ADDRESS}
    return found

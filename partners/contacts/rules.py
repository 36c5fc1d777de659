"""Decisions about contacts on plain values: roles, who stands in for whom, who may keep a card and report on it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from partners.contacts.models import ReportKind
from partners.institutions.models import KindGroup

CONTACTS_MAX = 40
ABSENCE_MAX = timedelta(days=366)
REPORTER_KEPT = timedelta(days=365)
REMINDED_FOR = timedelta(days=365)

CONTACT_ROLES: Mapping[str, str] = {
    "penitentiary_contact": N_("contact for welfare centres (penitentiary department)"),
    "records_contact": N_("records department"),
    "duty_desk": N_("shift commander / pass office"),
    "prison_social_worker": N_("social worker employed in the prison unit"),
    "social_work_contact": N_("social worker for contact with the prison unit"),
    "head": N_("head of the institution"),
    "programme_coordinator": N_("programme coordinator"),
    "inspector": N_("inspector of social welfare"),
    "front_desk": N_("front office"),
}
_OF_PRISONS = ("penitentiary_contact", "records_contact", "duty_desk", "prison_social_worker")
_OF_OTHERS = ("social_work_contact", "inspector")

REPORT_LABEL: Mapping[ReportKind, str] = {
    ReportKind.PHONE: N_("The number does not answer"),
    ReportKind.EMAIL: N_("Mails come back or nobody answers them"),
    ReportKind.ADDRESS: N_("The address is wrong"),
    ReportKind.HOURS: N_("The hours are wrong"),
    ReportKind.SERVICE: N_("A service is not offered any more"),
    ReportKind.OTHER: N_("Something else is wrong"),
}
REPORTED: Mapping[ReportKind, str] = {
    ReportKind.PHONE: N_("It was reported that the number does not answer (%(day)s)."),
    ReportKind.EMAIL: N_("It was reported that mails are not answered (%(day)s)."),
    ReportKind.ADDRESS: N_("It was reported that the address is wrong (%(day)s)."),
    ReportKind.HOURS: N_("It was reported that the hours are wrong (%(day)s)."),
    ReportKind.SERVICE: N_("It was reported that a service is not offered any more (%(day)s)."),
    ReportKind.OTHER: N_("It was reported that something on this card is wrong (%(day)s)."),
}


class Outcome(StrEnum):
    """How a report was settled."""

    CORRECTED = "corrected"
    RIGHT = "right"


OUTCOME_LABEL: Mapping[Outcome, str] = {
    Outcome.CORRECTED: N_("We have corrected the card"),
    Outcome.RIGHT: N_("We have checked: the card is right"),
}


class NotYourContacts(Forbidden):
    """Editing the contacts of a card that is not the actor's to keep."""

    message = N_("Only an administrator of this institution edits its contacts.")


class TooManyContacts(Refusal):
    """More contacts than a card can show."""

    message = N_("A card holds at most %(limit)d contacts. Remove one that is no longer needed.")


class Unreachable(Refusal):
    """A contact without a mailbox and without a telephone."""

    message = N_("Give an e-mail address or a telephone number.")


class AbsenceBackwards(Refusal):
    """The last day of an absence lies before its first."""

    message = N_("The last day of the absence must not lie before the first.")


class AbsenceOver(Refusal):
    """An absence that has passed already."""

    message = N_("This absence has passed already. Give a last day that is today or later.")


class AbsenceTooLong(Refusal):
    """An absence of more than a year."""

    message = N_("An absence lasts a year at most. Remove the contact if the person does not come back.")


class AbsentAlready(Refusal):
    """An absence that overlaps another one of the same contact."""

    message = N_("Another absence of this contact is noted for these days. Remove it first.")


class NothingToConfirm(Conflict):
    """Confirming contacts of a card that has none."""

    message = N_("There is no contact to confirm. Add one first.")


class NotAPartner(Forbidden):
    """A report by somebody who acts for no institution."""

    message = N_("Only people of an institution that is listed in Kładka can report a mistake on a card.")


class OwnCard(Refusal):
    """Reporting a mistake on one's own card."""

    message = N_("This is the card of your own institution. Its administrator can correct it at once.")


class NotYourReports(Forbidden):
    """Settling reports on another institution's card."""

    message = N_("Only coordinators and administrators of this institution settle reports on its card.")


class SettledAlready(Conflict):
    """Settling a report twice."""

    message = N_("This report has been settled already.")


@dataclass(frozen=True, slots=True)
class Line:
    """A contact as it stands in the line of its role."""

    id: int
    role: str
    person: str
    phone: str
    mailbox: str
    hours: str
    public: bool
    confirmed_on: date | None


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """What an institution writes about one contact."""

    role: str
    mailbox: str = ""
    person: str = ""
    phone: str = ""
    hours: str = ""
    public: bool = False


def roles_for(group: KindGroup, present: str = "") -> dict[str, str]:
    """Give the roles that a contact of this kind of institution can have; *present* stays whatever the kind."""
    unfit = _OF_OTHERS if group is KindGroup.PRISON else _OF_PRISONS
    return {role: label for role, label in CONTACT_ROLES.items() if role not in unfit or role == present}


def may_keep(actor: Actor, institution_id: int) -> bool:
    """Whether *actor* edits the contacts of this institution: its administrators and the operator."""
    own = actor.role is Role.ADMIN and actor.institution_id == institution_id
    return own or actor.role is Role.OPERATOR


def may_report(actor: Actor) -> bool:
    """Whether *actor* may say that something on a card is wrong."""
    return actor.works_for_institution


def may_settle(actor: Actor, institution_id: int) -> bool:
    """Whether *actor* reads and settles the reports on this card."""
    own = actor.coordinates and actor.institution_id == institution_id
    return own or actor.role is Role.OPERATOR


def sees_all(actor: Actor, institution_id: int, voivodeship: str) -> bool:
    """Whether *actor* sees the contacts of a card that are for partners only; its own people before admission, too.

    *voivodeship* is the institution's: an inspector sees those in his scope.
    """
    if actor.role is Role.INSPECTOR:
        return actor.voivodeship == voivodeship
    return actor.institution_id == institution_id or actor.works_for_institution or actor.role is Role.OPERATOR


def stand_in(line: Sequence[Line], away: Collection[int]) -> Line | None:
    """Give the first of a *line* of contacts in one role who is not *away* (ids); None when all of them are."""
    return next((one for one in line if one.id not in away), None)


def check(draft: ContactDraft) -> None:
    """Raise Unreachable for a contact that nobody could reach."""
    if not draft.mailbox and not draft.phone:
        raise Unreachable


def check_absence(first: date, last: date, today: date) -> None:
    """Raise AbsenceBackwards, AbsenceOver, AbsenceTooLong."""
    if last < first:
        raise AbsenceBackwards
    if last < today:
        raise AbsenceOver
    if last - first > ABSENCE_MAX:
        raise AbsenceTooLong

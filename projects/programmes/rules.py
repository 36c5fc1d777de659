"""Decisions and words of programmes: kinds, states, who may do what, what a programme lacks to be published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from app.actors import Actor
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from projects.programmes.models import REPORT_DAYS, PartnerAnswer, ProgrammeKind, ProgrammeState

PARTNERS_MAX = 12
MILESTONES_MAX = 12

KIND_LABEL: Mapping[ProgrammeKind, str] = {
    ProgrammeKind.WORKSHOP: N_("Workshops"),
    ProgrammeKind.FAMILY_THERAPY: N_("Family therapy"),
    ProgrammeKind.GROUP_THERAPY: N_("Group therapy"),
    ProgrammeKind.VOCATIONAL_TRAINING: N_("Vocational training"),
    ProgrammeKind.COUNSELLING: N_("Counselling"),
    ProgrammeKind.HOMELESSNESS_SUPPORT: N_("Help for homeless people"),
    ProgrammeKind.INFRASTRUCTURE: N_("Buildings and equipment"),
    ProgrammeKind.STANDING_PROGRAMME: N_("Standing programme"),
}

# The word that stands for a kind in the address of the list.
KIND_WORD: Mapping[ProgrammeKind, str] = {
    ProgrammeKind.WORKSHOP: "warsztaty",
    ProgrammeKind.FAMILY_THERAPY: "terapia-rodzinna",
    ProgrammeKind.GROUP_THERAPY: "terapia-grupowa",
    ProgrammeKind.VOCATIONAL_TRAINING: "szkolenie-zawodowe",
    ProgrammeKind.COUNSELLING: "doradztwo",
    ProgrammeKind.HOMELESSNESS_SUPPORT: "pomoc-w-bezdomnosci",
    ProgrammeKind.INFRASTRUCTURE: "infrastruktura",
    ProgrammeKind.STANDING_PROGRAMME: "program-staly",
}

# Family (hue) and icon, as events of the same kind have them.
KIND_FACE: Mapping[ProgrammeKind, tuple[str, str]] = {
    ProgrammeKind.WORKSHOP: ("warsztat", "chat"),
    ProgrammeKind.FAMILY_THERAPY: ("rodzina", "heart"),
    ProgrammeKind.GROUP_THERAPY: ("warsztat", "users"),
    ProgrammeKind.VOCATIONAL_TRAINING: ("kadra", "tools"),
    ProgrammeKind.COUNSELLING: ("warsztat", "chat"),
    ProgrammeKind.HOMELESSNESS_SUPPORT: ("spotkanie", "house"),
    ProgrammeKind.INFRASTRUCTURE: ("inne", "column"),
    ProgrammeKind.STANDING_PROGRAMME: ("spotkanie", "repeat"),
}

# Class of the tag, icon, words.
STATE_TAG: Mapping[ProgrammeState, tuple[str, str, str]] = {
    ProgrammeState.DRAFT: ("wait", "pen", N_("draft")),
    ProgrammeState.RECRUITING: ("ok", "check", N_("recruiting")),
    ProgrammeState.RUNNING: ("info", "clock", N_("running")),
    ProgrammeState.COMPLETED: ("plain", "check", N_("completed")),
}

STATE_WORD: Mapping[ProgrammeState, str] = {
    ProgrammeState.RECRUITING: "nabor",
    ProgrammeState.RUNNING: "trwa",
    ProgrammeState.COMPLETED: "zakonczony",
}

# Whom programmes and events are for.
AUDIENCE: Mapping[str, str] = {
    "prison_staff": N_("prison staff"),
    "social_workers": N_("social workers"),
    "ngo_staff": N_("staff of organisations"),
    "probation_officers": N_("probation officers"),
    "office_staff": N_("staff of offices"),
    "convicts": N_("convicted persons (number only)"),
    "remand": N_("persons remanded in custody (number only)"),
    "released": N_("persons who have left prison"),
    "families": N_("families"),
    "employers": N_("employers"),
}

PUBLIC_STATES = (ProgrammeState.RECRUITING, ProgrammeState.RUNNING, ProgrammeState.COMPLETED)


class Owned(Protocol):
    """What a decision needs to know of a programme."""

    lead_id: int | None
    state: ProgrammeState


class Described(Protocol):
    """What publishing looks at; read only, so that drafts and rows both fit."""

    @property
    def summary(self) -> str: ...  # noqa: D102

    @property
    def target_group(self) -> str: ...  # noqa: D102

    @property
    def voivodeship_code(self) -> str | None: ...  # noqa: D102

    @property
    def starts_on(self) -> date | None: ...  # noqa: D102

    @property
    def ends_on(self) -> date | None: ...  # noqa: D102

    @property
    def recruiting_until(self) -> date | None: ...  # noqa: D102

    @property
    def how_to_join(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class PartnerPart:
    """An institution that takes part, and its part in words."""

    institution_id: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step of the programme: the first day of its month, and what happens in it."""

    month: date
    text: str


@dataclass(frozen=True, slots=True)
class ProgrammeDraft:
    """What the form gives of a programme: clean values, dates as Warsaw dates, amounts in whole złoty.

    *audience* are codes of AUDIENCE, *contact_role* is a role of partners/contacts.
    """

    title: str
    kind: ProgrammeKind
    summary: str = ""
    description: str = ""
    target_group: str = ""
    goals: str = ""
    results: str = ""
    voivodeship_code: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    recruiting_until: date | None = None
    funding: str = ""
    grant_number: str = ""
    how_to_join: str = ""
    state: ProgrammeState | None = None
    partners: tuple[PartnerPart, ...] = ()
    audience: tuple[str, ...] = ()
    funding_notice: str = ""
    total_amount: int | None = None
    grant_amount: int | None = None
    reports_quarterly: bool = False
    report_days: int = REPORT_DAYS
    contact_role: str = ""
    milestones: tuple[Milestone, ...] = ()


class NotYourProgramme(Forbidden):
    """The actor does not coordinate the institution that leads the programme."""

    message = N_("Only a coordinator of the institution that leads this project can change it.")


class NotACoordinator(Forbidden):
    """A project is begun by a coordinator for his institution."""

    message = N_("Only a coordinator can add a project. Ask the coordinator of your institution.")


class TitleMissing(Refusal):
    """Even a draft needs a title."""

    message = N_("Give the project a title: the draft is kept under it.")


class EndBeforeStart(Refusal):
    """The term ends before it begins."""

    message = N_("The last day must not be earlier than the first day.")


class RecruitingAfterEnd(Refusal):
    """Recruitment runs longer than the programme."""

    message = N_("Recruitment must end no later than the project itself.")


class GrantAboveTotal(Refusal):
    """The grant is larger than the cost of the whole programme."""

    message = N_("The grant cannot be larger than the cost of the whole project. Correct one of the amounts.")


class TooManyMilestones(Refusal):
    """More steps than the form has lines."""

    message = N_("At most %(limit)d milestones can be entered.")


class UnknownAudience(Refusal):
    """A code that is none of AUDIENCE."""

    message = N_("Choose among the listed groups only.")


class OwnPartner(Refusal):
    """The lead stands among the partners."""

    message = N_("Your institution leads the project: do not enter it among the partners.")


class TwicePartner(Refusal):
    """One institution stands twice among the partners."""

    message = N_("Each partner can be entered once. Join its parts in one line.")


class TooManyPartners(Refusal):
    """More partners than the form has lines."""

    message = N_("At most %(limit)d partners can be entered.")


class Stale(Conflict):
    """Somebody has saved the programme since the form was opened."""

    message = N_("Somebody else has changed this project in the meantime.")


class AlreadyPublished(Conflict):
    """Published twice, or from a page that is out of date."""

    message = N_("This project is published already.")


class Incomplete(Refusal):
    """Something is missing for publication."""

    message = N_("The project cannot be published yet. Fill in what is missing.")


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that publication needs: the form's field, and a msgid that says what to give."""

    field: str
    sentence: str


def may_draft(actor: Actor) -> bool:
    """Decide whether *actor* may begin a programme: a coordinator, for his institution."""
    return actor.prepares


def may_see(actor: Actor, programme: Owned, answer: PartnerAnswer | None = None) -> bool:
    """Decide whether *actor* may know of a programme.

    A draft is for coordinators: of the lead, and of an institution that was asked or has agreed; *answer* is where
    the actor's institution stands.
    """
    if programme.state is not ProgrammeState.DRAFT or may_edit(actor, programme):
        return True
    return actor.coordinates and answer in (PartnerAnswer.ASKED, PartnerAnswer.CONFIRMED)


def may_edit(actor: Actor, programme: Owned) -> bool:
    """Decide whether *actor* may change a programme: a coordinator of its lead."""
    return actor.prepares and programme.lead_id is not None and actor.institution_id == programme.lead_id


def may_publish(actor: Actor, programme: Owned) -> bool:
    """Decide whether *actor* may publish a draft."""
    return may_edit(actor, programme) and programme.state is ProgrammeState.DRAFT


def check(draft: ProgrammeDraft, lead_id: int) -> None:
    """Check what must hold even for a draft.

    Raises TitleMissing, EndBeforeStart, RecruitingAfterEnd, GrantAboveTotal, UnknownAudience, TooManyMilestones,
    OwnPartner, TwicePartner, TooManyPartners.
    """
    if not draft.title:
        raise TitleMissing
    if draft.starts_on and draft.ends_on and draft.ends_on < draft.starts_on:
        raise EndBeforeStart
    if draft.recruiting_until and draft.ends_on and draft.recruiting_until > draft.ends_on:
        raise RecruitingAfterEnd
    if draft.grant_amount is not None and draft.total_amount is not None and draft.grant_amount > draft.total_amount:
        raise GrantAboveTotal
    if any(code not in AUDIENCE for code in draft.audience):
        raise UnknownAudience
    if len(draft.milestones) > MILESTONES_MAX:
        raise TooManyMilestones(limit=MILESTONES_MAX)
    ids = [partner.institution_id for partner in draft.partners]
    if lead_id in ids:
        raise OwnPartner
    if len(set(ids)) < len(ids):
        raise TwicePartner
    if len(ids) > PARTNERS_MAX:
        raise TooManyPartners(limit=PARTNERS_MAX)


def missing(programme: Described) -> tuple[Missing, ...]:
    """Say what a programme lacks to be published, in the order of the form."""
    found = []
    if not programme.summary:
        found.append(Missing("summary", N_("Say in one or two sentences what the project is about.")))
    if not programme.target_group:
        found.append(Missing("target_group", N_("Say whom the project is for.")))
    if not programme.voivodeship_code:
        found.append(Missing("voivodeship", N_("Choose the voivodeship in which the project runs.")))
    if programme.starts_on is None:
        found.append(Missing("starts_on", N_("Give the first day of the project.")))
    if programme.recruiting_until is not None and not programme.how_to_join:
        found.append(Missing("how_to_join", N_("You announce recruitment: say how one can join.")))
    return tuple(found)


def opening_state(programme: Described, today: date) -> ProgrammeState:
    """Choose the state in which a draft is published, by its dates: recruiting, running or completed."""
    if programme.ends_on is not None and programme.ends_on < today:
        return ProgrammeState.COMPLETED
    if programme.recruiting_until is not None and programme.recruiting_until >= today:
        return ProgrammeState.RECRUITING
    return ProgrammeState.RUNNING


def is_recruiting(state: ProgrammeState, recruiting_until: date | None, today: date) -> bool:
    """Tell whether one can join today: the state says so and the last day of recruitment has not passed."""
    return state is ProgrammeState.RECRUITING and (recruiting_until is None or recruiting_until >= today)


def moved(milestones: Sequence[Milestone], starts_on: date | None, today: date) -> tuple[Milestone, ...]:
    """Move the steps of a programme that began on *starts_on* (None: with its first step) to one that begins today."""
    if not milestones:
        return ()
    begun = starts_on or min(one.month for one in milestones)
    months = (today.year - begun.year) * 12 + today.month - begun.month
    return tuple(Milestone(_later(one.month, months), one.text) for one in milestones)


def _later(month: date, months: int) -> date:
    year, number = divmod(month.year * 12 + month.month - 1 + months, 12)
    return date(year, number + 1, 1)

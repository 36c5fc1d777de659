"""Decisions and words of agreements: who sees what, what a clause says, the state in words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from app.actors import Actor, Role
from app.text import N_
from partners.agreements.models import AgreementKind, AgreementState

NOTICE_OF_RELEASE = "notice_release_date"
# The slides of the voivode's office of 2017 speak of the agreements of lubuskie.
_PLACE_OF_SLIDES = "08"
# Art. 13(3) of the act on social assistance: social work may begin three months before the planned release.
SOCIAL_WORK_MONTHS = 3

KIND_LABEL: Mapping[AgreementKind, str] = {
    AgreementKind.AGREEMENT: N_("Agreement"),
    AgreementKind.LETTER_OF_INTENT: N_("Letter of intent"),
    AgreementKind.AMENDMENT: N_("Amendment"),
}

# State -> class of the tag, icon, words.
STATE_TAG: Mapping[AgreementState, tuple[str, str, str]] = {
    AgreementState.DRAFT: ("wait", "pen", N_("draft")),
    AgreementState.SENT: ("wait", "mail", N_("sent for consent")),
    AgreementState.IN_FORCE: ("ok", "check", N_("in force")),
    AgreementState.EXPIRED: ("plain", "clock", N_("expired")),
    AgreementState.TERMINATED: ("plain", "x", N_("terminated")),
    AgreementState.SUPERSEDED: ("plain", "swap", N_("superseded")),
    AgreementState.SOURCE_ONLY: ("info", "info", N_("known from a source, present state not checked")),
}

# The word that stands for a state in the address of the register.
STATE_WORD: Mapping[AgreementState, str] = {
    AgreementState.DRAFT: "projekt",
    AgreementState.SENT: "uzgadniane",
    AgreementState.IN_FORCE: "obowiazuje",
    AgreementState.EXPIRED: "wygaslo",
    AgreementState.TERMINATED: "rozwiazane",
    AgreementState.SUPERSEDED: "zastapione",
    AgreementState.SOURCE_ONLY: "ze-zrodla",
}

IN_PREPARATION = (AgreementState.DRAFT, AgreementState.SENT)


@dataclass(frozen=True, slots=True)
class Period:
    """What a clause says of months: a msgid with *num* for its plural forms, and the remarks beside it.

    *not_regulated* is the third value beside 0 and n: the agreement has the clause and names no period.
    """

    months: int | None
    uncertain: bool
    hint: bool
    zero_of_source: bool

    @property
    def not_regulated(self) -> bool:
        """Whether the clause names no period."""
        return self.months is None


def may_see(actor: Actor, state: AgreementState, party_ids: Collection[int], voivodeship_code: str) -> bool:
    """Decide whether *actor* may know of an agreement.

    One in preparation is known to its parties, the operator and the inspector of its voivodeship; all others to
    everybody: the register is public.
    """
    if state not in IN_PREPARATION:
        return True
    if actor.role is Role.OPERATOR:
        return True
    if actor.role is Role.INSPECTOR:
        return actor.voivodeship == voivodeship_code
    return actor.works_for_institution and actor.institution_id in party_ids


def may_see_parameters(actor: Actor, voivodeship_code: str) -> bool:
    """Decide whether *actor* sees what the clauses say beyond their types: partners, operator, inspector in scope."""
    if actor.role is Role.INSPECTOR:
        return actor.voivodeship == voivodeship_code
    return actor.works_for_institution or actor.role is Role.OPERATOR


def period(type_key: str, parameter: str, months: int | None, *, uncertain: bool) -> Period | None:
    """Read the months of a clause; None for a type that has none.

    The hint on art. 13(3) stands only beside a notice of release of 0 to 2 months: it shortens the time in which
    social work may begin. A reading of 0 off a chart may also mean that the agreement has no such clause.
    """
    if parameter != "months_before":
        return None
    late = type_key == NOTICE_OF_RELEASE and months is not None and months < SOCIAL_WORK_MONTHS
    return Period(months=months, uncertain=uncertain, hint=late, zero_of_source=uncertain and months == 0)


def counts_in_shares(months: int | None, *, uncertain: bool) -> bool:
    """Tell whether a notice clause enters a share: an uncertain 0 enters none."""
    return not (uncertain and months == 0)


def has_ended(valid_to: date | None, today: date) -> bool:
    """Tell whether the last day of validity has passed."""
    return valid_to is not None and valid_to < today


def rests_on_slides(kind: AgreementKind, state: AgreementState, voivodeship_code: str, *, synthetic: bool) -> bool:
    """Tell whether all that is known of an agreement stands on the slides of 2017 about lubuskie.

    They add that two of these agreements regulate notice of actions taken within two months, not which ones.
    """
    return (
        not synthetic
        and kind is AgreementKind.AGREEMENT
        and state is AgreementState.SOURCE_ONLY
        and voivodeship_code == _PLACE_OF_SLIDES
    )

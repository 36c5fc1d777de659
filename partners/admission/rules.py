"""Decisions about admission on plain values: what an application says, who decides it, what it must not be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_, fold
from partners.admission.models import ApplicationState
from partners.institutions.models import Kind, KindGroup
from partners.institutions.rules import KIND_GROUP

FROM_ONE_PLACE = 5
"""Applications from one network address in 15 minutes."""

OF_ONE_PERSON = 3
"""Waiting applications of one mail address."""

REFUSED_KEPT = timedelta(days=30)
DECIDED_WITHIN = 3
"""Working days in which an application is usually decided."""

# Words that say what an institution is, not which: they make no two names alike.
_COMMON = (
    "stowarzyszenie fundacja towarzystwo zwiazek organizacja osrodek centrum zaklad areszt sledczy karny oddzial "
    "zewnetrzny pomoc pomocy spoleczna spolecznej spolecznych rodzinie rodziny wsparcia integracji schronisko "
    "noclegownia miejski miejskie gminny gminne powiatowy powiatowe regionalny regionalne wojewodzki wojewodzkie "
    "polski polska polskie pokazowa pokazowe pokazowy dla osob urzad pracy sad rejonowy okregowy mops gops mgops "
    "ops mopr pcpr rops pup cus parafia caritas spoldzielnia socjalna imienia oraz przy"
)
_LEAST_LETTERS = 3
_SEVERAL = (Kind.SHELTER, Kind.NIGHT_SHELTER, Kind.PROBATION_SERVICE)

STATE_TAG: Mapping[ApplicationState, tuple[str, str, str]] = {
    ApplicationState.WAITING: ("wait", "clock", N_("waiting")),
    ApplicationState.ACCEPTED: ("ok", "check", N_("admitted")),
    ApplicationState.REFUSED: ("bad", "x", N_("not admitted")),
}


class TooManyApplications(Refusal):
    """More applications than an institution or two can explain."""

    status = 429
    message = N_("There were many applications from here just now. Wait 15 minutes, or write to the operator.")


class NotTheOperator(Forbidden):
    """A decision by anybody else."""

    message = N_("Only the operator of the portal decides on applications.")


class DecidedAlready(Conflict):
    """A second decision."""

    message = N_("This application has been decided in the meantime.")


class ReasonMissing(Refusal):
    """A refusal without a reason."""

    message = N_("Say why: the applicant reads it.")


@dataclass(frozen=True, slots=True)
class Applied:
    """What the form of an application gives: clean values, codes that the view has resolved."""

    kind: Kind
    name: str
    gmina_code: str
    district_code: str | None
    street: str
    postal_code: str
    post_town: str
    email: str
    phone: str
    applicant_name: str
    applicant_email: str
    applicant_function: str
    message: str = ""
    language: str = "pl"


def may_decide(actor: Actor) -> bool:
    """Whether *actor* sees and decides applications."""
    return actor.role is Role.OPERATOR


def is_sole(kind: Kind) -> bool:
    """Whether a gmina has hardly ever two of this kind: then another one there is likely to be the same."""
    return KIND_GROUP[kind] is not KindGroup.NGO and kind not in _SEVERAL


def telling_words(name: str) -> list[str]:
    """Give the words of a name by which an institution can be told from others, the longest first."""
    known = _COMMON.split()
    words = [word for word in fold(name).split() if len(word) >= _LEAST_LETTERS and word not in known]
    return sorted(dict.fromkeys(words), key=len, reverse=True)

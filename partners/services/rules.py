"""Decisions about services on plain values: who keeps the catalogue and who the offers, refusals."""

from dataclasses import dataclass

from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_


@dataclass(frozen=True, slots=True)
class OfferDraft:
    """What is known of an offer; *codes* is where it holds, empty: wherever its institution serves."""

    note: str = ""
    audience: str = ""
    how_to_apply: str = ""
    what_to_bring: str = ""
    hours: str = ""
    phone: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceDraft:
    """What an entry of the catalogue says."""

    group: str
    name_pl: str
    name_en: str


class NotYourOffers(Forbidden):
    """Changing what another institution offers."""

    message = N_("Only coordinators of this institution and the operator of the portal can change its services.")


class NotTheOperator(Forbidden):
    """Changing the catalogue."""

    message = N_("Only the operator of the portal can change the catalogue of services.")


class Stale(Conflict):
    """Somebody else has saved this offer or entry since the form was opened."""

    message = N_("Somebody else has changed this in the meantime. Compare both and save again.")


class OutOfReach(Refusal):
    """An offer where its institution does not work."""

    message = N_("Your institution does not work there. Widen its territory first, or choose another place.")


class NamedTwice(Refusal):
    """Two entries of one group with one name."""

    message = N_("There is a service of this name in this group already.")


def may_offer(actor: Actor, institution_id: int | None) -> bool:
    """Whether *actor* says what an institution offers: its coordinators and admins, and the operator."""
    if actor.role is Role.OPERATOR:
        return True
    return actor.prepares and institution_id is not None and actor.institution_id == institution_id


def may_keep(actor: Actor) -> bool:
    """Whether *actor* keeps the catalogue."""
    return actor.role is Role.OPERATOR


def lies_within(code: str, served: frozenset[str]) -> bool:
    """Whether a unit is served, or lies in a county or voivodeship that is."""
    return bool({code, code[:4], code[:2]} & served)

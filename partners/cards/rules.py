"""Decisions about cards on plain values: who may change what, what a card must not hold, refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_
from partners.institutions.models import Kind, KindGroup, Status
from partners.institutions.rules import KIND_GROUP

ALIASES_MAX = 12
DESCRIPTION_MAX = 6000
ROOMS_MAX = 40
REMINDED_FOR = timedelta(days=350)
SETTLED_IN = timedelta(days=30)
"""A new administrator has so long before a mail asks about the card: the desk does from the first day."""
STATES = (Status.ACTIVE, Status.UNCONFIRMED, Status.ARCHIVED)
# What an institution may say of itself. That it is a public centre decides who is sent to it, so an organisation
# cannot declare it: the operator can.
_MAY_ACT_AS: Mapping[KindGroup, tuple[Kind, ...]] = {
    KindGroup.PRISON: (),
    KindGroup.WELFARE: (
        Kind.OPS,
        Kind.PCPR,
        Kind.CUS,
        Kind.CIS,
        Kind.KIS,
        Kind.SHELTER,
        Kind.NIGHT_SHELTER,
        Kind.CRISIS_CENTRE,
        Kind.DISABILITY_BOARD,
    ),
    KindGroup.NGO: (
        Kind.CIS,
        Kind.KIS,
        Kind.SOCIAL_COOPERATIVE,
        Kind.SHELTER,
        Kind.NIGHT_SHELTER,
        Kind.CRISIS_CENTRE,
        Kind.EMPLOYER,
    ),
    KindGroup.OFFICE: (Kind.DISABILITY_BOARD,),
}
_SAID_BY_OPERATOR = {Kind.ROPS, Kind.PUP, *(kind for kinds in _MAY_ACT_AS.values() for kind in kinds)}
_IMPLIED: Mapping[Kind, tuple[Kind, ...]] = {
    Kind.MOPS: (Kind.OPS,),
    Kind.GOPS: (Kind.OPS,),
    Kind.MGOPS: (Kind.OPS,),
    Kind.CUS: (Kind.OPS,),
    Kind.MOPR: (Kind.OPS, Kind.PCPR),
    Kind.GCPR: (Kind.OPS, Kind.PCPR),
}
_ONE_FOR_A_PLACE = (
    frozenset({Kind.OPS, Kind.MOPS, Kind.GOPS, Kind.MGOPS, Kind.MOPR, Kind.GCPR, Kind.CUS}),
    frozenset({Kind.PCPR, Kind.MOPR, Kind.GCPR}),
)


@dataclass(frozen=True, slots=True)
class CardDraft:
    """What stands on a card, as its form gives it."""

    name: str
    kind: Kind
    slug: str
    short_name: str = ""
    parent_id: int | None = None
    gmina_code: str | None = None
    district_code: str | None = None
    voivodeship_code: str | None = None
    street: str = ""
    postal_code: str = ""
    post_town: str = ""
    locality: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    hours: str = ""
    description: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    acts_as: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class NotYourCard(Forbidden):
    """Changing the card of an institution that one does not administer."""

    message = N_("Only an administrator of this institution and the operator of the portal can change its card.")


class NotTheOperator(Forbidden):
    """Setting the state of a card, or what only the operator may."""

    message = N_("Only the operator of the portal can do this.")


class Stale(Conflict):
    """Somebody else has saved the card since the form was opened."""

    message = N_("Somebody else has changed this card in the meantime. Compare both and save again.")


class NameMissing(Refusal):
    """A card without a name."""

    message = N_("Give the institution a name.")


class AddressTaken(Refusal):
    """A slug that another institution has, or once had."""

    message = N_("Another institution has this address, or had it once. Choose another one.")


class AddressWrong(Refusal):
    """A slug that no address can hold."""

    message = N_("Use small letters without accents, digits and hyphens, for example mops-zielona-gora.")


class WrongParent(Refusal):
    """An institution that would belong to itself, or to one that belongs to it."""

    message = N_("An institution cannot belong to itself or to one of its own units. Choose another one.")


class EndBeforeStart(Refusal):
    """Validity that ends before it begins."""

    message = N_("The last day cannot be before the first one.")


class Undecided(Conflict):
    """Setting the state of a card whose application has not been decided."""

    message = N_("This institution has applied and waits for your decision. Decide on its application first.")


class SuccessorAnnounced(Conflict):
    """Setting the state or the last day of a card whose succession is announced: the night would forget about it."""

    message = N_("A successor is announced for this institution. Withdraw that first on the page “Name a successor”.")


class TooManyRooms(Refusal):
    """More rooms than a page can show."""

    message = N_("A card holds at most %(number)d rooms. Switch off or rename one that you do not use.")


class RoomNamedTwice(Refusal):
    """Two rooms of one name, which nobody could tell apart when choosing."""

    message = N_("There is a room of this name already. Give this one another name.")


def may_edit(actor: Actor, institution_id: int | None) -> bool:
    """Whether *actor* may change the card, territory and rooms of an institution: its admins and the operator."""
    if actor.role is Role.OPERATOR:
        return True
    return actor.role is Role.ADMIN and institution_id is not None and actor.institution_id == institution_id


def may_confirm(actor: Actor, institution_id: int | None) -> bool:
    """Whether *actor* may say that the card is right: only those who know, its own admins."""
    return actor.role is not Role.OPERATOR and may_edit(actor, institution_id)


def may_operate(actor: Actor) -> bool:
    """Whether *actor* sets kind, validity and state of any card."""
    return actor.role is Role.OPERATOR


def may_act_as(actor: Actor, kind: Kind) -> tuple[Kind, ...]:
    """Give the further kinds that *actor* may tick for an institution of *kind*: none that it is by its own kind."""
    offered = _MAY_ACT_AS[KIND_GROUP[kind]]
    if may_operate(actor) and offered:
        offered = tuple(one for one in Kind if one in _SAID_BY_OPERATOR)
    return tuple(one for one in offered if one is not kind and one not in _IMPLIED.get(kind, ()))


def same_task(kind: Kind) -> frozenset[Kind]:
    """Give the kinds of which one alone serves a place, with *kind* among them: welfare or family support centres."""
    return frozenset().union(*(kinds for kinds in _ONE_FOR_A_PLACE if kind in kinds))


def has_features(kind: Kind) -> bool:
    """Whether cards of *kind* show types and units of a prison."""
    return KIND_GROUP[kind] is KindGroup.PRISON and kind is not Kind.DISTRICT_INSPECTORATE


def check(wanted: CardDraft, own_id: int) -> None:
    """Refuse a card that cannot stand. Raises NameMissing, WrongParent, EndBeforeStart."""
    if not wanted.name:
        raise NameMissing
    if wanted.parent_id is not None and wanted.parent_id == own_id:
        raise WrongParent
    if wanted.valid_from and wanted.valid_to and wanted.valid_to < wanted.valid_from:
        raise EndBeforeStart

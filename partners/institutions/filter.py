"""The filter of the directory: what an address can ask for, and the conditions that it puts on a card."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, true
from sqlalchemy import select as columns
from sqlmodel import col

from app.text import N_, fold
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionFeature,
    Kind,
    KindGroup,
    Service,
    ServiceOffer,
    Status,
)
from partners.institutions.queries import WORDS_MAX

COUNTY_DIGITS = 4
_PLACE_LETTERS = 5
_PLACES = {
    "02": "dolnoslaskie", "04": "kujawsko pomorskie", "06": "lubelskie", "08": "lubuskie",
    "10": "lodzkie", "12": "malopolskie", "14": "mazowieckie", "16": "opolskie",
    "18": "podkarpackie", "20": "podlaskie", "22": "pomorskie", "24": "slaskie",
    "26": "swietokrzyskie", "28": "warminsko mazurskie", "30": "wielkopolskie", "32": "zachodniopomorskie",
}  # fmt: skip
"""Voivodeships as words: "schronienie lubuskie" means shelter in lubuskie, whatever the card is called."""


@dataclass(frozen=True, slots=True)
class KindFacet:
    """One checkbox of the filter by kind: *key* stands in the address, *label* is a msgid."""

    key: str
    label: str
    group: KindGroup
    kinds: tuple[Kind, ...]


KIND_FACETS = (
    KindFacet("zaklad-karny", N_("Prison"), KindGroup.PRISON, (Kind.PRISON,)),
    KindFacet("areszt-sledczy", N_("Remand prison"), KindGroup.PRISON, (Kind.REMAND_PRISON,)),
    KindFacet("oddzial-zewnetrzny", N_("External unit of a prison"), KindGroup.PRISON, (Kind.EXTERNAL_UNIT,)),
    KindFacet("inspektorat", N_("District inspectorate"), KindGroup.PRISON, (Kind.DISTRICT_INSPECTORATE,)),
    KindFacet(
        "ops",
        N_("Welfare centre (OPS, MOPS, CUS)"),
        KindGroup.WELFARE,
        (Kind.OPS, Kind.MOPS, Kind.GOPS, Kind.MGOPS, Kind.MOPR, Kind.CUS),
    ),
    KindFacet("pcpr", N_("Family support centre (PCPR, GCPR)"), KindGroup.WELFARE, (Kind.PCPR, Kind.GCPR)),
    KindFacet("rops", N_("Regional centre (ROPS)"), KindGroup.WELFARE, (Kind.ROPS,)),
    KindFacet("schronisko", N_("Shelter or night shelter"), KindGroup.WELFARE, (Kind.SHELTER, Kind.NIGHT_SHELTER)),
    KindFacet("kryzys", N_("Crisis intervention centre"), KindGroup.WELFARE, (Kind.CRISIS_CENTRE,)),
    KindFacet("organizacja", N_("NGO or church organisation"), KindGroup.NGO, (Kind.NGO, Kind.CHURCH)),
    KindFacet("cis", N_("Social integration centre or club"), KindGroup.NGO, (Kind.CIS, Kind.KIS)),
    KindFacet("spoldzielnia", N_("Social cooperative"), KindGroup.NGO, (Kind.SOCIAL_COOPERATIVE,)),
    KindFacet("pracodawca", N_("Employer"), KindGroup.NGO, (Kind.EMPLOYER,)),
    KindFacet("pup", N_("Labour office"), KindGroup.OFFICE, (Kind.PUP,)),
    KindFacet("kuratorzy", N_("Probation service"), KindGroup.OFFICE, (Kind.PROBATION_SERVICE,)),
    KindFacet("urzad", N_("Voivode’s office"), KindGroup.OFFICE, (Kind.VOIVODESHIP_OFFICE,)),
    KindFacet("rada", N_("Territorial council"), KindGroup.OFFICE, (Kind.TERRITORIAL_COUNCIL,)),
    KindFacet("orzekanie", N_("Disability-certification board"), KindGroup.OFFICE, (Kind.DISABILITY_BOARD,)),
)
FACET_OF_KIND = {kind: facet.key for facet in KIND_FACETS for kind in facet.kinds}
_KINDS_OF_FACET = {facet.key: facet.kinds for facet in KIND_FACETS}


@dataclass(frozen=True, slots=True)
class DirectoryFilter:
    """What the address of the directory asks for. Several kinds, services or features mean: any of them.

    *kinds* are keys of KIND_FACETS, *services* keys of the catalogue, *features* those of prison units; *voivodeship*,
    *county* and *gmina* are codes of 2, 4 and 6 digits, each within the one before; *unconfirmed* adds the unconfirmed
    cards to the active ones, *confirmed_since* leaves those that their own people have confirmed on that day or later.
    """

    text: str = ""
    voivodeship: str = ""
    county: str = ""
    gmina: str = ""
    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    unconfirmed: bool = False
    confirmed_since: date | None = None

    @property
    def narrows(self) -> bool:
        """Whether anything but the default list is asked for."""
        return self != DirectoryFilter()


def narrowed(statement: Select[Any], wanted: DirectoryFilter) -> Select[Any]:
    """Leave of a *statement* on institutions what the filter finds: for exports of exactly the list."""
    return statement.where(*conditions(wanted))


def conditions(wanted: DirectoryFilter) -> list[ColumnElement[bool]]:
    """Give what a card must be to stand in the list."""
    return [
        says(wanted.text),
        listed(wanted),
        _lies_in(wanted.voivodeship),
        lies_closely(wanted),
        _is_any_of(wanted.kinds),
        offers_any_of(wanted.services),
        has_any_of(wanted),
        is_confirmed(wanted),
    ]


def says(text: str) -> ColumnElement[bool]:
    """Every word begins a word of the card, or the name of its voivodeship; no letter or digit finds nothing."""
    words = fold(text).split()[:WORDS_MAX]
    if not words:
        return false() if text.strip() else true()
    return and_(*(_says_word(word) for word in words))


def _says_word(word: str) -> ColumnElement[bool]:
    on_card = col(Institution.search_text).like(f"% {word}%")
    codes = [code for code, name in _PLACES.items() if f" {word}" in f" {name}"] if len(word) >= _PLACE_LETTERS else []
    return or_(on_card, col(Institution.voivodeship_code).in_(codes)) if codes else on_card


def listed(wanted: DirectoryFilter) -> ColumnElement[bool]:
    return col(Institution.status).in_([Status.ACTIVE, Status.UNCONFIRMED] if wanted.unconfirmed else [Status.ACTIVE])


def _lies_in(voivodeship: str) -> ColumnElement[bool]:
    return col(Institution.voivodeship_code) == voivodeship if voivodeship else true()


def lies_closely(wanted: DirectoryFilter) -> ColumnElement[bool]:
    if wanted.gmina:
        return func.coalesce(col(Institution.gmina_code), "") == wanted.gmina
    if wanted.county:
        return func.substr(func.coalesce(col(Institution.gmina_code), ""), 1, COUNTY_DIGITS) == wanted.county
    return true()


def has_any_of(wanted: DirectoryFilter) -> ColumnElement[bool]:
    if not wanted.features:
        return true()
    having = columns(col(InstitutionFeature.institution_id)).where(col(InstitutionFeature.feature).in_(wanted.features))
    return col(Institution.id).in_(having)


def is_confirmed(wanted: DirectoryFilter) -> ColumnElement[bool]:
    return col(Institution.confirmed_on) >= wanted.confirmed_since if wanted.confirmed_since else true()


def _is_any_of(facet_keys: Iterable[str]) -> ColumnElement[bool]:
    kinds = [kind for key in facet_keys for kind in _KINDS_OF_FACET.get(key, ())]
    if not kinds:
        return true()
    acting = columns(col(InstitutionActsAs.institution_id)).where(col(InstitutionActsAs.kind).in_(kinds))
    return or_(col(Institution.kind).in_(kinds), col(Institution.id).in_(acting))


def offers_any_of(service_keys: Collection[str]) -> ColumnElement[bool]:
    if not service_keys:
        return true()
    offering = (
        columns(col(ServiceOffer.institution_id))
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(col(Service.key).in_(service_keys), col(Service.active).is_(True))
    )
    return col(Institution.id).in_(offering)

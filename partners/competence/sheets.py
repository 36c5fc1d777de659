"""The sheet "Gdzie po pomoc – gmina X": whom a person who leaves prison can turn to there; no personal data."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import cos, hypot, radians
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.db import columns
from partners.competence import queries
from partners.competence.paper import HEADING, Entry, Group, Paper, Topic, fit
from partners.competence.rules import KINDS, Answer, Centre, Sureness, answer
from partners.institutions.models import SHOWN, Institution, Kind, Service, ServiceOffer, ServiceOfferTerritory
from partners.institutions.rules import is_outdated
from partners.territory import queries as territory
from partners.territory.rules import Area

KINDS_OF_TOPIC: Mapping[Topic, frozenset[Kind]] = {
    Topic.SHELTER: frozenset({Kind.SHELTER, Kind.NIGHT_SHELTER, Kind.CRISIS_CENTRE}),
    Topic.WORK: frozenset({Kind.PUP}),
    Topic.PROBATION: frozenset({Kind.PROBATION_SERVICE}),
    Topic.NGO: frozenset({Kind.NGO, Kind.CHURCH, Kind.CIS, Kind.KIS, Kind.SOCIAL_COOPERATIVE}),
}
NEAR_KM = 80
_other: Any = aliased(Institution)
_FAR_KINDS = (Kind.SHELTER, Kind.NIGHT_SHELTER)
_KM_OF_DEGREE = 111.2
_ALL_KINDS = KINDS.union(*KINDS_OF_TOPIC.values())


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the sheet; *missing* are topics of which nothing is known there."""

    answer: Answer
    groups: tuple[Group, ...]
    missing: tuple[Topic, ...]

    @property
    def area(self) -> Area:
        """The gmina or district."""
        return self.answer.area


@dataclass(frozen=True, slots=True)
class _Offered:
    """A service that holds in the area."""

    name_pl: str
    name_en: str
    hours: str
    phone: str
    bring: str
    checked_on: date | None


def sheet(session: Session, code: str, day: date, paper: Paper) -> Sheet | None:
    """Give the sheet of a gmina or Warsaw district, cut to *paper*; None for a code that nobody knows.

    A constant number of statements. Shelters in other counties of the voivodeship stand on it if they are not further
    than NEAR_KM; everybody else serves the area by his territory or has his seat in its county. Of the institutions it
    shows their own mailbox and telephone, never those of a person.
    """
    area = territory.area(session, code)
    if area is None:
        return None
    found = queries.centres(session, or_(queries.around(area), _far_shelters(area)), _ALL_KINDS, day)
    districts = queries.districts(session) if area.is_warsaw else ()
    said = answer(area, found, day, districts)
    topics: dict[Topic, list[tuple[Centre, int | None]]] = {
        Topic.WELFARE: [(one, None) for one in (said.welfare, *said.beside) if one is not None],
        Topic.FAMILY: [(said.family, None)] if said.family is not None and not said.one_for_both else [],
    }
    if not any(one.reachable for chosen in topics.values() for one, _distance in chosen) and said.region is not None:
        # The region's centre helps nobody directly, but it knows whom to ask.
        topics[Topic.REGION] = [(said.region, None)]
    for topic, kinds in KINDS_OF_TOPIC.items():
        topics[topic] = _nearest(area, [one for one in found if one.kind in kinds])
    ids = [one.id for chosen in topics.values() for one, _distance in chosen]
    offers = _offers(session, ids, area)
    groups = [
        Group(topic, tuple(_entry(one, offers.get(one.id, []), day, distance) for one, distance in chosen))
        for topic, chosen in topics.items()
    ]
    # An organisation that offers nothing here is of no use to who stands at its door.
    groups = [
        replace(one, entries=tuple(entry for entry in one.entries if entry.services)) if one.topic is Topic.NGO else one
        for one in groups
    ]
    missing = tuple(
        group.topic for group in groups if not group.entries and not (group.topic is Topic.FAMILY and said.one_for_both)
    )
    if said.districts:
        paper = replace(paper, lines=paper.lines - HEADING - len(said.districts))
    return Sheet(said, fit([group for group in groups if group.entries], paper), missing)


def _far_shelters(area: Area) -> ColumnElement[bool]:
    return col(Institution.id).in_(
        columns(_other.id).where(
            _other.status.in_(SHOWN),
            _other.kind.in_(_FAR_KINDS),
            _other.voivodeship_code == area.gmina.voivodeship_code,
        )
    )


def _nearest(area: Area, centres: Iterable[Centre]) -> list[tuple[Centre, int | None]]:
    """Order who may be asked: by territory, by seat, by distance; listed before unconfirmed ones."""
    ranked = []
    for one in centres:
        if one.synthetic is not area.gmina.synthetic:
            continue
        distance = None
        if one.territory:
            if one.territory.isdisjoint(area.codes):
                continue
            near = 0
        elif one.gmina_code == area.gmina.code:
            near = 0 if one.district_code in (None, area.code) or area.is_warsaw else 1
        elif one.county_code == area.gmina.county_code:
            near = 2
        else:
            distance = _distance(area, one)
            if one.kind not in _FAR_KINDS or distance is None or distance > NEAR_KM:
                continue
            near = 3
        unsure = one.sureness(date.max) is Sureness.UNCONFIRMED
        ranked.append(((near, unsure, distance or 0, one.sort_key, one.id), one, distance))
    return [(one, distance) for _key, one, distance in sorted(ranked, key=lambda row: row[0])]


def _distance(area: Area, centre: Centre) -> int | None:
    """Give the way between two gminas as the crow flies, in km."""
    here = (area.gmina.latitude, area.gmina.longitude)
    if here[0] is None or here[1] is None or centre.latitude is None or centre.longitude is None:
        return None
    north = centre.latitude - here[0]
    east = (centre.longitude - here[1]) * cos(radians(here[0]))
    return round(hypot(north, east) * _KM_OF_DEGREE)


def _offers(session: Session, ids: Collection[int], area: Area) -> dict[int, list[_Offered]]:
    """Give the services of these institutions that hold in *area*, by institution, in one statement."""
    if not ids:
        return {}
    narrowed = columns(col(ServiceOfferTerritory.offer_id))
    statement = (
        columns(
            col(ServiceOffer.institution_id),
            col(Service.name_pl),
            col(Service.name_en),
            col(ServiceOffer.hours),
            col(ServiceOffer.phone),
            col(ServiceOffer.what_to_bring),
            col(ServiceOffer.checked_on),
        )
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(
            col(ServiceOffer.institution_id).in_(ids),
            col(Service.active).is_(True),
            or_(
                col(ServiceOffer.id).not_in(narrowed),
                col(ServiceOffer.id).in_(narrowed.where(col(ServiceOfferTerritory.code).in_(area.codes))),
            ),
        )
        .order_by(col(Service.position), col(Service.id))
    )
    found: defaultdict[int, list[_Offered]] = defaultdict(list)
    for owner, *row in session.execute(statement):
        found[owner].append(_Offered(*row))
    return found


def _entry(one: Centre, offers: list[_Offered], day: date, distance: int | None) -> Entry:
    checked = one.confirmed_on
    days = [offer.checked_on for offer in offers]
    if checked is None and days and None not in days:
        checked = min(day for day in days if day is not None)
    return Entry(
        slug=one.slug,
        name=one.name,
        kind=one.kind,
        address=one.address,
        phone=one.phone or _first(offer.phone for offer in offers),
        email=one.email,
        hours=one.hours or _first(offer.hours for offer in offers),
        services=tuple((offer.name_pl, offer.name_en) for offer in offers),
        bring="; ".join(dict.fromkeys(offer.bring for offer in offers if offer.bring)),
        checked_on=checked,
        outdated=checked is not None and is_outdated(checked, day),
        unconfirmed=one.sureness(day) is Sureness.UNCONFIRMED,
        distance=distance,
    )


def _first(words: Iterable[str]) -> str:
    return next((one for one in words if one), "")

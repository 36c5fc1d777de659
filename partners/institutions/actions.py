"""Verbs of institutions: add a card, keep its order and search text true."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session, col, select

from app.actors import Actor
from app.audit import trail
from app.db import columns
from app.text import search_text, slug, sort_key
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionFeature,
    InstitutionSlug,
    Kind,
    Service,
    ServiceOffer,
    Status,
)
from partners.territory.models import Gmina, WarsawDistrict

AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class NewCard:
    """What is known of an institution when it is added.

    *slug* is given by imports only, which keep the file's key. *offers* maps ids of services to their notes.
    """

    name: str
    kind: Kind
    slug: str = ""
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
    inspectorate: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    status: Status = Status.ACTIVE
    basis: str = ""
    synthetic: bool = False
    aliases: tuple[str, ...] = ()
    acts_as: tuple[Kind, ...] = ()
    features: tuple[str, ...] = ()
    offers: Mapping[int, str] = field(default_factory=dict)
    offers_basis: str = ""
    offers_checked_on: date | None = None


_BESIDE = frozenset({"slug", "aliases", "acts_as", "features", "offers", "offers_basis", "offers_checked_on"})


def add_institution(session: Session, actor: Actor, card: NewCard, now: datetime) -> Institution:
    """Add an institution with its names, kinds, features and offers.

    Makes the slug out of the name unless the card brings one (a taken one gets a number), the voivodeship out of the
    gmina unless it is given, the order and the search text.
    """
    columns = {name: getattr(card, name) for name in NewCard.__slots__ if name not in _BESIDE}
    institution = Institution(
        slug=_free_slug(session, card.slug or slug(card.name) or "instytucja"),
        sort_key="",
        search_text="",
        changed_at=now,
        **columns,
    )
    if institution.voivodeship_code is None and institution.gmina_code:
        institution.voivodeship_code = session.get_one(Gmina, institution.gmina_code).voivodeship_code
    session.add(institution)
    session.flush()
    owner = _id(institution)
    session.add_all(InstitutionAlias(institution_id=owner, name=name) for name in card.aliases)
    session.add_all(InstitutionActsAs(institution_id=owner, kind=kind) for kind in card.acts_as)
    session.add_all(InstitutionFeature(institution_id=owner, feature=feature) for feature in card.features)
    session.add_all(
        ServiceOffer(
            institution_id=owner,
            service_id=service_id,
            note=note,
            basis=card.offers_basis,
            checked_on=card.offers_checked_on,
        )
        for service_id, note in card.offers.items()
    )
    session.flush()
    reindex(session, institution)
    details = {"kind": institution.kind.value, "status": institution.status.value}
    trail.record(session, actor, "institution.added", "institution", owner, now, details=details)
    return institution


def reindex(session: Session, institution: Institution) -> None:
    """Make order and search text anew: name, short name, aliases, town and district, services in both languages."""
    session.flush()
    reindex_all(session, [_id(institution)])


def reindex_all(session: Session, institution_ids: Sequence[int]) -> None:
    """Make order and search text of many cards anew: a service that is renamed may be offered by thousands."""
    for start in range(0, len(institution_ids), AT_ONCE):
        _reindex_some(session, institution_ids[start : start + AT_ONCE])


def _reindex_some(session: Session, ids: Sequence[int]) -> None:
    words: defaultdict[int, list[str]] = defaultdict(list)
    aliases = columns(InstitutionAlias.institution_id, InstitutionAlias.name).where(
        col(InstitutionAlias.institution_id).in_(ids)
    )
    for owner, name in session.execute(aliases.order_by(col(InstitutionAlias.id))):
        words[owner].append(name)
    seats = (
        columns(Institution.id, Institution.locality, Institution.post_town, Gmina.name, WarsawDistrict.name)
        .outerjoin(Gmina, col(Gmina.code) == col(Institution.gmina_code))
        .outerjoin(WarsawDistrict, col(WarsawDistrict.code) == col(Institution.district_code))
        .where(col(Institution.id).in_(ids))
    )
    for owner, *places in session.execute(seats):
        words[owner] += [place for place in places if place]
    services = (
        columns(ServiceOffer.institution_id, Service.name_pl, Service.name_en)
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(col(ServiceOffer.institution_id).in_(ids), col(Service.active).is_(True))
        .order_by(col(Service.position), col(Service.id))
    )
    for owner, *names in session.execute(services):
        words[owner] += names
    for institution in session.exec(select(Institution).where(col(Institution.id).in_(ids))):
        institution.sort_key = sort_key(institution.name)
        institution.search_text = search_text(institution.name, institution.short_name, *words[_id(institution)])
    session.flush()


def _free_slug(session: Session, wanted: str) -> str:
    taken = set(session.exec(select(Institution.slug).where(col(Institution.slug).startswith(wanted[:56]))))
    taken |= set(session.exec(select(InstitutionSlug.slug).where(col(InstitutionSlug.slug).startswith(wanted[:56]))))
    if wanted and wanted not in taken:
        return wanted
    number = 2
    while f"{wanted[:56]}-{number}" in taken:
        number += 1
    return f"{wanted[:56]}-{number}"


def _id(institution: Institution) -> int:
    if institution.id is None:
        raise LookupError("the institution has not been stored yet")
    return institution.id

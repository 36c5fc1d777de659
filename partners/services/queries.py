"""Reads of services: the catalogue in its groups, one offer with what its form begins with."""

from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from app.db import columns
from partners.institutions.models import Service, ServiceOffer, ServiceOfferTerritory
from partners.institutions.rules import SERVICE_GROUP_LABEL
from partners.services.rules import OfferDraft, ServiceDraft

_GROUPS = tuple(SERVICE_GROUP_LABEL)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the catalogue, and how many institutions offer it."""

    id: int
    group: str
    name_pl: str
    name_en: str
    active: bool
    offered: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """The entries of one group; *label* is a msgid."""

    key: str
    label: str
    entries: tuple[Entry, ...]


def catalogue(session: Session) -> list[Group]:
    """Give the whole catalogue in its groups, with what is switched off. One statement."""
    number = (
        select(func.count()).where(col(ServiceOffer.service_id) == col(Service.id)).correlate(Service).scalar_subquery()
    )
    statement = columns(Service.id, Service.group, Service.name_pl, Service.name_en, Service.active, number).order_by(
        col(Service.position), col(Service.id)
    )
    return _grouped([Entry(*row) for row in session.execute(statement)])


def not_offered(session: Session, institution_id: int) -> list[Group]:
    """Give what an institution could offer besides: the active entries that it does not offer yet."""
    offered = select(ServiceOffer.service_id).where(ServiceOffer.institution_id == institution_id)
    statement = (
        columns(Service.id, Service.group, Service.name_pl, Service.name_en, Service.active)
        .where(col(Service.active).is_(True), col(Service.id).not_in(offered))
        .order_by(col(Service.position), col(Service.id))
    )
    return _grouped([Entry(*row) for row in session.execute(statement)])


def offer(session: Session, institution_id: int, offer_id: int) -> tuple[ServiceOffer, Service] | None:
    """Give one offer of this institution with its entry for an act; None for one of another."""
    found = session.exec(
        select(ServiceOffer, Service)
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(ServiceOffer.id == offer_id, ServiceOffer.institution_id == institution_id)
    ).first()
    return (found[0], found[1]) if found is not None else None


def saved_offer(session: Session, found: ServiceOffer) -> OfferDraft:
    """Give what stands in an offer now."""
    codes = session.exec(select(ServiceOfferTerritory.code).where(ServiceOfferTerritory.offer_id == found.id)).all()
    plain = {name: getattr(found, name) for name in OfferDraft.__slots__ if name != "codes"}
    return OfferDraft(**plain, codes=tuple(sorted(codes)))


def saved_entry(found: Service) -> ServiceDraft:
    """Give what stands in an entry of the catalogue now."""
    return ServiceDraft(found.group, found.name_pl, found.name_en)


def entry(session: Session, service_id: int) -> Service | None:
    """Give one entry of the catalogue."""
    return session.get(Service, service_id)


def group_of(key: str) -> str:
    """Give the group under which an entry stands: one that has no label stands among the others."""
    return key if key in SERVICE_GROUP_LABEL else _GROUPS[-1]


def _grouped(entries: list[Entry]) -> list[Group]:
    groups = [
        Group(key, SERVICE_GROUP_LABEL[key], tuple(one for one in entries if group_of(one.group) == key))
        for key in _GROUPS
    ]
    return [group for group in groups if group.entries]

"""Verbs of services: offer, change, check and withdraw; add, rename, order and switch entries of the catalogue."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, delete, func, select

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.db import lock
from app.text import fold, slug
from partners.institutions.actions import reindex, reindex_all
from partners.institutions.models import (
    Institution,
    InstitutionTerritory,
    Service,
    ServiceOffer,
    ServiceOfferTerritory,
)
from partners.institutions.rules import edition as edition_of
from partners.services import queries, rules
from partners.services.rules import OfferDraft, ServiceDraft

_KEY_MAX = 60


def add_offers(
    session: Session, actor: Actor, institution: Institution, service_ids: Collection[int], now: datetime
) -> int:
    """Offer these entries of the catalogue too, checked today, and return how many are new.

    Locks the institution. What is offered already, or switched off, is passed over. Raises NotYourOffers.
    """
    owner = _locked(session, actor, institution)
    free = {one.id for group in queries.not_offered(session, owner) for one in group.entries}
    wanted = sorted(free.intersection(service_ids))
    today = warsaw.today(now)
    session.add_all(
        ServiceOffer(institution_id=owner, service_id=number, checked_on=today, checked_by=actor.user_id)
        for number in wanted
    )
    if wanted:
        _changed(session, institution, now)
        details = {"services": wanted}
        trail.record(session, actor, "service.offered", "institution", owner, now, details=details)
    return len(wanted)


def revise_offer(
    session: Session,
    actor: Actor,
    institution: Institution,
    offer: ServiceOffer,
    wanted: OfferDraft,
    now: datetime,
    *,
    edition: str,
) -> bool:
    """Give an offer the values of *wanted* and note that it was checked today; return whether its values changed.

    *edition* names the values that the form was opened with. Locks the institution. Raises NotYourOffers, Stale,
    OutOfReach.
    """
    owner = _locked(session, actor, institution)
    session.refresh(offer)
    before = queries.saved_offer(session, offer)
    if edition_of(before) != edition:
        raise rules.Stale
    served = frozenset(
        session.exec(select(InstitutionTerritory.code).where(InstitutionTerritory.institution_id == owner)).all()
    )
    if any(not rules.lies_within(code, served) for code in set(wanted.codes) - set(before.codes)):
        raise rules.OutOfReach
    values = {
        name: [str(getattr(before, name)), str(getattr(wanted, name))]
        for name in OfferDraft.__slots__
        if name != "codes" and getattr(before, name) != getattr(wanted, name)
    }
    moved = before.codes != wanted.codes
    for name in values:
        setattr(offer, name, getattr(wanted, name))
    if moved:
        session.exec(delete(ServiceOfferTerritory).where(col(ServiceOfferTerritory.offer_id) == offer.id))
        session.add_all(ServiceOfferTerritory(offer_id=offer.id or 0, code=code) for code in wanted.codes)
    offer.checked_on, offer.checked_by = warsaw.today(now), actor.user_id
    institution.changed_at = max(now, institution.changed_at)
    session.flush()
    changed = sorted([*values, *(["codes"] if moved else [])])
    details: dict[str, trail.Plain] = {"service_id": offer.service_id, "changed": changed}
    trail.record(session, actor, "service.offer_revised", "institution", owner, now, details=details, personal=values)
    return bool(values or moved)


def check_offers(
    session: Session, actor: Actor, institution: Institution, offer_ids: Collection[int], now: datetime
) -> int:
    """Note that these offers are right as they stand, and return how many. Locks the institution.

    Raises NotYourOffers.
    """
    owner = _locked(session, actor, institution)
    offers = session.exec(
        select(ServiceOffer).where(ServiceOffer.institution_id == owner, col(ServiceOffer.id).in_(offer_ids))
    ).all()
    for offer in offers:
        offer.checked_on, offer.checked_by = warsaw.today(now), actor.user_id
    session.flush()
    if offers:
        details = {"services": sorted(offer.service_id for offer in offers)}
        trail.record(session, actor, "service.checked", "institution", owner, now, details=details)
    return len(offers)


def withdraw_offer(
    session: Session, actor: Actor, institution: Institution, offer: ServiceOffer, now: datetime
) -> None:
    """Offer this no longer: the card forgets it, the trail does not. Locks the institution. Raises NotYourOffers."""
    owner = _locked(session, actor, institution)
    values = {name: str(getattr(offer, name)) for name in OfferDraft.__slots__ if name != "codes"}
    details = {"service_id": offer.service_id}
    session.exec(delete(ServiceOfferTerritory).where(col(ServiceOfferTerritory.offer_id) == offer.id))
    session.delete(offer)
    _changed(session, institution, now)
    trail.record(session, actor, "service.withdrawn", "institution", owner, now, details=details, personal=values)


def add_service(session: Session, actor: Actor, wanted: ServiceDraft, now: datetime) -> Service:
    """Add an entry at the end of the catalogue. Raises NotTheOperator, NamedTwice."""
    if not rules.may_keep(actor):
        raise rules.NotTheOperator
    _check_name(session, None, wanted)
    last = session.exec(select(func.max(Service.position))).one()
    service = Service(
        key=_free_key(session, wanted.name_en),
        group=wanted.group,
        name_pl=wanted.name_pl,
        name_en=wanted.name_en,
        position=(last or 0) + 1,
    )
    session.add(service)
    session.flush()
    details = {"key": service.key, "group": service.group}
    trail.record(session, actor, "service.added", "service", service.id or 0, now, details=details)
    return service


def revise_service(
    session: Session, actor: Actor, service: Service, wanted: ServiceDraft, now: datetime, *, edition: str
) -> bool:
    """Rename or regroup an entry, and return whether that changed anything.

    The cards of all who offer it are found by the new name at once. Locks the entry. Raises NotTheOperator, Stale,
    NamedTwice.
    """
    lock(session, Service, service.id or 0)
    if not rules.may_keep(actor):
        raise rules.NotTheOperator
    before = queries.saved_entry(service)
    if edition_of(before) != edition:
        raise rules.Stale
    _check_name(session, service.id, wanted)
    if before == wanted:
        return False
    service.group, service.name_pl, service.name_en = wanted.group, wanted.name_pl, wanted.name_en
    session.flush()
    if (before.name_pl, before.name_en) != (wanted.name_pl, wanted.name_en):
        reindex_all(session, _offering(session, service))
    values = {
        name: [getattr(before, name), getattr(wanted, name)]
        for name in ServiceDraft.__slots__
        if getattr(before, name) != getattr(wanted, name)
    }
    details = {"changed": sorted(values)}
    trail.record(session, actor, "service.revised", "service", service.id or 0, now, details=details, personal=values)
    return True


def switch_service(session: Session, actor: Actor, service: Service, now: datetime, *, active: bool) -> None:
    """Switch an entry off or on again; offers of it stay and are shown again with it. Locks it.

    Raises NotTheOperator.
    """
    lock(session, Service, service.id or 0)
    if not rules.may_keep(actor):
        raise rules.NotTheOperator
    if service.active is active:
        return
    service.active = active
    session.flush()
    reindex_all(session, _offering(session, service))
    trail.record(session, actor, "service.switched", "service", service.id or 0, now, details={"active": active})


def move_service(session: Session, actor: Actor, service: Service, now: datetime, *, up: bool) -> None:
    """Let an entry change places with its neighbour in the group. Locks it. Raises NotTheOperator."""
    lock(session, Service, service.id or 0)
    if not rules.may_keep(actor):
        raise rules.NotTheOperator
    entries = list(session.exec(select(Service).order_by(col(Service.position), col(Service.id))))
    own = [one for one in entries if queries.group_of(one.group) == queries.group_of(service.group)]
    at = own.index(service) + (-1 if up else 1)
    if not 0 <= at < len(own):
        return
    here, there = entries.index(service), entries.index(own[at])
    entries[here], entries[there] = entries[there], entries[here]
    for position, one in enumerate(entries):
        if one.position != position:
            one.position = position
    session.flush()
    trail.record(session, actor, "service.moved", "service", service.id or 0, now, details={"up": up})


def _locked(session: Session, actor: Actor, institution: Institution) -> int:
    if institution.id is None:
        raise LookupError("the institution has not been stored yet")
    lock(session, Institution, institution.id)
    if not rules.may_offer(actor, institution.id):
        raise rules.NotYourOffers
    return institution.id


def _changed(session: Session, institution: Institution, now: datetime) -> None:
    """The card's services stand in its search text, and open data tell when it has changed."""
    institution.changed_at = max(now, institution.changed_at)
    reindex(session, institution)


def _offering(session: Session, service: Service) -> list[int]:
    return list(session.exec(select(ServiceOffer.institution_id).where(ServiceOffer.service_id == service.id)).all())


def _check_name(session: Session, service_id: int | None, wanted: ServiceDraft) -> None:
    others = session.exec(select(Service.id, Service.name_pl).where(Service.group == wanted.group))
    if any(fold(name) == fold(wanted.name_pl) and number != service_id for number, name in others):
        raise rules.NamedTwice


def _free_key(session: Session, name: str) -> str:
    base = slug(name).replace("-", "_") or "service"
    taken = set(session.exec(select(Service.key)).all())
    number, key = 1, base
    while key in taken:
        number += 1
        suffix = f"_{number}"
        key = base[: _KEY_MAX - len(suffix)] + suffix
    return key

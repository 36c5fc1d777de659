"""Reads for keeping a card: what its form begins with, gminas by what was typed, the tree of a territory."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, func, or_
from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Role
from app.audit.models import AuditLine
from app.db import columns
from app.text import fold
from partners.cards.rules import SETTLED_IN, CardDraft, same_task
from partners.institutions import reach
from partners.institutions.models import (
    SHOWN,
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionFeature,
    InstitutionTerritory,
    Kind,
    Room,
    Service,
    ServiceOffer,
    Status,
)
from partners.institutions.queries import Named
from partners.institutions.reach import GMINA_DIGITS, Branch, Unit
from partners.institutions.rules import CHECKED_FOR
from partners.people.models import Membership
from partners.territory.models import Gmina

HITS_MAX = 12
_NAMED_ELSEWHERE = frozenset({"name", "short_name", "street", "postal_code", "post_town"})


def saved(session: Session, institution: Institution) -> CardDraft:
    """Give what stands on a card now. Three statements."""
    owner = institution.id
    aliases = session.exec(
        select(InstitutionAlias.name).where(InstitutionAlias.institution_id == owner).order_by(col(InstitutionAlias.id))
    ).all()
    kinds = session.exec(select(InstitutionActsAs.kind).where(InstitutionActsAs.institution_id == owner)).all()
    features = session.exec(select(InstitutionFeature.feature).where(InstitutionFeature.institution_id == owner)).all()
    plain = {
        name: getattr(institution, name)
        for name in CardDraft.__slots__
        if name not in ("aliases", "acts_as", "features")
    }
    return CardDraft(
        **plain,
        aliases=tuple(aliases),
        acts_as=tuple(sorted(Kind(kind).value for kind in kinds)),
        features=tuple(sorted(features)),
    )


def gmina_unit(session: Session, code: str) -> Unit | None:
    """Give the gmina with this code, in the words that a form shows."""
    return next(iter(reach.gminas(session, col(Gmina.code) == code, 1)), None)


def gminas_called(session: Session, typed: str) -> list[Unit]:
    """Find the gminas meant by what a person typed: a TERYT code, a name, or the words of a suggestion.

    A name that several have gives them all; "Gubin (gmina wiejska, pow. krośnieński)" gives one.
    """
    digits = typed.strip()
    if digits.isascii() and digits.isdigit():
        # Offices write the code with its seventh digit, the kind.
        return reach.gminas(session, col(Gmina.code) == digits[:GMINA_DIGITS], 1)
    name, words = fold(typed.partition("(")[0]), fold(typed)
    if not name:
        return []
    hits = reach.gminas(session, col(Gmina.search_text).like(f"% {name.split()[0]}%"), None)
    exact = [unit for unit in hits if fold(unit.words()) == words]
    called = [unit for unit in hits if fold(unit.name) == name]
    begun = [unit for unit in hits if all(f" {word}" in f" {fold(unit.words())}" for word in words.split())]
    return (exact or called or begun)[:HITS_MAX]


def gminas_near(session: Session, voivodeship_code: str | None) -> list[str]:
    """Give the words of a voivodeship's gminas for a list of suggestions."""
    if not voivodeship_code:
        return []
    return [unit.words() for unit in reach.gminas(session, col(Gmina.voivodeship_code) == voivodeship_code, None)]


def served(session: Session, institution_id: int) -> frozenset[str]:
    """Give the codes that an institution serves."""
    return frozenset(
        session.exec(
            select(InstitutionTerritory.code).where(InstitutionTerritory.institution_id == institution_id)
        ).all()
    )


def also_serving(session: Session, institution: Institution, codes: frozenset[str]) -> list[Named]:
    """Give the active centres with the same task that name one of these places too, or have their seat there alone.

    Nothing for kinds of which several may work in one place, as organisations do.
    """
    kinds = same_task(institution.kind)
    if not kinds or not codes:
        return []
    naming = columns(InstitutionTerritory.institution_id).where(col(InstitutionTerritory.code).in_(codes))
    telling = columns(InstitutionTerritory.institution_id)
    by_seat = and_(col(Institution.gmina_code).in_(codes), col(Institution.id).not_in(telling))
    statement = (
        columns(Institution.id, Institution.slug, Institution.name, Institution.short_name)
        .where(
            col(Institution.id) != institution.id,
            col(Institution.status) == Status.ACTIVE,
            col(Institution.kind).in_(kinds),
            or_(col(Institution.id).in_(naming), by_seat),
        )
        .order_by(col(Institution.sort_key), col(Institution.id))
        .limit(HITS_MAX)
    )
    return [Named(*row) for row in session.execute(statement)]


def to_remind(session: Session, now: datetime) -> dict[int, int]:
    """Count the services to be checked on each card that has grown old, itself or one of them; 0: the card alone.

    Only cards with an administrator who has had time to look around.
    """
    before = warsaw.today(now) - CHECKED_FOR
    old_offer = or_(col(ServiceOffer.checked_on).is_(None), col(ServiceOffer.checked_on) < before)
    offers = (
        columns(col(ServiceOffer.institution_id).label("owner"), func.count().label("number"))
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(old_offer, col(Service.active).is_(True))
        .group_by(col(ServiceOffer.institution_id))
        .subquery()
    )
    administered = columns(col(Membership.institution_id)).where(
        col(Membership.ended_at).is_(None),
        col(Membership.role) == Role.ADMIN,
        col(Membership.since) < now - SETTLED_IN,
    )
    statement = (
        columns(col(Institution.id), func.coalesce(offers.c.number, 0))
        .outerjoin(offers, offers.c.owner == col(Institution.id))
        .where(
            col(Institution.status).in_(SHOWN),
            col(Institution.id).in_(administered),
            or_(
                col(Institution.confirmed_on).is_(None),
                col(Institution.confirmed_on) < before,
                offers.c.number.is_not(None),
            ),
        )
        .order_by(col(Institution.id))
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def renamed(session: Session, since: datetime) -> list[int]:
    """Give the institutions whose name or address on the card has changed since then."""
    lines = session.exec(
        select(AuditLine.subject_id, AuditLine.details).where(
            AuditLine.verb == "institution.revised", AuditLine.at >= since
        )
    )
    return sorted({owner for owner, details in lines if not _NAMED_ELSEWHERE.isdisjoint(details["changed"])})


def room(session: Session, institution_id: int, room_id: int) -> Room | None:
    """Give a room of this institution for an act; None for one of another."""
    found = session.get(Room, room_id)
    return found if found is not None and found.institution_id == institution_id else None


def tally(codes: frozenset[str], branches: tuple[Branch, ...]) -> Mapping[str, int]:
    """Count, for each county of a page, the single gminas in it that are served."""
    return {
        one.unit.code: sum(1 for code in codes if len(code) == GMINA_DIGITS and code.startswith(one.unit.code))
        for one in branches
    }

"""Reads of the exchange: what cells may refer to, rows for exports, the table that waits for its operator's word."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, literal, select, union_all

from app import site
from app.actors import Actor
from app.db import columns
from app.tables import Cell
from app.text import fold
from partners.agreements.models import Agreement, AgreementParty, ClauseType
from partners.agreements.rules import IN_PREPARATION
from partners.exchange.cells import FEATURE_WORD, SEPARATOR, Known, KnownGmina, written
from partners.exchange.columns import AGREEMENT_COLUMNS, INSTITUTION_COLUMNS, SERVICE_COLUMNS, Column
from partners.exchange.models import Upload
from partners.exchange.rules import UPLOAD_KEPT, Subject, may_import
from partners.institutions.models import (
    SHOWN,
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionFeature,
    InstitutionTerritory,
    Kind,
    Service,
    ServiceOffer,
    ServiceOfferTerritory,
)
from partners.institutions.queries import plain
from partners.territory.models import County, Gmina, Voivodeship, WarsawDistrict

BATCH = 1000
_COLUMNS: Mapping[Subject, Sequence[Column]] = {
    Subject.INSTITUTIONS: INSTITUTION_COLUMNS,
    Subject.SHELTERS: INSTITUTION_COLUMNS,
    Subject.SERVICES: SERVICE_COLUMNS,
    Subject.AGREEMENTS: AGREEMENT_COLUMNS,
}
Narrow = Callable[[Select[Any]], Select[Any]]
_parent = aliased(Institution)


def known(session: Session, today: date) -> Known:
    """Load what cells may refer to: the whole territory and the catalogue of services, in six statements."""
    gminas = {
        code: KnownGmina(code, name, county, voivodeship, kind.value)
        for code, name, county, voivodeship, kind in session.execute(
            columns(Gmina.code, Gmina.name, County.name, Gmina.voivodeship_code, Gmina.kind).join(
                County, col(County.code) == col(Gmina.county_code)
            )
        )
    }
    called: defaultdict[str, list[KnownGmina]] = defaultdict(list)
    for gmina in gminas.values():
        called[fold(gmina.name)].append(gmina)
    voivodeships = dict(session.execute(columns(Voivodeship.code, Voivodeship.name)).all())
    services = session.execute(
        columns(Service.key, Service.id, Service.name_pl).where(col(Service.active).is_(True))
    ).all()
    clause_types = session.execute(columns(ClauseType.key, ClauseType.id, ClauseType.name_pl)).all()
    return Known(
        gminas=gminas,
        gminas_called={name: tuple(found) for name, found in called.items()},
        counties=dict(session.execute(columns(County.code, County.name)).all()),
        voivodeships=voivodeships,
        voivodeships_called={fold(name): code for code, name in voivodeships.items()},
        districts=dict(session.execute(columns(WarsawDistrict.code, WarsawDistrict.gmina_code)).all()),
        services={fold(name): key for key, _id, name in services} | {fold(key): key for key, _id, _name in services},
        service_ids={key: service_id for key, service_id, _name in services},
        service_names={key: name for key, _id, name in services},
        clauses={fold(name): key for key, _id, name in clause_types}
        | {fold(key): key for key, _id, _n in clause_types},
        clause_ids={key: type_id for key, type_id, _name in clause_types},
        today=today,
    )


def catalogue(session: Session) -> list[tuple[str, str, str]]:
    """Give key, Polish and English name of every service that a table may name."""
    statement = columns(Service.key, Service.name_pl, Service.name_en).where(col(Service.active).is_(True))
    return [(row[0], row[1], row[2]) for row in session.execute(statement.order_by(col(Service.position)))]


def upload(session: Session, upload_id: int, viewer: Actor, now: datetime) -> Upload | None:
    """Give a checked table of *viewer*'s own that has not grown old; None else."""
    found = session.get(Upload, upload_id)
    if found is None or not may_import(viewer) or found.user_id != viewer.user_id:
        return None
    return found if found.uploaded_at > now - UPLOAD_KEPT else None


def header(subject: Subject) -> list[str]:
    """Give the names of all columns of an export."""
    return [column.name for column in _COLUMNS[subject] if column.field != "clauses"]


def institution_header() -> list[str]:
    """Give the names of all columns of an export of cards: for views that know no subjects."""
    return header(Subject.INSTITUTIONS)


def rows(session: Session, subject: Subject) -> Iterator[Sequence[Cell]]:
    """Give the rows of the whole export of *subject*."""
    if subject is Subject.AGREEMENTS:
        return agreements(session)
    return offers(session) if subject is Subject.SERVICES else institutions(session)


def institutions(session: Session, narrow: Narrow | None = None) -> Iterator[Sequence[Cell]]:
    """Give the rows of an export of cards in the Polish order: active ones, unless *narrow* says otherwise.

    Nothing but what everybody may see on the cards. Four statements for each thousand rows, so memory stays small.
    """
    narrowed = narrow or (lambda statement: statement.where(col(Institution.status).in_(SHOWN)))
    ids = list(
        session.scalars(narrowed(columns(Institution.id)).order_by(col(Institution.sort_key), col(Institution.id)))
    )
    for start in range(0, len(ids), BATCH):
        yield from _cards(session, ids[start : start + BATCH])


def offers(session: Session) -> Iterator[Sequence[Cell]]:
    """Give the rows of an export of services that the shown institutions offer."""
    statement = (
        columns(
            ServiceOffer.id,
            Institution.slug,
            Service.key,
            Service.name_pl,
            Institution.name,
            *(
                getattr(ServiceOffer, name)
                for name in ("audience", "how_to_apply", "what_to_bring", "hours", "phone", "note")
            ),
            ServiceOffer.checked_on,
            ServiceOffer.basis,
            Institution.synthetic,
        )
        .join(Institution, col(Institution.id) == col(ServiceOffer.institution_id))
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(col(Institution.status).in_(SHOWN), col(Service.active).is_(True))
        .order_by(col(Institution.sort_key), col(Institution.id), col(Service.position), col(Service.id))
    )
    places: defaultdict[int, list[str]] = defaultdict(list)
    for offer_id, code in session.execute(columns(ServiceOfferTerritory.offer_id, ServiceOfferTerritory.code)):
        places[offer_id].append(code)
    for offer_id, *cells, checked_on, basis, synthetic in session.execute(statement.execution_options(yield_per=BATCH)):
        yield [*cells, SEPARATOR.join(sorted(places[offer_id])), checked_on, basis, "tak" if synthetic else ""]


def agreements(session: Session) -> Iterator[Sequence[Cell]]:
    """Give the rows of an export of the public register: none in preparation, and no clauses, which partners see."""
    parties: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for own, slug, name in session.execute(
        columns(AgreementParty.agreement_id, Institution.slug, Institution.name)
        .join(Institution, col(Institution.id) == col(AgreementParty.institution_id))
        .order_by(col(AgreementParty.agreement_id), col(AgreementParty.position), col(Institution.id))
    ):
        parties[own].append((slug, name))
    statement = select(Agreement).where(col(Agreement.state).not_in(IN_PREPARATION)).order_by(col(Agreement.number))
    for entry in session.exec(statement).all():
        own = parties[entry.id or 0]
        row: dict[str, Any] = {column.field: getattr(entry, column.field, None) for column in AGREEMENT_COLUMNS}
        row |= {
            "kind": written(entry.kind),
            "state": written(entry.state),
            "parties": SEPARATOR.join(slug for slug, _name in own),
            "party_names": SEPARATOR.join(name for _slug, name in own),
            "synthetic": "tak" if entry.synthetic else "",
            "url": site.absolute(f"/porozumienia/{entry.number}"),
        }
        yield [row[column.field] for column in AGREEMENT_COLUMNS if column.field != "clauses"]


def _cards(session: Session, ids: Sequence[int]) -> Iterator[Sequence[Cell]]:
    parts = (
        ("aliases", InstitutionAlias.institution_id, InstitutionAlias.name),
        ("acts_as", InstitutionActsAs.institution_id, InstitutionActsAs.kind),
        ("features", InstitutionFeature.institution_id, InstitutionFeature.feature),
        ("territory", InstitutionTerritory.institution_id, InstitutionTerritory.code),
    )
    services = (
        columns(literal("services"), ServiceOffer.institution_id, Service.key)
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(col(ServiceOffer.institution_id).in_(ids), col(Service.active).is_(True))
    )
    sets: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    statements = (columns(literal(name), owner, plain(word)).where(col(owner).in_(ids)) for name, owner, word in parts)
    for name, owner, word in session.execute(union_all(*statements, services)):
        sets[owner, name].append(FEATURE_WORD.get(word, word) if name == "features" else word)
    statement = (
        columns(Institution, Gmina.name, County.name, Voivodeship.name, _parent.slug)
        .outerjoin(Gmina, col(Gmina.code) == col(Institution.gmina_code))
        .outerjoin(County, col(County.code) == col(Gmina.county_code))
        .outerjoin(Voivodeship, col(Voivodeship.code) == col(Institution.voivodeship_code))
        .outerjoin(_parent, col(_parent.id) == col(Institution.parent_id))
        .where(col(Institution.id).in_(ids))
        .order_by(col(Institution.sort_key), col(Institution.id))
    )
    plain_fields = {column.field for column in INSTITUTION_COLUMNS}
    for card, gmina, county, voivodeship, parent in session.execute(statement).all():
        row: dict[str, Any] = {name: getattr(card, name) for name in plain_fields if name in Institution.model_fields}
        for name in ("aliases", "features", "territory", "services"):
            row[name] = SEPARATOR.join(sorted(sets[card.id, name]))
        row["acts_as"] = written(tuple(sorted(Kind(word) for word in sets[card.id, "acts_as"])))
        row |= {
            "kind": written(card.kind),
            "status": written(card.status),
            "teryt": card.district_code or card.gmina_code,
            "gmina": gmina,
            "county": county,
            "voivodeship": voivodeship,
            "parent": parent,
            "synthetic": "tak" if card.synthetic else "",
            "url": site.absolute(f"/partnerzy/{card.slug}"),
        }
        session.expunge(card)
        yield [row[column.field] for column in INSTITUTION_COLUMNS]

"""Open data: the confirmed public directory in the tables of Open Referral's HSDS 3.0, row by row.

Names of tables and fields are those of the specification; which of them Kładka can fill is decided here. Persons are
left out, also where a card shows them, and so is everything that is invented for a demonstration.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from typing import IO, Any
from uuid import NAMESPACE_URL, uuid5

from sqlmodel import Session, col, select, union_all

from app import site
from app.audit.models import AuditLine
from app.db import columns
from partners.contacts.models import Contact
from partners.exchange.cells import KIND_WORD
from partners.institutions import reach
from partners.institutions.models import (
    Institution,
    InstitutionTerritory,
    Kind,
    Service,
    ServiceOffer,
    ServiceOfferTerritory,
    Status,
)
from partners.territory.models import County, Gmina, Voivodeship

VERSION = "3.0"
BATCH = 500
# Table -> (its file, its fields, those that must be filled).
TABLES: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "organization": (
        "organizations.csv",
        ("id", "name", "alternate_name", "description", "email", "website", "uri", "parent_organization_id"),
        ("id", "name", "description"),
    ),
    "organization_identifier": (
        "organization_identifiers.csv",
        ("id", "organization_id", "identifier_scheme", "identifier_type", "identifier"),
        ("id", "organization_id", "identifier_type", "identifier"),
    ),
    "service": (
        "services.csv",
        (
            "id", "organization_id", "name", "description", "url", "status", "application_process",
            "eligibility_description", "assured_date",
        ),
        ("id", "organization_id", "name", "status"),
    ),
    "location": (
        "locations.csv",
        ("id", "location_type", "organization_id", "name", "external_identifier", "external_identifier_type"),
        ("id", "location_type"),
    ),
    "service_at_location": (
        "service_at_location.csv",
        ("id", "service_id", "location_id"),
        ("id", "service_id", "location_id"),
    ),
    "address": (
        "addresses.csv",
        (
            "id", "location_id", "address_1", "city", "region", "state_province", "postal_code", "country",
            "address_type",
        ),
        ("id", "address_1", "city", "state_province", "postal_code", "country", "address_type"),
    ),
    "phone": (
        "phones.csv",
        ("id", "organization_id", "service_id", "contact_id", "number", "type"),
        ("id", "number"),
    ),
    "contact": ("contacts.csv", ("id", "organization_id", "department", "email"), ("id",)),
    "schedule": ("schedules.csv", ("id", "service_id", "location_id", "description"), ("id",)),
    "service_area": (
        "service_areas.csv",
        ("id", "service_id", "name", "extent", "extent_type"),
        ("id",),
    ),
    "required_document": ("required_documents.csv", ("id", "service_id", "document"), ("id",)),
    "taxonomy": ("taxonomies.csv", ("id", "name", "description", "version"), ("id", "name", "description")),
    "taxonomy_term": (
        "taxonomy_terms.csv",
        ("id", "code", "name", "description", "taxonomy", "taxonomy_id", "language"),
        ("id", "name", "description"),
    ),
    "attribute": (
        "attributes.csv",
        ("id", "link_id", "taxonomy_term_id", "link_type", "link_entity"),
        ("id", "link_id", "taxonomy_term_id", "link_entity"),
    ),
}  # fmt: skip
LINKS: Mapping[str, str] = {
    "organization_id": "organization",
    "parent_organization_id": "organization",
    "service_id": "service",
    "location_id": "location",
    "contact_id": "contact",
    "taxonomy_id": "taxonomy",
    "taxonomy_term_id": "taxonomy_term",
}
"""Which table a field points into."""

_KINDS, _SERVICES = "kladka-kinds", "kladka-services"
_CONTACT_WORD: Mapping[str, str] = {
    "penitentiary_contact": "dział penitencjarny",
    "records_contact": "ewidencja",
    "duty_desk": "dowódca zmiany, biuro przepustek",
    "prison_social_worker": "pracownik socjalny jednostki",
    "social_work_contact": "pracownik socjalny do kontaktu z jednostką",
    "head": "sekretariat kierownika",
    "programme_coordinator": "koordynacja projektów",
    "inspector": "inspekcja pomocy społecznej",
    "front_desk": "sekretariat",
}
Row = dict[str, str | None]


def mark(session: Session) -> str:
    """Name the present state: another name after every act, the same one until then. One statement."""
    newest = columns(
        *(
            select(col(table.id)).order_by(col(table.id).desc()).limit(1).scalar_subquery()
            for table in (AuditLine, Institution, ServiceOffer)
        )
    )
    return "-".join(str(number or 0) for number in session.execute(newest).one())


def identity(*parts: str) -> str:
    """Give the lasting UUID of a thing of this portal."""
    return str(uuid5(NAMESPACE_URL, site.absolute("/" + "/".join(parts))))


def rows(session: Session, table: str) -> Iterator[Row]:
    """Give the rows of one table, institutions in the Polish order; memory does not grow with their number."""
    return _SOURCES[table](session)


def _organizations(session: Session) -> Iterator[Row]:
    for card in _cards(session):
        kind = KIND_WORD[card.kind]
        yield {
            "id": identity("organization", card.slug),
            "name": card.name,
            "alternate_name": card.short_name,
            "description": card.description or f"{card.name} ({kind})",
            "email": card.email,
            "website": card.website,
            "uri": site.absolute(f"/partnerzy/{card.slug}"),
            "parent_organization_id": identity("organization", card.parent) if card.parent else None,
        }


def _identifiers(session: Session) -> Iterator[Row]:
    for card in _cards(session):
        yield {
            "id": identity("organization_identifier", card.slug),
            "organization_id": identity("organization", card.slug),
            "identifier_scheme": site.absolute("/partnerzy/"),
            "identifier_type": "klucz w Kładce",
            "identifier": card.slug,
        }


def _locations(session: Session) -> Iterator[Row]:
    for card in _cards(session):
        yield {
            "id": identity("location", card.slug),
            "location_type": "physical",
            "organization_id": identity("organization", card.slug),
            "name": card.name,
            "external_identifier": card.district_code or card.gmina_code,
            "external_identifier_type": "TERYT" if card.gmina_code else None,
        }


def _addresses(session: Session) -> Iterator[Row]:
    for card in _cards(session):
        if card.street and card.post_town and card.postal_code:
            yield {
                "id": identity("address", card.slug),
                "location_id": identity("location", card.slug),
                "address_1": card.street,
                "city": card.locality or card.post_town,
                "region": card.county,
                "state_province": card.voivodeship or "",
                "postal_code": card.postal_code,
                "country": "PL",
                "address_type": "physical",
            }


def _services(session: Session) -> Iterator[Row]:
    for offer in _offers(session):
        yield {
            "id": identity("service", offer.slug, offer.key),
            "organization_id": identity("organization", offer.slug),
            "name": offer.name_pl,
            "description": offer.note,
            "url": site.absolute(f"/partnerzy/{offer.slug}"),
            "status": "active",
            "application_process": offer.how_to_apply,
            "eligibility_description": offer.audience,
            "assured_date": offer.checked_on.isoformat() if offer.checked_on else None,
        }


def _services_at_locations(session: Session) -> Iterator[Row]:
    for offer in _offers(session):
        yield {
            "id": identity("service_at_location", offer.slug, offer.key),
            "service_id": identity("service", offer.slug, offer.key),
            "location_id": identity("location", offer.slug),
        }


def _schedules(session: Session) -> Iterator[Row]:
    for card in _cards(session):
        if card.hours:
            location = identity("location", card.slug)
            yield {"id": identity("schedule", card.slug), "location_id": location, "description": card.hours}
    for offer in _offers(session):
        if offer.hours:
            own = (offer.slug, offer.key)
            yield {
                "id": identity("schedule", *own), "service_id": identity("service", *own), "description": offer.hours,
            }  # fmt: skip


def _documents(session: Session) -> Iterator[Row]:
    for offer in _offers(session):
        if offer.what_to_bring:
            own = (offer.slug, offer.key)
            yield {
                "id": identity("required_document", *own),
                "service_id": identity("service", *own),
                "document": offer.what_to_bring,
            }


def _phones(session: Session) -> Iterator[Row]:
    for card in _cards(session):
        if card.phone:
            owner = identity("organization", card.slug)
            yield _phone(card.phone, "organization", card.slug) | {"organization_id": owner}
    for offer in _offers(session):
        if offer.phone:
            service = identity("service", offer.slug, offer.key)
            yield _phone(offer.phone, "service", offer.slug, offer.key) | {"service_id": service}
    for slug, contact in _public_contacts(session):
        if contact.phone:
            owner = identity("contact", slug, str(contact.id))
            yield _phone(contact.phone, "contact", slug, str(contact.id)) | {"contact_id": owner}


def _phone(number: str, *owner: str) -> Row:
    return {"id": identity("phone", *owner), "number": number, "type": "voice"}


def _contacts(session: Session) -> Iterator[Row]:
    for slug, contact in _public_contacts(session):
        yield {
            "id": identity("contact", slug, str(contact.id)),
            "organization_id": identity("organization", slug),
            "department": _CONTACT_WORD.get(contact.role, "biuro"),
            "email": contact.mailbox,
        }


def _service_areas(session: Session) -> Iterator[Row]:
    """Where an offer holds: its own territory, or that of its institution."""
    own = columns(col(ServiceOfferTerritory.offer_id).label("offer"), col(ServiceOfferTerritory.code).label("code"))
    has_own = select(ServiceOfferTerritory.offer_id)
    inherited = (
        columns(col(ServiceOffer.id), col(InstitutionTerritory.code))
        .join(InstitutionTerritory, col(InstitutionTerritory.institution_id) == col(ServiceOffer.institution_id))
        .where(col(ServiceOffer.id).not_in(has_own))
    )
    areas = union_all(own, inherited).subquery()
    statement = (
        columns(Institution.slug, Service.key, areas.c.code)
        .join(ServiceOffer, col(ServiceOffer.id) == areas.c.offer)
        .join(Institution, col(Institution.id) == col(ServiceOffer.institution_id))
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(*_OPEN, col(Service.active).is_(True))
        .order_by(col(Institution.sort_key), col(Institution.id), col(Service.position), areas.c.code)
    )
    found = iter(session.execute(statement.execution_options(yield_per=BATCH)))
    while part := list(islice(found, BATCH)):
        units = reach.units(session, {code for _slug, _key, code in part})
        for slug, key, code in part:
            yield {
                "id": identity("service_area", slug, key, code),
                "service_id": identity("service", slug, key),
                "name": units[code].words() if code in units else code,
                "extent": code,
                "extent_type": "text",
            }


def _taxonomies(_session: Session) -> Iterator[Row]:
    yield {
        "id": identity("taxonomy", _KINDS),
        "name": "Rodzaje instytucji",
        "description": "Rodzaje instytucji w Kładce",
        "version": "1",
    }
    yield {
        "id": identity("taxonomy", _SERVICES),
        "name": "Katalog usług",
        "description": "Katalog usług w Kładce",
        "version": "1",
    }


def _terms(session: Session) -> Iterator[Row]:
    kinds = ((_KINDS, kind.value, KIND_WORD[kind]) for kind in Kind)
    catalogue = session.execute(columns(Service.key, Service.name_pl).order_by(col(Service.position), col(Service.id)))
    services = ((_SERVICES, key, name) for key, name in catalogue)
    for taxonomy, code, name in chain(kinds, services):
        yield {
            "id": identity("taxonomy_term", taxonomy, code),
            "code": code,
            "name": name,
            "description": name,
            "taxonomy": taxonomy,
            "taxonomy_id": identity("taxonomy", taxonomy),
            "language": "pl",
        }


def _attributes(session: Session) -> Iterator[Row]:
    for card in _cards(session):
        yield {
            "id": identity("attribute", card.slug),
            "link_id": identity("organization", card.slug),
            "taxonomy_term_id": identity("taxonomy_term", _KINDS, card.kind.value),
            "link_type": "organization_kind",
            "link_entity": "organization",
        }
    for offer in _offers(session):
        yield {
            "id": identity("attribute", offer.slug, offer.key),
            "link_id": identity("service", offer.slug, offer.key),
            "taxonomy_term_id": identity("taxonomy_term", _SERVICES, offer.key),
            "link_type": "service_type",
            "link_entity": "service",
        }


_OPEN = (col(Institution.status) == Status.ACTIVE, col(Institution.synthetic).is_(False))
_CARD = (
    "slug", "name", "short_name", "kind", "description", "email", "website", "phone", "hours", "street", "postal_code",
    "post_town", "locality", "gmina_code", "district_code",
)  # fmt: skip
_OFFER = ("note", "audience", "how_to_apply", "what_to_bring", "hours", "phone", "checked_on")


def _cards(session: Session) -> Iterator[Any]:
    parent = columns(Institution.id, Institution.slug).where(*_OPEN).subquery("parent")
    statement = (
        columns(
            *(getattr(Institution, name) for name in _CARD),
            col(County.name).label("county"),
            col(Voivodeship.name).label("voivodeship"),
            parent.c.slug.label("parent"),
        )
        .outerjoin(Gmina, col(Gmina.code) == col(Institution.gmina_code))
        .outerjoin(County, col(County.code) == col(Gmina.county_code))
        .outerjoin(Voivodeship, col(Voivodeship.code) == col(Institution.voivodeship_code))
        .outerjoin(parent, parent.c.id == col(Institution.parent_id))
        .where(*_OPEN)
        .order_by(col(Institution.sort_key), col(Institution.id))
    )
    return iter(session.execute(statement.execution_options(yield_per=BATCH)))


def _offers(session: Session) -> Iterator[Any]:
    statement = (
        columns(Institution.slug, Service.key, Service.name_pl, *(getattr(ServiceOffer, name) for name in _OFFER))
        .join(Institution, col(Institution.id) == col(ServiceOffer.institution_id))
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(*_OPEN, col(Service.active).is_(True))
        .order_by(col(Institution.sort_key), col(Institution.id), col(Service.position), col(Service.id))
    )
    return iter(session.execute(statement.execution_options(yield_per=BATCH)))


def _public_contacts(session: Session) -> Iterator[tuple[str, Any]]:
    """Give the mailboxes and telephones that everybody may see; a contact that names a person is left out whole."""
    statement = (
        columns(Institution.slug, Contact.id, Contact.role, Contact.mailbox, Contact.phone)
        .join(Institution, col(Institution.id) == col(Contact.institution_id))
        .where(*_OPEN, col(Contact.public).is_(True), col(Contact.person) == "")
        .order_by(col(Institution.sort_key), col(Institution.id), col(Contact.id))
    )
    for row in session.execute(statement.execution_options(yield_per=BATCH)):
        if row.mailbox or row.phone:
            yield row.slug, row


_SOURCES: Mapping[str, Callable[[Session], Iterator[Row]]] = {
    "organization": _organizations,
    "organization_identifier": _identifiers,
    "service": _services,
    "location": _locations,
    "service_at_location": _services_at_locations,
    "address": _addresses,
    "phone": _phones,
    "contact": _contacts,
    "schedule": _schedules,
    "service_area": _service_areas,
    "required_document": _documents,
    "taxonomy": _taxonomies,
    "taxonomy_term": _terms,
    "attribute": _attributes,
}


def write_json(session: Session, stream: IO[bytes]) -> None:
    """Write all tables as one object: the name of each table and its rows, without empty fields."""
    stream.write(b"{")
    for number, table in enumerate(TABLES):
        stream.write(f"{',' if number else ''}\n{json.dumps(table)}: [".encode())
        for index, row in enumerate(rows(session, table)):
            filled = {name: value for name, value in row.items() if value or name in TABLES[table][2]}
            stream.write((",\n" if index else "\n").encode() + json.dumps(filled, ensure_ascii=False).encode())
        stream.write(b"]")
    stream.write(b"\n}\n")


def write_package(session: Session, stream: IO[bytes]) -> None:
    """Write all tables as comma-separated files for programs, with a description, in one zip; the same bytes again."""
    with zipfile.ZipFile(stream, "w") as archive:
        with archive.open(_entry("datapackage.json"), "w") as file:
            file.write(json.dumps(_description(), ensure_ascii=False, indent=1).encode())
        for table, (path, names, _required) in TABLES.items():
            with archive.open(_entry(path), "w") as file:
                text = io.TextIOWrapper(file, encoding="utf-8", newline="")
                writer = csv.DictWriter(text, names, restval="")
                writer.writeheader()
                writer.writerows(rows(session, table))
                text.flush()
                text.detach()


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _description() -> dict[str, Any]:
    resources = []
    for table, (path, names, required) in TABLES.items():
        keys = [
            {"fields": name, "reference": {"resource": LINKS[name], "fields": "id"}} for name in names if name in LINKS
        ]
        described = [
            {"name": name, "type": "string", "constraints": {"required": name in required, "unique": name == "id"}}
            for name in names
        ]
        resources.append(
            {
                "name": table,
                "path": path,
                "profile": "tabular-data-resource",
                "encoding": "utf-8",
                "schema": {"fields": described, "primaryKey": "id", "foreignKeys": keys},
            }
        )
    return {
        "name": "kladka-hsds",
        "title": "Kładka: otwarte dane o instytucjach i usługach",
        "profile": "tabular-data-package",
        "homepage": site.absolute("/otwarte-dane"),
        "hsds_version": VERSION,
        "resources": resources,
    }

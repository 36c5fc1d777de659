"""Rows of territory, institutions and services, as dull as they can be."""

from typing import Any

from sqlmodel import Session

from app.clock import now
from app.text import search_text, sort_key
from partners.institutions.models import Institution, Kind, Service, ServiceOffer, Status
from partners.territory.models import Voivodeship
from tests.factories.rows import add

VOIVODESHIPS = {
    "02": "dolnośląskie", "04": "kujawsko-pomorskie", "06": "lubelskie", "08": "lubuskie",
    "10": "łódzkie", "12": "małopolskie", "14": "mazowieckie", "16": "opolskie",
    "18": "podkarpackie", "20": "podlaskie", "22": "pomorskie", "24": "śląskie",
    "26": "świętokrzyskie", "28": "warmińsko-mazurskie", "30": "wielkopolskie", "32": "zachodniopomorskie",
}  # fmt: skip


def make_voivodeships(session: Session) -> None:
    """Add the 16 voivodeships, unless they are there."""
    if session.get(Voivodeship, "08") is None:
        session.add_all(Voivodeship(code=c, name=n, sort_key=sort_key(n)) for c, n in VOIVODESHIPS.items())
        session.flush()


def make_institution(
    session: Session, slug: str, kind: Kind = Kind.OPS, name: str = "", voivodeship: str = "08", **columns: Any
) -> Institution:
    """Add an institution, active unless *columns* say otherwise."""
    make_voivodeships(session)
    name = name or slug.replace("-", " ").capitalize()
    values: dict[str, Any] = {
        "slug": slug,
        "name": name,
        "kind": kind,
        "voivodeship_code": voivodeship,
        "status": Status.ACTIVE,
        "sort_key": sort_key(name),
        "search_text": search_text(name),
        "changed_at": now(),
        **columns,
    }
    return add(session, Institution, **values)


def make_service(session: Session, key: str, group: str = "welfare") -> Service:
    """Add an entry of the services catalogue."""
    return add(session, Service, key=key, group=group, name_pl=f"usługa {key}", name_en=f"service {key}")


def make_offer(session: Session, institution: Institution, service: Service) -> ServiceOffer:
    """Let *institution* offer *service*."""
    return add(session, ServiceOffer, institution_id=institution.id or 0, service_id=service.id or 0)

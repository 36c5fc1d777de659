"""Reference data of every installation: the TERYT register, prison units, the vocabularies, placeholders of centres."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from sqlmodel import Session, select

import partners.institutions
from app.actors import Actor
from app.demo.seed import seed, source
from app.demo.vocabulary import load_clause_types, load_services
from partners.competence.actions import keep_placeholders
from partners.institutions.actions import NewCard, add_institution
from partners.institutions.models import Institution, Kind, Status
from partners.territory import actions as territory

_UNITS = Path(partners.institutions.__file__).parent / "data" / "prison_units.csv"
_STATUS = {"active_2023": Status.ACTIVE, "unverified": Status.UNCONFIRMED, "historical": Status.ARCHIVED}
# Where the file names a later or earlier end than "historical": both stand on pages of the Prison Service.
_LUBSKO_ENDS, _LUBSKO_BEGINS = date(2018, 11, 30), date(2018, 12, 1)
_VALID = {"as-lubsko": (None, _LUBSKO_ENDS), "oz-lubsko": (_LUBSKO_BEGINS, None)}


def load_reference(session: Session, now: datetime) -> None:
    """Load territory, prison units, services, kinds of clauses and placeholders; what is there stays as it is.

    166 current units and 2 historical ones. A district inspectorate that could only be guessed stays empty. Every gmina
    and Warsaw district whose welfare centre is not listed gets a placeholder.
    """
    load_register(session, now)
    load_services(session)
    load_clause_types(session)
    keep_placeholders(session, Actor.system(), now)


def load_register(session: Session, now: datetime) -> None:
    """Load territory and prison units alone."""
    territory.load(session)
    known = dict(session.exec(select(Institution.slug, Institution.id)).all())
    keys = {entry["prison_unit"]: entry["key"] for entry in seed()["institutions"] if "prison_unit" in entry}
    # Parents first: external units point to them.
    for row in sorted(_units(), key=lambda unit: bool(unit["parent_slug"])):
        slug = keys.get(row["slug"], row["slug"])
        if slug not in known:
            parent = known.get(keys.get(row["parent_slug"], row["parent_slug"]))
            known[slug] = add_institution(session, Actor.system(), _card(row, slug, parent), now).id


def _units() -> Iterator[dict[str, str]]:
    with _UNITS.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _card(row: dict[str, str], slug: str, parent_id: int | None) -> NewCard:
    valid_from, valid_to = _VALID.get(slug, (None, None))
    guessed = "guess" in row["inspectorate_basis"]
    return NewCard(
        name=row["name"],
        kind=Kind(row["kind"]),
        slug=slug,
        short_name=row["short_name"],
        parent_id=parent_id,
        gmina_code=row["gmina_code6"] or None,
        district_code=row["warsaw_district_code6"] or None,
        voivodeship_code=row["voivodeship_code"] or None,
        street=row["street"],
        postal_code=row["postal_code"],
        post_town=row["post_town"],
        locality=row["locality"],
        inspectorate="" if guessed else row["inspectorate"],
        valid_from=valid_from,
        valid_to=valid_to,
        status=_STATUS[row["status"]],
        basis=source(row["source"]),
    )

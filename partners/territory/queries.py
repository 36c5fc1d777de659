"""Reads of the register: small lists for choices, one gmina with the words that tell it apart."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from app.db import rows
from app.text import fold, search_text, sort_key
from partners.territory.models import (
    County,
    Gmina,
    TerritoryChange,
    TerritoryChangeKind,
    Voivodeship,
    WarsawDistrict,
)
from partners.territory.rules import Area, GminaPlace, gmina_kind_words

WORDS_MAX = 8
FOUND_MAX = 40


@dataclass(frozen=True, slots=True)
class Place:
    """A code and its name, for lists of choices."""

    code: str
    name: str


# Made once: every page of the calendar asks it, and making it costs more than running it.
_VOIVODESHIPS = columns(col(Voivodeship.code), col(Voivodeship.name)).order_by(col(Voivodeship.sort_key))


def voivodeships(session: Session) -> list[Place]:
    """Return the 16 voivodeships in Polish order."""
    return [Place(code, name) for code, name in rows(session, _VOIVODESHIPS)]


def counties(session: Session, voivodeship_code: str | None = None) -> list[Place]:
    """Return the counties in Polish order, of one voivodeship if given. The demo county is among them if loaded."""
    statement = select(County.code, County.name).order_by(County.sort_key, County.code)
    if voivodeship_code:
        statement = statement.where(County.voivodeship_code == voivodeship_code)
    return [Place(code, name) for code, name in session.exec(statement).all()]


def gmina(session: Session, code: str) -> GminaPlace | None:
    """Return the gmina with six-digit *code*, or None."""
    row = session.execute(_gminas().where(col(Gmina.code) == code)).first()
    return GminaPlace(*row) if row else None


def gminas(
    session: Session, *, county_code: str | None = None, voivodeship_code: str | None = None
) -> list[GminaPlace]:
    """Return the gminas of a county or voivodeship in Polish order; of all Poland if neither is given.

    Those that have ended are left out.
    """
    statement = _gminas().where(col(Gmina.valid_to).is_(None)).order_by(col(Gmina.sort_key), col(Gmina.code))
    if county_code:
        statement = statement.where(col(Gmina.county_code) == county_code)
    if voivodeship_code:
        statement = statement.where(col(Gmina.voivodeship_code) == voivodeship_code)
    return [GminaPlace(*row) for row in session.execute(statement)]


def area(session: Session, code: str) -> Area | None:
    """Give the gmina or district of Warsaw with six-digit *code*, ended ones too, or None. At most three statements."""
    found = areas(session, [code]) if len(code) == 6 and code.isascii() and code.isdigit() else []
    return found[0] if found else None


def areas(session: Session, codes: Collection[str] | None = None) -> list[Area]:
    """Give gminas and districts by code, of all Poland if *codes* is None; by code, in three statements."""
    districts = columns(col(WarsawDistrict.code), col(WarsawDistrict.name), col(WarsawDistrict.gmina_code))
    if codes is not None:
        districts = districts.where(col(WarsawDistrict.code).in_(codes))
    parts = session.execute(districts.order_by(col(WarsawDistrict.code))).all()
    statement = _gminas()
    if codes is not None:
        statement = statement.where(col(Gmina.code).in_({*codes, *(row.gmina_code for row in parts)}))
    places = {row[0]: GminaPlace(*row) for row in session.execute(statement.order_by(col(Gmina.code)))}
    former = _former(session, None if codes is None else list(places))
    wanted = places if codes is None else [code for code in places if code in codes]
    found = [Area(code, places[code].name, places[code], former.get(code, ())) for code in wanted]
    return found + [Area(row.code, row.name, places[row.gmina_code]) for row in parts]


def search(session: Session, text: str) -> list[Area]:
    """Find gminas and Warsaw districts that exist, each word of *text* being the beginning of one of theirs.

    Old names count, so do county, kind and voivodeship beside a word of the name; where no gmina is called so, the name
    of a county finds its gminas. Exact names come first, then the Polish order; at most FOUND_MAX. Five statements, or
    ten.
    """
    words = fold(text).split()[:WORDS_MAX]
    if not words:
        return []
    likely = or_(*(col(Gmina.search_text).like(f"% {word}%") for word in words))
    codes = session.execute(columns(col(Gmina.code)).where(likely, col(Gmina.valid_to).is_(None))).scalars().all()
    parts = session.execute(columns(col(WarsawDistrict.code), col(WarsawDistrict.name))).all()
    named = [row.code for row in parts if any(f" {word}" in search_text("Warszawa", row.name) for word in words)]
    wanted = " ".join(words)
    found = [one for one in areas(session, {*codes, *named}) if all(f" {word}" in _words(one) for word in words)]
    if not found and (of_counties := _of_counties(session, words)):
        found = [one for one in areas(session, of_counties) if all(f" {word}" in _words(one) for word in words)]
    found.sort(key=lambda one: (_distance(one, wanted), one.is_district, sort_key(one.name), one.code))
    return found[:FOUND_MAX]


def gmina_count(session: Session, voivodeship_code: str) -> int:
    """Count the gminas of a voivodeship; those of the demo are in no statistics."""
    return session.exec(
        select(func.count())
        .select_from(Gmina)
        .where(Gmina.voivodeship_code == voivodeship_code, ~col(Gmina.synthetic), col(Gmina.valid_to).is_(None))
    ).one()


def warsaw_districts(session: Session) -> list[Place]:
    """Return the 18 districts of Warsaw in Polish order."""
    statement = select(WarsawDistrict.code, WarsawDistrict.name).order_by(WarsawDistrict.sort_key)
    return [Place(code, name) for code, name in session.exec(statement).all()]


def _gminas() -> Select[*tuple[Any, ...]]:
    other = aliased(Gmina)
    doubled = columns(col(other.name)).group_by(col(other.name)).having(func.count() > 1)
    return (
        columns(
            col(Gmina.code),
            col(Gmina.name),
            col(Gmina.kind),
            col(Gmina.county_code),
            col(County.name),
            col(County.kind),
            col(Gmina.voivodeship_code),
            col(Voivodeship.name),
            col(Gmina.name).in_(doubled),
            col(Gmina.synthetic),
            col(Gmina.valid_to),
            col(Gmina.latitude),
            col(Gmina.longitude),
        )
        .join(County, col(County.code) == col(Gmina.county_code))
        .join(Voivodeship, col(Voivodeship.code) == col(Gmina.voivodeship_code))
    )


def _former(session: Session, codes: Collection[str] | None) -> dict[str, tuple[str, ...]]:
    statement = columns(col(TerritoryChange.gmina_code), col(TerritoryChange.before)).where(
        col(TerritoryChange.kind) == TerritoryChangeKind.RENAMED
    )
    if codes is not None:
        statement = statement.where(col(TerritoryChange.gmina_code).in_(codes))
    former: dict[str, tuple[str, ...]] = {}
    for code, name in session.execute(statement.order_by(col(TerritoryChange.day).desc())):
        former[code] = (*former.get(code, ()), name)
    return former


def _of_counties(session: Session, words: Collection[str]) -> list[str]:
    """Give the codes of the gminas in counties that one of *words* names."""
    counties = session.execute(columns(col(County.code), col(County.name))).all()
    named = [code for code, name in counties if any(f" {word}" in search_text(name) for word in words)]
    if not named:
        return []
    statement = columns(col(Gmina.code)).where(col(Gmina.county_code).in_(named), col(Gmina.valid_to).is_(None))
    return list(session.execute(statement).scalars())


def _words(one: Area) -> str:
    """Everything that may be typed to tell this area from others."""
    return search_text(
        one.name,
        *one.former,
        one.gmina.name,
        gmina_kind_words(one.gmina.kind),
        "powiat pow",
        one.gmina.county_name,
        "województwo woj",
        one.gmina.voivodeship_name,
    )


def _distance(one: Area, wanted: str) -> int:
    """Whole names first, then names that begin so; a present name before an old one."""
    names, former = [fold(one.name)], [fold(name) for name in one.former]
    tests = (
        wanted in names,
        wanted in former,
        any(name.startswith(wanted) for name in names),
        any(name.startswith(wanted) for name in former),
    )
    return tests.index(True) if any(tests) else len(tests)

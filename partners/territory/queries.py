"""Reads of the register: small lists for choices, one gmina with the words that tell it apart."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from app.db import rows
from partners.territory.models import County, CountyKind, Gmina, GminaKind, Voivodeship, WarsawDistrict
from partners.territory.rules import gmina_name


@dataclass(frozen=True, slots=True)
class Place:
    """A code and its name, for lists of choices."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class GminaPlace:
    """A gmina with its county and voivodeship."""

    code: str
    name: str
    kind: GminaKind
    county_code: str
    county_name: str
    county_kind: CountyKind
    voivodeship_code: str
    voivodeship_name: str
    homonym: bool
    synthetic: bool

    def words(self, language: str = "pl") -> str:
        """Give the name, with kind and county where another gmina is called the same."""
        return gmina_name(
            self.name, self.kind, self.county_name, self.county_kind, homonym=self.homonym, language=language
        )


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
    """Return the gminas of a county or voivodeship in Polish order; of all Poland if neither is given."""
    statement = _gminas().order_by(col(Gmina.sort_key), col(Gmina.code))
    if county_code:
        statement = statement.where(col(Gmina.county_code) == county_code)
    if voivodeship_code:
        statement = statement.where(col(Gmina.voivodeship_code) == voivodeship_code)
    return [GminaPlace(*row) for row in session.execute(statement)]


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
        )
        .join(County, col(County.code) == col(Gmina.county_code))
        .join(Voivodeship, col(Voivodeship.code) == col(Gmina.voivodeship_code))
    )

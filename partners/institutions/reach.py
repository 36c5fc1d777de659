"""Where an institution works: the territory that it serves, and the narrower one of single offers."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, literal, union_all
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from partners.institutions.models import InstitutionTerritory, ServiceOffer, ServiceOfferTerritory
from partners.territory.models import County, CountyKind, Gmina, GminaKind, Voivodeship, WarsawDistrict
from partners.territory.rules import gmina_kind_words, gmina_name

VOIVODESHIP_DIGITS, COUNTY_DIGITS, GMINA_DIGITS = 2, 4, 6
OWN = 0
_above = aliased(County)


@dataclass(frozen=True, slots=True)
class Unit:
    """A voivodeship (2 digits), county (4), gmina or Warsaw district (6) as people can tell it apart."""

    code: str
    name: str
    county_kind: CountyKind | None = None
    gmina_kind: GminaKind | None = None
    above: str = ""
    above_kind: CountyKind | None = None

    def words(self, language: str = "pl") -> str:
        """Give "województwo lubuskie", "powiat krośnieński" or "Gubin (gmina wiejska, pow. krośnieński)"."""
        polish = language == "pl"
        if len(self.code) == VOIVODESHIP_DIGITS:
            return f"województwo {self.name}" if polish else f"{self.name} voivodeship"
        if self.gmina_kind is not None:
            kind = self.above_kind or CountyKind.COUNTY
            return gmina_name(self.name, self.gmina_kind, self.above, kind, language=language)
        if self.county_kind is CountyKind.CITY_COUNTY:
            return f"{self.name} (miasto na prawach powiatu)" if polish else f"{self.name} (city with county rights)"
        if self.county_kind is not None:
            return f"powiat {self.name}" if polish else f"{self.name} county"
        return f"Warszawa, dzielnica {self.name}" if polish else f"Warsaw, district {self.name}"

    def within(self, language: str = "pl") -> str:
        """Give the words among its neighbours, where the county stands above them: "Gubin (gmina wiejska)"."""
        if self.gmina_kind is not None:
            return f"{self.name} ({gmina_kind_words(self.gmina_kind, language)})"
        return self.words(language)


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit of the tree of a territory, with the number of units below it."""

    unit: Unit
    below: int = 0


@dataclass(frozen=True, slots=True)
class Area:
    """One page of the tree: a voivodeship with its counties, or a county with its gminas (Warsaw: and districts)."""

    unit: Unit
    above: Unit | None
    branches: tuple[Branch, ...]

    @property
    def codes(self) -> frozenset[str]:
        """Everything that can be ticked on this page."""
        return frozenset((self.unit.code, *(one.unit.code for one in self.branches)))


def of_card(session: Session, institution_id: int) -> dict[int, tuple[Unit, ...]]:
    """Give what an institution serves under OWN, and under the id of an offer where that one holds. One statement.

    Larger units come first, equal ones in the Polish order. An offer without an entry holds wherever its institution
    serves.
    """
    asked = union_all(
        columns(literal(OWN).label("owner"), col(InstitutionTerritory.code).label("code")).where(
            col(InstitutionTerritory.institution_id) == institution_id
        ),
        columns(col(ServiceOfferTerritory.offer_id), col(ServiceOfferTerritory.code))
        .join(ServiceOffer, col(ServiceOffer.id) == col(ServiceOfferTerritory.offer_id))
        .where(col(ServiceOffer.institution_id) == institution_id),
    ).subquery()
    found: defaultdict[int, list[Unit]] = defaultdict(list)
    for owner, *row in session.execute(_named(asked)):
        found[owner].append(_unit(row))
    return {owner: tuple(units) for owner, units in found.items()}


def units(session: Session, codes: Collection[str]) -> dict[str, Unit]:
    """Give the units with these codes; a code that no register knows is left out."""
    if not codes:
        return {}
    asked = union_all(
        *(
            columns(literal(OWN).label("owner"), col(table.code).label("code")).where(col(table.code).in_(codes))
            for table in (Voivodeship, County, Gmina, WarsawDistrict)
        )
    ).subquery()
    known = (_unit(row) for _owner, *row in session.execute(_named(asked)))
    return {unit.code: unit for unit in known}


def without_covered(codes: Iterable[str], district_gmina: str = "146501") -> frozenset[str]:
    """Leave out what lies in something broader that is there too: a gmina of a county, a county of a voivodeship."""
    given = frozenset(codes)
    in_warsaw = {code for code in given if code[:COUNTY_DIGITS] == district_gmina[:COUNTY_DIGITS]} - {district_gmina}
    return frozenset(
        code
        for code in given
        if not (len(code) > VOIVODESHIP_DIGITS and code[:VOIVODESHIP_DIGITS] in given)
        and not (len(code) > COUNTY_DIGITS and code[:COUNTY_DIGITS] in given)
        and not (len(code) == GMINA_DIGITS and code in in_warsaw and district_gmina in given)
    )


def area(session: Session, code: str) -> Area | None:
    """Give the page of the tree for a voivodeship (2 digits) or county (4)."""
    if len(code) == VOIVODESHIP_DIGITS:
        return _voivodeship(session, code)
    return _county(session, code) if len(code) == COUNTY_DIGITS else None


def children(session: Session, codes: Collection[str]) -> dict[str, tuple[Unit, ...]]:
    """Give what lies right below each of these codes: counties of a voivodeship, gminas and districts of a county."""
    found: defaultdict[str, list[Unit]] = defaultdict(list)
    wide = [code for code in codes if len(code) == VOIVODESHIP_DIGITS]
    narrow = [code for code in codes if len(code) == COUNTY_DIGITS]
    if wide:
        counties = columns(col(County.code), col(County.name), col(County.kind)).where(
            col(County.voivodeship_code).in_(wide)
        )
        for code, name, kind in session.execute(counties.order_by(col(County.sort_key), col(County.code))):
            found[code[:VOIVODESHIP_DIGITS]].append(Unit(code, name, county_kind=kind))
    if narrow:
        for unit in gminas(session, col(Gmina.county_code).in_(narrow), None):
            found[unit.code[:COUNTY_DIGITS]].append(unit)
        districts = columns(col(WarsawDistrict.code), col(WarsawDistrict.name), col(Gmina.county_code)).join(
            Gmina, col(Gmina.code) == col(WarsawDistrict.gmina_code)
        )
        inside = districts.where(col(Gmina.county_code).in_(narrow)).order_by(col(WarsawDistrict.sort_key))
        for code, name, county in session.execute(inside):
            found[county].append(Unit(code, name))
    return {code: tuple(below) for code, below in found.items()}


def gminas(session: Session, condition: ColumnElement[bool], limit: int | None) -> list[Unit]:
    """Give the gminas of today that fit *condition*, in the Polish order."""
    statement = (
        columns(col(Gmina.code), col(Gmina.name), col(Gmina.kind), col(County.name), col(County.kind))
        .join(County, col(County.code) == col(Gmina.county_code))
        .where(col(Gmina.valid_to).is_(None), condition)
        .order_by(col(Gmina.sort_key), col(Gmina.code))
        .limit(limit)
    )
    return [
        Unit(code, name, gmina_kind=kind, above=above, above_kind=above_kind)
        for code, name, kind, above, above_kind in session.execute(statement)
    ]


def _voivodeship(session: Session, code: str) -> Area | None:
    found = session.get(Voivodeship, code)
    if found is None:
        return None
    counties = session.execute(
        columns(col(County.code), col(County.name), col(County.kind), func.count(col(Gmina.code)))
        .outerjoin(Gmina, and_(col(Gmina.county_code) == col(County.code), col(Gmina.valid_to).is_(None)))
        .where(col(County.voivodeship_code) == code)
        .group_by(col(County.code), col(County.name), col(County.kind), col(County.sort_key))
        .order_by(col(County.sort_key), col(County.code))
    )
    return Area(
        Unit(code, found.name),
        None,
        tuple(Branch(Unit(own, name, county_kind=kind), number) for own, name, kind, number in counties),
    )


def _county(session: Session, code: str) -> Area | None:
    found = session.get(County, code)
    if found is None:
        return None
    above = session.get_one(Voivodeship, found.voivodeship_code)
    return Area(
        Unit(code, found.name, county_kind=found.kind),
        Unit(above.code, above.name),
        tuple(Branch(unit) for unit in children(session, [code]).get(code, ())),
    )


def _named(asked: Subquery) -> Select[Any]:
    return (
        columns(
            asked.c.owner,
            asked.c.code,
            func.coalesce(
                col(Voivodeship.name), col(County.name), col(Gmina.name), col(WarsawDistrict.name), asked.c.code
            ),
            col(County.kind),
            col(Gmina.kind),
            func.coalesce(col(_above.name), ""),
            col(_above.kind),
        )
        .select_from(asked)
        .outerjoin(Voivodeship, col(Voivodeship.code) == asked.c.code)
        .outerjoin(County, col(County.code) == asked.c.code)
        .outerjoin(Gmina, col(Gmina.code) == asked.c.code)
        .outerjoin(_above, col(_above.code) == col(Gmina.county_code))
        .outerjoin(WarsawDistrict, col(WarsawDistrict.code) == asked.c.code)
        .order_by(
            func.length(asked.c.code),
            func.coalesce(
                col(Voivodeship.sort_key), col(County.sort_key), col(Gmina.sort_key), col(WarsawDistrict.sort_key), ""
            ),
            asked.c.code,
        )
    )


def _unit(row: list[Any]) -> Unit:
    code, name, county_kind, gmina_kind, above, above_kind = row
    return Unit(code, name, county_kind, gmina_kind, above, above_kind)

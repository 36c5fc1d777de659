"""Tables of the TERYT register (GUS): voivodeships, counties, gminas, Warsaw districts."""

from datetime import date
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db import choice


class CountyKind(StrEnum):
    """A county (powiat) or a city with county rights."""

    COUNTY = "county"
    CITY_COUNTY = "city_county"


class GminaKind(StrEnum):
    """TERYT kinds 1, 2 and 3."""

    URBAN = "urban"
    RURAL = "rural"
    URBAN_RURAL = "urban_rural"


class Voivodeship(SQLModel, table=True):
    """One of the 16 voivodeships; *code* has two digits."""

    code: str = Field(primary_key=True, max_length=2)
    name: str = Field(max_length=60)
    sort_key: str = Field(max_length=120)


class County(SQLModel, table=True):
    """A county; *code* has four digits."""

    code: str = Field(primary_key=True, max_length=4)
    name: str = Field(max_length=80)
    kind: CountyKind = Field(sa_type=choice(CountyKind))
    voivodeship_code: str = Field(foreign_key="voivodeship.code", ondelete="RESTRICT", max_length=2, index=True)
    sort_key: str = Field(max_length=160)
    synthetic: bool = False


class Gmina(SQLModel, table=True):
    """A gmina; *code* has six digits and is unique, the seventh digit is its kind."""

    code: str = Field(primary_key=True, max_length=6)
    name: str = Field(max_length=80)
    kind: GminaKind = Field(sa_type=choice(GminaKind))
    county_code: str = Field(foreign_key="county.code", ondelete="RESTRICT", max_length=4, index=True)
    voivodeship_code: str = Field(foreign_key="voivodeship.code", ondelete="RESTRICT", max_length=2, index=True)
    valid_from: date | None = None
    valid_to: date | None = None
    latitude: float | None = None
    longitude: float | None = None
    sort_key: str = Field(max_length=160)
    search_text: str = Field(max_length=200)
    synthetic: bool = False


class WarsawDistrict(SQLModel, table=True):
    """A district of Warsaw: each has a welfare centre of its own."""

    __tablename__ = "warsaw_district"

    code: str = Field(primary_key=True, max_length=6)
    name: str = Field(max_length=80)
    gmina_code: str = Field(foreign_key="gmina.code", ondelete="RESTRICT", max_length=6, index=True)
    sort_key: str = Field(max_length=160)


class TerritoryChangeKind(StrEnum):
    """What a yearly update of TERYT changed about a gmina."""

    NEW = "new"
    RENAMED = "renamed"
    KIND = "kind"
    COUNTY = "county"
    ENDED = "ended"


class TerritoryChange(SQLModel, table=True):
    """One change of a gmina by a yearly update: the history that TERYT's lists of a single day do not carry."""

    __tablename__ = "territory_change"
    __table_args__ = (UniqueConstraint("gmina_code", "day", "kind", name="uq_territory_change_once"),)

    id: int | None = Field(default=None, primary_key=True)
    gmina_code: str = Field(foreign_key="gmina.code", ondelete="CASCADE", max_length=6)
    day: date
    kind: TerritoryChangeKind = Field(sa_type=choice(TerritoryChangeKind))
    before: str = Field(default="", max_length=80)
    after: str = Field(default="", max_length=80)

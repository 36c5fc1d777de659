"""Names of gminas as people can tell them apart, and areas in which a person may live."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from partners.territory.models import CountyKind, GminaKind

WARSAW = "146501"
"""Code of the gmina whose districts have welfare centres of their own."""

_KIND_WORDS: Mapping[str, Mapping[GminaKind, str]] = {
    "pl": {
        GminaKind.URBAN: "gmina miejska",
        GminaKind.RURAL: "gmina wiejska",
        GminaKind.URBAN_RURAL: "gmina miejsko-wiejska",
    },
    "en": {
        GminaKind.URBAN: "urban gmina",
        GminaKind.RURAL: "rural gmina",
        GminaKind.URBAN_RURAL: "urban-rural gmina",
    },
}
_CITY_WORDS = {"pl": "miasto na prawach powiatu", "en": "city with county rights"}


def gmina_kind_words(kind: GminaKind, language: str = "pl") -> str:
    """Give "gmina wiejska" or "rural gmina"."""
    return _KIND_WORDS["pl" if language == "pl" else "en"][kind]


def gmina_name(
    name: str,
    kind: GminaKind,
    county_name: str,
    county_kind: CountyKind = CountyKind.COUNTY,
    *,
    homonym: bool = True,
    language: str = "pl",
) -> str:
    """Give "Gubin (gmina wiejska, pow. krośnieński)" where another gmina has the same name, else the name alone.

    466 gminas share their name with another; 142 of them are a town and the rural gmina around it.
    """
    if not homonym:
        return name
    words = gmina_kind_words(kind, language)
    if county_kind is CountyKind.CITY_COUNTY:
        return f"{name} ({words}, {_CITY_WORDS['pl' if language == 'pl' else 'en']})"
    county = f"pow. {county_name}" if language == "pl" else f"{county_name} county"
    return f"{name} ({words}, {county})"


def district_name(name: str, language: str = "pl") -> str:
    """Give "Warszawa, dzielnica Mokotów"."""
    return f"Warszawa, dzielnica {name}" if language == "pl" else f"Warszawa, district of {name}"


def county_name(name: str, kind: CountyKind, language: str = "pl") -> str:
    """Give "powiat krośnieński", or the name of a city that is its own county."""
    if kind is CountyKind.CITY_COUNTY:
        return name
    return f"powiat {name}" if language == "pl" else f"{name} county"


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
    valid_to: date | None = None
    latitude: float | None = None
    longitude: float | None = None

    def words(self, language: str = "pl") -> str:
        """Give the name, with kind and county where another gmina is called the same."""
        return gmina_name(
            self.name, self.kind, self.county_name, self.county_kind, homonym=self.homonym, language=language
        )


@dataclass(frozen=True, slots=True)
class Area:
    """A gmina or a district of Warsaw: what a person names when he says where he lives.

    *former* are the names that the gmina had before.
    """

    code: str
    name: str
    gmina: GminaPlace
    former: tuple[str, ...] = ()

    @property
    def is_district(self) -> bool:
        """Whether this is a district of Warsaw."""
        return self.code != self.gmina.code

    @property
    def is_warsaw(self) -> bool:
        """Whether this is Warsaw as a whole, where the district decides."""
        return self.code == WARSAW

    @property
    def is_city_county(self) -> bool:
        """Whether it lies in a city with county rights."""
        return self.gmina.county_kind is CountyKind.CITY_COUNTY

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all that it lies in, the narrowest first: a district or gmina, county, voivodeship."""
        return tuple(dict.fromkeys((self.code, self.gmina.code, self.gmina.county_code, self.gmina.voivodeship_code)))

    def words(self, language: str = "pl") -> str:
        """Give the name, with kind and county where another gmina is called the same."""
        return district_name(self.name, language) if self.is_district else self.gmina.words(language)

    def around(self, language: str = "pl") -> str:
        """Give the county and the voivodeship in which it lies."""
        voivodeship = self.gmina.voivodeship_name
        region = f"woj. {voivodeship}" if language == "pl" else f"{voivodeship} voivodeship"
        if self.is_city_county:
            return region
        return f"{county_name(self.gmina.county_name, self.gmina.county_kind, language)}, {region}"

"""Names of gminas as people can tell them apart."""

from collections.abc import Mapping

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

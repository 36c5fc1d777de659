import pytest

from partners.territory.models import CountyKind, GminaKind
from partners.territory.rules import gmina_name


@pytest.mark.parametrize(
    ("kind", "county_kind", "language", "words"),
    [
        (GminaKind.RURAL, CountyKind.COUNTY, "pl", "Gubin (gmina wiejska, pow. krośnieński)"),
        (GminaKind.URBAN, CountyKind.COUNTY, "pl", "Gubin (gmina miejska, pow. krośnieński)"),
        (GminaKind.URBAN_RURAL, CountyKind.COUNTY, "en", "Gubin (urban-rural gmina, krośnieński county)"),
        (GminaKind.URBAN, CountyKind.CITY_COUNTY, "pl", "Gubin (gmina miejska, miasto na prawach powiatu)"),
    ],
)
def test_a_homonym_is_shown_with_kind_and_county(kind, county_kind, language, words):
    assert gmina_name("Gubin", kind, "krośnieński", county_kind, language=language) == words


def test_a_single_name_needs_nothing():
    assert gmina_name("Zgorzelec", GminaKind.URBAN, "zgorzelecki", homonym=False) == "Zgorzelec"

"""Who is chosen: kinds, seats, territories, ties; on plain values."""

from dataclasses import replace
from datetime import date
from itertools import count, permutations
from typing import Any

import pytest

from partners.competence import rules
from partners.competence.rules import Centre, Sureness, Task
from partners.institutions.models import Kind, Status
from partners.territory.models import CountyKind, GminaKind
from partners.territory.rules import WARSAW, Area, GminaPlace

DAY = date(2026, 11, 23)
_ids = count(1)
GUBIN = GminaPlace(
    "080205", "Gubin", GminaKind.RURAL, "0802", "krośnieński", CountyKind.COUNTY, "08", "lubuskie", True, False
)
GORZOW = GminaPlace(
    "086101", "Gorzów Wielkopolski", GminaKind.URBAN, "0861", "Gorzów Wielkopolski", CountyKind.CITY_COUNTY, "08",
    "lubuskie", False, False,
)  # fmt: skip
WARSZAWA = GminaPlace(
    WARSAW, "Warszawa", GminaKind.URBAN, "1465", "Warszawa", CountyKind.CITY_COUNTY, "14", "mazowieckie", False, False
)
VILLAGE, CITY, CAPITAL = (Area(one.code, one.name, one) for one in (GUBIN, GORZOW, WARSZAWA))
MOKOTOW, WOLA = Area("146505", "Mokotów", WARSZAWA), Area("146518", "Wola", WARSZAWA)


def centre(kind: Kind = Kind.OPS, area: Area = VILLAGE, name: str = "", **columns: Any) -> Centre:
    number = next(_ids)
    values: dict[str, Any] = {
        "id": number,
        "slug": f"instytucja-{number}",
        "name": name or kind.value,
        "kind": kind,
        "status": Status.ACTIVE,
        "synthetic": False,
        **dict.fromkeys(("street", "postal_code", "post_town", "phone", "email", "website", "hours"), ""),
        "confirmed_on": None,
        "gmina_code": area.gmina.code,
        "district_code": area.code if area.is_district else None,
        "county_code": area.gmina.county_code,
        "voivodeship_code": area.gmina.voivodeship_code,
        "sort_key": name or kind.value,
    }
    return Centre(**{**values, **columns})


def placeholder(area: Area = VILLAGE) -> Centre:
    return centre(area=area, name=rules.placeholder_name(area), status=Status.UNCONFIRMED)


def chosen(area: Area, *centres: Centre) -> rules.Answer:
    """The answer, which is the same in whatever order the centres come."""
    answers = {rules.answer(area, order, DAY) for order in permutations(centres)}
    assert len(answers) == 1
    return answers.pop()


def test_a_listed_centre_takes_over_from_the_placeholder():
    listed = centre(Kind.GOPS)
    answer = chosen(VILLAGE, placeholder(), listed)
    assert (answer.welfare, answer.beside) == (listed, ())
    assert chosen(VILLAGE, placeholder()).welfare is not None


def test_an_unconfirmed_card_goes_before_the_placeholder():
    card = centre(Kind.GOPS, status=Status.UNCONFIRMED)
    assert chosen(VILLAGE, placeholder(), card).welfare == card


def test_a_cus_beside_an_ops_is_told_but_not_first():
    centre_for_all, ops = centre(Kind.CUS, territory=frozenset({"080205"})), centre(Kind.OPS)
    answer = chosen(VILLAGE, centre_for_all, ops)
    assert (answer.welfare, answer.beside) == (ops, (centre_for_all,))
    assert chosen(VILLAGE, centre_for_all, placeholder()).welfare == centre_for_all


def test_two_centres_alike_are_in_a_lasting_order():
    first, second = centre(name="A"), centre(name="B")
    answer = chosen(VILLAGE, second, first)
    assert (answer.welfare, answer.beside) == (first, (second,))


def test_a_named_territory_counts_and_the_seat_does_not_beside_it():
    neighbour = centre(Kind.CUS, gmina_code="080207", territory=frozenset({"080205", "080207"}))
    elsewhere = centre(Kind.OPS, territory=frozenset({"080207"}))
    assert chosen(VILLAGE, neighbour, elsewhere).welfare == neighbour


def test_a_neighbour_with_a_wider_territory_stands_behind_the_own_centre():
    own, wide = centre(Kind.GOPS, name="Z"), centre(Kind.MOPS, gmina_code="080201", territory=frozenset({"0802"}))
    assert chosen(VILLAGE, own, wide).welfare == own


def test_the_county_centre_and_the_region_are_found_by_their_seat():
    pcpr, rops = centre(Kind.PCPR, gmina_code="080206"), centre(Kind.ROPS, CITY)
    answer = chosen(VILLAGE, pcpr, rops, placeholder())
    assert (answer.family, answer.region) == (pcpr, rops)
    assert chosen(CITY, pcpr).family is None


def test_a_county_centre_may_serve_a_city_beside_its_county():
    pcpr = centre(Kind.PCPR, gmina_code="080206", territory=frozenset({"0802", "0861"}))
    assert chosen(CITY, pcpr).family == pcpr


@pytest.mark.parametrize("kind", [Kind.MOPR, Kind.GCPR])
def test_a_city_centre_is_both(kind):
    both = centre(kind, CITY)
    answer = chosen(CITY, both)
    assert (answer.welfare, answer.family, answer.one_for_both) == (both, both, True)


def test_in_a_city_with_county_rights_the_ops_is_the_county_centre_too():
    mops = centre(Kind.MOPS, CITY)
    assert chosen(CITY, mops).one_for_both
    assert chosen(CITY, placeholder(CITY)).one_for_both
    separate = centre(Kind.PCPR, CITY)
    assert chosen(CITY, mops, separate).family == separate


def test_a_towns_mopr_is_not_the_county_centre_unless_it_says_so():
    mopr = centre(Kind.MOPR)
    assert chosen(VILLAGE, mopr).family is None
    saying = replace(mopr, acts_as=frozenset({Kind.OPS, Kind.PCPR}))
    assert chosen(VILLAGE, saying).one_for_both


def test_each_district_of_warsaw_has_its_own_centre_and_the_city_one_family_centre():
    mokotow, wola = centre(Kind.OPS, MOKOTOW), centre(Kind.OPS, WOLA)
    wcpr = centre(Kind.PCPR, CAPITAL)
    answer = chosen(MOKOTOW, mokotow, wola, wcpr)
    assert (answer.welfare, answer.beside, answer.family) == (mokotow, (), wcpr)
    assert chosen(WOLA, mokotow).welfare is None
    whole = rules.answer(CAPITAL, [mokotow, wola, wcpr], DAY, [MOKOTOW, WOLA])
    assert (whole.welfare, whole.family) == (None, wcpr)
    assert whole.districts == ((MOKOTOW, mokotow), (WOLA, wola))
    assert not whole.is_empty


def test_invented_centres_serve_invented_gminas_alone():
    invented = centre(Kind.ROPS, synthetic=True)
    assert chosen(VILLAGE, invented).is_empty
    kladkowo = replace(GUBIN, code="089901", synthetic=True, county_code="0899")
    assert chosen(Area("089901", "Kładkowo", kladkowo), invented).region == invented


def test_how_sure_the_data_are():
    assert placeholder().sureness(DAY) is Sureness.UNCONFIRMED
    assert centre().sureness(DAY) is Sureness.LISTED
    assert centre(confirmed_on=date(2026, 10, 3)).sureness(DAY) is Sureness.CONFIRMED
    assert centre(confirmed_on=date(2025, 10, 3)).sureness(DAY) is Sureness.LISTED


def test_placeholders_are_called_by_their_gmina():
    assert rules.placeholder_name(CITY) == (
        "Pomoc społeczna – gmina Gorzów Wielkopolski (OPS lub CUS, dane niepotwierdzone)"
    )
    assert rules.placeholder_name(VILLAGE) == (
        "Pomoc społeczna – gmina Gubin (wiejska, pow. krośnieński; OPS lub CUS, dane niepotwierdzone)"
    )
    assert rules.placeholder_name(MOKOTOW) == (
        "Pomoc społeczna – Warszawa, dzielnica Mokotów (OPS lub CUS, dane niepotwierdzone)"
    )


def test_an_institution_of_another_kind_serves_nobody():
    assert chosen(VILLAGE, centre(Kind.NGO), centre(Kind.PRISON)).is_empty
    assert rules.ranked_for(VILLAGE, [centre(Kind.NGO)], Task.WELFARE) == []

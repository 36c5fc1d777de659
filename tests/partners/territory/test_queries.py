import pytest
from sqlmodel import Session

from partners.territory import actions, queries


@pytest.fixture(name="register")
def _register(session: Session) -> Session:
    actions.load(session)
    return session


def test_voivodeships_stand_in_polish_order(register):
    names = [place.name for place in queries.voivodeships(register)]
    assert len(names) == 16
    assert names[4:7] == ["łódzkie", "małopolskie", "mazowieckie"]
    assert names[11:13] == ["śląskie", "świętokrzyskie"]


def test_homonyms_are_told_apart_by_kind_and_county(register):
    rural, urban = queries.gmina(register, "080205"), queries.gmina(register, "080201")
    assert rural is not None
    assert urban is not None
    assert rural.words() == "Gubin (gmina wiejska, pow. krośnieński)"
    assert urban.words() == "Gubin (gmina miejska, pow. krośnieński)"
    assert rural.words("en") == "Gubin (rural gmina, krośnieński county)"


def test_a_name_that_is_the_only_one_stands_alone(register):
    place = queries.gmina(register, "086201")
    assert place is not None
    assert place.words() == "Zielona Góra"


def test_466_gminas_share_their_name(register):
    assert sum(place.homonym for place in queries.gminas(register)) == 466


def test_gminas_of_a_county_and_of_a_voivodeship(register):
    assert {place.county_name for place in queries.gminas(register, county_code="0802")} == {"krośnieński"}
    assert len(queries.gminas(register, voivodeship_code="08")) == 82
    assert len(queries.counties(register, "08")) == 14
    assert queries.gmina(register, "999999") is None

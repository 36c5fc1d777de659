# ruff: noqa: E501 - headings as offices write them
"""The voivodes' registers of shelters and training flats: headings as offices write them, one card for each place."""

import pytest
from sqlmodel import Session, select

from app.actors import Actor
from app.clock import now
from partners.exchange import actions
from partners.exchange.rules import Subject
from partners.institutions.models import Institution, InstitutionTerritory, Kind, Service, ServiceOffer
from tests.factories.institutions import make_service
from tests.factories.territory import make_gmina

pytestmark = pytest.mark.usefixtures("clock")
SHELTERS = """\
Rejestr miejsc, w których gminy udzielają tymczasowego schronienia;;;;;;;;
Stan na dzień 1 lipca 2026 r.;;;;;;;;
Lp.;Nazwa gminy zgłaszającej placówkę;Dane kontaktowe gminy (adres, telefon, e-mail);Forma, pod którą jest prowadzona placówka;Liczba miejsc, które zgłasza gmina;Nazwa placówki;Adres placówki;Liczba miejsc w placówce;Nazwa i adres siedziby podmiotu prowadzącego placówkę
1;2;3;4;5;6;7;8;9
1;Gmina Nowa Sól;ul. Moniuszki 3, tel. 68 1;schronisko dla osób bezdomnych;5;Schronisko „Przystań”;ul. Mostowa 1, 67-100 Nowa Sól;40;Stowarzyszenie Dobra Próba
2;Gmina Miejska Gubin;;;3;;;;
3;Miasto Zielona Góra;;noclegownia;10;Noclegownia Miejska;65-001 Zielona Góra, ul. Długa 2;20;
4;Zielona Góra;;ogrzewalnia;10;Ogrzewalnia;ul. Długa 2 65-001 Zielona Góra;15;
"""
FLATS = """\
Lp.;Rodzaj mieszkania (treningowe/wspomagane);Adres mieszkania;Liczba miejsc;Nazwa podmiotu prowadzącego;Telefon;E-mail;Dla kogo
1;mieszkanie treningowe;ul. Krótka 1/2, 67-100 Nowa Sól;3;MOPS w Nowej Soli;tel. 68 000 00 40, 600 000 000;"biuro@mops.example; a@b.example";osoby opuszczające zakłady karne
2;mieszkanie treningowe;ul. Krótka 5/1, 67-100 Nowa Sól;2;MOPS w Nowej Soli;;brak;
3;mieszkanie wspomagane;adres zastrzeżony;2;Caritas;;;
"""


@pytest.fixture(autouse=True)
def _territory(session):
    make_gmina(session, "080401", "Nowa Sól", "urban")
    make_gmina(session, "080201", "Gubin", "urban")
    make_gmina(session, "080205", "Gubin", "rural")
    make_gmina(session, "086201", "Zielona Góra", "urban")
    make_service(session, "shelter_ngo")
    make_service(session, "supported_housing")


def take(session: Session, text: str):
    return actions.take_over(session, Actor.system(), Subject.SHELTERS, text.encode(), now())


def test_each_place_becomes_one_card(session):
    assert take(session, SHELTERS).created == 3
    cards = {card.slug: card for card in session.exec(select(Institution))}
    assert sorted(cards) == [
        "noclegownia-miejska-zielona-gora",
        "ogrzewalnia-zielona-gora",
        "schronisko-przystan-nowa-sol",
    ]
    place = cards["schronisko-przystan-nowa-sol"]
    assert (place.kind, place.street, place.postal_code, place.post_town) == (
        Kind.SHELTER,
        "ul. Mostowa 1",
        "67-100",
        "Nowa Sól",
    )
    assert (place.gmina_code, place.voivodeship_code, place.basis) == (
        "080401",
        "08",
        "publiczny rejestr wojewody (woj. lubuskie)",
    )
    assert "Liczba miejsc: 40" in place.description
    assert "Prowadzi: Stowarzyszenie Dobra Próba" in place.description
    served = select(InstitutionTerritory.code).where(InstitutionTerritory.institution_id == place.id)
    assert set(session.exec(served)) == {"080401", "080201"}
    assert cards["noclegownia-miejska-zielona-gora"].kind is Kind.NIGHT_SHELTER
    assert cards["noclegownia-miejska-zielona-gora"].street == "ul. Długa 2"
    assert cards["ogrzewalnia-zielona-gora"].kind is Kind.NIGHT_SHELTER
    keys = session.exec(select(Service.key).join(ServiceOffer).where(ServiceOffer.service_id == Service.id)).all()
    assert keys == ["shelter_ngo"] * 3


def test_flats_of_one_town_are_told_apart_and_may_have_no_address(session):
    assert take(session, FLATS).created == 3
    cards = {card.slug: card for card in session.exec(select(Institution))}
    assert sorted(cards) == [
        "mieszkanie-treningowe-mops-w-nowej-soli-nowa-sol-ul-krotka-1",
        "mieszkanie-treningowe-mops-w-nowej-soli-nowa-sol-ul-krotka-5",
        "mieszkanie-wspomagane-caritas",
    ]  # fmt: skip
    first = cards["mieszkanie-treningowe-mops-w-nowej-soli-nowa-sol-ul-krotka-1"]
    assert (first.kind, first.phone, first.email) == (
        Kind.SHELTER,
        "tel. 68 000 00 40, 600 000 000",
        "biuro@mops.example",
    )
    assert "Dla kogo: osoby opuszczające zakłady karne" in first.description
    assert cards["mieszkanie-wspomagane-caritas"].street == "adres zastrzeżony"


@pytest.mark.parametrize("text", [SHELTERS, FLATS])
def test_a_second_time_nothing_changes(session, text):
    take(session, text)
    again = take(session, text)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 3)


def test_headings_of_two_rows_are_read_together(session):
    text = """\
;Placówka;;;Podmiot prowadzący placówkę;
Lp.;nazwa;adres;forma;nazwa;forma organizacyjno-prawna
1;Dom św. Brata;ul. Długa 2, 65-001 Zielona Góra;schronisko;Caritas;kościelna osoba prawna
"""
    assert take(session, text).created == 1
    card = session.exec(select(Institution)).one()
    assert (card.name, card.street, card.kind) == ("Dom św. Brata", "ul. Długa 2", Kind.SHELTER)
    assert "Prowadzi: Caritas" in card.description


def test_what_is_no_register_says_so(session):
    outcome = actions.check(session, Subject.SHELTERS, b"a;b\n1;2\n", now())
    assert "does not look like a register" in str(outcome.problems[0])


def test_a_pesel_in_a_register_is_named_with_its_line(session):
    body = FLATS.replace("Caritas", "Jan 44051401359").encode()
    outcome = actions.check(session, Subject.SHELTERS, body, now())
    assert [problem.line for problem in outcome.problems] == [4]
    assert "PESEL" in str(outcome.problems[0])

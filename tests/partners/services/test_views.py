"""Services in the browser: an institution's offers, the operator's catalogue."""

import pytest
from sqlmodel import Session, select

from app.clock import now
from partners.institutions.models import InstitutionTerritory, Service, ServiceOffer
from partners.territory.models import County, CountyKind, Gmina, GminaKind
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.institutions import make_offer, make_service
from tests.factories.persons import People
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
CARD = "/partnerzy/mops-kladkowo"
OFFERS = f"{CARD}/uslugi"
NASTY = "<svg onload=alert(1)>{{7*7}}"


def test_coordinator_adds_a_service_and_says_how_to_apply(client: Browser, session: Session, people: People) -> None:
    service = make_service(session, "shelter", "ops")
    page = client.sign_in(people.marek).see(OFFERS)
    assert "Nie ma jeszcze usług" in page.text
    assert client.post(OFFERS).status_code == 422
    assert "Zaznacz co najmniej jedną usługę." in client.page.text
    client.post(OFFERS, data={"services": [str(service.id)]}, follow_redirects=True)
    assert "Dodano 1 usługę." in client.page.text
    offer = session.exec(select(ServiceOffer)).one()
    address = f"{OFFERS}/{offer.id}"
    client.see(address)
    data = {**client.page.values(address), "audience": "rodziny", "how_to_apply": "Zadzwoń.\nAlbo przyjdź."}
    assert client.post(address, data=data).status_code == 303
    text = client.see(CARD).text
    assert "Zadzwoń. Albo przyjdź." in text
    assert "rodziny" in text


def test_outdated_services_are_marked_and_checked_with_one_click(
    client: Browser, session: Session, people: People
) -> None:
    offers = [make_offer(session, people.mops, make_service(session, key, "ops")) for key in ("a", "b")]
    page = client.sign_in(people.marek).see(OFFERS)
    assert page.text.count("dane mogą być nieaktualne") == 2
    client.post(f"{OFFERS}/{offers[0].id}/sprawdzone", follow_redirects=True)
    assert client.page.text.count("dane mogą być nieaktualne") == 1
    assert "Sprawdzono 23 listopada 2026 (Marek Przykładowy)." in client.page.text
    client.post(f"{OFFERS}/sprawdzone", follow_redirects=True)
    assert "dane mogą być nieaktualne" not in client.page.text
    card = browser_of(client.application, session).see(CARD)
    assert "Sprawdzono 23 listopada 2026." in card.text
    assert "Marek Przykładowy" not in card.text


def test_second_person_sees_what_the_first_has_saved(client: Browser, session: Session, people: People) -> None:
    offer = make_offer(session, people.mops, make_service(session, "shelter", "ops"))
    address = f"{OFFERS}/{offer.id}"
    client.sign_in(people.marek).see(address)
    opened = client.page.values(address)
    assert client.post(address, data={**opened, "hours": "8–16"}).status_code == 303
    assert client.post(address, data={**opened, "audience": "rodziny"}).status_code == 409
    assert "W międzyczasie ktoś inny zmienił tę usługę." in client.page.text
    assert "8–16" in client.page.text
    assert client.page.by_id("audience")["value"] == "rodziny"
    assert client.post(address, data=client.page.values(address)).status_code == 303


def test_an_offer_is_limited_to_a_part_of_the_territory(client: Browser, session: Session, people: People) -> None:
    add(session, County, code="0802", name="krośnieński", kind=CountyKind.COUNTY, voivodeship_code="08", sort_key="1")
    add(
        session,
        Gmina,
        code="080201",
        name="Gubin",
        kind=GminaKind.URBAN,
        county_code="0802",
        voivodeship_code="08",
        sort_key="1",
        search_text=" gubin",
    )
    session.add(InstitutionTerritory(institution_id=people.mops.id or 0, code="0802"))
    offer = make_offer(session, people.mops, make_service(session, "shelter", "ops"))
    address = f"{OFFERS}/{offer.id}"
    client.sign_in(people.marek).see(address)
    data = {**client.page.values(address), "where": "wybrane"}
    assert client.post(address, data=data).status_code == 422
    assert "Zaznacz miejsca albo wybierz „wszędzie”." in client.page.text
    assert client.post(address, data={**data, "codes": ["080201"]}).status_code == 303
    assert "Gubin (gmina miejska, pow. krośnieński)" in client.see(OFFERS).text
    assert client.post(address, data={**data, "codes": ["146501"]}).status_code == 422


def test_a_service_is_taken_off_the_card(client: Browser, session: Session, people: People) -> None:
    offer = make_offer(session, people.mops, make_service(session, "shelter", "ops"))
    client.sign_in(people.marek).see(f"{OFFERS}/{offer.id}")
    client.post(f"{OFFERS}/{offer.id}/usun", follow_redirects=True)
    assert "tej usługi nie ma już na karcie" in client.page.text
    assert session.exec(select(ServiceOffer)).all() == []


def test_offers_of_another_institution_are_not_there(client: Browser, session: Session, people: People) -> None:
    offer = make_offer(session, people.ngo, make_service(session, "shelter", "ops"))
    client.sign_in(people.marek).see(OFFERS)
    for path in (f"{OFFERS}/{offer.id}", f"{OFFERS}/{offer.id}/usun", f"{OFFERS}/{offer.id}/sprawdzone"):
        assert client.post(path).status_code == 404
    assert client.post(f"/partnerzy/most/uslugi/{offer.id}/usun").status_code == 403
    assert session.get(ServiceOffer, offer.id) is not None


def test_operator_edits_the_catalogue_on_screen(client: Browser, session: Session, people: People) -> None:
    page = client.sign_in(people.olga).see("/operator/uslugi")
    assert "Katalog jest pusty" in page.text
    assert client.post("/operator/uslugi/nowa", data={"name_pl": "mediacje"}).status_code == 422
    data = {"name_pl": "mediacje", "name_en": "mediation", "group": "ngo"}
    assert client.post("/operator/uslugi/nowa", data=data).status_code == 303
    assert client.post("/operator/uslugi/nowa", data=data).status_code == 422
    assert "W tej grupie jest już usługa o tej nazwie." in client.page.text
    service = session.exec(select(Service)).one()
    address = f"/operator/uslugi/{service.id}"
    client.see(address)
    changed = {**client.page.values(address), "name_pl": "mediacje rodzinne"}
    assert client.post(address, data=changed).status_code == 303
    assert client.post(address, data={**changed, "name_pl": "inne"}).status_code == 409
    assert "mediacje rodzinne" in client.page.text
    client.post(f"{address}/wylacz", follow_redirects=True)
    assert "obecnie niepokazywana" in client.page.text
    client.post(f"{address}/wlacz", follow_redirects=True)
    assert "obecnie niepokazywana" not in client.page.text
    assert client.post(f"{address}/wyzej").status_code == client.post(f"{address}/nizej").status_code == 303


def test_markup_in_every_field_is_shown_literally(client: Browser, session: Session, people: People) -> None:
    service = make_service(session, "shelter", "ops")
    service.name_pl = service.name_en = NASTY
    fields = ("note", "audience", "how_to_apply", "what_to_bring", "hours", "phone")
    offer = make_offer(session, people.mops, service)
    for name in fields:
        setattr(offer, name, NASTY)
    offer.checked_on = now().date()
    session.flush()
    client.sign_in(people.marek)
    for path in (CARD, OFFERS, f"{OFFERS}/{offer.id}", "/partnerzy"):
        page = client.see(path)
        assert page.main.all("svg", onload="alert(1)") == []
        assert "<svg onload=alert(1)>{{7*7}}" in str(page.main.text) + str([*page.main.strings()])
    client.sign_in(people.olga).see("/operator/uslugi")
    assert NASTY in client.page.text


@pytest.mark.parametrize("number", [1, 20])
def test_statements_do_not_grow_with_the_offers(
    client: Browser, session: Session, people: People, query_count, number: int
) -> None:
    for one in range(number):
        make_offer(session, people.mops, make_service(session, f"s{one}", "ops"))
        make_service(session, f"t{one}", "ngo")
    client.sign_in(people.marek)
    with query_count() as asked:
        client.see(OFFERS)
    assert len(asked) <= 6

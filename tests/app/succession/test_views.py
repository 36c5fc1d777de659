"""The operator's pages of merging and succession."""

import pytest
from sqlmodel import Session, select

from partners.institutions.models import Institution, Kind, Status
from tests.factories.contacts import make_contact
from tests.factories.institutions import make_institution, make_offer, make_service

pytestmark = pytest.mark.usefixtures("clock", "people")
MERGE = "/operator/polaczenia"
SUCCEED = "/operator/nastepstwo"


@pytest.fixture(autouse=True)
def _pair(session):
    make_institution(session, "mops-lubsko-2", Kind.MOPS, "MOPS Lubsko", phone="68 000 00 01")
    make_institution(session, "mops-lubsko", Kind.MOPS, "MOPS w Lubsku")


def card(session: Session, slug: str) -> Institution:
    return session.exec(select(Institution).where(Institution.slug == slug)).one()


def is_gone(session: Session, slug: str) -> bool:
    return session.exec(select(Institution).where(Institution.slug == slug)).first() is None


def test_the_operator_looks_first_and_merges_then(client, session, people):
    old = card(session, "mops-lubsko-2")
    make_contact(session, old)
    service = make_service(session, "shelter")
    for slug in ("mops-lubsko", "mops-lubsko-2"):
        make_offer(session, card(session, slug), service)
    client.sign_in(people.olga)
    client.see(MERGE)
    page = client.see(f"{MERGE}?z=mops-lubsko-2&do=http://127.0.0.1:8000/partnerzy/mops-lubsko")
    assert "Tego nie da się cofnąć." in page.text
    assert "telefon" in page.text
    assert not is_gone(session, "mops-lubsko-2")
    client.post(f"{MERGE}/polacz", data=page.values(f"{MERGE}/polacz"), follow_redirects=True)
    assert "Karty są połączone." in client.page.text
    assert client.page.h1 == "MOPS w Lubsku"
    assert is_gone(session, "mops-lubsko-2")
    assert client.get("/partnerzy/mops-lubsko-2").status_code == 301
    assert client.get("/partnerzy/mops-lubsko-2").location == "/partnerzy/mops-lubsko"


def test_a_page_that_is_out_of_date_is_shown_anew(client, session, people):
    client.sign_in(people.olga)
    page = client.see(f"{MERGE}?z=mops-lubsko-2&do=mops-lubsko")
    values = page.values(f"{MERGE}/polacz")
    make_contact(session, card(session, "mops-lubsko-2"))
    client.post(f"{MERGE}/polacz", data=values, follow_redirects=True)
    assert "Coś się zmieniło, odkąd te karty były pokazane." in client.page.text
    assert client.page.values(f"{MERGE}/polacz") != values
    assert not is_gone(session, "mops-lubsko-2")


def test_a_name_that_fits_several_offers_them(client, people):
    page = client.sign_in(people.olga).see(f"{MERGE}?z=mops&do=mops-lubsko")
    assert "Pasuje kilka kart. Wybierz jedną poniżej." in page.text
    assert page.main.all("a", href=f"{MERGE}?z=mops-lubsko-2&do=mops-lubsko")
    assert "Nie ma takiej karty." in client.see(f"{MERGE}?z=zzz&do=").text
    assert client.see(f"{MERGE}?z=MOPS+Lubsko&do=MOPS+w+Lubsku").form(f"{MERGE}/polacz")["method"] == "post"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("z=mops-lubsko&do=mops-lubsko", "To nie są dwie karty, tylko jedna."),
        ("z=zk-kladkowo&do=mops-lubsko", "Te karty są różnych rodzajów"),
    ],
)
def test_cards_that_do_not_belong_together(client, people, query, sentence):
    page = client.sign_in(people.olga).see(f"{MERGE}?{query}")
    assert sentence in page.text
    assert not page.main.all("button", class_="warn")


def test_the_operator_names_a_successor(client, session, people):
    client.sign_in(people.olga)
    client.see(SUCCEED)
    address = f"{SUCCEED}?z=mops-lubsko-2&do=mops-lubsko"
    page = client.see(address)
    values = page.values(address)
    assert values["day"] == "23.11.2026"
    assert client.post(address, data={"day": "24.11.2026", "people": "y"}).status_code == 422
    assert "Z wyprzedzeniem można przekazać tylko wszystko." in client.page.text
    client.post(address, data=values, follow_redirects=True)
    assert "Następca jest wskazany." in client.page.text
    assert card(session, "mops-lubsko-2").status is Status.ARCHIVED
    assert "Ta karta jest już archiwalna." in client.see(address).text
    assert client.post(address, data=values).status_code == 422


def test_the_operator_announces_a_successor_and_withdraws_it(client, session, people):
    client.sign_in(people.olga)
    address = f"{SUCCEED}?z=mops-lubsko-2&do=mops-lubsko"
    values = client.see(address).values(address)
    client.post(address, data={**values, "day": "1.1.2027"}, follow_redirects=True)
    assert "Następstwo jest zapowiedziane." in client.page.text
    assert "Ta instytucja działa do 31 grudnia 2026." in client.page.text
    page = client.see(SUCCEED)
    assert "od 1 stycznia 2027" in page.text
    client.post(f"{SUCCEED}/mops-lubsko-2/odwolaj", follow_redirects=True)
    assert "Zapowiedziane następstwo jest odwołane." in client.page.text
    assert "MOPS Lubsko" not in client.page.main.text
    assert card(session, "mops-lubsko-2").successor_id is None
    assert client.post(f"{SUCCEED}/mops-lubsko-2/odwolaj").status_code == 409


def test_nobody_else_comes_in(client, people):
    for path in (MERGE, SUCCEED):
        assert client.get(path).status_code == 302
    for who in (people.adam, people.ewa, people.wanda):
        client.sign_in(who)
        for path in (MERGE, SUCCEED):
            assert client.get(path).status_code == 403
        for path in (f"{MERGE}/polacz", SUCCEED, f"{SUCCEED}/mops-lubsko/odwolaj"):
            assert client.post(path).status_code == 403


def test_a_card_that_is_gone_cannot_be_merged(client, people):
    client.sign_in(people.olga)
    assert client.post(f"{MERGE}/polacz", data={"z": "nie-ma", "do": "mops-lubsko"}).status_code == 404
    assert client.post(f"{MERGE}/polacz", data={"z": "mops", "do": "mops-lubsko"}).status_code == 404
    assert client.post(f"{MERGE}/polacz", data={}).status_code == 404


@pytest.mark.slow
def test_statements_do_not_grow(client, session, people, query_count):
    client.sign_in(people.olga)
    old = card(session, "mops-lubsko-2")
    counts = []
    for number in (1, 3, 30):
        for one in range(number):
            make_contact(session, old)
            make_offer(session, old, make_service(session, f"s{number}-{one}"))
        client.see(f"{MERGE}?z=mops-lubsko-2&do=mops-lubsko")
        with query_count() as asked:
            client.see(f"{MERGE}?z=mops-lubsko-2&do=mops-lubsko")
        counts.append(len(asked))
    assert len(set(counts)) == 1

"""The operator's imports in the browser: send, look, confirm; without a word nothing changes."""

import io
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from app import tables
from app.clock import now
from partners.exchange import actions
from partners.exchange.models import Upload
from partners.institutions.models import Institution
from tests.browser import Browser
from tests.factories.persons import People, make_person

PAGE = "/operator/import"
GOOD = (
    "klucz;nazwa;rodzaj;telefon\nops-nowy;OPS Nowy;OPS;\nmops-kladkowo;MOPS w Kładkowie;MOPS;68 000 00 41\n"
).encode()
BAD = b"klucz;nazwa;rodzaj\nops-a;OPS A;OPS\nops-b;<b>OPS</b>;kino\n"

pytestmark = pytest.mark.usefixtures("clock")


def send(client: Browser, body: bytes, subject: str = "institutions", name: str = "tabela.csv") -> str:
    answer = client.post(PAGE, data={"subject": subject, "file": (io.BytesIO(body), name)})
    assert answer.status_code == 303, client.page.text
    return answer.headers["Location"]


def test_a_table_is_shown_first_and_taken_over_by_a_second_word(client, people: People, session: Session):
    client.sign_in(people.olga).see(PAGE)
    address = send(client, GOOD)
    page = client.see(address)
    assert "tabela.csv" in page.text
    assert [one.text for one in page.main.all("li", "stat")] == [
        "2przeczytane wiersze", "1nowe", "1zmienione", "0bez zmian", "0odrzucone",
    ]  # fmt: skip
    assert "kartę" not in page.text
    assert "prowadzi ją sama instytucja" in page.text
    assert "68 000 00 41" in page.text
    assert session.exec(select(Institution).where(Institution.slug == "ops-nowy")).all() == []
    session.rollback()
    form = page.form(f"{address}/wczytaj")
    client.post(form["action"], data=page.values(f"{address}/wczytaj"), follow_redirects=True)
    assert "Tabela wczytana: nowe 1, zmienione 1, bez zmian 0." in client.page.text
    session.expire_all()
    assert session.exec(select(Institution.phone).where(Institution.slug == "mops-kladkowo")).one() == "68 000 00 41"
    assert session.exec(select(Upload)).all() == []


def test_bad_rows_are_named_and_there_is_no_button(client, people: People):
    client.sign_in(people.olga).see(PAGE)
    address = send(client, BAD)
    page = client.see(address)
    (row,) = page.main.one("tbody").all("tr")
    assert row.text.startswith("Wiersz 3rodzaj")
    assert "Kładka nie zna rodzaju „kino”." in row.text
    assert not page.main.all("form", action=f"{address}/wczytaj")
    assert client.post(f"{address}/wczytaj", data={"mark": "x"}, follow_redirects=True).status_code == 200
    assert "W tabeli są błędy" in client.page.text
    english = client.see(f"{address}?jezyk=en")
    assert "“kino” is no kind that Kładka knows." in english.text


def test_what_was_shown_is_what_is_confirmed(client, people: People, session: Session):
    client.sign_in(people.olga).see(PAGE)
    address = send(client, GOOD)
    page = client.see(address)
    values = page.values(f"{address}/wczytaj")
    people.mops.phone = "1"
    session.add(people.mops)
    client.post(f"{address}/wczytaj", data=values, follow_redirects=True)
    assert "Dane w Kładce zmieniły się" in client.page.text
    assert session.exec(select(Institution).where(Institution.slug == "ops-nowy")).all() == []


def test_a_table_is_put_aside(client, people: People, session: Session):
    client.sign_in(people.olga).see(PAGE)
    address = send(client, GOOD)
    client.see(address)
    client.post(f"{address}/odloz", follow_redirects=True)
    assert "Tabela odłożona." in client.page.text
    client.see(address, 404)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Wybierz plik z tabelą."),
        ({"subject": "institutions"}, "Wybierz plik z tabelą."),
        ({"subject": "people", "file": (b"a;b", "x.csv")}, "Wybierz jedną z podanych wartości."),
        ({"subject": "institutions", "file": (b"\xd0\xcf\x11\xe0", "x.xls")}, "To plik starego Excela"),
        ({"subject": "institutions", "file": (b"PK\x03\x04", "x.xlsx")}, "nie da się odczytać jako tabeli"),
        ({"subject": "institutions", "file": (b"", "x.csv")}, "Wybierz plik z tabelą."),
    ],
)
def test_what_cannot_be_checked_is_said_on_the_form(client, people: People, session: Session, data, sentence):
    client.sign_in(people.olga).see(PAGE)
    words = dict(data)
    if "file" in words:
        words["file"] = (io.BytesIO(words["file"][0]), words["file"][1])
    assert client.post(PAGE, data=words).status_code == 422
    assert sentence in client.page.text
    assert session.exec(select(Upload)).all() == []


def test_a_table_waits_for_its_own_operator_alone_and_for_a_day(client, people: People, session: Session, clock):
    client.sign_in(people.olga).see(PAGE)
    address = send(client, GOOD)
    other = make_person(session, "Inny Operator", None, is_operator=True)
    client.sign_in(other).see(address, 404)
    assert client.post(f"{address}/wczytaj").status_code == 404
    clock.shift(timedelta(hours=25))
    client.sign_in(people.olga).see(address, 404)
    assert actions.forget_old(session, now()) == 1


def test_templates_are_taken_over_as_they_are(client, people: People):
    client.sign_in(people.olga)
    for word in ("instytucje", "uslugi", "porozumienia"):
        for ending in ("csv", "xlsx"):
            answer = client.get(f"{PAGE}/wzor-{word}.{ending}")
            assert answer.headers["Content-Disposition"] == f"attachment; filename=wzor-{word}.{ending}"
            head, example = tables.read(answer.data)
            assert head.cells[0].startswith(("klucz", "numer"))
            assert example.cells[0] in ("ops-przykladowo", "P-08-101")
    assert client.get(f"{PAGE}/wzor-inne.csv").status_code == 404


def test_the_register_of_a_voivode_is_looked_at_too(client, people: People):
    client.sign_in(people.olga).see(PAGE)
    register = "Nazwa placówki;Adres placówki;Forma\nNoclegownia;65-001 Zielona Góra, ul. Długa 2;noclegownia\n"
    page = client.see(send(client, register.encode("cp1250"), "shelters"))
    assert "noclegownia-zielona-gora" in page.text

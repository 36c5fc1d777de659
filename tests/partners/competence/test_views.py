"""Competence and the sheet in the browser, for everybody."""

import pytest
from sqlmodel import Session

from app.actors import Actor
from app.clock import now
from partners.contacts.models import Contact
from partners.institutions.actions import NewCard, add_institution
from partners.institutions.models import Institution, Kind
from tests.browser import Browser
from tests.factories.rows import add as add_row

pytestmark = pytest.mark.usefixtures("clock")


def add(session: Session, kind: Kind, name: str, gmina: str, **columns) -> Institution:
    return add_institution(session, Actor.system(), NewCard(name=name, kind=kind, gmina_code=gmina, **columns), now())


def test_both_gubins_are_found_and_told_apart(client: Browser):
    page = client.see("/kto-obsluguje?q=Gubin")
    assert "Znaleziono 2 gminy" in page.text
    assert page.one("a", href="/kto-obsluguje/080205").text == "Gubin (gmina wiejska, pow. krośnieński)"
    assert page.one("a", href="/kto-obsluguje/080201").text == "Gubin (gmina miejska, pow. krośnieński)"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("lodz", "106101"),
        ("ŁÓDŹ", "106101"),
        ("gubin wiejska", "080205"),
        ("mokotow", "146505"),
        ("zielona góra", "086201"),
    ],
)
def test_a_name_is_found_as_people_type_it(client: Browser, typed: str, code: str):
    page = client.see(f"/kto-obsluguje?q={typed}")
    page.one("a", href=f"/kto-obsluguje/{code}")


def test_an_old_name_is_told(client: Browser):
    assert "dawniej Nowe Miasto Lubawskie" in client.see("/kto-obsluguje?q=bratian").text
    assert "dawniej Nowe Miasto Lubawskie" in client.see("/kto-obsluguje/281205").text


@pytest.mark.parametrize("typed", ["nic takiego nie ma", "%", "'; --", "x" * 500])
def test_a_name_that_nobody_has_says_what_to_do(client: Browser, typed: str):
    assert "Nie ma gminy o tej nazwie" in client.see(f"/kto-obsluguje?q={typed}").text


def test_an_empty_search_shows_the_words_on_residence(client: Browser):
    page = client.see("/kto-obsluguje")
    assert "gmina ostatniego zameldowania na pobyt stały" in page.text.replace("\u00a0", " ")
    assert "Nie ma gminy" not in page.text
    assert "Znaleziono" not in page.text


def test_an_answer_names_the_centres_and_how_sure_they_are(client: Browser, session: Session):
    add(session, Kind.GOPS, "GOPS w Gubinie", "080205", phone="68 000 00 00", street="ul. Próbna 1")
    add(session, Kind.PCPR, "PCPR w Krośnie", "080206")
    page = client.see("/kto-obsluguje/080205")
    assert page.h1.replace("\u00a0", " ") == "Kto obsługuje: Gubin (gmina wiejska, pow. krośnieński)"
    for words in ("GOPS w Gubinie", "PCPR w Krośnie", "68 000 00 00", "bez potwierdzenia w ostatnich 12 miesiącach"):
        assert words in page.text.replace("\u00a0", " ")
    assert "Kładka nie zna jeszcze ośrodka regionalnego" in page.text


def test_a_gap_says_so_and_offers_the_county_and_the_region(client: Browser, session: Session):
    add(session, Kind.PCPR, "PCPR w Krośnie", "080206")
    add(session, Kind.ROPS, "ROPS w Zielonej Górze", "086201")
    page = client.see("/kto-obsluguje/080205")
    for words in ("dane niepotwierdzone", "Zapytaj w urzędzie gminy", "PCPR w Krośnie", "ROPS w Zielonej Górze"):
        assert words in page.text.replace("\u00a0", " ")


def test_warsaw_leads_to_its_districts(client: Browser):
    page = client.see("/kto-obsluguje/146501")
    assert page.one("a", href="/kto-obsluguje/146505").text == "Mokotów"
    assert client.see("/kto-obsluguje/146505").h1.endswith("dzielnica Mokotów")
    client.see("/pomoc-w-gminie/146501").one("a", href="/pomoc-w-gminie/146505")


@pytest.mark.parametrize("path", ["/kto-obsluguje", "/pomoc-w-gminie"])
@pytest.mark.parametrize("code", ["999999", "gubin", "08", "0802055"])
def test_a_code_that_nobody_knows_is_no_page(client: Browser, path: str, code: str):
    assert client.get(f"{path}/{code}").status_code == 404


def test_the_sheet_is_for_everybody_and_names_no_person(client: Browser, session: Session):
    ops = add(session, Kind.GOPS, "GOPS w Gubinie", "080205", phone="68 000 00 00", email="gops@gubin.example")
    add_row(
        session,
        Contact,
        institution_id=ops.id or 0,
        role="head",
        person="Anna Przykładowa",
        mailbox="anna.przykladowa@gubin.example",
        public=True,
    )
    page = client.see("/pomoc-w-gminie/080205")
    assert page.h1.replace("\u00a0", " ") == "Gdzie po pomoc – Gubin (gmina wiejska, pow. krośnieński)"
    assert "gops@gubin.example" in page.text
    assert "Przykładowa" not in page.text
    assert "anna.przykladowa" not in page.text


def test_the_sheet_says_what_it_does_not_know(client: Browser):
    page = client.see("/pomoc-w-gminie/080205")
    for words in ("dane niepotwierdzone", "Zapytaj w urzędzie gminy", "Tego jeszcze nie ma w Kładce", "urząd pracy"):
        assert words in page.text.replace("\u00a0", " ")


def test_the_sheet_in_large_type_and_in_english(client: Browser):
    large = client.see("/pomoc-w-gminie/080205?druk=duzy")
    large.one("article", class_="large")
    large.one("a", href="/pomoc-w-gminie/080205")
    assert "Where to go for help" in client.see("/pomoc-w-gminie/080205?jezyk=en").h1
    assert "Who serves" in client.see("/kto-obsluguje/080205?jezyk=en").h1


def test_pages_ask_a_constant_number_of_statements(client: Browser, query_count):
    for path, most in (("/kto-obsluguje?q=gubin", 5), ("/kto-obsluguje/080205", 5), ("/pomoc-w-gminie/080205", 6)):
        client.see(path)
        with query_count() as asked:
            client.see(path)
        assert len(asked) <= most, asked.asked


def test_the_sheet_is_reached_from_the_home_page_and_from_a_centre(client: Browser, session: Session):
    ops = add(session, Kind.GOPS, "GOPS w Gubinie", "080205")
    district = add(session, Kind.OPS, "OPS Mokotów", "146501", district_code="146505")
    home = client.see("/")
    home.form("/kto-obsluguje")
    assert "Konto nie jest potrzebne" in home.text.replace("\u00a0", " ")
    client.see(f"/partnerzy/{ops.slug}").one("a", href="/pomoc-w-gminie/080205")
    client.see(f"/partnerzy/{district.slug}").one("a", href="/pomoc-w-gminie/146505")


def test_the_legal_page_tells_of_every_provision_when_it_was_checked(client: Browser):
    for path in ("/podstawy-prawne", "/podstawy-prawne?jezyk=en"):
        page = client.see(path)
        assert page.source.count("<dt>") == page.source.count('<time datetime="2026-11-22">') == 17
    page = client.see("/pomoc/czego-kladka-nie-robi?jezyk=pl")
    assert page.source.count('href="/podstawy-prawne"') == 2  # in the text and in the footer

"""The directory by place, feature and freshness, as a map, and as a table to take along."""

import io
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from python_calamine import CalamineWorkbook
from sqlmodel import Session

from app import tables
from app.audit import kept
from app.clock import now
from app.text import search_text
from app.warsaw import today
from partners.institutions import directory
from partners.institutions.filter import DirectoryFilter
from partners.institutions.models import Institution, InstitutionFeature, Kind, Status
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.territory import make_gmina

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(name="land")
def _land(session: Session) -> None:
    make_gmina(session, "080201", "Gubin", "urban")
    make_gmina(session, "080205", "Gubin", "rural")
    make_gmina(session, "080206", "Krosno Odrzańskie", "urban_rural")
    make_gmina(session, "086201", "Zielona Góra", "urban")
    make_gmina(session, "106101", "Łódź", "urban")
    fresh = date(2026, 6, 1)
    cards = (
        ("mops-gubin", Kind.MOPS, "MOPS w Gubinie", "080201", fresh),
        ("gops-gubin", Kind.GOPS, "GOPS w Gubinie", "080205", date(2024, 1, 1)),
        ("pcpr-krosno", Kind.PCPR, "PCPR w Krośnie", "080206", None),
        ("zk-zg", Kind.PRISON, "Zakład Karny w Zielonej Górze", "086201", fresh),
        ("as-zg", Kind.REMAND_PRISON, "Areszt Śledczy w Zielonej Górze", "086201", None),
        ("mops-lodz", Kind.MOPS, "Miejski Ośrodek Pomocy Społecznej", "106101", None),
    )
    rows = {}
    for slug, kind, name, gmina, confirmed_on in cards:
        columns: dict[str, Any] = {"gmina_code": gmina, "confirmed_on": confirmed_on, "voivodeship": gmina[:2]}
        rows[slug] = make_institution(session, slug, kind, name, **columns)
    rows["mops-lodz"].search_text += search_text("Łódź")
    rows["mops-gubin"].search_text += search_text("Gubin")
    rows["gops-gubin"].search_text += search_text("Gubin")
    for slug, feature in (("zk-zg", "half_open"), ("zk-zg", "open"), ("as-zg", "therapeutic_unit")):
        session.add(InstitutionFeature(institution_id=rows[slug].id or 0, feature=feature))
    shelter = make_service(session, "schronienie")
    for slug in ("mops-gubin", "mops-lodz"):
        make_offer(session, rows[slug], shelter)
        rows[slug].search_text += search_text("schronienie")
    session.flush()


def found(session: Session, **parts) -> list[str]:
    wanted = DirectoryFilter(**parts)
    return [row.slug for row in directory.page(session, wanted, directory.facets(session, wanted), 1)]


@pytest.mark.parametrize(
    ("words", "slugs"),
    [
        ("lodz", ["mops-lodz"]),
        ("spolecznej", ["mops-lodz"]),
        ("schronienie lubuskie", ["mops-gubin"]),
        ("schronienie łódzkie", ["mops-lodz"]),
        ("schronienie", ["mops-lodz", "mops-gubin"]),
        ("Gubin", ["gops-gubin", "mops-gubin"]),
        ("gubin lubusk", ["gops-gubin", "mops-gubin"]),
        ("gubin lub", []),
        ("lubuskie", ["as-zg", "gops-gubin", "mops-gubin", "pcpr-krosno", "zk-zg"]),
    ],
)
def test_words_find_what_a_person_expects(session, land, words, slugs):
    assert found(session, text=words) == slugs


@pytest.mark.parametrize(
    ("wanted", "slugs"),
    [
        ({"voivodeship": "08", "county": "0802"}, ["gops-gubin", "mops-gubin", "pcpr-krosno"]),
        ({"voivodeship": "08", "county": "0802", "gmina": "080205"}, ["gops-gubin"]),
        ({"features": ("open",)}, ["zk-zg"]),
        ({"features": ("open", "therapeutic_unit")}, ["as-zg", "zk-zg"]),
        ({"confirmed_since": date(2025, 11, 22)}, ["mops-gubin", "zk-zg"]),
    ],
)
def test_filter_finds(session, land, wanted, slugs):
    assert found(session, **wanted) == slugs


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"voivodeship": "08"},
        {"voivodeship": "08", "county": "0802"},
        {"voivodeship": "08", "county": "0802", "gmina": "080201"},
        {"voivodeship": "08", "county": "0862", "features": ("open",)},
        {"text": "gubin", "voivodeship": "08", "county": "0802", "kinds": ("ops",)},
        {"services": ("schronienie",), "confirmed_since": date(2025, 11, 22)},
    ],
)
def test_every_count_is_what_the_filter_would_show(session, land, wanted):
    since = date(2025, 11, 22)
    counts = directory.facets(session, DirectoryFilter(**wanted), since)
    assert counts.total == len(found(session, **wanted))
    for facet, number in counts.kinds.items():
        assert number == len(found(session, **{**wanted, "kinds": (facet,)}))
    for option in counts.voivodeships:
        region = {**wanted, "voivodeship": option.key, "county": "", "gmina": ""}
        if option.key != wanted.get("voivodeship") or not wanted.get("county"):
            assert option.count == len(found(session, **region)) or wanted.get("county")
    for option in counts.counties:
        assert option.count == len(found(session, **{**wanted, "county": option.key, "gmina": ""}))
    for option in counts.gminas:
        assert option.count == len(found(session, **{**wanted, "gmina": option.key}))
    for option in counts.services:
        assert option.count == len(found(session, **{**wanted, "services": (option.key,)}))
    for feature, number in counts.features:
        assert number == len(found(session, **{**wanted, "features": (feature,)}))
    assert counts.confirmed == len(found(session, **{**wanted, "confirmed_since": since}))


def test_two_gminas_of_one_name_are_told_apart(session, land):
    counts = directory.facets(session, DirectoryFilter(voivodeship="08", county="0802"))
    assert [(one.name_pl, one.count) for one in counts.gminas] == [
        ("Gubin (gmina miejska, pow. krośnieński)", 1),
        ("Gubin (gmina wiejska, pow. krośnieński)", 1),
        ("Krosno Odrzańskie", 1),
    ]
    assert [one.name_pl for one in counts.counties] == ["krośnieński", "Zielona Góra (miasto)"]


def test_who_looks_for_a_gmina_is_told_of_unconfirmed_entries_too(client, session, land):
    make_institution(session, "gubin", name="Pomoc społeczna – gmina Gubin", status=Status.UNCONFIRMED)
    page = client.see("/partnerzy?q=gubin")
    link = page.main.one("a", href="/partnerzy?q=gubin&status=niepotwierdzone")
    assert link.text == "Pokaż 1 niepotwierdzony wpis"
    assert len(client.see(link["href"]).main.all("h3", "title")) == 3


def test_a_county_can_be_chosen_once_there_is_a_voivodeship(client, session, land):
    assert not client.see("/partnerzy").main.all("select", id="pow")
    page = client.see("/partnerzy?woj=08")
    assert [option.text for option in page.main.one("select", id="pow").all("option")] == [
        "wszystkie", "krośnieński (3)", "Zielona Góra (miasto) (2)",
    ]  # fmt: skip
    page = client.see("/partnerzy?gmina=080205")
    assert [title.text for title in page.main.all("h3", "title")] == ["GOPS w Gubinie"]
    chips = [link["href"] for link in page.one("ul", aria_label="Wybrane filtry").all("a")]
    assert chips == ["/partnerzy", "/partnerzy?woj=08", "/partnerzy?woj=08&pow=0802"]


def test_another_voivodeship_leaves_the_county_behind(client, session, land):
    page = client.see("/partnerzy?woj=10&pow=0802&gmina=080205")
    assert [title.text for title in page.main.all("h3", "title")] == ["Miejski Ośrodek Pomocy Społecznej"]


@pytest.mark.parametrize(
    "query", ["pow=08&woj=08", "gmina=0802a5", "gmina=%D9%A3%D9%A3%D9%A3%D9%A3%D9%A3%D9%A3", "cecha=x", "stan=x"]
)
def test_nonsense_is_left_out(client, session, land, query):
    assert len(client.see(f"/partnerzy?{query}").main.all("h3", "title")) >= 5


def test_units_are_found_by_feature_and_cards_by_freshness(client, session, land):
    page = client.see("/partnerzy")
    assert page.one("label", for_="cecha-polotwarty").text == "typ półotwarty1"
    assert page.one("label", for_="stan").text == "Potwierdzone w ostatnich 12 miesiącach2"
    page = client.see("/partnerzy?cecha=polotwarty&stan=potwierdzone")
    assert [title.text for title in page.main.all("h3", "title")] == ["Zakład Karny w Zielonej Górze"]
    assert page.by_id("stan").has("checked")


def test_the_map_links_voivodeships_and_stands_beside_a_list(client, session, land):
    page = client.see("/partnerzy?q=gubin&widok=mapa")
    here = page.main.one("svg", class_="map").one("a", aria_label="lubuskie: 2 partnerów")
    assert here["href"] == "/partnerzy?q=gubin&woj=08&widok=mapa"
    assert page.main.all("a", href="/partnerzy?q=gubin&woj=08&widok=mapa")
    assert page.main.one("a", href="/partnerzy?q=gubin").text == "Lista"
    page = client.see(here["href"])
    assert "Powiaty" in [heading.text for heading in page.main.all("h3")]
    assert [title.text for title in page.main.all("h3", "title")] == ["GOPS w Gubinie", "MOPS w Gubinie"]
    client.htmx(here["href"], "results")


def test_the_list_goes_along_as_a_table_of_exactly_what_is_filtered(client, session, land):
    make_institution(session, "ukryta", name="Gubin ukryty", status=Status.UNCONFIRMED)
    make_institution(session, "zgloszona", name="Gubin zgłoszony", status=Status.APPLIED)
    page = client.see("/partnerzy?q=gubin")
    answer = client.get(page.main.one("a", href="/partnerzy.csv?q=gubin")["href"])
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=partnerzy.csv"
    assert answer.data.startswith(b"\xef\xbb\xbfklucz;nazwa;")
    assert [row.cells[0] for row in tables.read(answer.data)] == ["klucz", "gops-gubin", "mops-gubin"]
    answer = client.get("/partnerzy.xlsx?q=gubin&status=niepotwierdzone")
    assert [row.cells[0] for row in tables.read(answer.data)] == ["klucz", "gops-gubin", "ukryta", "mops-gubin"]


def test_all_pages_go_along_and_no_cell_is_a_formula(client, session):
    for number in range(30):
        make_institution(session, f"karta-{number}", name="=1+1" if number == 7 else f"Karta {number:02d}")
    rows = list(tables.read(client.get("/partnerzy.csv?strona=2").data))
    assert len(rows) == 31
    assert b"'=1+1;" in client.get("/partnerzy.csv").data
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/partnerzy.xlsx").data))
    assert "=1+1" in [row[1] for row in book.get_sheet_by_index(0).to_python()]


def test_an_export_says_only_what_everybody_may_see(client, session, people):
    anonymous = client.get("/partnerzy.csv").data
    assert client.sign_in(people.ewa).get("/partnerzy.csv").data == anonymous
    assert b"Ewa" not in anonymous


def test_links_of_the_page_keep_what_is_chosen(client, session, land):
    path = "/partnerzy?q=zielonej&woj=08&pow=0862&cecha=otwarty&stan=potwierdzone&status=niepotwierdzone&widok=mapa"
    page = client.see(path)
    kept = parse_qs(urlsplit(path).query)
    kept.pop("widok")
    to_list = next(one["href"] for one in page.main.all("a") if one.text == "Lista")
    csv = next(one["href"] for one in page.main.all("a") if one["href"].startswith("/partnerzy.csv"))
    assert parse_qs(urlsplit(to_list).query) == parse_qs(urlsplit(csv).query) == kept


def test_a_card_grows_old(client, session, land, clock):
    clock.shift(timedelta(days=400))
    assert today(now()) > date(2027, 12, 1)
    assert not client.see("/partnerzy").main.all("input", id="stan")


def test_a_page_is_kept_until_something_is_written_or_a_minute_has_passed(
    session, land, people, query_count, monkeypatch
):
    wanted = DirectoryFilter(text="gubin")
    first = directory.page(session, wanted, directory.facets(session, wanted), 1)
    with query_count() as asked:
        again = directory.page(session, wanted, directory.facets(session, wanted), 1)
    assert (again, len(asked)) == (first, 1)
    offer = make_offer(session, session.get_one(Institution, first[0].id), make_service(session, "meals"))
    session.flush()
    assert offer.id
    renewed = directory.page(session, wanted, directory.facets(session, wanted), 1)
    assert renewed[0].services == (("usługa meals", "service meals"),)
    monkeypatch.setattr(kept, "KEPT_SECONDS", -1.0)
    with query_count() as asked:
        directory.page(session, wanted, directory.facets(session, wanted), 1)
    assert len(asked) == 3

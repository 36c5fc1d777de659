"""The directory and the page of an institution as visitors and partners meet them."""

import pytest

from app.clock import now
from app.warsaw import today
from events.calendar.models import Visibility
from partners.contacts.models import Contact
from partners.institutions.models import InstitutionAlias, InstitutionHistory, Kind, Status
from projects.programmes.models import ProgrammePartner
from tests.factories.agreements import make_agreement
from tests.factories.events import local, make_event
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.programmes import make_programme


def cards(page):
    return [title.text for title in page.main.all("h3", "title")]


def boxes(page, name):
    found = [box for box in page.main.all("input", type="checkbox") if box.get("name") == name]
    return {box["value"]: box for box in found}


def test_directory_lists_and_counts(client, people):
    page = client.see("/partnerzy")
    assert page.one("h2", data_announce="").text == "5 partnerów"
    assert cards(page)[0] == "Areszt Śledczy w Bródku"
    label = page.one("label", for_="rodzaj-zaklad-karny")
    assert label.text == "Zakład karny1"


def test_filter_form_finds_by_words_and_kind(client, people):
    page = client.see("/partnerzy?q=brodku&rodzaj=areszt-sledczy")
    assert cards(page) == ["Areszt Śledczy w Bródku"]
    assert page.by_id("q")["value"] == "brodku"
    assert boxes(page, "rodzaj")["areszt-sledczy"].has("checked")
    chips = {link.text: link["href"] for link in page.one("ul", aria_label="Wybrane filtry").all("a")}
    assert chips == {
        "„brodku” – usuń ten filtr": "/partnerzy?rodzaj=areszt-sledczy",
        "Areszt śledczy – usuń ten filtr": "/partnerzy?q=brodku",
    }


def test_empty_result_says_what_to_do(client, people):
    page = client.see("/partnerzy?q=nieistniejace")
    assert "Żaden partner nie pasuje do filtrów" in page.text
    assert page.main.all("a", href="/partnerzy")


def test_english_page(client, people, session):
    make_offer(session, people.mops, make_service(session, "shelter"))
    page = client.see("/partnerzy?jezyk=en&q=mops")
    assert page.one("h2", data_announce="").text == "1 partner"
    assert "Service shelter" in page.text


def test_unconfirmed_cards_wait_until_asked_for(client, session, people):
    make_institution(session, "gops", Kind.OPS, "Pomoc społeczna – gmina Gubin", status=Status.UNCONFIRMED)
    hidden = client.see("/partnerzy?q=gubin")
    assert cards(hidden) == []
    assert hidden.one("a", href="/partnerzy?q=gubin&status=niepotwierdzone").text == "Pokaż 1 niepotwierdzony wpis"
    shown = client.see("/partnerzy?q=gubin&status=niepotwierdzone")
    assert cards(shown) == ["Pomoc społeczna – gmina Gubin"]
    assert "dane niepotwierdzone" in shown.text


def test_archived_cards_are_never_listed(client, session, people):
    make_institution(session, "dawny", Kind.REMAND_PRISON, "Areszt dawny", status=Status.ARCHIVED)
    assert cards(client.see("/partnerzy?q=dawny&status=niepotwierdzone")) == []


def test_ten_services_stand_in_front_and_the_chosen_one_opens_the_rest(client, session, people):
    services = [make_service(session, f"s{n:02d}") for n in range(12)]
    for service in services:
        make_offer(session, people.mops, service)
    page = client.see("/partnerzy")
    rest = page.main.one("details")
    assert len(boxes(page, "usluga")) == 12
    assert len(rest.all("input")) == 2
    assert rest.one("summary").text == "jeszcze 2 usługi"
    assert not rest.has("open")
    last = rest.all("input")[-1]["value"]
    assert client.see(f"/partnerzy?usluga={last}").main.one("details").has("open")


@pytest.mark.parametrize(
    "address",
    [
        "/partnerzy?strona=abc",
        "/partnerzy?strona=-1",
        "/partnerzy?strona=99999999999999999999",
        "/partnerzy?strona=9999",
        "/partnerzy?woj=99&woj=08",
        "/partnerzy?woj=%00",
        "/partnerzy?rodzaj=bzdura",
        "/partnerzy?usluga='%20OR%201=1",
        "/partnerzy?status=inne",
        "/partnerzy?strona=%D9%A3",
    ],
)
def test_nonsense_in_the_address_is_left_out(client, people, address):
    assert len(cards(client.see(address))) == 5


def test_first_of_two_values_counts(client, people):
    page = client.see("/partnerzy?woj=14&woj=08")
    assert sorted(cards(page)) == ["Areszt Śledczy w Bródku", "OPS w Bródku"]


def test_pages_of_the_directory(client, session):
    for number in range(30):
        make_institution(session, f"karta-{number}", Kind.OPS, f"Karta {number:02d}")
    first = client.see("/partnerzy?q=karta")
    assert len(cards(first)) == 25
    assert "Strona 1 z 2" in first.text
    link = first.main.one("a", rel="next")
    assert link["href"] == "/partnerzy?q=karta&strona=2"
    second = client.see(link["href"])
    assert len(cards(second)) == 5
    assert second.main.one("a", rel="prev")["href"] == "/partnerzy?q=karta"


def test_htmx_gets_the_results_alone(client, people):
    fragment = client.htmx("/partnerzy?q=mops", "results")
    assert fragment.one("h2").text == "1 partner"


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 3, 100])
def test_statements_of_the_directory_do_not_grow(client, session, query_count, number):
    service = make_service(session, "shelter")
    for one in range(number):
        make_offer(session, make_institution(session, f"karta-{one}", Kind.OPS, f"Karta {one}"), service)
    with query_count() as asked:
        client.see("/partnerzy?q=karta")
    assert len(asked) == 4


# --- the page of an institution


def test_card_says_whom_to_ask_about_what(client, session, people, clock):
    mops = people.mops
    mops.phone, mops.email, mops.hours = "68 000 00 40", "sekretariat@mops.example", "pon. 8.00–17.00"
    mops.basis = "źródło próbne"
    session.add(InstitutionAlias(institution_id=mops.id or 0, name="Ośrodek przy moście"))
    session.add(InstitutionHistory(institution_id=mops.id or 0, key="h", title="Spotkanie w 2016 r.", year=2016))
    make_offer(session, mops, make_service(session, "shelter"))
    page = client.see("/partnerzy/mops-kladkowo")
    assert page.h1 == "MOPS w Kładkowie"
    for words in (
        "Miejski ośrodek pomocy społecznej (MOPS)",
        "Usługa shelter",
        "Dane mogą być nieaktualne.",
        "68 000 00 40",
        "Ośrodek przy moście",
        "2016 – Spotkanie w 2016 r.",
        "źródło próbne",
        "W tej chwili nie ma tu zapowiedzianych wydarzeń.",
    ):
        assert words in page.text
    assert page.main.all("a", href="tel:+48680000040")
    assert page.main.all("a", href="webcal://localhost/kanaly/i/mops-kladkowo.ics")
    assert page.by_id("feed")["value"] == "http://localhost/kanaly/i/mops-kladkowo.ics"


def test_a_fresh_check_is_named_with_its_day(client, session, people, clock):
    offer = make_offer(session, people.mops, make_service(session, "shelter"))
    offer.checked_on = today(now())
    session.add(offer)
    assert "Sprawdzono 23 listopada 2026." in client.see("/partnerzy/mops-kladkowo").text


def test_working_contacts_are_for_partners(client, session, people):
    owner = people.mops.id or 0
    session.add(Contact(institution_id=owner, role="head", person="Maria Próbna", public=True))
    session.add(
        Contact(institution_id=owner, role="records_contact", mailbox="ewidencja@mops.example", phone="+48 68 1")
    )
    page = client.see("/partnerzy/mops-kladkowo")
    assert "Maria Próbna" in page.text
    assert "ewidencja@mops.example" not in page.source
    assert "Kontakty robocze widzą zalogowani partnerzy." in page.text
    page = client.sign_in(people.stefan).see("/partnerzy/mops-kladkowo")
    assert page.main.all("a", href="mailto:ewidencja@mops.example")
    assert "widzą tylko partnerzy" in page.text


def test_an_institution_without_people_says_so(client, session, people):
    make_institution(session, "pusta", Kind.OPS, "OPS bez konta")
    page = client.see("/partnerzy/pusta")
    assert "Ta instytucja nie ma jeszcze konta." in page.text
    assert page.main.one("a", href="/zglos-instytucje").text == "Zgłoś swoją instytucję"
    assert page.main.one("a", href="/partnerzy/pusta/pismo")
    assert "Ta instytucja nie ma jeszcze konta." not in client.see("/partnerzy/mops-kladkowo").text


def test_an_archived_card_leads_to_its_successor(client, session, people):
    make_institution(
        session, "dawny", Kind.REMAND_PRISON, "Areszt dawny", status=Status.ARCHIVED, successor_id=people.prison.id
    )
    page = client.see("/partnerzy/dawny")
    assert "Tej instytucji już nie ma. Jej zadania przejęła instytucja: Zakład Karny w Kładkowie" in page.text
    assert "Ta instytucja nie ma jeszcze konta." not in page.text


def test_only_web_addresses_become_links(client, people):
    people.mops.website = "javascript:alert(1)"
    assert "javascript:alert(1)" in client.see("/partnerzy/mops-kladkowo").text
    people.mops.website = "https://mops.example"
    assert client.see("/partnerzy/mops-kladkowo").main.one("a", href="https://mops.example").text == "mops.example"


def test_an_unconfirmed_card_warns(client, session, people):
    make_institution(session, "gops", Kind.OPS, "Pomoc społeczna – gmina X", status=Status.UNCONFIRMED)
    assert "Nikt jeszcze nie potwierdził tych danych." in client.see("/partnerzy/gops").text


@pytest.mark.parametrize("slug", ["nie-ma", "Zla", "a" * 61, "..", "nie_ma"])
def test_no_such_card(client, people, slug):
    client.see(f"/partnerzy/{slug}", 404)


def test_card_shows_agreements_events_and_projects(client, session, people, clock):
    make_agreement(session, "P-08-001", people.prison, people.mops)
    make_event(session, people.marek, title="Szkolenie otwarte")
    make_event(session, people.marek, title="Narada partnerów", visibility=Visibility.PARTNERS)
    programme = make_programme(session, "Most", people.jola.institution_id)
    session.add(
        ProgrammePartner(programme_id=programme.id or 0, institution_id=people.mops.id or 0, agreed_part="plan pomocy")
    )
    page = client.see("/partnerzy/mops-kladkowo")
    assert page.main.all("a", href="/porozumienia/P-08-001")
    assert "Szkolenie otwarte" in page.text
    assert "Narada partnerów" not in page.text
    assert "Most" in page.text
    assert "plan pomocy" in page.text
    assert "Narada partnerów" in client.sign_in(people.jola).see("/partnerzy/mops-kladkowo").text


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 3, 30])
def test_statements_of_a_card_do_not_grow(client, session, people, query_count, clock, number):
    for one in range(number):
        make_offer(session, people.mops, make_service(session, f"s{one}"))
        make_agreement(session, f"P-08-{one:03d}", people.prison, people.mops)
        make_event(session, people.marek, starts=local(10, days=one), ends=local(12, days=one))
        make_programme(session, f"Projekt {one}", people.mops.id)
        session.add(Contact(institution_id=people.mops.id or 0, role="head", public=True))
    session.flush()
    with query_count() as asked:
        client.see("/partnerzy/mops-kladkowo")
    assert len(asked) == 13

"""Keeping a card in the browser: form, preview, two people at once, territory, rooms, letter, nasty text."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from partners.institutions.models import Institution, InstitutionTerritory, Kind, Room, Status
from partners.territory.models import County, CountyKind, Gmina, GminaKind
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.persons import People
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
CARD = "/partnerzy/zk-kladkowo"
EDIT = f"{CARD}/edycja"
NASTY = ("<svg onload=alert(1)>", '"><img src=x onerror=alert(1)>', "{{7*7}}")


@pytest.fixture(name="gubin")
def _gubin(session: Session, people: People) -> None:
    add(session, County, code="0802", name="krośnieński", kind=CountyKind.COUNTY, voivodeship_code="08", sort_key="1")
    for code, kind in (("080201", GminaKind.URBAN), ("080206", GminaKind.RURAL)):
        add(
            session,
            Gmina,
            code=code,
            name="Gubin",
            kind=kind,
            county_code="0802",
            voivodeship_code="08",
            sort_key="1",
            search_text=" gubin",
        )


def save(client: Browser, **changes: object) -> int:
    """Open the form, change some fields and send it; return the status of the answer."""
    client.see(EDIT)
    return client.post(EDIT, data={**client.page.values(EDIT), **changes}).status_code


def test_admin_changes_what_everybody_sees(client: Browser, people: People) -> None:
    client.sign_in(people.adam)
    changes = {"phone": "68 321 00 00 wew. 12", "website": "www.zk.example", "description": "Mamy **halę**."}
    assert save(client, **changes) == 303
    page = client.see(CARD)
    assert "halę" in page.one("section", **{"aria-labelledby": "opis"}).one("strong").text
    assert page.one("a", href="https://www.zk.example").text == "www.zk.example"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", " ", "Podaj nazwę instytucji."),
        ("email", "jan", "Podaj adres e-mail, na przykład"),
        ("phone", "nie mamy", "Podaj numer telefonu"),
        ("phone", "1" * 39 + "x", "Podaj numer telefonu"),  # once it took hours to say so
        ("website", "javascript:alert(1)", "Podaj adres, który zaczyna się od https://"),
        ("website", "data:text/html,x", "Podaj adres, który zaczyna się od https://"),
        ("postal_code", "65001", "Podaj kod pocztowy"),
        ("slug", "mops-kladkowo", "Ten adres ma albo kiedyś miała inna instytucja."),
        ("slug", "Łęg", "Użyj małych liter bez polskich znaków"),
        ("seat", "Nibylandia", "Nie ma gminy o tej nazwie."),
        ("aliases", "\n".join(f"Nazwa {n}" for n in range(13)), "Podaj najwyżej 12 innych nazw."),
        ("hours", "44051401359", "PESEL"),
        ("description", "x" * 6001, "Skróć"),
    ],
)
def test_wrong_input_comes_back_with_a_sentence(
    client: Browser, people: People, field: str, value: str, sentence: str
) -> None:
    client.sign_in(people.adam)
    assert save(client, **{field: value, "street": "ul. Nowa 5"}) == 422
    assert sentence in client.page.text
    assert client.page.by_id("street")["value"] == "ul. Nowa 5"


@pytest.mark.usefixtures("gubin")
def test_a_name_that_two_gminas_have_asks_which_one(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.adam)
    assert save(client, seat="Gubin") == 422
    assert "Gubin (gmina wiejska, pow. krośnieński)" in client.page.text
    data = {**client.page.values(EDIT), "seat_choice": "080206"}
    assert client.post(EDIT, data=data).status_code == 303
    assert session.get_one(Institution, people.prison.id).gmina_code == "080206"
    assert client.see(EDIT).by_id("seat")["value"] == "Gubin (gmina wiejska, pow. krośnieński)"


def test_preview_shows_and_saves_nothing(client: Browser, people: People) -> None:
    client.sign_in(people.adam).see(EDIT)
    data = {**client.page.values(EDIT), "description": "# Nowy opis", "podglad": "tak"}
    assert client.post(EDIT, data=data).status_code == 200
    assert client.page.one("h3", id="tak-wyglada").text == "Tak to wygląda"
    assert "Nic jeszcze nie zostało zapisane." in client.page.text
    assert "Nowy opis" not in client.see(CARD).text


def test_second_admin_loses_nothing(client: Browser, app, session: Session, people: People) -> None:
    client.sign_in(people.adam).see(EDIT)
    opened = client.page.values(EDIT)
    other = browser_of(app, session).sign_in(people.olga)
    assert save(other, phone="68 999 99 99") == 303
    assert client.post(EDIT, data={**opened, "hours": "8.00–16.00"}).status_code == 409
    assert "W międzyczasie ktoś inny zmienił tę kartę." in client.page.text
    assert "68 999 99 99" in client.page.text
    assert client.page.by_id("hours")["value"] == "8.00–16.00"
    data = {**client.page.values(EDIT), "phone": "68 999 99 99"}
    assert client.post(EDIT, data=data).status_code == 303
    page = client.see(CARD)
    assert "68 999 99 99" in page.text
    assert "8.00–16.00" in page.text


def test_rename_leads_on_from_the_old_address(client: Browser, people: People) -> None:
    client.sign_in(people.adam)
    assert save(client, name="Zakład Karny w Łęgu", slug="zk-leg") == 303
    answer = client.get(CARD)
    assert (answer.status_code, answer.headers["Location"]) == (301, "/partnerzy/zk-leg")
    assert "Zakład Karny w Łęgu" in client.get("/kanaly/i/zk-kladkowo.ics").text
    assert client.get("/kanaly/i/zk-leg.ics").status_code == 200
    assert "Zakład Karny w Łęgu" in client.see("/kalendarz/lista?instytucja=zk-kladkowo").text


def test_a_form_cannot_smuggle_in_what_it_does_not_ask(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.adam)
    smuggled = {"kind": "ops", "status": "archived", "synthetic": "1", "valid_to": "1.1.2026", "parent": "Most"}
    assert save(client, hours="8–16", **smuggled) == 303
    row = session.get_one(Institution, people.prison.id)
    assert (row.kind, row.status, row.synthetic, row.valid_to, row.parent_id) == (
        Kind.PRISON,
        Status.ACTIVE,
        False,
        None,
        None,
    )


def test_confirming_shows_on_the_card_and_grows_old(client: Browser, session: Session, people: People, clock) -> None:
    client.sign_in(people.adam)
    assert "Instytucja sama jeszcze nie potwierdziła tych danych." in client.see(CARD).text
    client.post(f"{CARD}/aktualne")
    assert "Instytucja potwierdziła te dane 23 listopada 2026." in client.see(CARD).text
    clock.shift(timedelta(days=367))
    assert "dane mogą być nieaktualne" in client.sign_in(people.adam).see(CARD).text


def test_ticking_the_box_confirms_while_saving(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.adam)
    assert save(client, confirmed="y") == 303
    assert session.get_one(Institution, people.prison.id).confirmed_on is not None


@pytest.mark.usefixtures("gubin")
def test_territory_is_chosen_without_scripts(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.adam)
    page = client.see(f"{CARD}/teren?jednostka=0802")
    assert "Gubin (gmina wiejska)" in page.text
    address = f"{CARD}/teren?jednostka=0802"
    assert client.post(address, data={"codes": ["080201", "080206"]}).status_code == 303
    assert session.exec(select(InstitutionTerritory.code)).all() == ["080201", "080206"]
    assert "Gubin (gmina wiejska, pow. krośnieński)" in client.see(CARD).text
    values = client.see(address).values(address)
    assert values["seen"] == ["080201", "080206"]
    client.post(address, data={"seen": ["080201", "080206"], "codes": ["0802"]})
    assert session.exec(select(InstitutionTerritory.code)).all() == ["0802"]
    assert "powiat krośnieński" in client.see(CARD).text
    assert client.post(address, data={"codes": ["1465"]}).status_code == 422
    assert client.get(f"{CARD}/teren?jednostka=9999").status_code == 404
    client.htmx(address, "area")


def test_rooms_are_seen_by_partners_only(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.adam).see(f"{CARD}/sale")
    client.post(f"{CARD}/sale", data={"name": "Świetlica", "seats": "14"}, follow_redirects=True)
    assert "Świetlica" in client.page.text
    assert client.post(f"{CARD}/sale", data={"name": "świetlica"}).status_code == 422
    assert client.post(f"{CARD}/sale", data={"name": "Inna", "seats": "dużo"}).status_code == 422
    room = session.exec(select(Room)).one()
    assert client.post(f"{CARD}/sale/{room.id}", data={"name": "Świetlica", "seats": "15"}).status_code == 303
    assert "15 miejsc" in client.sign_in(people.jola).see(CARD).text
    for who in (people.wanda, None):
        reader = client.sign_in(who) if who else browser_of(client.application, session)
        assert "Świetlica" not in reader.see(CARD).text
    client.sign_in(people.adam).post(f"{CARD}/sale/{room.id}/wylacz", follow_redirects=True)
    assert "Świetlica" not in client.see(CARD).text
    client.post(f"{CARD}/sale/{room.id}/wlacz")
    assert "Świetlica" in client.see(CARD).text


@pytest.mark.parametrize("status", [Status.APPLIED, Status.REFUSED])
def test_what_is_not_admitted_is_known_to_its_own_people_alone(
    client: Browser, session: Session, people: People, status: Status
) -> None:
    people.prison.status = status
    session.flush()
    for who in (None, people.jola, people.wanda):
        reader = client.sign_in(who) if who else browser_of(client.application, session)
        for path in (CARD, f"{CARD}/pismo", "/kanaly/i/zk-kladkowo.ics"):
            assert reader.get(path).status_code == 404
        assert "Zakład Karny w Kładkowie" not in reader.see("/partnerzy?q=kladkowie").text
        assert "Zakład Karny w Kładkowie" not in reader.see("/kalendarz/lista?instytucja=zk-kladkowo").text
    assert client.sign_in(people.adam).get(CARD).status_code == 200
    assert client.sign_in(people.olga).get(CARD).status_code == 200


def test_operator_archives_a_card(client: Browser, people: People) -> None:
    client.sign_in(people.olga).see(f"{CARD}/stan")
    assert client.post(f"{CARD}/stan", data={"status": "applied"}).status_code == 422
    assert client.post(f"{CARD}/stan", data={"status": "archived", "valid_to": "30.6.2026"}).status_code == 303
    assert "Ta instytucja działała do 30 czerwca 2026." in client.see(CARD).text


def test_a_card_without_account_offers_a_letter(client: Browser, session: Session) -> None:
    make_institution(session, "ops-nowy", Kind.OPS, "OPS w Nowym")
    page = client.see("/partnerzy/ops-nowy")
    assert "Ta instytucja nie ma jeszcze konta." in page.text
    letter = client.see("/partnerzy/ops-nowy/pismo")
    assert "OPS w Nowym" in letter.text
    assert "/partnerzy/ops-nowy" in letter.text
    assert client.see("/partnerzy/ops-nowy/pismo?jezyk=en").h1 == "Invitation to Kładka"


def test_no_letter_where_somebody_has_an_account(client: Browser, people: People) -> None:
    assert "nie ma jeszcze konta" not in client.see(CARD).text
    assert client.get(f"{CARD}/pismo").status_code == 404


@pytest.mark.parametrize("nasty", NASTY)
def test_markup_in_every_field_is_shown_literally(
    client: Browser, session: Session, people: People, nasty: str
) -> None:
    client.sign_in(people.adam)
    texts = ("name", "short_name", "street", "post_town", "locality", "hours", "aliases", "description")
    short = nasty[:60]
    assert save(client, **dict.fromkeys(texts, short)) == 303
    client.post(f"{CARD}/sale", data={"name": nasty, "equipment": nasty})
    for path in (CARD, EDIT, f"{CARD}/sale", f"{CARD}/teren", "/partnerzy"):
        page = client.see(path)
        assert page.main.all("img") == []
        assert nasty in page.text or path.endswith("teren") or path == EDIT
    assert "49" not in client.see(EDIT).h1


def test_markdown_of_the_description_is_cleaned(client: Browser, people: People) -> None:
    text = (
        "<script>alert(1)</script> [a](javascript:alert(1)) [b](data:text/html,x) ![c](https://evil.example/x.png) "
        "[d](https://dobra.example)"
    )
    client.sign_in(people.adam)
    assert save(client, description=text) == 303
    section = client.see(CARD).one("section", **{"aria-labelledby": "opis"})
    assert section.all("script") == section.all("img") == []
    assert [link["href"] for link in section.all("a")] == ["https://evil.example/x.png", "https://dobra.example"]
    assert "<script>alert(1)</script>" in section.text


def test_what_has_grown_old_waits_on_the_desk_and_is_marked_in_the_directory(
    client: Browser, session: Session, people: People
) -> None:
    make_offer(session, people.prison, make_service(session, "shelter"))
    people.prison.confirmed_on = date(2025, 1, 1)
    session.flush()
    page = client.sign_in(people.adam).see("/biurko")
    assert "1 usługa do sprawdzenia" in page.text
    assert "Czy dane na Waszej karcie są aktualne?" in page.text
    row = client.see("/partnerzy?q=zaklad+karny").text
    assert "dane mogą być nieaktualne" in row
    client.post(f"{CARD}/aktualne")
    client.post(f"{CARD}/uslugi/sprawdzone")
    page = client.see("/biurko")
    assert "do sprawdzenia" not in page.text
    assert "Czy dane na Waszej karcie" not in page.text
    assert "dane mogą być nieaktualne" not in client.see("/partnerzy?q=zaklad+karny").text

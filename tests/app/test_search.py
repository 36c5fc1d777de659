"""The search across the portal: what people type, and what they may know of."""

import pytest
from sqlmodel import Session

from app.actors import Actor
from app.clock import now
from app.portal.search import take_apart
from events.calendar.models import Visibility
from partners.institutions.actions import NewCard, add_institution
from partners.institutions.models import Institution, Kind, Service, Status
from partners.territory import actions as territory
from partners.territory.queries import Place
from projects.programmes.models import ProgrammeState
from tests.browser import Browser
from tests.factories.events import make_event
from tests.factories.institutions import make_offer
from tests.factories.persons import People
from tests.factories.programmes import make_programme
from tests.factories.rows import add as add_row
from tests.factories.territory import make_gmina

pytestmark = pytest.mark.usefixtures("clock")
LUBUSKIE, LUBELSKIE = Place("08", "lubuskie"), Place("06", "lubelskie")
PLACES = [LUBUSKIE, LUBELSKIE, Place("28", "warmińsko-mazurskie"), Place("24", "śląskie"), Place("02", "dolnośląskie")]
PLACES += [Place("22", "pomorskie"), Place("04", "kujawsko-pomorskie")]


@pytest.mark.parametrize(
    ("typed", "text", "code"),
    [
        ("schronienie lubuskie", "schronienie", "08"),
        ("Schronienie w woj. lubuskim", "schronienie", "08"),
        ("lubuskie", "", "08"),
        ("lub", "lub", ""),
        ("mazurskie praca", "praca", "28"),
        ("lubuskie lubelskie", "lubuskie lubelskie", ""),
        ("śląskie", "", "24"),
        ("pomorskie", "", "22"),
        ("kujawsko-pomorskie", "", "04"),
        ("MOPS w Gubinie", "MOPS w Gubinie", ""),
    ],
)
def test_a_voivodeship_is_taken_out_of_the_words(typed, text, code):
    words = take_apart(typed, PLACES)
    assert (words.text, words.code) == (text, code)


def add(session: Session, kind: Kind, name: str, gmina: str, **columns) -> Institution:
    return add_institution(session, Actor.system(), NewCard(name=name, kind=kind, gmina_code=gmina, **columns), now())


@pytest.fixture(name="filled")
def _filled(session: Session) -> Session:
    """Three gminas, centres, a shelter."""
    for code, name, kind in (("080201", "Gubin", "urban"), ("080205", "Gubin", "rural"), ("106101", "Łódź", "urban")):
        make_gmina(session, code, name, kind)
    add(session, Kind.MOPS, "Miejski Ośrodek Pomocy Społecznej w Gubinie", "080201", phone="68 000 00 00")
    add(session, Kind.MOPS, "MOPS w Łodzi", "106101")
    shelter = add(session, Kind.SHELTER, "Dom „Przystań”", "080201")
    far = add(session, Kind.SHELTER, "Dom na końcu", "106101")
    names = {"name_pl": "zapewnienie schronienia", "name_en": "shelter"}
    service = add_row(session, Service, key="shelter", group="ops", **names)
    for one in (shelter, far):
        make_offer(session, one, service)
    return session


def test_gubin_gives_both_and_tells_them_apart(client: Browser, filled):
    page = client.see("/szukaj?q=Gubin")
    town, village = page.one("a", href="/kto-obsluguje/080201"), page.one("a", href="/kto-obsluguje/080205")
    assert town.text == "Gubin (gmina miejska, pow. krośnieński)"
    assert village.text == "Gubin (gmina wiejska, pow. krośnieński)"
    text = page.text.replace("\u00a0", " ")
    assert "Miejski Ośrodek Pomocy Społecznej w Gubinie, tel. 68 000 00 00" in text
    assert "jej ośrodka nie ma jeszcze w Kładce" in text


@pytest.mark.parametrize("typed", ["lodz", "Łódź", "łódź", "LODZ"])
def test_letters_are_folded(client: Browser, filled, typed):
    page = client.see(f"/szukaj?q={typed}")
    page.one("a", href="/kto-obsluguje/106101")
    assert "MOPS w Łodzi" in page.text.replace("\u00a0", " ")


def test_an_inner_word_is_found(client: Browser, filled):
    page = client.see("/szukaj?q=spolecznej")
    assert "Miejski Ośrodek Pomocy Społecznej" in page.text.replace("\u00a0", " ")


def test_a_service_in_a_voivodeship(client: Browser, filled):
    page = client.see("/szukaj?q=schronienie+lubuskie")
    link = page.one("a", href="/partnerzy?usluga=shelter&woj=08")
    assert link.text == "Zapewnienie schronienia"
    assert "1 partner" in page.text
    assert "Dom na końcu" not in page.text.replace("\u00a0", " ")


def test_projects_and_events_as_far_as_the_viewer_may_know(client: Browser, filled, people: People):
    make_programme(filled, "Nowy początek", people.prison.id, voivodeship_code="08")
    make_programme(filled, "Nowy szkic", people.prison.id, state=ProgrammeState.DRAFT)
    make_event(filled, people.ewa, title="Nowy warsztat")
    make_event(filled, people.ewa, title="Nowy warsztat dla partnerów", visibility=Visibility.PARTNERS)
    make_event(
        filled, people.ewa, title="Nowy warsztat zamknięty", visibility=Visibility.INVITED,
        invited=(people.mops.id or 0,),
    )  # fmt: skip
    text = client.see("/szukaj?q=nowy").text.replace("\u00a0", " ")
    assert "Nowy początek" in text
    assert "Nowy warsztat" in text
    for hidden in ("Nowy szkic", "dla partnerów", "zamknięty"):
        assert hidden not in text
    client.sign_in(people.jola)
    text = client.see("/szukaj?q=nowy").text.replace("\u00a0", " ")
    assert "dla partnerów" in text
    assert "zamknięty" not in text
    client.sign_in(people.marek)
    assert "zamknięty" in client.see("/szukaj?q=nowy").text


def test_unconfirmed_applied_and_archived_institutions_are_not_found(client: Browser, filled):
    for status in (Status.UNCONFIRMED, Status.APPLIED, Status.REFUSED, Status.ARCHIVED):
        add(filled, Kind.NGO, f"Fundacja Osobliwa {status.value}", "080201", status=status)
    assert "Niczego nie znaleziono" in client.see("/szukaj?q=osobliwa").text


@pytest.mark.parametrize("typed", ["nic takiego nie ma", "' OR 1=1 --", "%25", "x" * 600, "…", ""])
def test_nothing_found_says_what_to_do(client: Browser, filled, typed):
    page = client.see(f"/szukaj?q={typed}")
    assert page.one("input", id="q")["name"] == "q"
    assert "Gubin (gmina" not in page.text


def test_each_group_is_capped_and_leads_to_all(client: Browser, filled):
    for number in range(9):
        add(filled, Kind.NGO, f"Fundacja Liczna {number}", "080201")
    page = client.see("/szukaj?q=liczna")
    assert page.one("a", href="/partnerzy?q=liczna").text == "Pokaż wszystkie (9)"
    assert page.text.count("Fundacja Liczna") == 5


def test_searching_asks_a_constant_number_of_statements(client: Browser, filled, people: People, query_count):
    asked = []
    for number in (1, 3, 30):
        for at in range(number):
            add(filled, Kind.NGO, f"Gubińska fundacja {number} {at}", "080201")
            make_programme(filled, f"Gubin {number} {at}", people.prison.id)
            make_event(filled, people.ewa, title=f"Gubin {number} {at}")
        client.see("/szukaj?q=gubin")
        with query_count() as statements:
            client.see("/szukaj?q=gubin")
        asked.append(len(statements))
    assert len(set(asked)) == 1
    assert asked[0] <= 15


def test_the_whole_of_poland_is_searched_in_both_databases(client: Browser, session: Session):
    territory.load(session)
    for typed, code in (("gubin", "080205"), ("lodz", "106101"), ("zory", "247901"), ("swietochlowice", "247601")):
        client.see(f"/szukaj?q={typed}").one("a", href=f"/kto-obsluguje/{code}")

"""Ten workshops of an NGO, from the first word about the project to the reports of two quarters."""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.request import urlopen

import icalendar
import pytest
import recurring_ical_events
import time_machine
from playwright.sync_api import Page, expect

from app import warsaw
from tests.factories.persons import People, Person
from tests.journeys.conftest import Portal, Visitor, windows

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TIMEOUT = 10_000
TITLE = "Warsztaty kompetencji społecznych"
PROJECT = "/projekty/warsztaty-kompetencji-spolecznych"
EDITION = f"{PROJECT}/edycje/1"
TOPICS = ("komunikacja", "złość", "odmowa", "podanie o pracę", "rozmowa o pracę", "budżet", "rodzina", "sąsiedzi",
          "urzędy", "plan na pierwszy tydzień")  # fmt: skip
# Mondays from 1 March 2027 at 10, without Easter Monday (29 March) and the Third of May. The clocks change on 28 March.
WINTER = ["03-01 10:00 +0100", "03-08 10:00 +0100", "03-15 10:00 +0100", "03-22 10:00 +0100"]
SUMMER = [f"{day} 10:00 +0200" for day in ("04-05", "04-12", "04-19", "04-26", "05-10", "05-17")]
# Who came to the three sessions that are recorded in time, and to the one that is recorded after the report.
CAME = {"1 marca": 11, "8 marca": 12, "15 marca": 10}
CAME_LATE = {"23 marca": 9}


@pytest.fixture(name="hour")
def _hour(clock: time_machine.Traveller) -> Callable[[str], None]:
    """Move on to a day and hour in Warsaw: `hour("2027-03-15 14:00")`. Sessions that were idle so long have ended."""

    def move(instant: str) -> None:
        clock.move_to(warsaw.to_utc(datetime.fromisoformat(instant)))

    return move


def post_project(page: Page, people: People) -> None:
    """Write the draft, from the desk, and ask the two partners to confirm."""
    page.get_by_role("link", name="Nowy projekt").first.click()
    page.get_by_label("Nazwa projektu").fill(TITLE)
    page.get_by_role("radio", name="Warsztaty").check()
    page.get_by_label("Projekt w jednym lub dwóch zdaniach").fill("Dziesięć spotkań przed wyjściem na wolność.")
    page.get_by_role("textbox", name="Dla kogo").fill("osoby, którym zostało pół roku kary")
    page.get_by_label("Województwo").select_option(label="lubuskie")
    page.get_by_label("Pierwszy dzień").fill("1.03.2027")
    page.get_by_label("Ostatni dzień").fill("30.06.2027")
    page.get_by_label("Partner 1", exact=True).fill(people.prison.name)
    page.get_by_label("Udział partnera 1").fill("dobór uczestników")
    page.get_by_label("Partner 2", exact=True).fill(people.mops.name)
    page.get_by_label("Udział partnera 2").fill("plan pomocy po wyjściu")
    page.get_by_text("Finansowanie i sprawozdania").click()
    page.get_by_label("Źródło finansowania").fill("Program krajowy (przykład)")
    page.locator("#reports_quarterly").check()
    page.get_by_role("button", name="Zapisz szkic").click()
    page.get_by_role("link", name="Zapytaj partnerów").click()
    page.get_by_role("button", name="Poproś o potwierdzenie").click()
    expect(page.get_by_text("Wysłaliśmy prośbę e-mailem do 2 instytucji.")).to_be_visible()


def confirm(page: Page) -> None:
    """Let a partner confirm its part, from the desk."""
    page.get_by_role("link", name="Prośba o potwierdzenie udziału w projekcie").click()
    page.get_by_role("radio", name="Potwierdzamy").check()
    page.get_by_role("button", name="Wyślij odpowiedź").click()
    expect(page.get_by_text("Potwierdzone.")).to_be_visible()


def plan(page: Page, people: People) -> None:
    """Begin the edition, twelve places for participants; see every date, then make all sessions in one act."""
    page.get_by_role("link", name="Nowa edycja").click()
    page.get_by_role("radio", name=re.compile("zamkniętej")).check()
    page.get_by_label("Liczba miejsc").fill("12")
    page.get_by_label("Efekt 1", exact=True).fill("kończy warsztaty")
    page.get_by_label("Ile osób (1)").fill("10")
    page.get_by_role("button", name="Dalej: spotkania").click()
    page.get_by_label("Liczba spotkań").fill("10")
    page.get_by_label("Pierwszy dzień").fill("1.03.2027")
    page.get_by_label("Od godziny").fill("10.00")
    page.get_by_label("Do godziny").fill("13.00")
    page.get_by_label("Tematy po kolei").fill("\n".join(TOPICS))
    page.get_by_label("Gdzie", exact=True).select_option(label=people.ngo.name)
    page.get_by_label("Imię i nazwisko").first.fill("Anna Przykładowa")
    page.get_by_role("checkbox", name="osoby skazane").check()
    page.get_by_text("Zapisy i więcej ustawień").click()
    page.get_by_role("radio", name="Wszyscy").check()
    page.get_by_role("button", name="Pokaż terminy").click()
    expect(page.get_by_text("Poniedziałek Wielkanocny")).to_be_visible()
    expect(page.get_by_text("Święto Narodowe Trzeciego Maja")).to_be_visible()
    expect(page.get_by_text("zmienił się czas")).to_be_visible()
    page.get_by_role("button", name="Opublikuj 10 spotkań").click()
    expect(page.get_by_text("Zaplanowano 10 spotkań.")).to_be_visible()


def session_of(page: Page, day: str, link: str) -> None:
    """Follow a *link* at a session on the page of the edition."""
    page.get_by_role("listitem").filter(has_text=f"{day} 2027").get_by_role("link", name=link).click()


def dates(portal: Portal) -> list[str]:
    """Read the project's feed as a calendar program does."""
    with urlopen(portal.url("/kanaly/p/warsztaty-kompetencji-spolecznych.ics")) as answer:  # noqa: S310 - our own server
        calendar = icalendar.Calendar.from_ical(answer.read())
    found = recurring_ical_events.of(calendar).between(datetime(2027, 1, 1), datetime(2028, 1, 1))  # noqa: DTZ001
    return sorted(f"{one['DTSTART'].dt:%m-%d %H:%M %z}" for one in found)


def register(page: Page, number: int) -> None:
    """Register participants for the whole edition: a number, no names."""
    page.get_by_label("Liczba uczestników").fill(str(number))
    page.get_by_role("button", name="Zapisz uczestników").click()
    expect(page.get_by_text(f"Zapisanych {number} uczestników.")).to_be_visible()


def replace_facilitator(page: Page) -> None:
    """Let Piotr come to the third session instead of Anna."""
    session_of(page, "15 marca", "Kto prowadzi")
    page.get_by_label("Imię i nazwisko").first.fill("Piotr Wzorcowy")
    page.get_by_role("radio", name="tylko tego spotkania").check()
    page.get_by_role("button", name="Zapisz", exact=True).click()
    expect(page.get_by_text("Zmieniono prowadzących 1 spotkania.")).to_be_visible()


def move(page: Page) -> None:
    """Move the fourth session to Tuesday."""
    session_of(page, "22 marca", "Przenieś lub zmień")
    page.get_by_role("radio", name="tylko ten termin").check()
    page.get_by_role("button", name="Dalej").click()
    page.get_by_label("Data", exact=True).fill("23.03.2027")
    page.get_by_role("button", name="Zapisz zmiany").click()
    expect(page.get_by_text("Termin jest zmieniony.")).to_be_visible()


def record(ngo: Visitor, day: str, came: int, led_by: str) -> None:
    """Record and seal a session: who led it stands there already, participants are a number."""
    page = ngo.go(EDITION)
    session_of(page, day, "Wpisz, co się odbyło")
    expect(page.locator("#people-0-person")).to_have_value(led_by)
    expect(page.locator("#people-1-person")).to_have_value("")
    page.get_by_role("button", name="Wszyscy obecni").click()
    page.get_by_role("radio", name="odbyło się", exact=True).check()
    page.get_by_label("Osoby pozbawione wolności").fill(str(came))
    page.get_by_role("button", name="Zatwierdź notatkę").click()
    expect(page.get_by_text("Notatka jest zatwierdzona.")).to_be_visible()


def figures(page: Page, table: str = "Liczby") -> dict[str, str]:
    """Read a table of figures, without what is said to screen readers."""
    rows = page.get_by_role("table", name=table, exact=True).get_by_role("row")
    expect(rows.nth(3)).to_be_visible()
    read = [re.sub(r" *\([^)]*\)", "", " ".join(text.split())) for text in rows.all_inner_texts()[1:]]
    parts = [re.fullmatch(r"(\D+?) (\d+.*)", one) for one in read]
    return {part[1]: part[2] for part in parts if part}


@windows((False, 390))
def test_workshops_from_the_first_word_to_the_reports(
    hour: Callable[[str], None],
    people: People,
    portal: Portal,
    visitor: Callable[..., Visitor],
    javascript: bool,
    width: int,
) -> None:
    def enter(person: Person) -> Visitor:
        one = visitor(javascript=javascript, width=width)
        one.context.set_default_timeout(TIMEOUT)
        one.sign_in(person)
        return one

    # The NGO posts the project, a prison and a MOPS confirm, and only then everybody sees it.
    hour("2027-02-15 09:00")
    ngo, prison, mops, other = (enter(one) for one in (people.jola, people.ewa, people.marek, people.zofia))
    post_project(ngo.page, people)
    expect(other.go(PROJECT).get_by_role("heading", level=1)).not_to_have_text(TITLE)
    for partner in (prison, mops):
        partner.go("/biurko")
        confirm(partner.page)
    ngo.go(PROJECT).get_by_role("button", name="Opublikuj projekt").click()
    expect(ngo.page.get_by_text("Projekt opublikowany.")).to_be_visible()

    # Ten weekly sessions at the same hour of the clock, over the change of time and without two holidays.
    plan(ngo.page, people)
    assert dates(portal) == WINTER + SUMMER

    # Six places are left when the other prison registers eight: six and two, on every date.
    register(prison.go(EDITION), 6)
    expect(other.go(EDITION).get_by_text("Wolnych jest 6 miejsc.")).to_be_visible()
    register(other.page, 8)
    expect(other.page.get_by_text("Na każdym z 10 terminów: 6 miejsc, 2 na liście rezerwowej.")).to_be_visible()
    expect(other.page.get_by_text("Zajęte: 12 z 12 miejsc")).to_be_visible()

    # Another facilitator once, one session moved: in all calendars, and for those who are signed up.
    replace_facilitator(ngo.go(EDITION))
    move(ngo.go(EDITION))
    assert dates(portal) == [*WINTER[:3], "03-23 10:00 +0100", *SUMMER]
    moved = other.go(EDITION).get_by_role("listitem").filter(has_text="23 marca 2027")
    expect(moved).to_contain_text("4. podanie o pracę")

    # Three sessions are recorded and sealed.
    hour("2027-03-15 14:00")
    ngo.sign_in(people.jola)
    for day, came in CAME.items():
        record(ngo, day, came, "Piotr Wzorcowy" if day == "15 marca" else "Anna Przykładowa")
    expect(visitor(javascript=javascript, width=width).go(EDITION).get_by_text("3 z 10 spotkań")).to_be_visible()

    # By hand: four sessions in March, three of them with a note; 3 × 3 hours; 11 + 12 + 10 = 33 presences of people
    # inside; one facilitator of one institution each time.
    hour("2027-04-02 09:00")
    ngo.sign_in(people.jola).get_by_role("link", name="Sprawozdanie do zamrożenia").click()
    first = {
        "Zaplanowane spotkania": "4",
        "Odbyte spotkania": "3",
        "Nieodbyte spotkania": "0",
        "Odwołane spotkania": "0",
        "Bez zamkniętej notatki": "1",
        "Godziny przeprowadzonych spotkań": "9 godz.",
        "Obecności osób pozbawionych wolności": "33",
        "Obecności pracowników": "3",
        "Obecne instytucje": "1",
    }
    assert figures(ngo.page) == first
    ngo.page.get_by_role("button", name="Zamroź te liczby").click()
    expect(ngo.page.get_by_text("Sprawozdanie jest zamrożone.")).to_be_visible()
    report = ngo.page.url.removeprefix(portal.address)
    compare = ngo.page.get_by_role("link", name=re.compile("^Porównaj z liczbami na dziś"))
    expect(compare).to_have_attribute("href", f"{PROJECT}/sprawozdania/2027-1")
    for link in ("Pobierz PDF", "Pobierz XLSX"):
        href = ngo.page.get_by_role("link", name=link).get_attribute("href") or ""
        once, again = (ngo.context.request.get(portal.url(href)).body() for _ in range(2))
        assert once == again
        assert len(once) > 5000

    # A figure opens the notes behind it.
    row = ngo.page.get_by_role("row").filter(has_text="Obecności osób pozbawionych wolności")
    row.get_by_role("link").click()
    notes = ngo.page.locator("main").get_by_role("link", name=re.compile("^Notatka"))
    expect(notes).to_have_count(3)
    notes.nth(1).click()
    expect(ngo.page.get_by_role("heading", level=1)).to_have_text("Notatka ze spotkania")
    expect(ngo.page.locator("main")).to_contain_text("8 marca 2027")

    # A note sealed later changes nothing in the frozen report; the next one tells it in a section of its own.
    for day, came in CAME_LATE.items():
        record(ngo, day, came, "Anna Przykładowa")
    assert figures(ngo.go(report)) == first
    hour("2027-07-01 09:00")
    ngo.sign_in(people.jola)
    page = ngo.go(f"{PROJECT}/sprawozdania/2027-2")
    second = figures(page)
    assert (second["Zaplanowane spotkania"], second["Obecności osób pozbawionych wolności"]) == ("6", "0")
    late = figures(page, "Wcześniejsze spotkania, których notatki zamknięto później")
    assert (late["Odbyte spotkania"], late["Godziny przeprowadzonych spotkań"]) == ("1", "3 godz.")
    assert late["Obecności osób pozbawionych wolności"] == "9"

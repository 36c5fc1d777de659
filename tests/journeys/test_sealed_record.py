"""From "Nowe wydarzenie" to the sealed record: a training inside a prison unit, as prison and as MOPS live it."""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.request import urlopen

import icalendar
import pytest
import recurring_ical_events
import time_machine
from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlmodel import Session

from app import warsaw
from app.clock import now
from app.db import Database, metadata
from app.jobs.worker import work_through
from app.portal import nightly
from tests.factories.agreements import make_agreement
from tests.factories.persons import People, Person
from tests.journeys.conftest import Portal, Visitor, windows

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TITLE = "Szkolenie: mieszkanie po zwolnieniu"
DAY = "2026-12-08"
PLATE = "FZ 77ZNIKA"
SERIAL = "SN-ZNIKA-31"
TIMEOUT = 10_000
STORY = "Dwanaście osób, jedna sala i lista mieszkań chronionych, która od dziś wisi w oddziale."


@pytest.fixture(name="hour")
def _hour(clock: time_machine.Traveller) -> Callable[[str], None]:
    """Move on to a day and hour in Warsaw: `hour("2026-12-04 09:00")`. Sessions that were idle so long have ended."""

    def move(instant: str) -> None:
        clock.move_to(warsaw.to_utc(datetime.fromisoformat(instant)))

    return move


def letters(portal: Portal, expected: set[tuple[str, str]]) -> None:
    """Wait until the mail server has a message of each kind: (address, how the subject begins)."""
    missing, found = expected, [("", "")]
    for _ in range(100):
        found = [(str(one["To"]), str(one["Subject"])) for one in portal.inbox.messages]
        missing = {want for want in expected if not any(to == want[0] and s.startswith(want[1]) for to, s in found)}
        if not missing:
            return
        time.sleep(0.1)
    raise AssertionError((missing, found))


def plan(page: Page) -> None:
    """Plan the training inside the unit with the MOPS: two places, by approval, for everybody to see."""
    page.get_by_role("link", name="Nowe wydarzenie").first.click()
    page.get_by_role("radio", name="Szkolenie kadry").check()
    page.get_by_label("Nazwa", exact=True).fill(TITLE)
    page.get_by_label("Data", exact=True).fill("8.12.2026")
    page.get_by_label("Od godziny", exact=True).fill("10.00")
    page.get_by_label("Do godziny", exact=True).fill("12.00")
    page.get_by_label("Liczba miejsc").fill("2")
    page.get_by_role("checkbox", name="pracownicy socjalni").check()
    page.get_by_label("O czym").fill("Kto pomaga w pierwszym tygodniu.")
    page.get_by_text("Więcej ustawień").click()
    page.get_by_role("group", name="Współorganizatorzy").get_by_role("checkbox", name="MOPS w Kładkowie").check()
    page.get_by_role("radio", name="Wszyscy").check()
    page.get_by_label("Tematy").fill("mieszkania chronione\ndodatek mieszkaniowy")
    page.get_by_role("radio", name="organizator przyjmuje każde zgłoszenie").check()
    page.get_by_role("button", name="Dalej: sprawdź").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sprawdź")
    expect(page.get_by_role("button", name="Opublikuj wydarzenie")).to_have_count(0)
    page.get_by_role("button", name="Poproś o potwierdzenie").click()
    expect(page.get_by_text("Wysłaliśmy prośbę e-mailem do 1 instytucji.")).to_be_visible()


def confirm(page: Page, portal: Portal) -> str:
    """Let the MOPS confirm as co-organiser; give the path of the event."""
    page.goto(portal.url("/biurko"))
    page.get_by_role("link", name="Prośba o potwierdzenie udziału Twojej instytucji").click()
    page.get_by_role("radio", name="Potwierdzamy").check()
    page.get_by_role("button", name="Wyślij odpowiedź").click()
    expect(page.get_by_text("Potwierdzono.")).to_be_visible()
    return page.url.removeprefix(portal.address).removesuffix("/uzgodnienia")


def ask_for_data(page: Page, portal: Portal) -> None:
    """Let the unit's administrator ask for the vehicle and let equipment in."""
    page.goto(portal.url("/partnerzy/zk-kladkowo/zasady-wejscia"))
    page.get_by_role("radio", name="własne").check()
    page.get_by_role("checkbox", name="Pojazd i numer rejestracyjny").check()
    page.get_by_role("checkbox", name="Instytucje mogą prosić o wniesienie sprzętu").check()
    page.get_by_role("button", name="Zapisz zasady").click()
    expect(page.get_by_text("Zapisano.")).to_be_visible()


def ask_for_places(page: Page) -> None:
    """Let the MOPS ask for two people by name and one place without."""
    page.get_by_role("checkbox", name="Marek Przykładowy").check()
    page.get_by_role("checkbox", name="Piotr Wzorcowy").check()
    page.get_by_text("Miejsca teraz, nazwiska później").click()
    page.get_by_label("Miejsca bez nazwisk").fill("1")
    page.get_by_role("button", name="Poproś o miejsca").click()
    expect(page.locator("#roster")).to_contain_text("czeka na decyzję")


def decide_places(page: Page) -> None:
    """Let the prison accept one person and the place without a name, and refuse the other by a code."""
    roster = page.locator("#roster")
    expect(roster.get_by_role("heading", name="3 prośby o miejsce")).to_be_visible()
    roster.get_by_role("button", name=re.compile("Przyjmij.*Marek")).click()
    roster.get_by_role("button", name=re.compile("Przyjmij.*bez nazwiska")).click()
    roster.get_by_role("link", name=re.compile("Odmów.*Piotr")).click()
    page.get_by_role("radio", name="za dużo osób z jednej instytucji").check()
    page.get_by_role("button", name="Odmów").click()
    expect(roster).to_contain_text("Zajęte: 2 z 2 miejsc")


def name_later(page: Page) -> None:
    """Let the MOPS say who comes for the place without a name."""
    page.get_by_role("link", name="Podaj, kto przyjdzie").click()
    page.get_by_label("Imię i nazwisko").fill("Maria Próbna")
    page.get_by_label("Funkcja").fill("pracownica socjalna")
    page.get_by_label("Służbowy e-mail").fill("maria@mops-kladkowo.example")
    page.get_by_role("button", name="Zapisz").click()
    expect(page.get_by_text("Przyjdzie: Maria Próbna.")).to_be_visible()


def fill_entry_list(page: Page) -> None:
    """Let the MOPS give what the unit asks for, and report a laptop."""
    page.get_by_role("link", name="Lista osób wchodzących").last.click()
    expect(page.get_by_role("heading", level=2).filter(has_text="Lista jest otwarta")).to_be_visible()
    page.get_by_role("link", name="Uzupełnij dane").first.click()
    expect(page.get_by_role("button", name="Zapisz dane")).to_be_visible()  # below all lines
    for line in page.get_by_label("Pojazd i numer rejestracyjny").all():
        line.fill(PLATE)
    page.get_by_role("button", name="Zapisz dane").click()
    page.get_by_label("Co i ile sztuk").fill("laptop, 1 sztuka")
    page.get_by_label("Model lub numer seryjny").fill(SERIAL)
    page.get_by_role("button", name="Zgłoś").click()
    expect(page.get_by_text("O tym sprzęcie zdecyduje jednostka.")).to_be_visible()


def allow(page: Page, number: int) -> None:
    """Let the unit agree to the *number* things or people that wait on the entry list."""
    answers = page.get_by_role("radio", name="Zgoda")
    expect(answers).to_have_count(number)
    for one in answers.all():
        one.check()
    page.get_by_role("button", name="Zapisz decyzje").click()
    expect(page.get_by_role("button", name="Zapisz decyzje")).to_have_count(0)


def replace(page: Page) -> None:
    """Let the MOPS send Piotr instead of Maria after the list was closed: a request."""
    row = page.locator("#roster").get_by_role("listitem").filter(has_text="Maria Próbna")
    row.get_by_role("link", name="Przyjdzie ktoś inny").click()
    page.get_by_role("radio", name="Piotr Wzorcowy").check()
    page.get_by_role("button", name="Zapisz").click()
    expect(page.locator("#roster")).to_contain_text("Piotr Wzorcowy")


def bring_guest(page: Page) -> None:
    """Let the MOPS add a guest to the closed list: a request about which the unit decides."""
    page.get_by_label("Imię i nazwisko").fill("Anna Przykładowa")
    page.get_by_role("button", name="Dopisz gościa").click()
    expect(page.get_by_role("row").filter(has_text="Anna Przykładowa")).to_contain_text("czeka na decyzję")


def note_consent(page: Page) -> None:
    """Note that the director has consented: until then the sheet tells the gate to let nobody in."""
    page.get_by_role("link", name="Odnotuj zgodę").click()
    page.get_by_role("radio", name="udzielona").check()
    page.get_by_label("Udzielona dnia").fill("4.12.2026")
    page.get_by_role("button", name="Zapisz").click()
    expect(page.get_by_text("Zapisano.")).to_be_visible()


def print_sheet(page: Page) -> None:
    """Print the sheet of the day: one page, with the late change decided."""
    page.get_by_role("button", name="Drukuj listę").click()
    leaf = page.locator(".leaf")
    expect(leaf).to_have_count(1)
    expect(leaf).to_contain_text("Marek Przykładowy")
    expect(leaf.get_by_role("row").filter(has_text="Piotr Wzorcowy")).to_contain_text("wpuścić")
    expect(leaf.get_by_role("row").filter(has_text="Maria Próbna").filter(has_text="wpuścić")).to_have_count(0)
    expect(leaf).to_contain_text(f"laptop, 1 sztuka ({SERIAL}) – można wnieść")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1


def record(page: Page) -> None:
    """Write down who came and what was agreed on, and send it to the other side."""
    page.get_by_role("link", name="Wpisz obecność i notatkę").click()
    expect(page.locator("#people-2-person")).to_have_value("Anna Przykładowa")
    page.get_by_role("button", name="Wszyscy obecni").click()
    page.get_by_role("radio", name="odbyło się", exact=True).check()
    page.get_by_label("Osoby pozbawione wolności").fill("10")
    page.get_by_label("Notatka", exact=True).fill("## Ustalenia\n\nLista mieszkań chronionych raz w miesiącu.")
    page.get_by_label("Zadanie 1", exact=True).fill("przesłać listę mieszkań chronionych")
    page.get_by_label("Kto (Zadanie 1)").select_option(label="MOPS w Kładkowie")
    page.get_by_label("Do kiedy (Zadanie 1)").fill("15.12.2026")
    page.get_by_role("button", name="Zatwierdź i wyślij do potwierdzenia").click()
    expect(page.get_by_text("czeka na drugą stronę")).to_be_visible()


def answer_note(page: Page, portal: Portal) -> None:
    """Let the MOPS read the note from its desk and confirm it: sealed, with the seal to be seen and checked."""
    page.goto(portal.url("/biurko"))
    page.get_by_role("link", name=f"Notatka do potwierdzenia: {TITLE}").click()
    expect(page.get_by_role("row").filter(has_text="Piotr Wzorcowy")).to_contain_text("tak")
    page.get_by_role("button", name="Potwierdź notatkę").click()
    expect(page.get_by_text("Notatka potwierdzona.")).to_be_visible()
    expect(page.get_by_text("Zatwierdzone przez obie strony").first).to_be_visible()
    page.get_by_text("Szczegóły techniczne").click()
    expect(page.locator(".code")).to_have_text(re.compile("^[0-9a-f]{64}$"))
    page.get_by_role("link", name="Sprawdź, czy notatka jest niezmieniona").click()
    expect(page.get_by_role("heading", name="Notatka jest niezmieniona.")).to_be_visible()


def tell(page: Page) -> None:
    """Publish the account for everybody."""
    page.get_by_label("Co chcesz powiedzieć wszystkim").fill(STORY)
    page.get_by_role("button", name="Opublikuj relację").click()
    expect(page.get_by_text("Relacja opublikowana.")).to_be_visible()


def papers(page: Page, portal: Portal) -> None:
    """Have the attendance sheet and a certificate in both languages: real PDF files."""
    sheet = page.get_by_role("link", name="Lista obecności (PDF)").get_attribute("href")
    page.get_by_role("link", name="Zaświadczenia", exact=True).click()
    page.get_by_role("button", name="Wystaw zaznaczonym osobom").click()
    expect(page.get_by_text("Wystawiono 3 zaświadczenia.")).to_be_visible()
    certificates = page.locator("main").get_by_role("link", name="PDF")
    expect(certificates).to_have_count(6)
    links = [link.get_attribute("href") for link in certificates.all()]
    for href in [sheet, *links[:2]]:
        answer = page.context.request.get(portal.url(href or ""))
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.body().startswith(b"%PDF-")
        assert len(answer.body()) > 5000


def whole(database: Database) -> str:
    """Read every column of every table as text."""
    with database.session(writes=False) as session:
        return "\n".join(
            repr(tuple(row))
            for table in metadata.sorted_tables
            for row in session.execute(text(f'SELECT * FROM "{table.name}"'))  # noqa: S608 - names of our own
        )


@windows((False, 1280), (False, 390))
def test_from_new_event_to_sealed_record(
    hour: Callable[[str], None],
    session: Session,
    people: People,
    portal: Portal,
    visitor: Callable[..., Visitor],
    javascript: bool,
    width: int,
) -> None:
    make_agreement(session, "P-08-001", people.prison, people.mops)
    session.commit()

    def enter(person: Person) -> Visitor:
        one = visitor(javascript=javascript, width=width)
        one.context.set_default_timeout(TIMEOUT)
        one.sign_in(person)
        return one

    # Planned together: the prison asks, the MOPS confirms, then it can be published.
    ask_for_data(enter(people.adam).page, portal)
    prison = enter(people.ewa)
    plan(prison.page)
    mops = enter(people.marek)
    event = confirm(mops.page, portal)
    prison.go(f"{event}/sprawdz").get_by_role("button", name="Opublikuj wydarzenie").click()
    expect(prison.page.get_by_text("Wydarzenie opublikowane.")).to_be_visible()

    # Two places for three who ask; the name of one comes later.
    ask_for_places(mops.go(event))
    decide_places(prison.go(event))
    name_later(mops.go(event))
    expect(mops.page.locator("#roster")).to_contain_text("za dużo osób z jednej instytucji")

    # The entry list, open and closed.
    fill_entry_list(mops.page)
    gate = f"{event}/{DAY}/lista-wejsc"
    hour("2026-12-04 09:00")
    mops.sign_in(people.marek)
    expect(mops.go(gate).get_by_role("heading", level=2).first).to_contain_text("Lista jest zamknięta")
    bring_guest(mops.page)
    replace(mops.go(event))
    prison.sign_in(people.ewa)
    prison.go(event).get_by_role("button", name=re.compile("Przyjmij.*Piotr")).click()
    allow(prison.go(gate), 2)
    note_consent(prison.go(event))
    hour(f"{DAY} 08:00")
    prison.sign_in(people.ewa)
    print_sheet(prison.go(f"/wejscia/{DAY}"))

    # Held, recorded, confirmed, sealed, told.
    hour(f"{DAY} 13:00")
    prison.sign_in(people.ewa)
    record(prison.go(event))
    mops.sign_in(people.marek)
    answer_note(mops.page, portal)
    tell(prison.go(f"{event}/notatka"))
    papers(prison.page, portal)
    stranger = visitor(javascript=javascript, width=width).go(event)
    expect(stranger.get_by_text(STORY)).to_be_visible()
    assert "Piotr" not in stranger.locator("body").inner_text()

    ewa, marek, piotr, maria = people.ewa.email, people.marek.email, people.piotr.email, "maria@mops-kladkowo.example"
    letters(
        portal,
        {
            (marek, "Prośba o potwierdzenie"),
            (ewa, "Potwierdzone"),
            (ewa, "Do decyzji"),
            (piotr, "Zgłoszenie czeka na decyzję"),
            (piotr, "Odmowa"),
            (marek, "Masz miejsce"),
            (maria, "Zapis na Twoje nazwisko"),
            (ewa, "Zmiany na liście osób wchodzących"),
            (marek, "Decyzja o liście osób wchodzących"),
            (marek, "Notatka do potwierdzenia"),
        },
    )

    # 31 days later only attendance is left of what the gate knew.
    assert PLATE in whole(portal.database)
    hour("2027-01-09 03:00")
    assert all(done is not None for _words, done in work_through(portal.database, nightly.JOBS, now()))
    left = whole(portal.database)
    assert [word for word in (PLATE, SERIAL) if word in left] == []
    assert "Piotr Wzorcowy" in left
    assert timedelta(days=30) < now() - warsaw.to_utc(datetime.fromisoformat(f"{DAY} 12:00"))


def feed_dates(portal: Portal, slug: str) -> list[tuple[str, bool]]:
    """Read an institution's feed as a calendar program does: each date in Warsaw time, and whether it takes place."""
    with urlopen(portal.url(f"/kanaly/i/{slug}.ics")) as answer:  # noqa: S310 - our own server
        calendar = icalendar.Calendar.from_ical(answer.read())
    found = recurring_ical_events.of(calendar).between(datetime(2027, 1, 1), datetime(2028, 1, 1))  # noqa: DTZ001
    assert {str(one["DTSTART"].params["TZID"]) for one in found} == {"Europe/Warsaw"}
    return sorted((f"{one['DTSTART'].dt:%m-%d %H:%M}", str(one.get("STATUS")) != "CANCELLED") for one in found)


def test_series_over_the_clock_change(
    hour: Callable[[str], None], people: People, portal: Portal, visitor: Callable[..., Visitor]
) -> None:
    hour("2027-03-01 09:00")
    mops = visitor(javascript=False, width=390)
    mops.context.set_default_timeout(TIMEOUT)
    page = mops.sign_in(people.marek)
    page.get_by_role("link", name="Nowe wydarzenie").first.click()
    page.get_by_role("radio", name="Spotkanie grupowe").check()
    page.get_by_label("Nazwa", exact=True).fill("Grupa w poniedziałki")
    page.get_by_label("Data", exact=True).fill("15.03.2027")
    page.get_by_label("Od godziny", exact=True).fill("10.00")
    page.get_by_label("Do godziny", exact=True).fill("11.30")
    page.get_by_text("Powtarza się", exact=True).click()
    page.get_by_role("radio", name="w te same dni tygodnia").check()
    page.get_by_label("albo liczba terminów").fill("7")
    page.get_by_role("checkbox", name="rodziny").check()
    page.get_by_text("Więcej ustawień").click()
    page.get_by_role("radio", name="Wszyscy").check()
    page.get_by_role("button", name="Dalej: sprawdź").click()

    # Easter Monday is left out before anybody sees it; the clocks change the day before.
    easter = page.get_by_role("listitem").filter(has_text="29 marca 2027")
    expect(easter).to_contain_text("Poniedziałek Wielkanocny")
    easter.get_by_role("checkbox").check()
    page.get_by_role("button", name="Opublikuj wydarzenie").click()
    expect(page.get_by_text("Wydarzenie opublikowane.")).to_be_visible()
    event = page.url.removeprefix(portal.address).partition("#")[0]
    every = ["03-15 10:00", "03-22 10:00", "04-05 10:00", "04-12 10:00", "04-19 10:00", "04-26 10:00"]
    assert feed_dates(portal, people.mops.slug) == [(day, True) for day in every]

    # One date is moved to a Wednesday noon.
    mops.go(f"{event}/2027-04-05").get_by_role("link", name="Edytuj").click()
    page.get_by_role("radio", name="tylko ten termin").check()
    page.get_by_role("button", name="Dalej").click()
    page.get_by_label("Data", exact=True).fill("7.04.2027")
    page.get_by_label("Od godziny", exact=True).fill("12.00")
    page.get_by_label("Do godziny", exact=True).fill("13.30")
    page.get_by_role("button", name="Zapisz zmiany").click()
    expect(page.get_by_text("Termin jest zmieniony.")).to_be_visible()

    # From a date on, the rest is cancelled.
    mops.go(f"{event}/2027-04-19").get_by_role("link", name="Odwołaj wydarzenie").click()
    page.get_by_role("radio", name="ten termin i następne").check()
    page.get_by_label("Powód").fill("Remont sali")
    page.get_by_role("button", name="Odwołaj te terminy").click()
    expect(page.get_by_text("Terminy są odwołane.")).to_be_visible()
    takes_place = ["03-15 10:00", "03-22 10:00", "04-07 12:00", "04-12 10:00"]
    dates = feed_dates(portal, people.mops.slug)
    assert [day for day, stands in dates if stands] == takes_place
    assert {day for day, stands in dates if not stands} <= {"04-19 10:00", "04-26 10:00"}
    rest = page.url.removeprefix(portal.address)
    guest = visitor(javascript=False, width=390).go(f"{event}/terminy")
    expect(guest.get_by_role("listitem").filter(has_text="7 kwietnia 2027")).to_contain_text("przesunięty")
    expect(guest.get_by_role("listitem").filter(has_text="29 marca 2027")).to_have_count(0)
    guest.goto(portal.url(rest))
    expect(guest.get_by_text("Remont sali")).to_be_visible()

"""A visit agreed by keyboard alone: invited, another date offered, accepted; then asked for and refused."""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit
from urllib.request import urlopen

import icalendar
import pytest
import recurring_ical_events
from playwright.sync_api import Locator, Page, Request, expect
from sqlmodel import Session

from app import warsaw
from tests.factories.agreements import make_agreement
from tests.factories.persons import PASSWORD, People, Person
from tests.journeys.conftest import Portal, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TIMEOUT = 10_000
MOST_STOPS = 120
"""No page of this story has more places for the focus."""


class Keyboard:
    """A person without a mouse: everything is reached by Tab and done by Enter, Space, arrows and letters."""

    def __init__(self, page: Page, portal: Portal) -> None:
        self.page = page
        self.portal = portal
        self.loads: list[str] = []
        page.context.set_default_timeout(TIMEOUT)
        page.on("request", self._count)

    def reach(self, wanted: Locator) -> None:
        """Press Tab until *wanted* has the focus."""
        expect(wanted).to_have_count(1)
        for _ in range(MOST_STOPS):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"never reached by Tab: {wanted}")

    def press(self, wanted: Locator, key: str = "Enter") -> None:
        """Go to *wanted* and press *key* there."""
        self.reach(wanted)
        self.page.keyboard.press(key)

    def follow(self, wanted: Locator) -> None:
        """Press Enter on a link or button and wait for the page that it leads to."""
        self.reach(wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, label: str, text: str, *, within: Locator | None = None) -> None:
        """Write into the field whose label begins with *label*."""
        self.reach((within or self.page.locator("main")).get_by_label(re.compile(f"^{label}")))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def sign_in(self, person: Person) -> None:
        """Sign in and stand on the desk; the pages loaded so far no longer count."""
        self.page.goto(self.portal.url("/logowanie"))
        self.write("Służbowy e-mail", person.email)
        self.write("Hasło", PASSWORD)
        self.follow(self.page.locator("main").get_by_role("button", name="Zaloguj się"))
        self.page.wait_for_url("**/biurko")
        self.loads.clear()

    def desk(self) -> None:
        """Come back to the desk; the pages loaded so far no longer count."""
        self.page.goto(self.portal.url("/biurko"))
        self.loads.clear()

    def _count(self, request: Request) -> None:
        if request.is_navigation_request() and request.redirected_from is None:
            self.loads.append(f"{request.method} {request.url}")


def offer(person: Keyboard, day: str, begins: str, ends: str, *, number: str = "Pierwszy termin") -> None:
    """Write one date of an offer."""
    row = person.page.get_by_role("group", name=number)
    person.write("Data", day, within=row)
    person.write("Od godziny", begins, within=row)
    person.write("Do godziny", ends, within=row)


def feed_of(person: Keyboard) -> str:
    """Make a personal calendar and give its address."""
    page = person.page
    page.goto(person.portal.url("/ustawienia/kalendarze"))
    person.write("Nazwa", "Outlook w biurze")
    person.follow(page.get_by_role("button", name="Utwórz adres"))
    shown = page.get_by_label("Adres do skopiowania").input_value()
    return person.portal.url(urlsplit(shown).path)


def dates_in(address: str) -> list[tuple[str, str, str]]:
    """Read a calendar as a program does: wall time in Warsaw, title, status of each date."""
    with urlopen(address) as answer:  # noqa: S310 - our own server
        calendar = icalendar.Calendar.from_ical(answer.read())
    found = recurring_ical_events.of(calendar).between(datetime(2026, 11, 23), datetime(2027, 2, 1))  # noqa: DTZ001
    return [
        (f"{warsaw.to_local(one['DTSTART'].dt):%d.%m %H:%M}", str(one["SUMMARY"]), str(one.get("STATUS")))
        for one in found
    ]


@pytest.mark.parametrize("width", [1280, 390])
def test_prison_invites_centre_proposes_prison_accepts_then_refuses(
    session: Session,
    people: People,
    portal: Portal,
    visitor: Callable[..., Visitor],
    clock: object,
    width: int,
) -> None:
    make_agreement(session, "P-08-001", people.prison, people.mops)
    session.commit()

    def at_keyboard(person: Person) -> Keyboard:
        one = Keyboard(visitor(javascript=False, width=width).page, portal)
        one.sign_in(person)
        return one

    # The officer invites the centre, from the desk.
    ewa = at_keyboard(people.ewa)
    page = ewa.page
    ewa.follow(page.get_by_role("link", name="Zaproś ośrodek na spotkanie").first)
    ewa.follow(page.locator("main").get_by_role("link", name="MOPS w Kładkowie"))
    ewa.write("Cel wizyty", "plany pomocy na styczeń")
    offer(ewa, "8.12.2026", "10.00", "12.00")
    ewa.follow(page.get_by_role("button", name="Dalej: sprawdź"))
    ewa.follow(page.get_by_role("button", name="Wyślij zaproszenie"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("plany pomocy na styczeń")
    expect(page.get_by_role("heading", name="Czekasz na odpowiedź")).to_be_visible()

    # The centre cannot then, and proposes another day: two pages and the form.
    marek = at_keyboard(people.marek)
    marek.follow(marek.page.get_by_role("link", name="zaproszenie na spotkanie w jednostce"))
    expect(marek.page.get_by_role("heading", name="Wybierz termin")).to_be_visible()
    marek.follow(marek.page.get_by_role("link", name="Zaproponuj inny"))
    offer(marek, "10.12.2026", "9.00", "11.00")
    marek.write("Wiadomość", "8 grudnia mamy kontrolę.")
    marek.follow(marek.page.get_by_role("button", name="Wyślij"))
    assert len(marek.loads) <= 3, marek.loads
    expect(marek.page.locator(".thread")).to_contain_text("8 grudnia mamy kontrolę.")

    # The officer accepts from the desk.
    ewa.desk()
    ewa.follow(page.get_by_role("link", name="propozycja innego terminu"))
    expect(page.get_by_role("radio", checked=True)).to_have_count(1)
    ewa.follow(page.get_by_role("button", name="Przyjmij termin"))
    assert len(ewa.loads) <= 3, ewa.loads
    expect(page.get_by_role("heading", name="Uzgodniony termin")).to_be_visible()
    expect(page.locator("main")).to_contain_text("10 grudnia 2026")

    # It stands in both calendars, and nothing waits on either desk.
    for one in (ewa, marek):
        assert dates_in(feed_of(one)) == [("10.12 09:00", "plany pomocy na styczeń", "CONFIRMED")]
        one.desk()
        expect(one.page.locator("main").get_by_role("link", name="propozycja innego terminu")).to_have_count(0)

    # Now the centre asks, from the unit's card, and the prison refuses with a reason.
    marek.page.goto(portal.url("/partnerzy/zk-kladkowo"))
    marek.follow(marek.page.locator("main").get_by_role("link", name="Poproś o wizytę"))
    marek.write("Cel wizyty", "rozmowy o świadczeniach")
    offer(marek, "16.12.2026", "13.00", "14.30")
    marek.follow(marek.page.get_by_role("button", name="Dalej: sprawdź"))
    marek.follow(marek.page.get_by_role("button", name="Wyślij prośbę"))
    ewa.desk()
    ewa.follow(page.get_by_role("link", name="prośba o wizytę"))
    ewa.follow(page.get_by_role("link", name="Odmów"))
    ewa.press(page.get_by_role("radio", name="brak odpowiedniej sali w jednostce"), "Space")
    ewa.follow(page.get_by_role("button", name="Odmów"))
    assert len(ewa.loads) <= 3, ewa.loads
    marek.page.reload()
    expect(marek.page.locator(".thread")).to_contain_text("brak odpowiedniej sali w jednostce")
    expect(marek.page.get_by_role("heading", name="Ta prośba jest zakończona")).to_be_visible()

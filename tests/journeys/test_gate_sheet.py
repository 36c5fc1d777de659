"""The sheet for the gate out of a real printer: 25 people on one A4, 26 on two, and right after a late change."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session

from app.clock import now
from events.calendar.models import Event
from events.gate import actions, requests
from events.gate.models import Preset
from events.gate.rules import UnitRules
from tests.factories.events import date_of
from tests.factories.gate import entries, make_visit
from tests.factories.gate import expect as expect_people
from tests.factories.persons import People
from tests.journeys.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DAY = "/wejscia/2026-12-08"
# Closed at once: every row says that there is no decision, which is the longest that a row can say.
CLOSED = UnitRules(Preset.CUSTOM, 30, ("vehicle", "phone"), equipment=True)
LONG = "Aleksandra Przykładowa"
LONGEST = "Aleksandra Maria Przykładowa-Brzęczyszczykiewiczowska z domu Pokazowa-Wzorcowska"
FUNCTION = "starszy specjalista pracy socjalnej, koordynator zespołu interwencji kryzysowej"


def fill(session: Session, people: People, number: int, *, name: str, things: int = 0) -> Event:
    """Let *number* people and *things* of the MOPS be expected on one event, with everything that can be said."""
    event = make_visit(session, people, title="Spotkanie z doradcą zawodowym i pracownikiem socjalnym")
    names = [f"{name} {n}" for n in range(number)]
    expect_people(session, event, people.marek, *names)
    for one in entries(session, event):
        one.function = FUNCTION if name != "Osoba" else "psycholog"
        one.extras = {"vehicle": "FZ 12345", "phone": "600 000 000"}
    for n in range(things):
        occurrence_id = date_of(session, event).id or 0
        requests.report_thing(session, people.marek.actor, occurrence_id, f"laptop, {n} sztuka", f"SN-{n:09d}", now())
    session.commit()
    return event


def printed(page: Page) -> int:
    """Count the sheets of paper that the page needs."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize(
    ("number", "things", "name", "sheets"),
    [
        (25, 0, "Osoba", 1),
        (25, 4, LONG, 1),
        (26, 0, "Osoba", 2),
        (50, 4, LONG, 2),
        (51, 0, "Osoba", 3),
        (20, 9, LONG, 1),
        (25, 8, "Osoba", 2),
        (25, 0, LONGEST, 2),
    ],
)
def test_a_page_holds_twenty_five_people(
    visitor: Callable[..., Visitor], session: Session, people: People, number: int, things: int, name: str, sheets: int
) -> None:
    requests.set_rules(session, people.adam.actor, people.prison.id or 0, CLOSED, now())
    fill(session, people, number, name=name, things=things)
    one = visitor(javascript=False)
    page = one.sign_in(people.ewa)
    counts = {}
    for language in ("pl", "en"):
        one.go(f"{DAY}?jezyk={language}")
        page.get_by_role("button", name="Drukuj listę" if language == "pl" else "Print the list").click()
        page.wait_for_url("**/druk/*")
        counts[language] = printed(page)
    assert counts == {"pl": sheets, "en": sheets}
    expect(page.locator(".leaf")).to_have_count(sheets)
    expect(page.locator(".leaf").last).to_contain_text(f"Page {sheets} of {sheets}")


def test_the_sheet_is_right_after_a_late_change(
    visitor: Callable[..., Visitor], session: Session, people: People
) -> None:
    event = fill(session, people, 3, name="Osoba")
    one = visitor(javascript=False, width=390)
    page = one.sign_in(people.ewa)
    one.go(DAY)
    page.get_by_role("button", name="Drukuj listę").click()
    expect(page.locator(".leaf")).not_to_contain_text("wycofano")
    first = page.url
    actions.leave(session, people.marek.actor, event, date_of(session, event), [1], now())
    requests.add_guest(session, people.marek.actor, date_of(session, event).id or 0, "Gość Późny", "", now())
    session.commit()
    page.goto(first)
    expect(page.get_by_text("Lista zmieniła się po zrobieniu tego wydruku.")).to_be_visible()
    one.go(DAY)
    expect(page.get_by_text("nowe 1, zmiany 0, wycofania 1")).to_be_visible()
    page.get_by_role("button", name="Drukuj listę").click()
    expect(page.locator("tr", has_text="Osoba 0")).to_contain_text("wycofano")
    expect(page.locator("tr", has_text="Gość Późny")).to_contain_text("nowe")
    assert printed(page) == 1
    one.go(DAY)
    page.get_by_role("button", name="Drukuj listę").click()
    expect(page.locator(".leaf")).not_to_contain_text("Osoba 0")

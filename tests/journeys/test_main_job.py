"""The main job in a real browser: a training is published, fills up, somebody waits, moves up, and it is cancelled."""

import time
from collections.abc import Callable
from datetime import date, timedelta
from email.message import EmailMessage
from urllib.request import Request, urlopen

import icalendar
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session

from app import warsaw
from app.clock import now
from tests.factories.persons import People
from tests.journeys.conftest import Portal, Visitor, windows

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TITLE = "Szkolenie wychowawców: świadczenia i schronienie"


def coming_tuesday() -> date:
    """Give a Tuesday at least two weeks from now, away from the nights in which the clocks change."""
    day = warsaw.today(now()) + timedelta(days=14)
    return day + timedelta(days=(1 - day.weekday()) % 7)


def publish(page: Page, portal: Portal) -> str:
    """Fill in the seven fields, check, publish; give the path of the event."""
    page.goto(portal.url("/biurko"))
    page.get_by_role("link", name="Nowe wydarzenie").first.click()
    page.get_by_role("radio", name="Szkolenie kadry").check()
    page.get_by_label("Nazwa", exact=True).fill(TITLE)
    page.get_by_label("Data", exact=True).fill(f"{coming_tuesday():%d.%m.%Y}")
    page.get_by_label("Od godziny", exact=True).fill("10:00")
    page.get_by_label("Do godziny", exact=True).fill("13:00")
    page.get_by_label("Liczba miejsc").fill("10")
    page.get_by_role("checkbox", name="pracownicy socjalni").check()
    page.get_by_label("O czym").fill("Jak pomóc osobie, która za miesiąc wychodzi.\n\n- dokumenty\n- dach nad głową")
    page.get_by_text("Więcej ustawień").click()
    page.get_by_role("radio", name="Wszyscy").check()
    page.get_by_role("button", name="Dalej").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sprawdź")
    page.get_by_role("button", name="Opublikuj wydarzenie").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.get_by_text("Wydarzenie opublikowane.")).to_be_visible()
    return page.url.removeprefix(portal.address).partition("#")[0]


def book(page: Page, number: int) -> None:
    """Ask for *number* places whose names come later."""
    page.get_by_text("Miejsca teraz, nazwiska później").click()
    page.get_by_label("Miejsca bez nazwisk").fill(str(number))
    page.get_by_role("button", name="Zapisz wybrane osoby").click()


def letters(portal: Portal, number: int) -> list[EmailMessage]:
    """Wait until the mail server has *number* messages."""
    for _ in range(100):
        if len(portal.inbox.messages) >= number:
            break
        time.sleep(0.1)
    assert len(portal.inbox.messages) == number, [str(message["Subject"]) for message in portal.inbox.messages]
    return portal.inbox.messages


def feed(portal: Portal, path: str, etag: str = "") -> tuple[int, str, bytes]:
    """Ask for a calendar as a calendar program does."""
    request = Request(portal.url(path), headers={"If-None-Match": etag} if etag else {})  # noqa: S310 - our own server
    try:
        with urlopen(request) as answer:  # noqa: S310
            return answer.status, answer.headers["ETag"], answer.read()
    except OSError as error:
        if getattr(error, "code", 0) != 304:
            raise
        return 304, etag, b""


@windows((False, 1280), (False, 390))
def test_training_from_publication_to_cancellation(
    session: Session,
    people: People,
    portal: Portal,
    visitor: Callable[..., Visitor],
    javascript: bool,
    width: int,
) -> None:
    prison = visitor(javascript=javascript, width=width).sign_in(people.ewa)
    address = publish(prison, portal)
    feed_path = f"/kanaly/i/{people.prison.slug}.ics"
    status, etag, body = feed(portal, feed_path)
    assert status == 200
    assert [str(one["SUMMARY"]) for one in icalendar.Calendar.from_ical(body).walk("VEVENT")] == [TITLE]

    # Nine places are taken by the NGO and another centre.
    ngo = visitor(javascript=javascript, width=width).sign_in(people.jola)
    ngo.goto(portal.url(address))
    book(ngo, 8)
    expect(ngo.locator("#roster")).to_contain_text("Zajęte: 8 z 10 miejsc")
    other = visitor(javascript=javascript, width=width).sign_in(people.stefan)
    other.goto(portal.url(address))
    other.get_by_role("checkbox", name="Stefan Wzorcowy").check()
    other.get_by_role("button", name="Zapisz wybrane osoby").click()
    expect(other.locator("#roster")).to_contain_text("Zajęte: 9 z 10 miejsc")

    # The MOPS signs two workers up: one place, one waiting.
    mops = visitor(javascript=javascript, width=width).sign_in(people.marek)
    mops.goto(portal.url(address))
    mops.get_by_role("checkbox", name="Marek Przykładowy").check()
    mops.get_by_role("checkbox", name="Piotr Wzorcowy").check()
    mops.get_by_role("button", name="Zapisz wybrane osoby").click()
    panel = mops.locator("#roster")
    expect(panel).to_contain_text("Zajęte: 10 z 10 miejsc")
    expect(panel.get_by_role("listitem").filter(has_text="Marek Przykładowy")).to_contain_text("ma miejsce")
    expect(panel.get_by_role("listitem").filter(has_text="Piotr Wzorcowy")).to_contain_text("lista rezerwowa, numer 1")
    expect(mops.locator("#state")).to_contain_text("lista rezerwowa")
    assert "Jola" not in panel.inner_text()

    # Another institution withdraws; who waited has the place.
    other.reload()
    other.get_by_role("button", name="Wycofaj").click()
    expect(other.get_by_text("Zapis wycofany.")).to_be_visible()
    mops.reload()
    expect(panel.get_by_role("listitem").filter(has_text="Piotr Wzorcowy")).to_contain_text("ma miejsce")

    # 8 nameless places, Stefan, Marek, Piotr waiting; withdrawn, given back twice, promoted.
    subjects = [str(message["Subject"]).partition(":")[0] for message in letters(portal, 15)]
    assert sorted(subjects) == sorted(
        ["Masz miejsce"] * 10
        + ["Lista rezerwowa", "Zapis wycofany", "Miejsce się zwolniło"]
        + ["Zwolnione miejsce"] * 2
    )
    promoted = next(message for message in portal.inbox.messages if str(message["Subject"]).startswith("Miejsce się"))
    assert str(promoted["To"]) == people.piotr.email
    (attached,) = promoted.iter_attachments()
    text = attached.get_payload(decode=True)
    assert isinstance(text, bytes)
    event = next(iter(icalendar.Calendar.from_ical(text).walk("VEVENT")))
    assert str(event["SUMMARY"]) == TITLE

    # The organiser sees everybody; the feed has not changed, so it answers 304.
    prison.goto(portal.url(address))
    prison.get_by_text("Wszyscy zapisani (10)").click()
    expect(prison.locator("#roster table")).to_contain_text("Piotr Wzorcowy")
    assert feed(portal, feed_path, etag)[0] == 304

    # The prison cancels: page, feed and mails say so.
    prison.get_by_role("link", name="Odwołaj wydarzenie").click()
    prison.get_by_label("Powód").fill("Choroba prowadzącej")
    prison.get_by_role("button", name="Odwołaj wydarzenie").click()
    expect(prison.get_by_text("odwołane").first).to_be_visible()
    status, _, body = feed(portal, feed_path, etag)
    assert status == 200
    (event,) = icalendar.Calendar.from_ical(body).walk("VEVENT")
    assert str(event["SUMMARY"]) == f"ODWOŁANE: {TITLE}"
    assert str(event["STATUS"]) == "CANCELLED"
    cancelled = [message for message in letters(portal, 25) if str(message["Subject"]).startswith("ODWOŁANE:")]
    assert len(cancelled) == 10
    visitor_page = visitor(javascript=javascript, width=width).go(address)
    expect(visitor_page.get_by_text("Choroba prowadzącej")).to_be_visible()

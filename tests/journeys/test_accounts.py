"""A forgotten password and a second step in a real browser: mail by SMTP, a program's code, a code on paper."""

import re
import time
from collections.abc import Callable
from email.message import EmailMessage

import pyotp
import pytest
from playwright.sync_api import Page, expect

from app.clock import now
from tests.factories.persons import People
from tests.journeys.conftest import Portal, Visitor, windows
from tests.journeys.test_accessibility import EVERYTHING, findings, sideways

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NEW = "kot wchodzi na dach"
_LINK = re.compile(r"http://localhost(/haslo/[A-Za-z0-9_-]{43})\s")


def letter(portal: Portal, subject: str) -> EmailMessage:
    """Wait for the message with this subject."""
    for _ in range(100):
        for message in portal.inbox.messages:
            if message["Subject"] == subject:
                return message
        time.sleep(0.1)
    raise AssertionError(f"no message “{subject}” among {[one['Subject'] for one in portal.inbox.messages]}")


def send(page: Page, button: str, **typed: str) -> None:
    """Fill the fields with these names, and press *button*."""
    for name, value in typed.items():
        page.locator(f"main [name={name}]").fill(value)
    page.locator("main").get_by_role("button", name=button, exact=True).click()


def fits(page: Page, *, javascript: bool) -> None:
    """Nothing is wrong with the page: axe and the width, where scripts run."""
    assert [*findings(page, EVERYTHING), *sideways(page)] == [] if javascript else True


@windows((True, 320), (False, 390))
def test_a_forgotten_password_and_a_second_step(
    people: People, portal: Portal, visitor: Callable[..., Visitor], *, javascript: bool, width: int
) -> None:
    page = visitor(javascript=javascript, width=width).go("/logowanie")
    page.get_by_role("link", name="Nie pamiętasz hasła?").click()
    send(page, "Wyślij link", email=people.ewa.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Zajrzyj do poczty")
    found = _LINK.search(letter(portal, "Nowe hasło do Kładki").get_content())
    assert found is not None
    page.goto(portal.url(found.group(1)))
    assert page.url == portal.url("/haslo/nowe")
    send(page, "Zmień hasło", password="haslo123haslo", password_again="haslo123haslo")
    expect(page.locator(".errors")).to_contain_text("To hasło łatwo odgadnąć.")
    fits(page, javascript=javascript)
    send(page, "Zmień hasło", password=NEW, password_again=NEW)
    expect(page.get_by_text("Hasło jest zmienione. Zaloguj się nowym.")).to_be_visible()
    letter(portal, "Hasło do Kładki zmienione")
    send(page, "Zaloguj się", email=people.ewa.email, password=NEW)
    page.wait_for_url("**/biurko")

    page.goto(portal.url("/ustawienia/drugi-krok"))
    send(page, "Zacznij", password_now=NEW)
    fits(page, javascript=javascript)
    program = pyotp.TOTP(page.locator("main p.code").inner_text().replace(" ", ""))
    send(page, "Włącz drugi krok", code=program.at(int(now().timestamp())))
    expect(page.get_by_role("heading", level=1)).to_have_text("Twoje kody na kartce")
    fits(page, javascript=javascript)
    expect(page.locator("main ol li")).to_have_count(10)
    codes = page.locator("main ol li").all_inner_texts()
    letter(portal, "Drugi krok logowania włączony")

    other = visitor(javascript=javascript, width=width)
    page = other.go("/logowanie?next=/wydarzenia/nowe")
    send(page, "Zaloguj się", email=people.ewa.email, password=NEW)
    fits(page, javascript=javascript)
    send(page, "Zaloguj się", code="000000")
    expect(page.locator(".errors")).to_contain_text("Ten kod nie działa.")
    send(page, "Zaloguj się", code=codes[0])
    page.wait_for_url("**/wydarzenia/nowe")
    expect(page.get_by_text("Zostało Ci 9 kodów na kartce.")).to_be_visible()
    page.goto(portal.url("/ustawienia"))
    page.get_by_role("button", name="Wyloguj wszystkie inne").click()
    expect(page.get_by_text("Wylogowano 1 inną przeglądarkę.")).to_be_visible()
    fits(page, javascript=javascript)

"""A new partner in a real browser: it applies, is admitted, keeps its card, is found, invites somebody, removes him."""

import re
import time
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session

from tests.factories.admission import make_gmina
from tests.factories.institutions import make_service
from tests.factories.persons import People
from tests.journeys.conftest import Portal, Visitor, windows

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAME = "Fundacja Drugi Brzeg w Kładkowie"
APPLICANT, COLLEAGUE = "maria@drugi-brzeg.example", "piotr@drugi-brzeg.example"
WORDS = "zielony parasol w tramwaju"
_LINK = re.compile(r"https?://[^/\s]+(/zaproszenie/\S+)")


def letter(portal: Portal, to: str, subject: str) -> EmailMessage:
    """Wait for a message to *to* whose subject begins so."""
    for _ in range(100):
        for message in portal.inbox.messages:
            if message["To"] == to and str(message["Subject"]).startswith(subject):
                return message
        time.sleep(0.1)
    raise AssertionError([(message["To"], str(message["Subject"])) for message in portal.inbox.messages])


def link_in(message: EmailMessage) -> str:
    found = _LINK.search(message.get_content())
    assert found is not None
    return found.group(1)


def join(page: Page, portal: Portal, email: str, name: str) -> None:
    """Accept the invitation that came by mail: make the account, then sign in with it."""
    page.goto(portal.url(link_in(letter(portal, email, "Zaproszenie do Kładki"))))
    expect(page.get_by_text(email)).to_be_visible()
    page.get_by_label("Imię i nazwisko").fill(name)
    page.get_by_label("Nowe hasło").fill(WORDS)
    page.get_by_label("Powtórz hasło").fill(WORDS)
    page.get_by_role("checkbox", name="Znam zasady korzystania").check()
    page.get_by_role("button", name="Przyjmij zaproszenie").click()
    expect(page.get_by_text(f"Teraz zaloguj się: adres {email}")).to_be_visible()
    page.get_by_label("Służbowy e-mail").fill(email)
    page.get_by_label("Hasło").fill(WORDS)
    page.locator("main").get_by_role("button", name="Zaloguj się").click()
    page.wait_for_url("**/biurko")


def settled(page: Page) -> None:
    """Wait until htmx has put the answer in its place: the address changes a moment before."""
    page.wait_for_load_state("networkidle")
    page.locator(".htmx-request, .htmx-swapping, .htmx-settling").wait_for(state="detached")


def search(page: Page, portal: Portal) -> None:
    """Look for who offers the service in the county, by the filters of the directory."""
    page.goto(portal.url("/partnerzy"))
    page.get_by_label("Województwo").select_option("08")
    page.get_by_role("button", name="Pokaż wyniki").click()
    page.wait_for_url("**woj=08**")
    settled(page)
    page.get_by_label("Powiat").select_option("0804")
    page.get_by_role("button", name="Pokaż wyniki").click()
    page.wait_for_url("**pow=0804**")
    settled(page)
    page.get_by_role("checkbox", name="Usługa shelter").check()
    page.get_by_role("button", name="Pokaż wyniki").click()
    page.wait_for_url("**usluga=shelter**")


@windows((False, 390))
def test_organisation_from_application_to_the_end_of_a_membership(
    session: Session,
    people: People,
    portal: Portal,
    visitor: Callable[..., Visitor],
    javascript: bool,
    width: int,
) -> None:
    make_gmina(session)
    make_service(session, "shelter", "ngo")
    session.commit()

    # Anybody applies; gmina and names are typed as people type them.
    ngo = visitor(javascript=javascript, width=width).go("/zglos-instytucje")
    ngo.get_by_label("Rodzaj instytucji").select_option(label="Organizacja pozarządowa")
    ngo.get_by_label("Pełna nazwa").fill(NAME)
    ngo.get_by_label("Gmina, w której ma siedzibę").fill("kladkowo")
    ngo.get_by_label("Ulica i numer").fill("ul. Próbna 2")
    ngo.get_by_label("Kod pocztowy").fill("67-100")
    ngo.get_by_label("Miejscowość").fill("Kładkowo")
    ngo.get_by_label("Imię i nazwisko").fill("Maria Próbna")
    ngo.get_by_label("Twoja funkcja w instytucji").fill("prezeska")
    ngo.get_by_label("Twój służbowy e-mail").fill(APPLICANT)
    ngo.get_by_role("button", name="Wyślij zgłoszenie").click()
    expect(ngo.get_by_role("alert")).to_contain_text("Zaznacz, że znasz zasady korzystania.")
    ngo.get_by_role("checkbox", name="Znam zasady korzystania").check()
    ngo.get_by_role("button", name="Wyślij zgłoszenie").click()
    expect(ngo.get_by_role("heading", level=1)).to_have_text("Zgłoszenie wysłane")

    # She signs in at once and waits; nobody else finds the foundation.
    join(ngo, portal, APPLICANT, "Maria Próbna")
    expect(ngo.get_by_role("heading", name="Zgłoszenie czeka na przyjęcie, zwykle do 3 dni roboczych")).to_be_visible()
    stranger = visitor(javascript=javascript, width=width).go("/partnerzy?q=drugi")
    expect(stranger.get_by_text(NAME)).to_have_count(0)

    # The operator hears of it and admits it.
    letter(portal, people.olga.email, "Zgłoszenie czeka na decyzję")
    operator = visitor(javascript=javascript, width=width).sign_in(people.olga)
    operator.get_by_role("link", name="Zobacz zgłoszenia").click()
    operator.get_by_role("link", name=NAME).click()
    operator.get_by_role("button", name="Przyjmij instytucję").click()
    expect(operator.get_by_text(f"Przyjęto: {NAME}.")).to_be_visible()
    letter(portal, APPLICANT, "Przyjęto do Kładki")

    # She fills in the card and offers a service.
    ngo.goto(portal.url("/biurko"))
    slug = "fundacja-drugi-brzeg-w-kladkowie"
    ngo.goto(portal.url(f"/partnerzy/{slug}"))
    ngo.get_by_role("link", name="Nazwa, adres, opis").click()
    ngo.get_by_label("Godziny").fill("pon.–pt. 9.00–15.00")
    ngo.get_by_label("O instytucji").fill("Prowadzimy klub dla osób po wyjściu na wolność.")
    ngo.get_by_role("button", name="Zapisz zmiany").click()
    expect(ngo.get_by_text("Prowadzimy klub dla osób po wyjściu na wolność.")).to_be_visible()
    ngo.goto(portal.url(f"/partnerzy/{slug}/uslugi"))
    ngo.get_by_role("checkbox", name="Usługa shelter").check()
    ngo.get_by_role("button", name="Dodaj do karty").click()
    expect(ngo.get_by_text("Dodano 1 usługę")).to_be_visible()

    # Now whoever looks for this service in this county finds her.
    search(stranger, portal)
    stranger.get_by_role("link", name=NAME).click()
    expect(stranger.get_by_role("heading", level=1)).to_have_text(NAME)

    # She invites a colleague, who joins and works in a browser of his own.
    ngo.goto(portal.url(f"/partnerzy/{slug}/osoby"))
    ngo.get_by_role("link", name="Zaproś osobę").click()
    ngo.get_by_label("Służbowy e-mail").fill(COLLEAGUE)
    ngo.get_by_role("button", name="Zaproś", exact=True).click()
    expect(ngo.get_by_text(f"Zaproszenie jest w drodze na adres {COLLEAGUE}.")).to_be_visible()
    colleague = visitor(javascript=javascript, width=width).page
    join(colleague, portal, COLLEAGUE, "Piotr Wzorcowy")
    colleague.goto(portal.url("/wydarzenia/nowe"))
    expect(colleague.get_by_label("Nazwa", exact=True)).to_be_visible()

    # She ends his access; his open page leads to the sign-in, and the account acts for nobody.
    ngo.goto(portal.url(f"/partnerzy/{slug}/osoby"))
    ngo.locator("tr", has_text="Piotr Wzorcowy").get_by_role("link").click()
    ngo.get_by_role("button", name="Zakończ dostęp").click()
    expect(ngo.get_by_text("została wszędzie wylogowana")).to_be_visible()
    expect(ngo.locator("tr", has_text="Piotr Wzorcowy")).to_have_count(0)
    colleague.get_by_role("link", name="Biurko").click()
    expect(colleague.get_by_role("heading", level=1)).to_have_text("Zaloguj się")

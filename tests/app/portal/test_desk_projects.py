"""Projects on the desk: parts to confirm, who joins, places of editions, reports due; and what we asked of others."""

from datetime import date

import pytest
from sqlmodel import Session

from app.clock import now
from events.calendar.models import Admission
from events.signups import requests
from partners.institutions.models import Status
from projects.programmes import actions, parties
from projects.programmes.models import Programme, ProgrammeKind
from projects.programmes.rules import PartnerPart, ProgrammeDraft
from tests.browser import Browser
from tests.factories import joining
from tests.factories.persons import People
from tests.factories.programmes import make_programme
from tests.factories.reports import make_project
from tests.factories.sessions import make_partner

pytestmark = pytest.mark.usefixtures("clock")
OURS, THEIRS = "/biurko/sprawy?rodzaj=projekty", "/biurko/sprawy?czyje=inne&rodzaj=projekty"
ASKED = "Prośba o potwierdzenie udziału w projekcie"


def draft(session: Session, people: People) -> Programme:
    wanted = ProgrammeDraft(
        title="Krok na wolność",
        kind=ProgrammeKind.WORKSHOP,
        summary="Dziesięć spotkań.",
        target_group="osoby przed zwolnieniem",
        voivodeship_code="08",
        starts_on=date(2026, 12, 1),
        partners=(PartnerPart(people.prison.id or 0, "sala"), PartnerPart(people.mops.id or 0, "plan pomocy")),
    )
    return actions.draft(session, people.jola.actor, wanted, now())


def test_a_part_waits_for_the_partner_and_then_the_draft_for_its_lead(
    client: Browser, session: Session, people: People
) -> None:
    programme = draft(session, people)
    assert ASKED not in client.sign_in(people.ewa).see("/biurko").text
    parties.ask(session, people.jola.actor, programme, now())
    page = client.see("/biurko")
    assert ASKED in page.text
    assert f"Krok na wolność, {people.ngo.short_name or people.ngo.name}" in page.text
    assert "Dopóki nie odpowiesz, Twojej instytucji nie ma na liście partnerów." in page.text
    link = page.one("a", href=f"/projekty/{programme.slug}/partnerzy")
    assert client.get(link["href"]).status_code == 200
    for other in (people.piotr, people.jola, people.stefan):
        assert ASKED not in client.sign_in(other).see("/biurko").text
    waits = client.sign_in(people.jola).see(THEIRS)
    assert "Prośba o potwierdzenie udziału: Krok na wolność" in waits.text
    assert "i jeszcze 1 instytucja" in waits.text
    for person in (people.ewa, people.marek):
        parties.answer(session, person.actor, programme, now(), agrees=True)
    assert ASKED not in client.sign_in(people.ewa).see("/biurko").text
    page = client.sign_in(people.jola).see(OURS)
    assert "Wszyscy partnerzy odpowiedzieli: opublikuj projekt" in page.text
    assert page.one("a", href=f"/projekty/{programme.slug}").text.startswith("Wszyscy partnerzy")


def test_who_asks_to_join_waits_for_the_lead_and_sees_it_among_what_others_owe(
    client: Browser, session: Session, people: People
) -> None:
    programme = make_programme(session, "Klub po wyjściu", people.ngo.id)
    parties.request(session, people.stefan.actor, programme, "kieruje uczestników", now())
    page = client.sign_in(people.jola).see(OURS)
    assert f"{people.stefan.actor.institution_name} prosi o dołączenie do projektu" in page.text
    assert "Dopóki nie zdecydujesz, nie jest partnerem." in page.text
    page = client.sign_in(people.stefan).see(THEIRS)
    assert "Prośba o dołączenie: Klub po wyjściu" in page.text
    parties.decide(session, people.jola.actor, programme, people.stefan.institution_id, now(), accepts=True)
    assert "Prośba o dołączenie" not in client.see(THEIRS).text
    assert "prosi o dołączenie" not in client.sign_in(people.jola).see(OURS).text


def test_places_of_an_edition_are_one_matter_and_no_sign_ups_of_its_dates(
    client: Browser, session: Session, people: People
) -> None:
    event = joining.make_edition(session, people.jola, admission=Admission.APPROVAL)
    rows = joining.join(session, people.ewa, event, 8)
    page = client.sign_in(people.jola).see("/biurko/sprawy")
    assert page.text.count("Zgłoszenie: 8 miejsc w edycji") == 1
    assert "Warsztaty pokazowe, edycja 1" in page.text
    assert "próśb o miejsce" not in page.text
    people_page = page.one("a", href=f"/projekty/{joining.SLUG}/edycje/1/osoby")["href"]
    assert client.get(people_page).status_code == 200
    page = client.sign_in(people.ewa).see("/biurko/sprawy?czyje=inne")
    assert page.text.count("edycja 1") == 1
    page.one("a", href=f"/projekty/{joining.SLUG}/edycje/1#zapisy")
    assert "edycja 1" not in client.sign_in(people.marek).see("/biurko/sprawy?czyje=inne").text
    requests.accept(session, people.jola.actor, event, [row.id or 0 for row in rows], now())
    assert "w edycji" not in client.sign_in(people.jola).see("/biurko/sprawy").text


def test_a_report_is_due_for_the_lead_alone_and_leads_to_its_figures(
    client: Browser, session: Session, people: People
) -> None:
    project = make_project(session, people, report_days=60)
    page = client.sign_in(people.jola).see(OURS)
    assert f"Sprawozdanie do zamrożenia: {project.title}" in page.text
    assert "III kwartał 2026" in page.text
    link = page.one("a", href=f"/projekty/{project.slug}/sprawozdania/2026-3")
    assert client.get(link["href"]).status_code == 200
    assert "Sprawozdanie" not in client.sign_in(people.ewa).see(OURS).text


def test_a_lead_on_offer_waits_for_the_partner_and_what_has_no_lead_for_the_operator(
    client: Browser, session: Session, people: People
) -> None:
    project = make_programme(session, "Klub po wyjściu", people.ngo.id)
    make_partner(session, project, people.mops)
    parties.offer_lead(session, people.jola.actor, project, people.mops.id or 0, now())
    assert "Twojej instytucji zaproponowano prowadzenie projektu" in client.sign_in(people.marek).see(OURS).text
    assert "Propozycja przejęcia projektu: Klub po wyjściu" in client.sign_in(people.jola).see(THEIRS).text
    assert "stracił lidera" not in client.sign_in(people.olga).see("/biurko").text
    people.ngo.status = Status.ARCHIVED
    session.add(people.ngo)
    session.flush()
    page = client.see("/biurko")
    assert "1 projekt stracił lidera" in page.text
    page.one("a", href="/operator/projekty", class_="quiet")
    assert "Klub po wyjściu" in client.see("/operator/projekty").text
    assert "projekt stracił" not in client.sign_in(people.wanda).see("/biurko").text


@pytest.mark.parametrize("page", ["/biurko", OURS, THEIRS])
def test_the_desk_says_it_in_english(client: Browser, session: Session, people: People, page: str) -> None:
    programme = draft(session, people)
    parties.ask(session, people.jola.actor, programme, now())
    parties.request(session, people.ewa.actor, make_programme(session, "Klub", people.mops.id), "sala", now())
    joining.join(session, people.ewa, joining.make_edition(session, people.jola, admission=Admission.APPROVAL), 2)
    joined = "&" if "?" in page else "?"
    for who in (people.ewa, people.jola, people.marek):
        text = client.sign_in(who).see(f"{page}{joined}jezyk=en").text
        assert "Prośba" not in text
        assert "projektu" not in text

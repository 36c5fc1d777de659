"""Pages on which lead and partners settle who takes part, in the browser."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlmodel import Session, select

from app.clock import now
from app.succession import actions as succession
from app.succession.rules import Handover
from app.warsaw import today
from partners.institutions.models import Kind, Status
from projects.programmes import actions, parties
from projects.programmes.models import PartnerAnswer, Programme, ProgrammePartner, ProgrammeState
from projects.programmes.rules import PartnerPart
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.institutions import make_institution
from tests.factories.persons import People
from tests.projects.programmes.test_parties import FULL, draft, published, stands

pytestmark = pytest.mark.usefixtures("clock")
PAGE = "/projekty/warsztaty-kompetencji-spolecznych"
PARTNERS = f"{PAGE}/partnerzy"


def test_partners_are_asked_and_answer(client: Browser, session: Session, people: People) -> None:
    programme = draft(session, people)
    client.sign_in(people.ewa)
    assert client.get(PARTNERS).status_code == 404
    client.sign_in(people.jola).see(PARTNERS)
    client.post(f"{PARTNERS}/zapytaj", follow_redirects=True)
    assert "Wysłaliśmy prośbę e-mailem do 2 instytucji." in client.page.text
    client.sign_in(people.ewa)
    page = client.see(PARTNERS)
    assert "sale i opieka" in page.text
    values = page.values(f"{PARTNERS}/odpowiedz")
    assert client.post(f"{PARTNERS}/odpowiedz", data=values).status_code == 422
    assert "Wybierz: potwierdzasz albo odmawiasz." in client.page.text
    assert client.post(f"{PARTNERS}/odpowiedz", data={**values, "answer": "nie"}).status_code == 422
    assert "lider musi wiedzieć, co zmienić" in client.page.text
    client.post(f"{PARTNERS}/odpowiedz", data={**values, "answer": "tak"}, follow_redirects=True)
    assert "Potwierdzone." in client.page.text
    client.sign_in(people.marek).see(PARTNERS)
    client.post(f"{PARTNERS}/odpowiedz", data={"answer": "nie", "note": "Nie mamy kadry.", "part": "praca socjalna"})
    assert client.get(PARTNERS).status_code == 404
    client.sign_in(people.jola)
    page = client.see(PARTNERS)
    assert "Nie mamy kadry." in page.text
    session.expire_all()
    assert stands(session, programme, people.ewa.institution_id)[0] is PartnerAnswer.CONFIRMED


def test_answer_to_words_that_have_changed_is_asked_anew(client: Browser, session: Session, people: People) -> None:
    programme = draft(session, people)
    parties.ask(session, people.jola.actor, programme, now())
    client.sign_in(people.ewa)
    values = client.see(PARTNERS).values(f"{PARTNERS}/odpowiedz")
    wanted = replace(FULL, partners=(PartnerPart(people.ewa.institution_id, "sale i 5 wychowawców"),))
    actions.revise(session, people.jola.actor, programme, wanted, now(), revision=programme.revision)
    assert client.post(f"{PARTNERS}/odpowiedz", data={**values, "answer": "tak"}).status_code == 409
    assert "zmienił w międzyczasie" in client.page.text
    assert "sale i 5 wychowawców" in client.page.text
    client.post(f"{PARTNERS}/odpowiedz", data={**client.page.values(f"{PARTNERS}/odpowiedz"), "answer": "tak"})
    session.expire_all()
    assert stands(session, programme, people.ewa.institution_id)[2] == "sale i 5 wychowawców"


def test_lead_reminds_after_some_days(client: Browser, session: Session, people: People) -> None:
    programme = draft(session, people)
    there = people.ewa.institution_id
    parties.ask(session, people.jola.actor, programme, now())
    client.sign_in(people.jola)
    assert "Przypomnij" not in client.see(PARTNERS).text
    client.post(f"{PARTNERS}/{there}/przypomnij", follow_redirects=True)
    assert "mniej niż 3 dni temu" in client.page.text
    session.get_one(ProgrammePartner, (programme.id, there)).asked_at = now() - timedelta(days=4)
    session.flush()
    assert "Przypomnij" in client.see(PARTNERS).text
    client.post(f"{PARTNERS}/{there}/przypomnij", follow_redirects=True)
    assert "wysłane jeszcze raz" in client.page.text


@pytest.mark.parametrize("what", ["succeeded", "lead ended", "left"])
def test_page_says_what_happened(client: Browser, app: Flask, session: Session, people: People, what: str) -> None:
    programme = published(session, people)
    if what == "succeeded":
        succession.succeed(
            session, people.olga.actor, people.ewa.institution_id, people.zofia.institution_id,
            Handover(today(now())), now(),
        )  # fmt: skip
    elif what == "left":
        parties.leave(session, people.ewa.actor, programme, "tajny powód", now())
    else:
        people.ngo.status = Status.ARCHIVED
    session.flush()
    client = browser_of(app, session)
    text = client.see(PAGE).text
    expected = {
        "succeeded": ("Areszt Śledczy w Bródku", "Zakład Karny w Kładkowie"),
        "lead ended": ("Nikt nie może dołączyć",),
        "left": ("Zakład Karny w Kładkowie",),
    }
    assert all(words in text for words in expected[what])
    assert "tajny powód" not in text
    client.sign_in(people.marek)
    assert "tajny powód" not in client.see(PAGE).text
    assert "tajny powód" not in client.see(PARTNERS).text


def test_pages_ask_the_same_number_of_statements_for_any_number_of_partners(
    client: Browser, session: Session, people: People, query_count: Callable[[], Any]
) -> None:
    programme = published(session, people)
    client.sign_in(people.jola).see(PARTNERS)
    with query_count() as few:
        client.get(PARTNERS)
    for number in range(9):
        other = make_institution(session, f"inna-{number}", Kind.NGO, f"Inna {number}")
        session.add(
            ProgrammePartner(
                programme_id=programme.id or 0,
                institution_id=other.id or 0,
                position=number + 5,
                part="x",
                agreed_part="x",
                answer=PartnerAnswer.OUTSIDE,
            )
        )
    session.flush()
    client.see(PARTNERS)
    with query_count() as many:
        client.get(PARTNERS)
    assert len(many) == len(few) <= 6


def test_yes_from_outside_needs_its_words(client: Browser, session: Session, people: People) -> None:
    school = make_institution(session, "szkola", Kind.NGO, "Szkoła Pokazowa")
    programme = draft(session, people, PartnerPart(school.id or 0, "kurs"), PartnerPart(people.ewa.institution_id, ""))
    address = f"{PARTNERS}/{school.id}/poza-kladka"
    client.sign_in(people.jola).see(PARTNERS)
    assert client.post(address, data={"note": " "}).status_code == 422
    assert "na przykład: pismo z 12 listopada" in client.page.text
    client.post(address, data={"note": "pismo z 12 listopada"}, follow_redirects=True)
    assert "pismo z 12 listopada" in client.page.text
    session.expire_all()
    assert stands(session, programme, school.id or 0)[0] is PartnerAnswer.OUTSIDE
    assert client.post(f"{PARTNERS}/{people.ewa.institution_id}/poza-kladka", data={"note": "x"}).status_code == 422
    parties.ask(session, people.jola.actor, programme, now())
    client.sign_in(people.ewa)
    text = client.see(PARTNERS).text
    assert "Szkoła Pokazowa" in text
    assert "pismo z 12 listopada" not in text  # the words beside an answer are the lead's


def test_institution_asks_to_join(client: Browser, session: Session, people: People) -> None:
    programme = published(session, people)
    there = people.stefan.institution_id
    client.sign_in(people.stefan)
    assert client.get(PARTNERS).status_code == 403
    client.see(f"{PAGE}/dolacz")
    assert client.post(f"{PAGE}/dolacz", data={"part": ""}).status_code == 422
    client.post(f"{PAGE}/dolacz", data={"part": "mieszkania treningowe"}, follow_redirects=True)
    page = client.see(PARTNERS)
    assert "mieszkania treningowe" in page.text
    assert "MOPS w Kładkowie" not in page.text  # who asks reads of his own request alone
    for outsider in (people.zofia, people.ewa, people.marek):
        client.sign_in(outsider)
        assert "mieszkania treningowe" not in client.get(PARTNERS, follow_redirects=True).text
    client.sign_in(people.jola)
    client.see(PARTNERS)
    address = f"{PARTNERS}/{there}/prosba"
    client.see(address)
    assert client.post(address, data={"answer": "nie"}).status_code == 422
    assert client.post(address, data={"answer": "nie", "reason": "other"}).status_code == 422
    client.post(address, data={"answer": "nie", "reason": "area", "note": "Działamy w Kładkowie."})
    client.sign_in(people.stefan)
    page = client.see(PARTNERS)
    assert "projekt działa na innym terenie" in page.text
    client.post(f"{PAGE}/dolacz", data={"part": "mieszkania"})
    client.sign_in(people.jola).post(address, data={"answer": "tak"}, follow_redirects=True)
    assert "jest partnerem" in client.page.text
    session.expire_all()
    assert stands(session, programme, there) == (PartnerAnswer.CONFIRMED, "mieszkania", "mieszkania")
    assert client.get(address).status_code == 303  # settled: back to the list


def test_the_lead_decides_about_the_words_that_it_has_read(client: Browser, session: Session, people: People) -> None:
    programme, there = published(session, people), people.stefan.institution_id
    address = f"{PARTNERS}/{there}/prosba"
    asks = browser_of(client.application, session).sign_in(people.stefan)
    asks.post(f"{PAGE}/dolacz", data={"part": "mieszkania"})
    shown = client.sign_in(people.jola).see(address).values(address)
    asks.post(f"{PARTNERS}/odejdz")
    asks.post(f"{PAGE}/dolacz", data={"part": "prowadzi cały projekt"})
    refused = client.post(address, data={**shown, "answer": "tak"})
    assert (refused.status_code, "prowadzi cały projekt" in refused.text) == (409, True)
    session.expire_all()
    assert stands(session, programme, there)[0] is PartnerAnswer.REQUESTED
    again = client.page.values(address)
    assert client.post(address, data={**again, "answer": "tak"}).status_code == 303


def test_partner_leaves_with_a_reason(client: Browser, session: Session, people: People) -> None:
    programme = published(session, people)
    client.sign_in(people.ewa).see(PARTNERS)
    assert client.post(f"{PARTNERS}/odejdz", data={"note": ""}).status_code == 422
    client.post(f"{PARTNERS}/odejdz", data={"note": "remont"}, follow_redirects=True)
    session.expire_all()
    assert stands(session, programme, people.ewa.institution_id)[0] is PartnerAnswer.LEFT
    client.sign_in(people.marek)
    assert "remont" not in client.see(PARTNERS).text
    client.sign_in(people.jola)
    assert "remont" in client.see(PARTNERS).text


def test_lead_is_offered_and_taken(client: Browser, session: Session, people: People) -> None:
    programme = published(session, people)
    client.sign_in(people.jola).see(PARTNERS)
    assert client.post(f"{PAGE}/prowadzenie", data={"institution": ""}).status_code == 422
    client.post(f"{PAGE}/prowadzenie", data={"institution": str(people.ewa.institution_id)}, follow_redirects=True)
    assert "Zaproponowano" in client.page.text
    client.sign_in(people.ewa)
    assert "poprowadź ten projekt" in client.see(PARTNERS).text
    client.sign_in(people.marek)
    assert "poprowadź ten projekt" not in client.see(PARTNERS).text
    client.sign_in(people.ewa).post(f"{PAGE}/prowadzenie/przejmij", follow_redirects=True)
    session.expire_all()
    assert programme.lead_id == people.ewa.institution_id
    assert client.sign_in(people.jola).post(f"{PAGE}/prowadzenie/przejmij").status_code == 409


def test_operator_offers_what_nobody_leads(client: Browser, session: Session, people: People) -> None:
    programme = published(session, people)
    client.sign_in(people.olga)
    assert client.get(PARTNERS).status_code == 403
    assert programme.title not in client.see("/operator/projekty").text
    people.ngo.status = Status.ARCHIVED
    session.flush()
    assert programme.title in client.see("/operator/projekty").text
    page = client.see(PARTNERS)
    assert "zakończyła działalność" in page.text
    client.post(f"{PAGE}/prowadzenie", data={"institution": str(people.marek.institution_id)}, follow_redirects=True)
    session.expire_all()
    assert programme.offered_to_id == people.marek.institution_id
    client.sign_in(people.stefan)
    assert "nikt go w tej chwili nie prowadzi" in client.see(f"{PAGE}/dolacz").text


def test_archive_and_back(client: Browser, session: Session, people: People) -> None:
    published(session, people)
    client.sign_in(people.ewa)
    assert client.post(f"{PAGE}/archiwum").status_code == 403
    client.sign_in(people.jola).see(f"{PAGE}/archiwum")
    client.post(f"{PAGE}/archiwum")
    assert "Przywróć z archiwum" in client.see(f"{PAGE}/archiwum").text
    assert "się nie zmieniają" in client.see(PARTNERS).text
    client.post(f"{PAGE}/archiwum/przywroc")
    assert "Odłóż do archiwum" in client.see(f"{PAGE}/archiwum").text


def test_what_waits_is_nowhere_outside(client: Browser, app: Flask, session: Session, people: People) -> None:
    programme = published(session, people)
    session.add(
        ProgrammePartner(
            programme_id=programme.id or 0,
            institution_id=people.stefan.institution_id,
            part="tajny udział ośrodka",
            position=5,
            answer=PartnerAnswer.ASKED,
        )
    )
    row = session.get_one(ProgrammePartner, (programme.id, people.ewa.institution_id))
    row.part, row.answer = "tajne nowe brzmienie", PartnerAnswer.ASKED
    session.flush()
    everywhere = [
        "/", "/projekty", "/projekty?q=bródku", "/projekty.csv", PAGE, f"/kanaly/p/{programme.slug}.ics",
        "/partnerzy/ops-brodek", "/partnerzy/zk-kladkowo", "/szukaj?q=warsztaty",
    ]  # fmt: skip
    assert "tajny udział ośrodka" in client.sign_in(people.jola).see(PARTNERS).text
    client = browser_of(app, session)
    for who in (None, people.zofia, people.piotr, people.wanda, people.olga):
        if who is not None:
            client.sign_in(who)
        for address in everywhere:
            text = client.get(address).text
            assert "tajny udział" not in text, (who, address)
            assert "tajne nowe" not in text, (who, address)
        assert "ops-brodek" not in client.get(PAGE).text
        assert programme.title not in client.get("/partnerzy/ops-brodek").text
    client.sign_in(people.stefan)
    text = client.see(PARTNERS).text
    assert "tajny udział ośrodka" in text
    client.sign_in(people.marek)
    text = client.see(PARTNERS).text  # a partner reads what waits
    assert "tajny udział ośrodka" in text


def test_draft_of_others_is_not_there(client: Browser, session: Session, people: People) -> None:
    draft(session, people)
    found = session.exec(select(Programme)).one()
    assert found.state is ProgrammeState.DRAFT
    for who in (people.stefan, people.ewa):
        client.sign_in(who)
        for address in (PARTNERS, f"{PAGE}/dolacz", f"{PAGE}/archiwum", PAGE):
            assert client.get(address).status_code == 404
        for act in ("partnerzy/zapytaj", "partnerzy/odpowiedz", "partnerzy/odejdz", "prowadzenie/odmow", "archiwum"):
            assert client.post(f"{PAGE}/{act}").status_code == 404

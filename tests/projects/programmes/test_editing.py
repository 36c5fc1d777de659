"""Projects as coordinators write them: form, two at once, working copy, copy as new, publication."""

from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import select

from app.accounts.models import WorkingCopy
from app.clock import now
from projects.programmes import actions, parties, queries
from projects.programmes.forms import ProgrammeForm
from projects.programmes.models import (
    Programme,
    ProgrammeAudience,
    ProgrammeKind,
    ProgrammePartner,
    ProgrammeState,
)
from projects.programmes.rules import Milestone, PartnerPart, ProgrammeDraft
from tests.conftest import browser_of
from tests.factories.institutions import make_institution

FULL = ProgrammeDraft(
    title="Pierwszy miesiąc",
    kind=ProgrammeKind.COUNSELLING,
    summary="Jeden plan na pierwsze tygodnie.",
    target_group="osoby przed zwolnieniem",
    voivodeship_code="08",
    starts_on=date(2026, 12, 1),
)
TYPED = {
    "title": "Pierwszy miesiąc",
    "kind": "counselling",
    "summary": "Jeden plan na pierwsze tygodnie.",
    "target_group": "osoby przed zwolnieniem",
    "voivodeship": "08",
    "starts_on": "1.12.2026",
    "partner_0": "mops w kładkowie",
    "part_0": "plan pomocy",
}


def agree(session, people, slug="pierwszy-miesiac"):
    """Ask the partners of a draft, and let the MOPS confirm."""
    session.expire_all()
    programme = queries.programme(session, slug, people.jola.actor)
    assert programme is not None
    parties.ask(session, people.jola.actor, programme, now())
    parties.answer(session, people.marek.actor, programme, now(), agrees=True)
    return programme


@pytest.fixture(name="written")
def _written(session, people, clock):
    """A complete draft of the NGO."""
    return actions.draft(session, people.jola.actor, FULL, now())


def test_visitors_and_members_do_not_write(client, people):
    assert client.get("/projekty/nowy").status_code == 302
    client.sign_in(people.piotr).see("/projekty/nowy", 403)


def test_a_draft_needs_only_its_name(client, session, people, clock):
    page = client.sign_in(people.jola).see("/projekty/nowy")
    values = page.values("/projekty/nowy")
    assert values["voivodeship"] == "08"
    response = client.post("/projekty/nowy", data={**values, "title": "Most"})
    assert (response.status_code, response.headers["Location"]) == (303, "/projekty/most")
    page = client.see("/projekty/most")
    assert "Szkic zapisany. Widzą go tylko koordynatorzy Twojej instytucji." in page.text
    assert "Napisz, dla kogo jest projekt." in page.text
    assert not page.main.all("form", action="/projekty/most/opublikuj")


def test_name_is_asked_for(client, people):
    page = client.sign_in(people.jola).see("/projekty/nowy")
    assert client.post("/projekty/nowy", data=page.values("/projekty/nowy")).status_code == 422
    assert client.page.title.startswith("Błąd: Nowy projekt")
    assert client.page.by_id("errors").one("a", href="#title").text == "Podaj nazwę projektu."


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"ends_on": "30.11.2026"}, "ends_on", "Ostatni dzień nie może być wcześniejszy niż pierwszy."),
        (
            {"ends_on": "31.12.2026", "recruiting_until": "2027-01-01"},
            "recruiting_until",
            "Nabór musi się skończyć najpóźniej razem z projektem.",
        ),
        ({"partner_0": "Nie ma takiej"}, "partner_0", "Nie ma partnera o takiej nazwie."),
        (
            {"partner_0": "Stowarzyszenie Pokazowe „Most”"},
            "partner_0",
            "Twoja instytucja prowadzi projekt: nie wpisuj jej wśród partnerów.",
        ),
        ({"partner_1": "MOPS w Kładkowie"}, "partner_0", "Każdego partnera wpisz raz."),
        ({"partner_0": ""}, "partner_0", "Podaj nazwę partnera, którego udział tu opisujesz."),
        ({"kind": "bzdura"}, "kind", "Wybierz"),
        ({"voivodeship": "99"}, "voivodeship", "Wybierz"),
        ({"starts_on": "31.02.2026"}, "starts_on", "Podaj datę, która istnieje"),
        ({"summary": "x" * 301}, "summary", "300"),
        ({"goals": "PESEL 44051401359"}, "goals", "PESEL"),
    ],
)
def test_refusals_stand_at_their_fields(client, session, people, clock, changes, field, sentence):
    client.sign_in(people.jola).see("/projekty/nowy")
    response = client.post("/projekty/nowy", data={**TYPED, **changes})
    assert response.status_code == 422
    assert sentence in client.page.by_id("errors").one("a", href=f"#{field}").text
    assert session.exec(select(Programme)).all() == []


def test_same_names_are_told_apart_by_address(client, session, people, clock):
    make_institution(session, "ops-1", name="OPS w Dąbrowie")
    make_institution(session, "ops-2", name="OPS w Dąbrowie")
    client.sign_in(people.jola).see("/projekty/nowy")
    assert client.post("/projekty/nowy", data={**TYPED, "partner_0": "OPS w Dąbrowie"}).status_code == 422
    refused = client.page.by_id("errors").one("a", href="#partner_0").text
    assert refused == (
        "Pasuje kilku partnerów: OPS w Dąbrowie (ops-1); OPS w Dąbrowie (ops-2). "
        "Wpisz pełną nazwę albo słowa z nawiasu."
    )
    assert client.post("/projekty/nowy", data={**TYPED, "partner_0": "ops-2"}).status_code == 303
    assert "OPS w Dąbrowie" in client.see("/projekty/pierwszy-miesiac").text


def test_publishing_makes_it_public(client, session, people, clock):
    client.sign_in(people.jola).see("/projekty/nowy")
    client.post("/projekty/nowy", data=TYPED)
    agree(session, people)
    page = client.see("/projekty/pierwszy-miesiac")
    panel = page.main.one("section", "lift")
    assert panel.one("h2").text == "Opublikuj projekt"
    stranger = browser_of(client.application)
    stranger.see("/projekty/pierwszy-miesiac", 404)
    assert client.post("/projekty/pierwszy-miesiac/opublikuj").status_code == 303
    assert "Projekt opublikowany. Każdy może go zobaczyć." in client.see("/projekty/pierwszy-miesiac").text
    page = stranger.see("/projekty/pierwszy-miesiac")
    assert "MOPS w Kładkowie" in page.text
    assert "plan pomocy" in page.text
    assert client.post("/projekty/pierwszy-miesiac/opublikuj").status_code == 409
    assert "Ten projekt jest już opublikowany." in client.page.text


def test_an_incomplete_draft_is_not_published(client, session, people, clock):
    actions.draft(session, people.jola.actor, replace(FULL, summary=""), now())
    client.sign_in(people.jola).see("/projekty/pierwszy-miesiac")
    assert client.post("/projekty/pierwszy-miesiac/opublikuj").status_code == 303
    page = client.see("/projekty/pierwszy-miesiac")
    assert "Projektu nie można jeszcze opublikować." in page.text
    link = page.main.one("a", href="/projekty/pierwszy-miesiac/edycja#summary")
    assert link.text == "Napisz w jednym lub dwóch zdaniach, o czym jest projekt."


@pytest.mark.parametrize("path", ["/projekty/pierwszy-miesiac/edycja", "/projekty/pierwszy-miesiac/opublikuj"])
def test_others_draft_is_not_there_for_acts(client, people, written, path):
    client.sign_in(people.marek).see("/projekty")
    assert client.post(path, data={}).status_code == 404


def test_others_published_project_is_refused(client, session, people, written):
    actions.publish(session, people.jola.actor, written, now())
    client.sign_in(people.marek).see("/projekty/pierwszy-miesiac/edycja", 403)
    assert client.post("/projekty/pierwszy-miesiac/edycja", data=TYPED).status_code == 403
    assert client.post("/projekty/pierwszy-miesiac/opublikuj").status_code == 403
    assert "Ten projekt może zmienić tylko koordynator instytucji, która go prowadzi." in client.page.text


def test_form_brings_back_what_was_saved(client, session, people, written):
    path = "/projekty/pierwszy-miesiac/edycja"
    values = client.sign_in(people.jola).see(path).values(path)
    assert (values["title"], values["starts_on"], values["kind"], values["revision"]) == (
        "Pierwszy miesiąc",
        "01.12.2026",
        "counselling",
        "1",
    )
    assert client.post(path, data={**values, "title": "Drugi miesiąc", "goals": "Praca."}).status_code == 303
    assert "Zapisano." in client.see("/projekty/pierwszy-miesiac").text
    assert client.page.h1 == "Drugi miesiąc"
    values = client.see(path).values(path)
    client.post(path, data=values)
    assert "Nic się nie zmieniło." in client.see("/projekty/pierwszy-miesiac").text


def test_a_stale_form_shows_both_versions_and_keeps_the_input(client, session, people, written):
    path = "/projekty/pierwszy-miesiac/edycja"
    old = client.sign_in(people.jola).see(path).values(path)
    actions.revise(session, people.jola.actor, written, replace(FULL, title="Wersja koleżanki"), now(), revision=1)
    response = client.post(path, data={**old, "title": "Moja wersja", "starts_on": "2.12.2026"})
    assert response.status_code == 409
    rows = {
        row.one("th").text: [cell.text for cell in row.all("td")] for row in client.page.main.one("tbody").all("tr")
    }
    assert rows == {
        "Nazwa projektu": ["Wersja koleżanki", "Moja wersja"],
        "Pierwszy dzień": ["01.12.2026", "02.12.2026"],
    }
    again = client.page.values(path)
    assert (again["title"], again["revision"]) == ("Moja wersja", "2")
    assert client.post(path, data=again).status_code == 303
    assert client.see("/projekty/pierwszy-miesiac").h1 == "Moja wersja"


def test_a_published_project_keeps_what_it_needs(client, session, people, written):
    actions.publish(session, people.jola.actor, written, now())
    path = "/projekty/pierwszy-miesiac/edycja"
    values = client.sign_in(people.jola).see(path).values(path)
    assert values["state"] == "running"
    assert client.post(path, data={**values, "target_group": ""}).status_code == 422
    assert client.page.by_id("errors").one("a", href="#target_group").text == "Napisz, dla kogo jest projekt."
    assert client.post(path, data={**values, "state": "completed"}).status_code == 303
    assert "zakończony" in client.see("/projekty/pierwszy-miesiac").text


def test_more_lines_appear_for_partners(client, session, people, clock):
    made = [make_institution(session, f"ops-{n}", name=f"OPS numer {n}") for n in range(12)]
    partners = tuple(PartnerPart(one.id or 0) for one in made)
    actions.draft(session, people.jola.actor, replace(FULL, partners=partners), now())
    path = "/projekty/pierwszy-miesiac/edycja"
    values = client.sign_in(people.jola).see(path).values(path)
    assert [values[f"partner_{n}"] for n in range(12)] == [f"OPS numer {n}" for n in range(12)]
    client.post(path, data={**values, "partner_11": "", "title": "Mniej"})
    session.expire_all()
    programme = queries.programme(session, "pierwszy-miesiac", people.jola.actor)
    assert programme is not None
    assert len(queries.parts(session, programme.id or 0)) == 11
    assert programme.title == "Mniej"


def test_english_form_and_page(client, people, written):
    client.sign_in(people.jola)
    assert client.see("/projekty/nowy?jezyk=en").h1 == "New project"
    assert (
        client.see("/projekty/pierwszy-miesiac?jezyk=en").one("section", "lift").one("h2").text == "Publish the project"
    )
    assert client.see("/projekty?jezyk=en").h1 == "Projects"


# --- what belongs to a project since it has funders, groups and milestones

WHOLE = {
    **TYPED,
    "audience": ["released", "families"],
    "contact_role": "programme_coordinator",
    "month_0": "marzec 2027",
    "step_0": "wystawa prac",
    "month_1": "1.2027",
    "step_1": "pierwsza grupa",
    "funding": "Fundusz Sprawiedliwości",
    "grant_number": "FS/12/2026",
    "total_amount": "310 000 zł",
    "grant_amount": "248000",
    "funding_notice": "Sfinansowano ze środków Funduszu.",
    "reports_quarterly": "y",
    "report_days": "20",
}


def test_everything_that_was_typed_is_saved_and_comes_back(client, session, people, clock):
    client.sign_in(people.jola).see("/projekty/nowy")
    assert client.post("/projekty/nowy", data=WHOLE).status_code == 303
    programme = queries.programme(session, "pierwszy-miesiac", people.jola.actor)
    assert programme is not None
    assert (programme.total_amount, programme.grant_amount, programme.report_days) == (310_000, 248_000, 20)
    assert (programme.reports_quarterly, programme.contact_role) == (True, "programme_coordinator")
    assert programme.audience == ["released", "families"]
    assert set(session.exec(select(ProgrammeAudience.code))) == {"released", "families"}
    assert queries.milestones(session, programme.id or 0) == (
        Milestone(date(2027, 1, 1), "pierwsza grupa"),
        Milestone(date(2027, 3, 1), "wystawa prac"),
    )
    path = "/projekty/pierwszy-miesiac/edycja"
    values = client.see(path).values(path)
    assert (values["month_0"], values["step_1"], values["total_amount"]) == (
        "styczeń 2027",
        "wystawa prac",
        "310 000",
    )
    client.post(path, data={**values, "audience": ["released", "families"]})
    assert "Nic się nie zmieniło." in client.see("/projekty/pierwszy-miesiac").text


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"grant_amount": "310001"}, "grant_amount", "Dotacja nie może być większa niż wartość całego projektu."),
        ({"total_amount": "12,50"}, "total_amount", "Podaj kwotę w pełnych złotych"),
        ({"month_0": "13.2027"}, "month_0", "Podaj miesiąc i rok"),
        ({"month_0": "kiedyś"}, "month_0", "Podaj miesiąc i rok"),
        ({"month_1": ""}, "month_1", "Podaj miesiąc tego kamienia milowego"),
        ({"step_1": ""}, "step_1", "Napisz, co się dzieje w tym miesiącu"),
        ({"audience": ["obcy"]}, "audience", "Wybierz"),
        ({"contact_role": "records_contact"}, "contact_role", "Wybierz"),
        ({"report_days": "0"}, "report_days", "Podaj liczbę"),
        ({"funding_notice": "x" * 601}, "funding_notice", "600"),
        ({"step_0": "PESEL 44051401359"}, "step_0", "PESEL"),
    ],
)
def test_new_refusals_stand_at_their_fields(client, session, people, clock, changes, field, sentence):
    client.sign_in(people.jola).see("/projekty/nowy")
    assert client.post("/projekty/nowy", data={**WHOLE, **changes}).status_code == 422
    assert sentence in client.page.by_id("errors").one("a", href=f"#{field}").text
    assert client.page.values("/projekty/nowy")["funding"] == "Fundusz Sprawiedliwości"
    assert session.exec(select(Programme)).all() == []


@pytest.mark.parametrize(
    ("typed", "month"),
    [
        ("3.2027", date(2027, 3, 1)),
        ("03/2027", date(2027, 3, 1)),
        ("2027-03", date(2027, 3, 1)),
        ("Marzec 2027", date(2027, 3, 1)),
        ("march 2027", date(2027, 3, 1)),
        ("październik 2026", date(2026, 10, 1)),
    ],
)
def test_months_are_read_as_people_write_them(app, typed, month):
    with app.test_request_context():
        assert ProgrammeForm().month_0.read(typed) == month


# --- two at once


def test_two_coordinators_lose_nothing(client, session, people, written):
    """What one has not touched follows the other, what both have changed stands side by side."""
    path = "/projekty/pierwszy-miesiac/edycja"
    first = client.sign_in(people.jola).see(path).values(path)
    colleague = browser_of(client.application).sign_in(people.jola)
    second = colleague.see(path).values(path)
    theirs = {
        "title": "Tytuł koleżanki",
        "goals": "Cele koleżanki",
        "partner_0": "MOPS w Kładkowie",
        "month_0": "3.2027",
        "step_0": "wystawa",
    }
    assert colleague.post(path, data={**second, **theirs}).status_code == 303
    mine = {"title": "Mój tytuł", "summary": "Moje zdanie."}
    assert client.post(path, data={**first, **mine}).status_code == 409
    notice = client.page.by_id("zmiany")
    links = {link.text for paragraph in notice.all("p") for link in paragraph.all("a")}
    assert links == {"Cele", "Partnerzy", "Kamienie milowe"}
    rows = {row.one("th").text: [cell.text for cell in row.all("td")] for row in notice.one("tbody").all("tr")}
    assert rows == {
        "Nazwa projektu": ["Tytuł koleżanki", "Mój tytuł"],
        "Projekt w jednym lub dwóch zdaniach": ["Jeden plan na pierwsze tygodnie.", "Moje zdanie."],
    }
    again = client.page.values(path)
    assert (again["title"], again["goals"], again["partner_0"]) == ("Mój tytuł", "Cele koleżanki", "MOPS w Kładkowie")
    assert (again["month_0"], again["step_0"], again["revision"]) == ("marzec 2027", "wystawa", "2")
    assert client.post(path, data=again).status_code == 303
    session.expire_all()
    programme = queries.programme(session, "pierwszy-miesiac", people.jola.actor)
    assert programme is not None
    assert (programme.title, programme.summary, programme.goals) == ("Mój tytuł", "Moje zdanie.", "Cele koleżanki")
    assert queries.parts(session, programme.id or 0)[0].institution_id == people.mops.id


def test_a_copy_of_an_older_form_meets_what_was_saved_since(client, session, people, written):
    path = "/projekty/pierwszy-miesiac/edycja"
    values = client.sign_in(people.jola).see(path).values(path)
    assert client.post(f"/kopia?strona={path}", data={**values, "title": "Z kopii"}).status_code == 204
    wanted = replace(FULL, title="Wersja koleżanki", goals="Praca.")
    actions.revise(session, people.jola.actor, written, wanted, now(), revision=1)
    page = client.see(client.see(path).by_id("kopia").one("a")["href"])
    assert "Ktoś inny zmienił w międzyczasie ten projekt." in page.by_id("zmiany").text
    again = page.values(path)
    assert (again["title"], again["goals"], again["revision"]) == ("Z kopii", "Praca.", "2")
    assert client.post(path, data=again).status_code == 303
    assert session.exec(select(WorkingCopy)).all() == []


# --- copied as new


def test_copy_keeps_texts_and_asks_nobody(client, session, people, clock):
    client.sign_in(people.jola).see("/projekty/nowy")
    client.post("/projekty/nowy", data={**WHOLE, "description": "Opis.", "results": "Było 12 osób."})
    agree(session, people)
    client.post("/projekty/pierwszy-miesiac/opublikuj")
    response = client.post("/projekty/pierwszy-miesiac/skopiuj")
    assert (response.status_code, response.headers["Location"]) == (303, "/projekty/pierwszy-miesiac-2/edycja")
    path = response.headers["Location"]
    page = client.see(path)
    assert "Nie skopiowano: dat," in page.text
    values = page.values(path)
    kept = ("title", "summary", "description", "target_group", "partner_0", "part_0", "step_0", "contact_role")
    assert [values[name] for name in kept] == [
        "Pierwszy miesiąc",
        "Jeden plan na pierwsze tygodnie.",
        "Opis.",
        "osoby przed zwolnieniem",
        "MOPS w Kładkowie",
        "plan pomocy",
        "pierwsza grupa",
        "programme_coordinator",
    ]
    # The old one began in December 2026, the new one begins now, in November.
    assert (values["month_0"], values["month_1"]) == ("grudzień 2026", "luty 2027")
    left = ("starts_on", "ends_on", "recruiting_until", "grant_number", "funding", "total_amount", "results")
    assert [values[name] for name in left] == [""] * len(left)
    made = queries.programme(session, "pierwszy-miesiac-2", people.jola.actor)
    assert made is not None
    assert made.state is ProgrammeState.DRAFT
    assert made.copied_from_id is not None
    assert set(session.exec(select(ProgrammePartner.answer).where(ProgrammePartner.programme_id == made.id))) == {None}
    session.commit()
    assert browser_of(client.application).sign_in(people.marek).get("/projekty/pierwszy-miesiac-2").status_code == 404


def test_nobody_copies_the_project_of_another_institution(client, session, people, written):
    actions.publish(session, people.jola.actor, written, now())
    client.sign_in(people.marek).see("/projekty")
    assert client.post("/projekty/pierwszy-miesiac/skopiuj").status_code == 403
    assert len(session.exec(select(Programme)).all()) == 1

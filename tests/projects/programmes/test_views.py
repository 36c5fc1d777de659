"""Projects as visitors see them and coordinators write them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import select

from app.clock import now
from events.calendar.models import Visibility
from projects.programmes import actions, queries
from projects.programmes.models import Programme, ProgrammeKind, ProgrammeState
from projects.programmes.rules import PartnerPart, ProgrammeDraft
from tests.conftest import browser_of
from tests.factories.events import local, make_event
from tests.factories.institutions import make_institution
from tests.factories.programmes import make_programme

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


def titles(page):
    return [card.one("h3").text for card in page.main.all("article")]


@pytest.fixture(name="written")
def _written(session, people, clock):
    """A complete draft of the NGO."""
    return actions.draft(session, people.jola.actor, FULL, now())


# --- reading


def test_list_shows_public_projects(client, session, people, written):
    make_programme(session, "Krok po kroku", people.jola.institution_id)
    page = client.see("/projekty")
    assert titles(page) == ["Krok po kroku"]
    assert page.one("h2", data_announce="").text == "1 projekt"
    assert "Dodaj projekt" not in page.text


def test_coordinators_see_their_drafts_and_the_button(client, people, written):
    page = client.sign_in(people.jola).see("/projekty")
    assert titles(page) == ["Pierwszy miesiąc"]
    assert page.main.all("a", href="/projekty/nowy")
    assert titles(browser_of(client.application).sign_in(people.marek).see("/projekty")) == []


def test_filters_stand_in_the_address(client, session, people):
    make_programme(session, "Azyl", kind=ProgrammeKind.HOMELESSNESS_SUPPORT, voivodeship_code="14")
    make_programme(session, "Krok", state=ProgrammeState.COMPLETED)
    assert titles(client.see("/projekty?rodzaj=pomoc-w-bezdomnosci&woj=14&stan=trwa&q=azy")) == ["Azyl"]
    assert titles(client.see("/projekty?stan=zakonczony")) == ["Krok"]
    assert titles(client.see("/projekty?stan=x&woj=00&rodzaj=%00&strona=z")) == ["Azyl", "Krok"]
    assert "Żaden projekt nie pasuje do filtrów" in client.see("/projekty?q=nic").text
    assert client.htmx("/projekty?q=krok", "programmes").one("h2").text == "1 projekt"


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 3, 100])
def test_statements_of_the_list_do_not_grow(client, session, people, query_count, number):
    for one in range(number):
        make_programme(session, f"Projekt {one}", people.jola.institution_id)
    with query_count() as asked:
        client.see("/projekty")
    assert len(asked) == 3


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 3, 30])
def test_statements_of_a_project_do_not_grow(client, session, people, query_count, clock, number):
    partners = tuple(PartnerPart(make_institution(session, f"p-{one}").id or 0) for one in range(min(number, 12)))
    programme = actions.draft(session, people.jola.actor, replace(FULL, partners=partners), now())
    actions.publish(session, people.jola.actor, programme, now())
    for one in range(number):
        make_event(
            session, people.jola, starts=local(10, days=one), ends=local(12, days=one), programme_id=programme.id
        )
    with query_count() as asked:
        client.see("/projekty/pierwszy-miesiac")
    assert len(asked) == 5


def test_page_shows_sessions_within_what_the_viewer_may_know(client, session, people, clock):
    programme = make_programme(session, "Most", people.jola.institution_id)
    make_event(session, people.jola, title="Otwarte warsztaty", programme_id=programme.id)
    make_event(session, people.jola, title="Narada", programme_id=programme.id, visibility=Visibility.PARTNERS)
    page = client.see("/projekty/most")
    assert "Otwarte warsztaty" in page.text
    assert "Narada" not in page.text
    assert page.by_id("feed")["value"] == "http://localhost/kanaly/p/most.ics"
    assert page.main.all("a", href="webcal://localhost/kanaly/p/most.ics")
    assert "Narada" in browser_of(client.application).sign_in(people.ewa).see("/projekty/most").text
    clock.shift(timedelta(days=30))
    page = client.see("/projekty/most")
    assert page.main.one("details").one("summary").text == "Minione spotkania"


def test_recruiting_project_says_how_to_join(client, session, people, clock):
    make_programme(
        session,
        "Most",
        people.jola.institution_id,
        state=ProgrammeState.RECRUITING,
        recruiting_until=date(2026, 12, 11),
        how_to_join="Napisz do nas.",
    )
    page = client.see("/projekty/most")
    for words in ("nabór do 11 grudnia 2026", "Dołącz do projektu", "Napisz do nas.", "prowadzi projekt"):
        assert words in page.text
    clock.move_to(now() + timedelta(days=60))
    assert "Dołącz do projektu" not in client.see("/projekty/most").text


@pytest.mark.parametrize("who", ["", "marek", "piotr", "olga", "wanda"])
def test_a_draft_is_not_there_for_others(client, people, written, who):
    if who:
        client.sign_in(getattr(people, who))
    client.see("/projekty/pierwszy-miesiac", 404)
    client.see("/projekty/nie-ma", 404)


# --- writing


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
        ({"partner_0": ""}, "partner_0", "Podaj nazwę partnera, którego dotyczy to zadanie."),
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
    assert client.post("/projekty/pierwszy-miesiac/opublikuj").status_code == 422
    link = client.page.main.one("a", href="/projekty/pierwszy-miesiac/edycja#summary")
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
    assert "Projekt zakończony" in client.see("/projekty/pierwszy-miesiac").text


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

"""Projects as visitors see them and coordinators write them."""

import json
from datetime import date, timedelta

import pytest

from app import tables
from app.actors import Actor
from app.audit import trail
from app.clock import now
from events.calendar.models import Visibility
from events.sessions.models import EditionSession
from partners.contacts.models import Contact, ContactAbsence
from partners.institutions.models import Status
from projects.editions.models import Edition, EditionOutcome, EditionState
from projects.programmes import actions
from projects.programmes.models import (
    Happening,
    ProgrammeHappening,
    ProgrammeKind,
    ProgrammeMilestone,
    ProgrammePartner,
    ProgrammeState,
)
from projects.programmes.rules import ProgrammeDraft
from tests.conftest import browser_of
from tests.factories.events import local, make_event
from tests.factories.institutions import make_institution
from tests.factories.programmes import make_programme
from tests.factories.rows import add
from tests.factories.series import dates_of, make_series

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
    assert "Nowy projekt" not in page.text


def test_coordinators_see_their_drafts_and_the_button(client, session, people, written):
    page = client.sign_in(people.jola).see("/projekty")
    assert titles(page) == ["Pierwszy miesiąc"]
    assert page.main.all("a", href="/projekty/nowy")
    assert titles(browser_of(client.application, session).sign_in(people.marek).see("/projekty")) == []


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


def full(session, people, **columns):
    """A programme with everything around it: partners, documents, milestones, contacts, an edition with sessions."""
    values = {
        "state": ProgrammeState.RECRUITING,
        "recruiting_until": date(2026, 12, 31),
        "starts_on": date(2026, 9, 1),
        "ends_on": date(2027, 6, 30),
        "published_at": now() - timedelta(days=60),
        "funding": "Fundusz Pokazowy",
        "funding_notice": "Dofinansowano ze środków pokazowych.",
        "grant_number": "FP/7/2026",
        "total_amount": 248000,
        "grant_amount": 223200,
        "contact_role": "programme_coordinator",
        **columns,
    }
    programme = make_programme(session, "Most", people.jola.institution_id, **values)
    owner = programme.id or 0
    add(session, ProgrammePartner, programme_id=owner, institution_id=people.prison.id, part="sale", agreed_part="sale")
    add(session, ProgrammeMilestone, programme_id=owner, position=0, month=date(2026, 10, 1), text="Dobór grupy")
    add(
        session,
        ProgrammeHappening,
        programme_id=owner,
        happening=Happening.PUBLISHED,
        happened_at=now() - timedelta(days=60),
    )
    edition = add(
        session, Edition, programme_id=owner, number=1, name="grupa zimowa", state=EditionState.OPEN, changed_at=now()
    )
    make_outcome(session, edition)
    series = make_series(
        session,
        people.jola,
        title="Warsztaty",
        programme_id=owner,
        capacity=12,
        starts=local(10, days=-14),
        ends=local(12, days=-14),
    )
    series.edition_id = edition.id
    for number, row in enumerate(dates_of(session, series), start=1):
        add(session, EditionSession, occurrence_id=row.id, edition_id=edition.id, number=number, topic="")
    session.flush()
    return programme


def make_outcome(session, edition):
    values = {"text": "pracuje po trzech miesiącach", "target": 8, "achieved": 7, "partly": 2, "missed": 4}
    return add(session, EditionOutcome, edition_id=edition.id, position=0, **values)


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 30])
@pytest.mark.parametrize("who", ["", "jola", "ewa", "marek", "olga"])
def test_statements_of_a_project_do_not_grow(client, session, people, query_count, clock, number, who):
    programme = full(session, people)
    for one in range(number):
        values = {"starts": local(10, days=one), "ends": local(12, days=one), "programme_id": programme.id}
        make_event(session, people.jola, **values)
        institution = make_institution(session, f"p-{one}").id
        add(session, ProgrammePartner, programme_id=programme.id, institution_id=institution, agreed_part="rola")
    if who:
        client.sign_in(getattr(people, who))
    client.see("/projekty/most")
    written(session)
    with query_count() as asked:
        client.see("/projekty/most")
    assert len(asked) == (6 if who else 5)
    with query_count() as asked:  # nothing has been written since
        client.see("/projekty/most")
    assert len(asked) == (2 if who else 1)


def written(session):
    """Leave what every act leaves: answers that are kept are given no longer."""
    trail.record(session, Actor.system(), "programme.revised", "programme", 1, now())


def test_page_is_that_of_the_prototype(client, session, people, clock):
    full(session, people, how_to_join="Napisz do nas.")
    clock.shift(timedelta(days=16))
    page = client.see("/projekty/most")
    for words in (
        "nabór do 31 grudnia 2026",
        "Warsztaty",
        "spotkanie 4 z 6",
        "12 wolnych miejsc",
        "Edycja 1: grupa zimowa",
        "1 września 2026 – początek projektu",
        "Październik 2026 – Dobór grupy",
        "Teraz:",
        "30 czerwca 2027 – koniec projektu",
        "248 000 zł",
        "223 200 zł (90%)",
        "FP/7/2026",
        "Dofinansowano ze środków pokazowych.",
        "1.09.2026 – 30.06.2027",
        "Dołącz do projektu",
        "Napisz do nas.",
        "Zgłoś swoją instytucję",
        "pracuje po trzech miesiącach",
    ):
        assert words in page.text.replace("\u00a0", " "), words
    assert page.main.all("a", href="/projekty/most/edycje/1#zapisy")
    assert page.main.all("a", href="webcal://localhost/kanaly/p/most.ics")
    assert page.by_id("feed")["value"] == "http://localhost/kanaly/p/most.ics"
    assert [row["class"] for row in page.main.one("ol", class_="line").all("li", class_="now")] == ["now"]


def test_small_numbers_are_read_by_the_circle_alone(client, session, people, clock):
    full(session, people)
    assert "mniej niż 3" in client.see("/projekty/most").text
    assert "mniej niż 3" in browser_of(client.application, session).sign_in(people.marek).see("/projekty/most").text
    for inside in (people.jola, people.ewa):
        assert "mniej niż 3" not in browser_of(client.application, session).sign_in(inside).see("/projekty/most").text


def test_programs_read_what_everybody_reads(client, session, people, clock):
    programme = full(session, people, summary="Co </script><b>dalej</b>?")
    make_event(session, people.jola, title="Narada", programme_id=programme.id, visibility=Visibility.PARTNERS)
    for who in ("", "jola"):
        browser = browser_of(client.application, session)
        page = (browser.sign_in(getattr(people, who)) if who else browser).see("/projekty/most")
        told = json.loads(page.one("script", type="application/ld+json").text)
        assert (told["@type"], told["name"], told["description"]) == ("Project", "Most", "Co </script><b>dalej</b>?")
        assert told["url"] == "http://localhost/projekty/most"
        assert told["parentOrganization"]["name"] == people.ngo.name
        assert [one["name"] for one in told["member"]] == [people.prison.name]
        assert told["funding"]["identifier"] == "FP/7/2026"
        assert {one["name"] for one in told["event"]} == {"Warsztaty"}


def test_the_contact_of_the_role_stands_there_or_the_institution(client, session, people, clock):
    full(session, people)
    people.ngo.email = "biuro@most.example"
    assert client.see("/projekty/most").main.all("a", href="mailto:biuro@most.example")
    row = {"institution_id": people.ngo.id, "role": "programme_coordinator", "public": True}
    first = add(session, Contact, person="Anna Przykładowa", mailbox="a@most.example", position=0, **row)
    add(session, Contact, person="Piotr Wzorcowy", mailbox="p@most.example", position=1, **row)
    written(session)
    page = client.see("/projekty/most")
    assert "Anna Przykładowa" in page.text
    assert "Piotr Wzorcowy" not in page.text
    day = date(2026, 11, 23)
    add(session, ContactAbsence, contact_id=first.id, starts_on=day, ends_on=day, noted_at=now())
    written(session)
    assert "Piotr Wzorcowy" in client.see("/projekty/most").text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"archived_at": "now"}, "Ten projekt jest w archiwum."),
        ({"state": ProgrammeState.COMPLETED}, "Ten projekt się zakończył."),
        ({"lead": Status.ARCHIVED}, "Instytucji, która prowadziła ten projekt, już nie ma."),
    ],
)
def test_what_is_over_says_so_and_nobody_can_join(client, session, people, clock, change, sentence):
    programme = full(session, people)
    if "lead" in change:
        people.ngo.status = change["lead"]
    else:
        for name, value in change.items():
            setattr(programme, name, now() if value == "now" else value)
    page = client.see("/projekty/most")
    assert sentence in page.text.replace("\u00a0", " ")
    assert page.main.all(id="dolacz") == []
    assert page.main.all("a", href="/projekty/most/edycje/1#zapisy") == []
    assert page.main.all("a", href="/projekty/most/dolacz") == []
    assert "Zapisy do" not in page.text


def test_lead_and_partners_find_their_acts_in_one_place(client, session, people, clock):
    full(session, people)
    links = {
        who: {
            link["href"].removeprefix("/projekty/most/")
            for link in browser_of(client.application, session)
            .sign_in(getattr(people, who))
            .see("/projekty/most")
            .main.all("a")
            if link.get("href", "").startswith("/projekty/most/") and "#" not in link["href"]
        }
        - {"edycje/1"}
        for who in ("jola", "ewa", "marek", "piotr")
    }
    assert links["jola"] == {"edycja", "partnerzy", "edycje/nowa", "dokumenty", "sprawozdania", "archiwum"}
    assert links["ewa"] == {"partnerzy", "sprawozdania"}
    assert links["marek"] == {"dolacz"}
    assert links["piotr"] == set()


def test_page_shows_sessions_within_what_the_viewer_may_know(client, session, people, clock):
    programme = make_programme(session, "Most", people.jola.institution_id)
    make_event(session, people.jola, title="Otwarte warsztaty", programme_id=programme.id)
    make_event(session, people.jola, title="Narada", programme_id=programme.id, visibility=Visibility.PARTNERS)
    page = client.see("/projekty/most")
    assert "Otwarte warsztaty" in page.text
    assert "Narada" not in page.text
    assert "Narada" in browser_of(client.application, session).sign_in(people.ewa).see("/projekty/most").text
    clock.shift(timedelta(days=30))
    page = client.see("/projekty/most")
    assert page.main.one("section", aria_labelledby="spotkania").one("summary").text == "Minione spotkania"


def test_recruitment_ends_by_itself(client, session, people, clock):
    until = {"state": ProgrammeState.RECRUITING, "recruiting_until": date(2026, 12, 11)}
    make_programme(session, "Most", people.jola.institution_id, **until)
    page = client.see("/projekty/most")
    assert "nabór do 11 grudnia 2026" in page.text
    assert "Dołącz do projektu" in page.text
    clock.move_to(now() + timedelta(days=60))
    page = client.see("/projekty/most")
    assert "w toku" in page.text
    assert "Dołącz do projektu" not in page.text


def test_the_list_leaves_as_a_table(client, session, people, clock):
    full(session, people, voivodeship_code="08", target_group="=1+1")
    make_programme(session, "Krok", voivodeship_code="14")
    rows = list(tables.read(client.get("/projekty.csv?woj=08").data))
    assert [row.cells[0] for row in rows] == ["Projekt", "Most"]
    assert "=1+1" in rows[1].cells
    assert "http://localhost/projekty/most" in rows[1].cells
    assert [row.cells[0] for row in tables.read(client.get("/projekty.xlsx").data)] == ["Projekt", "Most", "Krok"]


def test_the_home_page_tells_of_the_week_in_projects(client, session, people, clock):
    programme = full(session, people)
    values = {"starts": local(17, days=3 - 15), "ends": local(18, days=3 - 15)}
    make_event(session, people.jola, title="Czwartek", programme_id=programme.id, **values)
    make_event(session, people.jola, title="Bez projektu", **values)
    week = client.see("/").one("section", aria_labelledby="projekty")
    assert "W projektach w tym tygodniu" in week.text
    assert "Czwartek" in week.text
    assert "Bez projektu" not in week.text


@pytest.mark.parametrize("who", ["", "marek", "piotr", "olga", "wanda"])
def test_a_draft_is_not_there_for_others(client, people, written, who):
    if who:
        client.sign_in(getattr(people, who))
    client.see("/projekty/pierwszy-miesiac", 404)
    client.see("/projekty/nie-ma", 404)

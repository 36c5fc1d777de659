"""The page of an edition and its forms, as lead, partners and visitors use them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlmodel import Session, select

from app.clock import now
from events.calendar.models import Occurrence, Visibility
from events.recurrence import Freq, Rule
from events.sessions.models import EditionSession
from projects.editions import actions, queries
from projects.editions.models import Edition, EditionState
from projects.editions.rules import EditionDraft, OutcomeDraft, OutcomeResult
from projects.programmes.models import PartnerAnswer, Programme, ProgrammePartner, ProgrammeState
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.events import make_event
from tests.factories.persons import People
from tests.factories.programmes import make_programme
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")

PROJECT = "/projekty/warsztaty-probne"
PAGE = f"{PROJECT}/edycje/1"
WANTED = EditionDraft("wiosna", True, 12, (OutcomeDraft("kończy warsztaty", 10), OutcomeDraft("ma plan wyjścia", 12)))


@pytest.fixture(name="programme")
def _programme(session: Session, people: People) -> Programme:
    """A project of the NGO in which the MOPS takes part."""
    programme = make_programme(session, "Warsztaty próbne", people.ngo.id)
    partner = {"answer": PartnerAnswer.CONFIRMED, "agreed_part": "plan pomocy"}
    add(session, ProgrammePartner, programme_id=programme.id, institution_id=people.mops.id, **partner)
    return programme


@pytest.fixture(name="edition")
def _edition(session: Session, people: People, programme: Programme) -> Edition:
    return actions.begin(session, people.jola.actor, programme, WANTED, now())


@pytest.fixture(name="hold")
def _hold(session: Session, people: People, programme: Programme, edition: Edition) -> Callable[..., None]:
    """`hold(visibility=…)` publishes a session of the edition."""

    def publish(**changes: Any) -> None:
        event = make_event(
            session,
            people.jola,
            title="Warsztaty próbne: komunikacja",
            programme_id=programme.id,
            edition_id=edition.id,
            **changes,
        )
        row = session.exec(select(Occurrence).where(Occurrence.event_id == event.id)).first()
        assert row is not None
        known = {"edition_id": edition.id, "number": 1, "topic": "komunikacja"}
        add(session, EditionSession, occurrence_id=row.id, **known)
        edition.sessions, edition.starts_on, edition.ends_on = 1, row.local_date, row.local_date

    return publish


def _count(
    session: Session, people: People, edition: Edition, *numbers: tuple[int | None, int | None, int | None]
) -> None:
    planned = queries.planned(session, edition.id or 0)
    results = [OutcomeResult(one.outcome_id or 0, *row) for one, row in zip(planned, numbers, strict=True)]
    actions.set_results(session, people.jola.actor, edition, results, now(), revision=edition.revision)


def test_lead_begins_an_edition_and_goes_on_to_its_sessions(
    client: Browser, session: Session, people: People, programme: Programme
) -> None:
    page = client.sign_in(people.jola).see(f"{PROJECT}/edycje/nowa")
    assert page.h1 == "Nowa edycja"
    typed = {"name": "wiosna", "seats_for": "participants", "capacity": "12", "outcome_1": "kończy", "target_1": "10"}
    answer = client.post(f"{PROJECT}/edycje/nowa", data=typed)
    assert (answer.status_code, answer.location) == (303, f"{PAGE}/plan")
    edition = session.exec(select(Edition)).one()
    assert (edition.name, edition.participants, edition.capacity, edition.synthetic) == ("wiosna", True, 12, False)
    assert [(one.text, one.target) for one in queries.planned(session, edition.id or 0)] == [("kończy", 10)]


def test_form_says_what_is_wrong_and_keeps_what_was_typed(
    client: Browser, people: People, programme: Programme
) -> None:
    client.sign_in(people.jola)
    typed = {"seats_for": "staff", "capacity": "dużo", "target_0": "10", "outcome_2": "ma plan"}
    assert client.post(f"{PROJECT}/edycje/nowa", data=typed).status_code == 422
    assert "Napisz, czego dotyczy ta liczba." in client.page.text
    assert "Podaj liczbę całkowitą od 1 do 1000." in client.page.text
    kept = client.page.values(f"{PROJECT}/edycje/nowa")
    assert (kept["capacity"], kept["target_0"]) == ("dużo", "10")
    again = {"seats_for": "staff", "outcome_0": "ma plan", "outcome_1": "Ma plan"}
    assert client.post(f"{PROJECT}/edycje/nowa", data=again).status_code == 422
    assert "Każdy efekt wpisz tylko raz." in client.page.text


def test_draft_of_a_project_says_to_publish_first(
    client: Browser, session: Session, people: People, programme: Programme
) -> None:
    programme.state = ProgrammeState.DRAFT
    assert client.sign_in(people.jola).get(f"{PROJECT}/edycje/nowa").status_code == 409
    assert "Najpierw opublikuj projekt." in client.page.text


def test_edition_is_known_to_those_who_may_know_one_of_its_dates(
    client: Browser, session: Session, people: People, edition: Edition, hold: Callable[..., None]
) -> None:
    marek = browser_of(client.application, session).sign_in(people.marek)
    assert client.get(PAGE).status_code == 404
    assert "Lider projektu nie zaplanował jeszcze spotkań." in marek.see(PAGE).text
    hold(visibility=Visibility.PARTNERS)
    assert client.get(PAGE).status_code == 404
    assert "1. komunikacja" in browser_of(client.application, session).sign_in(people.stefan).see(PAGE).text
    assert "1. komunikacja" in marek.see(PAGE).text
    assert client.sign_in(people.stefan).get(f"{PAGE}/wyniki").status_code == 403


def test_visitor_sees_the_sessions_that_are_public_alone(
    client: Browser, people: People, edition: Edition, hold: Callable[..., None]
) -> None:
    hold(visibility=Visibility.PUBLIC)
    page = client.see(PAGE)
    assert page.h1 == "Edycja 1: wiosna"
    assert "1. komunikacja" in page.text
    assert "Prowadzenie edycji" not in page.text
    assert page.main.all("a", href=f"{PAGE}/wyniki") == []


def test_small_numbers_are_nowhere_on_the_page_of_an_outsider(
    client: Browser, session: Session, people: People, edition: Edition, hold: Callable[..., None]
) -> None:
    hold()
    _count(session, people, edition, (7, 2, 0), (9, 1, None))
    page = client.see(f"{PAGE}")
    results = page.one("section", aria_labelledby="wyniki")
    cells = [cell.text for cell in results.all("td")]
    assert cells == ["10", "7", "mniej niż 3", "mniej niż 3", "12", "9", "mniej niż 3", "–jeszcze niepoliczone"]
    # Neither the length of a bar nor what it is measured by tells a hidden number.
    assert [(bar["value"], bar["max"]) for bar in results.all("progress")] == [("7", "12"), ("9", "12")]
    assert "Liczb mniejszych niż 3 nie pokazujemy" in results.text
    for person in (people.olga, people.wanda, people.stefan):
        told = (
            browser_of(client.application, session).sign_in(person).see(PAGE).one("section", aria_labelledby="wyniki")
        )
        assert [cell.text for cell in told.all("td")] == cells
    inside = (
        browser_of(client.application, session).sign_in(people.marek).see(PAGE).one("section", aria_labelledby="wyniki")
    )
    assert [cell.text for cell in inside.all("td")][:4] == ["10", "7", "2", "0"]
    assert "nie pokazujemy" not in inside.text


def test_two_who_enter_results_at_once_lose_nothing(
    client: Browser, session: Session, people: People, edition: Edition
) -> None:
    first, second = (one.outcome_id for one in queries.planned(session, edition.id or 0))
    other = browser_of(client.application, session).sign_in(people.jola)
    client.sign_in(people.jola)
    opened = client.see(f"{PAGE}/wyniki").values(f"{PAGE}/wyniki")
    other.post(f"{PAGE}/wyniki", data={"revision": "1", f"achieved_{first}": "8", f"partly_{first}": "3"})
    typed = {"revision": opened["revision"], f"achieved_{first}": "7", f"missed_{second}": "4"}
    assert client.post(f"{PAGE}/wyniki", data=typed).status_code == 409
    kept = client.page.values(f"{PAGE}/wyniki")
    assert (kept[f"achieved_{first}"], kept[f"partly_{first}"], kept[f"missed_{second}"]) == ("7", "3", "4")
    differing = [row.text for row in client.page.one("table").all("tr")[1:]]
    assert differing == ["kończy warsztaty: osiągnięte87"]
    assert client.post(f"{PAGE}/wyniki", data={**typed, **kept}).status_code == 303
    told = queries.outcomes(session, edition.id or 0, inside=True)
    assert [[count.value for count in line.counts] for line in told] == [[7, 3, None], [None, None, 4]]


def test_two_who_change_an_edition_at_once_lose_nothing(
    client: Browser, session: Session, people: People, edition: Edition
) -> None:
    client.sign_in(people.jola)
    opened = client.see(f"{PAGE}/zmien").values(f"{PAGE}/zmien")
    other = browser_of(client.application, session).sign_in(people.jola)
    other.post(f"{PAGE}/zmien", data={**opened, "csrf_token": other.token, "outcome_2": "znajduje pracę"})
    assert client.post(f"{PAGE}/zmien", data={**opened, "name": "lato"}).status_code == 409
    assert "Ktoś inny zmienił tę edycję w międzyczasie." in client.page.text
    kept = client.page.values(f"{PAGE}/zmien")
    assert (kept["name"], kept["outcome_2"]) == ("lato", "znajduje pracę")
    client.post(f"{PAGE}/zmien", data=kept)
    session.refresh(edition)
    assert edition.name == "lato"
    assert len(queries.planned(session, edition.id or 0)) == 3


def test_lead_closes_an_edition_without_some_results(
    client: Browser,
    session: Session,
    people: People,
    edition: Edition,
    hold: Callable[..., None],
    clock: time_machine.Traveller,
) -> None:
    hold()
    client.sign_in(people.jola)
    assert "Edycję zamkniesz po jej ostatnim spotkaniu." in client.see(PAGE).text
    assert client.get(f"{PAGE}/zamknij").status_code == 409
    clock.shift(timedelta(days=20))
    client.sign_in(people.jola)
    page = client.see(f"{PAGE}/zamknij")
    assert "2 planowane efekty nie mają wyników" in page.text
    values = page.values(f"{PAGE}/zamknij")
    assert client.post(f"{PAGE}/zamknij", data=values).status_code == 422
    assert "zaznacz, że ich nie będzie" in client.page.text
    client.post(f"{PAGE}/zamknij", data={**values, "without_results": "y"}, follow_redirects=True)
    assert "Edycja jest zamknięta." in client.page.text
    assert session.exec(select(Edition.state)).one() is EditionState.COMPLETED


def test_edition_without_sessions_is_deleted(
    client: Browser, session: Session, people: People, edition: Edition
) -> None:
    page = client.sign_in(people.jola).see(PAGE)
    client.post(page.form(f"{PAGE}/usun")["action"], follow_redirects=True)
    assert "Edycja została usunięta." in client.page.text
    assert session.exec(select(Edition)).first() is None


def test_statements_of_the_page_do_not_grow(
    client: Browser, people: People, edition: Edition, hold: Callable[..., None], query_count: Any
) -> None:
    hold(rule=Rule(Freq.WEEKLY, days=(1,), count=6))
    client.see(PAGE)
    with query_count() as asked:
        client.see(PAGE)
    assert len(asked) <= 5


def test_details_say_nothing_of_sessions_that_one_may_not_know_of(
    client: Browser, session: Session, people: People, edition: Edition, hold: Callable[..., None]
) -> None:
    hold(visibility=Visibility.PUBLIC)
    first = edition.starts_on
    assert first is not None
    edition.state, edition.sessions, edition.ends_on = EditionState.OPEN, 2, first + timedelta(days=77)
    session.flush()
    details = client.see(PAGE).one("dl", class_="summary").text
    assert "1 spotkanie" in details
    assert "–" not in details
    inside = client.sign_in(people.marek).see(PAGE).one("dl", class_="summary").text
    assert "2 spotkania" in inside
    assert "–" in inside

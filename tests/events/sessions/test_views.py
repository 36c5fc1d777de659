"""Pages of sessions as people use them: a plan shown and made, faults told, who may not know of it."""

from typing import Any

import pytest
from sqlmodel import Session, select

from app.accounts.models import WorkingCopy
from app.clock import now
from events.calendar.models import Event, Occurrence, State
from events.changes import actions as changes
from events.changes.rules import Scope
from projects.editions.models import Edition, EditionState
from projects.programmes.models import Programme
from tests.browser import Browser
from tests.factories.persons import People
from tests.factories.sessions import dates_of, make_edition, make_plan, numbers, plan_of

pytestmark = pytest.mark.usefixtures("clock")

HERE = "/projekty/warsztaty-probne/edycje/1"


@pytest.fixture(name="made")
def _made(session: Session, people: People) -> tuple[Programme, Edition]:
    return make_edition(session, people)


def typed(**more: Any) -> dict[str, Any]:
    return {
        "title": "Warsztaty próbne",
        "sessions": "4",
        "day": "11.12.2026",
        "starts": "10.00",
        "ends": "12.00",
        "rhythm": "1w",
        "skip_holidays": "y",
        "topics": "Zaufanie\nRozmowa",
        "place": "other",
        "place_other": "Dom kultury, ul. Próbna 1",
        "speaker_0": "Anna Przykładowa",
        "speaker_function_0": "trenerka",
        "audience": ["families"],
        "seats_for": "staff",
        "capacity": "12",
        "visibility": "auto",
        "admission": "open",
        "split": "split",
        "promotion": "automatic",
        "offer_hours": "24",
        **more,
    }


def test_a_plan_is_shown_carried_and_made_once(
    session: Session, client: Browser, people: People, made: tuple[Programme, Edition]
) -> None:
    client.sign_in(people.jola)
    page = client.see(f"{HERE}/plan")
    assert page.values(f"{HERE}/plan")["title"] == "Warsztaty próbne"
    client.post(f"{HERE}/plan", data=typed(podglad="1"))
    shown = client.page
    assert "25 grudnia 2026" in shown.text
    assert "Boże Narodzenie" in shown.text
    assert session.exec(select(Event)).all() == []
    values = shown.values(f"{HERE}/plan")
    assert str(values["topics"]).splitlines() == ["Zaufanie", "Rozmowa"]
    carried = typed(key=values["key"], shown=values["shown"], zapisz="1")
    first = client.post(f"{HERE}/plan", data=carried)
    second = client.post(f"{HERE}/plan", data=carried)
    assert [(one.status_code, one.headers["Location"]) for one in (first, second)] == [(303, HERE)] * 2
    assert numbers(session, made[1]) == [(1, "Zaufanie"), (2, "Rozmowa"), (3, ""), (4, "")]
    assert len(session.exec(select(Event)).all()) == 1
    assert client.get(f"{HERE}/plan").status_code == 409


def test_a_plan_half_typed_waits_as_a_working_copy(
    session: Session, client: Browser, people: People, made: tuple[Programme, Edition]
) -> None:
    client.sign_in(people.jola)
    client.see(f"{HERE}/plan")
    assert client.post("/kopia?strona=" + f"{HERE}/plan", data=typed(title="W połowie")).status_code == 204
    assert client.see(f"{HERE}/plan?kopia=1").values(f"{HERE}/plan")["title"] == "W połowie"
    client.post(f"{HERE}/plan", data=typed(podglad="1"))
    values = client.page.values(f"{HERE}/plan")
    client.post(f"{HERE}/plan", data=typed(key=values["key"], shown=values["shown"], zapisz="1"))
    assert session.exec(select(WorkingCopy)).all() == []


def test_what_was_not_shown_is_not_made(
    session: Session, client: Browser, people: People, made: tuple[Programme, Edition]
) -> None:
    client.sign_in(people.jola)
    client.post(f"{HERE}/plan", data=typed(podglad="1"))
    shown = client.page.values(f"{HERE}/plan")["shown"]
    assert client.post(f"{HERE}/plan", data=typed(sessions="5", shown=shown, zapisz="1")).status_code == 200
    assert session.exec(select(Event)).all() == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sessions": "0"}, "od 1 do 60"),
        ({"day": "1.12.2020"}, "późniejszy niż teraz"),
        ({"starts": "12.00", "ends": "10.00"}, "później"),
        ({"place": "", "place_other": ""}, "Wybierz, gdzie odbywają się spotkania"),
        ({"sessions": "1"}, "więcej niż spotkań"),
        ({"rhythm": "month_day", "days": ["1"]}, "Dni tygodnia wybierasz tylko wtedy"),
        ({"sessions": "40", "rhythm": "4w"}, "za ponad 18 miesięcy"),
        ({"opens_day": "10.12.2026", "closes_day": "9.12.2026"}, "zanim się skończą"),
        ({"children": "y"}, "Podaj dzień"),
        ({"topics": "PESEL 44051401359"}, "PESEL"),
        ({"speaker_1": "", "speaker_function_1": "psycholog"}, "wyczyść ten wiersz"),
    ],
)
def test_faults_stand_where_they_are_and_nothing_typed_is_lost(
    session: Session,
    client: Browser,
    people: People,
    made: tuple[Programme, Edition],
    wrong: dict[str, Any],
    sentence: str,
) -> None:
    client.sign_in(people.jola)
    answer = client.post(f"{HERE}/plan", data=typed(**wrong))
    assert answer.status_code == 422
    assert sentence in client.page.text
    assert client.page.values(f"{HERE}/plan")["speaker_function_0"] == "trenerka"
    assert session.exec(select(Event)).all() == []


def test_topics_and_who_leads_are_changed_on_pages(
    session: Session, client: Browser, people: People, made: tuple[Programme, Edition]
) -> None:
    make_plan(session, people, made[1])
    rows = dates_of(session, made[1])
    client.sign_in(people.jola)
    client.see(f"{HERE}/tematy")
    client.post(f"{HERE}/tematy", data={"topic_1": "Zaufanie", "topic_2": "", "topic_3": "Praca", "topic_4": ""})
    assert numbers(session, made[1]) == [(1, "Zaufanie"), (2, ""), (3, "Praca"), (4, "")]
    address = f"{HERE}/spotkania/{rows[1].id}/prowadzacy"
    assert client.see(address).values(address)["speaker_0"] == "Anna Przykładowa"
    assert client.post(address, data={"zakres": "this"}).status_code == 422
    answer = client.post(address, data={"zakres": "this", "speaker_0": "Jan Pokazowy"})
    assert (answer.status_code, answer.headers["Location"]) == (303, HERE)
    uuid = session.get_one(Event, rows[1].event_id).uuid
    assert "Jan Pokazowy" in client.see(f"/wydarzenia/{uuid}/{rows[1].local_date}").text
    assert "Jan Pokazowy" not in client.see(f"/wydarzenia/{uuid}/{rows[2].local_date}").text


def test_a_catch_up_session_is_suggested_and_made(
    session: Session, client: Browser, people: People, made: tuple[Programme, Edition]
) -> None:
    event = make_plan(session, people, made[1])
    first = dates_of(session, made[1])[0]
    address = f"{HERE}/spotkania/{first.id}/odrobienie"
    client.sign_in(people.jola)
    assert client.get(address).status_code == 409
    changes.cancel(session, people.jola.actor, event, "Choroba.", now(), occurrence_id=first.id, scope=Scope.THIS)
    values = client.see(address).values(address)
    assert (values["day"], values["starts"]) == ("29.12.2026", "10.00")
    assert client.post(address, data={**values, "day": "1.12.2020"}).status_code == 422
    assert client.post(address, data=values).headers["Location"] == HERE
    assert client.get(address).status_code == 409
    assert len(dates_of(session, made[1])) == 5


def test_an_edition_is_called_off_on_its_page(
    session: Session, client: Browser, people: People, made: tuple[Programme, Edition]
) -> None:
    make_plan(session, people, made[1])
    client.sign_in(people.jola)
    client.see(f"{HERE}/odwolaj")
    assert client.post(f"{HERE}/odwolaj", data={"reason": ""}).status_code == 422
    client.post(f"{HERE}/odwolaj", data={"reason": "Brak środków."})
    session.refresh(made[1])
    assert made[1].state is EditionState.CANCELLED
    assert client.get(f"{HERE}/odwolaj").status_code == 409


def test_who_may_not_know_learns_nothing_and_others_may_not_act(
    session: Session, client: Browser, people: People, made: tuple[Programme, Edition]
) -> None:
    make_plan(session, people, made[1], plan_of(visibility="invited"))
    row = dates_of(session, made[1])[0]
    addresses = [f"{HERE}/{one}" for one in ("plan", "tematy", "odwolaj", f"spotkania/{row.id}/prowadzacy")]
    for person, status in ((people.marek, 403), (people.stefan, 404), (people.zofia, 404)):
        client.sign_in(person)
        assert [client.get(one).status_code for one in addresses] == [status] * 4
        assert [client.post(one, data=typed()).status_code for one in addresses] == [status] * 4
    client.sign_in(people.stefan)
    assert "Warsztaty próbne" not in client.see("/kalendarz/lista").text
    assert client.get(HERE).status_code == 404
    assert session.exec(select(Occurrence).where(Occurrence.state == State.CANCELLED)).all() == []

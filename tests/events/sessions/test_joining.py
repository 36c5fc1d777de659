"""Pages on which institutions join an edition: what is said before and after, who sees what, numbers alone."""

from typing import Any

import pytest
from sqlmodel import Session, select

from app.audit.models import AuditLine
from events.calendar.models import Admission, Consent, Split, Visibility
from events.signups.models import Booking, SignUp
from tests.browser import Browser, Page, spaced
from tests.conftest import browser_of
from tests.factories.joining import SLUG, join, make_edition, opens, sessions_of, standing
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")
EDITION = f"/projekty/{SLUG}/edycje/1"
JOIN, LEAVE, PEOPLE = f"{EDITION}/zapisy", f"{EDITION}/rezygnacja", f"{EDITION}/osoby"


def key_of(page: Page) -> str:
    return str(page.values(JOIN)["key"])


def actions_of(page: Page) -> list[str]:
    return [form.get("action") for form in page.all("form")]


def test_eight_when_six_are_left_said_before_and_after(client: Browser, session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    join(session, people.marek, event, 6)
    client.sign_in(people.ewa)
    page = client.see(JOIN)
    assert "Wolnych jest 6 miejsc." in spaced(page.text)
    assert "pozostałe trafią na listę rezerwową" in spaced(page.text)
    key = key_of(page)
    for _ in range(2):
        answer = client.post(JOIN, data={"key": key, "number": "8"})
        assert (answer.status_code, answer.location) == (303, f"{EDITION}#zapisy")
    after = client.see(EDITION)
    assert "Zapisanych 8 uczestników. Na każdym z 3 terminów: 6 miejsc, 2 na liście rezerwowej." in spaced(after.text)
    assert "Numery na liście rezerwowej najbliższego spotkania: 1–2." in spaced(after.text)
    assert standing(session, event) == [f"{people.mops.id}:6 {people.prison.id}:6 {people.prison.id}:2w"] * 3


def test_a_whole_group_is_refused_with_what_to_do_or_waits(client: Browser, session: Session, people: People) -> None:
    event = make_edition(session, people.jola, split=Split.ALL_OR_NOTHING)
    join(session, people.marek, event, 6)
    client.sign_in(people.ewa)
    key = key_of(client.see(JOIN))
    refused = client.post(JOIN, data={"key": key, "number": "8"})
    assert refused.status_code == 422
    assert "Wolne miejsca: 6." in refused.text
    assert 'value="8"' in refused.text
    assert client.post(JOIN, data={"key": key, "number": "8", "waits": "y"}).status_code == 303
    assert standing(session, event)[0] == f"{people.mops.id}:6 {people.prison.id}:8w"


@pytest.mark.parametrize("typed", ["", "zero", "0", "51", "-1", "2.5"])
def test_what_is_no_number_stays_on_the_page(client: Browser, session: Session, people: People, typed: str) -> None:
    make_edition(session, people.jola)
    client.sign_in(people.ewa)
    key = key_of(client.see(JOIN))
    answer = client.post(JOIN, data={"key": key, "number": typed})
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text
    assert key in answer.text
    assert session.exec(select(Booking)).all() == []


@pytest.mark.parametrize(
    "named",
    [
        {"name_0": "Jan Pokazowy", "email_0": "jan@pokaz.example"},
        {"who": "1"},
        {"person": "Jan Pokazowy"},
        {"function_2": "uczestnik"},
    ],
)
def test_nobody_is_named_through_a_form(
    client: Browser, session: Session, people: People, named: dict[str, str]
) -> None:
    event = make_edition(session, people.jola)
    client.sign_in(people.ewa)
    key = key_of(client.see(JOIN))
    assert client.post(JOIN, data={"key": key, "number": "2", **named}).status_code == 422
    of_event = f"/wydarzenia/{event.uuid}/zapisy"
    assert client.post(of_event, data={"key": key, "places": "2", **named}).status_code == 303
    assert {(one.person, one.email, one.function, one.user_id) for one in session.exec(select(SignUp)).all()} <= {
        ("", "", "", None)
    }


def test_pages_about_names_are_closed_for_participants(client: Browser, session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    row = join(session, people.ewa, event, 2)[0]
    client.sign_in(people.ewa)
    of_event = f"/wydarzenia/{event.uuid}/zapisy"
    for page in ("osoba", "zamiana"):
        assert client.get(f"{of_event}/{row.id}/{page}").status_code == 422
        assert client.post(f"{of_event}/{row.id}/{page}", data={"name": "Jan Pokazowy"}).status_code == 422
    client.sign_in(people.jola)
    for page in ("lista", "lista.csv", "lista.xlsx"):
        assert client.get(f"{of_event}/{page}").status_code == 422
    event.consent = Consent.GRANTED
    session.flush()
    client.sign_in(people.ewa)
    assert "lista-wejsc" not in client.get(f"/wydarzenia/{event.uuid}").text
    client.sign_in(people.jola)
    day = client.see(f"/wydarzenia/{event.uuid}")
    assert "lista-wejsc" in client.get(f"/wydarzenia/{event.uuid}").text
    assert "2 uczestników: 2 miejsca" in spaced(day.text)
    assert "nazwisk" not in spaced(day.text)


def test_a_smaller_number_and_none(client: Browser, session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    join(session, people.ewa, event, 8)
    join(session, people.marek, event, 6)
    client.sign_in(people.ewa)
    assert client.post(LEAVE, data={"keep": "8"}).status_code == 422
    assert client.post(LEAVE, data={"keep": "x"}).status_code == 422
    assert client.post(LEAVE, data={"keep": "5"}).status_code == 303
    assert "Wycofanych 3 uczestników z 3 terminów." in spaced(client.see(EDITION).text)
    assert standing(session, event) == [f"{people.prison.id}:5 {people.mops.id}:6"] * 3
    assert client.post(LEAVE, data={"wszystkie": "1"}).status_code == 303
    assert standing(session, event) == [f"{people.mops.id}:6"] * 3
    foreign = session.exec(select(SignUp).where(SignUp.institution_id == people.mops.id)).first()
    assert foreign is not None
    assert client.post(LEAVE, data={"kto": str(foreign.id)}).status_code == 404


def test_who_sees_what(client: Browser, session: Session, people: People, app: Any) -> None:
    event = make_edition(session, people.jola)
    join(session, people.ewa, event, 4)
    visitor = client.see(JOIN)
    assert "Zaloguj się, żeby się zapisać" in spaced(visitor.text)
    assert "Kto się zapisał" not in spaced(visitor.text)
    client.sign_in(people.piotr)
    member = client.see(JOIN)
    assert JOIN not in actions_of(member)
    assert "koordynator" in spaced(member.text)
    assert client.post(JOIN, data={"key": "x", "number": "2"}).status_code == 403
    for other in (people.marek, people.ewa, people.wanda, people.olga):
        client.sign_in(other)
        assert people.prison.name not in client.see(JOIN).main.text or other is people.ewa
        for page in (PEOPLE, f"{PEOPLE}.csv", f"{PEOPLE}.xlsx", f"{PEOPLE}/odmowa"):
            assert client.get(page).status_code == 403
        assert client.post(f"{PEOPLE}/decyzje", data={"kogo": "1"}).status_code == 403
    client.sign_in(people.jola)
    lead = client.see(PEOPLE)
    assert people.prison.name in spaced(lead.text).replace("\xa0", " ")
    csv = client.get(f"{PEOPLE}.csv").text
    assert people.prison.name in csv
    assert "4" in csv
    assert session.exec(select(AuditLine).where(AuditLine.verb == "signup.exported")).all() == []
    event.visibility = Visibility.INVITED
    for date in sessions_of(session, event):
        date.visibility = Visibility.INVITED
    session.flush()
    stranger = browser_of(app, session)
    stranger.sign_in(people.stefan)
    for page in (JOIN, PEOPLE, f"/wydarzenia/{event.uuid}/zapisy/edycja"):
        assert stranger.get(page).status_code == 404
    assert stranger.post(JOIN, data={"key": "x", "number": "2"}).status_code == 404


def test_requests_are_decided_for_the_whole_edition(client: Browser, session: Session, people: People) -> None:
    event = make_edition(session, people.jola, admission=Admission.APPROVAL)
    client.sign_in(people.ewa)
    key = key_of(client.see(JOIN))
    client.post(JOIN, data={"key": key, "number": "8"})
    assert "Zgłoszenie wysłane: 8 uczestników." in spaced(client.see(EDITION).text)
    join(session, people.marek, event, 5)
    client.sign_in(people.jola)
    page = client.see(PEOPLE)
    values = [box["value"] for box in page.all("input", name="kogo")]
    assert len(values) == 2
    assert client.post(f"{PEOPLE}/decyzje", data={"przyjmij": values[0]}).status_code == 303
    assert standing(session, event) == [f"{people.prison.id}:8 {people.mops.id}:5?"] * 3
    on = client.post(f"{PEOPLE}/decyzje", data={"kogo": values[1], "odmow": "1"})
    assert "nazwisk" not in client.see(on.location).main.text
    assert client.post(f"{PEOPLE}/odmowa", data={"kogo": values[1], "reason": "data"}).status_code == 422
    assert client.post(f"{PEOPLE}/odmowa", data={"kogo": values[1]}).status_code == 422
    assert client.post(f"{PEOPLE}/odmowa", data={"kogo": values[1], "reason": "other"}).status_code == 422
    assert client.post(f"{PEOPLE}/odmowa", data={"kogo": values[1], "reason": "room"}).status_code == 303
    assert standing(session, event) == [f"{people.prison.id}:8"] * 3
    assert client.post(f"{PEOPLE}/decyzje", data={"kogo": values[1]}).status_code == 303
    client.sign_in(people.marek)
    assert "Odmowa: 5 miejsc. Powód: sala albo obsada nie wystarcza." in spaced(client.see(JOIN).text)


def test_staff_join_by_name_and_by_number(client: Browser, session: Session, people: People) -> None:
    make_edition(session, people.jola, participants=False)
    client.sign_in(people.marek)
    key = key_of(client.see(JOIN))
    data = {"key": key, "who": str(people.piotr.user_id), "places": "2"}
    assert client.post(JOIN, data=data).status_code == 303
    page = client.see(JOIN)
    assert "Zapisane 3 osoby." in spaced(page.text)
    assert people.piotr.name in spaced(page.text)
    row = session.exec(select(SignUp).where(SignUp.user_id == people.piotr.user_id)).first()
    assert row is not None
    client.sign_in(people.piotr)
    assert client.post(LEAVE, data={"kto": str(row.id)}).status_code == 303
    page = client.see(JOIN)
    assert "Oddane 1 miejsce z 3 terminów." in spaced(page.text)
    assert LEAVE not in actions_of(page)
    client.sign_in(people.jola)
    client.get(f"{PEOPLE}.csv")
    (line,) = session.exec(select(AuditLine).where(AuditLine.verb == "signup.exported")).all()
    assert line.subject_kind == "edition"


def test_from_when_one_can_sign_up(client: Browser, session: Session, people: People) -> None:
    event = make_edition(session, people.jola, signup_opens_at=opens(5))
    client.sign_in(people.ewa)
    for address in (JOIN, f"/wydarzenia/{event.uuid}"):
        page = client.see(address)
        assert "Zapisy od 3 grudnia 2026, 10.00." in spaced(page.text)
        assert JOIN not in actions_of(page)


def test_the_panel_asks_little(client: Browser, session: Session, people: People, query_count: Any) -> None:
    event = make_edition(session, people.jola, 10)
    join(session, people.ewa, event, 8)
    with query_count() as asked:
        client.get(JOIN)
    assert len(asked) <= 3
    client.sign_in(people.ewa)
    with query_count() as asked:
        client.get(JOIN)
    assert len(asked) <= 5
    with query_count() as asked:
        client.get(f"/wydarzenia/{event.uuid}")
    assert len(asked) <= 5  # as many as for any series


def test_nobody_outside_reads_that_one_or_two_come(client: Browser, session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    event.visibility = Visibility.PUBLIC
    for row in sessions_of(session, event):
        row.visibility = Visibility.PUBLIC
    join(session, people.marek, event, 2)
    pages = [EDITION, f"/projekty/{SLUG}", f"/wydarzenia/{event.uuid}", "/kalendarz/lista", "/"]
    words = ("2 z 12", "10 wolnych", "10 z 12", "10 wolne")
    told: dict[str, list[str]] = {}
    for number in (0, 1):
        told = {page: [one for one in words if one in spaced(client.see(page).text)] for page in pages}
        assert bool(any(told.values())) is bool(number), told
        assert ";12;;0;" in client.get("/kalendarz/lista.csv").text
        client.sign_in(people.ewa)
    assert told[EDITION] == ["2 z 12", "10 wolnych"]
    browser = browser_of(client.application, session)
    join(session, people.stefan, event, 1)
    shown = spaced(browser.see(EDITION).text)
    assert "Zajęte: 3 z 12 miejsc" in shown
    assert "9 wolnych miejsc" in spaced(browser.see(f"/projekty/{SLUG}").text)

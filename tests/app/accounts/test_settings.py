"""One's own account: name, language, and the browsers in which one is signed in."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.accounts import rules
from app.accounts.models import UserAccount, UserSession
from app.audit.models import AuditLine, AuditValue
from app.clock import now
from tests.conftest import browser_of

pytestmark = pytest.mark.usefixtures("clock")
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0 Safari/537.36 Edg/109.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_0 like Mac OS X) AppleWebKit/605.1 Version/16.0 Mobile Safari/604.1"


def is_in(browser) -> bool:
    return bool(browser.get("/biurko").status_code == 200)


def ids(session, person) -> list[int]:
    chosen = select(UserSession.id).where(UserSession.user_id == person.user_id).order_by(col(UserSession.id))
    return list(session.exec(chosen).all())


def test_name_and_language_change_and_are_traced(client, session, people):
    client.sign_in(people.ewa).see("/ustawienia")
    response = client.post("/ustawienia", data={"name": "por. Ewa Przykładowa", "language": "en"})
    assert (response.status_code, response.location) == (303, "/ustawienia")
    assert client.see("/ustawienia").h1 == "Your account"
    user = session.get_one(UserAccount, people.ewa.user_id)
    assert (user.name, user.language) == ("por. Ewa Przykładowa", "en")
    line = session.exec(select(AuditLine).where(AuditLine.verb == "account.revised")).one()
    assert line.details == {"changed": ["name", "language"]}
    assert session.get_one(AuditValue, line.id).personal["before"] == "Ewa Pokazowa"


def test_saving_what_stands_there_leaves_no_trace(client, session, people):
    client.sign_in(people.ewa).see("/ustawienia")
    client.post("/ustawienia", data={"name": "Ewa Pokazowa", "language": "pl"})
    assert "Zapisano." in client.see("/ustawienia").text
    assert session.exec(select(AuditLine).where(AuditLine.verb == "account.revised")).all() == []


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": " ", "language": "pl"}, "Wpisz imię i nazwisko."),
        ({"name": "x" * 121, "language": "pl"}, "120"),
        ({"name": "Ewa", "language": "de"}, "Wybierz jedną z podanych wartości."),
        ({"name": "Ewa"}, "Wybierz język."),
    ],
)
def test_what_cannot_be_saved_comes_back_with_a_sentence(client, people, data, sentence):
    client.sign_in(people.ewa).see("/ustawienia")
    assert client.post("/ustawienia", data=data).status_code == 422
    assert sentence in client.page.text


def test_08_no_form_gives_rights(client, session, people):
    more = {"is_operator": "1", "inspects": "08", "locked_at": "", "email": "zly@evil.example", "role": "admin"}
    client.sign_in(people.ewa).see("/ustawienia")
    client.post("/ustawienia", data={"name": "Ewa Pokazowa", "language": "pl", **more})
    user = session.get_one(UserAccount, people.ewa.user_id)
    assert (user.is_operator, user.inspects, user.email) == (False, None, people.ewa.email)


def test_the_list_shows_each_browser_in_words_and_marks_this_one(client, session, people, clock):
    client.sign_in(people.ewa)
    client.get("/biurko")
    for agent in (FIREFOX, EDGE, PHONE, "curl/8"):
        session.add(
            UserSession(
                token_hash=agent[:64], user_id=people.ewa.user_id, started_at=now(), last_seen_at=now(), client=agent
            )
        )
    clock.shift(timedelta(minutes=1))
    text = client.see("/ustawienia").text
    for words in ("Firefox, Windows", "Edge, Windows", "Safari, iPhone", "nieznany program ta przeglądarka"):
        assert words in text
    assert len(client.page.main.all("form")) == 1 + 4 + 1


def test_what_has_ended_or_run_out_is_not_listed(client, app, session, people, clock):
    browser_of(app, session).sign_in(people.ewa)
    clock.shift(timedelta(minutes=61))
    client.sign_in(people.ewa)
    browser_of(app, session).sign_in(people.marek)
    assert "Wyloguj wszystkie inne" not in client.see("/ustawienia").text
    assert len(client.page.main.all("form")) == 1


def test_one_browser_is_signed_out(client, app, session, people):
    other, third = browser_of(app, session).sign_in(people.ewa), browser_of(app, session).sign_in(people.ewa)
    client.sign_in(people.ewa).see("/ustawienia")
    assert client.post(f"/ustawienia/sesje/{ids(session, people.ewa)[0]}/zakoncz").status_code == 303
    assert [is_in(browser) for browser in (client, other, third)] == [True, False, True]


def test_all_others_are_signed_out(client, app, session, people):
    others = [browser_of(app, session).sign_in(people.ewa) for _ in range(2)]
    marek = browser_of(app, session).sign_in(people.marek)
    client.sign_in(people.ewa).see("/ustawienia")
    client.post("/ustawienia/sesje/zakoncz-inne")
    assert "Wylogowano 2 inne przeglądarki." in client.see("/ustawienia").text
    assert [is_in(browser) for browser in (client, *others, marek)] == [True, False, False, True]


def test_03_a_session_of_somebody_else_is_not_there(client, app, session, people):
    marek = browser_of(app, session).sign_in(people.marek)
    client.sign_in(people.ewa).see("/ustawienia")
    assert client.post(f"/ustawienia/sesje/{ids(session, people.marek)[0]}/zakoncz").status_code == 404
    assert is_in(marek)


def test_a_page_of_one_account_asks_a_constant_number(client, app, session, people, query_count):
    client.sign_in(people.ewa)
    asked = []
    for number in (1, 20):
        for _ in range(number):
            browser_of(app, session).sign_in(people.ewa)
        client.see("/ustawienia")
        with query_count() as statements:
            client.see("/ustawienia")
        asked.append(len(statements))
    assert asked[0] == asked[1] <= 7


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Windows"),
        (EDGE, "Edge, Windows"),
        (PHONE, "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120 Safari/537.36", "Chrome, Linux"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_a_client_in_words(agent, words):
    assert rules.client_words(agent) == words

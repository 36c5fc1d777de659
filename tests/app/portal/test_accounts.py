"""The operator finds, locks, unlocks and helps accounts; everybody concerned is told."""

from datetime import timedelta

import pyotp
import pytest
from sqlmodel import Session, col, select

from app.accounts import actions, queries, rules, second_factor
from app.accounts.models import UserAccount
from app.audit.models import AuditLine, AuditValue
from app.clock import now
from app.outbox.models import OutboxMail
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.persons import PASSWORD, People, Person, make_account

pytestmark = pytest.mark.usefixtures("clock")


def page_of(person: Person) -> str:
    return f"/operator/konta/{person.user_id}"


def sign_in(browser: Browser, person: Person, email: str = ""):
    browser.see("/logowanie")
    return browser.post("/logowanie", data={"email": email or person.email, "password": PASSWORD})


def is_in(browser: Browser) -> bool:
    return browser.get("/biurko").status_code == 200


def told(session: Session) -> list[tuple[str, str]]:
    mails = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    return [(mail.template.rpartition("/")[2], mail.to_address) for mail in mails]


def last_line(session: Session, verb: str) -> tuple[AuditLine, dict[str, object]]:
    line = session.exec(select(AuditLine).where(AuditLine.verb == verb)).one()
    values = session.get(AuditValue, line.id)
    return line, dict(values.personal) if values else {}


def names(client: Browser) -> list[str]:
    return [row.one("a").text for row in client.page.main.all("th", scope="row")]


# --- finding


def test_accounts_are_found_by_beginnings_of_words_whatever_the_accents(client, session, people):
    make_account(session, "Łucja Żółta", "lucja.zolta@ops.example")
    client.sign_in(people.olga)
    for words, found in (
        ("zolta", ["Łucja Żółta"]),
        ("ŁUCJA żół", ["Łucja Żółta"]),
        ("olta", []),
        ("wzorcowy mops", ["Piotr Wzorcowy"]),
        ("ewa@zk-kladkowo.example", ["Ewa Pokazowa"]),
        ("nikt", []),
    ):
        client.see(f"/operator/konta?q={words}")
        assert names(client) == found


def test_a_list_says_where_people_work_and_when_they_were_seen(client, session, people):
    client.sign_in(people.olga)
    browser_of(client.application, session).sign_in(people.ewa)
    text = client.see("/operator/konta?q=ewa").text
    assert "Zakład Karny w Kładkowie – koordynator" in text
    assert "23 listopada 2026, 9.00" in text
    assert "nie w ostatnich 30 dniach" in client.see("/operator/konta?q=zofia").text
    assert "Żadne konto nie pasuje" in client.see("/operator/konta?q=nikt").text


def test_the_list_narrows_to_a_state(client, session, people):
    client.sign_in(people.olga)
    actions.lock_account(session, people.olga.actor, people.marek.user_id, "odszedł", now())
    for state, found in (
        ("zablokowane", ["Marek Przykładowy"]),
        ("operatorzy", ["Olga Próbna"]),
        ("inspektorzy", ["Wanda Przykładowa"]),
        ("drugi-krok", []),
    ):
        client.see(f"/operator/konta?stan={state}")
        assert names(client) == found
    client.see("/operator/konta?stan=nic-takiego")
    assert len(names(client)) == 9


def test_the_list_has_pages_and_asks_a_constant_number(client, session, people, query_count):
    client.sign_in(people.olga)
    asked = []
    for number in (1, 60):
        for n in range(number):
            make_account(session, f"Osoba Próbna {n}", f"osoba{n}-{number}@ops.example")
        for path in ("/operator/konta", "/operator/konta?q=osoba"):
            client.see(path)
            with query_count() as statements:
                client.see(path)
            asked.append(len(statements))
    assert asked[:2] == asked[2:]
    assert max(asked) <= 4
    assert len(names(client)) == 50
    client.see(client.page.one("a", rel="next")["href"])
    assert len(names(client)) == 11
    assert client.page.one("a", href="/operator/konta?q=osoba")


def test_the_table_is_a_fragment(client, people):
    client.sign_in(people.olga).htmx("/operator/konta?q=ewa", "accounts")


@pytest.mark.parametrize("value", ["x", "-1", "99999999999999999999", "1%00", "٣"])
def test_a_nonsense_page_is_the_first(client, people, value):
    client.sign_in(people.olga).see(f"/operator/konta?przed={value}")
    assert len(names(client)) == 9


def test_nobody_else_gets_in(client, people):
    for person in (people.adam, people.wanda, people.piotr):
        client.sign_in(person)
        assert client.get("/operator/konta").status_code == 403
        assert client.get(page_of(people.ewa)).status_code == 403
        assert client.post(f"{page_of(people.ewa)}/zablokuj", data={"lock-reason": "x"}).status_code == 403
    client.sign_in(people.olga)
    for act in ("", "/zablokuj", "/odblokuj", "/wyloguj", "/drugi-krok", "/adres"):
        path = f"/operator/konta/999999{act}"
        assert (client.post(path, data={}) if act else client.get(path)).status_code == 404


# --- locking


def test_16_a_lock_ends_everything_at_once_and_tells_the_person_why(client, app, session, people):
    ewa = browser_of(app, session).sign_in(people.ewa)
    client.sign_in(people.olga).see(page_of(people.ewa))
    response = client.post(f"{page_of(people.ewa)}/zablokuj", data={"lock-reason": "odeszła z pracy"})
    assert (response.status_code, response.location) == (303, page_of(people.ewa))
    assert not is_in(ewa)
    assert sign_in(browser_of(app, session), people.ewa).status_code == 422
    assert told(session) == [("locked", people.ewa.email)]
    line, personal = last_line(session, "account.locked")
    assert (line.user_id, line.subject_id, personal) == (
        people.olga.user_id,
        people.ewa.user_id,
        {"reason": "odeszła z pracy"},
    )
    text = client.see(page_of(people.ewa)).text
    assert "Odblokuj konto" in text
    assert "Zablokuj konto" not in text


def test_unlocking_lets_in_again_but_revives_no_session(client, app, session, people):
    ewa = browser_of(app, session).sign_in(people.ewa)
    actions.lock_account(session, people.olga.actor, people.ewa.user_id, "pomyłka", now())
    client.sign_in(people.olga).see(page_of(people.ewa))
    assert client.post(f"{page_of(people.ewa)}/odblokuj", data={"unlock-reason": "pomyłka"}).status_code == 303
    assert not is_in(ewa)
    assert sign_in(ewa, people.ewa).status_code == 303
    assert [message for message, _to in told(session)] == ["locked", "unlocked"]


@pytest.mark.parametrize("act", ["zablokuj", "drugi-krok"])
def test_without_a_reason_nothing_happens(client, app, session, people, act):
    switched_on(session, people.ewa)
    ewa = browser_of(app, session).sign_in(people.ewa)
    client.sign_in(people.olga).see(page_of(people.ewa))
    assert client.post(f"{page_of(people.ewa)}/{act}", data={}).status_code == 422
    assert "Podaj powód: zostanie zapisany w dzienniku zdarzeń." in client.page.text
    assert client.page.title.startswith("Błąd: Ewa Pokazowa")
    assert is_in(ewa)


def test_nobody_locks_himself_out(client, people, session):
    client.sign_in(people.olga).see(page_of(people.olga))
    assert client.page.main.all("form", action=f"{page_of(people.olga)}/zablokuj") == []
    assert client.post(f"{page_of(people.olga)}/zablokuj", data={"lock-reason": "x"}).status_code == 422
    assert "Nie możesz zrobić tego z własnym kontem. Poproś innego operatora." in client.page.text
    assert is_in(client)


def test_locking_twice_and_unlocking_what_is_open_is_said(client, people, session):
    client.sign_in(people.olga).see(page_of(people.ewa))
    assert client.post(f"{page_of(people.ewa)}/odblokuj", data={"unlock-reason": "x"}).status_code == 409
    assert "To konto nie jest zablokowane." in client.page.text
    with pytest.raises(rules.NotLocked, match="not locked"):
        actions.unlock_account(session, people.olga.actor, people.ewa.user_id, "x", now())
    actions.lock_account(session, people.olga.actor, people.ewa.user_id, "x", now())
    with pytest.raises(rules.LockedAlready, match="locked already"):
        actions.lock_account(session, people.olga.actor, people.ewa.user_id, "x", now())
    with pytest.raises(rules.NoSuchAccount, match="no such account"):
        actions.lock_account(session, people.olga.actor, 999999, "x", now())


# --- signing out, second factor, address


def test_the_operator_signs_a_person_out_and_stays_in(client, app, session, people):
    ewa = browser_of(app, session).sign_in(people.ewa)
    client.sign_in(people.olga).see(page_of(people.ewa))
    assert client.post(f"{page_of(people.ewa)}/wyloguj").status_code == 303
    assert not is_in(ewa)
    client.post(f"{page_of(people.olga)}/wyloguj")
    assert is_in(client)


def test_a_lost_second_factor_is_taken_away(client, app, session, people):
    codes = switched_on(session, people.ewa)
    ewa = browser_of(app, session).sign_in(people.ewa)
    client.sign_in(people.olga).see(page_of(people.ewa))
    data = {"second-reason": "zgubiła kartkę, sprawdzono telefonicznie"}
    assert client.post(f"{page_of(people.ewa)}/drugi-krok", data=data).status_code == 303
    assert not is_in(ewa)
    assert sign_in(ewa, people.ewa).location == "/biurko"
    assert told(session)[-1] == ("second_factor_reset", people.ewa.email)
    assert last_line(session, "second_factor.reset")[1] == {"reason": data["second-reason"]}
    with pytest.raises(rules.NotBegun):
        second_factor.take(session, people.ewa.user_id, codes[0], now())


def test_27_another_address_is_told_to_the_old_one_too(client, app, session, people):
    ewa = browser_of(app, session).sign_in(people.ewa)
    client.sign_in(people.olga).see(page_of(people.ewa))
    data = {"address-email": "Ewa.Nowa@zk-kladkowo.example", "address-reason": "wyszła za mąż"}
    assert client.post(f"{page_of(people.ewa)}/adres", data=data).status_code == 303
    new = "ewa.nowa@zk-kladkowo.example"
    assert told(session) == [("address_changed", people.ewa.email), ("address_changed", new)]
    assert not is_in(ewa)
    assert sign_in(browser_of(app, session), people.ewa).status_code == 422
    assert sign_in(browser_of(app, session), people.ewa, new).status_code == 303
    assert last_line(session, "account.readdressed")[1] == {
        "email": new,
        "before": people.ewa.email,
        "reason": "wyszła za mąż",
    }


def test_19_a_link_that_went_to_the_old_address_opens_nothing(session, people):
    actions.ask_reset(session, people.ewa.actor, people.ewa.email, "198.51.100.7", now())
    session.flush()
    token = session.exec(select(OutboxMail.link)).one().removeprefix("/haslo/")
    assert queries.open_reset(session, token, now()) is not None
    actions.change_address(session, people.olga.actor, people.ewa.user_id, "inna@ops.example", "x", now())
    assert queries.open_reset(session, token, now()) is None


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("", "Wpisz nowy adres e-mail."),
        ("marek@mops-kladkowo.example", "Konto z tym adresem już istnieje."),
        ("EWA@zk-kladkowo.example", "To konto ma już ten adres."),
        ("ewa", "Podaj pełny adres e-mail"),
    ],
)
def test_an_address_that_cannot_be_is_refused_with_a_sentence(client, session, people, email, sentence):
    client.sign_in(people.olga).see(page_of(people.ewa))
    data = {"address-email": email, "address-reason": "literówka"}
    assert client.post(f"{page_of(people.ewa)}/adres", data=data).status_code == 422
    assert sentence in client.page.text
    assert client.page.by_id("address-reason")["value"] == "literówka"
    assert session.get_one(UserAccount, people.ewa.user_id).email == people.ewa.email


def switched_on(session: Session, person: Person) -> list[str]:
    second_factor.begin(session, person.actor, now())
    secret = session.get_one(UserAccount, person.user_id).totp_secret or ""
    before = now() - timedelta(minutes=1)
    return second_factor.prove(session, person.actor, pyotp.TOTP(secret).at(int(before.timestamp())), before)


def test_the_page_of_an_account_says_what_it_has(client, session, people: People):
    switched_on(session, people.ewa)
    text = client.sign_in(people.olga).see(page_of(people.ewa)).text
    assert "zostało 10 kodów na kartce" in text
    assert "W tej chwili nigdzie." in text
    assert client.page.one("a", href=f"/operator/dziennik?kto={people.ewa.user_id}")

"""A new password: by a mailed link, and in one's own account. The numbers are explained in test_views.py."""

import time
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.accounts import actions, rules
from app.accounts.models import KeptForm, PasswordReset, SignInAttempt, UserAccount, UserSession
from app.actors import Actor
from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from app.secret import token_hash
from tests.browser import Browser
from tests.conftest import browser_of, settings_for
from tests.factories.persons import PASSWORD, Person

pytestmark = pytest.mark.usefixtures("clock")
NEW = "kot wchodzi na dach"
GONE = "Ten link już nie działa"


def ask(browser: Browser, email: str, **more):
    browser.see("/haslo")
    return browser.post("/haslo", data={"email": email}, **more)


def mails_of(session: Session, message: str) -> list[OutboxMail]:
    chosen = select(OutboxMail).where(OutboxMail.template == f"app/accounts/{message}")
    return list(session.exec(chosen.order_by(col(OutboxMail.id))).all())


def link_of(session: Session) -> str:
    return mails_of(session, "reset")[-1].link


def choose(browser: Browser, link: str, password: str = NEW, again: str | None = None):
    assert browser.get(link).location == "/haslo/nowe"
    browser.see("/haslo/nowe")
    again = password if again is None else again
    return browser.post("/haslo/nowe", data={"password": password, "password_again": again})


def sign_in(browser: Browser, email: str, password: str):
    browser.see("/logowanie")
    return browser.post("/logowanie", data={"email": email, "password": password})


def is_in(browser: Browser) -> bool:
    return browser.get("/biurko").status_code == 200


def verbs(session: Session) -> list[str]:
    return [line.verb for line in session.exec(select(AuditLine).order_by(col(AuditLine.id))).all()]


# --- by a mailed link


def test_whoever_forgot_the_password_chooses_a_new_one(client, session, people):
    client.see("/logowanie")
    assert client.page.one("a", href="/haslo").text == "Nie pamiętasz hasła?"
    response = ask(client, "  EWA@zk-kladkowo.example")
    assert (response.status_code, response.location) == (303, "/haslo/wyslano")
    assert "Zajrzyj do poczty" in client.see("/haslo/wyslano").text
    assert "O link poproś operatora portalu" in client.page.text  # no mail server is set here
    (mail,) = mails_of(session, "reset")
    assert (mail.to_address, mail.to_user_id) == (people.ewa.email, people.ewa.user_id)
    response = choose(client, mail.link)
    assert (response.status_code, response.location) == (303, "/logowanie")
    with client.session_transaction() as cookie:
        assert mail.link.removeprefix("/haslo/") not in str(dict(cookie))
    assert "Hasło jest zmienione. Zaloguj się nowym." in client.see("/logowanie").text
    assert sign_in(client, people.ewa.email, PASSWORD).status_code == 422
    assert sign_in(client, people.ewa.email, NEW).status_code == 303
    assert verbs(session)[:2] == ["password.reset_asked", "password.reset"]
    assert [mail.to_address for mail in mails_of(session, "password_changed")] == [people.ewa.email]


def test_the_table_keeps_a_hash_and_the_link_256_bits(client, session, people):
    ask(client, people.ewa.email)
    token = link_of(session).removeprefix("/haslo/")
    row = session.exec(select(PasswordReset)).one()
    assert row.token_hash == token_hash(token)
    assert len(token) == 43
    assert row.expires_at - row.made_at == timedelta(hours=1)


@pytest.mark.parametrize("what", ["unknown", "locked"])
def test_18_unknown_and_locked_get_the_answer_of_everybody_and_no_mail(client, session, people, what):
    email = people.ewa.email if what == "locked" else "nikt@zk-kladkowo.example"
    session.get_one(UserAccount, people.ewa.user_id).locked_at = now()
    known, other = ask(client, people.marek.email), ask(client, email)
    assert (other.status_code, other.location, other.data) == (known.status_code, known.location, known.data)
    assert [mail.to_address for mail in mails_of(session, "reset")] == [people.marek.email]


@pytest.mark.slow
def test_18_known_and_unknown_take_the_same_time(tmp_path, database, session, people, make_app):
    app = make_app(settings_for(tmp_path), database)

    def median(emails: list[str]) -> float:
        spent = []
        for email in emails:
            browser = browser_of(app, session)
            browser.see("/haslo")
            begun = time.process_time()
            assert browser.post("/haslo", data={"email": email}).status_code == 303
            spent.append(time.process_time() - begun)
        return sorted(spent)[len(spent) // 2]

    standing = (people.ewa, people.adam, people.marek, people.piotr, people.jola, people.stefan, people.zofia)
    known = median([person.email for person in standing])
    unknown = median([f"nikt{number}@zk-kladkowo.example" for number in range(7)])
    assert abs(known - unknown) < max(0.02, 0.3 * known)


def test_19_a_link_works_once(client, session, people):
    ask(client, people.ewa.email)
    link = link_of(session)
    choose(client, link)
    assert client.get(link).status_code == 404
    assert GONE in client.page.text
    assert client.get("/haslo/nowe").status_code == 404


def test_19_the_form_of_a_used_link_changes_nothing(client, app, session, people):
    ask(client, people.ewa.email)
    link = link_of(session)
    other = browser_of(app, session)
    other.get(link)
    other.see("/haslo/nowe")
    choose(client, link)
    data = {"password": "inne zupełnie hasło", "password_again": "inne zupełnie hasło"}
    assert other.post("/haslo/nowe", data=data).status_code == 404
    assert sign_in(client, people.ewa.email, NEW).status_code == 303


def test_19_a_link_is_worth_nothing_after_an_hour(client, session, people, clock):
    ask(client, people.ewa.email)
    client.get(link_of(session))
    clock.shift(timedelta(minutes=59))
    client.see("/haslo/nowe")
    clock.shift(timedelta(minutes=1))
    assert client.get(link_of(session)).status_code == 404
    assert client.post("/haslo/nowe", data={"password": NEW, "password_again": NEW}).status_code == 404
    assert sign_in(client, people.ewa.email, PASSWORD).status_code == 303


def test_19_a_newer_link_takes_the_place_of_the_older(client, session, people):
    ask(client, people.ewa.email)
    older = link_of(session)
    ask(client, people.ewa.email)
    assert client.get(older).status_code == 404
    assert client.get(link_of(session)).status_code == 303


def test_19_a_link_dies_when_the_password_changes_or_the_account_is_locked(session, people):
    for end in ("changed", "locked"):
        actions.ask_reset(session, Actor.visitor(), people.ewa.email, "198.51.100.7", now())
        session.flush()
        token = link_of(session).removeprefix("/haslo/")
        if end == "changed":
            actions.change_password(session, people.ewa.actor, "x", now())
        else:
            actions.lock_account(session, people.olga.actor, people.ewa.user_id, "odeszła", now())
            actions.unlock_account(session, people.olga.actor, people.ewa.user_id, "wróciła", now())
        with pytest.raises(rules.ResetGone, match="no longer works"):
            actions.reset_password(session, token, "y", now())


@pytest.mark.parametrize("method", ["get", "head"])
def test_19_a_scanner_that_follows_the_link_uses_nothing_up(client, app, session, people, method):
    ask(client, people.ewa.email)
    link = link_of(session)
    for _ in range(3):
        scanner = browser_of(app, session)
        assert getattr(scanner, method)(link, follow_redirects=True).status_code == 200
    assert choose(client, link).status_code == 303


def test_20_the_token_leaves_the_address_at_once_and_goes_to_no_referrer(client, session, people):
    ask(client, people.ewa.email)
    link = link_of(session)
    response = client.get(link)
    assert (response.status_code, response.location) == (303, "/haslo/nowe")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    page = client.get("/haslo/nowe")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert link.removeprefix("/haslo/") not in client.page.source


def test_a_link_that_never_was_is_told_the_same(client):
    assert client.get("/haslo/" + "x" * 43).status_code == 404
    assert GONE in client.page.text
    assert client.page.one("a", href="/haslo")
    assert client.get("/haslo/krótki").status_code == 404


def test_16_a_reset_ends_all_sessions(client, app, session, people):
    others = [browser_of(app, session).sign_in(people.ewa) for _ in range(2)]
    marek = browser_of(app, session).sign_in(people.marek)
    ask(client, people.ewa.email)
    choose(client, link_of(session))
    assert [is_in(other) for other in others] == [False, False]
    assert is_in(marek)
    assert not is_in(client)


def test_21_a_reset_lets_the_victim_of_guessing_in_at_once(client, app, session, people):
    guesser = browser_of(app, session)
    for _ in range(11):
        sign_in(guesser, people.ewa.email, "zgadywanie")
    assert sign_in(client, people.ewa.email, PASSWORD).status_code == 429
    ask(client, people.ewa.email)
    choose(client, link_of(session))
    assert sign_in(client, people.ewa.email, NEW).status_code == 303


@pytest.mark.parametrize("email", ["ewa@zk-kladkowo.example", "nikt@zk-kladkowo.example"])
def test_the_fourth_request_in_a_quarter_waits(client, session, people, clock, email):
    for _ in range(3):
        assert ask(client, email).status_code == 303
    assert ask(client, email).status_code == 429
    assert "15 minut" in client.page.text
    assert len(mails_of(session, "reset")) == (3 if email == people.ewa.email else 0)
    assert sign_in(client, people.ewa.email, PASSWORD).status_code == 303
    clock.shift(timedelta(minutes=15, seconds=1))
    assert ask(client, email).status_code == 303


def test_requests_from_one_address_are_limited_for_all_accounts(client, people):
    for number in range(30):
        assert ask(client, f"osoba{number}@ops.example").status_code == 303
    assert ask(client, people.ewa.email).status_code == 429


def test_22_a_forged_address_does_not_help(client, people):
    for number in range(30):
        headers = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"}
        assert ask(client, f"osoba{number}@ops.example", headers=headers).status_code == 303
    assert ask(client, people.ewa.email, headers={"X-Forwarded-For": "203.0.113.99"}).status_code == 429


def test_30_the_link_in_the_mail_has_the_configured_name(app, session, people):
    letters = app.extensions["kladka.letters"]
    browser = browser_of(app, session)
    ask(browser, people.ewa.email, headers={"X-Forwarded-Host": "zly.example", "Forwarded": "host=zly.example"})
    (mail,) = mails_of(session, "reset")
    _subject, body = letters.render(mail.template, "pl", dict(mail.params), mail.link)
    assert f"http://localhost{mail.link}\n" in body
    assert "zly.example" not in body


def test_an_empty_address_is_asked_for(client):
    client.see("/haslo")
    assert client.post("/haslo", data={"email": " "}).status_code == 422
    assert "Podaj swój adres e-mail." in client.page.text


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("", "", "Wpisz nowe hasło."),
        ("krótkie", "krótkie", "co najmniej 12"),
        (NEW, "kot schodzi z dachu", "Hasła się różnią. Wpisz oba jeszcze raz."),
        ("haslo123haslo", "haslo123haslo", "łatwo odgadnąć"),
        ("zakladkarnywkladkowie", "zakladkarnywkladkowie", "łatwo odgadnąć"),
        ("ewa@zk-kladkowo.example", "ewa@zk-kladkowo.example", "łatwo odgadnąć"),
    ],
)
def test_26_a_password_that_is_refused_leaves_the_link_alive(client, session, people, password, again, sentence):
    ask(client, people.ewa.email)
    assert choose(client, link_of(session), password, again).status_code == 422
    assert sentence in client.page.text
    assert not password or password not in client.page.text.replace(people.ewa.email, "")
    assert choose(client, link_of(session)).status_code == 303


@pytest.mark.parametrize("password", ["zażółć gęślą jaźń " * 5, " z odstępem na końcu, długie "])
def test_26_a_long_password_with_spaces_works_as_it_was_typed(client, session, people, password):
    ask(client, people.ewa.email)
    assert choose(client, link_of(session), password).status_code == 303
    assert sign_in(client, people.ewa.email, password.strip()).status_code == 422
    assert sign_in(client, people.ewa.email, password).status_code == 303


# --- in one's own account


def change(browser: Browser, present: str = PASSWORD, password: str = NEW, again: str | None = None):
    browser.see("/ustawienia/haslo")
    data = {"password_now": present, "password": password, "password_again": password if again is None else again}
    return browser.post("/ustawienia/haslo", data=data)


def test_16_a_changed_password_ends_the_other_sessions_and_not_this_one(client, app, session, people):
    other = browser_of(app, session).sign_in(people.ewa)
    client.sign_in(people.ewa)
    assert change(client).location == "/ustawienia"
    assert "Hasło jest zmienione. Inne przeglądarki zostały wylogowane." in client.see("/ustawienia").text
    assert not is_in(other)
    assert sign_in(browser_of(app, session), people.ewa.email, PASSWORD).status_code == 422
    assert sign_in(browser_of(app, session), people.ewa.email, NEW).status_code == 303
    assert "password.changed" in verbs(session)
    assert [mail.to_address for mail in mails_of(session, "password_changed")] == [people.ewa.email]


def test_27_without_the_present_password_nothing_changes(client, session, people):
    client.sign_in(people.ewa)
    assert change(client, present="nie to hasło wcale").status_code == 422
    assert "To nie jest dotychczasowe hasło. Spróbuj ponownie." in client.page.text
    assert change(client, present="").status_code == 422
    assert mails_of(session, "password_changed") == []
    client.post("/wyloguj")
    assert sign_in(client, people.ewa.email, PASSWORD).status_code == 303


def test_27_guessing_the_present_password_is_limited(client, session, people, clock):
    client.sign_in(people.ewa)
    for _ in range(10):
        assert change(client, present="zgadywanie").status_code == 422
    assert change(client).status_code == 422
    assert "15 minut" in client.page.text
    clock.shift(timedelta(minutes=15, seconds=1))
    assert change(client).status_code == 303


def test_a_right_present_password_counts_as_no_failure(client, session, people):
    client.sign_in(people.ewa)
    change(client)
    assert session.exec(select(SignInAttempt)).all() == []


@pytest.mark.parametrize("password", ["haslo123haslo", "Ewa.Pokazowa.2026", "zakladkarnywkladkowie"])
def test_26_the_rules_hold_for_a_change_too(client, people, password):
    client.sign_in(people.ewa)
    assert change(client, password=password).status_code == 422
    assert "łatwo odgadnąć" in client.page.text


def test_a_password_that_waits_for_its_session_is_kept_nowhere(client, session, people, clock):
    client.sign_in(people.ewa)
    client.see("/ustawienia/haslo")
    clock.shift(timedelta(hours=2))
    data = {"password_now": PASSWORD, "password": NEW, "password_again": NEW}
    assert client.post("/ustawienia/haslo", data=data).status_code == 302
    (kept,) = session.exec(select(KeptForm)).all()
    assert kept.body == {}


# --- the night


def test_the_night_forgets_used_links_and_old_sessions(session, people, clock):
    _old_things(session, people.ewa)
    clock.shift(timedelta(days=1, hours=2))
    assert actions.forget_old(session, now()) == 3
    assert session.exec(select(PasswordReset)).all() == []
    assert [row.awaits_code for row in session.exec(select(UserSession)).all()] == [False]
    clock.shift(timedelta(days=30))
    assert actions.forget_old(session, now()) == 1


def _old_things(session: Session, person: Person) -> None:
    user = session.get_one(UserAccount, person.user_id)
    actions.ask_reset(session, Actor.visitor(), person.email, "198.51.100.7", now())
    actions.await_code(session, user, "tests", now())
    actions.begin_session(session, user, "tests", now())
    session.flush()

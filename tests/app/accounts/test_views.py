"""Signing in and out, and how long a session lasts, as a browser sees it.

Numbers in names are those of the list of refusals that the portal was built against: "do this, and it must be refused".
"""

import time
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from sqlmodel import select

from app.accounts import actions, rules
from app.accounts.actions import hash_password
from app.accounts.models import SignInAttempt, UserAccount, UserSession
from app.actors import Role
from app.audit.models import AuditLine
from app.clock import now
from app.secret import token_hash
from partners.people.models import Membership
from tests.conftest import browser_of, settings_for
from tests.factories.institutions import make_institution
from tests.factories.persons import PASSWORD, Person, make_person
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
WRONG = "Adres e-mail lub hasło są nieprawidłowe. Sprawdź jedno i drugie i spróbuj ponownie."


def sign_in(browser, email, password=PASSWORD, path="/logowanie", **more):
    browser.see("/logowanie")
    return browser.post(path, data={"email": email, "password": password}, **more)


def set_password(session, user_id: int, password: str) -> None:
    session.get_one(UserAccount, user_id).password_hash = hash_password(password)
    session.flush()


def membership_of(session, person: Person) -> Membership:
    found = session.exec(select(Membership).where(Membership.user_id == person.user_id)).one()
    assert isinstance(found, Membership)
    return found


def cookie_of(browser):
    found = browser.get_cookie("kladka")
    return found.value if found else None


def is_in(browser) -> bool:
    return bool(browser.get("/biurko").status_code == 200)


def test_who_signs_in_gets_to_the_desk_and_is_greeted(client, people, session):
    response = sign_in(client, people.ewa.email)
    assert (response.status_code, response.location) == (303, "/biurko")
    page = client.see("/biurko")
    assert "Ewa Pokazowa" in page.source
    row = session.exec(select(UserSession)).one()
    assert (row.user_id, row.ended_at, row.started_at) == (people.ewa.user_id, None, now())
    assert [line.verb for line in session.exec(select(AuditLine)).all()] == ["session.started"]


@pytest.mark.parametrize("typed", ["EWA@ZK-KLADKOWO.EXAMPLE", "  ewa@zk-kladkowo.example "])
def test_the_address_may_be_typed_in_any_case(client, people, typed):
    assert sign_in(client, typed).status_code == 303


def test_the_cookie_holds_no_name_and_the_row_no_token(client, people, session):
    sign_in(client, people.ewa.email)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
        assert set(cookie) <= {"_user_id", "_fresh", "csrf_token", "_flashes", "_id"}
    row = session.exec(select(UserSession)).one()
    assert row.token_hash == token_hash(token)
    assert len(token) >= 43


def test_14_the_cookie_changes_at_sign_in(client, people):
    client.see("/logowanie")
    before = cookie_of(client)
    with client.session_transaction() as cookie:
        planted = cookie["csrf_token"]
    client.post("/logowanie", data={"email": people.ewa.email, "password": PASSWORD})
    client.see("/biurko")
    assert cookie_of(client) != before
    with client.session_transaction() as cookie:
        assert cookie["csrf_token"] != planted


def test_15_the_old_cookie_opens_nothing_after_signing_out(client, app, session, people):
    sign_in(client, people.ewa.email)
    stolen = cookie_of(client)
    client.see("/biurko")
    response = client.post("/wyloguj")
    assert (response.status_code, response.location) == (303, "/")
    thief = browser_of(app, session)
    thief.set_cookie("kladka", stolen)
    assert not is_in(thief)
    assert not is_in(client)
    row = session.exec(select(UserSession)).one()
    assert row.ended_at == now()


def test_15_signing_in_again_ends_the_session_before(client, app, session, people):
    sign_in(client, people.ewa.email)
    stolen = cookie_of(client)
    client.see("/biurko")
    assert client.post("/logowanie", data={"email": people.marek.email, "password": PASSWORD}).status_code == 303
    thief = browser_of(app, session)
    thief.set_cookie("kladka", stolen)
    assert not is_in(thief)
    assert is_in(client)


def test_signing_out_ends_one_session_only(client, app, session, people):
    other = browser_of(app, session).sign_in(people.ewa)
    client.sign_in(people.ewa)
    client.post("/wyloguj")
    assert is_in(other)


def test_25_a_session_ends_after_an_hour_of_nothing(client, people, clock):
    client.sign_in(people.ewa)
    clock.shift(timedelta(minutes=59, seconds=59))
    assert is_in(client)
    clock.shift(timedelta(minutes=59, seconds=59))
    assert is_in(client)
    clock.shift(timedelta(minutes=60))
    assert not is_in(client)


def test_25_a_session_ends_after_twelve_hours_whatever_happens(client, people, clock):
    client.sign_in(people.ewa)
    for _ in range(23):
        clock.shift(timedelta(minutes=30))
        assert is_in(client)
    clock.shift(timedelta(minutes=30))
    assert not is_in(client)


def test_25_extending_moves_the_idle_end_and_never_the_last_one(client, people, clock):
    client.sign_in(people.ewa)
    clock.shift(timedelta(minutes=50))
    response = client.post("/sesja/przedluz")
    assert response.status_code == 204
    assert int(response.headers["X-Session-Ends"]) == int(now().timestamp()) + 3600
    clock.shift(timedelta(minutes=50))
    assert is_in(client)
    for _ in range(12):
        clock.shift(timedelta(minutes=50))
        client.post("/sesja/przedluz")
    clock.shift(timedelta(minutes=10))
    left = int(client.post("/sesja/przedluz").headers["X-Session-Ends"]) - now().timestamp()
    assert 0 < left < 3600


@pytest.mark.parametrize("what", ["locked", "left"])
def test_16_a_locked_account_or_an_ended_membership_works_at_once(client, people, session, what):
    client.sign_in(people.ewa)
    assert client.get("/wydarzenia/nowe").status_code == 200
    if what == "locked":
        session.get_one(UserAccount, people.ewa.user_id).locked_at = now()
        assert client.get("/wydarzenia/nowe").status_code == 302
        assert sign_in(client, people.ewa.email).status_code == 422
    else:
        membership_of(session, people.ewa).ended_at = now()
        assert client.get("/wydarzenia/nowe").status_code == 403


def test_16_a_changed_role_works_at_once(client, people, session):
    client.sign_in(people.ewa)
    membership_of(session, people.ewa).role = Role.MEMBER
    assert client.get("/wydarzenia/nowe").status_code == 403


def test_of_two_memberships_the_stronger_counts(client, people, session):
    other = make_institution(session, "ops-drugi")
    add(session, Membership, user_id=people.piotr.user_id, institution_id=other.id, role=Role.COORDINATOR, since=now())
    client.sign_in(people.piotr)
    assert client.get("/wydarzenia/nowe").status_code == 200


def test_17_known_and_unknown_addresses_get_the_same_answer(client, people):
    pages = []
    for email in (people.ewa.email, "nikt@zk-kladkowo.example"):
        response = sign_in(client, email, "nie to hasło wcale")
        assert response.status_code == 422
        assert WRONG in client.page.text
        assert "nie to hasło wcale" not in client.page.source
        pages.append(client.page.text.replace(email, "…"))
    assert pages[0] == pages[1]


@pytest.mark.slow
def test_17_known_and_unknown_addresses_take_the_same_time(tmp_path, database, session, people, make_app):
    app = make_app(settings_for(tmp_path, argon_memory_kib=32768), database)
    set_password(session, people.ewa.user_id, PASSWORD)

    # Seconds of this process alone: what else the machine does must not count.
    def median(email: str) -> float:
        spent = []
        for _ in range(9):
            browser = browser_of(app, session)
            browser.see("/logowanie")
            begun = time.process_time()
            browser.post("/logowanie", data={"email": email, "password": "x"})
            spent.append(time.process_time() - begun)
        return sorted(spent)[4]

    known, unknown = median(people.ewa.email), median("nikt@zk-kladkowo.example")
    assert abs(known - unknown) < max(0.02, 0.3 * known)


@pytest.mark.parametrize(
    ("data", "fields"),
    [({}, {"email", "password"}), ({"email": "x@y.example"}, {"password"}), ({"password": "x"}, {"email"})],
)
def test_an_empty_field_is_named(client, data, fields):
    client.see("/logowanie")
    assert client.post("/logowanie", data=data).status_code == 422
    assert {element["id"] for element in client.page.all(aria_invalid="true")} == fields
    assert client.page.title.startswith("Błąd: ")


@pytest.mark.parametrize("path", ["/logowanie", "/haslo", "/logowanie/kod", "/haslo/nowe"])
def test_24_no_other_site_signs_a_visitor_in(client, app, session, people, path):
    other = browser_of(app, session)
    other.see("/logowanie")
    data = {"email": people.ewa.email, "password": PASSWORD, "code": "000000"}
    headers = {"Origin": "https://zly.example", "Sec-Fetch-Site": "cross-site"}
    for token in ({}, {"csrf_token": other.token}):
        assert client.post(path, data={**data, **token}, headers=headers, csrf=False).status_code == 400
    assert session.exec(select(UserSession)).all() == []


# --- limits


def test_21_the_eleventh_attempt_for_an_account_waits_even_with_the_right_password(client, app, people, clock, session):
    for _ in range(10):
        assert sign_in(client, people.ewa.email, "zgadywanie").status_code == 422
    assert sign_in(client, people.ewa.email).status_code == 429
    assert "15 minut" in client.page.text
    assert sign_in(browser_of(app, session), people.marek.email).status_code == 303
    clock.shift(timedelta(minutes=15, seconds=1))
    assert sign_in(client, people.ewa.email).status_code == 303
    assert len(session.exec(select(SignInAttempt)).all()) == 10


def test_an_attempt_counts_before_its_password_is_read(client, people, database, monkeypatch):
    seen = []

    def slow(_password, _stored):
        with database.session(writes=False) as reading:
            seen.append(len(reading.exec(select(SignInAttempt)).all()))
        return False

    monkeypatch.setattr("app.accounts.actions.verify", slow)
    sign_in(client, people.ewa.email)
    sign_in(client, people.ewa.email)
    assert seen == [1, 2]


def test_a_right_password_counts_as_no_failure(client, people, session):
    sign_in(client, people.ewa.email)
    assert session.exec(select(SignInAttempt)).all() == []


def test_21_who_is_in_already_is_not_affected(client, app, session, people):
    inside = browser_of(app, session).sign_in(people.ewa)
    for _ in range(11):
        sign_in(client, people.ewa.email, "zgadywanie")
    assert is_in(inside)


def test_21_thirty_attempts_from_one_address_close_it_for_all_accounts(client, people):
    for number in range(30):
        sign_in(client, f"osoba{number}@ops.example", "zgadywanie")
    assert sign_in(client, people.ewa.email).status_code == 429
    there = {"REMOTE_ADDR": "198.51.100.7"}
    client.get("/logowanie", environ_base=there)
    assert client.post(
        "/logowanie", data={"email": people.ewa.email, "password": PASSWORD}, environ_base=there
    ).status_code == 303  # fmt: skip


def test_22_a_forged_forwarded_for_does_not_help(client, people):
    client.see("/logowanie")
    for number in range(30):
        headers = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"}
        client.post("/logowanie", data={"email": f"o{number}@ops.example", "password": "x"}, headers=headers)
    response = client.post(
        "/logowanie",
        data={"email": people.ewa.email, "password": PASSWORD},
        headers={"X-Forwarded-For": "203.0.113.99", "Forwarded": "for=203.0.113.99"},
    )
    assert response.status_code == 429


def test_22_behind_a_trusted_proxy_only_its_own_word_counts(tmp_path, database, session, people, make_app):
    app = make_app(settings_for(tmp_path, trusted_proxies=1), database)
    client = browser_of(app, session)
    client.see("/logowanie")
    for number in range(30):
        # The proxy appends the true address; what stands before it came from the visitor.
        headers = {"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.7"}
        client.post("/logowanie", data={"email": f"o{number}@ops.example", "password": "x"}, headers=headers)
    data = {"email": people.ewa.email, "password": PASSWORD}
    assert client.post("/logowanie", data=data, headers={"X-Forwarded-For": "1.1.1.1, 198.51.100.7"}).status_code == 429
    assert client.post("/logowanie", data=data, headers={"X-Forwarded-For": "198.51.100.8"}).status_code == 303


def test_attempts_hold_no_address_of_a_person(client, people, session):
    sign_in(client, people.ewa.email, "zgadywanie")
    row = session.exec(select(SignInAttempt)).one()
    assert people.ewa.email not in str(row)
    assert row.email_hash == token_hash(people.ewa.email)


# --- cookies and passwords


def test_23_the_cookie_is_http_only_and_same_site(client, people):
    response = sign_in(client, people.ewa.email)
    morsel = SimpleCookie(response.headers["Set-Cookie"])["kladka"]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (True, "Lax", "/", "")
    assert (morsel["expires"], morsel["max-age"]) == ("", "")


def test_23_over_https_the_cookie_is_secure_and_bound_to_the_host(tmp_path, database, session, people, make_app):
    app = make_app(settings_for(tmp_path, base_url="https://kladka.example"), database)
    client = browser_of(app, session)
    client.get("/logowanie", base_url="https://kladka.example")
    data = {"email": people.ewa.email, "password": PASSWORD}
    response = client.post("/logowanie", data=data, base_url="https://kladka.example")
    morsel = SimpleCookie(response.headers["Set-Cookie"])["__Host-kladka"]
    assert (morsel["secure"], morsel["httponly"], morsel["path"], morsel["domain"]) == (True, True, "/", "")
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize("password", ["zażółć gęślą jaźń " * 5, " z odstępem na końcu ", "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂"])
def test_26_passwords_are_taken_as_they_are(app, session, password):
    person = make_person(session, "Anna Przykładowa", make_institution(session, "ops-haslo"))
    set_password(session, person.user_id, password)
    assert sign_in(browser_of(app, session), person.email, password).status_code == 303
    assert sign_in(browser_of(app, session), person.email, password.strip() + "x").status_code == 422


def test_the_masthead_names_the_role_of_whoever_acts_for_no_institution(client, people):
    assert (
        "inspektor wojewody, woj. lubuskie" in client.sign_in(people.wanda).see("/biurko").one("div", class_="who").text
    )
    assert "operator portalu" in client.sign_in(people.olga).see("/biurko").one("div", class_="who").text


@pytest.mark.parametrize("end", ["locked", "password"])
def test_16_what_ends_sessions_while_a_password_is_checked_lets_nobody_in(client, session, people, monkeypatch, end):
    checked = actions.verify

    def slow(password, stored):
        right = checked(password, stored)
        if end == "locked":
            actions.lock_account(session, people.olga.actor, people.ewa.user_id, "odeszła", now())
        else:
            set_password(session, people.ewa.user_id, "inne cztery slowa razem")
        session.commit()
        return right

    client.see("/logowanie")
    monkeypatch.setattr(actions, "verify", slow)
    response = client.post("/logowanie", data={"email": people.ewa.email, "password": PASSWORD})
    assert response.status_code == 422
    assert WRONG in client.page.text
    assert not is_in(client)


def test_22_another_address_of_the_same_connection_evades_nothing(session):
    for number in range(rules.PER_ADDRESS):
        assert actions.try_once(session, f"{number}@przyklad.example", f"2001:db8::{number + 1:x}", now())
    assert actions.try_once(session, "nikt@przyklad.example", "2001:db8::ffff", now()) is None
    assert actions.try_once(session, "nikt@przyklad.example", "2001:db8:0:1::1", now())

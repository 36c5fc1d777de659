"""The second step of signing in: switched on by a proof, asked for every time, each code once."""

from datetime import datetime, timedelta

import pyotp
import pytest
from sqlmodel import Session, col, select, update

from app.accounts import actions, rules, second_factor
from app.accounts.models import KeptForm, RecoveryCode, UserAccount, UserSession
from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from app.secret import token_hash
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.persons import PASSWORD, Person

pytestmark = pytest.mark.usefixtures("clock")
HALF_MINUTE = timedelta(seconds=30)
REFUSED = "Ten kod nie działa."


def code_at(session: Session, person: Person, instant: datetime) -> str:
    secret = session.get_one(UserAccount, person.user_id).totp_secret
    assert secret
    return pyotp.TOTP(secret).at(int(instant.timestamp()))


def switched_on(session: Session, person: Person) -> list[str]:
    """Switch the second factor on as the person would, two steps ago; give the paper codes."""
    second_factor.begin(session, person.actor, now())
    return second_factor.prove(
        session, person.actor, code_at(session, person, now() - HALF_MINUTE), now() - 2 * HALF_MINUTE
    )


def first_step(browser: Browser, person: Person, path: str = "/logowanie", password: str = PASSWORD):
    browser.see(path)
    return browser.post(path, data={"email": person.email, "password": password})


def second_step(browser: Browser, code: str, path: str = "/logowanie/kod"):
    browser.see(path)
    return browser.post(path, data={"code": code})


def is_in(browser: Browser) -> bool:
    return browser.get("/biurko").status_code == 200


def test_without_a_second_factor_signing_in_has_one_step(client, people):
    assert first_step(client, people.ewa).location == "/biurko"


def test_the_password_alone_signs_nobody_in(client, session, people):
    switched_on(session, people.ewa)
    response = first_step(client, people.ewa)
    assert (response.status_code, response.location) == (303, "/logowanie/kod")
    assert not is_in(client)
    assert client.get("/ustawienia").status_code == 302
    row = session.exec(select(UserSession)).one()
    assert (row.awaits_code, row.ended_at) == (True, None)


def test_the_token_of_the_first_step_opens_nothing_even_as_a_login(client, session, people):
    switched_on(session, people.ewa)
    token = actions.await_code(session, session.get_one(UserAccount, people.ewa.user_id), "tests", now())
    client.take_session(token)
    assert not is_in(client)
    assert client.post("/wydarzenia/nowe", data={"title": "x"}).status_code == 302
    assert session.exec(select(KeptForm)).all() == []


def test_the_code_of_the_program_signs_in(client, session, people):
    switched_on(session, people.ewa)
    first_step(client, people.ewa)
    response = second_step(client, code_at(session, people.ewa, now()))
    assert (response.status_code, response.location) == (303, "/biurko")
    assert is_in(client)
    verbs = [line.verb for line in session.exec(select(AuditLine).order_by(col(AuditLine.id))).all()]
    assert verbs[-2:] == ["session.awaits_code", "session.started"]


def test_14_each_step_has_a_token_of_its_own(client, app, session, people):
    switched_on(session, people.ewa)
    first_step(client, people.ewa)
    with client.session_transaction() as cookie:
        waiting = cookie["waiting"]
        assert "_user_id" not in cookie
    second_step(client, code_at(session, people.ewa, now()))
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != waiting
        assert "waiting" not in cookie
    thief = browser_of(app, session).take_session(waiting)
    assert not is_in(thief)
    assert session.exec(select(UserSession).where(UserSession.token_hash == token_hash(waiting))).one().ended_at


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_one_step_wrong(client, session, people, steps):
    switched_on(session, people.ewa)
    session.get_one(UserAccount, people.ewa.user_id).totp_last_step = 0
    first_step(client, people.ewa)
    assert second_step(client, code_at(session, people.ewa, now() + steps * HALF_MINUTE)).status_code == 303


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_28_a_code_of_the_window_after_next_is_refused(client, session, people, steps):
    switched_on(session, people.ewa)
    session.get_one(UserAccount, people.ewa.user_id).totp_last_step = 0
    first_step(client, people.ewa)
    assert second_step(client, code_at(session, people.ewa, now() + steps * HALF_MINUTE)).status_code == 422
    assert REFUSED in client.page.text
    assert not is_in(client)


def test_28_a_code_works_once(client, app, session, people):
    switched_on(session, people.ewa)
    code = code_at(session, people.ewa, now())
    first_step(client, people.ewa)
    assert second_step(client, code).status_code == 303
    second = browser_of(app, session)
    first_step(second, people.ewa)
    assert second_step(second, code).status_code == 422
    # An earlier one that has never been used is worth nothing either: codes are taken in their order.
    assert second_step(second, code_at(session, people.ewa, now() - HALF_MINUTE)).status_code == 422
    assert not is_in(second)


def test_28_the_code_that_proved_the_program_signs_nobody_in(client, session, people):
    second_factor.begin(session, people.ewa.actor, now())
    code = code_at(session, people.ewa, now())
    second_factor.prove(session, people.ewa.actor, code, now())
    first_step(client, people.ewa)
    assert second_step(client, code).status_code == 422


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "１２３４５６", "123456789012", "aaaa-bbbb-cccc"])
def test_nonsense_is_refused_with_a_sentence(client, session, people, typed):
    switched_on(session, people.ewa)
    first_step(client, people.ewa)
    assert second_step(client, typed).status_code == 422
    assert (REFUSED if typed else "Wpisz kod.") in client.page.text


def test_21_the_sixth_code_waits_even_if_it_is_right(client, session, people, clock):
    switched_on(session, people.ewa)
    first_step(client, people.ewa)
    for _ in range(5):
        assert second_step(client, "000000").status_code == 422
    assert second_step(client, code_at(session, people.ewa, now())).status_code == 429
    assert "15 minut" in client.page.text
    clock.shift(timedelta(minutes=15, seconds=1))
    first_step(client, people.ewa)
    assert second_step(client, code_at(session, people.ewa, now())).status_code == 303


def test_21_nobody_uses_up_the_codes_of_another_without_his_password(client, session, people):
    switched_on(session, people.ewa)
    for typed in (f"code {people.ewa.email}", f"code\n{people.ewa.email}"):
        for _attempt in range(rules.CODES_PER_ACCOUNT + 1):
            client.see("/logowanie")
            client.post("/logowanie", data={"email": typed, "password": "x"})
    first_step(client, people.ewa)
    assert second_step(client, code_at(session, people.ewa, now())).location == "/biurko"


def test_the_first_step_is_forgotten_after_ten_minutes(client, session, people, clock):
    switched_on(session, people.ewa)
    first_step(client, people.ewa)
    client.see("/logowanie/kod")
    clock.shift(timedelta(minutes=10))
    assert client.post("/logowanie/kod", data={"code": code_at(session, people.ewa, now())}).status_code == 303
    assert not is_in(client)
    client.see("/logowanie")
    assert "masz dziesięć minut na kod" in client.page.text


@pytest.mark.parametrize("end", ["locked", "password"])
def test_16_a_lock_or_a_new_password_ends_the_wait_for_the_code(client, session, people, end):
    switched_on(session, people.ewa)
    first_step(client, people.ewa)
    client.see("/logowanie/kod")
    if end == "locked":
        actions.lock_account(session, people.olga.actor, people.ewa.user_id, "odeszła", now())
    else:
        actions.change_password(session, people.ewa.actor, "x", now())
    assert client.post("/logowanie/kod", data={"code": code_at(session, people.ewa, now())}).status_code == 303
    assert not is_in(client)


def test_16_a_new_password_while_the_code_is_on_its_way_lets_nobody_in(client, session, people, monkeypatch):
    switched_on(session, people.ewa)
    first_step(client, people.ewa)
    client.see("/logowanie/kod")
    counted = actions.try_once

    def slow(own, *args):
        attempt = counted(own, *args)
        own.exec(update(UserSession).values(ended_at=now()))
        return attempt

    monkeypatch.setattr(actions, "try_once", slow)
    assert client.post("/logowanie/kod", data={"code": code_at(session, people.ewa, now())}).status_code == 303
    assert not is_in(client)


def test_where_one_wanted_to_go_survives_the_second_step(client, session, people):
    switched_on(session, people.ewa)
    response = first_step(client, people.ewa, "/logowanie?next=/wydarzenia/nowe")
    assert response.location == "/logowanie/kod?next=/wydarzenia/nowe"
    assert second_step(client, code_at(session, people.ewa, now()), response.location).location == "/wydarzenia/nowe"


def test_31_the_second_step_leads_nowhere_else(client, session, people):
    switched_on(session, people.ewa)
    first_step(client, people.ewa)
    code = code_at(session, people.ewa, now())
    assert second_step(client, code, "/logowanie/kod?next=//zly.example").location == "/biurko"


def test_a_kept_form_survives_the_second_step(client, session, people, clock):
    switched_on(session, people.ewa)
    client.sign_in(people.ewa).see("/wydarzenia/nowe")
    clock.shift(timedelta(hours=2))
    typed = {"kind": "staff_training", "title": "Szkolenie w połowie wpisane"}
    back = client.post("/wydarzenia/nowe", data=typed).location
    response = first_step(client, people.ewa, back)
    address = second_step(client, code_at(session, people.ewa, now()), response.location).location
    assert client.see(address).by_id("title").get("value") == typed["title"]


# --- paper codes


def test_a_paper_code_signs_in_once_and_says_how_many_are_left(client, app, session, people):
    codes = switched_on(session, people.ewa)
    first_step(client, people.ewa)
    assert second_step(client, f" {codes[3].upper().replace('-', ' ')} ").status_code == 303
    assert "Zostało Ci 9 kodów na kartce." in client.see("/biurko").text
    second = browser_of(app, session)
    first_step(second, people.ewa)
    assert second_step(second, codes[3]).status_code == 422
    assert second_step(second, codes[4]).status_code == 303


def test_paper_codes_are_kept_as_hashes_and_are_long(session, people):
    codes = switched_on(session, people.ewa)
    rows = session.exec(select(RecoveryCode)).all()
    assert len({*codes}) == len(rows) == rules.PAPER_CODES == 10
    assert all(len(code.replace("-", "")) == 12 for code in codes)
    assert not {code for code in codes for row in rows if code.replace("-", "") in str(row)}


def test_a_paper_code_of_somebody_else_is_worth_nothing(client, session, people):
    switched_on(session, people.ewa)
    others = switched_on(session, people.marek)
    first_step(client, people.ewa)
    assert second_step(client, others[0]).status_code == 422


def test_new_paper_codes_take_the_place_of_the_old(client, session, people):
    codes = switched_on(session, people.ewa)
    client.sign_in(people.ewa).see("/ustawienia/drugi-krok/kody")
    assert client.post("/ustawienia/drugi-krok/kody", data={"password_now": PASSWORD}).status_code == 200
    shown = [element.text for element in client.page.main.one("ol").all("li")]
    assert len(shown) == 10
    with pytest.raises(rules.WrongCode):
        second_factor.take(session, people.ewa.user_id, codes[0], now())
    session.rollback()
    assert second_factor.take(session, people.ewa.user_id, shown[0], now()) == 9


# --- switching on and off


def test_the_whole_way_through_the_pages(client, app, session, people):
    other = browser_of(app, session).sign_in(people.ewa)
    client.sign_in(people.ewa)
    client.see("/ustawienia")
    client.see(client.page.one("a", href="/ustawienia/drugi-krok")["href"])
    assert "Nie potrzebujesz telefonu." in client.page.text
    response = client.post("/ustawienia/drugi-krok", data={"password_now": PASSWORD})
    assert response.location == "/ustawienia/drugi-krok/wlacz"
    page = client.see("/ustawienia/drugi-krok/wlacz")
    secret = session.get_one(UserAccount, people.ewa.user_id).totp_secret or ""
    assert page.one("p", class_="code").text == " ".join(secret[n : n + 4] for n in range(0, 32, 4))
    assert f"secret={secret}" in page.by_id("adres")["value"]
    assert page.one("div", role="img").one("svg").has("viewBox".lower())
    assert client.post("/ustawienia/drugi-krok/wlacz", data={"code": "000000"}).status_code == 422
    assert is_in(other)
    code = code_at(session, people.ewa, now())
    assert client.post("/ustawienia/drugi-krok/wlacz", data={"code": code}).status_code == 200
    assert client.page.h1 == "Twoje kody na kartce"
    assert len(client.page.main.one("ol").all("li")) == 10
    assert not is_in(other)
    assert "włączony" in client.see("/ustawienia").text
    assert "zostało 10 kodów na kartce" in client.page.text
    sent = [mail.template for mail in session.exec(select(OutboxMail)).all()]
    assert sent == ["app/accounts/second_factor_on"]
    client.see("/ustawienia/drugi-krok/wylacz")
    assert client.post("/ustawienia/drugi-krok/wylacz", data={"password_now": PASSWORD}).status_code == 303
    assert session.exec(select(RecoveryCode)).all() == []
    assert first_step(browser_of(app, session), people.ewa).location == "/biurko"


def test_a_secret_that_was_never_proved_asks_for_nothing(client, session, people):
    second_factor.begin(session, people.ewa.actor, now())
    assert first_step(client, people.ewa).location == "/biurko"


@pytest.mark.parametrize("path", ["", "/kody", "/wylacz"])
def test_27_without_the_present_password_the_second_factor_stays_as_it_is(client, session, people, path):
    if path:
        switched_on(session, people.ewa)
    client.sign_in(people.ewa).see(f"/ustawienia/drugi-krok{path}")
    before = _state(session, people.ewa)
    for wrong in ("", "nie to hasło wcale"):
        answer = client.post(f"/ustawienia/drugi-krok{path}", data={"password_now": wrong})
        assert answer.status_code == 422
        assert _state(session, people.ewa) == before


def test_27_every_change_of_the_second_factor_is_told_by_mail(session, people):
    switched_on(session, people.ewa)
    second_factor.renew_codes(session, people.ewa.actor, now())
    second_factor.switch_off(session, people.ewa.actor, now())
    switched_on(session, people.ewa)
    second_factor.reset(session, people.olga.actor, people.ewa.user_id, "zgubiła kartkę", now())
    session.flush()
    told = [mail.template.rpartition("/")[2] for mail in session.exec(select(OutboxMail)).all()]
    on = "second_factor_on"
    assert told == [on, "recovery_codes_made", "second_factor_off", on, "second_factor_reset"]
    assert {mail.to_address for mail in session.exec(select(OutboxMail)).all()} == {people.ewa.email}


def test_what_is_on_is_not_begun_again(session, people):
    switched_on(session, people.ewa)
    for again in (
        lambda: second_factor.begin(session, people.ewa.actor, now()),
        lambda: second_factor.prove(session, people.ewa.actor, "000000", now()),
    ):
        with pytest.raises(rules.SecondFactorOn, match="switched on already"):
            again()
    for early in (
        lambda: second_factor.prove(session, people.marek.actor, "000000", now()),
        lambda: second_factor.renew_codes(session, people.marek.actor, now()),
        lambda: second_factor.reset(session, people.olga.actor, people.marek.user_id, "x", now()),
    ):
        with pytest.raises(rules.NotBegun, match="not switched on"):
            early()


def _state(session: Session, person: Person) -> tuple[object, ...]:
    user = session.get_one(UserAccount, person.user_id)
    codes = sorted(row.code_hash for row in session.exec(select(RecoveryCode)).all())
    return (user.totp_secret, user.totp_since, codes)


def test_who_is_signed_in_already_needs_no_code(client, people):
    client.sign_in(people.ewa)
    assert client.get("/logowanie/kod").location == "/biurko"
    assert "dziesięć minut" not in client.see("/biurko").text

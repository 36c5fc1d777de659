"""A form that comes after its session has ended: kept for its author, put back unsent, and for nobody else."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlmodel import Session, select
from time_machine import Traveller

from app.accounts.actions import forget_old
from app.accounts.models import KeptForm
from app.clock import now
from events.calendar.models import Event
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.persons import PASSWORD, People

TYPED = {"kind": "staff_training", "title": "Szkolenie w połowie wpisane", "description": "Pół strony tekstu."}


def lost(client: Browser, people: People, clock: Traveller) -> Browser:
    """Begin to type as Ewa, stay away for two hours, and send the form."""
    client.sign_in(people.ewa)
    client.see("/wydarzenia/nowe")
    clock.shift(timedelta(hours=2))
    response = client.post("/wydarzenia/nowe", data=TYPED)
    assert response.status_code == 302
    assert response.headers["Location"] == "/logowanie?next=/wydarzenia/nowe"
    return client


def sign_in(client: Browser, email: str) -> str:
    client.see("/logowanie?next=/wydarzenia/nowe")
    response = client.post("/logowanie?next=/wydarzenia/nowe", data={"email": email, "password": PASSWORD})
    assert response.status_code == 303
    return response.headers["Location"]


def test_what_was_typed_comes_back_unsent(client: Browser, session: Session, people: People, clock: Traveller) -> None:
    lost(client, people, clock)
    page = client.see(sign_in(client, people.ewa.email))
    assert page.by_id("title").get("value") == TYPED["title"]
    assert TYPED["description"] in page.by_id("description").text
    assert "zachowaliśmy to, co wpisano" in page.text
    assert session.exec(select(Event)).all() == []


def test_it_comes_back_once(client: Browser, people: People, clock: Traveller) -> None:
    lost(client, people, clock)
    address = sign_in(client, people.ewa.email)
    client.see(address)
    assert client.see(address).by_id("title").get("value") == ""


def test_it_does_not_come_back_at_the_next_sign_in(client: Browser, people: People, clock: Traveller) -> None:
    lost(client, people, clock)
    client.see(sign_in(client, people.ewa.email))
    client.post("/wyloguj")
    clock.shift(timedelta(minutes=1))
    assert client.see(sign_in(client, people.ewa.email)).by_id("title").get("value") == ""


def test_the_cookie_of_a_session_signed_out_keeps_nothing(
    client: Browser, app: Flask, session: Session, people: People, clock: Traveller
) -> None:
    client.sign_in(people.ewa)
    client.see("/wydarzenia/nowe")
    cookie, token = client.get_cookie("kladka"), client.token
    client.post("/wyloguj")
    thief = browser_of(app, session)
    thief.set_cookie("kladka", cookie.value if cookie else "")
    thief.post("/wydarzenia/nowe", data={**TYPED, "csrf_token": token})
    assert session.exec(select(KeptForm)).all() == []


def test_nobody_else_gets_it(client: Browser, people: People, clock: Traveller) -> None:
    lost(client, people, clock)
    page = client.see(sign_in(client, people.marek.email))
    assert page.by_id("title").get("value") == ""


def test_no_token_and_no_password_is_kept(client: Browser, session: Session, people: People, clock: Traveller) -> None:
    lost(client, people, clock)
    (kept,) = session.exec(select(KeptForm)).all()
    assert kept.user_id == people.ewa.user_id
    assert kept.body.keys() == TYPED.keys()


def test_it_is_forgotten_after_a_day(client: Browser, session: Session, people: People, clock: Traveller) -> None:
    lost(client, people, clock)
    clock.shift(timedelta(hours=24, minutes=1))
    forget_old(session, now())
    assert session.exec(select(KeptForm)).all() == []


@pytest.mark.usefixtures("clock")
def test_a_stranger_without_a_session_leaves_nothing(app: Flask, session: Session) -> None:
    stranger = browser_of(app, session)
    assert stranger.post("/wydarzenia/nowe", data=TYPED, csrf=False).status_code in {302, 400}
    assert session.exec(select(KeptForm)).all() == []


def test_a_forged_form_is_not_kept(client: Browser, session: Session, people: People, clock: Traveller) -> None:
    client.sign_in(people.ewa)
    clock.shift(timedelta(hours=2))
    assert client.post("/wydarzenia/nowe", data=TYPED, csrf=False).status_code == 400
    assert session.exec(select(KeptForm)).all() == []

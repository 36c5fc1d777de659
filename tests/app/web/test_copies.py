"""Working copies of long forms: saved while typed, offered when the page is opened again, for nobody else."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlmodel import col, select

from app.accounts import actions
from app.accounts.models import WorkingCopy
from app.accounts.rules import COPIES_MAX
from app.clock import now
from projects.programmes.models import Programme
from tests.conftest import browser_of

PAGE = "/projekty/nowy"
SAVE = f"/kopia?strona={PAGE}"
TYPED = {"title": "Wpisane do połowy", "kind": "counselling", "summary": "Pół strony tekstu.", "audience": "released"}


def copies(session):
    session.expire_all()
    return [
        (one.path, one.body.get("title")) for one in session.exec(select(WorkingCopy).order_by(col(WorkingCopy.id)))
    ]


def test_a_copy_is_offered_taken_up_and_forgotten_with_saving(client, session, people, clock):
    page = client.sign_in(people.jola).see(PAGE)
    form = page.form(PAGE)
    assert form["data-copy"] == SAVE
    saved = client.post(SAVE, data=TYPED)
    assert (saved.status_code, saved.headers["X-Saved-At"]) == (204, "9.00")
    client.post(SAVE, data={**TYPED, "title": "Wpisane dalej"})
    assert copies(session) == [(PAGE, ["Wpisane dalej"])]

    clock.shift(timedelta(minutes=20))
    page = client.see(PAGE)
    assert page.by_id("title")["value"] == ""
    assert "Masz niezapisane zmiany z dnia 23 listopada 2026, godz. 9.00" in page.by_id("kopia").text.replace(
        "\xa0", " "
    )
    assert page.form(PAGE).get("data-copy") == ""  # nothing takes its place unseen
    page = client.see(page.by_id("kopia").one("a")["href"])
    assert not page.main.all(id="kopia")
    values = page.values(PAGE)
    assert (values["title"], values["kind"], values["audience"]) == ("Wpisane dalej", "counselling", "released")
    assert client.post(PAGE, data=values).status_code == 303
    assert copies(session) == []
    assert client.see(PAGE).form(PAGE)["data-copy"] == SAVE


def test_a_copy_is_discarded(client, session, people, clock):
    client.sign_in(people.jola).see(PAGE)
    client.post(SAVE, data=TYPED)
    discard = client.see(PAGE).by_id("kopia").one("form")["action"]
    response = client.post(discard)
    assert (response.status_code, response.headers["Location"]) == (303, PAGE)
    assert "Niezapisane zmiany zostały odrzucone." in client.see(PAGE).text
    assert copies(session) == []
    assert client.see(f"{PAGE}?kopia=1").by_id("title")["value"] == ""


def test_a_copy_is_for_its_author_alone(client, session, people, clock):
    client.sign_in(people.jola).see(PAGE)
    client.post(SAVE, data=TYPED)
    other = browser_of(client.application).sign_in(people.marek)
    assert "Wpisane do połowy" not in str(other.see(f"{PAGE}?kopia=1").text)
    assert other.see(PAGE).form(PAGE)["data-copy"] == SAVE
    other.post(f"/kopia/odrzuc?strona={PAGE}")
    assert copies(session) == [(PAGE, ["Wpisane do połowy"])]
    stranger = browser_of(client.application)
    stranger.see("/logowanie")
    assert stranger.post(SAVE, data=TYPED).status_code == 302


def test_a_copy_is_made_of_pages_with_a_long_form_only(client, session, people):
    client.sign_in(people.jola).see(PAGE)
    for path in ("", "/projekty", "/biurko", "/projekty/nowy/x", "//obcy.example/projekty/nowy", "/kopia", "/%00"):
        assert client.post("/kopia", query_string={"strona": path}, data=TYPED).status_code == 404, path
        assert client.post("/kopia/odrzuc", query_string={"strona": path}).status_code == 404, path
    assert client.post(SAVE, data={**TYPED, "csrf_token": "x"}).status_code == 400
    assert copies(session) == []


def test_what_no_form_takes_is_not_copied(client, session, people):
    client.sign_in(people.jola).see(PAGE)
    assert client.post(SAVE, data={**TYPED, "Osoba 44051401359": "x"}).status_code == 422
    refused = client.post(SAVE, data={**TYPED, "goals": "Osoba 44051401359"})
    assert (refused.status_code, "PESEL" in refused.text) == (422, True)
    assert client.post(SAVE, data={**TYPED, "goals": "x" * 100_000}).status_code == 413
    assert copies(session) == []
    client.post(SAVE, data={**TYPED, "title": "a\x00b", "password": "tajne", "csrf_token_2": "x"})
    (copy,) = session.exec(select(WorkingCopy)).all()
    assert copy.body["title"] == ["ab"]
    assert "password" not in copy.body


def test_copies_go_after_two_weeks_and_are_few(client, session, people, clock):
    user = people.jola.user_id
    for number in range(COPIES_MAX + 3):
        clock.shift(timedelta(minutes=1))
        actions.keep_copy(session, user, f"/projekty/p-{number}/edycja", {}, now(), revision=number)
    paths = [path for path, _title in copies(session)]
    assert len(paths) == COPIES_MAX
    assert paths[0] == "/projekty/p-3/edycja"
    clock.shift(timedelta(days=14, minutes=-5))
    assert actions.forget_copies(session, now()) == COPIES_MAX - 6
    clock.shift(timedelta(minutes=6))
    assert actions.forget_copies(session, now()) == 6


def test_a_copy_sent_after_the_session_comes_back_after_sign_in(client, session, people, clock):
    client.sign_in(people.jola).see(PAGE)
    clock.shift(timedelta(hours=2))
    response = client.post(SAVE, data=TYPED, headers={"Referer": f"http://localhost{PAGE}"})
    assert response.status_code == 302
    assert urlsplit(response.headers["Location"]).query == "next=/projekty/nowy"
    assert copies(session) == []
    assert session.exec(select(Programme)).all() == []


@pytest.mark.parametrize("typed", ["", "-1", "9" * 40, "x", "٣"])
def test_a_revision_that_is_no_number_is_none(client, session, people, typed):
    client.sign_in(people.jola).see(PAGE)
    assert client.post(SAVE, data={**TYPED, "revision": typed}).status_code == 204
    assert session.exec(select(WorkingCopy)).one().revision == 0


def test_the_form_of_an_event_is_copied_too(client, session, people, clock):
    page = client.sign_in(people.ewa).see("/wydarzenia/nowe")
    save = page.form("/wydarzenia/nowe")["data-copy"]
    values = page.values("/wydarzenia/nowe")
    assert client.post(save, data={**values, "title": "Szkolenie", "day": "1.12.2026"}).status_code == 204
    page = client.see(client.see("/wydarzenia/nowe").by_id("kopia").one("a")["href"])
    values = page.values("/wydarzenia/nowe")
    assert (values["title"], values["day"]) == ("Szkolenie", "1.12.2026")
    response = client.post("/wydarzenia/nowe", data={**values, "kind": "staff_training", "szkic": "1"})
    assert response.status_code == 303
    assert copies(session) == []

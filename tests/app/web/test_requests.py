"""What every request meets: CSRF, the Host check, redirects, headers, methods, sizes, error pages."""

import logging
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from werkzeug.test import encode_multipart

from app import db
from app.db import Database
from app.factory import ROOT
from app.marks import SiteMark
from app.web.guards import open_to_all
from app.web.security import inside
from app.web.session import session as unit_of_work
from tests.conftest import Site, browser_of, settings_for
from tests.dump import dump
from tests.factories.persons import PASSWORD

OUTSIDE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/%0d%0aLocation: https://evil.example".replace("%0d%0a", "\r\n"),
    "/\tevil.example",
    " //evil.example",
    "evil.example",
    "/x\x00",
    "",
]
INSIDE = ["/", "/biurko", "/kalendarz?od=2026-12-01", "/wydarzenia/x#zapisy", "/%2f%2fevil.example"]
PAGES = ["/", "/partnerzy", "/projekty", "/kalendarz", "/kalendarz/lista", "/porozumienia", "/logowanie", "/nie-ma"]


def posts(site: Site) -> list[tuple[str, str]]:
    """Every address that can be posted to, with its endpoint."""
    found = []
    for rule in site.app.url_map.iter_rules():
        if "POST" in (rule.methods or ()):
            found += [(rule.endpoint, path) for _, path in site.world.addresses(rule)]
    return found


# --- forgery


@pytest.mark.slow
@pytest.mark.parametrize("role", ["visitor", "coordinator", "member", "operator"])
def test_no_act_without_the_token(site, role):
    before = dump(site.app)
    for endpoint, path in posts(site):
        browser = site.browser(role)
        browser.inspects = False
        foreign = site.browser("ngo").token
        for data in ({}, {"csrf_token": "x"}, {"csrf_token": foreign or ""}):
            response = browser.post(path, data=data, csrf=False)
            assert response.status_code in (400, 302), (endpoint, path, response.status_code)
            assert response.status_code == 400 or "/logowanie" in response.location
    assert dump(site.app) == before


def test_a_missing_token_is_explained(site):
    browser = site.browser("coordinator")
    browser.post("/wydarzenia/nowe", csrf=False)
    assert "Ten formularz stracił ważność. Wczytaj stronę ponownie i powtórz ostatni krok." in browser.page.text


def test_the_token_may_come_as_a_header(site):
    browser = site.browser("coordinator")
    response = browser.post("/sesja/przedluz", csrf=False, headers={"X-CSRFToken": browser.token or ""})
    assert response.status_code == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 400),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "null"}, 400),
        ({"Referer": "http://localhost/partnerzy"}, 303),
        ({"Referer": "http://localhost.evil.example/"}, 400),
        ({}, 400),
    ],
)
def test_the_look_is_changed_from_here_only(client, headers, status):
    response = client.post("/wyglad", data={"text": "2", "next": "/partnerzy"}, headers=headers, csrf=False)
    assert response.status_code == status
    assert (client.get_cookie("tekst") is not None) is (status == 303)


def test_signing_in_needs_a_token_of_this_visitor(client, people):
    assert client.post("/logowanie", data={"email": people.ewa.email, "password": PASSWORD}).status_code == 400


# --- redirects


@pytest.mark.parametrize("target", OUTSIDE)
def test_nobody_is_led_away(client, people, target):
    assert inside(target, "/biurko") == "/biurko"
    here = {"Sec-Fetch-Site": "same-origin"}
    assert client.post("/wyglad", data={"next": target}, headers=here, csrf=False).location == "/"
    client.get("/logowanie", query_string={"next": target})
    data = {"email": people.ewa.email, "password": PASSWORD}
    response = client.post("/logowanie", query_string={"next": target}, data=data)
    assert (response.status_code, response.location) == (303, "/biurko")
    assert client.get("/logowanie", query_string={"next": target}).location == "/biurko"


@pytest.mark.parametrize("target", INSIDE)
def test_a_path_of_the_portal_is_kept(target):
    assert inside(target, "/nie") == target


@pytest.mark.parametrize("name", ["next", "url", "redirect", "return", "continue", "to"])
def test_no_page_takes_an_address_from_outside(client, people, name):
    client.sign_in(people.ewa)
    for path in ("/", "/logowanie", "/biurko", "/kalendarz", "/favicon.ico"):
        response = client.get(path, query_string={name: "https://evil.example/"})
        assert "evil.example" not in response.headers.get("Location", "")


def test_a_visitor_comes_back_to_where_he_wanted(client, people):
    response = client.get("/wydarzenia/nowe?wzor=1")
    assert (response.status_code, response.location) == (302, "/logowanie?next=/wydarzenia/nowe?wzor%3D1")
    page = client.see(response.location)
    action = page.one("form", class_="panel")["action"]
    response = client.post(action, data={"email": people.ewa.email, "password": PASSWORD})
    assert response.location == "/wydarzenia/nowe?wzor=1"


def test_htmx_is_told_to_change_the_whole_page_at_a_lost_session(client):
    response = client.get("/biurko", headers={"HX-Request": "true", "HX-Target": "panel"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, "/logowanie?next=/biurko")


# --- the Host


@pytest.fixture(name="strict")
def _strict(tmp_path, database, make_app) -> Flask:
    app: Flask = make_app(settings_for(tmp_path, testing=False, base_url="https://kladka.example"), database)
    return app


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("kladka.example", 200),
        ("evil.example", 400),
        ("kladka.example.evil.example", 400),
        ("kladka.example:8080", 400),
        ("localhost", 400),
        ("127.0.0.1", 400),
        ("", 400),
        ("kladka.example@evil.example", 400),
    ],
)
def test_only_the_configured_host_is_answered(strict, host, status):
    response = strict.test_client().get("/partnerzy", base_url="https://kladka.example", headers={"Host": host})
    assert response.status_code == status
    assert b"evil.example" not in response.data
    assert "evil.example" not in str(response.headers)


def test_a_forwarded_host_is_not_heard(strict):
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "ftp", "Forwarded": "host=evil.example"}
    for path in ("/", "/biurko", "/kanaly/publiczny.ics"):
        response = strict.test_client().get(path, base_url="https://kladka.example", headers=headers)
        assert b"evil.example" not in response.data
        assert "evil.example" not in str(response.headers)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("[::1]:8000", 200),
        ("localhost:9000", 400),
        ("evil:8000", 400),
    ],
)
def test_on_this_machine_its_names_are_equal(tmp_path, database, make_app, host, status):
    app = make_app(settings_for(tmp_path, testing=False, base_url="http://127.0.0.1:8000"), database)
    assert app.test_client().get("/partnerzy", headers={"Host": host}).status_code == status


# --- headers


@pytest.mark.parametrize("path", [*PAGES, "/kanaly/publiczny.ics", "/static/favicon.svg", "/robots.txt", "/healthz"])
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Server" not in headers


@pytest.mark.parametrize("path", ["/", "/partnerzy", "/kalendarz", "/kalendarz/lista", "/projekty", "/porozumienia"])
def test_public_pages_set_no_cookie_and_carry_no_token(client, path):
    response = client.get(path)
    assert "Set-Cookie" not in response.headers
    assert "csrf" not in response.get_data(as_text=True).lower()
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "HX-Request", "HX-Target"} <= set(response.vary)


@pytest.mark.parametrize("path", ["/", "/biurko", "/partnerzy", "/kalendarz", "/wydarzenia/nowe"])
def test_pages_of_the_signed_in_are_kept_by_nobody(client, people, path):
    response = client.sign_in(people.ewa).get(path)
    assert response.headers["Cache-Control"] == "no-store"
    assert "Cookie" in response.vary


# --- methods, sizes, odd requests


@pytest.mark.slow
def test_other_methods_are_refused(site):
    browser = site.browser("coordinator")
    before = dump(site.app)
    for rule in site.app.url_map.iter_rules():
        for _, path in site.world.addresses(rule):
            for method in ("PUT", "DELETE", "PATCH", "TRACE", "FOO"):
                response = browser.open(path, method=method)
                assert response.status_code == 405, (method, path)
                assert response.headers["Allow"]
    assert dump(site.app) == before


@pytest.mark.slow
@pytest.mark.look  # the same view answers: what it asks of the database does not depend on the method
@pytest.mark.parametrize("role", ["visitor", "ops", "coordinator"])
def test_head_and_fragments_are_refused_as_get_is(site, role):
    browser = site.browser(role)
    browser.inspects = False
    for rule in site.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        for _, path in site.world.addresses(rule):
            status = browser.get(path).status_code
            head = browser.head(path)
            assert (head.status_code, head.data) == (status, b""), path
            assert browser.options(path).status_code in (200, status), path
            fragment = browser.get(path, headers={"HX-Request": "true", "HX-Target": "results"})
            assert fragment.status_code in ((204, 302) if status == 302 else (status,)), path


def test_a_large_body_is_refused(client, people):
    client.sign_in(people.ewa)
    response = client.post("/wydarzenia/nowe", data={"title": "x" * 3_000_000})
    assert response.status_code == 413
    assert "2 MB" in client.page.text or "za duż" in client.page.text.lower()


def test_a_swarm_of_parts_is_refused(client, people):
    client.sign_in(people.ewa)
    token = {"csrf_token": client.token or ""}
    boundary, body = encode_multipart({**token, **{f"field{number}": "x" for number in range(5000)}})
    response = client.post("/wydarzenia/nowe", data=body, content_type=f"multipart/form-data; boundary={boundary}")
    assert response.status_code in (400, 413)


def test_a_long_address_is_refused(client):
    assert client.get("/partnerzy?q=" + "x" * 9000).status_code in (400, 414)


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "kladka=damaged"},
        {"Cookie": "kladka=eyJfdXNlcl9pZCI6MX0.x.y; tekst=9; kontrast=<b>; jezyk=../../x"},
        {"Cookie": "kladka=" + "x" * 3900},
        {"Cookie": "\xff\xfe=\x01; ;;=;"},
        {"Accept-Language": "pl-" * 1700},
        {"If-Modified-Since": "yesterday"},
        {"If-None-Match": '"' * 400},
        {"Range": "bytes=-1,5-2,x"},
        {"Accept-Encoding": "gzip;q=x, *;;"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Length": "x"},
        {"HX-Request": "true", "HX-Target": "../../x", "HX-Current-URL": "x"},
        {"HX-Request": "yes", "HX-Boosted": "true", "HX-History-Restore-Request": "true"},
        {"User-Agent": "x" * 5000},
        {"X-Forwarded-For": "x, y"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_odd_headers_do_no_harm(client, headers):
    for path in ("/", "/partnerzy", "/kanaly/publiczny.ics", "/static/favicon.svg", "/logowanie"):
        assert client.get(path, headers=headers).status_code < 500


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config", "/.env", "/console", "/pyproject.toml", "/app/config.py", "/var/kladka.sqlite",
        "/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml", "/static/..%2fpyproject.toml",
        "/static//etc/passwd", "/static/%00", "/static/" + "x" * 300, "/static/.git", "/static/",
        "/static/build/gz/css/style.css.gz",
        "/admin", "/wp-login.php", "/index.php", "//", "/%ff", "/%ed%a0%bd",
    ],
)  # fmt: skip
def test_nothing_else_is_served(client, path):
    assert client.get(path).status_code in (404, 308)


@pytest.mark.parametrize("language", ["../../x", "de", "PL", "", "x" * 300, "en\x00"])
def test_only_known_languages_are_kept(client, language):
    page = client.get("/partnerzy", query_string={"jezyk": language})
    assert page.status_code == 200
    assert client.page.one("html")["lang"] == "pl"
    assert client.get_cookie("jezyk") is None


def test_the_language_is_kept_in_a_cookie(client):
    client.get("/partnerzy?jezyk=en")
    assert client.see("/").one("html")["lang"] == "en"
    assert client.see("/?jezyk=pl").one("html")["lang"] == "pl"


def test_of_two_equal_parameters_the_first_counts(client, people):
    twice = client.see("/partnerzy?q=mops&q=zk").text
    assert twice == client.see("/partnerzy?q=mops").text


# --- error pages


def route(app: Flask, path: str, view: Any, **options: Any) -> None:
    app._got_first_request = False  # routes may be added until the first request; this app has had none of visitors
    app.add_url_rule(path, view_func=open_to_all(view), **options)


def test_a_fault_shows_a_number_and_nothing_else(strict, caplog):
    def crash() -> str:
        secret = "SELECT concealed FROM /srv/kladka"
        raise RuntimeError(secret)

    route(strict, "/crash", crash)
    browser = browser_of(strict)
    with caplog.at_level(logging.ERROR, "kladka"):
        page = browser.see("/crash", 500, base_url="https://kladka.example")
    number = re.search(r"K-[0-9A-F]{4}-[0-9A-F]{4}", page.text)
    assert number is not None
    assert number.group() in caplog.text
    for word in ("concealed", "/srv", "Traceback", "RuntimeError", "Werkzeug", "Python", str(ROOT)):
        assert word not in page.source
    assert browser.get("/crash", base_url="https://kladka.example").headers["Cache-Control"] == "no-store"


def test_a_refused_commit_is_never_called_saved(strict, session):
    def save() -> str:
        unit_of_work().add(SiteMark(key="x" * 41, value="1"))
        unit_of_work().add(SiteMark(key="twice", value="1"))
        unit_of_work().flush()
        unit_of_work().connection().exec_driver_sql("DELETE FROM site_mark WHERE key = 'never'")
        raise IntegrityError("statement", {}, Exception("unique"))

    route(strict, "/save", save, methods=["POST"])
    browser = browser_of(strict, session)
    browser.get("/logowanie", base_url="https://kladka.example")
    response = browser.post("/save", base_url="https://kladka.example", headers={"Referer": "https://kladka.example/"})
    assert response.status_code == 500
    assert session.exec(select(SiteMark)).all() == []


def test_a_busy_store_says_so_and_reading_goes_on(tmp_path, sqlite_files, make_app, monkeypatch):
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 50)
    with sqlite_files.fresh(tmp_path) as url:
        database = Database(url)
        browser = browser_of(make_app(settings_for(tmp_path, testing=False, base_url="http://localhost"), database))
        browser.see("/logowanie")
        with closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert browser.get("/partnerzy").status_code == 200
            response = browser.post("/logowanie", data={"email": "x@y.example", "password": "x"})
            assert response.status_code == 503
            assert browser.page.h1
            other.execute("ROLLBACK")
        assert browser.post("/logowanie", data={"email": "x@y.example", "password": "x"}).status_code == 422
        database.dispose()


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413])
def test_error_pages_are_pages(client, people, status):
    client.sign_in(people.piotr)
    asked = {
        400: lambda: client.post("/wyloguj", csrf=False),
        403: lambda: client.get("/operator/poczta"),
        404: lambda: client.get("/nie-ma-takiej-strony"),
        405: lambda: client.get("/wyloguj"),
        413: lambda: client.post("/wyloguj", data={"x": "y" * 3_000_000}),
    }[status]()
    assert asked.status_code == status
    assert client.page.h1
    assert client.page.main.all("a")
    for word in ("Werkzeug", "Flask", "Python", "Traceback", "SELECT", "sqlite", "/app/", str(ROOT)):
        assert word.lower() not in client.page.source.lower().replace("/static/", "")

"""Nasty values in every argument, parameter and field: a sentence, never a fault; what was typed comes back."""

import random
import re
from collections.abc import Iterator, Sequence
from functools import cache
from urllib.parse import quote, urlencode, urlsplit

import pytest
from werkzeug.routing import Rule

from app.factory import ROOT
from app.web.guards import admits
from tests.browser import Browser, Element, form_values
from tests.conftest import POSTGRESQL, Site
from tests.dump import dump
from tests.world import path_of

IDS = [
    "0",
    "-1",
    "1" + "0" * 23,
    "1'",
    "%00",
    "%D9%A1%D9%A2",
    "1%20OR%201=1",
    "1.0",
    "1e3",
    "+1",
    "%2e%2e",
    "None",
    "x" * 3000,
]
NASTY = [
    "\x00",
    "a\x00b",
    "x" * 20_000,
    "a\r\nSet-Cookie: evil=1\r\n\r\n<b>",
    "\u202eodwrócone\u202c",
    "🙂👩‍👩‍👧‍👦",
    "\ud83d",
    "2026-02-30",
    "25:61",
    "31.02.2026",
    "0000-00-00",
    "9999-12-31",
    "0001-01-01",
    "99999999999999999999999",
    "-1",
    "1e400",
    "NaN",
    "٢٠٢٦-١٢-٠١",
    "'; DROP TABLE event; --",
    '"><svg onload=alert(1)>',
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "{% raw %}",
    "${7*7} %s %d",
    "%",
    "_%_",
    "\\",
    "../../etc/passwd",
    "javascript:alert(1)",
    " \t\u00a0\u2003",
    "İıſß",
    "44051401359",
    "2026-11-08T09:00:00+00:00|99999999999999999999",
    "|",
    "a|b|c",
]
WORST = [
    "\x00",
    "x" * 20_000,
    "\ud83d",
    "2026-02-30",
    "25:61",
    "99999999999999999999999",
    "-1",
    "9999-12-31",
    "🙂",
    "'",
]
_ARGS = re.compile(r"args(?:\.get|\.getlist)\(\"([^\"]+)\"")
_RAW = re.compile(r"<svg onload|<script>alert|\{\{ 7\*7 \}\}\d", re.IGNORECASE)


@cache
def parameters() -> dict[str, frozenset[str]]:
    """The query parameters that each view module reads, by the name of the module."""
    found = {}
    for path in [*ROOT.glob("*/*/views.py"), *ROOT.glob("app/portal/*.py")]:
        beside = path.with_name("forms.py") if path.name == "views.py" else path
        sources = [one.read_text(encoding="utf-8") for one in (path, beside) if one.is_file()]
        names = frozenset(name for source in sources for name in _ARGS.findall(source))
        found[".".join(path.relative_to(ROOT).with_suffix("").parts)] = names
    return found


def drawn(values: Sequence[str], number: int, about: str, *, always: bool = POSTGRESQL) -> Sequence[str]:
    """All *values*; on the second database, which has the same forms, *number* of them, others for each *about*.

    So *always* where somebody else is asked all of them of the same code already.
    """
    return random.Random(about).sample(values, number) if always else values


def names_for(site: Site, rule: Rule) -> list[str]:
    return sorted(parameters().get(site.app.view_functions[rule.endpoint].__module__, frozenset()) | {"jezyk", "next"})


def pages(site: Site) -> Iterator[tuple[Rule, str]]:
    for rule in site.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in ("static", "pages.readyz"):
            yield rule, next(path for _, path in site.world.addresses(rule))


def test_the_parameters_are_found(site):
    found = {rule.endpoint: set(names_for(site, rule)) for rule, _ in pages(site)}
    assert {"q", "woj", "rodzaj", "usluga", "status", "strona"} <= found["institutions.index"]
    assert {"od", "do", "po", "przed"} <= found["calendar.listing"]
    assert {"stan", "przed"} <= found["operator.outbox"]


@pytest.mark.slow
def test_nonsense_in_an_address_is_not_found(site):
    browser = site.browser("coordinator")
    for rule in site.app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        # Whom the guard turns away is not told whether there is such a thing.
        comes_in = admits(site.app.view_functions[rule.endpoint].guard, site.world.people.ewa.actor)
        expected = (404, 414, 405) if comes_in else (403, 404, 414, 405)
        for argument in rule.arguments:
            for value in drawn(IDS, 4, rule.rule + argument):
                path = _with(site, rule, argument, value)
                for method in (rule.methods or set()) & {"GET", "POST"}:
                    status = browser.open(path, method=method, data={"csrf_token": browser.token}).status_code
                    assert status in expected, (method, path[:100], status)


@pytest.mark.slow
@pytest.mark.parametrize("role", ["visitor", "coordinator", "operator"])
def test_nasty_parameters_on_every_page(site, role):
    """All parameters at once, with each value; then each parameter with each of the worst."""
    browser, reader = site.browser(role), site.world.people.ewa.actor
    for rule, path in pages(site):
        names = names_for(site, rule)
        reads_any = len(names) > 2
        if role == "operator" and not rule.rule.startswith("/operator"):
            continue
        few = POSTGRESQL or (role == "visitor" and admits(site.app.view_functions[rule.endpoint].guard, reader))
        for value in drawn(NASTY, 8, rule.rule, always=few) if reads_any else drawn(WORST, 3, rule.rule, always=True):
            query = "&".join(f"{name}={_quoted(value)}" for name in names)
            _answers(browser, f"{path}?{query}"[:7900], rule)
        browser.inspects = False
        for name in names if reads_any else ():
            for value in drawn(WORST, 2 if few else 5, rule.rule + name, always=True):
                _answers(browser, f"{path}?{name}={_quoted(value)[:7000]}&{name}=drugi", rule)
        browser.inspects = True


# --- forms: found on the pages, posted as they stand but for one field


def forms(site: Site, browser: Browser) -> Iterator[tuple[str, Element]]:
    """One form for each act that the pages of this browser offer, with the page it stands on."""
    seen = {"look.save", "accounts.sign_out"}
    addresses = site.app.url_map.bind("localhost")
    for rule in site.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("static", "feeds.event"):
            continue
        for _, path in site.world.addresses(rule):
            response = browser.get(path)
            if response.status_code != 200 or response.mimetype != "text/html":
                continue
            for form in browser.page.all("form"):
                if form.get("method") != "post":
                    continue
                endpoint, _arguments = addresses.match(urlsplit(form["action"]).path, method="POST")
                if endpoint not in seen:
                    seen.add(endpoint)
                    yield path, form


@pytest.mark.slow
@pytest.mark.parametrize("role", ["visitor", "coordinator", "member", "operator"])
def test_nasty_values_in_every_field(site, role):
    browser = site.browser(role)
    found = list(forms(site, browser))
    assert found
    for _page, form in found:
        action, values = form["action"], {**form_values(form), "csrf_token": browser.token}
        fields = {element["name"] for element in form.all() if element.get("name")} - {"csrf_token"}
        for value in drawn(NASTY, 8, action):
            _posts(browser, action, {**dict.fromkeys(fields, value), "csrf_token": values["csrf_token"]})
        browser.inspects = False
        for name in sorted(fields):
            for value in drawn(WORST[:6], 2 if POSTGRESQL else 3, action + name, always=True):
                _posts(browser, action, {**values, name: value})
            _posts(browser, action, {**values, name: ["1", "2", "\x00"]})
            _posts(browser, action, {key: kept for key, kept in values.items() if key != name})
        browser.inspects = True
        site.again()


@pytest.mark.slow
def test_what_was_typed_comes_back(site):
    """A refused form is filled in as it was sent, whatever was in it."""
    browser = site.browser("coordinator")
    for path in ("/wydarzenia/nowe", "/projekty/nowy"):
        browser.see(path)
        form = browser.page.form(path)
        names = [one["name"] for one in form.all("textarea")]
        names += [one["name"] for one in form.all("input") if one.get("type", "text") in ("text", "email", "url")]
        typed = {name: f"Wpis {number} „zażółć” <b>&amp;" for number, name in enumerate(names)}
        response = browser.post(path, data={**typed, "csrf_token": browser.token})
        assert response.status_code == 422
        assert browser.page.title.startswith("Błąd: ")
        back = form_values(browser.page.form(path))
        assert {name: back[name] for name in typed} == typed


def test_more_than_is_asked_for_changes_nothing(site):
    """Fields of the tables that no form has: institution, state, role, owner, uuid."""
    browser = site.browser("coordinator")
    path = next(path for variant, path in site.world.addresses(_rule(site, "changes.edit")) if variant == "public")
    browser.see(path)
    extra = {
        "organiser_id": "1", "institution_id": "1", "state": "draft", "sequence": "77", "uid": "x", "uuid": "x",
        "id": "1", "synthetic": "1", "is_admin": "1", "role": "operator", "created_by": "1", "seats_taken": "99",
    }  # fmt: skip
    values = {**extra, **browser.page.values(path), "csrf_token": browser.token}
    before = dump(site.app)
    assert browser.post(path, data=values).status_code == 303
    after = dump(site.app)
    assert after["event"] == before["event"]
    assert after["user_account"] == before["user_account"]
    assert after["occurrence"] == before["occurrence"]


def _answers(browser: Browser, path: str, where: object) -> None:
    response = browser.get(path)
    assert response.status_code < 500, (where, path[:200])
    assert response.status_code in (200, 302, 303, 308, 400, 403, 404, 409, 414), (
        where,
        response.status_code,
        path[:200],
    )
    if response.mimetype == "text/html":
        assert not _RAW.search(response.get_data(as_text=True)), path[:200]
    assert not any("evil" in cookie for cookie in response.headers.getlist("Set-Cookie"))


def _posts(browser: Browser, action: str, data: dict[str, object]) -> None:
    body = urlencode(data, doseq=True, errors="surrogatepass")
    response = browser.post(action, data=body, content_type="application/x-www-form-urlencoded")
    shown = {name: str(value)[:40] for name, value in data.items()}
    assert response.status_code in (200, 204, 303, 400, 403, 404, 409, 413, 422, 429), (action, response.status, shown)
    if response.status_code == 303:
        seen = browser.get(response.location)
        assert seen.status_code < 500, (action, response.location, shown)
        assert seen.mimetype != "text/html" or not _RAW.search(seen.get_data(as_text=True)), (action, shown)


def _quoted(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"))


def _with(site: Site, rule: Rule, argument: str, value: str) -> str:
    """The address of *rule* in the world, with one argument changed to *value*."""
    return path_of(rule, {**site.world.values(rule), argument: value})


def _rule(site: Site, endpoint: str) -> Rule:
    return next(rule for rule in site.app.url_map.iter_rules() if rule.endpoint == endpoint)

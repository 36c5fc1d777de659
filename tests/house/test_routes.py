"""Who gets what from which address: every route x every role, against the table in routes.txt.

A route without a line fails. To write the table anew, and then to read what has changed in it line by line:

    KLADKA_TEST_WRITE=1 .venv/bin/python -m pytest tests/house/test_routes.py tests/house/test_urls.py
"""

import difflib
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.routing import Rule

from tests.conftest import POSTGRESQL, Site
from tests.world import ROLES

TABLE = Path(__file__).parent / "routes.txt"
HEAD = f"""\
# What each role gets from each address: GET as it stands, POST as an empty form with a valid CSRF token.
# The event belongs to the prison of `coordinator` and `admin`; `member` works at the invited MOPS and is signed up;
# `ngo`, `prison` and `ops` coordinate other institutions. Made by tests/house/test_routes.py.
{"# address":<70}{"".join(f"{role:>12}" for role in ROLES)}
"""


@pytest.mark.slow
def test_every_route_answers_every_role_as_the_table_says(site):
    of_table = {named: answers for named, *answers in map(_columns, TABLE.read_text(encoding="utf-8").splitlines())}
    lines = [HEAD.rstrip("\n"), *(_line(site, of_table, *case) for case in cases(site))]
    written = "\n".join(lines) + "\n"
    if os.environ.get("KLADKA_TEST_WRITE"):
        TABLE.write_text(written, encoding="utf-8")
    known = TABLE.read_text(encoding="utf-8")
    difference = difflib.unified_diff(known.splitlines(), written.splitlines(), "routes.txt", "the portal", n=0)
    assert list(difference) == []


def test_every_route_has_a_line(site):
    """The fast half of the test above."""
    table = {tuple(line.split()[:2]) for line in TABLE.read_text(encoding="utf-8").splitlines() if line[:1] != "#"}
    missing = [case[:2] for case in cases(site) if (case[0], case[1].rule) not in table]
    assert missing == []


def cases(site: Site) -> Iterator[tuple[str, Rule, str, str]]:
    """Give (method, rule, variant, path) of everything that can be asked for."""
    for rule in sorted(site.app.url_map.iter_rules(), key=lambda one: one.rule):
        for method in ("GET", "POST"):
            if method in (rule.methods or ()):
                for variant, path in site.world.addresses(rule):
                    yield method, rule, variant, path


def _columns(line: str) -> list[str]:
    return line.rsplit(maxsplit=len(ROLES))


def _line(site: Site, of_table: dict[str, list[str]], method: str, rule: Rule, variant: str, path: str) -> str:
    named = f"{method:<5}{rule.rule}" + (f" [{variant}]" if variant else "")
    answers = dict(zip(ROLES, of_table.get(named, ["-"] * len(ROLES)), strict=True))
    # Rights are the same on both databases; what the second one may refuse shows with a few, others at each address.
    asked = random.Random(named).sample(ROLES, 3) if POSTGRESQL else ROLES
    answers |= {role: _status(site, method, path, role) for role in asked}
    return f"{named:<70}" + "".join(f"{answer:>12}" for answer in answers.values())


def _status(site: Site, method: str, path: str, role: str) -> str:
    browser = site.browser(role)
    browser.inspects = False
    if method == "GET":
        return str(browser.get(path).status_code)
    if role == "visitor":
        browser.get("/logowanie")  # for a token
    status = browser.post(path, data={}).status_code
    if status < 400:
        site.again()  # a refusal has changed nothing
    return str(status)

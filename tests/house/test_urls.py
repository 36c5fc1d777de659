"""Addresses: Polish, kebab-case, typed, and never lost (urls.txt; written anew as test_routes.py says)."""

import os
import re
from pathlib import Path

from app.actors import Role
from app.web.guards import Guard
from tests.conftest import Site

KNOWN = Path(__file__).parent / "urls.txt"
HEAD = (
    "# Addresses that have been given out: each must answer for ever, or lead on. Made by tests/house/test_urls.py.\n"
)
_WORDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?")
_ARGUMENT = re.compile(r"<(?:([a-z]+)(?:\([^)]*\))?:)?\w+>")
# Names that others have chosen.
GIVEN = {"/.well-known/security.txt", "/healthz", "/readyz", "/robots.txt", "/favicon.ico"}
OPEN_TO_ALL = {
    "accounts.choose", "accounts.code", "accounts.follow_link", "accounts.forgotten", "accounts.link_sent",
    "accounts.sign_in", "accounts.sign_out", "agreements.index", "agreements.show", "calendar.listing",
    "calendar.dates", "calendar.list_csv", "calendar.list_xlsx",
    "calendar.month", "calendar.show", "calendar.show_day", "calendar.this_month", "calendar.week",
    "cards.letter", "editions.show", "feeds.event", "joining.of_event", "joining.show", "programme_documents.download",
    "programme_documents.index", "programmes.as_csv", "programmes.as_xlsx",
    "exchange.hsds_json", "exchange.hsds_zip", "exchange.open_data", "feeds.institution", "feeds.programme",
    "feeds.personal", "feeds.public", "home.show", "institutions.as_csv", "institutions.as_xlsx", "institutions.index",
    "institutions.show",
    "look.save", "pages.accessibility", "pages.bip", "pages.favicon", "pages.healthz", "pages.help",
    "pages.help_topic", "pages.privacy", "pages.readyz", "pages.robots", "pages.security_txt", "pages.terms",
    "admission.apply", "admission.thanks", "people.accept", "people.create", "people.enter_code", "people.join",
    "programmes.index", "programmes.show", "replies.answer", "replies.calendar_file", "replies.show", "static",
    "competence.index", "competence.sheet", "competence.show",
    "pages.legal", "search.index",
}  # fmt: skip
UNSAFE_AND_OPEN = {
    "accounts.forgotten", "accounts.sign_in", "accounts.sign_out", "admission.apply", "look.save", "people.enter_code",
}  # fmt: skip


def guard_of(site: Site, endpoint: str) -> Guard | None:
    return getattr(site.app.view_functions[endpoint], "guard", None)


def test_every_endpoint_says_who_may_come_in(site):
    unguarded = [rule.endpoint for rule in site.app.url_map.iter_rules() if guard_of(site, rule.endpoint) is None]
    assert unguarded == []


def test_what_is_open_is_listed_here(site):
    kinds = {rule.endpoint: guard_of(site, rule.endpoint) for rule in site.app.url_map.iter_rules()}
    assert {name for name, guard in kinds.items() if guard and guard.kind in ("open", "token")} == OPEN_TO_ALL


def test_acts_are_never_open(site):
    unsafe = {
        rule.endpoint for rule in site.app.url_map.iter_rules() if (rule.methods or set()) & {"POST", "PUT", "DELETE"}
    }
    open_acts = {name for name in unsafe if (guard := guard_of(site, name)) and guard.kind == "open"}
    assert open_acts == UNSAFE_AND_OPEN


def test_no_guard_admits_visitors_by_role(site):
    for rule in site.app.url_map.iter_rules():
        guard = guard_of(site, rule.endpoint)
        assert guard is not None
        assert not guard.roles & {Role.VISITOR, Role.SYSTEM}
        assert guard.kind != "role" or guard.roles


def test_addresses_are_words_in_small_letters(site):
    wrong = []
    for rule in site.app.url_map.iter_rules():
        parts = _ARGUMENT.sub("x", rule.rule).strip("/").split("/")
        if rule.rule not in GIVEN and rule.rule != "/" and not all(_WORDS.fullmatch(part) for part in parts):
            wrong.append(rule.rule)
        if rule.rule != "/" and rule.rule.endswith("/"):
            wrong.append(rule.rule)
    assert wrong == []


def test_arguments_are_typed(site):
    loose = {
        rule.rule
        for rule in site.app.url_map.iter_rules()
        for converter in _ARGUMENT.findall(rule.rule)
        if converter in ("", "string", "default", "int", "float", "any", "path")
    }
    assert loose == {"/static/<path:name>"}


def test_no_address_is_lost(site):
    present = sorted({rule.rule for rule in site.app.url_map.iter_rules()})
    if os.environ.get("KLADKA_TEST_WRITE"):
        KNOWN.write_text(HEAD + "\n".join(present) + "\n", encoding="utf-8")
    known = [line for line in KNOWN.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert sorted(set(known) - set(present)) == [], "lost: let them lead on, or the calendars of others break"
    assert sorted(set(present) - set(known)) == [], "new: write them into urls.txt"


def test_no_two_endpoints_share_an_address_and_method(site):
    seen: dict[tuple[str, str], str] = {}
    for rule in site.app.url_map.iter_rules():
        for method in rule.methods or ():
            if method not in ("HEAD", "OPTIONS"):
                # No other argument looks like a quarter.
                place = _ARGUMENT.sub(lambda found: "<quarter>" if found[1] == "quarter" else "<>", rule.rule)
                assert seen.setdefault((place, method), rule.endpoint) == rule.endpoint

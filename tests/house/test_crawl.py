"""Walk the whole portal by its links, as each role: every page stands, says nothing secret, and changes nothing."""

from collections import Counter
from urllib.parse import urlsplit

import pytest
from sqlmodel import Session

from app.clock import now
from app.outbox.models import MailState
from events.calendar.models import Visibility
from events.signups import actions as signups
from events.signups.rules import Person as Guest
from events.signups.rules import Wanted
from tests.browser import Browser
from tests.conftest import Site
from tests.dump import dump
from tests.factories.events import date_of, make_event
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.mails import PARAMS, make_mail
from tests.factories.programmes import make_programme
from tests.world import ROLES, SECRET_TITLES

# Months, weeks and pages of lists lead to further ones without end.
PER_ENDPOINT = 12
# Who is told of what: (the internal event, the draft of an event, the draft of a project, a document for partners,
# what a partner-to-be has written of its part).
MAY_KNOW = {
    "visitor": (False, False, False, False, False),
    "ngo": (False, False, False, False, False),
    "prison": (False, False, False, False, False),
    "ops": (False, False, False, False, True),
    "member": (True, False, False, True, False),
    "coordinator": (True, True, True, True, True),
    "admin": (True, True, True, True, True),
    "operator": (True, False, False, False, False),
    "inspector": (False, False, False, False, False),
}
DEAD_ENDS = ("/kanaly/", "/static/", "/wyloguj")
XSS = '"><svg onload=alert(1)><script>alert(2)</script>{{ 7*7 }}[x](javascript:alert(3))<img src=//evil.example>'
BREAKS = "Tytuł\r\nATTENDEE:mailto:obcy@evil.example"


def crawl(site: Site, browser: Browser, *beginnings: str) -> dict[str, str]:
    """Follow every link of the house from *beginnings*; give the source of each page seen."""
    addresses = site.app.url_map.bind("localhost")
    waiting, seen, visits = list(beginnings), {}, Counter[str]()
    while waiting:
        path = waiting.pop(0)
        bare = urlsplit(path).path
        if path in seen or bare.startswith(DEAD_ENDS):
            continue
        endpoint, _arguments = addresses.match(bare)
        visits[str(endpoint)] += 1
        if visits[str(endpoint)] > PER_ENDPOINT:
            continue
        response = browser.get(path, follow_redirects=True)
        assert response.status_code == 200, (path, response.status)
        seen[path] = response.get_data(as_text=True) if (response.mimetype or "").startswith("text/") else ""
        if response.mimetype == "text/html":
            waiting += [
                link["href"].partition("#")[0]
                for link in browser.page.all("a")
                if link["href"].startswith("/") and not link.has("download")
            ]
            waiting += [
                f"{bare}{link['href'].partition('#')[0]}"
                for link in browser.page.all("a")
                if link["href"].startswith("?")
            ]
    return seen


def stored(site: Site) -> dict[str, list[tuple[object, ...]]]:
    """Give everything that is stored, but how far threads have been read: reading itself is noted."""
    return {table: rows for table, rows in dump(site.app).items() if table != "visit_seen"}


# PostgreSQL is asked by the one who sees most pages.
@pytest.mark.slow
@pytest.mark.parametrize(
    "role", [role if role == "coordinator" else pytest.param(role, marks=pytest.mark.look) for role in ROLES]
)
def test_a_walk_finds_pages_only_and_changes_nothing(site, role):
    before = stored(site)
    seen = crawl(site, site.browser(role), "/", "/kalendarz/2026-12", "/kalendarz/lista", "/partnerzy?q=mops")
    assert len(seen) > 30
    assert stored(site) == before
    told = "\n".join(seen.values())
    assert tuple(title in told for title in SECRET_TITLES) == MAY_KNOW[role]


@pytest.mark.parametrize("role", ["visitor", "ngo", "ops", "prison"])
@pytest.mark.parametrize("words", ["narada", "szkic"])
def test_search_feeds_and_counts_know_no_secrets(site, role, words):
    browser = site.browser(role)
    for path in (
        f"/partnerzy?q={words}",
        f"/projekty?q={words}",
        "/projekty?stan=szkic",
        f"/kalendarz/lista?q={words}&od=2026-12-01&do=2026-12-31",
        "/kalendarz/2026-12?instytucja=zk-kladkowo",
        "/kalendarz/tydzien/2026-W50",
        "/kanaly/publiczny.ics",
        "/kanaly/i/zk-kladkowo.ics",
        "/kanaly/i/mops-kladkowo.ics",
        "/kanaly/p/projekt-pokazowy.ics",
        "/partnerzy/zk-kladkowo",
        "/biurko",
    ):
        text = browser.get(path).get_data(as_text=True)
        assert [title for title in SECRET_TITLES if title in text] == [], path
        assert "piotr@mops-kladkowo.example" not in text, path


def test_other_participants_are_not_shown(site):
    """Jola and Piotr are signed up for the same event, from two institutions."""
    path = f"/wydarzenia/{site.world.places['event']['public']['event_uuid']}"
    told = {role: site.browser(role).get(path).get_data(as_text=True) for role in ROLES}
    assert "Piotr Wzorcowy" not in told["ngo"]
    assert "Jola Próbna" not in told["member"]
    for role in ("visitor", "ops", "prison", "inspector"):
        assert "Jola Próbna" not in told[role]
        assert "Piotr Wzorcowy" not in told[role]
    assert "Jola Próbna" in told["coordinator"]


def poison(session: Session, site: Site) -> None:
    """Put script into every text that a person can type."""
    people = site.world.people
    make_offer(
        session,
        make_institution(
            session, "zatruta", name=f"OPS {XSS}"[:190], description=XSS, website="javascript:alert(4)", street=XSS
        ),
        make_service(session, "poison"),
    )
    programme = make_programme(
        session, f"Projekt {XSS}"[:150], people.prison.id, description=XSS, goals=XSS, results=XSS, summary=XSS,
        how_to_join=XSS, target_group=XSS, funding=XSS, slug="zatruty",
    )  # fmt: skip
    event = make_event(
        session, people.ewa, title=f"{BREAKS} {XSS}"[:150], description=XSS, place=XSS, room=XSS, contact=XSS,
        topics=(XSS,), programme_id=programme.id, online_link="https://example.org/?q=" + XSS, capacity=1,
        visibility=Visibility.PUBLIC,
    )  # fmt: skip
    guest = Guest(name=XSS[:110], email="zatruty@mops-kladkowo.example", function=XSS[:110])
    wanted = Wanted(people=(guest,))
    signups.sign_up(
        session, people.marek.actor, event, date_of(session, event).id or 0, wanted, "poisoned form 1", now()
    )
    make_mail(session, state=MailState.FAILED, params={**PARAMS, "title": XSS, "person": XSS})
    session.commit()


@pytest.mark.slow
@pytest.mark.look
@pytest.mark.parametrize("role", ["visitor", "member", "coordinator", "operator"])
def test_what_people_type_is_shown_as_they_typed_it(site, role):
    with site.app.extensions["kladka.database"].session(writes=True) as session:
        poison(session, site)
    browser = site.browser(role)
    # The browser refuses handlers, inline scripts, foreign resources and javascript: on every page that it sees.
    seen = crawl(site, browser, "/", "/kalendarz/2026-12", "/partnerzy/zatruta", "/projekty/zatruty", "/partnerzy")
    pages = [source for source in seen.values() if source.lstrip().lower().startswith("<!doctype")]
    assert any("svg onload" in source for source in pages)
    for source in pages:
        assert "<svg onload" not in source
        assert "<script>alert" not in source
        assert "49[x]" not in source
    for path in ("/kanaly/publiczny.ics", "/kanaly/p/zatruty.ics"):
        text = browser.get(path).get_data(as_text=True)
        assert "\nATTENDEE" not in text
        assert "svg onload" in text.replace("\r\n ", "")

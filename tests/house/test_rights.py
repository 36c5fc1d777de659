"""Who may do what: the table of rights, line by line, asked of the portal itself as each role."""

from collections.abc import Callable, Iterator

import pytest
from sqlmodel import Session, select

from app.actors import Role
from events.calendar.models import State
from events.signups import rules as signups
from partners.institutions.models import Institution
from partners.people import rules as people
from tests.browser import Browser
from tests.conftest import Site, browser_of
from tests.factories.admission import NAME
from tests.factories.events import make_draft
from tests.factories.persons import People, make_person

OWN = "/partnerzy/zk-kladkowo"
TABLE_ROLES = ("visitor", "member", "coordinator", "admin", "operator", "inspector")
EVERYBODY = set(TABLE_ROLES)
# What may be seen or begun, where, and by whom. The member works at an institution that is party to the agreement.
RIGHTS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "public partners, projects, events, agreements, feeds": (
        (
            "/partnerzy",
            OWN,
            "/projekty",
            "/kalendarz/lista",
            "/porozumienia",
            "/kanaly/publiczny.ics",
            "/szukaj?q=mops",
        ),
        EVERYBODY,
    ),
    "partners-only events": (("event:partners",), EVERYBODY - {"visitor"}),
    "invited-only events": (("event:invited",), EVERYBODY - {"visitor", "inspector"}),
    "drafts of events": (("event:draft",), {"coordinator", "admin"}),
    "publish events and projects": (("/wydarzenia/nowe", "/projekty/nowy"), {"coordinator", "admin"}),
    "agreements in preparation": (("/porozumienia/P-08-002",), EVERYBODY - {"visitor"}),
    "people": ((f"{OWN}/osoby", f"{OWN}/osoby/zapros"), {"admin", "operator"}),
    "card, rooms, contacts": ((f"{OWN}/edycja", f"{OWN}/sale", f"{OWN}/kontakty"), {"admin", "operator"}),
    "services": ((f"{OWN}/uslugi",), {"coordinator", "admin", "operator"}),
    "admit, merge, succeed institutions": (
        ("/operator/zgloszenia", "/operator/polaczenia", "/operator/nastepstwo"),
        {"operator"},
    ),
    "reference data, accounts, audit log, mail": (
        (
            "/operator",
            "/operator/uslugi",
            "/operator/konta",
            "/operator/dziennik",
            "/operator/import",
            "/operator/poczta",
        ),
        {"operator"},
    ),
    "one's own desk and account": (("/biurko", "/ustawienia", "/dzialasz-jako"), EVERYBODY - {"visitor"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("role", TABLE_ROLES)
@pytest.mark.parametrize("right", RIGHTS)
def test_the_table_of_rights_holds(site: Site, right: str, role: str) -> None:
    paths, who = RIGHTS[right]
    browser = site.browser(role)
    for named in paths:
        kind, _colon, variant = named.partition(":")
        path = f"/wydarzenia/{site.world.places[kind][variant]['event_uuid']}" if variant else named
        status = browser.get(path).status_code
        assert (status == 200) == (role in who), (path, role, status)
        assert status in (200, 302, 403, 404), (path, role, status)


@pytest.mark.parametrize(
    ("who", "himself", "others"),
    [
        ("piotr", True, False),
        ("ewa", True, True),
        ("adam", True, True),
        ("olga", False, False),
        ("wanda", False, False),
    ],
)
def test_who_signs_up_himself_and_colleagues(people: People, who: str, himself: bool, others: bool) -> None:
    actor = getattr(people, who).actor
    assert (signups.may_sign_up(actor), signups.may_sign_up_others(actor)) == (himself, others)


@pytest.mark.parametrize("path", ["osoby", "osoby/zapros", "edycja", "sale", "uslugi", "kontakty"])
def test_an_admin_keeps_his_own_institution_only(client: Browser, session: Session, people: People, path: str) -> None:
    boss = make_person(session, "Bogdan Wzorcowy", people.stranger, Role.ADMIN)
    client.sign_in(boss)
    client.see(f"/partnerzy/{people.stranger.slug}/{path}")
    assert client.get(f"{OWN}/{path}").status_code in (403, 404)
    assert client.post(f"{OWN}/{path}").status_code in (403, 404, 405)


def test_who_administers_people_decides_by_institution(people: People) -> None:
    prison, mops = people.prison.id or 0, people.mops.id or 0
    assert people_rights(people, prison) == {"adam", "olga"}
    assert people_rights(people, mops) == {"olga"}


def people_rights(persons: People, institution_id: int) -> set[str]:
    names = ("ewa", "adam", "marek", "piotr", "jola", "stefan", "zofia", "wanda", "olga")
    return {name for name in names if people.may_administer(getattr(persons, name).actor, institution_id)}


def _methods() -> Iterator[tuple[str, Callable[[Browser, str], int]]]:
    yield "GET", lambda browser, path: browser.get(path).status_code
    yield "HEAD", lambda browser, path: browser.head(path).status_code
    yield "htmx", lambda browser, path: browser.get(path, headers={"HX-Request": "true"}).status_code
    yield (
        "boosted",
        lambda browser, path: browser.get(path, headers={"HX-Request": "true", "HX-Boosted": "true"}).status_code,
    )


@pytest.mark.parametrize("path", [f"{OWN}/osoby", "/operator/zgloszenia", "/operator/zgloszenia/1", "/wydarzenia/nowe"])
def test_a_refusal_is_the_same_whatever_way_one_asks(client: Browser, people: People, path: str) -> None:
    client.sign_in(people.piotr)
    answers = {name: ask(client, path) for name, ask in _methods()}
    assert set(answers.values()) == {403}, answers


def test_an_edit_moves_nothing_to_another_institution(client: Browser, session: Session, people: People) -> None:
    event = make_draft(session, people.ewa)
    path = f"/wydarzenia/{event.uuid}/edycja"
    typed = client.sign_in(people.ewa).see(path).values(path)
    forged = {"organiser_id": str(people.mops.id), "institution_id": str(people.mops.id), "state": "published"}
    assert client.post(path, data=typed | forged | {"szkic": "1", "sequence": "9", "uid": "x"}).status_code == 303
    session.refresh(event)
    assert (event.organiser_id, event.state, event.sequence, event.uid) == (people.prison.id, State.DRAFT, 0, "")


@pytest.mark.slow
@pytest.mark.parametrize("role", ["visitor", "ngo", "member", "coordinator", "admin", "inspector"])
def test_no_page_tells_of_an_institution_that_waits(site: Site, role: str) -> None:
    """Every address of the portal, searched for the name of the foundation that has applied."""
    with site.app.extensions["kladka.database"].session(writes=False) as session:
        slug = session.exec(select(Institution.slug).where(Institution.name == NAME)).one()
    browser = browser_of(site.app) if role == "visitor" else site.browser(role)
    browser.inspects = False
    paths = [
        path
        for rule in site.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/static")
        for _variant, path in site.world.addresses(rule)
    ]
    words = ("druga", "fundacja", slug)
    paths += [f"/partnerzy?q={word}" for word in words] + [f"/szukaj?q={word}" for word in words]
    paths += [f"/partnerzy/{slug}", f"/kanaly/i/{slug}.ics", f"/kalendarz/lista?instytucja={slug}"]
    paths += ["/partnerzy?status=niepotwierdzone", "/kto-obsluguje/080401", "/pomoc-w-gminie/080401"]
    told = [path for path in paths if NAME.encode() in browser.get(path).data]
    assert told == []

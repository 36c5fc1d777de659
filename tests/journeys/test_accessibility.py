"""axe on every page: wide and narrow, light, dark and high contrast, signed out and in; and no sideways scrolling."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect
from sqlmodel import Session, col, select

import tests.browser
from app.accounts.actions import begin_session
from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.clock import now
from app.db import columns
from app.demo import projects, visits
from app.demo.meetings import life_uuid
from app.outbox.models import OutboxMail
from events.calendar.models import Event, Occurrence, State
from events.signups.models import SignUp, SignUpState
from events.visits import actions
from events.visits.models import Visit, VisitOption
from partners.institutions.models import Institution
from partners.people import actions as people
from partners.people.rules import Wanted
from projects.programmes.models import Programme
from tests.conftest import copying
from tests.factories.persons import Person
from tests.factories.replies import ask, in_days, links_in, make_silent
from tests.journeys.conftest import Portal, Visitor

# On the day of the demo: on another one what is to come would be over.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.look, pytest.mark.usefixtures("clock")]
EVERYTHING: dict[str, object] = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
COLOURS: dict[str, object] = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
PUBLIC = (
    "/",
    "/partnerzy",
    "/partnerzy?q=nic-takiego-nie-ma",
    "/partnerzy?woj=08&widok=mapa",
    "/otwarte-dane",
    "/partnerzy/zk-kladkowo",
    "/partnerzy/as-sosnowiec",
    "/partnerzy/as-sosnowiec/pismo",
    "/projekty",
    "{programme}",
    "{story}",
    "{story}/edycje/1",
    "/kalendarz",
    "/kalendarz/2026-11",
    "/kalendarz/tydzien/2026-W48",
    "/kalendarz/lista",
    "{event}",
    "{series}",
    "{series}/terminy",
    "{cancelled}",
    "/porozumienia",
    "/porozumienia/P-08-007",
    "/porozumienia/P-08-900",
    "/logowanie",
    "/haslo",
    "/haslo/wyslano",
    "/zaproszenie",
    "{invitation}",
    "{reply}",
    "{reply}?jezyk=en",
    "{replied}",
    "/zaproszenie/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "/zglos-instytucje",
    "/zglos-instytucje/dziekujemy",
    "/pomoc",
    "/pomoc/kalendarz",
    "/pomoc/zapisy",
    "/pomoc/biurko",
    "/pomoc/dyzury",
    "/pomoc/wizyty",
    "/pomoc/lista-wejsc",
    "/pomoc/po-spotkaniu",
    "/pomoc/projekty",
    "/pomoc/pierwsze-spotkanie",
    "/pomoc/karta",
    "/pomoc/niedostepne",
    "/pomoc/konto",
    "/pomoc/czego-kladka-nie-robi",
    "/deklaracja-dostepnosci",
    "/prywatnosc",
    "/regulamin",
    "/bip",
    "/podstawy-prawne",
    "/szukaj?q=gubin",
    "/szukaj?q=schronienie+lubuskie",
    "/kto-obsluguje?q=gubin",
    "/kto-obsluguje/089901",
    "/kto-obsluguje/146501",
    "/pomoc-w-gminie/089901",
    "/pomoc-w-gminie/080205?druk=duzy",
    "/nie-ma-takiej-strony",
    "/?jezyk=en",
    "/kalendarz?jezyk=en",
)
MISSING = ("/nie-ma-takiej-strony", "/zaproszenie/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")
INSIDE = (
    "/biurko",
    "/biurko/sprawy",
    "/biurko/sprawy?czyje=inne",
    "/biurko/zapisy",
    "/ustawienia",
    "/ustawienia/haslo",
    "/ustawienia/drugi-krok",
    "/wydarzenia/nowe",
    "/projekty/nowy",
    "{own_event}",
    "{own_event}/edycja",
    "{own_event}/odwolaj",
    "{waiting}/obecnosc",
    "{recorded}",
    "{recorded}/notatka",
    "{recorded}/notatka/sprawdz",
    "/notatki",
    "{draft}/sprawdz",
    "{draft}/edycja",
    "/partnerzy/mops-kladkowo",
    "/partnerzy/zk-kladkowo/edycja",
    "/partnerzy/zk-kladkowo/teren?jednostka=0899",
    "/partnerzy/zk-kladkowo/teren?jednostka=08",
    "/partnerzy/zk-kladkowo/sale",
    "/partnerzy/zk-kladkowo/niedostepne",
    "/partnerzy/zk-kladkowo/zawies",
    "/partnerzy/zk-kladkowo/zasady-wejscia",
    "/partnerzy/zk-kladkowo/zasady-wizyt",
    "{gate}/lista-wejsc",
    "{gate}/lista-wejsc?wszystko=1",
    "/wejscia",
    "/wejscia/{gate_day}",
    "/dyzury",
    "/dyzury/zk-kladkowo/2026-12",
    "/dyzury/zk-kladkowo/2026-12/plan",
    "/wizyty",
    "/wizyty/nowa",
    "/wizyty/czas-odpowiedzi",
    "/wizyty/nowa/mops-kladkowo",
    "{moving}",
    "{moving}/inny-termin",
    "{for_unit}/odmowa",
    "{agreed}",
    "{agreed}/przeloz",
    "{agreed}/odwolaj",
    "/partnerzy/zk-kladkowo/uslugi",
    "/partnerzy/zk-kladkowo/osoby",
    "/partnerzy/zk-kladkowo/osoby/1",
    "/partnerzy/zk-kladkowo/osoby/zapros",
    "/partnerzy/zk-kladkowo/osoby/zaproszenia/2/wydruk",
    "/dzialasz-jako",
    "/partnerzy/zk-kladkowo/kontakty",
    "/partnerzy/zk-kladkowo/kontakty/nowy",
    "/partnerzy/zk-kladkowo/zgloszenia",
    "/partnerzy/cus-kladkowo/zglos",
    "/kalendarz",
)
TOGETHER = (
    "{approval}",
    "{approval}/zapisy/odmowa?kogo={request}",
    "{approval}/zapisy/lista",
    "{approval}/uzgodnienia",
    "/wydarzenia/nowe?czesc={approval_uuid}",
    "{hosted}",
    "{hosted}/gospodarz",
    "{hosted}/tematy",
    "{hosted}/uzgodnienia",
    "{hosted}/odwolaj",
    "{study}",
    "{study}/{study_day}/zaswiadczenia",
    "{study}/notatka",
    "/zaswiadczenia",
    "/partnerzy/zk-kladkowo/niedostepne",
    "/partnerzy/zk-kladkowo/zawies",
)
SERIES = (
    "/biurko",
    "/dyzury/nowy",
    "/wizyty",
    "/wizyty/nowa/zk-kladkowo",
    "/wizyty/nowa/as-przeprawa/pomoc",
    "{countered}",
    "{countered}/wycofaj",
    "{series}/{series_day}",
    "{series}/edycja",
    "{series}/edycja?termin={series_day}&zakres=this",
    "{series}/edycja?termin={series_day}&zakres=following",
    "{series}/edycja?termin={series_day}&zakres=all",
    "{series}/odwolaj?termin={series_day}",
    "{full}",
    "{full}/zapisy/lista",
    "{full}/zapisy/{waits}/kolejnosc",
    "{signed}",
    "{signed}/zapisy/{own}/osoba",
    "{gate}",
    "{gate}/lista-wejsc",
    "{asking}/{asking_day}/lista-wejsc/dane",
    "{recorded}",
    "/notatki?stan=czeka",
    "/zaswiadczenia",
    "/partnerzy/mops-kladkowo/niedostepne",
)
PROJECTS = (
    "{story}",
    "{story}/edycja",
    "{story}/partnerzy",
    "{story}/dokumenty",
    "{story}/edycje/nowa",
    "{story}/edycje/1/wyniki",
    "{story}/edycje/2",
    "{story}/edycje/2/tematy",
    "{story}/edycje/2/spotkania/{session}/prowadzacy",
    "{story}/edycje/3/osoby",
    "{story}/sprawozdania",
    "{story}/sprawozdania/2026-3",
    "{story}/sprawozdania/2026-2/zrodla/odbyte",
)
OPERATOR = (
    "/biurko",
    "/operator",
    "/operator/projekty",
    "/operator/import",
    "/operator/konta",
    "/operator/konta/1",
    "/operator/dziennik",
    "/operator/polaczenia?z=ops-przeprawa&do=mops-kladkowo",
    "/operator/nastepstwo?z=ops-przeprawa&do=cus-kladkowo",
    "/operator/zgloszenia",
    "/operator/zgloszenia/1",
    "/operator/uslugi",
    "/operator/uslugi/1",
    "/partnerzy/zk-kladkowo/stan",
    "/partnerzy/oz-przeprawa/edycja",
    "/operator/poczta",
    "/operator/poczta/{mail}",
)


# Colours do not depend on the width: the schemes are looked at once.
WIDE = 1280


@pytest.fixture(name="database_url")
def _database_url(request: pytest.FixtureRequest, demonstration: str, tmp_path: Path) -> Iterator[str]:
    """A copy of the demo."""
    with copying(request)(tmp_path, demonstration) as url:
        yield url


@pytest.fixture(name="places")
def _places(session: Session) -> dict[str, str]:
    """Name the pages that carry an id."""
    events = list(session.exec(select(Event).order_by(col(Event.id))).all())
    public = [event for event in events if event.visibility == "public" and event.synthetic]
    prison = session.exec(select(Institution.id).where(Institution.slug == "zk-kladkowo")).one()
    of_prison = [event for event in events if event.organiser_id == prison]
    coming = [event for event in of_prison if event.local_start.date() > date(2026, 11, 25)]
    programme = session.exec(select(Programme).where(Programme.state == "running")).first()
    assert programme is not None
    _invitation, secret = people.issue(session, Actor.system(), prison or 0, Wanted("nowa@zk-kladkowo.example"), now())
    approval, full = life_uuid("szkolenie-za-zgoda", 3), life_uuid("szkolenie-rozmowa", 2)
    asking = next(e for e in events if e.uuid == life_uuid("spotkania-indywidualne", 4))
    study = next(e for e in events if e.uuid == life_uuid("wizyta-dom-przejsciowy", -1))
    request, waits = (
        _signup(session, *one) for one in ((approval, SignUpState.REQUESTED), (full, SignUpState.WAITING))
    )
    signed = session.exec(_SIGNUPS.where(Institution.slug == "mops-kladkowo", SignUp.state == SignUpState.SEAT)).first()
    assert signed is not None
    return {
        "approval": f"/wydarzenia/{approval}",
        "approval_uuid": str(approval),
        "request": request,
        "hosted": f"/wydarzenia/{life_uuid('spotkanie-swiadczenia', 2)}",
        "study": f"/wydarzenia/{study.uuid}",
        "study_day": str(study.local_start.date()),
        "full": f"/wydarzenia/{full}",
        "waits": waits,
        "signed": f"/wydarzenia/{signed[1]}",
        "own": str(signed[0]),
        "event": f"/wydarzenia/{next(e for e in public if e.state is State.PUBLISHED).uuid}",
        "series": f"/wydarzenia/{life_uuid('dyzur-co-miesiac', 1)}",
        "series_day": str(
            session.execute(_DATES.where(col(Event.uuid) == life_uuid("dyzur-co-miesiac", 1))).scalars().all()[-1]
        ),
        "cancelled": f"/wydarzenia/{next(e for e in events if e.state is State.CANCELLED).uuid}",
        "own_event": f"/wydarzenia/{next(e for e in coming if e.state is State.PUBLISHED).uuid}",
        "draft": f"/wydarzenia/{next(e for e in of_prison if e.state is State.DRAFT).uuid}",
        "waiting": f"/wydarzenia/{life_uuid('dyzur-mops', -1)}",
        "recorded": f"/wydarzenia/{life_uuid('spotkanie-swiadczenia', -3)}",
        "gate": f"/wydarzenia/{life_uuid('brama-pierwsze-dni', 0)}",
        "gate_day": str(next(e for e in events if e.uuid == life_uuid("brama-pierwsze-dni", 0)).local_start.date()),
        "asking": f"/wydarzenia/{asking.uuid}",
        "asking_day": str(asking.local_start.date()),
        "programme": f"/projekty/{programme.slug}",
        "story": f"/projekty/{projects.SLUG}",
        "session": str(session.exec(_LAST_SESSION).first()),
        **{name: _case(session, plan) for name, plan in _CASES.items()},
        "invitation": f"/zaproszenie/{secret}",
        **dict(zip(("reply", "replied"), _links(session, prison or 0), strict=True)),
        "mail": str(session.exec(select(OutboxMail.id)).first()),
    }


def _links(session: Session, prison_id: int) -> list[str]:
    """Let the prison ask two centres in which nobody has an account, of which one has answered; give the links."""
    actor = Actor(Role.COORDINATOR, institution_id=prison_id, synthetic=True)
    ask(session, Person(0, "", "", actor), make_silent(session, "ops-pyta", synthetic=True), in_days(22))
    visit = ask(session, Person(0, "", "", actor), make_silent(session, "ops-odpowiada", synthetic=True), in_days(23))
    (option,) = session.exec(select(VisitOption.id).where(VisitOption.visit_id == visit.id)).all()
    actions.accept(session, actions.replier(visit), visit, option or 0, now(), turn=visit.open_step_id or 0)
    return links_in(session)


_CASES = {
    "moving": visits.MOVING,
    "agreed": visits.AGREED,
    "for_unit": visits.FOR_UNIT,
    "countered": visits.COUNTERED,
}


def _case(session: Session, plan: visits.Plan) -> str:
    """Name a visit request of the demo."""
    return "/wizyty/" + session.exec(select(Visit.number).where(Visit.key == plan.form_key)).one()


_DATES = (
    columns(Occurrence.local_date)
    .join(Event, col(Event.id) == Occurrence.event_id)
    .where(col(Occurrence.state) == State.PUBLISHED)
    .order_by(col(Occurrence.local_date))
)
_LAST_SESSION = (
    select(Occurrence.id)
    .join(Event, col(Event.id) == Occurrence.event_id)
    .where(Event.uuid == life_uuid(f"{projects.SLUG}-2", 0), Occurrence.state == State.PUBLISHED)
    .order_by(col(Occurrence.starts_at).desc())
)
_SIGNUPS = (
    select(SignUp.id, Event.uuid)
    .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
    .join(Event, col(Event.id) == Occurrence.event_id)
    .join(Institution, col(Institution.id) == SignUp.institution_id)
    .where(col(Occurrence.local_date) > date(2026, 12, 1), Event.rule == None, Event.organiser_id != Institution.id)  # noqa: E711
    .order_by(col(SignUp.id))
)


def _signup(session: Session, event: UUID, state: SignUpState) -> str:
    """Name a sign-up of an event."""
    found = session.exec(_SIGNUPS.where(Event.uuid == event, SignUp.state == state)).first()
    assert found is not None
    return str(found[0])


def findings(page: Page, options: dict[str, object]) -> Iterator[str]:
    """Give what axe finds on *page*: what it finds right is neither asked for nor sent, which is most of the work."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    wanted = {**options, "resultTypes": ["violations"]}
    for violation in page.evaluate("wanted => axe.run(wanted).then(found => found.violations)", wanted):
        for node in violation["nodes"]:
            yield f"{violation['id']}: {node['target']} {node['html'][:120]}"


def sideways(page: Page) -> Iterator[str]:
    """Say so if *page* is wider than its window."""
    width, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    if width > room:
        yield f"scrolls sideways: {width} in {room} px"


def refused(page: Page, path: str) -> Iterator[str]:
    """Say so if *page* is not what the path names: a page that says no has nothing of it to look at."""
    status = page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
    if status != 200 and path not in MISSING:
        yield f"refused with {status}"


def walk(visitor: Visitor, paths: tuple[str, ...], places: dict[str, str], *, schemes: bool) -> list[str]:
    """Open each path, with everything unfolded, and collect what is wrong; with *schemes* in all three of colours."""
    wrong = []
    visitor.page.emulate_media(reduced_motion="reduce")  # a colour on its way to another one is neither
    for path in paths:
        page = visitor.go(path.format(**places))
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        found = [*findings(page, EVERYTHING), *sideways(page), *refused(page, path)]
        if schemes:
            # The other rules do not look at colours. What the server writes for high contrast is this one attribute.
            page.emulate_media(color_scheme="dark")
            found += [f"dark {finding}" for finding in findings(page, COLOURS)]
            page.evaluate("document.documentElement.dataset.contrast = 'high'")
            found += [f"contrast {finding}" for finding in findings(page, COLOURS)]
            page.emulate_media(color_scheme="light")
        wrong += [f"{path} {finding}" for finding in found]
    return wrong


@pytest.mark.parametrize("width", [WIDE, 320])
def test_signed_out(places: dict[str, str], visitor: Callable[..., Visitor], width: int) -> None:
    assert walk(visitor(width=width), PUBLIC, places, schemes=width == WIDE) == []


# A test for each person, so that two processes share the work.
@pytest.mark.parametrize("width", [WIDE, 320])
@pytest.mark.parametrize(
    ("email", "paths"),
    [
        ("areszt@demo.example", INSIDE),
        ("areszt@demo.example", TOGETHER),
        ("mops@demo.example", SERIES),
        ("ngo@demo.example", PROJECTS),
        ("operator@demo.example", OPERATOR),
    ],
    ids=["inside", "together", "series", "projects", "operator"],
)
def test_signed_in(
    places: dict[str, str], visitor: Callable[..., Visitor], email: str, paths: tuple[str, ...], width: int
) -> None:
    person = visitor(width=width)
    sign_in(person, email)
    assert walk(person, paths, places, schemes=width == WIDE) == []


@pytest.mark.parametrize("language", ["pl", "en"])
@pytest.mark.parametrize(
    ("email", "paths"),
    [
        ("", PUBLIC),
        ("areszt@demo.example", INSIDE + TOGETHER),
        ("mops@demo.example", SERIES),
        ("ngo@demo.example", PROJECTS),
        ("operator@demo.example", OPERATOR),
    ],
    ids=["signed-out", "prison", "mops", "ngo", "operator"],
)
def test_every_page_speaks_one_language(
    client: tests.browser.Browser,
    session: Session,
    places: dict[str, str],
    email: str,
    paths: tuple[str, ...],
    language: str,
) -> None:
    """The client inspects what it gets: no English on Polish pages, no Polish on English ones unless it says so."""
    if email:
        account = session.exec(select(UserAccount).where(UserAccount.email == email)).one()
        client.take_session(begin_session(session, account, "tests", now()))
    wrong = []
    for path in (path.format(**places) for path in paths if "jezyk=" not in path):
        try:
            client.get(f"{path}{'&' if '?' in path else '?'}jezyk={language}", follow_redirects=True)
        except tests.browser.Fault as fault:
            wrong.append(f"{path} {fault}")
    assert wrong == []


def test_high_contrast_is_that_attribute(visitor: Callable[..., Visitor]) -> None:
    page = visitor().go("/")
    page.get_by_role("button", name="Wysoki kontrast").click()
    expect(page.locator("html")).to_have_attribute("data-contrast", "high")


def test_axe_finds_a_planted_fault(visitor: Callable[..., Visitor]) -> None:
    page = visitor().go("/")
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/static/favicon.svg\">')")
    assert any(finding.startswith("image-alt") for finding in findings(page, EVERYTHING))


def sign_in(guest: Visitor, email: str) -> None:
    """Sign a demo account in."""
    page = guest.go("/logowanie")
    page.get_by_label("Służbowy e-mail").fill(email)
    page.get_by_label("Hasło").fill("kladka-demo-2026")
    page.locator("main").get_by_role("button", name="Zaloguj się").click()
    page.wait_for_url("**/biurko")


@pytest.mark.parametrize("size", ["2", "3"])
def test_larger_text_does_not_scroll_sideways(
    places: dict[str, str], visitor: Callable[..., Visitor], portal: Portal, size: str
) -> None:
    guest = visitor(width=320)
    guest.context.add_cookies([{"name": "tekst", "value": size, "url": portal.address}])
    wrong = []
    for path in PUBLIC:
        page = guest.go(path.format(**places))
        wrong += [f"A{'+' * (int(size) - 1)} {path} {finding}" for finding in sideways(page)]
    assert wrong == []

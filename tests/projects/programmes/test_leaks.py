"""What is not public is nowhere: every place that speaks of projects is searched for words that only some may read."""

from datetime import date, timedelta

import pytest

from app import tables
from app.clock import now
from app.files import actions as files
from app.text import search_text
from events.calendar.models import Visibility
from events.sessions.models import EditionSession
from partners.contacts.models import Contact
from projects.editions.models import Edition, EditionOutcome, EditionState
from projects.programmes import parties
from projects.programmes.listing import reindex
from projects.programmes.models import (
    Happening,
    PartnerAnswer,
    ProgrammeAudience,
    ProgrammeDocument,
    ProgrammeHappening,
    ProgrammePartner,
    ProgrammeState,
)
from tests.conftest import browser_of
from tests.factories.events import date_of, local, make_event
from tests.factories.institutions import make_institution
from tests.factories.pdfs import make_pdf
from tests.factories.programmes import make_programme
from tests.factories.rows import add

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.look]

# Each hidden thing has a word of its own: what it is, and who reads it on the page of the project.
HIDDEN = {
    "Nietoperz": "a draft",
    "Wydra": "an archived project",
    "Gawron": "an institution that was asked",
    "Jaskółka": "the part that it is asked about",
    "Bocian": "new words of an agreed part",
    "Puchacz": "an institution that declined",
    "Żuraw": "its words",
    "Rybitwa": "an institution that asks to join",
    "Kormoran": "a document for partners",
    "Sikorka": "a session for invited institutions",
    "Zimorodek": "an edition without a published session",
    "Dzięcioł": "an outcome of that edition",
    "Perkoz": "an edition with sessions for invited institutions only",
    "Kraska": "an outcome of that one",
    "Trznadel": "a contact for partners only",
}
PARTNERS_ONLY = {"Czapla": "a session for signed-in partners"}


@pytest.fixture(name="world")
def _world(session, people):
    """A project of the NGO with MOPS as partner, and around it everything that others must not read."""
    ngo = people.jola.institution_id
    for_all = {"audience": ["families"], "voivodeship_code": "08", "state": ProgrammeState.RECRUITING}
    open_one = make_programme(
        session,
        "Otwarty most",
        ngo,
        **for_all,
        contact_role="programme_coordinator",
        starts_on=date(2026, 9, 1),
        published_at=now() - timedelta(days=30),
    )
    draft = make_programme(session, "Nietoperz", ngo, **{**for_all, "state": ProgrammeState.DRAFT})
    archived = make_programme(session, "Wydra", ngo, **for_all, archived_at=now())
    owner = open_one.id or 0
    for one in (open_one, draft, archived):
        add(session, ProgrammeAudience, programme_id=one.id, code="families")

    def partner(name, answer, part, agreed=None, note="", **more):
        institution = more.get("institution") or make_institution(session, search_text(name).strip(), name=name)
        values = {"answer": answer, "part": part, "agreed_part": agreed, "note": note}
        add(session, ProgrammePartner, programme_id=owner, institution_id=institution.id, **values)
        return institution

    partner("MOPS", PartnerAnswer.ASKED, "Bocian", "dawna rola", institution=people.mops)
    partner("Gawron", PartnerAnswer.ASKED, "Jaskółka")
    declined = partner("Puchacz", PartnerAnswer.DECLINED, "", note="Żuraw")
    partner("Rybitwa", PartnerAnswer.REQUESTED, "")
    for what, words in ((Happening.DECLINED, "Żuraw"), (Happening.INSTITUTION_ARCHIVED, "")):
        values = {"happening": what, "happened_at": now(), "institution_id": declined.id, "note": words}
        add(session, ProgrammeHappening, programme_id=owner, **values)
    stored = store(session, people.jola, "kormoran.pdf")
    values = {"file_id": stored.id, "title": "Kormoran", "public": False, "added_at": now()}
    add(session, ProgrammeDocument, programme_id=owner, **values)
    contact = {"institution_id": ngo, "role": "programme_coordinator", "public": False}
    add(session, Contact, person="Anna Trznadel", mailbox="trznadel@most.example", **contact)

    editions = {}
    for number, (name, state, outcome) in enumerate(
        [
            ("grupa jawna", EditionState.OPEN, "pracuje"),
            ("Zimorodek", EditionState.PLANNED, "Dzięcioł"),
            ("Perkoz", EditionState.OPEN, "Kraska"),
        ],
        start=1,
    ):
        values = {"programme_id": owner, "number": number, "name": name, "state": state, "changed_at": now()}
        editions[name] = add(session, Edition, **values)
        counted = {"position": 0, "text": outcome, "achieved": 4, "partly": 4, "missed": 4}
        add(session, EditionOutcome, edition_id=editions[name].id, **counted)

    def meet(title, edition, days=2, programme=open_one, **terms):
        values = {"starts": local(10, days=days - 15), "ends": local(12, days=days - 15), "capacity": 8, **terms}
        event = make_event(session, people.jola, title=title, programme_id=programme.id, **values)
        if edition:
            event.edition_id = editions[edition].id
            row = {"occurrence_id": date_of(session, event).id, "edition_id": event.edition_id}
            add(session, EditionSession, number=1, **row)
        session.flush()

    meet("Zajęcia jawne", "grupa jawna")
    meet("Sikorka", "Perkoz", visibility=Visibility.INVITED, invited=(people.mops.id,))
    meet("Czapla", "", visibility=Visibility.PARTNERS)
    for one in (open_one, draft, archived):
        reindex(session, one)
    session.flush()
    return open_one


def store(session, who, name):
    return files.store(session, who.actor, name, make_pdf(), now())


PAGES = [
    "/",
    "/projekty",
    "/projekty?miejsca=wolne",
    "/projekty?dla=rodziny&woj=08&stan=nabor&porzadek=nowe",
    *(f"/projekty?q={word}" for word in ("nietoperz", "wydra", "gawron", "puchacz", "rybitwa", "jaskolka")),
    *(f"/szukaj?q={word}" for word in ("nietoperz", "wydra", "sikorka", "zimorodek", "otwarty")),
    "/projekty/otwarty-most",
    "/projekty/otwarty-most/edycje/1",
    "/partnerzy/most",
    "/partnerzy/mops-kladkowo",
    "/kalendarz/lista",
    "/kalendarz/2026-11",
    "/robots.txt",
]
FILES = ["/projekty.csv", "/projekty.csv?q=gawron", "/kanaly/p/otwarty-most.ics", "/kanaly/publiczny.ics"]
GONE = [
    "/projekty/nietoperz",
    "/kanaly/p/nietoperz.ics",
    "/projekty/otwarty-most/edycje/2",
    "/projekty/otwarty-most/edycje/3",
    "/projekty/nietoperz/edycje/1",
]


def told(browser, address):
    """Give all that an address says, markup and invisible words included, but not what was typed."""
    answer = browser.get(address)
    assert answer.status_code == 200, address
    text = answer.get_data(as_text=True).replace("\r\n ", "")
    word = address.partition("?q=")[2]
    return text.replace(f'value="{word}"', "") if word else text


@pytest.mark.parametrize("who", ["", "stefan", "olga", "wanda"])
def test_nobody_outside_reads_what_is_not_public(client, session, people, world, who):
    if who:
        client.sign_in(getattr(people, who))
    # Who inspects, or keeps the portal, knows of events and contacts that others do not.
    own = {"olga": {"Sikorka", "Perkoz", "Kraska", "Trznadel"}, "wanda": {"Trznadel"}, "stefan": {"Trznadel"}}.get(
        who, set()
    )
    hidden = set(HIDDEN) - own | (set() if who else set(PARTNERS_ONLY))
    for address in [*PAGES, *FILES]:
        text = told(client, address)
        found = {word for word in hidden if word in text}
        if address == "/partnerzy/most":
            found -= {"Trznadel"}
        if address.startswith("/szukaj?q="):
            found -= {"Trznadel"}
        assert not found, (address, found)
    workbook = client.get("/projekty.xlsx").data
    cells = {cell for row in tables.read(workbook) for cell in row.cells}
    assert "Otwarty most" in cells
    assert not {word for word in hidden if any(word in cell for cell in cells)}
    for address in GONE:
        if who == "olga" and address.endswith("edycje/3"):
            continue
        assert client.get(address).status_code == 404, address


def test_counts_are_those_of_what_everybody_finds(client, session, people, world):
    page = client.see("/projekty")
    assert page.one("h2", data_announce="").text == "1 projekt"
    numbers = [option.text for option in page.main.all("option") if "(" in option.text]
    assert {text.rpartition("(")[2] for text in numbers} <= {"1)", "0)"}
    assert client.see("/projekty?q=gawron").one("h2", data_announce="").text == "0 projektów"
    assert "Otwarty most" in client.see("/projekty?miejsca=wolne").text


def test_institutions_that_have_not_agreed_are_not_named_with_the_project(client, session, people, world):
    for slug in ("gawron", "puchacz", "rybitwa"):
        assert "Otwarty most" not in client.see(f"/partnerzy/{slug}").text
    assert "Otwarty most" in client.see("/partnerzy/mops-kladkowo").text
    assert "dawna rola" in client.see("/partnerzy/mops-kladkowo").text


def test_free_places_that_are_not_for_the_viewer_find_nothing(client, session, people, world):
    stefan, marek = (browser_of(client.application, session).sign_in(one) for one in (people.stefan, people.marek))
    hidden = make_programme(session, "Dla zaproszonych", people.jola.institution_id)
    terms = {"visibility": Visibility.INVITED, "invited": (people.mops.id,), "capacity": 8, "programme_id": hidden.id}
    make_event(session, people.jola, title="Tylko z listy", **terms)
    for browser, finds in ((client, False), (stefan, False), (marek, True), (client, False)):
        page = browser.see("/projekty?miejsca=wolne")
        assert ("Dla zaproszonych" in page.text) is finds
        assert page.one("h2", data_announce="").text == ("2 projekty" if finds else "1 projekt")


def test_the_circle_reads_what_is_its_own(client, session, people, world):
    marek = browser_of(client.application, session).sign_in(people.marek)
    text = marek.see("/projekty/otwarty-most").text
    for word in ("Kormoran", "Sikorka", "Perkoz", "Kraska", "Zimorodek", "Bocian", "Gawron"):
        assert word in text, word
    for word in ("Nietoperz", "Rybitwa"):
        assert word not in text, word
    jola = browser_of(client.application, session).sign_in(people.jola)
    assert "Gawron" in jola.see("/projekty/otwarty-most").text
    assert "1 prośba o dołączenie" in jola.see("/projekty/otwarty-most").text
    piotr = browser_of(client.application, session).sign_in(people.piotr).see("/projekty/otwarty-most").text
    assert "Kormoran" in piotr
    assert "Gawron" not in piotr  # members read what the partners run, not whom the lead asks


def test_what_was_read_for_one_is_not_given_to_another(client, session, people, world):
    names = ("jola", "marek", "piotr", "stefan")
    browsers = {one: browser_of(client.application, session).sign_in(getattr(people, one)) for one in names}
    browsers["visitor"] = client
    # Nobody writes in between, so that what is kept would be given.
    for _again in range(2):
        for who in ("jola", "visitor", "marek", "stefan", "piotr"):
            text = browsers[who].see("/projekty/otwarty-most").text
            assert ("Kormoran" in text) is (who in ("jola", "marek", "piotr")), who
            assert ("Bocian" in text) is (who in ("jola", "marek")), who
            assert ("Czapla" in text) is (who != "visitor"), who
            assert ("Prowadzisz ten projekt" in text) is (who == "jola"), who


def test_an_archived_project_stays_by_its_address_and_tells_programs_nothing(client, world):
    page = client.see("/projekty/wydra")
    assert "Ten projekt jest w archiwum." in page.text
    assert page.all("script", type="application/ld+json") == []
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert client.see("/projekty/otwarty-most").all("meta", name="robots") == []


def test_who_agrees_is_found_and_who_leaves_is_not(client, session, people, world):
    """The control of the words: the same search finds an institution as soon as it has agreed."""
    assert "Otwarty most" not in client.see("/projekty?q=zk").main.one("div", id="programmes").text
    row = {"programme_id": world.id, "institution_id": people.prison.id, "part": "sale"}
    add(session, ProgrammePartner, answer=PartnerAnswer.ASKED, **row)
    found = client.see("/projekty?q=zaklad+karny")
    assert "0 projektów" in found.text
    parties.answer(session, people.ewa.actor, world, now(), agrees=True)
    assert "1 projekt" in client.see("/projekty?q=zaklad+karny").text
    assert "sale" in client.see("/projekty/otwarty-most").text
    parties.leave(session, people.ewa.actor, world, "Brak sali.", now())
    assert "0 projektów" in client.see("/projekty?q=zaklad+karny").text

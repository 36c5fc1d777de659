"""Visibility is the same on every way out: each reader, each event, each page, list, count, feed and export."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlmodel import Session
from werkzeug.test import TestResponse

from app.actors import Actor, Role
from app.clock import now
from events.calendar import parties
from events.calendar.models import Event, Visibility
from events.calendar.rules import Speaker
from events.changes import actions as changes
from events.feeds import actions as own_feeds
from events.feeds.rules import OnlyForInstitutions
from partners.institutions.models import Kind
from tests.browser import Browser
from tests.factories.events import START, make_draft, make_event
from tests.factories.institutions import make_institution
from tests.factories.persons import People, Person, make_person
from tests.factories.programmes import make_programme

pytestmark = pytest.mark.usefixtures("clock")
STATES = ("published", "cancelled", "draft", "asked")
# What an institution is to the events: the MOPS leads, the prison is the host, the NGO organises too.
PARTS = ("lead", "host", "co_organiser", "invited", "stranger")
READERS = (
    "visitor",
    *(f"{part} {role}" for part in PARTS for role in ("coordinator", "member")),
    "inspector",
    "operator",
)
SPEAKER = "Gertruda Przykładowa"


@dataclass(frozen=True)
class Shown:
    """One of the events, with the word that betrays it wherever it appears."""

    visibility: Visibility
    state: str
    event: Event

    @property
    def word(self) -> str:
        return word_of(self.visibility, self.state)


def word_of(visibility: Visibility, state: str) -> str:
    return f"Zdarzenie{visibility.value}{state}"


def may_know(reader: str, visibility: Visibility, state: str) -> bool:
    """Say who may know of what, in the words of the specification and by none of the portal's own rules."""
    part, _space, role = reader.partition(" ")
    if state == "draft":
        return reader == "lead coordinator"
    if state == "asked":
        return role == "coordinator" and part in ("lead", "host", "co_organiser")
    if visibility is Visibility.PUBLIC:
        return True
    if visibility is Visibility.PARTNERS:
        return reader != "visitor"
    return reader == "operator" or part in ("lead", "host", "co_organiser", "invited")


@pytest.fixture(name="readers")
def _readers(session: Session, people: People) -> dict[str, Person | None]:
    guests = make_institution(session, "pup-goscinny", Kind.PUP, "Powiatowy Urząd Pracy w Gościnnie")
    houses = {
        "lead": (people.marek, people.mops),
        "host": (people.ewa, people.prison),
        "co_organiser": (people.jola, people.ngo),
        "invited": (make_person(session, "Grażyna Próbna", guests), guests),
        "stranger": (people.stefan, people.stranger),
    }
    found: dict[str, Person | None] = {"visitor": None, "inspector": people.wanda, "operator": people.olga}
    for part, (coordinator, house) in houses.items():
        found[f"{part} coordinator"] = coordinator
        found[f"{part} member"] = make_person(session, f"Członek{part} Próbny", house, Role.MEMBER)
    return found


@pytest.fixture(name="shown")
def _shown(session: Session, people: People, readers: dict[str, Person | None]) -> list[Shown]:
    guest = readers["invited coordinator"]
    assert guest is not None
    programme = make_programme(session, "Wspólny projekt", people.mops.id)
    made = []
    for number, (visibility, state) in enumerate((one, state) for one in Visibility for state in STATES):
        start = START + timedelta(days=number % 4, hours=number // 4)
        values = {
            "title": word_of(visibility, state),
            "starts": start,
            "ends": start + timedelta(minutes=50),
            "visibility": visibility,
            "place_institution_id": people.prison.id,
            "place": "",
            "programme_id": programme.id,
            "co_organisers": (people.ngo.id or 0,),
            "invited": (guest.institution_id,),
            "topics": (f"temat {word_of(visibility, state)}",),
        }
        if state in ("draft", "asked"):
            event = make_draft(session, people.marek, **values)
        else:
            event = make_event(session, people.marek, **values)
        if state == "asked":
            assert parties.ask(session, people.marek.actor, event, now()) == 2
        if state == "cancelled":
            changes.cancel(session, people.marek.actor, event, "ćwiczenia", now())
        made.append(Shown(visibility, state, event))
    return made


def lists(people: People) -> dict[str, str]:
    """Every page and file that names events of several institutions."""
    houses = [people.mops, people.prison, people.ngo]
    return {
        "home": "/",
        "list": "/kalendarz/lista",
        "list of the lead": f"/kalendarz/lista?instytucja={people.mops.slug}",
        "list of the co-organiser": f"/kalendarz/lista?instytucja={people.ngo.slug}",
        "table": "/kalendarz/lista.csv",
        "month": "/kalendarz/2026-12",
        "week": "/kalendarz/tydzien/2026-W50",
        "project": "/projekty/wspolny-projekt",
        **{f"card of {house.slug}": f"/partnerzy/{house.slug}" for house in houses},
    }


def feeds(people: People) -> dict[str, str]:
    """Every file that is read without signing in, by whoever knows its address."""
    houses = [people.mops, people.prison, people.ngo]
    return {
        "public feed": "/kanaly/publiczny.ics",
        "feed of the project": "/kanaly/p/wspolny-projekt.ics",
        **{f"feed of {house.slug}": f"/kanaly/i/{house.slug}.ics" for house in houses},
    }


@pytest.mark.parametrize("reader", READERS)
def test_every_way_out_tells_the_same(
    client: Browser, people: People, readers: dict[str, Person | None], shown: list[Shown], reader: str
) -> None:
    person = readers[reader]
    if person is not None:
        client.sign_in(person)
    wrong = [*_pages(client, shown, reader), *_lists(client, people, shown, reader), *_desk(client, shown, reader)]
    assert wrong == []


def test_feeds_hold_public_events_only_whoever_reads(client: Browser, people: People, shown: list[Shown]) -> None:
    for name, path in feeds(people).items():
        text = _text(client, path).replace("\r\n ", "")
        for one in shown:
            public = one.visibility is Visibility.PUBLIC and one.state in ("published", "cancelled")
            assert (one.word in text) == public, (name, one.word)


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("reader", READERS)
def test_own_calendars_hold_what_the_reader_takes_part_in(
    client: Browser,
    session: Session,
    readers: dict[str, Person | None],
    shown: list[Shown],
    reader: str,
    busy: bool,
) -> None:
    """No draft, nothing of others, and of nobody outside an institution anything at all."""
    person = readers[reader]
    if person is None or not person.actor.works_for_institution:
        with pytest.raises(OnlyForInstitutions):
            own_feeds.make(session, person.actor if person else Actor.visitor(), "x", now(), busy=busy)
        return
    _feed, token = own_feeds.make(session, person.actor, "Praca", now(), busy=busy)
    text = _text(client, f"/kanaly/o/{token}.ics").replace("\r\n ", "")
    for one in shown:
        takes_part = may_know(reader, Visibility.INVITED, one.state) and one.state in ("published", "cancelled")
        assert (str(one.event.uuid) in text) == takes_part, one.word
        assert (one.word in text) == (takes_part and not busy), one.word


def test_names_of_speakers_are_for_signed_in_partners(
    client: Browser, session: Session, people: People, readers: dict[str, Person | None]
) -> None:
    speaker = Speaker(SPEAKER, "kierowniczka świetlicy", people.mops.id)
    event = make_event(session, people.marek, title="Otwarte", speakers=(speaker,))
    path = f"/wydarzenia/{event.uuid}"
    for reader in READERS:
        person = readers[reader]
        browser = client.sign_in(person) if person else client
        text = browser.see(path).text
        assert "kierowniczka świetlicy" in text
        assert (SPEAKER in text) == (reader not in ("visitor", "inspector")), reader
        house = f"/kanaly/i/{people.mops.slug}.ics"
        for public in (f"{path}.ics", "/kanaly/publiczny.ics", house, "/kalendarz/lista.csv", "/szukaj?q=Gertruda"):
            assert SPEAKER not in _text(client, public).replace("\r\n ", ""), public


def _pages(client: Browser, shown: list[Shown], reader: str) -> Iterator[str]:
    for one in shown:
        path = f"/wydarzenia/{one.event.uuid}"
        known = may_know(reader, one.visibility, one.state)
        page, day = client.get(path), client.get(f"{path}/{one.event.local_start.date()}")
        yield from _differs(f"page of {one.word}", page.status_code == 200, expected=known)
        yield from _differs(f"day of {one.word}", day.status_code == 200, expected=known)
        out = one.state in ("published", "cancelled")
        yield from _differs(f"file of {one.word}", client.get(f"{path}.ics").status_code == 200, expected=known and out)
        structured = "application/ld+json" in _of(page)
        yield from _differs(
            f"JSON-LD of {one.word}", structured, expected=known and out and one.visibility is Visibility.PUBLIC
        )


def _lists(client: Browser, people: People, shown: list[Shown], reader: str) -> Iterator[str]:
    for name, path in lists(people).items():
        text = _text(client, path)
        for one in shown:
            known = may_know(reader, one.visibility, one.state) and one.state in ("published", "cancelled")
            if name == "home" or name.startswith("card of"):
                # A few of the next ones: never more than may be known.
                known = known and one.word in text
            yield from _differs(f"{name}: {one.word}", one.word in text, expected=known)
    for one in shown:
        known = may_know(reader, one.visibility, one.state) and one.state in ("published", "cancelled")
        found = str(one.event.uuid) in _text(client, f"/szukaj?q={one.word}")
        yield from _differs(f"search: {one.word}", found, expected=known)
    number = sum(may_know(reader, one.visibility, one.state) and one.state in STATES[:2] for one in shown)
    table = _text(client, "/kalendarz/lista.csv")
    yield from _differs("rows of the table", table.count("Zdarzenie") == number, expected=True)


def _desk(client: Browser, shown: list[Shown], reader: str) -> Iterator[str]:
    if reader == "visitor":
        return
    text = _text(client, "/biurko")
    for one in shown:
        if one.word in text:
            yield from _differs(f"desk: {one.word}", may_know(reader, one.visibility, one.state), expected=True)


def _differs(what: str, found: bool, *, expected: bool) -> Iterator[str]:
    if found != expected:
        yield f"{what}: {'shown' if found else 'hidden'}"


def _text(client: Browser, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return _of(response)


def _of(response: TestResponse) -> str:
    packed = response.content_encoding == "gzip"
    return (gzip.decompress(response.data) if packed else response.data).decode("utf-8-sig")

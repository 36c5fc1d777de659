"""A room that waits for an answer, as the checks of events show it."""

import pytest
from sqlmodel import Session, select

from app import warsaw
from app.clock import now
from events.calendar import clashes, parties, series
from events.calendar.clashes import Why
from events.calendar.models import Event, EventKind
from events.visits import actions, queries
from events.visits.models import OptionState, Path, Visit, VisitOption
from events.visits.rules import Option, VisitDraft
from partners.institutions.models import Room
from tests.browser import Browser
from tests.factories.events import local, make_draft, make_event
from tests.factories.persons import People, Person
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
WAITS = "sala czeka na odpowiedź w sprawie W-2026-001"


@pytest.fixture(name="hall")
def _hall(session: Session, people: People) -> int:
    return add(session, Room, institution_id=people.prison.id or 0, name="Świetlica").id or 0


@pytest.fixture(name="visit")
def _visit(session: Session, people: People, hall: int) -> Visit:
    """The prison has invited the MOPS to its room."""
    option = Option(local(10), local(12), hall)
    wanted = VisitDraft(
        path=Path.INVITATION,
        asked_id=people.mops.id or 0,
        unit_id=people.prison.id or 0,
        kind=EventKind.GROUP_MEETING,
        subject="Świadczenia po wyjściu",
        options=(option,),
    )
    return actions.ask(session, people.ewa.actor, wanted, "3f0e0d5c-0000-4000-8000-000000000001", now())


def in_hall(session: Session, organiser: Person, people: People, hall: int, hour: int = 11) -> Event:
    there = {"place": "", "place_institution_id": people.prison.id, "room_id": hall}
    return make_draft(session, organiser, **there, starts=local(hour), ends=local(hour + 2))


@pytest.mark.usefixtures("visit")
def test_the_check_page_names_the_case_to_its_sides_alone(
    client: Browser, session: Session, people: People, hall: int
) -> None:
    for person, waits in ((people.ewa, True), (people.marek, True), (people.jola, False)):
        event = in_hall(session, person, people, hall)
        page = client.sign_in(person).see(f"/wydarzenia/{event.uuid}/sprawdz")
        assert "Sala jest w tym czasie zajęta:" in page.text
        assert (WAITS in page.text) is waits
        assert ("W-2026-001" in page.text) is waits
        assert "8 grudnia 2026, 10.00–12.00" in page.text
        assert ("zajęte, 8 grudnia" in page.text) is not waits
        assert bool(page.all("a", href="/wizyty/W-2026-001")) is waits


@pytest.mark.usefixtures("visit")
def test_the_host_who_is_asked_and_who_looks_later_read_it_too(
    client: Browser, session: Session, people: People, hall: int
) -> None:
    event = in_hall(session, people.jola, people, hall)
    parties.ask(session, people.jola.actor, event, now())
    assert WAITS in client.sign_in(people.ewa).see(f"/wydarzenia/{event.uuid}/uzgodnienia").text
    there = {"place": "", "place_institution_id": people.prison.id, "room_id": hall}
    published = make_event(session, people.ewa, **there, starts=local(11), ends=local(13))
    assert WAITS in client.see(f"/wydarzenia/{published.uuid}/kolizje").text


def test_other_hours_rooms_and_answered_offers_hold_nothing(
    session: Session, people: People, hall: int, visit: Visit
) -> None:
    other = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń").id or 0

    def held(event: Event) -> list[Why]:
        spans = clashes.spans_of(event, series.occurrences(session, event), now())
        waiting = queries.on_hold(session, people.ewa.actor, spans)
        return [one.why for one in clashes.find(session, people.ewa.actor, event, spans, held=waiting).clashes]

    assert held(in_hall(session, people.ewa, people, hall)) == [Why.ROOM]
    assert held(in_hall(session, people.ewa, people, hall, 12)) == []
    assert held(in_hall(session, people.ewa, people, other)) == []
    there = {"place": "", "place_institution_id": people.prison.id}
    assert held(make_draft(session, people.jola, **there, room="świetlica")) == [Why.ROOM]
    (option,) = session.exec(select(VisitOption)).all()
    assert warsaw.to_local(option.starts_at).hour == 10
    actions.withdraw(session, people.ewa.actor, visit, now(), turn=visit.open_step_id or 0, reason="mistake")
    assert option.state is OptionState.LAPSED
    assert held(in_hall(session, people.ewa, people, hall)) == []


def test_the_date_that_an_event_is_to_move_to_is_not_in_its_own_way(
    session: Session, people: People, hall: int, visit: Visit
) -> None:
    (option,) = session.exec(select(VisitOption)).all()
    turn = visit.open_step_id or 0
    event = actions.accept(session, people.marek.actor, visit, option.id or 0, now(), turn=turn)
    actions.move(session, people.ewa.actor, visit, (Option(local(11), local(13), hall),), "room", now())
    spans = clashes.spans_of(event, series.occurrences(session, event), now())
    held = queries.on_hold(session, people.ewa.actor, spans)
    assert [one.number for one in held] == [visit.number]
    assert clashes.find(session, people.ewa.actor, event, spans, held=held).clashes == ()
    other = in_hall(session, people.ewa, people, hall, 12)
    spans = clashes.spans_of(other, series.occurrences(session, other), now())
    (clash,) = clashes.find(session, people.ewa.actor, other, spans, held=held).clashes
    assert (clash.why, clash.number, clash.hidden) == (Why.ROOM, visit.number, False)


def test_the_dates_are_judged_in_the_language_of_the_reader(client: Browser, people: People) -> None:
    new = "/wizyty/nowa/mops-kladkowo"
    page = client.sign_in(people.ewa).see(new)
    typed = {
        **page.values(new),
        "subject": "Świadczenia",
        "day_0": "24.12.2026",
        "starts_0": "10.00",
        "ends_0": "12.00",
    }
    for language, words in (("pl", "to święto: Wigilia Bożego Narodzenia."), ("en", "public holiday: Christmas Eve.")):
        client.get(f"{new}?jezyk={language}")
        client.post(new, data=typed)
        assert words in client.page.text

"""One room and several who want it at the same moment: one gets it, the others read why not."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import pytest
from sqlmodel import col, select

from app.audit.models import AuditLine
from app.clock import now
from app.db import Database
from app.errors import Refusal
from app.web.i18n import translated
from events.calendar import actions as calendar
from events.calendar.models import Event, EventKind
from events.visits import actions, checks
from events.visits.models import Path, State, Visit, VisitOption
from events.visits.rules import Option, VisitDraft
from partners.institutions.models import Room
from tests.at_once import Unit, faults, waits
from tests.factories.events import agree, local, make_draft
from tests.factories.persons import Person, make_people
from tests.factories.rows import add

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clock")]
ROUNDS = 6
HELD = "08.12.2026 sala czeka w godzinach 10.00–12.00 na odpowiedź w sprawie W-2026-001."
TAKEN = "08.12.2026 sala jest zajęta w godzinach 10.00–12.00"


@pytest.fixture(name="database")
def _database(address: str) -> Iterator[Database]:
    database = Database(address)
    yield database
    database.dispose()


@dataclass
class UnitWithRoom(Unit):
    """A prison unit with one room that everybody wants on the same day."""

    room_id: int

    def ask(self, person: Person, asked: Person, days: int = 0) -> None:
        """Let *person* ask for the room, 10.00-12.00."""
        with self.writing() as session:
            actions.ask(session, person.actor, self.wanted(person, asked, days), str(uuid4()), now())

    def accept(self, person: Person, visit_id: int) -> None:
        with self.writing() as session:
            visit = session.get_one(Visit, visit_id)
            option = session.exec(select(VisitOption).where(VisitOption.visit_id == visit_id)).one()
            turn = visit.open_step_id or 0
            actions.accept(session, person.actor, visit, option.id or 0, now(), turn=turn)

    def wanted(self, person: Person, asked: Person, days: int) -> VisitDraft:
        invites = person.institution_id == self.people.prison.id
        option = Option(local(10, days=days), local(12, days=days), self.room_id)
        return VisitDraft(
            path=Path.INVITATION if invites else Path.REQUEST,
            asked_id=asked.institution_id,
            unit_id=self.people.prison.id or 0,
            kind=EventKind.GROUP_MEETING,
            subject="Świadczenia po wyjściu",
            options=(option,),
        )

    def draft(self, days: int = 0) -> int:
        """Let the unit prepare an event in the room."""
        there = {"place": "", "place_institution_id": self.people.prison.id, "room_id": self.room_id}
        times = {"starts": local(11, days=days), "ends": local(13, days=days)}
        with self.writing() as session:
            event = make_draft(session, self.people.ewa, **there, **times)
            agree(session, event)
            return event.id or 0

    def lines(self, verb: str) -> list[AuditLine]:
        with self.database.session(writes=False) as session:
            return list(session.exec(select(AuditLine).where(AuditLine.verb == verb).order_by(col(AuditLine.id))).all())

    def visits(self) -> list[Visit]:
        with self.database.session(writes=False) as session:
            return list(session.exec(select(Visit).order_by(col(Visit.id))).all())


@pytest.fixture(name="unit")
def _unit(database: Database) -> UnitWithRoom:
    with database.session(writes=True) as session:
        people = make_people(session)
        room = add(session, Room, institution_id=people.prison.id or 0, name="Świetlica")
        session.commit()
        return UnitWithRoom(database, people, room.id or 0)


def test_one_of_several_requests_gets_the_room(unit: UnitWithRoom) -> None:
    people = unit.people
    works: list[Callable[[], None]] = [
        partial(unit.ask, people.ewa, people.marek),
        partial(unit.ask, people.marek, people.ewa),
        partial(unit.ask, people.jola, people.ewa),
        partial(unit.ask, people.stefan, people.ewa),
    ]
    wrong = faults(works)
    assert len(unit.visits()) == 1
    assert [error for error in wrong if not isinstance(error, checks.RoomHeld | checks.RoomTaken)] == []
    sentences = [translated(error) for error in wrong if isinstance(error, Refusal)]
    assert len(sentences) == len(works) - 1
    assert all(one.startswith((HELD, TAKEN)) for one in sentences)


def test_the_second_waits_and_reads_which_case_holds_the_room(unit: UnitWithRoom) -> None:
    people, wrong = unit.people, []

    def second() -> None:
        try:
            unit.ask(people.ewa, people.jola)
        except Refusal as error:
            wrong.append(translated(error))

    with closing(unit.database.session(writes=True)) as session:
        actions.ask(session, people.ewa.actor, unit.wanted(people.ewa, people.marek, 0), str(uuid4()), now())
        after = waits(second, "the second must wait for the first")
        session.commit()
    after.join(timeout=30)
    assert [one.startswith(HELD) for one in wrong] == [True]


def test_no_date_is_accepted_into_a_room_that_is_taken_meanwhile(unit: UnitWithRoom) -> None:
    """Whoever publishes into a held room was warned; who accepts afterwards is refused, and who came first stands."""
    people = unit.people
    for n in range(ROUNDS):
        days = 7 * n
        unit.ask(people.ewa, people.marek, days)
        visit, event_id = unit.visits()[-1], unit.draft(days)
        accept = partial(unit.accept, people.marek, visit.id or 0)
        publish = partial(unit.publish, event_id)
        wrong = faults([accept, publish] if n % 2 else [publish, accept])
        assert [error for error in wrong if not isinstance(error, checks.RoomTaken)] == []
        accepted = unit.visits()[-1].state is State.ACCEPTED
        assert accepted is not bool(wrong)
        (published,) = [one for one in unit.lines("event.published") if one.subject_id == event_id]
        if accepted:
            (line,) = [one for one in unit.lines("visit.accepted") if one.subject_id == visit.id]
            assert (line.id or 0) < (published.id or 0)
        else:
            assert "sala jest zajęta w godzinach 11.00–13.00" in translated(refusal_of(wrong))


def test_no_date_is_offered_in_a_room_that_is_taken_meanwhile(unit: UnitWithRoom) -> None:
    people = unit.people
    for n in range(ROUNDS):
        days, before = 7 * n, len(unit.visits())
        event_id = unit.draft(days)
        works: list[Callable[[], None]] = [
            partial(unit.publish, event_id),
            partial(unit.ask, people.marek, people.ewa, days),
        ]
        wrong = faults(works if n % 2 else works[::-1])
        assert [error for error in wrong if not isinstance(error, checks.RoomTaken)] == []
        offered = len(unit.visits()) > before
        assert offered is not bool(wrong)
        (published,) = [one for one in unit.lines("event.published") if one.subject_id == event_id]
        if offered:
            assert (unit.lines("visit.asked")[-1].id or 0) < (published.id or 0)


def test_who_publishes_first_is_told_to_who_accepts(unit: UnitWithRoom) -> None:
    people, wrong = unit.people, []
    unit.ask(people.ewa, people.marek)
    (visit,), event_id = unit.visits(), unit.draft()

    def accept() -> None:
        try:
            unit.accept(people.marek, visit.id or 0)
        except Refusal as error:
            wrong.append(error)

    with closing(unit.database.session(writes=True)) as session:
        calendar.publish(session, people.ewa.actor, session.get_one(Event, event_id), now())
        after = waits(accept, "who accepts must wait for who is publishing")
        session.commit()
    after.join(timeout=30)
    assert [type(error) for error in wrong] == [checks.RoomTaken]
    assert unit.visits()[0].state is State.REQUESTED


def refusal_of(wrong: Sequence[BaseException]) -> Refusal:
    (error,) = wrong
    assert isinstance(error, Refusal)
    return error

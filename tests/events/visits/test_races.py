"""Several people at the same moment: one of them wins, the others read why, and nobody waits for ever."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, func, select

from app import warsaw
from app.actors import Actor, Role
from app.clock import now
from app.db import Database
from app.errors import Refusal
from app.web.i18n import translated
from events.calendar import actions as calendar
from events.calendar.models import Event
from events.calendar.models import State as EventState
from events.changes import actions as changes
from events.changes import suspension
from events.signups.models import SignUp
from events.visits import actions, checks, rules, upkeep
from events.visits.models import Act, OptionState, Path, State, Visit, VisitOption, VisitStep
from partners.availability.rules import PeriodDraft
from partners.institutions.models import Institution
from tests.at_once import at_once
from tests.factories.persons import People, Person, make_people, make_person
from tests.factories.visits import OTHERS, accept, date_on, make_visit, request_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clock")]
ROUNDS = 6


@pytest.fixture(name="database")
def _database(address: str) -> Iterator[Database]:
    database = Database(address)
    yield database
    database.dispose()


@dataclass
class House:
    """The prison, the MOPS with two who coordinate, and requests between them."""

    database: Database
    people: People
    iga: Person

    def visit(self, *, agreed: bool = False, moving: bool = False) -> tuple[int, int, list[int]]:
        """Make a request; give its key, the turn and the dates on offer."""
        with closing(self.database.session(writes=True)) as session:
            visit = make_visit(session, self.people)
            if agreed or moving:
                accept(session, self.people.marek, visit)
            if moving:
                actions.move(session, self.people.ewa.actor, visit, OTHERS, "room", now())
            session.commit()
            rows = session.exec(
                select(VisitOption)
                .where(VisitOption.visit_id == visit.id, VisitOption.state == OptionState.OPEN)
                .order_by(col(VisitOption.position))
            ).all()
            return visit.id or 0, visit.open_step_id or 0, [one.id or 0 for one in rows]

    def act(self, visit_id: int, work: Callable[[Session, Visit], object]) -> None:
        """Do something to a request in a unit of work of its own."""
        with closing(self.database.session(writes=True)) as session:
            work(session, session.get_one(Visit, visit_id))
            session.commit()

    def accept(self, visit_id: int, turn: int, option_id: int, actor: Actor, message: str = "") -> None:
        take = partial(actions.accept, actor=actor, option_id=option_id, now=now(), turn=turn, message=message)
        self.act(visit_id, lambda session, visit: take(session, visit=visit))

    def thread(self, visit_id: int) -> list[Act]:
        with self.database.session(writes=False) as session:
            statement = select(VisitStep).where(VisitStep.visit_id == visit_id).order_by(col(VisitStep.position))
            found = session.exec(statement).all()
            assert [one.position for one in found] == list(range(1, len(found) + 1))
            return [one.act for one in found]

    def count(self, table: Any, *where: Any) -> int:
        with self.database.session(writes=False) as session:
            return session.exec(select(func.count()).select_from(table).where(*where)).one()

    def stands(self, visit_id: int) -> Visit:
        with self.database.session(writes=False) as session:
            return session.get_one(Visit, visit_id)


@pytest.fixture(name="house")
def _house(database: Database) -> House:
    with database.session(writes=True) as session:
        people = make_people(session)
        iga = make_person(session, "Iga Próbna", people.mops, Role.COORDINATOR)
        session.commit()
    return House(database, people, iga)


def test_two_people_accept_different_dates(house):
    for _ in range(ROUNDS):
        visit_id, turn, options = house.visit()
        works = [
            partial(house.accept, visit_id, turn, option, person.actor)
            for option, person in zip(options, (house.people.marek, house.iga), strict=False)
        ]
        told = at_once(works)
        (winner,) = [number for number, one in enumerate(told) if one is None]
        loser = told[1 - winner]
        assert isinstance(loser, rules.Meanwhile)
        assert loser.message == rules.MEANWHILE[Act.ACCEPT]
        assert house.people.mops.name in translated(loser)
        visit = house.stands(visit_id)
        with house.database.session(writes=False) as session:
            states = {one: session.get_one(VisitOption, one).state for one in options}
            starts = session.get_one(VisitOption, options[winner]).starts_at
            event = session.get_one(Event, visit.event_id)
            assert starts == warsaw.to_utc(event.local_start)
        assert states == {
            one: OptionState.ACCEPTED if one == options[winner] else OptionState.LAPSED for one in options
        }
        assert house.thread(visit_id) == [Act.ASK, Act.ACCEPT]
    assert house.count(Event) == ROUNDS
    assert house.count(SignUp) == ROUNDS * 2


def test_both_sides_accept_different_dates(house):
    for _ in range(ROUNDS):
        visit_id, turn, options = house.visit()
        told = at_once([
            partial(house.accept, visit_id, turn, options[0], house.people.ewa.actor),
            partial(house.accept, visit_id, turn, options[1], house.people.marek.actor),
        ])  # fmt: skip
        assert told[1] is None  # whose turn it is
        assert isinstance(told[0], rules.NotYourTurn | rules.Meanwhile)
        assert house.thread(visit_id) == [Act.ASK, Act.ACCEPT]
    assert house.count(Event) == ROUNDS


def test_every_answer_at_once_is_one_answer(house):
    people = house.people
    won: Counter[Act] = Counter()
    for _ in range(ROUNDS):
        visit_id, turn, options = house.visit()
        do = partial(partial, house.act, visit_id)
        works = [
            partial(house.accept, visit_id, turn, options[0], people.marek.actor),
            partial(house.accept, visit_id, turn, options[2], house.iga.actor),
            do(lambda s, v, turn=turn: actions.counter(s, people.marek.actor, v, OTHERS, now(), turn=turn)),
            do(lambda s, v, turn=turn: actions.refuse(s, house.iga.actor, v, "staff", now(), turn=turn)),
            do(lambda s, v, turn=turn: actions.withdraw(s, people.ewa.actor, v, now(), turn=turn)),
            do(lambda s, v: actions.say(s, people.adam.actor, v, "Czekamy.", now())),
        ]
        told = at_once(works)
        assert [
            one for one in told if one is not None and not isinstance(one, rules.Meanwhile | rules.ClosedAlready)
        ] == []
        answers = [one for one in house.thread(visit_id) if one is not Act.SAY]
        assert len(answers) == 2
        assert sum(one is None for one in told[:5]) == 1
        won[answers[1]] += 1
    assert house.count(Event) == won[Act.ACCEPT]
    assert house.count(VisitOption, VisitOption.state == OptionState.ACCEPTED) == won[Act.ACCEPT]


def test_a_form_posted_four_times_at_once_is_one_answer(house):
    visit_id, turn, options = house.visit()
    told = at_once([partial(house.accept, visit_id, turn, options[1], house.people.marek.actor, "Tak.")] * 4)
    assert told == [None] * 4
    assert house.thread(visit_id) == [Act.ASK, Act.ACCEPT]
    assert house.count(Event) == 1


def test_a_request_posted_four_times_at_once_is_one_request(house):
    key = str(uuid4())

    def ask() -> None:
        with closing(house.database.session(writes=True)) as session:
            actions.ask(session, house.people.ewa.actor, request_of(house.people), key, now())
            session.commit()

    assert at_once([ask] * 4) == [None] * 4
    assert house.count(Visit) == 1


def test_numbers_are_given_once(house):
    """Of two units, so that no lock of one unit keeps the others apart."""
    people = house.people

    def ask(unit: Person) -> None:
        with closing(house.database.session(writes=True)) as session:
            wanted = request_of(people, unit_id=unit.institution_id)
            actions.ask(session, unit.actor, wanted, str(uuid4()), now())
            session.commit()

    assert at_once([partial(ask, unit) for unit in (people.ewa, people.zofia) * 4]) == [None] * 8
    with house.database.session(writes=False) as session:
        numbers = sorted(session.exec(select(Visit.number)))
    assert numbers == [f"W-2026-{number:03d}" for number in range(1, 9)]


def test_a_move_is_accepted_while_the_meeting_is_called_off(house):
    """On the page of the visit, and on that of the event, which knows nothing of visits; and the worker looks on."""
    people = house.people
    for number in range(ROUNDS * 2):
        visit_id, turn, options = house.visit(moving=True)
        event_id = house.stands(visit_id).event_id

        def off_elsewhere(event_id: int | None = event_id) -> None:
            with closing(house.database.session(writes=True)) as session:
                changes.cancel(session, people.ewa.actor, session.get_one(Event, event_id), "awaria", now())
                session.commit()

        def settle() -> None:
            with closing(house.database.session(writes=True)) as session:
                upkeep.settle(session, now())
                session.commit()

        off = partial(house.act, visit_id, lambda s, v: actions.cancel(s, people.marek.actor, v, "journey", now()))
        works = [
            partial(house.accept, visit_id, turn, options[0], people.marek.actor),
            off if number % 2 else off_elsewhere,
            settle,
        ]
        told = at_once(works)
        assert [one for one in told if isinstance(one, DBAPIError)] == []
        with closing(house.database.session(writes=True)) as session:
            upkeep.settle(session, now())
            session.commit()
        visit = house.stands(visit_id)
        with house.database.session(writes=False) as session:
            assert session.get_one(Event, event_id).state is EventState.CANCELLED
        assert (visit.state, visit.turn_of_id) == (State.ACCEPTED, None)
        assert house.count(VisitOption, VisitOption.visit_id == visit_id, VisitOption.state == OptionState.OPEN) == 0


def test_a_draft_is_deleted_while_its_visit_is_called_off(house):
    """The draft of an assistance: whoever deletes it lets go of the visit, which another one holds."""
    people = house.people
    with closing(house.database.session(writes=True)) as session:
        helper = make_person(session, "Ola Próbna", people.stranger, Role.COORDINATOR)
        session.commit()
    for _ in range(ROUNDS):
        with closing(house.database.session(writes=True)) as session:
            wanted = request_of(people, Path.ASSISTANCE, asked_id=people.stranger.id)
            visit = actions.ask(session, people.marek.actor, wanted, str(uuid4()), now())
            event_id = accept(session, helper.actor, visit).id
            session.commit()
            visit_id = visit.id or 0

        def discard(event_id: int | None = event_id) -> None:
            with closing(house.database.session(writes=True)) as session:
                found = session.get(Event, event_id)
                if found is not None:
                    calendar.discard(session, people.stefan.actor, found, now())
                    session.commit()

        off = partial(house.act, visit_id, lambda s, v: actions.cancel(s, people.marek.actor, v, "staff", now()))
        told = at_once([discard, off, off])
        assert [one for one in told if isinstance(one, DBAPIError)] == []
        assert house.stands(visit_id).event_id is None


def test_nights_of_two_workers_chase_each_request_once(house, clock):
    ids = [house.visit()[0] for _ in range(4)]
    clock.move_to(datetime(2026, 11, 27, 0, 5, tzinfo=UTC))

    def chase() -> None:
        with closing(house.database.session(writes=True)) as session:
            upkeep.chase(session, now())
            session.commit()

    said = partial(house.act, ids[0], lambda s, v: actions.say(s, house.people.ewa.actor, v, "Halo?", now()))
    assert at_once([chase, chase, said]) == [None] * 3
    assert [house.thread(one).count(Act.ESCALATE) for one in ids] == [1] * 4
    assert house.thread(ids[0]).count(Act.SAY) == 1


def test_a_suspension_is_seen_by_who_accepts_or_sees_what_was_accepted(house):
    people = house.people
    visit_id, turn, options = house.visit()

    def suspend() -> None:
        with closing(house.database.session(writes=True)) as session:
            unit = session.get_one(Institution, people.prison.id)
            period = PeriodDraft(date(2026, 12, 7), date(2026, 12, 11))
            suspension.suspend(session, people.ewa.actor, unit, period, now())
            session.commit()

    told = at_once([suspend, partial(house.accept, visit_id, turn, options[0], people.marek.actor)])
    assert told[0] is None
    visit = house.stands(visit_id)
    if visit.event_id is None:
        assert isinstance(told[1], checks.UnitAway | Refusal)
        assert visit.state is State.REQUESTED
    else:
        with house.database.session(writes=False) as session:
            assert session.get_one(Event, visit.event_id).state is EventState.CANCELLED


def test_both_ask_each_other_and_answer_crosswise(house):
    """Two requests of opposite paths about the same unit, answered at once by the same people."""
    people = house.people
    for number in range(ROUNDS):
        with closing(house.database.session(writes=True)) as session:
            made = [
                make_visit(session, people, Path.INVITATION, options=(date_on(number),)),
                make_visit(session, people, Path.REQUEST, options=(date_on(number, hour=14),)),
            ]
            session.commit()
            keys = [
                (one.id or 0, one.open_step_id or 0,
                 session.exec(select(VisitOption.id).where(VisitOption.visit_id == one.id)).one() or 0)
                for one in made
            ]  # fmt: skip
        told = at_once([
            partial(house.accept, *keys[0], people.marek.actor),
            partial(house.accept, *keys[1], people.ewa.actor),
        ])  # fmt: skip
        assert told == [None, None]
    assert house.count(Event) == ROUNDS * 2

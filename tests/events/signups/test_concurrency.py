"""Many at once on few seats. The negative control shows that these tests can fail."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from app.actors import Actor, Role
from app.audit.models import AuditLine
from app.clock import now
from app.db import Database
from app.errors import Refusal
from app.outbox.models import OutboxMail
from events.calendar.models import Event, Occurrence
from events.changes import actions as changes
from events.signups import actions
from events.signups.models import Booking, SignUp, SignUpState
from events.signups.rules import Wanted
from partners.institutions.models import Kind
from tests.factories.events import date_of, draft_of, make_event, named
from tests.factories.institutions import make_institution
from tests.factories.persons import People, make_people

SEAT, WAITING, WITHDRAWN = SignUpState.SEAT, SignUpState.WAITING, SignUpState.WITHDRAWN
THREADS = 16

pytestmark = pytest.mark.slow


@dataclass
class Crowd:
    """An event and who wants to come, each in a thread and a unit of work of his own, as in a request."""

    database: Database
    people: People
    event_id: int
    occurrence_id: int
    guests: list[Actor]

    def sign_up(self, guest: Actor, number: int, key: str = "") -> list[int]:
        with closing(self.database.session(writes=True)) as session:
            event = session.get_one(Event, self.event_id)
            wanted = Wanted(people=(named(number),))
            made = actions.sign_up(session, guest, event, self.occurrence_id, wanted, key or str(uuid4()), now())
            session.commit()
            return [row.id or 0 for row in made]

    def withdraw(self, guest: Actor, signup_id: int) -> None:
        with closing(self.database.session(writes=True)) as session:
            actions.withdraw(session, guest, session.get_one(Event, self.event_id), signup_id, now())
            session.commit()

    def set_capacity(self, capacity: int) -> None:
        with closing(self.database.session(writes=True)) as session:
            event = session.get_one(Event, self.event_id)
            changes.edit(session, self.people.ewa.actor, event, draft_of(capacity=capacity), event.revision, now())
            session.commit()

    def rows(self) -> list[SignUp]:
        with self.database.session(writes=False) as session:
            statement = select(SignUp).where(SignUp.occurrence_id == self.occurrence_id).order_by(col(SignUp.queue_no))
            return list(session.exec(statement).all())

    def check_books(self, capacity: int) -> None:
        """Whatever happened: capacity kept, numbers unique, counters right, nobody overtaken, one audit line each."""
        rows = self.rows()
        states = Counter(row.state for row in rows)
        numbers = [row.queue_no for row in rows]
        assert len(set(numbers)) == len(numbers)
        assert states[SEAT] <= capacity
        if states[WAITING]:
            assert states[SEAT] == capacity
            last_seated = max(row.queue_no for row in rows if row.state is SEAT)
            assert min(row.queue_no for row in rows if row.state is WAITING) > last_seated
        with self.database.session(writes=False) as session:
            occurrence = session.get_one(Occurrence, self.occurrence_id)
            assert (occurrence.seats_taken, occurrence.waiting) == (states[SEAT], states[WAITING])
            made = session.exec(select(AuditLine.subject_id).where(AuditLine.verb == "signup.made")).all()
            assert sorted(made) == sorted(row.id or 0 for row in rows)


def crowd(database: Database, capacity: int, guests: int) -> Crowd:
    with database.session(writes=True) as session:
        people = make_people(session)
        institutions = [make_institution(session, f"ops-{n}", Kind.OPS) for n in range(guests)]
        event = make_event(session, people.ewa, capacity=capacity)
        session.commit()
        actors = [Actor(role=Role.COORDINATOR, institution_id=one.id, name=one.name) for one in institutions]
        return Crowd(database, people, event.id or 0, date_of(session, event).id or 0, actors)


@pytest.fixture(name="database")
def _database(address: str) -> Iterator[Database]:
    database = Database(address)
    yield database
    database.dispose()


def at_once(works: Sequence[Callable[[], object]]) -> list[BaseException | None]:
    """Begin all *works* together; give for each what went wrong, or None."""
    gate = threading.Barrier(min(THREADS, len(works)))
    first = threading.local()

    def run(work: Callable[[], object]) -> BaseException | None:
        if not hasattr(first, "done"):
            first.done = True
            gate.wait(timeout=30)
        try:
            work()
        except (Refusal, DBAPIError) as error:
            return error
        return None

    with ThreadPoolExecutor(min(THREADS, len(works))) as pool:
        return list(pool.map(run, works))


def test_fifty_on_five_seats(database):
    house = crowd(database, capacity=5, guests=50)
    wants = [partial(house.sign_up, guest, n) for n, guest in enumerate(house.guests)]
    assert at_once(wants) == [None] * 50
    rows = house.rows()
    assert [row.state for row in rows] == [SEAT] * 5 + [WAITING] * 45
    assert [row.queue_no for row in rows] == list(range(1, 51))
    assert sorted(row.person for row in rows) == sorted(named(n).name for n in range(50))
    house.check_books(capacity=5)
    with database.session(writes=False) as session:
        letters = Counter(session.exec(select(OutboxMail.template)).all())
    assert letters == {"events/signups/confirmed": 5, "events/signups/waiting": 45}


def test_the_last_place_by_two(database):
    house = crowd(database, capacity=1, guests=2)
    for _ in range(5):
        assert at_once([partial(house.sign_up, house.guests[n], n) for n in range(2)]) == [None, None]
        assert sorted(row.state for row in house.rows() if row.state is not WITHDRAWN) == [SEAT, WAITING]
        house.check_books(capacity=1)
        for row in reversed([row for row in house.rows() if row.state is not WITHDRAWN]):
            guest = next(one for one in house.guests if one.institution_id == row.institution_id)
            house.withdraw(guest, row.id or 0)


def test_the_same_form_twenty_times(database):
    house = crowd(database, capacity=5, guests=1)
    key = str(uuid4())
    made: list[list[int]] = []
    wants = [lambda: made.append(house.sign_up(house.guests[0], 1, key)) for _ in range(20)]
    assert at_once(wants) == [None] * 20
    assert len(house.rows()) == 1
    assert made == [[house.rows()[0].id]] * 20
    with database.session(writes=False) as session:
        assert len(session.exec(select(Booking.id)).all()) == 1
        assert len(session.exec(select(OutboxMail.id)).all()) == 1


def test_the_same_person_on_twenty_forms(database):
    house = crowd(database, capacity=5, guests=2)
    outcomes = at_once([partial(house.sign_up, house.guests[n % 2], 7) for n in range(20)])
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"NoneType": 1, "SignedUpAlready": 19}
    assert [row.state for row in house.rows()] == [SEAT]


def test_withdrawals_at_once_with_sign_ups_keep_capacity_and_order(database):
    house = crowd(database, capacity=5, guests=40)
    for n in range(10):
        house.sign_up(house.guests[n], n)
    first = house.rows()
    leaves = [partial(house.withdraw, house.guests[n], row.id or 0) for n, row in enumerate(first) if n % 2]
    comes = [partial(house.sign_up, house.guests[n], n) for n in range(10, 40)]
    mixed = [work for pair in zip(comes, [*leaves, *[None] * 25], strict=True) for work in pair if work]
    assert at_once(mixed) == [None] * 35
    house.check_books(capacity=5)
    rows = house.rows()
    assert Counter(row.state for row in rows) == {SEAT: 5, WAITING: 30, WITHDRAWN: 5}
    with database.session(writes=False) as session:
        promoted = session.exec(select(AuditLine.subject_id).where(AuditLine.verb == "signup.promoted")).all()
    # Nobody comes up twice, and nobody sits who did not come up; who came up may have left again.
    assert len(promoted) == len(set(promoted))
    assert set(promoted) >= {row.id for row in rows if row.state is SEAT and row.queue_no > 5}


def test_a_withdrawal_posted_twice_frees_one_seat(database):
    house = crowd(database, capacity=1, guests=3)
    for n in range(3):
        house.sign_up(house.guests[n], n)
    signup_id = house.rows()[0].id or 0
    outcomes = at_once([partial(house.withdraw, house.guests[0], signup_id) for _ in range(8)])
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"NoneType": 1, "WithdrawnAlready": 7}
    assert [row.state for row in house.rows()] == [WITHDRAWN, SEAT, WAITING]


def test_capacity_changed_at_once_with_sign_ups(database):
    house = crowd(database, capacity=4, guests=24)
    comes = [partial(house.sign_up, house.guests[n], n) for n in range(24)]
    assert at_once([*comes[:12], partial(house.set_capacity, 9), *comes[12:]]) == [None] * 25
    house.check_books(capacity=9)
    assert Counter(row.state for row in house.rows()) == {SEAT: 9, WAITING: 15}


@pytest.mark.postgres
@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_capacity_read_before_the_lock_does_not_count(database):
    """The identity map must not give back what was read while another unit of work was changing it.

    On SQLite nobody can: a writing unit of work is alone.
    """
    house = crowd(database, capacity=4, guests=4)
    with closing(database.session(writes=True)) as early:
        event = early.get_one(Event, house.event_id)
        assert (event.capacity, early.get_one(Occurrence, house.occurrence_id).seats_taken) == (4, 0)
        house.sign_up(house.guests[0], 0)
        house.set_capacity(1)
        made = actions.sign_up(
            early, house.guests[1], event, house.occurrence_id, Wanted(people=(named(1),)), str(uuid4()), now()
        )
        early.commit()
        assert [row.state for row in made] == [WAITING]
    house.check_books(capacity=1)


def test_without_locks_the_result_is_wrong(address):
    """The negative control: the crowd of the first test on a database that locks nothing."""
    database = Database(address, skip_locks=True)
    wrong = False
    try:
        house = crowd(database, capacity=5, guests=50)
        outcomes = at_once([partial(house.sign_up, g, n) for n, g in enumerate(house.guests)])
        rows = house.rows()
        states = [row.state for row in rows]
        # Oversold, or lost: PostgreSQL refuses equal queue numbers, SQLite says "database is locked".
        wrong = states != [SEAT] * 5 + [WAITING] * 45
        wrong = wrong or any(isinstance(outcome, DBAPIError) for outcome in outcomes)
    finally:
        database.dispose()
    assert wrong


def test_a_refused_sign_up_leaves_nothing_behind(database):
    house = crowd(database, capacity=5, guests=1)
    house.sign_up(house.guests[0], 1)
    with closing(database.session(writes=True)) as session:
        event = session.get_one(Event, house.event_id)
        wanted = Wanted(people=(named(2), named(1)))
        with pytest.raises(Refusal):
            actions.sign_up(session, house.guests[0], event, house.occurrence_id, wanted, str(uuid4()), now())
        session.rollback()
    assert counted(database) == (1, 1, 1)


def counted(database: Database) -> tuple[int, int, int]:
    with database.session(writes=False) as session:
        return (_number(session, SignUp), _number(session, Booking), _number(session, OutboxMail))


def _number(session: Session, table: type[SignUp] | type[Booking] | type[OutboxMail]) -> int:
    return len(session.exec(select(table.id)).all())

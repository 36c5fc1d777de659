"""Many at once on one slot for three persons. The negative control shows that these tests can fail."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from app.actors import Actor
from app.audit.models import AuditLine
from app.clock import now
from app.db import Database
from events.calendar.models import Event
from events.duty import actions, rules
from events.duty.models import DutyBooking
from tests.events.signups.test_concurrency import at_once
from tests.factories.duty import dates, make_duty
from tests.factories.persons import People, make_people

SLOT = 2
PLACES = 3

pytestmark = pytest.mark.slow


@dataclass
class Unit:
    """A date of duty hours, and coordinators who book on it, each in a thread and a unit of work of his own."""

    database: Database
    people: People
    event_id: int
    occurrence_id: int

    @property
    def staff(self) -> list[Actor]:
        return [self.people.ewa.actor, self.people.adam.actor]

    def book(self, who: Actor, persons: int, key: str = "", slot: int = SLOT) -> int:
        with closing(self.database.session(writes=True)) as session:
            made = actions.book(
                session, who, self.occurrence_id, slot, persons, ["benefits"], key or str(uuid4()), now()
            )
            session.commit()
            return made.id or 0

    def withdraw(self, who: Actor, booking_id: int) -> None:
        with closing(self.database.session(writes=True)) as session:
            actions.withdraw(session, who, booking_id, now())
            session.commit()

    def cancel(self) -> None:
        with closing(self.database.session(writes=True)) as session:
            event = session.get_one(Event, self.event_id)
            actions.cancel_date(session, self.people.marek.actor, event, self.occurrence_id, "illness", "", now())
            session.commit()

    def standing(self) -> list[DutyBooking]:
        with self.database.session(writes=False) as session:
            found = session.exec(select(DutyBooking).where(DutyBooking.occurrence_id == self.occurrence_id)).all()
            return [one for one in found if one.withdrawn_at is None]

    def persons(self) -> int:
        return sum(one.persons for one in self.standing() if one.slot == SLOT)

    def lines(self, verb: str) -> int:
        with self.database.session(writes=False) as session:
            return len(session.exec(select(AuditLine.id).where(AuditLine.verb == verb)).all())


def unit_of(database: Database) -> Unit:
    with database.session(writes=True) as session:
        people = make_people(session)
        event = make_duty(session, people, slot_persons=PLACES)
        session.commit()
        return Unit(database, people, event.id or 0, dates(session, event)[0].id or 0)


@pytest.fixture(name="database")
def _database(address: str) -> Iterator[Database]:
    database = Database(address)
    yield database
    database.dispose()


def test_a_slot_for_three_is_never_overbooked(database):
    unit = unit_of(database)
    outcomes = at_once([partial(unit.book, unit.staff[n % 2], 1) for n in range(24)])
    assert Counter(type(one).__name__ for one in outcomes) == {"NoneType": PLACES, "SlotTaken": 21}
    assert (unit.persons(), unit.lines("duty.booked")) == (PLACES, PLACES)


def test_groups_get_a_slot_as_far_as_they_fit(database):
    unit = unit_of(database)
    outcomes = at_once([partial(unit.book, unit.staff[n % 2], 1 + n % 2) for n in range(16)])
    assert {type(one) for one in outcomes} <= {type(None), rules.SlotTaken, rules.SlotFull}
    assert unit.persons() == PLACES
    assert sum(one is None for one in outcomes) == len(unit.standing())


def test_one_form_sent_many_times_books_once(database):
    unit = unit_of(database)
    key = str(uuid4())
    assert at_once([partial(unit.book, unit.staff[0], 1, key) for _ in range(12)]) == [None] * 12
    assert (unit.persons(), unit.lines("duty.booked")) == (1, 1)


def test_withdrawals_and_bookings_at_once(database):
    unit = unit_of(database)
    first = [unit.book(unit.staff[0], 1) for _ in range(PLACES)]
    leaves = [partial(unit.withdraw, unit.staff[1], one) for one in first for _ in range(2)]
    comes = [partial(unit.book, unit.staff[n % 2], 1) for n in range(12)]
    outcomes = at_once([work for pair in zip(comes, leaves * 2, strict=True) for work in pair])
    assert unit.persons() <= PLACES
    assert unit.lines("duty.withdrawn") == PLACES
    assert unit.lines("duty.booked") - unit.lines("duty.withdrawn") == len(unit.standing())
    assert not [one for one in outcomes if isinstance(one, DBAPIError)]


def test_nothing_stays_booked_on_a_date_cancelled_at_once(database):
    unit = unit_of(database)
    works = [partial(unit.book, unit.staff[n % 2], 1, "", n % 9) for n in range(18)]
    outcomes = at_once([*works[:9], unit.cancel, *works[9:]])
    assert not [one for one in outcomes if isinstance(one, DBAPIError)]
    assert outcomes[9] is None
    assert unit.standing() == []


def test_without_locks_the_slot_is_overbooked(address):
    """The negative control: the first test on a database that locks nothing."""
    database = Database(address, skip_locks=True)
    wrong = False
    try:
        unit = unit_of(database)
        for _ in range(5):
            outcomes = at_once([partial(unit.book, unit.staff[n % 2], 1) for n in range(24)])
            # Overbooked, or lost: SQLite says "database is locked".
            wrong = wrong or unit.persons() > PLACES or any(isinstance(one, DBAPIError) for one in outcomes)
            if wrong:
                break
            _clear(database)
    finally:
        database.dispose()
    assert wrong


def _clear(database: Database) -> None:
    with closing(database.session(writes=True)) as session:
        _forget(session)
        session.commit()


def _forget(session: Session) -> None:
    for one in session.exec(select(DutyBooking)).all():
        session.delete(one)

"""A suspension and those who publish, move and sign up at the same moment: nothing slips in, nobody waits for ever."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from app.clock import now
from app.db import Database
from app.errors import Refusal
from events.calendar import actions as calendar
from events.calendar.models import Event, Occurrence, State
from events.changes import actions as changes
from events.changes import suspension
from events.signups import actions as signups
from events.signups.models import SignUp
from events.signups.rules import Wanted
from partners.availability import rules
from partners.availability.rules import PeriodDraft
from partners.institutions.models import Institution
from tests.at_once import Unit, faults, waits
from tests.factories.events import draft_of, local, make_draft, make_event, named
from tests.factories.persons import make_people

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clock")]
WEEK = PeriodDraft(date(2026, 12, 7), date(2026, 12, 11))
DRAFTS = 12
MOVED = 4


@pytest.fixture(name="database")
def _database(address: str) -> Iterator[Database]:
    database = Database(address)
    yield database
    database.dispose()


@dataclass
class UnitWithDrafts(Unit):
    """A prison unit with drafts in a week, and published events a week later."""

    drafts: list[int]
    later: list[int]
    taken: int

    def move(self, event_id: int) -> None:
        with self.writing() as session:
            event = session.get_one(Event, event_id)
            into = draft_of(place="", place_institution_id=self.people.prison.id)
            changes.edit(session, self.people.ewa.actor, event, into, event.revision, now())

    def sign_up(self, number: int) -> None:
        with self.writing() as session:
            event = session.get_one(Event, self.taken)
            date_id = session.exec(select(Occurrence.id).where(Occurrence.event_id == self.taken)).one() or 0
            wanted = Wanted(people=(named(number),))
            signups.sign_up(session, self.people.marek.actor, event, date_id, wanted, str(uuid4()), now())

    def suspend(self) -> None:
        with self.writing() as session:
            self.suspend_in(session)

    def suspend_in(self, session: Session) -> None:
        unit = session.get_one(Institution, self.people.prison.id)
        suspension.suspend(session, self.people.ewa.actor, unit, WEEK, now())

    def standing(self) -> list[int]:
        """Give the events that are published in the week in spite of the suspension."""
        with self.database.session(writes=False) as session:
            statement = select(Occurrence.event_id).where(
                col(Occurrence.local_date).between(WEEK.first_day, WEEK.last_day), Occurrence.state == State.PUBLISHED
            )
            return list(session.exec(statement).all())


def unit(database: Database) -> UnitWithDrafts:
    with database.session(writes=True) as session:
        people = make_people(session)
        there = {"place": "", "place_institution_id": people.prison.id}
        drafts = [make_draft(session, people.ewa, **there) for _ in range(DRAFTS)]
        times = {"starts": local(10, days=7), "ends": local(12, days=7)}
        later = [make_event(session, people.ewa, **there, **times) for _ in range(MOVED)]
        taken = make_event(session, people.ewa, **there, capacity=3)
        session.commit()
        ids = [event.id or 0 for event in (*drafts, *later, taken)]
        return UnitWithDrafts(database, people, ids[:DRAFTS], ids[DRAFTS:-1], ids[-1])


def test_nothing_stands_in_the_days_whoever_was_faster(database: Database) -> None:
    there = unit(database)
    works: list[Callable[[], None]] = [
        *(partial(there.publish, one) for one in there.drafts[: DRAFTS // 2]),
        there.suspend,
        *(partial(there.publish, one) for one in there.drafts[DRAFTS // 2 :]),
        *(partial(there.move, one) for one in there.later),
        *(partial(there.sign_up, number) for number in range(3)),
    ]
    wrong = faults(works)
    assert [error for error in wrong if not isinstance(error, Refusal)] == []
    assert there.standing() == []
    with database.session(writes=False) as session:
        signed_up = session.exec(select(SignUp.id)).all()
        date_ = session.exec(select(Occurrence).where(Occurrence.event_id == there.taken)).one()
        assert (date_.state, date_.seats_taken) == (State.CANCELLED, len(signed_up))


def test_who_publishes_first_is_cancelled(database: Database) -> None:
    there = unit(database)
    with closing(database.session(writes=True)) as session:
        event = session.get_one(Event, there.drafts[0])
        calendar.publish(session, there.people.ewa.actor, event, now())
        after = waits(there.suspend, "the suspension must wait for who is publishing")
        session.commit()
    after.join(timeout=30)
    assert there.standing() == []


def test_who_suspends_first_is_told_to_the_other(database: Database) -> None:
    there = unit(database)
    wrong: list[BaseException] = []

    def publish() -> None:
        try:
            there.publish(there.drafts[0])
        except Refusal as error:
            wrong.append(error)

    with closing(database.session(writes=True)) as session:
        there.suspend_in(session)
        after = waits(publish, "who publishes must wait for the suspension")
        session.commit()
    after.join(timeout=30)
    assert [type(error) for error in wrong] == [rules.Suspended]
    assert there.standing() == []

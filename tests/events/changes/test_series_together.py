"""Two at once on one series: a split and a sign-up, two splits. Nobody is lost, no date stands twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from app.clock import now
from app.db import Database
from app.errors import Refusal
from events.calendar.models import Event, Occurrence
from events.changes import actions
from events.changes.rules import Scope
from events.recurrence import Rule
from events.signups import actions as signups
from events.signups.models import SignUp
from events.signups.rules import Wanted
from tests.factories.events import draft_of, named
from tests.factories.persons import People
from tests.factories.series import assert_calendars_agree, dates_of, end_of, make_series, part_of, week

pytestmark = pytest.mark.usefixtures("clock")


def at_once(database: Database, *acts) -> list[str]:
    """Run *acts* at the same time, each in a unit of work of its own; give "" or the name of the refusal for each."""
    barrier = Barrier(len(acts))

    def run(act) -> str:
        with database.session(writes=True) as session:
            barrier.wait()
            try:
                act(session)
                session.commit()
            except Refusal as refusal:
                session.rollback()
                return type(refusal).__name__
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_a_split_and_sign_ups_at_once_lose_nobody(session: Session, database: Database, people: People) -> None:
    event = make_series(session, people.ewa, capacity=50)
    rows, revision = [row.id or 0 for row in dates_of(session, event)], event.revision
    session.commit()

    def split(own: Session) -> None:
        wanted = draft_of(starts=week(2, 15), ends=end_of(week(2, 15)), rule=Rule(days=(1,), count=4), capacity=50)
        found = own.get_one(Event, event.id)
        actions.edit(
            own, people.ewa.actor, found, wanted, revision, now(), occurrence_id=rows[2], scope=Scope.FOLLOWING
        )

    def sign_up(number: int):
        def act(own: Session) -> None:
            found = own.get_one(Event, event.id)
            wanted = Wanted(people=(named(number),))
            signups.sign_up(own, people.marek.actor, found, rows[3], wanted, str(uuid4()), now())

        return act

    said = at_once(database, split, *(sign_up(number) for number in range(6)))
    session.expire_all()
    part = part_of(session, event)
    assert said[0] == ""
    signed = session.exec(select(SignUp)).all()
    assert len(signed) == said[1:].count("")
    assert set(said[1:]) <= {"", "SignUpClosed"}
    date = session.get_one(Occurrence, rows[3])
    assert (date.event_id, date.seats_taken) == (part.id, len(signed))
    assert_calendars_agree(session, event, part)


def test_of_two_splits_at_once_one_is_told_to_look_again(session: Session, database: Database, people: People) -> None:
    event = make_series(session, people.ewa)
    rows, revision = [row.id or 0 for row in dates_of(session, event)], event.revision
    session.commit()

    def split(number: int):
        def act(own: Session) -> None:
            start = week(number, 15)
            wanted = draft_of(starts=start, ends=end_of(start), rule=Rule(days=(1,), count=6 - number))
            found = own.get_one(Event, event.id)
            who, chosen = people.ewa.actor, rows[number]
            actions.edit(own, who, found, wanted, revision, now(), occurrence_id=chosen, scope=Scope.FOLLOWING)

        return act

    said = at_once(database, split(2), split(3))
    assert sorted(said) == ["", "StalePage"]
    session.expire_all()
    part = part_of(session, event)
    assert len(dates_of(session, event)) + len(dates_of(session, part)) == 6
    assert_calendars_agree(session, event, part)


def test_of_two_cancellations_at_once_one_finds_it_done(session: Session, database: Database, people: People) -> None:
    event = make_series(session, people.ewa)
    chosen = dates_of(session, event)[3].id
    session.commit()

    def cancel(scope: Scope):
        def act(own: Session) -> None:
            found = own.get_one(Event, event.id)
            actions.cancel(own, people.ewa.actor, found, "x", now(), occurrence_id=chosen, scope=scope)

        return act

    said = at_once(database, cancel(Scope.FOLLOWING), cancel(Scope.FOLLOWING))
    assert sorted(said) in (["", "NoSuchDate"], ["", "AlreadyCancelled"])
    session.expire_all()
    assert_calendars_agree(session, event, part_of(session, event))

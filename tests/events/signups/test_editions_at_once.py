"""Institutions join an edition in one moment; the negative control shows that this test can fail."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from app.actors import Actor, Role
from app.clock import now
from app.db import Database
from events.calendar.models import Event
from events.signups import series
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Wanted
from partners.institutions.models import Kind
from tests.at_once import at_once
from tests.factories.institutions import make_institution
from tests.factories.joining import make_edition, sessions_of
from tests.factories.persons import make_people

pytestmark = pytest.mark.slow
GUESTS, EACH, PLACES, DATES = 6, 4, 14, 3


def rush(database: Database) -> tuple[list[BaseException | None], list[list[tuple[int, SignUpState]]]]:
    """Let all register their participants at once; give what went wrong and, date by date, who stands how in order."""
    with database.session(writes=True) as session:
        people = make_people(session)
        event = make_edition(session, people.jola, DATES, capacity=PLACES)
        houses = [make_institution(session, f"ops-{n}", Kind.OPS) for n in range(GUESTS)]
        session.commit()
        event_id = event.id or 0
        guests = [Actor(role=Role.COORDINATOR, institution_id=one.id, name=one.name) for one in houses]
    errors = at_once([_joins(database, event_id, guest) for guest in guests])
    with database.session(writes=False) as session:
        event = session.get_one(Event, event_id)
        return errors, [_of(session, date.id or 0) for date in sessions_of(session, event)]


def _joins(database: Database, event_id: int, guest: Actor) -> Callable[[], object]:
    def act(key: str) -> None:
        with closing(database.session(writes=True)) as session:
            event = session.get_one(Event, event_id)
            series.sign_up(session, guest, event, Wanted(places=EACH), key, now())
            session.commit()

    return partial(act, str(uuid4()))


def _of(session: Session, occurrence_id: int) -> list[tuple[int, SignUpState]]:
    statement = select(SignUp).where(SignUp.occurrence_id == occurrence_id).order_by(col(SignUp.queue_no))
    return [(row.institution_id, row.state) for row in session.exec(statement).all()]


def is_right(errors: list[BaseException | None], dates: list[list[tuple[int, SignUpState]]]) -> bool:
    """Whether everybody stands on every date, in one order, and the places are given once."""
    expected = [SignUpState.SEAT] * PLACES + [SignUpState.WAITING] * (GUESTS * EACH - PLACES)
    return not any(errors) and all([state for _one, state in rows] == expected and rows == dates[0] for rows in dates)


def test_all_register_at_once(address: str) -> None:
    database = Database(address)
    try:
        errors, dates = rush(database)
    finally:
        database.dispose()
    assert errors == [None] * GUESTS
    assert len(dates) == DATES
    assert is_right(errors, dates)


def test_without_locks_it_goes_wrong(address: str) -> None:
    database = Database(address, skip_locks=True)
    try:
        errors, dates = rush(database)
    finally:
        database.dispose()
    assert not is_right(errors, dates)

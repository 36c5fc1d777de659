"""Blocked days as counting in working days takes them, and their reasons for those who may read them."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session

from app.actors import Actor, Role
from app.clock import now
from partners.availability import queries
from partners.institutions.models import Room
from tests.factories.availability import make_period
from tests.factories.persons import People
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
FIRST, LAST = date(2026, 12, 1), date(2026, 12, 31)


def days(*numbers: int) -> frozenset[date]:
    return frozenset(date(2026, 12, number) for number in numbers)


def test_closed_days_are_those_of_the_whole_institution(session: Session, people: People) -> None:
    prison, mops, ngo = people.prison.id or 0, people.mops.id or 0, people.ngo.id or 0
    hall = add(session, Room, institution_id=prison, name="Świetlica").id
    make_period(session, people.prison, first_day=date(2026, 11, 20), last_day=date(2026, 12, 2))
    make_period(session, people.prison, first_day=date(2026, 12, 31), last_day=date(2027, 1, 5))
    make_period(session, people.prison, room_id=hall, first_day=date(2026, 12, 7), last_day=date(2026, 12, 8))
    make_period(session, people.prison, suspends=True, first_day=date(2026, 12, 9), last_day=date(2026, 12, 10))
    make_period(session, people.mops, first_day=date(2026, 12, 14), last_day=date(2026, 12, 15))
    found = queries.closed_days(session, (prison, mops, ngo), FIRST, LAST)
    assert found == {prison: days(1, 2, 31), mops: days(14, 15), ngo: frozenset()}
    assert queries.closed_days(session, (), FIRST, LAST) == {}


def test_a_period_that_was_ended_early_is_closed_until_then(session: Session, people: People) -> None:
    period = make_period(session, people.mops, first_day=date(2026, 12, 1), last_day=date(2026, 12, 31))
    period.ended_at = now() + timedelta(days=10)  # 3 December
    session.flush()
    assert queries.closed_days(session, (people.mops.id or 0,), FIRST, LAST) == {people.mops.id: days(1, 2)}


def test_reasons_are_for_those_who_work_there(session: Session, people: People) -> None:
    period = make_period(session, people.prison, reason="odbiór robót")
    found = queries.standing(session, (people.prison.id or 0,), period.first_day, period.last_day)
    link = Actor(role=Role.COORDINATOR, institution_id=people.prison.id)
    for actor in (people.marek.actor, people.wanda.actor, people.olga.actor, Actor.visitor(), link):
        assert queries.reasons(session, actor, found) == {}
    assert queries.reasons(session, people.ewa.actor, found) == {period.id: "odbiór robót"}

"""Blocked days, act by act."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
import time_machine
from sqlmodel import Session, col, select

from app.audit.models import AuditLine, AuditValue
from app.clock import now
from partners.availability import actions, queries, rules
from partners.availability.rules import PeriodDraft
from partners.institutions.models import Room
from tests.conftest import Statements
from tests.factories.availability import make_period
from tests.factories.persons import People
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
Counting = Callable[[], AbstractContextManager[Statements]]
WEEK = PeriodDraft(date(2026, 12, 7), date(2026, 12, 11), reason="odbiór robót")


def test_admin_blocks_days_and_the_trail_keeps_no_reason(session: Session, people: People) -> None:
    period = actions.block(session, people.adam.actor, people.prison, WEEK, now())
    assert (period.first_day, period.last_day, period.suspends) == (WEEK.first_day, WEEK.last_day, False)
    line = session.exec(select(AuditLine).order_by(col(AuditLine.id).desc())).first()
    assert line is not None
    assert (line.verb, line.details["room_id"]) == ("days.blocked", None)
    assert "robót" not in str(line.details)
    assert session.exec(select(AuditValue).where(AuditValue.audit_id == line.id)).all() == []


def test_nobody_else_blocks_or_ends_them(session: Session, people: People) -> None:
    period = make_period(session, people.prison)
    for person in (people.ewa, people.marek, people.olga, people.wanda, people.zofia):
        with pytest.raises(rules.NotYourDays):
            actions.block(session, person.actor, people.prison, WEEK, now())
        with pytest.raises(rules.NotYourDays):
            actions.end(session, person.actor, people.prison, period, now())


def test_overlapping_days_are_refused_with_the_days_that_stand(session: Session, people: People) -> None:
    actions.block(session, people.adam.actor, people.prison, WEEK, now())
    later = PeriodDraft(date(2026, 12, 11), date(2026, 12, 18))
    with pytest.raises(rules.Overlapping, match=r"From 07\.12\.2026 to 11\.12\.2026"):
        actions.block(session, people.adam.actor, people.prison, later, now())


def test_a_room_is_blocked_alone_and_only_an_own_one(session: Session, people: People) -> None:
    own = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    other = add(session, Room, institution_id=people.mops.id or 0, name="Sala konferencyjna")
    wanted = PeriodDraft(WEEK.first_day, WEEK.last_day, own.id)
    actions.block(session, people.adam.actor, people.prison, wanted, now())
    stranger = PeriodDraft(WEEK.first_day, WEEK.last_day, other.id)
    with pytest.raises(rules.NoSuchRoom):
        actions.block(session, people.adam.actor, people.prison, stranger, now())
    place = [people.prison.id or 0]
    assert queries.blocked(session, place, None, WEEK.first_day, WEEK.last_day) == []
    (found,) = queries.blocked(session, place, own.id, WEEK.first_day, WEEK.first_day)
    assert found.room_id == own.id


def test_ended_early_the_days_are_free_at_once(session: Session, people: People, clock: time_machine.Traveller) -> None:
    period = actions.block(session, people.adam.actor, people.prison, WEEK, now())
    clock.shift(timedelta(days=16))  # Wednesday, 9 December
    actions.end(session, people.adam.actor, people.prison, period, now())
    assert queries.blocked(session, [people.prison.id or 0], None, WEEK.first_day, WEEK.last_day) == []
    with pytest.raises(rules.EndedAlready):
        actions.end(session, people.adam.actor, people.prison, period, now())
    marks = queries.marks(session, people.ewa.actor, date(2026, 12, 1), date(2026, 12, 31))
    assert list(marks) == [date(2026, 12, 7), date(2026, 12, 8)]
    actions.block(session, people.adam.actor, people.prison, PeriodDraft(date(2026, 12, 10), date(2026, 12, 10)), now())


def test_what_has_passed_cannot_be_ended(session: Session, people: People) -> None:
    past = make_period(session, people.prison, first_day=date(2026, 11, 2), last_day=date(2026, 11, 6))
    with pytest.raises(rules.EndedAlready):
        actions.end(session, people.adam.actor, people.prison, past, now())


def test_own_people_read_the_reason_and_nobody_else(session: Session, people: People) -> None:
    make_period(session, people.prison)
    prison, today = people.prison.id or 0, date(2026, 11, 23)
    assert [one.reason for one in queries.periods(session, people.ewa.actor, prison, today).coming] == ["remont dachu"]
    for person in (people.marek, people.olga, people.wanda, people.zofia):
        found = queries.periods(session, person.actor, prison, today)
        assert (found.coming, found.past) == ((), ())
        assert queries.marks(session, person.actor, date(2027, 1, 1), date(2027, 1, 31)) == {}
    (told,) = queries.blocked(session, [prison], None, date(2027, 1, 12), date(2027, 1, 12))
    assert "remont" not in repr(told)


def test_marks_say_whole_house_before_room(session: Session, people: People) -> None:
    room = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    make_period(session, people.prison, room_id=room.id, first_day=date(2027, 1, 14), last_day=date(2027, 1, 18))
    make_period(session, people.prison, suspends=True)
    marks = queries.marks(session, people.ewa.actor, date(2027, 1, 13), date(2027, 1, 31))
    assert marks[date(2027, 1, 13)] == marks[date(2027, 1, 15)] == queries.Mark(suspends=True)
    assert marks[date(2027, 1, 18)] == queries.Mark(rooms=("Sala widzeń",))
    assert date(2027, 1, 19) not in marks


def test_marks_cost_one_statement_and_strangers_none(session: Session, people: People, query_count: Counting) -> None:
    session.flush()
    for person, number in ((people.ewa, 1), (people.olga, 0), (people.wanda, 0)):
        with query_count() as asked:
            queries.marks(session, person.actor, date(2027, 1, 1), date(2027, 1, 31))
        assert len(asked) == number


def test_hold_gives_the_suspensions_that_last(session: Session, people: People) -> None:
    make_period(session, people.prison)
    make_period(session, people.prison, suspends=True, first_day=date(2026, 11, 2), last_day=date(2026, 11, 6))
    held = make_period(session, people.prison, suspends=True, first_day=date(2026, 11, 20), last_day=date(2026, 11, 27))
    assert [one.id for one in actions.hold(session, people.prison.id, now())] == [held.id]
    assert actions.hold(session, people.mops.id, now()) == ()
    assert actions.hold(session, None, now()) == ()

"""Which days can be blocked, what is blocked already, and when a period is over."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.actors import Actor, Role
from partners.availability import rules
from partners.availability.rules import Blocked, PeriodDraft
from partners.institutions.models import Kind

TODAY = date(2026, 11, 23)
WHOLE = Blocked(1, 7, None, date(2026, 12, 7), date(2026, 12, 11), suspends=False)
ROOM = replace(WHOLE, room_id=3)


@pytest.mark.parametrize(
    ("first", "last", "refusal"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), None),
        (date(2026, 11, 24), date(2028, 11, 23), None),
        (date(2026, 11, 24), date(2028, 11, 24), rules.TooFar),
        (date(2026, 11, 22), date(2026, 11, 30), rules.Passed),
        (date(2026, 12, 2), date(2026, 12, 1), rules.EndBeforeStart),
    ],
)
def test_days_that_can_be_blocked(first: date, last: date, refusal: type[Exception] | None) -> None:
    if refusal is None:
        rules.check_days(first, last, TODAY)
    else:
        with pytest.raises(refusal):
            rules.check_days(first, last, TODAY)


def test_two_years_after_a_leap_day_is_the_last_of_february() -> None:
    assert rules.latest(date(2028, 2, 29)) == date(2030, 2, 28)


@pytest.mark.parametrize(
    ("room", "first", "last", "standing", "free"),
    [
        (None, date(2026, 12, 1), date(2026, 12, 6), WHOLE, True),
        (None, date(2026, 12, 1), date(2026, 12, 7), WHOLE, False),
        (None, date(2026, 12, 9), date(2026, 12, 9), WHOLE, False),
        (None, date(2026, 12, 11), date(2026, 12, 20), WHOLE, False),
        (None, date(2026, 12, 12), date(2026, 12, 20), WHOLE, True),
        (3, date(2026, 12, 9), date(2026, 12, 9), WHOLE, False),  # the whole institution is closed
        (3, date(2026, 12, 9), date(2026, 12, 9), ROOM, False),
        (4, date(2026, 12, 9), date(2026, 12, 9), ROOM, True),
        (None, date(2026, 12, 9), date(2026, 12, 9), ROOM, True),  # more than the room
    ],
)
def test_what_is_blocked_already(room: int | None, first: date, last: date, standing: Blocked, free: bool) -> None:
    wanted = PeriodDraft(first, last, room)
    if free:
        rules.check_free(wanted, [standing])
    else:
        with pytest.raises(rules.Overlapping, match=r"From 07\.12\.2026 to 11\.12\.2026"):
            rules.check_free(wanted, [standing])


@pytest.mark.parametrize(
    ("first", "last", "suspends", "open_"),
    [
        (date(2026, 12, 7), date(2026, 12, 7), True, False),
        (date(2026, 12, 11), date(2026, 12, 12), True, False),
        (date(2026, 12, 5), date(2026, 12, 14), True, False),
        (date(2026, 12, 6), date(2026, 12, 6), True, True),
        (date(2026, 12, 12), date(2026, 12, 12), True, True),
        (date(2026, 12, 9), date(2026, 12, 9), False, True),  # merely blocked: the host decides
    ],
)
def test_only_a_suspension_forbids(first: date, last: date, suspends: bool, open_: bool) -> None:
    periods = [replace(WHOLE, suspends=suspends)]
    if open_:
        rules.check_open(periods, [(first, last)])
    else:
        with pytest.raises(rules.Suspended, match="Choose another day or another place"):
            rules.check_open(periods, [(date(2026, 11, 30), date(2026, 11, 30)), (first, last)])


@pytest.mark.parametrize(
    ("ended", "until"),
    [
        (None, date(2026, 12, 11)),
        (datetime(2026, 12, 9, 12, tzinfo=UTC), date(2026, 12, 8)),
        (datetime(2026, 12, 8, 23, 30, tzinfo=UTC), date(2026, 12, 8)),  # 9 December in Warsaw already
        (datetime(2026, 12, 1, 12, tzinfo=UTC), date(2026, 11, 30)),
    ],
)
def test_a_period_ended_early_is_over_from_that_day_on(ended: datetime | None, until: date) -> None:
    assert rules.in_force_until(date(2026, 12, 11), ended) == until


@pytest.mark.parametrize(
    ("role", "own", "admitted", "reads", "edits", "suspends"),
    [
        (Role.VISITOR, False, True, False, False, False),
        (Role.MEMBER, True, True, True, False, False),
        (Role.COORDINATOR, True, True, True, False, True),
        (Role.ADMIN, True, True, True, True, True),
        (Role.ADMIN, True, False, False, False, False),
        (Role.COORDINATOR, False, True, False, False, False),
        (Role.ADMIN, False, True, False, False, False),
        (Role.OPERATOR, False, True, False, False, False),
        (Role.INSPECTOR, False, True, False, False, False),
    ],
)
def test_who_may(role: Role, own: bool, admitted: bool, reads: bool, edits: bool, suspends: bool) -> None:
    inside = role in (Role.MEMBER, Role.COORDINATOR, Role.ADMIN)
    actor = Actor(role, user_id=1, institution_id=(7 if own else 8) if inside else None, admitted=admitted)
    assert rules.may_read(actor, 7) is reads
    assert rules.may_edit(actor, 7) is edits
    assert rules.may_suspend(actor, 7, Kind.PRISON) is suspends
    assert not rules.may_suspend(actor, 7, Kind.MOPS)

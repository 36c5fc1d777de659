"""Who has booked is forgotten in time; how many came, and about what, stays."""

from datetime import timedelta

import pytest
from sqlmodel import Session
from time_machine import Traveller

from app.clock import now
from app.portal import nightly
from events.duty import upkeep
from tests.factories.duty import dates, make_booking, make_duty
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")


def test_who_booked_is_forgotten_90_days_after_the_date(session: Session, people: People, clock: Traveller) -> None:
    first, second = dates(session, make_duty(session, people))[:2]
    booking, later = (make_booking(session, people.ewa, row, persons=2) for row in (first, second))
    clock.move_to(first.ends_at + timedelta(days=89, hours=23))
    assert upkeep.forget(session, now()) == 0
    clock.shift(timedelta(hours=2))
    assert upkeep.forget(session, now()) == 1
    assert upkeep.forget(session, now()) == 0
    session.expire_all()
    assert (booking.booked_by, booking.persons, booking.institution_id) == (None, 2, people.prison.id)
    assert later.booked_by == people.ewa.user_id
    assert upkeep.forget in [job for _words, job in nightly.JOBS]

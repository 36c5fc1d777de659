"""Duty hours of a unit that another institution takes over: what is booked goes on."""

import pytest
from sqlmodel import Session

from app.clock import now
from app.succession import actions as succession
from app.succession.rules import Handover
from app.warsaw import today
from events.duty import queries
from partners.institutions.models import Kind
from tests.factories.duty import dates, make_booking, make_duty
from tests.factories.institutions import make_institution
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")


def test_coming_bookings_pass_to_the_successor_of_the_unit(session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people))[0]
    booking = make_booking(session, people.ewa, row, persons=2)
    successor = make_institution(session, "zk-nowe", Kind.PRISON, "Zakład Karny Nowy")
    succession.succeed(
        session, people.olga.actor, people.prison.id or 0, successor.id or 0, Handover(today(now())), now()
    )
    session.expire_all()
    assert (row.place_institution_id, booking.institution_id) == (successor.id, successor.id)
    assert queries.expected(session, people.marek.actor, [row.id or 0])[row.id or 0].persons == 2

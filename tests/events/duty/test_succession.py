"""Duty hours of a unit that another institution takes over: what is booked goes on."""

from datetime import timedelta

import pytest
from sqlmodel import Session
from time_machine import Traveller

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


def test_what_was_booked_on_past_dates_stays_with_the_unit_that_booked(
    session: Session, people: People, clock: Traveller
) -> None:
    past, coming = dates(session, make_duty(session, people))[:2]
    made = [make_booking(session, people.ewa, row, persons=2) for row in (past, coming)]
    clock.move_to(past.ends_at + timedelta(hours=24))
    successor = make_institution(session, "zk-nowe", Kind.PRISON, "Zakład Karny Nowy")
    succession.succeed(
        session, people.olga.actor, people.prison.id or 0, successor.id or 0, Handover(today(now())), now()
    )
    session.expire_all()
    assert [one.institution_id for one in made] == [people.prison.id, successor.id]
    assert queries.expected(session, people.ewa.actor, [past.id or 0])[past.id or 0].persons == 2

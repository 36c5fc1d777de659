"""An extra date of duty hours: asked for as a visit, agreed on, booked on the same board."""

from datetime import date
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar.models import Event, EventKind
from events.duty import actions, queries
from events.signups.models import SignUp
from events.visits import actions as visits
from events.visits.models import Path, VisitOption
from events.visits.rules import Option, VisitDraft
from tests.factories.duty import FIRST, LAST, dates, make_booking, make_duty, of
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")


def test_an_accepted_visit_is_an_extra_date_on_the_board(session: Session, people: People) -> None:
    make_duty(session, people)
    option = Option(FIRST.replace(day=4), LAST.replace(day=4))
    wanted = VisitDraft(
        Path.REQUEST, people.prison.id or 0, people.prison.id or 0, EventKind.DUTY_HOURS, "Dodatkowy dyżur", (option,),
        slot_minutes=30, slot_persons=2,
    )  # fmt: skip
    visit = visits.ask(session, people.marek.actor, wanted, str(uuid4()), now())
    offered = session.exec(select(VisitOption.id).where(VisitOption.visit_id == visit.id)).one()
    event = visits.accept(session, people.ewa.actor, visit, offered or 0, now(), turn=visit.open_step_id or 0)
    row = dates(session, event)[0]
    place = queries.unit(session, people.ewa.actor, people.prison.slug)
    assert place is not None
    board = queries.board(session, people.ewa.actor, place, date(2026, 12, 1), now())
    extra = board.cards[1]
    assert (extra.day, extra.title, len(extra.slots), extra.slot_persons) == (
        date(2026, 12, 4),
        "Dodatkowy dyżur",
        6,
        2,
    )
    assert [one.person for one in extra.who] == [""]
    make_booking(session, people.ewa, row, slot=5, persons=2)
    actions.substitute(
        session, people.marek.actor, session.get_one(Event, event.id), row.id or 0, extra.who[0].signup_id,
        of(people.piotr), now(),
    )  # fmt: skip
    assert session.exec(select(SignUp.person).where(SignUp.occurrence_id == row.id)).all() == [people.piotr.actor.name]
    told = session.exec(select(OutboxMail.id).where(OutboxMail.template == "events/duty/substituted")).all()
    assert told == []

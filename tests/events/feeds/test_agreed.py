"""Visits and duty hours in the calendars of both sides: agreed, moved, called off; the same UID, a growing SEQUENCE."""

import gzip
from datetime import date, datetime, timedelta

import icalendar
import pytest
import recurring_ical_events
import time_machine
from sqlmodel import Session, col, select

from app import warsaw
from app.clock import now
from events.calendar import inner
from events.calendar.models import Event, Occurrence, State
from events.feeds import actions
from events.recurrence import Rule
from events.visits import actions as visits
from events.visits.models import Path
from tests.browser import Browser
from tests.factories.duty import make_duty
from tests.factories.persons import People, Person
from tests.factories.visits import OTHERS, accept, agreed_visit, date_on, make_visit, turn_of

Told = tuple[str, int, str, datetime]


class Calendars:
    """The own calendars of two sides and of a stranger, read as programs read them."""

    def __init__(self, client: Browser, session: Session, people: People) -> None:
        self._client = client
        self._paths = {
            person.name: f"/kanaly/o/{actions.make(session, person.actor, 'Praca', now(), busy=False)[1]}.ics"
            for person in (people.ewa, people.marek, people.stefan)
        }

    def read(self, person: Person) -> icalendar.Calendar:
        response = self._client.get(self._paths[person.name])
        assert response.status_code == 200
        packed = response.content_encoding == "gzip"
        found = icalendar.Calendar.from_ical(gzip.decompress(response.data) if packed else response.data)
        assert isinstance(found, icalendar.Calendar)
        return found

    def seen(self, person: Person) -> list[Told]:
        found = []
        for one in self.read(person).events:
            assert isinstance(one.start, datetime)
            wall = one.start.replace(tzinfo=None)
            found.append((str(one["UID"]), int(str(one["SEQUENCE"])), str(one["STATUS"]), wall))
        return found


@pytest.fixture(name="calendars")
def _calendars(client: Browser, session: Session, people: People, clock: time_machine.Traveller) -> Calendars:
    return Calendars(client, session, people)


@pytest.mark.parametrize("path", [Path.INVITATION, Path.REQUEST])
def test_a_visit_stands_in_both_calendars_through_its_whole_life(
    session: Session, people: People, calendars: Calendars, clock: time_machine.Traveller, path: Path
) -> None:
    asks, asked = (people.ewa, people.marek) if path is Path.INVITATION else (people.marek, people.ewa)
    told: list[Told] = []

    def both_say() -> Told:
        (one,) = calendars.seen(asks)
        assert calendars.seen(asked) == [one]
        assert calendars.seen(people.stefan) == []
        told.append(one)
        return one

    visit = make_visit(session, people, path)
    assert calendars.seen(asks) == calendars.seen(asked) == []  # offers are no dates yet
    clock.shift(timedelta(hours=1))
    event = accept(session, asked, visit)
    assert both_say() == (event.uid, event.sequence, "CONFIRMED", date_on().starts)
    clock.shift(timedelta(hours=1))
    visits.move(session, asked.actor, visit, OTHERS, "other_duty", now())
    assert calendars.seen(asks) == [told[0]]  # the agreed date stands until another one is accepted
    clock.shift(timedelta(hours=1))
    accept(session, asks, visit, 1)
    assert both_say()[3] == OTHERS[1].starts
    clock.shift(timedelta(hours=1))
    visits.cancel(session, asks.actor, visit, "other_duty", now())
    assert both_say()[2:] == ("CANCELLED", OTHERS[1].starts)
    uids, sequences, _states, _starts = zip(*told, strict=True)
    assert set(uids) == {event.uid}
    assert sequences[0] < sequences[1] < sequences[2]
    assert inner.agree(session, now()) == 0


def test_refused_requests_leave_no_trace_in_any_calendar(
    session: Session, people: People, calendars: Calendars
) -> None:
    visit = make_visit(session, people)
    visits.refuse(session, people.marek.actor, visit, "staff", now(), turn=turn_of(visit))
    assert [calendars.seen(one) for one in (people.ewa, people.marek, people.stefan)] == [[], [], []]


def test_busy_days_and_other_visits_of_the_unit_stay_its_own(
    session: Session, people: People, calendars: Calendars
) -> None:
    agreed_visit(session, people)
    other = make_visit(session, people, asked_id=people.ngo.id, options=(date_on(3),))
    event = accept(session, people.jola, other)
    assert [one[0] for one in calendars.seen(people.marek)] != [event.uid]
    assert len(calendars.seen(people.marek)) == 1
    assert len(calendars.seen(people.ewa)) == 2


def test_duty_hours_stand_in_both_calendars_and_keep_their_hour(
    session: Session, people: People, calendars: Calendars
) -> None:
    duty = make_duty(session, people, rule=Rule(days=(2,), until=date(2027, 4, 30)))  # over the change to summer time
    rows = session.exec(
        select(Occurrence)
        .where(Occurrence.event_id == duty.id, Occurrence.state == State.PUBLISHED)
        .order_by(col(Occurrence.starts_at))
    ).all()
    expected = [(row.starts_at, row.ends_at) for row in rows]
    organiser = session.get_one(Event, duty.id).organiser_id
    assert organiser == people.mops.id
    assert {warsaw.to_local(starts).hour for starts, _ends in expected} == {9}
    assert len({starts.hour for starts, _ends in expected}) == 2
    for person in (people.ewa, people.marek):
        found = recurring_ical_events.of(calendars.read(person)).between(
            rows[0].starts_at - timedelta(days=1), rows[-1].ends_at + timedelta(days=1)
        )
        assert sorted((one.start, one.end) for one in found) == expected
    assert calendars.seen(people.stefan) == []

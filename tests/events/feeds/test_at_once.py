"""Two changes at once that raise each other's calendars: they wait for each other, and neither locks the other out."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from app.clock import now
from app.db import Database
from events.calendar import actions as calendar
from events.calendar.models import Event, Visibility
from events.changes import actions as changes
from events.signups import actions as signups
from events.signups.rules import Wanted
from tests.factories.events import date_of, make_event, named
from tests.factories.persons import Person, make_people

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clock")]
TIMES = 25


@pytest.fixture(name="database")
def _database(address: str) -> Iterator[Database]:
    database = Database(address)
    yield database
    database.dispose()


def test_changes_of_two_events_with_each_others_guests_do_not_lock_each_other_out(database: Database) -> None:
    with closing(database.session(writes=True)) as session:
        people = make_people(session)
        pairs = ((people.marek, people.jola), (people.jola, people.marek))
        ids = []
        for number, (organiser, guest) in enumerate(pairs):
            event = make_event(session, organiser, title=f"Nr {number}", visibility=Visibility.PARTNERS)
            wanted = Wanted(people=(named(number),))
            signups.sign_up(session, guest.actor, event, date_of(session, event).id or 0, wanted, str(number), now())
            ids.append(event.id or 0)
        session.commit()
    together = threading.Barrier(2)

    def change(person: Person, event_id: int) -> None:
        for number in range(TIMES):
            together.wait(30)
            with closing(database.session(writes=True)) as session:
                event = session.get_one(Event, event_id)
                wanted = calendar.as_saved(session, event)
                shift = timedelta(minutes=5 if number % 2 else -5)
                wanted = replace(wanted, starts=wanted.starts + shift, ends=wanted.ends + shift)
                changes.edit(session, person.actor, event, wanted, event.revision, now())
                session.commit()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(change, pairs[number][0], ids[number]) for number in range(2)]:
            done.result(120)
    with closing(database.session(writes=False)) as session:
        assert [session.get_one(Event, event_id).sequence for event_id in ids] == [TIMES, TIMES]

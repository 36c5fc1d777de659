"""Many at once on one edition: one plan, one catch-up session, nobody stands in the other's way for ever."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from app.clock import now
from app.db import Database
from events.calendar import actions as calendar
from events.calendar.models import Event, Occurrence, State
from events.calendar.rules import Speaker
from events.changes import actions as changes
from events.changes.rules import Scope
from events.sessions import actions, rules
from events.sessions.models import EditionSession
from projects.editions import rules as edition_rules
from projects.editions.models import Edition, EditionState
from projects.programmes import life
from projects.programmes.models import Programme
from tests.events.signups.test_concurrency import at_once
from tests.factories.persons import People, make_people
from tests.factories.sessions import dates_of, make_edition, make_plan, plan_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clock")]


@dataclass
class Run:
    """An edition, and acts on it, each in a thread and a unit of work of its own."""

    database: Database
    people: People
    edition_id: int

    def act(self, work: Callable[[Session, Edition], object]) -> None:
        with closing(self.database.session(writes=True)) as session:
            work(session, session.get_one(Edition, self.edition_id))
            session.commit()

    def plan(self, key: str = "", first: date = date(2026, 12, 1)) -> None:
        actor = self.people.jola.actor
        self.act(lambda s, e: actions.plan(s, actor, e, plan_of(first), now(), key=key or str(uuid4())))

    def archive(self) -> None:
        actor = self.people.jola.actor
        self.act(lambda s, e: life.archive(s, actor, s.get_one(Programme, e.programme_id), now()))

    def state(self) -> tuple[EditionState, int, int]:
        with self.database.session(writes=False) as session:
            events = session.exec(select(Event).where(Event.edition_id == self.edition_id)).all()
            numbered = session.exec(select(EditionSession)).all()
            return session.get_one(Edition, self.edition_id).state, len(events), len(numbered)


@pytest.fixture(name="run")
def _run(address: str) -> Iterator[Run]:
    database = Database(address)
    with database.session(writes=True) as session:
        people = make_people(session)
        edition = make_edition(session, people)[1]
        session.commit()
        run = Run(database, people, edition.id or 0)
    yield run
    database.dispose()


def test_one_of_many_plans_is_made(run: Run) -> None:
    outcomes = at_once([partial(run.plan, first=date(2026, 12, 1 + n)) for n in range(6)])
    assert Counter(type(one) for one in outcomes) == {type(None): 1, rules.PlannedAlready: 5}
    assert run.state() == (EditionState.OPEN, 1, 4)


def test_one_form_sent_many_times_makes_one_plan(run: Run) -> None:
    assert at_once([partial(run.plan, "0f8fad5b-d9cb-469f-a165-70867728950e")] * 6) == [None] * 6
    assert run.state() == (EditionState.OPEN, 1, 4)


def test_a_project_archived_meanwhile_has_no_plan_or_a_whole_one(run: Run) -> None:
    planned, archived = at_once([run.plan, run.archive])
    assert archived is None
    assert type(planned) in (type(None), edition_rules.NotYourEdition, edition_rules.ProjectOver)
    assert run.state()[1:] == ((1, 4) if planned is None else (0, 0))


def test_acts_on_one_edition_wait_for_each_other(run: Run) -> None:
    actor = run.people.jola.actor

    def cancel_second(session: Session, edition: Edition) -> None:
        row = dates_of(session, edition)[1]
        event = session.get_one(Event, row.event_id)
        changes.cancel(session, actor, event, "Choroba.", now(), occurrence_id=row.id, scope=Scope.THIS)

    def catch_up(session: Session, edition: Edition) -> None:
        starts = datetime(2026, 12, 29, 10)  # noqa: DTZ001 - wall time
        row = dates_of(session, edition)[0]
        actions.make_up(session, actor, edition, row.id or 0, starts, starts + timedelta(hours=2), now())

    def rename(session: Session, edition: Edition) -> None:
        event = session.get_one(Event, dates_of(session, edition)[0].event_id)
        session.refresh(event)
        saved = calendar.as_saved(session, event)
        changes.edit(session, actor, event, saved, event.revision, now())

    def prepare(session: Session, edition: Edition) -> None:
        event = make_plan(session, run.people, edition)
        first = dates_of(session, edition)[0]
        changes.cancel(session, actor, event, "Choroba.", now(), occurrence_id=first.id, scope=Scope.THIS)

    run.act(prepare)
    jan = (Speaker("Jan Pokazowy", "psycholog"),)
    third = run_ids(run)[2]
    works = [
        cancel_second,
        catch_up,
        catch_up,
        rename,
        lambda s, e: actions.set_topics(s, actor, e, {3: "Praca", 4: "Dom"}, now()),
        lambda s, e: actions.set_speakers(s, actor, e, third, Scope.FOLLOWING, jan, now()),
    ]
    outcomes = at_once([partial(run.act, work) for work in works])
    assert [one for one in outcomes if one is not None and type(one).__name__ != "StalePage"] == []
    with run.database.session(writes=False) as session:
        edition = session.get_one(Edition, run.edition_id)
        rows = dates_of(session, edition)
        assert [row.state for row in rows] == [
            State.CANCELLED, State.CANCELLED, State.PUBLISHED, State.PUBLISHED, State.PUBLISHED
        ]  # fmt: skip
        assert [row.title for row in rows][2:4] == ["Warsztaty próbne: Praca", "Warsztaty próbne: Dom"]
        assert (edition.sessions, edition.ends_on) == (4, date(2026, 12, 29))


def run_ids(run: Run) -> list[int]:
    with run.database.session(writes=False) as session:
        return [row.id or 0 for row in dates_of(session, session.get_one(Edition, run.edition_id))]


def test_an_edition_called_off_while_a_date_is_moved(run: Run) -> None:
    actor = run.people.jola.actor
    run.plan()

    def move(session: Session, edition: Edition) -> None:
        row = session.get_one(Occurrence, run_ids_of(session, edition)[1])
        event = session.get_one(Event, row.event_id)
        session.refresh(event)
        changes.cancel(session, actor, event, "Choroba.", now(), occurrence_id=row.id, scope=Scope.THIS)

    off = lambda s, e: actions.call_off(s, actor, e, "Brak środków.", now())  # noqa: E731 - one of two works
    outcomes = at_once([partial(run.act, off), partial(run.act, move)])
    assert outcomes[0] is None
    with run.database.session(writes=False) as session:
        edition = session.get_one(Edition, run.edition_id)
        assert edition.state is EditionState.CANCELLED
        assert {row.state for row in dates_of(session, edition)} == {State.CANCELLED}


def run_ids_of(session: Session, edition: Edition) -> list[int]:
    return [row.id or 0 for row in dates_of(session, edition)]

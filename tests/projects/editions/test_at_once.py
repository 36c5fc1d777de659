"""Two coordinators of the lead act on editions in one moment: numbers are given once, and no result is lost."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlmodel import Session, col, select

from app.clock import now
from app.db import Database
from projects.editions import actions, queries, rules
from projects.editions.models import Edition
from projects.editions.rules import EditionDraft, OutcomeDraft, OutcomeResult
from projects.programmes.models import Programme
from tests.at_once import at_once
from tests.factories.persons import make_people
from tests.factories.programmes import make_programme

pytestmark = pytest.mark.slow
WANTED = EditionDraft(outcomes=(OutcomeDraft("kończy warsztaty", 10), OutcomeDraft("ma plan wyjścia", 12)))


@pytest.fixture(name="database")
def _database(address: str) -> Iterator[Database]:
    database = Database(address)
    yield database
    database.dispose()


@pytest.mark.usefixtures("clock")
def test_numbers_and_results_of_two_who_act_together(database: Database) -> None:
    with closing(database.session(writes=True)) as session:
        people = make_people(session)
        programme_id = make_programme(session, "Warsztaty próbne", people.ngo.id).id or 0
        session.commit()
    jola = people.jola.actor

    def begin(session: Session, _place: int) -> None:
        actions.begin(session, jola, session.get_one(Programme, programme_id), WANTED, now())

    assert at_once([_does(database, begin, place) for place in range(4)]) == [None] * 4
    with closing(database.session(writes=False)) as session:
        assert session.exec(select(Edition.number).order_by(col(Edition.number))).all() == [1, 2, 3, 4]
        edition_id = session.exec(select(Edition.id).where(Edition.number == 1)).one() or 0
        outcomes = [one.outcome_id or 0 for one in queries.planned(session, edition_id)]

    def enter(session: Session, place: int) -> None:
        edition = session.get_one(Edition, edition_id)
        result = OutcomeResult(outcomes[place], 7 + place)
        actions.set_results(session, jola, edition, [result], now(), revision=1)

    told = at_once([_does(database, enter, place) for place in range(2)])
    assert sorted(type(error).__name__ for error in told) == ["NoneType", "Stale"]
    with closing(database.session(writes=False)) as session:
        written = [line.achieved.value for line in queries.outcomes(session, edition_id, inside=True)]
        first = next(place for place, error in enumerate(told) if not isinstance(error, rules.Stale))
        assert written == [7 + place if place == first else None for place in range(2)]


def _does(database: Database, act: Callable[[Session, int], None], place: int) -> Callable[[], object]:
    def run() -> None:
        with closing(database.session(writes=True)) as session:
            act(session, place)
            session.commit()

    return run

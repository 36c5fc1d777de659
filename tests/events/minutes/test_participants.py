"""Participants of a closed group are a number in records and papers, too: nobody is asked for their names."""

import pytest
from sqlmodel import Session

from app.actors import Actor
from app.clock import now
from events.calendar import queries as calendar
from events.minutes import queries
from events.papers import queries as papers
from tests.factories.joining import join, make_edition, sessions_of
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")


def test_records_and_sheets_have_no_lines_for_participants(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    join(session, people.marek, event, 3)
    date = sessions_of(session, event)[0]

    def lines(viewer: Actor) -> tuple[int, int]:
        page = calendar.page(session, viewer, event.uuid, now(), date.local_date)
        assert page is not None
        listed = papers.sheet(session, page, "pl")["people"]
        assert isinstance(listed, list)
        return len(queries.expected(session, event, date)), len(listed)

    assert lines(people.jola.actor) == (0, 0)
    event.participants = False
    session.flush()
    assert lines(people.jola.actor) == (3, 3)

"""The index of words: what is found, in which order, what is not, and how many statements it takes."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from app import warsaw
from app.actors import Actor
from app.clock import now
from app.db import insert_all
from events.calendar import found
from events.calendar import queries as calendar_queries
from events.calendar.models import Visibility
from events.changes import actions as changes
from events.search import queries, rules
from events.search.models import EventWord
from tests.factories.events import START, draft_of, local, make_draft, make_event
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")
TODAY = START.date() - timedelta(days=15)


def ids(session: Session, typed: str, *, coming: bool = True) -> list[int]:
    return queries.event_ids(session, typed, warsaw.today(now()), coming=coming)


@pytest.mark.parametrize(
    ("typed", "hit"),
    [
        ("swiadczeniach", True),
        ("ŚWIADCZ", True),
        ("szkol kladk", True),
        ("szkolenie kadry", True),
        ("staff training", True),
        ("eksmisja", True),
        ("wiadczeniach", False),
        ("szkolenie gdynia", False),
        ("%", False),
        ("", False),
        ("q", False),
    ],
)
def test_events_are_found_by_the_beginnings_of_their_words(session: Session, people: People, typed, hit):
    event = make_event(session, people.ewa, topics=("eksmisja i lokal",))
    assert ids(session, typed) == ([event.id] if hit else [])


def test_the_soonest_comes_first_and_what_is_past_stands_apart(session: Session, people: People, clock):
    late = make_event(session, people.ewa, starts=local(10, days=20), ends=local(12, days=20))
    soon = make_event(session, people.ewa, starts=local(10, days=1), ends=local(12, days=1))
    first = make_event(session, people.ewa)
    assert ids(session, "szkolenie") == [first.id, soon.id, late.id]
    clock.shift(timedelta(days=17))
    assert ids(session, "szkolenie") == [late.id]
    assert ids(session, "szkolenie", coming=False) == [soon.id, first.id]


def test_a_change_moves_the_words_and_a_draft_has_none(session: Session, people: People):
    make_draft(session, people.ewa, title="Nikomu nieznane")
    event = make_event(session, people.ewa)
    changes.edit(session, people.ewa.actor, event, draft_of(title="Warsztaty pisania CV"), event.revision, now())
    assert ids(session, "nieznane") == []
    assert ids(session, "swiadczeniach") == []
    assert ids(session, "warsztaty cv") == [event.id]


def test_a_cancelled_event_is_still_found(session: Session, people: People):
    event = make_event(session, people.ewa)
    changes.cancel(session, people.ewa.actor, event, "Choroba prowadzącej.", now())
    assert ids(session, "szkolenie") == [event.id]


def test_nobody_finds_what_he_may_not_know_of(session: Session, people: People):
    hidden = make_event(session, people.ewa, visibility=Visibility.INVITED)
    cards = calendar_queries.nearest(session, Actor.visitor(), [hidden.id or 0], now(), 5, coming=True)
    own = calendar_queries.nearest(session, people.ewa.actor, [hidden.id or 0], now(), 5, coming=True)
    assert (len(cards), len(own)) == (0, 1)


def test_events_older_than_the_index_are_added_once(session: Session, people: People):
    event = make_event(session, people.ewa)
    for row in session.exec(select(EventWord)).all():
        session.delete(row)
    session.flush()
    assert ids(session, "szkolenie") == []
    assert (found.index_all(session), found.index_all(session)) == (1, 0)
    assert ids(session, "szkolenie") == [event.id]


def test_a_word_of_very_many_events_costs_no_more_statements(session: Session, people: People, query_count):
    event = make_event(session, people.ewa)
    with query_count() as few:
        ids(session, "szkolenie swiadczeniach")
    words = [f"szkolenie{n}" for n in range(rules.WORDS_MAX)]
    rows = [{"word": word, "event_id": event.id, "last_day": START.date()} for word in words]
    insert_all(session, EventWord, rows)
    with query_count() as many:
        ids(session, "szkolenie swiadczeniach")
    assert len(few) == len(many) == 3


def test_a_long_text_is_cut_at_the_end():
    words = rules.words(["Tytuł spotkania", *[f"temat{n}" for n in range(100)], "a b", "Tytuł"])
    assert words[:2] == ["tytul", "spotkania"]
    assert len(words) == rules.WORDS_MAX
    assert rules.words(["x" * 90]) == ["x" * 40]

"""The load for measurements: so many rows, the same every time, texts as the actions write them."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, func, select

from app.demo.load import add_load
from app.demo.load_projects import add_projects
from app.demo.reference import load_reference
from app.demo.vocabulary import load_services
from events import ical
from events.calendar import actions as calendar
from events.calendar import inner, series
from events.calendar.models import Event, Occurrence, Outcome, State, Visibility
from events.minutes.models import Record, RecordState
from events.minutes.queries import seal_holds
from events.sessions.models import EditionSession
from events.shelf.models import EventText, FeedEvent, FeedKind, FeedState, InnerText
from partners.agreements.models import ClauseType
from partners.institutions.models import Institution, Kind, Service, ServiceOffer
from partners.territory import actions as territory
from projects.editions.models import Edition
from projects.programmes.models import PartnerAnswer, Programme, ProgrammePartner, ProgrammeState
from tests.app.demo.conftest import LOADED_AT, TODAY


@pytest.fixture(name="ready")
def _ready(session: Session) -> Session:
    territory.load(session)
    load_services(session)
    return session


def count(session: Session, table, *where) -> int:
    return session.exec(select(func.count()).select_from(table).where(*where)).one()


def test_a_load_has_as_many_rows_as_asked_for(ready):
    lines: list[str] = []
    add_load(ready, events=300, institutions=40, seed=7, today=TODAY, progress=lines.append)
    assert count(ready, Institution, col(Institution.synthetic)) == 40
    assert count(ready, ServiceOffer) == 80
    assert count(ready, Event, col(Event.synthetic)) == count(ready, Occurrence) == 300
    public = count(ready, Event, Event.visibility == Visibility.PUBLIC)
    assert 180 <= public <= 240
    own = FeedEvent.kind == FeedKind.INNER
    assert count(ready, EventText) == count(ready, FeedEvent, ~own) == public
    assert count(ready, InnerText) == count(ready, FeedEvent, own) == 300
    assert lines == ["instytucje: 40 z 40", "wydarzenia: 300 z 300"]


def test_a_second_call_adds_only_what_is_missing(ready):
    add_load(ready, events=50, institutions=10, seed=7, today=TODAY)
    before = set(ready.exec(select(Event.uuid)).all())
    add_load(ready, events=50, institutions=10, seed=7, today=TODAY)
    assert set(ready.exec(select(Event.uuid)).all()) == before
    add_load(ready, events=60, institutions=10, seed=7, today=TODAY)
    assert (count(ready, Event), count(ready, Institution)) == (60, 10)
    add_load(ready, events=5, institutions=3, seed=8, today=TODAY)
    assert (count(ready, Event), count(ready, Institution)) == (65, 13)


def test_dates_lie_around_today_in_working_hours(ready):
    add_load(ready, events=200, institutions=5, seed=1, today=TODAY)
    for start, day in ready.exec(select(col(Event.local_start), col(Occurrence.local_date)).join(Occurrence)).all():
        assert start.date() == day
        assert abs((day - TODAY).days) <= 272
        assert day.weekday() < 5
        assert 8 <= start.hour <= 15


def test_the_text_of_the_shelf_is_what_the_action_would_write(ready):
    add_load(ready, events=60, institutions=5, seed=3, today=TODAY)
    events = ready.exec(select(Event).where(Event.visibility == Visibility.PUBLIC)).all()
    assert {State.PUBLISHED} <= {event.state for event in events}
    for event in events:
        stored = ready.get_one(EventText, event.id)
        assert stored.ics == ical.vevent(calendar.item(ready, event))
    every = ready.exec(select(Event)).all()
    assert len(every) == 60 > len(events)
    for event in every:
        text = ical.vevent(calendar.item(ready, event))
        own = ready.get_one(InnerText, event.id)
        assert (own.ics, own.busy) == (text, ical.busy(text))
    assert inner.renew(ready, LOADED_AT) == 0


def test_feeds_that_stood_before_are_raised(ready):
    add_load(ready, events=20, institutions=2, seed=3, today=TODAY)
    first = {(row.kind, row.owner_id): row.version for row in ready.exec(select(FeedState)).all()}
    add_load(ready, events=40, institutions=2, seed=3, today=TODAY)
    ready.expire_all()
    second = {(row.kind, row.owner_id): row.version for row in ready.exec(select(FeedState)).all()}
    assert len(first) == 5
    assert all(second[feed] > version for feed, version in first.items())


def test_reference_data_need_no_demo(session):
    for _ in range(2):
        load_reference(session, LOADED_AT)
        assert count(session, Institution, Institution.kind != Kind.OPS) == 168
        assert count(session, Institution, Institution.kind == Kind.OPS) == 2478 + 18  # placeholders
        assert count(session, Institution, col(Institution.synthetic)) == 0
        assert (count(session, Service), count(session, ClauseType)) == (31, 9)


def test_projects_of_the_load_are_whole_and_a_second_call_adds_what_is_missing(ready):
    add_load(ready, events=0, institutions=12, seed=7, today=TODAY)
    lines: list[str] = []
    add_projects(ready, 20, 7, TODAY, lines.append)
    assert lines == ["projekty: 20 z 20"]
    slugs = set(ready.exec(select(Programme.slug)).all())
    add_projects(ready, 30, 7, TODAY)
    assert slugs < set(ready.exec(select(Programme.slug)).all())
    assert count(ready, Programme, col(Programme.synthetic)) == count(ready, Edition) == count(ready, Event) == 30
    assert count(ready, EditionSession) == count(ready, Occurrence, Occurrence.state != State.REMOVED) == 300
    assert count(ready, ProgrammePartner, ProgrammePartner.answer == PartnerAnswer.CONFIRMED) >= 60
    assert set(ready.exec(select(Programme.state)).all()) == set(ProgrammeState) - {ProgrammeState.DRAFT}
    held = Occurrence.outcome == Outcome.HELD
    assert count(ready, Record, Record.state == RecordState.SEALED) == count(ready, Occurrence, held) > 0


def test_sessions_of_the_load_read_as_the_actions_would_write_them(ready):
    add_load(ready, events=0, institutions=5, seed=3, today=TODAY)
    add_projects(ready, 12, 3, TODAY)
    for event in ready.exec(select(Event)).all():
        text = ical.vevents(calendar.items(ready, event))
        assert ready.get_one(EventText, event.id).ics == text
        rows = [row for row in series.occurrences(ready, event) if row.state is not State.REMOVED]
        assert {row.original_local for row in rows} <= set(series.Rhythm.of(event).hits(TODAY + timedelta(days=900)))
    assert inner.renew(ready, LOADED_AT) == 0
    record = ready.exec(select(Record)).first()
    assert seal_holds(ready, record, ready.get_one(Occurrence, record.occurrence_id).starts_at)

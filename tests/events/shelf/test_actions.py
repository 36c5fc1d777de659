from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app import warsaw
from events import ical
from events.calendar.models import Event, EventKind, State, Visibility
from events.ical import CalendarItem
from events.shelf import actions, queries
from events.shelf.models import EventText, FeedEvent, FeedKind, FeedState
from partners.institutions.models import Institution, Kind

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
LAST = datetime(2026, 11, 24, 11, tzinfo=UTC)
PUBLIC = (FeedKind.PUBLIC, 0)


@pytest.fixture(name="prison")
def _prison(session: Session) -> int:
    return institution(session, "zk-kladkowo")


@pytest.fixture(name="centre")
def _centre(session: Session) -> int:
    return institution(session, "mops-kladkowo")


def institution(session: Session, slug: str) -> int:
    row = Institution(slug=slug, name=slug, kind=Kind.PRISON, sort_key=slug, search_text=slug, changed_at=NOW)
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def event(session: Session, organiser_id: int) -> int:
    row = Event(
        title="Spotkanie",
        kind=EventKind.GROUP_MEETING,
        state=State.PUBLISHED,
        visibility=Visibility.PUBLIC,
        organiser_id=organiser_id,
        local_start=warsaw.to_local(LAST).replace(tzinfo=None),
        minutes=120,
        created_at=NOW,
        changed_at=NOW,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def item(**changes) -> CalendarItem:
    base = CalendarItem(
        uid="a@kladka.example",
        sequence=0,
        title="Spotkanie",
        description="",
        location="",
        url="https://kladka.example/wydarzenia/a",
        starts_at=LAST - timedelta(hours=2),
        ends_at=LAST,
        all_day=False,
        local_date_start=date(2026, 11, 24),
        local_date_end=date(2026, 11, 24),
        created=NOW,
        modified=NOW,
    )
    return replace(base, **changes)


def versions(session: Session) -> dict[tuple[FeedKind, int], int]:
    rows = session.exec(select(FeedState.kind, FeedState.owner_id, FeedState.version)).all()
    return {(FeedKind(kind), owner): number for kind, owner, number in rows}


def standing(session: Session, event_id: int) -> set[tuple[FeedKind, int]]:
    rows = session.exec(select(FeedEvent.kind, FeedEvent.owner_id).where(FeedEvent.event_id == event_id)).all()
    return {(FeedKind(kind), owner) for kind, owner in rows}


def texts(session: Session, kind: FeedKind = FeedKind.PUBLIC, owner_id: int = 0, **window: datetime) -> list[bytes]:
    since = window.get("since", NOW - timedelta(days=90))
    return list(
        queries.texts(session, kind, owner_id, since=since, cancelled_since=window.get("cancelled_since", since))
    )


def test_put_stores_the_text_and_begins_the_feeds(session, prison, centre):
    event_id = event(session, prison)
    actions.put(session, event_id, [item()], [PUBLIC, (FeedKind.INSTITUTION, prison)], LAST, NOW)
    assert texts(session) == texts(session, FeedKind.INSTITUTION, prison) == [ical.vevent(item())]
    assert texts(session, FeedKind.INSTITUTION, centre) == []
    assert standing(session, event_id) == {(FeedKind.INSTITUTION, prison)}
    assert versions(session).keys() == {PUBLIC, (FeedKind.INSTITUTION, prison)}
    assert queries.version(session, FeedKind.PUBLIC) == queries.FeedVersion(min(versions(session).values()), NOW)


def test_public_feed_is_raised_even_if_not_named(session, prison):
    actions.put(session, event(session, prison), [item()], [(FeedKind.INSTITUTION, prison)], LAST, NOW)
    assert PUBLIC in versions(session)
    assert len(texts(session)) == 1


def test_a_change_raises_every_feed_of_the_event_and_no_other(session, prison, centre):
    first, second = event(session, prison), event(session, centre)
    actions.put(session, first, [item()], [(FeedKind.INSTITUTION, prison), (FeedKind.PROGRAMME, 7)], LAST, NOW)
    actions.put(session, second, [item(uid="b@x")], [(FeedKind.INSTITUTION, centre)], LAST, NOW)
    before = versions(session)
    moved = item(sequence=1, modified=LATER, starts_at=LAST - timedelta(hours=1))
    actions.put(session, first, [moved], [(FeedKind.INSTITUTION, prison), (FeedKind.PROGRAMME, 7)], LAST, LATER)
    after = versions(session)
    assert {feed for feed in after if after[feed] > before[feed]} == {
        PUBLIC,
        (FeedKind.INSTITUTION, prison),
        (FeedKind.PROGRAMME, 7),
    }
    assert queries.version(session, FeedKind.PROGRAMME, 7) == queries.FeedVersion(after[FeedKind.PROGRAMME, 7], LATER)


def test_the_same_again_raises_nothing(session, prison):
    event_id = event(session, prison)
    actions.put(session, event_id, [item()], [(FeedKind.INSTITUTION, prison)], LAST, NOW)
    before = versions(session)
    actions.put(session, event_id, [item()], [PUBLIC, (FeedKind.INSTITUTION, prison)], LAST, LATER)
    assert versions(session) == before


def test_a_feed_that_the_event_leaves_is_raised_too(session, prison, centre):
    event_id = event(session, prison)
    actions.put(session, event_id, [item()], [(FeedKind.INSTITUTION, prison), (FeedKind.PROGRAMME, 7)], LAST, NOW)
    before = versions(session)
    actions.put(session, event_id, [item()], [(FeedKind.INSTITUTION, centre)], LAST, LATER)
    after = versions(session)
    assert standing(session, event_id) == {(FeedKind.INSTITUTION, centre)}
    assert all(after[feed] > before[feed] for feed in before)
    assert texts(session, FeedKind.INSTITUTION, prison) == texts(session, FeedKind.PROGRAMME, 7) == []
    assert len(texts(session, FeedKind.INSTITUTION, centre)) == 1


@pytest.mark.parametrize("way", ["no item", "no feeds", "remove"])
def test_what_is_no_longer_public_vanishes_and_raises_its_feeds(session, prison, way):
    event_id = event(session, prison)
    actions.put(session, event_id, [item()], [(FeedKind.INSTITUTION, prison)], LAST, NOW)
    before = versions(session)
    if way == "no item":
        actions.put(session, event_id, [], [(FeedKind.INSTITUTION, prison)], LAST, LATER)
    elif way == "no feeds":
        actions.put(session, event_id, [item()], [], LAST, LATER)
    else:
        actions.remove(session, event_id, LATER)
    assert session.exec(select(EventText.event_id)).all() == []
    assert standing(session, event_id) == set()
    assert all(versions(session)[feed] > before[feed] for feed in before)


def test_removing_what_never_stood_there_raises_nothing(session, prison):
    actions.remove(session, event(session, prison), NOW)
    assert versions(session) == {}


def test_versions_grow_within_one_second_and_over_a_restored_backup(session, prison):
    event_id = event(session, prison)
    seen = []
    for minutes, title in enumerate("abc"):
        actions.put(session, event_id, [item(title=title)], [PUBLIC], LAST, NOW)
        seen.append(versions(session)[PUBLIC])
        assert minutes == len(seen) - 1
    assert seen == sorted(set(seen))
    # A backup from before these changes would count on from an older number: the clock has gone on since.
    for row in session.exec(select(FeedState)):
        session.delete(row)
    session.flush()
    actions.put(session, event_id, [item(title="d")], [PUBLIC], LAST, LATER)
    assert versions(session)[PUBLIC] > seen[-1]


def test_window_drops_the_past_and_earlier_still_what_was_cancelled(session, prison):
    days = {"old": 100, "recent": 70, "cancelled": 70, "cancelled lately": 20, "coming": -20}
    for title, ago in days.items():
        end = NOW - timedelta(days=ago)
        entry = item(title=title, uid=f"{title}@x", cancelled=title.startswith("cancelled"))
        actions.put(session, event(session, prison), [entry], [(FeedKind.INSTITUTION, prison)], end, NOW)
    for feed in (PUBLIC, (FeedKind.INSTITUTION, prison)):
        found = b"".join(
            texts(session, *feed, since=NOW - timedelta(days=90), cancelled_since=NOW - timedelta(days=60))
        ).decode()
        assert [title for title in days if f"UID:{title}@x" in found] == ["recent", "cancelled lately", "coming"]


def test_rebuild_rewrites_outdated_texts_and_raises_what_differs(session, prison, monkeypatch):
    first, second, third = (event(session, prison) for _ in range(3))
    actions.put(session, first, [item(uid="1@x")], [(FeedKind.INSTITUTION, prison)], LAST, NOW)
    actions.put(session, second, [item(uid="2@x")], [PUBLIC], LAST, NOW)
    before = versions(session)
    assert queries.outdated(session) == []
    monkeypatch.setattr(ical, "RENDER", ical.RENDER + 1)
    assert queries.outdated(session) == [first, second]
    items = [(first, [item(uid="1@x")]), (second, [item(uid="2@x", title="Inaczej")]), (third, [item(uid="3@x")])]
    assert actions.rebuild(session, items, LATER) == 1
    assert queries.outdated(session) == []
    assert "Inaczej" in b"".join(texts(session)).decode()
    assert len(texts(session)) == 2
    assert versions(session)[PUBLIC] > before[PUBLIC]
    assert versions(session)[FeedKind.INSTITUTION, prison] == before[FeedKind.INSTITUTION, prison]
    stamps = session.exec(select(EventText.modified).order_by(col(EventText.event_id))).all()
    assert stamps == [NOW, LATER]

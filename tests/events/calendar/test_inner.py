"""Texts for the calendars of those concerned: written with each act, filled where missing, compared with the rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, col, delete, select, update

from app.clock import now
from events import ical
from events.calendar import actions, inner, parties, series
from events.calendar.models import Answer, Event, EventParty, State, Visibility
from events.changes import actions as changes
from events.changes.rules import Scope
from events.recurrence import Rule
from events.shelf.models import EventText, FeedEvent, FeedKind, FeedState, InnerText
from tests.factories.events import START, make_draft, make_event
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")
INVITED = Visibility.INVITED


def standing(session: Session, event: Event) -> set[int]:
    """Say in whose people's calendars the event stands."""
    statement = select(FeedEvent.owner_id).where(FeedEvent.event_id == event.id, FeedEvent.kind == FeedKind.INNER)
    return set(session.exec(statement).all())


def text(session: Session, event: Event) -> str:
    return session.exec(select(InnerText.ics).where(InnerText.event_id == event.id)).one().decode()


def version(session: Session, institution_id: int) -> int:
    statement = select(FeedState.version).where(FeedState.kind == FeedKind.INNER, FeedState.owner_id == institution_id)
    return session.exec(statement).first() or 0


def test_a_draft_has_none_and_every_published_event_has_one(session: Session, people: People) -> None:
    draft = make_draft(session, people.ewa)
    assert session.exec(select(InnerText.event_id)).all() == []
    for visibility in Visibility:
        event = make_event(session, people.ewa, title=f"Dla {visibility}", visibility=visibility)
        assert f"SUMMARY:Dla {visibility}" in text(session, event)
        assert (session.get(EventText, event.id) is not None) == (visibility is Visibility.PUBLIC)
    assert standing(session, draft) == set()


def test_it_stands_with_those_who_prepare_host_or_are_invited(session: Session, people: People) -> None:
    mops, prison, ngo = (house.id or 0 for house in (people.mops, people.prison, people.ngo))
    event = make_event(session, people.marek, visibility=INVITED, place_institution_id=prison, place="", invited=(ngo,))
    assert standing(session, event) == {mops, prison, ngo}
    assert version(session, people.stranger.id or 0) == 0


def test_who_declines_sees_it_no_more_and_sees_it_again_when_asked_anew(session: Session, people: People) -> None:
    ngo = people.ngo.id or 0
    event = make_event(session, people.marek, visibility=INVITED, co_organisers=(ngo,))
    party = session.get_one(EventParty, (event.id, ngo))
    party.answer, party.asked_at = Answer.ASKED, now()
    session.flush()
    assert ngo in standing(session, event)
    parties.answer(session, people.jola.actor, event, now(), agrees=False, reason="brak ludzi")
    assert standing(session, event) == {people.mops.id}
    moved = actions.as_saved(session, event)
    moved = replace(moved, starts=moved.starts + timedelta(days=1), ends=moved.ends + timedelta(days=1))
    changes.edit(session, people.marek.actor, event, moved, event.revision, now())
    assert party.answer is Answer.ASKED
    assert ngo in standing(session, event)
    assert inner.agree(session, now()) == 0


def test_a_cancelled_event_stays_and_says_so(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, visibility=INVITED, invited=(people.mops.id or 0,))
    before = version(session, people.mops.id or 0)
    changes.cancel(session, people.ewa.actor, event, "remont", now())
    assert "STATUS:CANCELLED" in text(session, event)
    assert version(session, people.mops.id or 0) > before
    assert standing(session, event) == {people.prison.id, people.mops.id}


def test_busy_tells_times_and_nothing_else(session: Session, people: People) -> None:
    rule = Rule(days=(START.weekday(),), count=4)
    event = make_event(session, people.ewa, title="Tajne", visibility=INVITED, topics=("sprawa",), rule=rule)
    rows = series.occurrences(session, event)
    changes.cancel(session, people.ewa.actor, event, "choroba", now(), occurrence_id=rows[1].id, scope=Scope.THIS)
    whole, busy = session.exec(select(InnerText.ics, InnerText.busy).where(InnerText.event_id == event.id)).one()
    kept = [line for line in _lines(busy) if not line.startswith("SUMMARY")]
    assert [line for line in _lines(busy) if line.startswith("SUMMARY")] == [
        "SUMMARY:Zajęte",
        "SUMMARY:ODWOŁANE: Zajęte",
    ]
    assert set(kept) < set(_lines(whole))
    names = {line.partition(":")[0].partition(";")[0] for line in kept}
    assert names == {
        "BEGIN", "END", "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "CREATED", "LAST-MODIFIED", "STATUS",
        "TRANSP", "RRULE", "RECURRENCE-ID",
    }  # fmt: skip
    for word in ("Tajne", "sprawa", "choroba", people.prison.name, "wydarzenia"):
        assert word in ical_text(whole)
        assert word not in ical_text(busy)


def ical_text(stored: bytes) -> str:
    return stored.decode().replace("\r\n ", "")


def _lines(stored: bytes) -> Sequence[str]:
    return ical_text(stored).splitlines()


def test_missing_texts_are_filled_as_the_act_writes_them(session: Session, people: People) -> None:
    events = [
        make_event(session, people.ewa, visibility=one, invited=(people.mops.id or 0,), title=str(one))
        for one in Visibility
    ]
    make_draft(session, people.ewa)
    stored = dict(session.exec(select(InnerText.event_id, InnerText.ics)).all())
    places = set(session.exec(select(FeedEvent.kind, FeedEvent.owner_id, FeedEvent.event_id)).all())
    session.exec(delete(InnerText))
    session.exec(delete(FeedEvent).where(col(FeedEvent.kind) == FeedKind.INNER))
    before = version(session, people.mops.id or 0)
    assert inner.renew(session, now()) == len(events) + 2 * len(events)
    assert dict(session.exec(select(InnerText.event_id, InnerText.ics)).all()) == stored
    assert set(session.exec(select(FeedEvent.kind, FeedEvent.owner_id, FeedEvent.event_id)).all()) == places
    assert version(session, people.mops.id or 0) > before
    assert inner.renew(session, now()) == 0


def test_texts_of_older_code_are_written_anew(
    session: Session, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = make_event(session, people.ewa, visibility=INVITED)
    before = version(session, people.prison.id or 0)
    session.exec(update(InnerText).values(render=ical.RENDER - 1, ics=b"alt"))
    assert inner.renew(session, now()) == 1
    assert "SUMMARY:" in text(session, event)
    assert version(session, people.prison.id or 0) > before
    monkeypatch.setattr(ical, "RENDER", ical.RENDER + 1)
    assert inner.renew(session, now()) == 1
    assert session.exec(select(InnerText.render)).one() == ical.RENDER


def test_the_comparison_finds_and_mends_what_stands_wrong(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, visibility=INVITED, invited=(people.mops.id or 0,))
    assert inner.agree(session, now()) == 0
    stranger, mops = people.stranger.id or 0, people.mops.id or 0
    session.add(FeedEvent(kind=FeedKind.INNER, owner_id=stranger, event_id=event.id or 0))
    session.exec(delete(FeedEvent).where(col(FeedEvent.kind) == FeedKind.INNER, col(FeedEvent.owner_id) == mops))
    session.flush()
    before = version(session, mops)
    assert inner.agree(session, now()) == 2
    assert standing(session, event) == {people.prison.id, mops}
    assert version(session, mops) > before
    assert version(session, stranger) > 0
    assert inner.agree(session, now()) == 0


def test_five_hundred_and_more_are_done_in_batches(
    session: Session, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner, "_AT_ONCE", 2)
    events = [
        make_event(session, people.ewa, visibility=one, title=f"Nr {n}") for n, one in enumerate([*Visibility] * 2)
    ]
    ids = [event.id or 0 for event in events]
    session.exec(delete(InnerText))
    session.exec(delete(FeedEvent).where(col(FeedEvent.kind) == FeedKind.INNER))
    assert inner.renew(session, now()) == 12
    assert sorted(session.exec(select(InnerText.event_id)).all()) == sorted(ids)
    session.exec(update(Event).where(col(Event.id).in_(ids[:5])).values(state=State.DRAFT))
    assert inner.agree(session, now()) == 5


def test_public_feeds_do_not_move_when_only_those_concerned_see_a_change(session: Session, people: People) -> None:
    ngo = people.ngo.id or 0
    event = make_event(session, people.marek, visibility=Visibility.PUBLIC, co_organisers=(ngo,))
    party = session.get_one(EventParty, (event.id, ngo))
    party.answer, party.answered_at = Answer.ASKED, None
    actions.shelve(session, event, now())
    moved = {FeedKind.PUBLIC: 0, FeedKind.INSTITUTION: people.mops.id or 0, FeedKind.INNER: people.mops.id or 0}

    def versions() -> dict[FeedKind, int]:
        rows = session.exec(select(FeedState.kind, FeedState.owner_id, FeedState.version)).all()
        return {FeedKind(kind): number for kind, owner, number in rows if moved[FeedKind(kind)] == owner}

    before, places = versions(), standing(session, event)
    actions.shelve(session, event, now())
    assert (versions(), standing(session, event)) == (before, places)
    parties.answer(session, people.jola.actor, event, now(), agrees=False, reason="brak ludzi")
    after = versions()
    assert {kind for kind in after if after[kind] != before[kind]} == {FeedKind.INNER}
    assert standing(session, event) == {people.mops.id}

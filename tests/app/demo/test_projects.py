"""The story of a project in the demo: what its pages need is there, and it moves with the demo."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, func, select

from app import demo
from app.demo import projects
from events.calendar.models import Event, Occurrence, OccurrenceSpeaker, Outcome, State
from events.minutes.models import Record, RecordState
from events.reports import queries as reports
from events.reports import rules
from events.reports.models import Report, ReportRecord
from events.sessions.models import EditionSession
from projects.editions.models import Edition, EditionOutcome, EditionState
from projects.programmes.models import PartnerAnswer, Programme, ProgrammePartner, ProgrammeState
from tests.app.demo.conftest import LOADED_AT, TODAY


def story(session: Session, slug: str = projects.SLUG) -> Programme:
    return session.exec(select(Programme).where(Programme.slug == slug)).one()


def answers(session: Session, programme: Programme) -> list[str]:
    rows = select(ProgrammePartner.answer).where(ProgrammePartner.programme_id == programme.id)
    return sorted(answer or "" for answer in session.exec(rows).all())


def rows_of(session: Session, number: int) -> list[Occurrence]:
    """The dates of an edition in the order of time."""
    statement = (
        select(Occurrence)
        .join(EditionSession, col(EditionSession.occurrence_id) == Occurrence.id)
        .join(Edition, col(Edition.id) == EditionSession.edition_id)
        .where(Edition.number == number, Edition.programme_id == story(session).id)
    )
    return list(session.exec(statement.order_by(col(Occurrence.starts_at))).all())


def test_partners_stand_at_each_step(loaded: Session) -> None:
    public, draft = story(loaded), story(loaded, projects.DRAFT_SLUG)
    assert public.state is ProgrammeState.RECRUITING
    assert answers(loaded, public) == ["asked", "confirmed", "confirmed", "requested"]
    assert draft.state is ProgrammeState.DRAFT
    assert answers(loaded, draft) == ["asked", "confirmed", "outside"]
    others = select(ProgrammePartner).where(col(ProgrammePartner.answer).is_(None))
    assert loaded.exec(others).all() == []
    without = select(ProgrammePartner).where(
        col(ProgrammePartner.agreed_part).is_(None),
        col(ProgrammePartner.answer).in_([PartnerAnswer.CONFIRMED, PartnerAnswer.OUTSIDE]),
    )
    assert loaded.exec(without).all() == []


def test_the_edition_that_is_over_is_recorded_and_counted(loaded: Session) -> None:
    edition = loaded.exec(select(Edition).where(Edition.number == 1)).one()
    assert edition.state is EditionState.COMPLETED
    assert {row.outcome for row in rows_of(loaded, 1)} == {Outcome.HELD}
    states = select(Record.state).where(col(Record.occurrence_id).in_([row.id for row in rows_of(loaded, 1)]))
    assert loaded.exec(states).all() == [RecordState.SEALED] * 10
    counted = loaded.exec(select(EditionOutcome.achieved).where(EditionOutcome.edition_id == edition.id)).all()
    assert sorted(number or 0 for number in counted) == [4, 7, 8]


def test_the_edition_that_runs_has_every_kind_of_change(loaded: Session) -> None:
    rows = rows_of(loaded, 2)
    assert [row.state for row in rows].count(State.CANCELLED) == 1
    assert [row.moved for row in rows].count(True) == 1
    assert {(row.seats_taken, row.waiting) for row in rows} == {(12, 2)}
    assert any(row.outcome is Outcome.HELD for row in rows)
    made_up = loaded.exec(select(EditionSession).where(col(EditionSession.makes_up_for_id).is_not(None))).one()
    assert made_up.occurrence_id == rows[-1].id
    assert loaded.exec(select(OccurrenceSpeaker.person)).one() == "Piotr Wzorcowy"
    assert {row.requested for row in rows_of(loaded, 3)} == {4}


def test_a_report_is_frozen_and_the_next_one_is_due(loaded: Session) -> None:
    report = loaded.exec(select(Report)).one()
    assert rules.seal(report.content) == report.seal
    assert loaded.exec(select(func.count()).select_from(ReportRecord)).one() == 7
    (due,) = reports.all_due(loaded, LOADED_AT)
    assert due.slug == projects.SLUG
    assert not due.late


@pytest.mark.slow
@pytest.mark.parametrize("days", [100, 250])
def test_the_story_fits_any_day_and_keeps_its_addresses(loaded: Session, days: int) -> None:
    before = set(loaded.exec(select(Event.uuid).where(col(Event.edition_id).is_not(None))).all())
    assert before == set(projects.uuids())
    later = TODAY + timedelta(days=days)
    demo.refresh(loaded, later, LOADED_AT + timedelta(days=days))
    assert set(loaded.exec(select(Event.uuid).where(col(Event.edition_id).is_not(None))).all()) == before
    assert loaded.exec(select(func.count()).select_from(Report)).one() in (1, 2)
    held = [row.outcome for row in rows_of(loaded, 2) if row.ends_at < LOADED_AT + timedelta(days=days)]
    assert held.count(Outcome.HELD) >= 3
    loaded.rollback()

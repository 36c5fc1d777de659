"""Editions, act by act."""

from datetime import date, timedelta

import pytest
import time_machine
from sqlmodel import Session, select

from app.actors import Actor
from app.audit.models import AuditLine
from app.clock import now
from projects.editions import actions, queries, rules
from projects.editions.models import Edition, EditionState
from projects.editions.rules import EditionDraft, OutcomeDraft, OutcomeResult
from projects.programmes.models import Programme, ProgrammeState
from tests.factories.persons import People
from tests.factories.programmes import make_programme

pytestmark = pytest.mark.usefixtures("clock")

WANTED = EditionDraft("wiosna", True, 12, (OutcomeDraft("kończy warsztaty", 10), OutcomeDraft("ma plan wyjścia")))


@pytest.fixture
def programme(session: Session, people: People) -> Programme:
    return make_programme(session, "Warsztaty próbne", people.ngo.id)


@pytest.fixture
def edition(session: Session, people: People, programme: Programme) -> Edition:
    return actions.begin(session, people.jola.actor, programme, WANTED, now())


def _plan(session: Session, edition: Edition, state: EditionState = EditionState.OPEN) -> None:
    actions.follow_plan(
        session,
        edition,
        now(),
        starts_on=date(2026, 11, 2),
        ends_on=date(2026, 11, 30),
        sessions=5,
        participants=edition.participants,
        capacity=edition.capacity,
        state=state,
    )


def _outcomes(session: Session, edition: Edition) -> list[tuple[str, int | None, int | None]]:
    lines = queries.outcomes(session, edition.id or 0, inside=True)
    return [(line.text, line.target, line.achieved.value) for line in lines]


def test_editions_are_numbered_and_leave_their_trail(session: Session, people: People, programme: Programme) -> None:
    first = actions.begin(session, people.jola.actor, programme, WANTED, now())
    second = actions.begin(session, people.jola.actor, programme, EditionDraft(), now())
    assert (first.number, second.number, first.state) == (1, 2, EditionState.PLANNED)
    assert _outcomes(session, first) == [("kończy warsztaty", 10, None), ("ma plan wyjścia", None, None)]
    entry = session.exec(select(AuditLine).where(AuditLine.verb == "edition.begun")).first()
    assert entry is not None
    assert entry.details == {"programme_id": programme.id, "number": 1}


def test_only_a_coordinator_of_the_lead_begins_one(session: Session, people: People, programme: Programme) -> None:
    for person in (people.marek, people.olga, people.wanda):
        with pytest.raises(rules.NotYourEdition, match="institution that leads this project"):
            actions.begin(session, person.actor, programme, WANTED, now())


@pytest.mark.parametrize(
    ("columns", "refusal", "sentence"),
    [
        ({"state": ProgrammeState.DRAFT}, rules.NotPublished, "Publish the project first"),
        ({"state": ProgrammeState.COMPLETED}, rules.ProjectOver, "copy it as a new one"),
        ({"archived": True}, rules.ProjectOver, "Reopen it"),
    ],
)
def test_a_draft_and_what_is_over_begin_none(
    session: Session, people: People, programme: Programme, columns: dict[str, object], refusal: type, sentence: str
) -> None:
    programme.state = columns.get("state", programme.state)  # type: ignore[assignment]
    programme.archived_at = now() if "archived" in columns else None
    session.flush()
    with pytest.raises(refusal, match=sentence):
        actions.begin(session, people.jola.actor, programme, WANTED, now())


def test_outcomes_change_places_and_keep_their_results(session: Session, people: People, edition: Edition) -> None:
    first, second = queries.planned(session, edition.id or 0)
    results = [OutcomeResult(first.outcome_id or 0, 8, 1, 0), OutcomeResult(second.outcome_id or 0)]
    actions.set_results(session, people.jola.actor, edition, results, now(), revision=1)
    wanted = EditionDraft("wiosna", True, 12, (OutcomeDraft("znajduje pracę"), second, first))
    assert actions.revise(session, people.jola.actor, edition, wanted, now(), revision=2) == {"outcomes"}
    expected = [("znajduje pracę", None, None), ("ma plan wyjścia", None, None), ("kończy warsztaty", 10, 8)]
    assert _outcomes(session, edition) == expected


def test_an_outcome_with_results_is_not_taken_away(session: Session, people: People, edition: Edition) -> None:
    first, second = queries.planned(session, edition.id or 0)
    actions.set_results(
        session, people.jola.actor, edition, [OutcomeResult(first.outcome_id or 0, 8)], now(), revision=1
    )
    with pytest.raises(rules.HasResults, match="Empty them first"):
        actions.revise(
            session, people.jola.actor, edition, EditionDraft("wiosna", True, 12, (second,)), now(), revision=2
        )


def test_a_stale_form_is_refused(session: Session, people: People, edition: Edition) -> None:
    _plan(session, edition)
    jola = people.jola.actor
    with pytest.raises(rules.Stale):
        actions.revise(session, jola, edition, WANTED, now(), revision=1)
    with pytest.raises(rules.Stale):
        actions.set_results(session, jola, edition, [], now(), revision=1)
    with pytest.raises(rules.Stale):
        actions.complete(session, jola, edition, now(), revision=1)


def test_results_of_another_edition_are_refused(
    session: Session, people: People, programme: Programme, edition: Edition
) -> None:
    other = actions.begin(session, people.jola.actor, programme, WANTED, now())
    foreign = queries.planned(session, other.id or 0)[0].outcome_id or 0
    with pytest.raises(rules.Stale):
        actions.set_results(session, people.jola.actor, edition, [OutcomeResult(foreign, 8)], now(), revision=1)


def test_seats_follow_the_plan_once_there_is_one(session: Session, people: People, edition: Edition) -> None:
    _plan(session, edition)
    planned = queries.planned(session, edition.id or 0)
    with pytest.raises(rules.TermsStand, match="whole series"):
        actions.revise(
            session, people.jola.actor, edition, EditionDraft("wiosna", True, 20, planned), now(), revision=2
        )
    changed = actions.revise(
        session, people.jola.actor, edition, EditionDraft("lato", True, 12, planned), now(), revision=2
    )
    assert changed == {"name"}


def test_an_edition_is_closed_after_its_last_session(
    session: Session, people: People, edition: Edition, clock: time_machine.Traveller
) -> None:
    jola: Actor = people.jola.actor
    with pytest.raises(rules.NothingHeld, match="Plan them, or delete"):
        actions.complete(session, jola, edition, now(), revision=1)
    _plan(session, edition)
    with pytest.raises(rules.StillRunning, match="call the rest off"):
        actions.complete(session, jola, edition, now(), revision=2)
    clock.shift(timedelta(days=7))
    with pytest.raises(rules.ResultsMissing, match="say that there will be none"):
        actions.complete(session, jola, edition, now(), revision=2)
    actions.complete(session, jola, edition, now(), revision=2, without_results=True)
    assert (edition.state, edition.completed_at) == (EditionState.COMPLETED, now())
    with pytest.raises(rules.OverAlready):
        actions.complete(session, jola, edition, now(), revision=3, without_results=True)
    late = [OutcomeResult(outcome.outcome_id or 0, 9) for outcome in queries.planned(session, edition.id or 0)]
    assert actions.set_results(session, jola, edition, late, now(), revision=3)


def test_an_edition_without_sessions_is_deleted(session: Session, people: People, edition: Edition) -> None:
    number = edition.id
    _plan(session, edition)
    with pytest.raises(rules.HasSessions, match="Call it off"):
        actions.discard(session, people.jola.actor, edition, now())
    edition.sessions, edition.state = 0, EditionState.PLANNED
    actions.discard(session, people.jola.actor, edition, now())
    assert session.get(Edition, number) is None


def test_a_planned_edition_is_known_to_the_circle_alone(session: Session, people: People, edition: Edition) -> None:
    assert queries.edition(session, people.jola.actor, "warsztaty-probne", 1) is not None
    assert queries.edition(session, people.stefan.actor, "warsztaty-probne", 1) is None
    assert queries.edition(session, people.olga.actor, "warsztaty-probne", 1) is None
    _plan(session, edition)
    assert queries.edition(session, people.stefan.actor, "warsztaty-probne", 1) is not None


def test_others_read_no_small_numbers(session: Session, people: People, edition: Edition) -> None:
    first, second = queries.planned(session, edition.id or 0)
    results = [OutcomeResult(first.outcome_id or 0, 8, 2, 0), OutcomeResult(second.outcome_id or 0, 1)]
    actions.set_results(session, people.jola.actor, edition, results, now(), revision=1)
    told = queries.outcomes(session, edition.id or 0, inside=False)
    assert [count.value for line in told for count in line.counts] == [8, None, None, None, None, None]
    assert {count.words for line in told for count in line.counts} == {"8", rules.FEW, ""}

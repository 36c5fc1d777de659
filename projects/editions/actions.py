"""Verbs of editions: begin, revise, enter results, complete, call off; following the plan of sessions."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session, col, delete, func, select

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.db import lock
from app.errors import NotAdmitted
from projects.editions import queries, rules
from projects.editions.models import Edition, EditionOutcome, EditionState
from projects.editions.rules import EditionDraft, OutcomeDraft, OutcomeResult
from projects.programmes import rules as programmes
from projects.programmes.models import Programme

_RESULTS = ("achieved", "partly", "missed")


def begin(session: Session, actor: Actor, programme: Programme, wanted: EditionDraft, now: datetime) -> Edition:
    """Begin the next edition of a programme; until a session is published only the circle knows of it.

    Locks the programme, which gives the number. Raises NotYourEdition, NotAdmitted, NotPublished, ProjectOver and what
    rules.check_outcomes raises.
    """
    lock(session, Programme, _id(programme))
    if not programmes.may_edit(actor, programme):
        raise rules.NotYourEdition
    if not actor.admitted:
        raise NotAdmitted
    rules.check_running(programme)
    rules.check_outcomes(wanted.outcomes)
    last = session.exec(select(func.max(Edition.number)).where(Edition.programme_id == programme.id)).one()
    edition = Edition(
        programme_id=_id(programme),
        number=(last or 0) + 1,
        name=wanted.name,
        participants=wanted.participants,
        capacity=wanted.capacity,
        created_by=actor.user_id,
        changed_at=now,
        synthetic=programme.synthetic,
    )
    session.add(edition)
    session.flush()
    _set_outcomes(session, edition, wanted.outcomes)
    details = {"programme_id": _id(programme), "number": edition.number}
    trail.record(session, actor, "edition.begun", "edition", _id(edition), now, details=details)
    return edition


def revise(
    session: Session, actor: Actor, edition: Edition, wanted: EditionDraft, now: datetime, *, revision: int
) -> frozenset[str]:
    """Give *edition* the values of *wanted* and return the names of what changed; results stay with their outcomes.

    Whom seats are for and their number follow the plan once there is one. Locks programme and edition. Raises
    NotYourEdition, ProjectOver, OverAlready, Stale, TermsStand, HasResults and what rules.check_outcomes raises.
    """
    _locked(session, actor, edition, revision)
    if rules.is_over(edition.state):
        raise rules.OverAlready
    if edition.sessions and (wanted.participants, wanted.capacity) != (edition.participants, edition.capacity):
        raise rules.TermsStand
    rules.check_outcomes(wanted.outcomes)
    changed = {name for name in ("name", "participants", "capacity") if getattr(edition, name) != getattr(wanted, name)}
    if queries.planned(session, _id(edition)) != wanted.outcomes:
        changed.add("outcomes")
    if not changed:
        return frozenset()
    edition.name, edition.participants, edition.capacity = wanted.name, wanted.participants, wanted.capacity
    if "outcomes" in changed:
        _set_outcomes(session, edition, wanted.outcomes)
    _raise_revision(edition, now)
    details = {"changed": sorted(changed)}
    trail.record(session, actor, "edition.revised", "edition", _id(edition), now, details=details)
    return frozenset(changed)


def set_results(
    session: Session, actor: Actor, edition: Edition, results: Sequence[OutcomeResult], now: datetime, *, revision: int
) -> bool:
    """Enter how many reached each outcome, also after the edition was completed; tell whether anything changed.

    Locks programme and edition. Raises NotYourEdition, ProjectOver, Stale.
    """
    _locked(session, actor, edition, revision)
    rows = {row.id: row for row in _outcomes(session, edition)}
    if any(result.outcome_id not in rows for result in results):
        raise rules.Stale
    changed = 0
    for result in results:
        row = rows[result.outcome_id]
        if any(getattr(row, name) != getattr(result, name) for name in _RESULTS):
            row.achieved, row.partly, row.missed = result.achieved, result.partly, result.missed
            changed += 1
    if not changed:
        return False
    _raise_revision(edition, now)
    session.flush()
    trail.record(session, actor, "edition.results_set", "edition", _id(edition), now, details={"outcomes": changed})
    return True


def complete(
    session: Session, actor: Actor, edition: Edition, now: datetime, *, revision: int, without_results: bool = False
) -> None:
    """Close an edition after its last session; *without_results* says that some outcomes will have none.

    Locks programme and edition. Raises NotYourEdition, ProjectOver, Stale and what rules.check_complete raises.
    """
    _locked(session, actor, edition, revision)
    counted = all(any(getattr(row, name) is not None for name in _RESULTS) for row in _outcomes(session, edition))
    rules.check_complete(edition, warsaw.today(now), counted=counted, without_results=without_results)
    edition.state, edition.completed_at = EditionState.COMPLETED, now
    _raise_revision(edition, now)
    session.flush()
    details = {"without_results": not counted}
    trail.record(session, actor, "edition.completed", "edition", _id(edition), now, details=details)


def cancel(session: Session, actor: Actor, edition: Edition, now: datetime) -> None:
    """Call an edition off; whoever calls, calls off its coming dates in the same act (events/sessions).

    Locks programme and edition. Raises NotYourEdition, ProjectOver, OverAlready.
    """
    _locked(session, actor, edition, None)
    if rules.is_over(edition.state):
        raise rules.OverAlready
    edition.state, edition.completed_at = EditionState.CANCELLED, now
    _raise_revision(edition, now)
    session.flush()
    trail.record(session, actor, "edition.cancelled", "edition", _id(edition), now)


def discard(session: Session, actor: Actor, edition: Edition, now: datetime) -> None:
    """Delete an edition without sessions. Locks programme and edition. Raises NotYourEdition, HasSessions."""
    _locked(session, actor, edition, None)
    if edition.sessions or edition.state is not EditionState.PLANNED:
        raise rules.HasSessions
    details = {"programme_id": edition.programme_id, "number": edition.number}
    trail.record(session, actor, "edition.discarded", "edition", _id(edition), now, details=details)
    session.exec(delete(EditionOutcome).where(col(EditionOutcome.edition_id) == edition.id))
    session.delete(edition)
    session.flush()


def follow_plan(
    session: Session,
    edition: Edition,
    now: datetime,
    *,
    starts_on: date | None,
    ends_on: date | None,
    sessions: int,
    participants: bool,
    capacity: int | None,
    state: EditionState | None = None,
) -> None:
    """Write into the edition what its plan of sessions says; the act of events that calls has its own trail line.

    *ends_on* is the last day that still stands. *state* is given when the first session is published. A form that was
    opened before is stale afterwards. Whoever calls holds the lock of the programme.
    """
    lock(session, Edition, _id(edition))
    edition.starts_on, edition.ends_on, edition.sessions = starts_on, ends_on, sessions
    edition.participants, edition.capacity = participants, capacity
    if state is not None:
        edition.state = state
    _raise_revision(edition, now)
    session.flush()


def _locked(session: Session, actor: Actor, edition: Edition, revision: int | None) -> Programme:
    programme = lock(session, Programme, edition.programme_id)
    lock(session, Edition, _id(edition))
    if programme is None or not programmes.may_edit(actor, programme):
        raise rules.NotYourEdition
    if not rules.may_edit(actor, programme):
        raise rules.ProjectOver
    if revision is not None and edition.revision != revision:
        raise rules.Stale
    return programme


def _outcomes(session: Session, edition: Edition) -> Sequence[EditionOutcome]:
    statement = select(EditionOutcome).where(EditionOutcome.edition_id == edition.id)
    return session.exec(statement.order_by(col(EditionOutcome.position))).all()


def _set_outcomes(session: Session, edition: Edition, wanted: Sequence[OutcomeDraft]) -> None:
    """Keep the rows that are named, delete those that are not, add the new; results stay with their rows."""
    there = {row.id: row for row in _outcomes(session, edition)}
    kept = {outcome.outcome_id for outcome in wanted if outcome.outcome_id in there}
    for row in there.values():
        if row.id not in kept:
            if any(getattr(row, name) is not None for name in _RESULTS):
                raise rules.HasResults(outcome=row.text)
            session.delete(row)
    # The positions are unique: first out of the way, then to their places.
    for place, row in enumerate(there.values()):
        if row.id in kept:
            row.position = -1 - place
    session.flush()
    for position, outcome in enumerate(wanted):
        held = (
            there[outcome.outcome_id]
            if outcome.outcome_id in kept
            else EditionOutcome(edition_id=_id(edition), position=position, text=outcome.text)
        )
        held.position, held.text, held.target = position, outcome.text, outcome.target
        session.add(held)
    session.flush()


def _raise_revision(edition: Edition, now: datetime) -> None:
    edition.revision += 1
    edition.changed_at = now


def _id(row: Programme | Edition) -> int:
    if row.id is None:
        raise ValueError("The row has not been written yet.")
    return row.id

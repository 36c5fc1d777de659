"""Verbs of the exchange: check a table, take it over as a whole, keep it until the operator's word."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any, Protocol

from sqlmodel import Session, col, delete

from app import tables, warsaw
from app.actors import Actor
from app.audit import trail
from app.tables import Row
from app.text import N_
from partners.exchange import columns, queries, registers
from partners.exchange.agreements import Agreements
from partners.exchange.cells import Known
from partners.exchange.columns import Column, Parsed
from partners.exchange.institutions import Institutions
from partners.exchange.models import Upload
from partners.exchange.offers import Offers
from partners.exchange.rules import (
    CHANGES_SHOWN,
    PROBLEMS_SHOWN,
    UPLOAD_KEPT,
    Change,
    ChangedMeanwhile,
    FileRefused,
    OperatorsOnly,
    Outcome,
    Problem,
    Subject,
    may_import,
)

BATCH = 500
Progress = Callable[[int], None]


class Step(Protocol):
    """What one row will do."""

    change: Change | None


class Importer(Protocol):
    """One kind of rows: compares them batch by batch with what is there, and writes the difference."""

    def compare(self, batch: Sequence[Parsed]) -> tuple[list[Any], list[Problem]]:
        """Tell what each row would do."""

    def leftovers(self) -> list[Problem]:
        """Tell what only the end of the file shows."""

    def write(self, steps: Sequence[Any], actor: Actor, now: datetime) -> None:
        """Write one batch."""

    def finish(self) -> None:
        """Write what only the end of the file allows."""


_IMPORTERS: dict[Subject, tuple[Callable[[Session, Known], Importer], Sequence[Column]]] = {
    Subject.INSTITUTIONS: (Institutions, columns.INSTITUTION_COLUMNS),
    Subject.SHELTERS: (Institutions, columns.INSTITUTION_COLUMNS),
    Subject.SERVICES: (Offers, columns.SERVICE_COLUMNS),
    Subject.AGREEMENTS: (Agreements, columns.AGREEMENT_COLUMNS),
}


def check(
    session: Session, subject: Subject, body: bytes, now: datetime, progress: Progress = lambda _rows: None
) -> Outcome:
    """Tell what the table in *body* would do; changes nothing. Raises tables.Unreadable."""
    return _run(session, subject, body, now, progress, None)


def take_over(
    session: Session,
    actor: Actor,
    subject: Subject,
    body: bytes,
    now: datetime,
    *,
    mark: str = "",
    progress: Progress = lambda _rows: None,
) -> Outcome:
    """Write the table, all or nothing; a second time it changes nothing. Compares and writes in one pass over the file.

    *mark* is that of the outcome that a person has confirmed. Raises OperatorsOnly, tables.Unreadable, FileRefused with
    the outcome, and ChangedMeanwhile: then nothing has been written.
    """
    if not may_import(actor):
        raise OperatorsOnly
    with session.begin_nested():
        outcome = _run(session, subject, body, now, progress, actor)
        if outcome.problem_count:
            raise FileRefused(outcome)
        if mark and mark != outcome.mark:
            raise ChangedMeanwhile
        if outcome.does_something:
            _record(session, actor, outcome, body, now)
    return outcome


def keep(session: Session, actor: Actor, subject: Subject, filename: str, body: bytes, now: datetime) -> Upload:
    """Keep a table for a day until its operator has looked at what it would do. Raises OperatorsOnly."""
    if not may_import(actor) or actor.user_id is None:
        raise OperatorsOnly
    kept = Upload(user_id=actor.user_id, subject=subject, filename=filename[:200], body=body, uploaded_at=now)
    session.add(kept)
    session.flush()
    return kept


def forget(session: Session, actor: Actor, upload_id: int) -> None:
    """Delete a table of *actor*'s that has been taken over or put aside."""
    session.exec(delete(Upload).where(col(Upload.id) == upload_id, col(Upload.user_id) == actor.user_id))


def forget_old(session: Session, now: datetime) -> int:
    """Delete the tables that nobody has confirmed for a day; return how many went."""
    return session.exec(delete(Upload).where(col(Upload.uploaded_at) < now - UPLOAD_KEPT)).rowcount


def _record(session: Session, actor: Actor, outcome: Outcome, body: bytes, now: datetime) -> None:
    details: dict[str, int | str] = {
        "subject": outcome.subject.value,
        "file": sha256(body).hexdigest()[:16],
        "created": outcome.created,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
    }
    trail.record(session, actor, "import.done", "import", 0, now, details=details)
    session.flush()


def _run(
    session: Session, subject: Subject, body: bytes, now: datetime, progress: Progress, writer: Actor | None
) -> Outcome:
    outcome, digest = Outcome(subject), sha256()
    known = queries.known(session, warsaw.today(now))
    make, table_columns = _IMPORTERS[subject]
    importer = make(session, known)
    parsed = _parsed(subject, tables.read(body), table_columns, known, outcome)
    done = 0
    while batch := list(islice(parsed, BATCH)):
        steps, problems = importer.compare(batch)
        _refuse(outcome, problems)
        for step in steps:
            _count(outcome, digest, step.change)
        if writer is not None and not outcome.problem_count:
            importer.write(steps, writer, now)
        done += len(batch)
        progress(done)
    if not outcome.problem_count:
        _refuse(outcome, importer.leftovers())
    if writer is not None and not outcome.problem_count:
        importer.finish()
    outcome.problems.sort(key=lambda problem: problem.line)
    outcome.mark = digest.hexdigest()[:32]
    return outcome


def _parsed(
    subject: Subject, rows: Iterator[Row], table_columns: Sequence[Column], known: Known, outcome: Outcome
) -> Iterator[Parsed]:
    """Give the rows that could be read; the problems of the others go into *outcome*."""
    if subject is Subject.SHELTERS:
        for parsed, problems in registers.institutions(rows, known):
            _refuse(outcome, problems)
            if parsed is not None:
                yield parsed
        return
    head = next(rows, None)
    if head is None:
        raise tables.Unreadable(N_("This file is empty."))
    places, problems = columns.recognise(head, table_columns)
    _refuse(outcome, problems, of_rows=False)
    if problems:
        return
    for row in rows:
        read, problems = columns.parse(row, places, known)
        _refuse(outcome, problems)
        if not problems:
            yield read


def _refuse(outcome: Outcome, problems: Sequence[Problem], *, of_rows: bool = True) -> None:
    outcome.refused += len({problem.line for problem in problems}) if of_rows else 0
    outcome.problem_count += len(problems)
    outcome.problems += problems[: max(PROBLEMS_SHOWN - len(outcome.problems), 0)]


def _count(outcome: Outcome, digest: Any, change: Change | None) -> None:
    if change is None:
        outcome.unchanged += 1
        return
    digest.update(repr(change).encode())
    if change.new:
        outcome.created += 1
    else:
        outcome.changed += 1
    if len(outcome.changes) < CHANGES_SHOWN:
        outcome.changes.append(change)

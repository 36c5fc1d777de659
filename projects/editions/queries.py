"""Reads of editions: one that the viewer may know of, its outcomes, those of a programme."""

from dataclasses import dataclass

from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from app.actors import Actor
from projects.editions.models import Edition, EditionOutcome
from projects.editions.rules import Count, OutcomeDraft, counts, may_know
from projects.programmes import queries as programmes
from projects.programmes.models import Programme


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """A planned outcome with its results, as the viewer may read them."""

    id: int
    text: str
    target: int | None
    achieved: Count
    partly: Count
    missed: Count

    @property
    def counts(self) -> tuple[Count, Count, Count]:
        """Achieved, partly, missed."""
        return self.achieved, self.partly, self.missed

    @property
    def is_counted(self) -> bool:
        """Whether results were entered."""
        return any(count.words for count in self.counts)


def edition(session: Session, viewer: Actor, slug: str, number: int) -> tuple[Programme, Edition] | None:
    """Load an edition with its programme, or None where there is none that *viewer* may know of.

    Who stands outside the circle must also see one of its dates: who shows the page asks events for that.
    """
    programme = programmes.programme(session, slug, viewer)
    if programme is None:
        return None
    found = session.exec(
        select(Edition).where(Edition.programme_id == programme.id, Edition.number == number)
    ).one_or_none()
    if found is None or not may_know(found.state, inside=programmes.in_circle(session, viewer, programme)):
        return None
    return programme, found


def outcomes(session: Session, edition_id: int, *, inside: bool) -> list[OutcomeLine]:
    """Give the planned outcomes of an edition in their order; small numbers are hidden from who is not *inside*."""
    rows = session.execute(
        columns(
            col(EditionOutcome.id),
            col(EditionOutcome.text),
            col(EditionOutcome.target),
            col(EditionOutcome.achieved),
            col(EditionOutcome.partly),
            col(EditionOutcome.missed),
        )
        .where(col(EditionOutcome.edition_id) == edition_id)
        .order_by(col(EditionOutcome.position))
    )
    return [OutcomeLine(row[0], row[1], row[2], *counts(row[3:6], inside=inside)) for row in rows]


def planned(session: Session, edition_id: int) -> tuple[OutcomeDraft, ...]:
    """Give the planned outcomes as the form has them."""
    rows = session.execute(
        columns(col(EditionOutcome.text), col(EditionOutcome.target), col(EditionOutcome.id))
        .where(col(EditionOutcome.edition_id) == edition_id)
        .order_by(col(EditionOutcome.position))
    )
    return tuple(OutcomeDraft(*row) for row in rows)

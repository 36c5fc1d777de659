"""How long institutions take to answer each other: the usual time of a pair, shown to both, and the figures behind it.

Never of a person, never in an order of merit, never to a third institution.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from dateutil.relativedelta import relativedelta
from sqlalchemy import Select, and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.actors import Actor
from app.audit import trail
from app.clock import now as clock_now
from app.db import columns
from events.visits.models import Act, VisitStep
from partners.institutions.models import Institution

MONTHS = 24
LEAST = 5
PAGE = 50
_OFFERS = (Act.ASK, Act.COUNTER, Act.MOVE)


@dataclass(frozen=True, slots=True)
class Usual:
    """How long an answer of one institution to another usually takes.

    *days* are working days, a half counted as a whole one; *answers* those of the last 24 months.
    """

    days: int
    answers: int


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of a pair: the answers, their *usual* time from LEAST answers on, and what was not answered."""

    answers: int = 0
    median: float | None = None
    unanswered: int = 0

    @property
    def usual(self) -> Usual | None:
        """The time in whole working days; None where there are too few answers to tell."""
        return None if self.median is None else Usual(_whole(self.median), self.answers)

    @property
    def share(self) -> float | None:
        """What part of the requests ran out without an answer, in per cent; None where there were too few of them."""
        asked = self.answers + self.unanswered
        return None if asked < LEAST else 100 * self.unanswered / asked


@dataclass(frozen=True, slots=True)
class Pair:
    """A partner of one's own institution: how fast it answers us (*theirs*), how fast we answer it (*ours*)."""

    institution_id: int
    name: str
    slug: str
    synthetic: bool
    theirs: Way
    ours: Way


def usual(session: Session, viewer: Actor, asker_id: int, answerer_id: int) -> Usual | None:
    """Give how long *answerer_id* usually takes to answer *asker_id*, to people of these two alone.

    None to everybody else, and below LEAST answers. One statement, none for others.
    """
    if not _may_know(viewer, asker_id, answerer_id):
        return None
    counted = (
        columns(VisitStep.waited_days, func.count())
        .where(
            col(VisitStep.institution_id) == answerer_id,
            col(VisitStep.to_id) == asker_id,
            col(VisitStep.waited_days).is_not(None),
            col(VisitStep.at) >= since(clock_now()),
        )
        .group_by(col(VisitStep.waited_days))
    )
    return _way(Counter(dict(tuple(row) for row in session.execute(counted))), 0).usual


def pairs(session: Session, viewer: Actor, now: datetime, page: int | None = 1) -> tuple[list[Pair], int]:
    """Give the partners with whom *viewer*'s institution has exchanged answers, by name, and how many there are.

    *page* of PAGE rows, or all of them for None. Three statements whatever the number; nothing to who acts for nobody.
    """
    own = viewer.institution_id
    if own is None or not viewer.works_for_institution:
        return [], 0
    first = since(now)
    answered: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for answerer, asker, days, number in session.execute(_answers(own, first)):
        answered[answerer, asker][days] += number
    silent = {(row[0], row[1]): row[2] for row in session.execute(_silences(own, first))}
    others = {one for pair in (*answered, *silent) for one in pair} - {own}
    known = (
        columns(Institution.id, Institution.name, Institution.slug, Institution.synthetic)
        .where(col(Institution.id).in_(sorted(others)))
        .order_by(col(Institution.sort_key), col(Institution.id))
    )
    if page is not None:
        known = known.limit(PAGE).offset((page - 1) * PAGE)
    return [
        Pair(key, name, slug, synthetic, _between(answered, silent, key, own), _between(answered, silent, own, key))
        for key, name, slug, synthetic in session.execute(known)
    ], len(others)


def note_export(session: Session, actor: Actor, number: int, now: datetime) -> None:
    """Leave a line that *actor* has saved the figures of his institution with *number* others as a table."""
    details = {"institutions": number}
    trail.record(session, actor, "silence.exported", "institution", actor.institution_id or 0, now, details=details)


def since(now: datetime) -> datetime:
    """Give the instant from which answers count."""
    first: datetime = now - relativedelta(months=MONTHS)
    return first


def _may_know(viewer: Actor, *sides: int) -> bool:
    return viewer.works_for_institution and viewer.institution_id in sides


def _answers(own: int, first: datetime) -> Select[tuple[int, int, int, int]]:
    step = (col(VisitStep.institution_id), col(VisitStep.to_id), col(VisitStep.waited_days))
    return (
        columns(*step, func.count())
        .where(
            or_(step[0] == own, step[1] == own),
            step[0].is_not(None),
            step[1].is_not(None),
            step[2].is_not(None),
            col(VisitStep.at) >= first,
        )
        .group_by(*step)
    )


def _silences(own: int, first: datetime) -> Select[tuple[int, int, int]]:
    """Count what ran out: the last offer before an expiry is the one that got no answer."""
    offer, later = aliased(VisitStep), aliased(VisitStep)
    follows = select(later.id).where(
        later.visit_id == VisitStep.visit_id,
        col(later.act).in_(_OFFERS),
        col(later.position) > offer.position,
        col(later.position) < VisitStep.position,
    )
    before = and_(
        col(offer.visit_id) == VisitStep.visit_id,
        col(offer.act).in_(_OFFERS),
        col(offer.position) < VisitStep.position,
        ~follows.exists(),
    )
    return (
        columns(offer.to_id, offer.institution_id, func.count())
        .select_from(VisitStep)
        .join(offer, before)
        .where(
            col(VisitStep.act) == Act.EXPIRE,
            col(VisitStep.at) >= first,
            or_(col(offer.to_id) == own, col(offer.institution_id) == own),
            col(offer.to_id).is_not(None),
            col(offer.institution_id).is_not(None),
        )
        .group_by(col(offer.to_id), col(offer.institution_id))
    )


def _between(
    answered: Mapping[tuple[int, int], Mapping[int, int]],
    silent: Mapping[tuple[int, int], int],
    answerer: int,
    asker: int,
) -> Way:
    return _way(answered.get((answerer, asker), {}), silent.get((answerer, asker), 0))


def _way(waited: Mapping[int, int], unanswered: int) -> Way:
    """Make a direction out of how often each number of days was waited."""
    answers = sum(waited.values())
    return Way(answers, float(median(_spread(waited))) if answers >= LEAST else None, unanswered)


def _spread(waited: Mapping[int, int]) -> Sequence[int]:
    def each() -> Iterator[int]:
        for days, number in waited.items():
            yield from [days] * number

    return list(each())


def _whole(days: float) -> int:
    return math.ceil(days)

"""One visit request as its page shows it: both sides, the thread, the dates on offer, the agreed one, how far it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from app import warsaw
from app.accounts.models import UserAccount
from app.actors import Actor
from app.db import columns
from app.text import initials
from events.calendar.models import Event, Occurrence
from events.calendar.queries import ClauseLink, Named
from events.signups.models import SignUp, SignUpState
from events.visits import queries, rules
from events.visits.models import Act, OptionState, State, Visit, VisitOption, VisitSeen, VisitStep
from events.visits.queries import Delivery, Offer
from partners.agreements.models import Agreement, Clause, ClauseType
from partners.institutions.models import Institution

STEPS = 5
_SEATED = (SignUpState.SEAT, SignUpState.OFFERED)


@dataclass(frozen=True, slots=True)
class Said:
    """One step of the thread. *institution* is "" for the portal, *person* "" where nobody is named (any more).

    *offers* are the dates that it put forward, *instead* those that they replace; *chosen* is the date accepted.
    """

    position: int
    act: Act
    institution: str
    person: str
    own: bool
    by_link: bool
    at: datetime
    message: str
    reason: str
    offers: tuple[Offer, ...] = ()
    instead: tuple[Offer, ...] = ()
    chosen: Offer | None = None

    @property
    def initials(self) -> str:
        """Two letters for the badge."""
        return initials(self.person or self.institution)

    @property
    def speaks(self) -> bool:
        """Whether there is more to read than the sentence of the step: its words or its dates."""
        return bool(self.message or self.offers) and self.act not in rules.OF_TIME


@dataclass(frozen=True, slots=True)
class Read:
    """The other side has read as far as *position*; the line stands in the thread after it."""

    institution: str
    position: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """Everything of one visit request that its page shows to one of the two sides, from that side."""

    visit: Visit
    asking: Named
    asked: Named
    unit: Named
    own_id: int
    may: frozenset[Act]
    thread: tuple[Said | Read, ...]
    offers: tuple[Offer, ...]
    event: Event | None
    occurrence: Occurrence | None
    room: str
    clause: ClauseLink | None
    unnamed: int
    delivery: Delivery | None
    seen: int
    last: int

    @property
    def other(self) -> Named:
        """The institution on the other side."""
        return self.asked if self.visit.asking_id == self.own_id else self.asking

    @property
    def asks(self) -> bool:
        """Whether the viewer's institution has sent the request."""
        return self.visit.asking_id == self.own_id

    @property
    def mine(self) -> bool:
        """Whether the viewer's institution has to answer."""
        return self.visit.turn_of_id == self.own_id

    @property
    def open(self) -> bool:
        """Whether an answer is awaited."""
        return self.visit.turn_of_id is not None

    @property
    def news(self) -> bool:
        """Whether there is a step that nobody of the viewer's institution has read."""
        return self.last > self.seen

    @property
    def step(self) -> int:
        """Number of the present step of five, from 1; one more when all is done."""
        if self.visit.state not in (State.ACCEPTED, State.MOVING):
            return 2
        if self.delivery in (Delivery.HELD, Delivery.NOT_HELD):
            return STEPS + 1
        if self.delivery is Delivery.UNRECORDED:
            return STEPS
        return 4 if self.delivery is Delivery.PLANNED and not self.unnamed else 3

    @property
    def over(self) -> bool:
        """Whether the request has ended without an agreed date."""
        return self.visit.state in rules.CLOSED

    def ends_at(self) -> tuple[date | None, datetime | None]:
        """Give the last day for an answer, or the earlier instant at which no date on offer lies ahead any more."""
        last = max((one.starts_at for one in self.offers), default=None)
        expires_on = self.visit.expires_on
        if last is not None and expires_on is not None and warsaw.today(last) <= expires_on:
            return None, last
        return expires_on, None


def case(session: Session, viewer: Actor, number: str, now: datetime) -> Case | None:
    """Load the case *number* for the people of one of its two sides, None for everybody else; four statements."""
    row = session.execute(_CASE.where(col(Visit.number) == number)).first()
    if row is None or not rules.may_read(viewer, row[0]) or viewer.institution_id is None:
        return None
    visit, event, occurrence, room = row[:4]
    asking, asked, unit = (Named(*row[first : first + 5]) for first in (4, 9, 14))
    clause = ClauseLink(*row[19:23]) if row[19] is not None else None
    own_id = viewer.institution_id
    steps = session.execute(_STEPS.where(col(VisitStep.visit_id) == visit.id)).all()
    offers = queries.offers_of(session, col(VisitOption.visit_id) == visit.id).get(visit.id, [])
    seen = {one.institution_id: one for one in session.exec(select(VisitSeen).where(VisitSeen.visit_id == visit.id))}
    thread = tuple(_thread(steps, offers, own_id))
    other = asked if own_id == visit.asking_id else asking
    agreed = visit.state in (State.ACCEPTED, State.MOVING)
    return Case(
        visit=visit,
        asking=asking,
        asked=asked,
        unit=unit,
        own_id=own_id,
        may=rules.choices(viewer, visit, event, now),
        thread=_with_reading(thread, seen.get(other.id), other),
        offers=tuple(one for _step, one in offers if one.state is OptionState.OPEN),
        event=event,
        occurrence=occurrence,
        room=room or "",
        clause=clause,
        unnamed=row[23],
        delivery=_delivery(occurrence, now) if agreed else None,
        seen=seen[own_id].position if own_id in seen else 0,
        last=max((one.position for one in thread), default=0),
    )


def _delivery(occurrence: Occurrence | None, now: datetime) -> Delivery:
    if occurrence is None:
        return Delivery.GONE
    return queries.delivery_of(occurrence.state, occurrence.ends_at, occurrence.outcome, now)


def _thread(steps: Sequence[Any], offers: Sequence[tuple[int, Offer]], own_id: int) -> Iterator[Said]:
    """Give the steps in their order, each offer with the dates that it replaces."""
    standing: tuple[Offer, ...] = ()
    agreed: tuple[Offer, ...] = ()
    for step, person, institution in steps:
        own = tuple(one for step_id, one in offers if step_id == step.id)
        said = Said(
            position=step.position,
            act=step.act,
            institution=institution or "",
            person=person or "",
            own=step.institution_id == own_id,
            by_link=step.by_link,
            at=step.at,
            message=step.message,
            reason=step.reason,
            offers=own,
        )
        if step.act in rules.OFFERS:
            said = replace(said, instead=agreed if step.act is Act.MOVE else standing)
            standing = own
        elif step.act is Act.ACCEPT:
            agreed = tuple(one for one in standing if one.state is OptionState.ACCEPTED)[:1]
            said, standing = replace(said, chosen=agreed[0] if agreed else None), ()
        elif step.act in (Act.REFUSE, Act.WITHDRAW, Act.EXPIRE):
            standing = ()
        yield said


def _with_reading(thread: tuple[Said, ...], seen: VisitSeen | None, other: Named) -> tuple[Said | Read, ...]:
    """Put in the line that says that the other side has read what this side said last."""
    ours = [one.position for one in thread if one.own]
    if seen is None or not ours or seen.position < ours[-1] or any(one.position > ours[-1] for one in thread):
        return thread
    return (*thread, Read(other.name, seen.position, seen.seen_at))


_asking: Any = aliased(Institution, name="asking")
_asked: Any = aliased(Institution, name="asked")
_unit: Any = aliased(Institution, name="unit")


def _named(table: Any) -> tuple[Any, ...]:
    return table.id, table.slug, table.name, table.short_name, table.kind


_unnamed = (
    columns(func.count())
    .select_from(SignUp)
    .where(col(SignUp.occurrence_id) == Occurrence.id, col(SignUp.person) == "", col(SignUp.state).in_(_SEATED))
    .correlate(Occurrence)
    .scalar_subquery()
)
_CASE = (
    columns(
        Visit,
        Event,
        Occurrence,
        func.coalesce(Occurrence.room, Event.room),
        *_named(_asking),
        *_named(_asked),
        *_named(_unit),
        Agreement.number,
        ClauseType.name_pl,
        ClauseType.name_en,
        Agreement.signed_on,
        _unnamed,
    )
    .select_from(Visit)
    .join(_asking, _asking.id == Visit.asking_id)
    .join(_asked, _asked.id == Visit.asked_id)
    .join(_unit, _unit.id == Visit.unit_id)
    .outerjoin(Event, col(Event.id) == Visit.event_id)
    .outerjoin(Occurrence, and_(col(Occurrence.event_id) == Event.id, queries.first_date()))
    .outerjoin(Clause, col(Clause.id) == Visit.clause_id)
    .outerjoin(Agreement, col(Agreement.id) == Clause.agreement_id)
    .outerjoin(ClauseType, col(ClauseType.id) == Clause.clause_type_id)
)
# Each step with the name of its own institution, which may have been succeeded since.
_STEPS = (
    columns(VisitStep, UserAccount.name, Institution.name)
    .outerjoin(UserAccount, col(UserAccount.id) == VisitStep.user_id)
    .outerjoin(Institution, col(Institution.id) == VisitStep.institution_id)
    .order_by(col(VisitStep.position))
)

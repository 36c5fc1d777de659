"""Reads of visit requests: the list, what waits for whom, what is new, and the counts beside them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, and_, bindparam, case, false, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func

from app.actors import Actor
from app.db import columns, rows
from app.text import N_, fold
from events.calendar.clashes import Held, Span
from events.calendar.models import EventKind, Occurrence, Outcome
from events.calendar.models import State as EventState
from events.visits import holds, rules
from events.visits.models import Act, OptionState, Path, State, Visit, VisitOption, VisitSeen, VisitStep
from partners.institutions.models import Institution, Room

PAGE_SIZE = 30
EXPORTED = 5000
SHOWN = 20
NEWS_OF = timedelta(days=92)
_OWN: BindParameter[int] = bindparam("own_id", type_=Integer())
_NOW: BindParameter[datetime] = bindparam("now")
_LIMIT: BindParameter[int] = bindparam("limit", type_=Integer())
_OF_TIME = (Act.NUDGE, Act.ESCALATE)


class Delivery(StrEnum):
    """What became of an agreed visit, read from its event and its record."""

    PLANNED = "planned"
    CANCELLED = "cancelled"
    HELD = "held"
    NOT_HELD = "not_held"
    UNRECORDED = "unrecorded"
    GONE = "gone"


class Group(StrEnum):
    """How the list is divided: ours to answer, theirs to answer, agreed and still to come, over."""

    OURS = "ours"
    THEIRS = "theirs"
    AGREED = "agreed"
    CLOSED = "closed"


_GROUPS = tuple(Group)


DELIVERY_LABEL: Mapping[Delivery, str] = {
    Delivery.PLANNED: N_("visit agreed"),
    Delivery.CANCELLED: N_("visit called off"),
    Delivery.HELD: N_("visit held"),
    Delivery.NOT_HELD: N_("visit not held"),
    Delivery.UNRECORDED: N_("waits for a note"),
    Delivery.GONE: N_("agreed, the event was deleted"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address of the list asks for. *partner_ids* None: any; an empty tuple: a name that fits nobody."""

    group: Group | None = None
    state: State | None = None
    partner_ids: tuple[int, ...] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A date on offer, or the agreed one; *room* in words, *seats* of a room of the unit."""

    id: int
    starts_at: datetime
    ends_at: datetime
    room: str = ""
    seats: int | None = None
    room_id: int | None = None
    state: OptionState = OptionState.OPEN


@dataclass(frozen=True, slots=True)
class Line:
    """One case as lists and the desk show it, from the viewer's side.

    *other* is the institution on the other side; *offers* are the open dates; *starts_at* that of the agreed one.
    *news*: the other side has said something that nobody here has read.
    """

    id: int
    number: str
    subject: str
    path: Path
    kind: EventKind
    state: State
    asked_us: bool
    other: str
    other_slug: str
    unit: str
    group: Group
    answer_by: date | None
    expires_on: date | None
    made_at: datetime
    changed_at: datetime
    synthetic: bool
    starts_at: datetime | None
    ends_at: datetime | None
    delivery: Delivery | None
    news: bool
    offers: tuple[Offer, ...] = ()

    @property
    def mine(self) -> bool:
        """Whether the viewer's institution has to answer."""
        return self.group is Group.OURS

    @property
    def state_label(self) -> str:
        """Msgid of the state, or of what became of an agreed visit."""
        if self.state is State.ACCEPTED and self.delivery is not None:
            return DELIVERY_LABEL[self.delivery]
        return rules.STATE_LABEL[self.state]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list, with the numbers beside the groups and whether another page follows."""

    lines: tuple[Line, ...]
    counts: dict[Group, int]
    more: bool


def on_hold(session: Session, viewer: Actor, spans: Sequence[Span]) -> list[Held]:
    """Give the rooms that wait for an answer around the dates of an event, for its check; as holds.around."""
    return holds.around(session, viewer, spans)


def listing(session: Session, viewer: Actor, wanted: Wanted, now: datetime, page: int = 1) -> Listing:
    """Give one page (from 1) of the cases of the viewer's institution, in three statements.

    First what we have to answer, then what others have, what is agreed and to come, and what is over.
    """
    own_id = _own(viewer)
    if own_id is None:
        return Listing((), {}, more=False)
    lines = _lines(session, own_id, wanted, now, PAGE_SIZE + 1, (page - 1) * PAGE_SIZE)
    group = _group_of(own_id, now)
    counted = _among(own_id, columns(group, func.count())).where(*_narrowed(own_id, wanted)).group_by(group)
    counts = {_GROUPS[rank]: number for rank, number in session.execute(counted)}
    return Listing(tuple(lines[:PAGE_SIZE]), counts, len(lines) > PAGE_SIZE)


def exported(session: Session, viewer: Actor, wanted: Wanted, now: datetime) -> Iterator[Line]:
    """Give all that the list with these filters holds, on all its pages."""
    own_id = _own(viewer)
    return iter(_lines(session, own_id, wanted, now, EXPORTED) if own_id else ())


def waiting(session: Session, viewer: Actor, now: datetime, limit: int = SHOWN) -> list[Line]:
    """Give the cases that the viewer's institution has to answer, the most urgent first. Two statements.

    Nothing for those who do not coordinate it.
    """
    own_id = _own(viewer)
    if own_id is None or not viewer.coordinates:
        return []
    return _made(session, now, rows(session, _awaited(ours=True), {"own_id": own_id, "now": now, "limit": limit}))


def awaiting_others(session: Session, viewer: Actor, now: datetime, limit: int = SHOWN) -> list[Line]:
    """Give the cases in which the other side has to answer, the first to expire first. Two statements."""
    own_id = _own(viewer)
    if own_id is None:
        return []
    return _made(session, now, rows(session, _awaited(ours=False), {"own_id": own_id, "now": now, "limit": limit}))


def unread(session: Session, viewer: Actor, now: datetime, limit: int = SHOWN) -> list[Line]:
    """Give the cases in which the other side has said something that nobody here has read, the newest first.

    Out of the last three months: older news are marked in the list. Two statements.
    """
    own_id = _own(viewer)
    if own_id is None:
        return []
    asked = {"own_id": own_id, "now": now, "since": now - NEWS_OF, "limit": limit}
    return _made(session, now, rows(session, _unread(), asked))


def counts(session: Session, viewer: Actor) -> tuple[int, int]:
    """Count the cases that the viewer's institution has to answer, and all in which an answer is awaited."""
    own_id = _own(viewer)
    if own_id is None:
        return 0, 0
    ours = func.count(case((col(Visit.turn_of_id) == own_id, 1)))
    statement = columns(ours, func.count()).where(_of(own_id), col(Visit.turn_of_id).is_not(None))
    row = session.execute(statement).one()
    return row[0], row[1]


def topics_on(session: Session, viewer: Actor, occurrence_ids: Sequence[int]) -> dict[int, list[str]]:
    """Give the topics agreed on for those of these dates that came of a visit of the viewer's institution.

    One statement, none for nothing.
    """
    own_id = _own(viewer)
    if own_id is None or not occurrence_ids:
        return {}
    statement = (
        columns(Occurrence.id, Visit.topics)
        .join(Visit, col(Visit.event_id) == Occurrence.event_id)
        .where(col(Occurrence.id).in_(occurrence_ids), or_(_of(own_id), col(Visit.unit_id) == own_id))
    )
    return {occurrence_id: topics for occurrence_id, topics in session.execute(statement) if topics}


def way_to(viewer: Actor, institution_id: int, kind: str) -> Path | None:
    """Say on which path *viewer* may ask an institution of this *kind*, from its card; None for none. No statement."""
    if not rules.may_ask(viewer) or institution_id == viewer.institution_id:
        return None
    own_unit, unit = viewer.institution_kind in rules.UNIT_KINDS, kind in rules.UNIT_KINDS
    if own_unit == unit:
        return None
    return Path.INVITATION if own_unit else Path.REQUEST


def may_ask_for_help(viewer: Actor, institution_id: int, kind: str) -> bool:
    """Whether *viewer* may ask the centre at the seat of this unit for help: other centres of a gmina may."""
    path = way_to(viewer, institution_id, kind)
    return path is Path.REQUEST and viewer.institution_kind in rules.CENTRE_KINDS


def offers_of(session: Session, condition: ColumnElement[bool]) -> dict[int, list[tuple[int, Offer]]]:
    """Give the dates on offer that fit *condition* by visit, each with its step, in their order."""
    statement = (
        columns(
            VisitOption.visit_id,
            VisitOption.step_id,
            VisitOption.id,
            VisitOption.starts_at,
            VisitOption.ends_at,
            func.coalesce(Room.name, VisitOption.room),
            Room.seats,
            VisitOption.room_id,
            VisitOption.state,
        )
        .outerjoin(Room, col(Room.id) == VisitOption.room_id)
        .where(condition)
        .order_by(col(VisitOption.step_id), col(VisitOption.position), col(VisitOption.id))
    )
    found: defaultdict[int, list[tuple[int, Offer]]] = defaultdict(list)
    for visit_id, step_id, *of_option in session.execute(statement):
        found[visit_id].append((step_id, Offer(*of_option)))
    return found


def delivery_of(state: EventState | None, ends_at: datetime | None, outcome: Outcome | None, now: datetime) -> Delivery:
    """Say what became of an agreed date; *state* is None when its event has been deleted."""
    if state is None or ends_at is None:
        return Delivery.GONE
    if state in (EventState.CANCELLED, EventState.REMOVED):
        return Delivery.CANCELLED
    if outcome is not None:
        return Delivery.HELD if outcome is Outcome.HELD else Delivery.NOT_HELD
    return Delivery.PLANNED if ends_at > now else Delivery.UNRECORDED


def first_date() -> ColumnElement[bool]:
    """Give the condition that joins the date of a visit's event: the first, should somebody have made it a series."""
    first = columns(func.min(Occurrence.id)).where(col(Occurrence.event_id) == Visit.event_id).correlate(Visit)
    return col(Occurrence.id) == first.scalar_subquery()


def _own(viewer: Actor) -> int | None:
    return viewer.institution_id if viewer.works_for_institution else None


def _of(own_id: int | BindParameter[int]) -> ColumnElement[bool]:
    return or_(col(Visit.asking_id) == own_id, col(Visit.asked_id) == own_id)


def _other(own_id: int | BindParameter[int]) -> ColumnElement[int]:
    return case((col(Visit.asking_id) == own_id, col(Visit.asked_id)), else_=col(Visit.asking_id))


def _group_of(own_id: int | BindParameter[int], now: datetime | BindParameter[datetime]) -> ColumnElement[int]:
    """Give the number of the group: who must answer, then whether an agreed date is still to come."""
    coming = and_(
        col(Visit.state) == State.ACCEPTED,
        col(Occurrence.ends_at) > now,
        col(Occurrence.state).in_((EventState.DRAFT, EventState.PUBLISHED)),
    )
    return case(
        (col(Visit.turn_of_id) == own_id, _GROUPS.index(Group.OURS)),
        (col(Visit.turn_of_id).is_not(None), _GROUPS.index(Group.THEIRS)),
        (coming, _GROUPS.index(Group.AGREED)),
        else_=_GROUPS.index(Group.CLOSED),
    )


def _among(own_id: int | BindParameter[int], statement: Select[Any]) -> Select[Any]:
    other = _OTHER
    return (
        statement.select_from(Visit)
        .join(other, other.id == _other(own_id))
        .outerjoin(Occurrence, first_date())
        .where(_of(own_id))
    )


_OTHER: Any = aliased(Institution, name="other")
_UNIT: Any = aliased(Institution, name="unit")


def _statement(own_id: int | BindParameter[int], now: datetime | BindParameter[datetime]) -> Select[Any]:
    return _among(
        own_id,
        columns(
            Visit.id,
            Visit.number,
            Visit.subject,
            Visit.path,
            Visit.kind,
            Visit.state,
            col(Visit.asked_id) == own_id,
            _OTHER.name,
            _OTHER.slug,
            _UNIT.name,
            _group_of(own_id, now),
            Visit.answer_by,
            Visit.expires_on,
            Visit.made_at,
            Visit.changed_at,
            Visit.synthetic,
            Occurrence.starts_at,
            Occurrence.ends_at,
            Occurrence.state,
            Occurrence.outcome,
            case((_has_news(own_id), 1), else_=0),
        ),
    ).join(_UNIT, _UNIT.id == Visit.unit_id)


def _narrowed(own_id: int, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        found.append(col(Visit.state) == wanted.state)
    if wanted.partner_ids is not None:
        found.append(_other(own_id).in_(wanted.partner_ids) if wanted.partner_ids else false())
    for word in wanted.text.split():
        # SQLite folds the case of ASCII letters only, so a word is also tried as it may stand at a beginning.
        forms = dict.fromkeys((word, word.lower(), word.capitalize()))
        inside = [col(Visit.subject).icontains(form, autoescape=True) for form in forms]
        of_other = _OTHER.search_text.contains(f" {fold(word)}", autoescape=True) if fold(word) else false()
        found.append(or_(*inside, col(Visit.number).icontains(word, autoescape=True), of_other))
    return found


def _lines(session: Session, own_id: int, wanted: Wanted, now: datetime, limit: int, offset: int = 0) -> list[Line]:
    group = _group_of(own_id, now)
    conditions = _narrowed(own_id, wanted)
    if wanted.group is not None:
        conditions.append(_in_group(own_id, wanted.group, group))
    awaited, coming = col(Visit.turn_of_id).is_not(None), group == _GROUPS.index(Group.AGREED)
    statement = (
        _statement(own_id, now)
        .where(*conditions)
        .order_by(
            group,
            case((awaited, col(Visit.answer_by))),
            case((coming, col(Occurrence.starts_at))),
            col(Visit.changed_at).desc(),
            col(Visit.id).desc(),
        )
        .limit(limit)
        .offset(offset)
    )
    return _made(session, now, session.execute(statement).all())


# What every desk asks is made once: making such a statement costs more than running it. The cases are chosen first,
# because what is told of each (its event, what is new in it) takes statements inside the statement.
@lru_cache(maxsize=2)
def _awaited(*, ours: bool) -> Select[Any]:
    group = Group.OURS if ours else Group.THEIRS
    order = (col(Visit.answer_by), col(Visit.changed_at).desc(), col(Visit.id).desc())
    mine = (_of(_OWN), _in_group(_OWN, group, _group_of(_OWN, _NOW)))
    first = columns(Visit.id).where(*mine).order_by(*order).limit(_LIMIT).correlate(None)
    return _statement(_OWN, _NOW).where(col(Visit.id).in_(first)).order_by(*order)


@lru_cache(maxsize=1)
def _unread() -> Select[Any]:
    order = (col(Visit.changed_at).desc(), col(Visit.id))
    news = (_of(_OWN), col(Visit.changed_at) >= bindparam("since"), _has_news(_OWN))
    first = columns(Visit.id).where(*news).order_by(*order).limit(_LIMIT).correlate(None)
    return _statement(_OWN, _NOW).where(col(Visit.id).in_(first)).order_by(*order)


def _in_group(own_id: int | BindParameter[int], wanted: Group, group: ColumnElement[int]) -> ColumnElement[bool]:
    # The first two are found by an index of their own.
    if wanted is Group.OURS:
        return col(Visit.turn_of_id) == own_id
    if wanted is Group.THEIRS:
        return and_(col(Visit.turn_of_id).is_not(None), col(Visit.turn_of_id) != own_id)
    return group == _GROUPS.index(wanted)


def _has_news(own_id: int | BindParameter[int]) -> ColumnElement[bool]:
    # Whoever answers has read what was said before: only what came after one's own last step is news.
    last, ours = (
        columns(func.coalesce(func.max(VisitStep.position), 0))
        .where(col(VisitStep.visit_id) == Visit.id, whose)
        .correlate(Visit)
        .scalar_subquery()
        for whose in (
            and_(
                or_(col(VisitStep.institution_id).is_(None), col(VisitStep.institution_id) != own_id),
                col(VisitStep.act).not_in(_OF_TIME),
            ),
            col(VisitStep.institution_id) == own_id,
        )
    )
    seen = (
        columns(VisitSeen.position)
        .where(col(VisitSeen.visit_id) == Visit.id, col(VisitSeen.institution_id) == own_id)
        .correlate(Visit)
        .scalar_subquery()
    )
    return and_(last > ours, last > func.coalesce(seen, 0))


def _made(session: Session, now: datetime, found: Sequence[Any]) -> list[Line]:
    awaited = [row[0] for row in found if _GROUPS[row[10]] in (Group.OURS, Group.THEIRS)]
    offers = _open_offers(session, awaited)
    return [_line(row, offers.get(row[0], ()), now) for row in found]


def _open_offers(session: Session, visit_ids: Iterable[int]) -> dict[int, tuple[Offer, ...]]:
    ids = list(visit_ids)
    if not ids:
        return {}
    found = offers_of(session, and_(col(VisitOption.visit_id).in_(ids), col(VisitOption.state) == OptionState.OPEN))
    return {visit_id: tuple(offer for _step, offer in of) for visit_id, of in found.items()}


def _line(row: Any, offers: tuple[Offer, ...], now: datetime) -> Line:
    starts_at, ends_at, state, outcome, news = row[16:21]
    agreed = row[5] in (State.ACCEPTED, State.MOVING)
    delivery = delivery_of(state, ends_at, outcome, now) if agreed else None
    values = [*row[:10], _GROUPS[row[10]], *row[11:16], starts_at, ends_at, delivery, bool(news), offers]
    return Line(*values)

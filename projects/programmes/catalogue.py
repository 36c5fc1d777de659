"""The list of programmes: what a filter finds, the counts beside it, the same as a table."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    true,
    union_all,
)
from sqlmodel import Session, col

from app.actors import Actor
from app.audit.kept import Kept, State
from app.audit.models import AuditLine
from app.db import columns, rows
from app.text import N_, fold, sort_key
from partners.institutions.models import Institution, Status
from partners.territory.models import Voivodeship
from projects.programmes import rules
from projects.programmes.models import (
    Programme,
    ProgrammeAudience,
    ProgrammeKind,
    ProgrammePartner,
    ProgrammeState,
)

PAGE_SIZE = 24
DRAFTS_SHOWN = 24
EXPORTED = 5000
WORDS_MAX = 8


class Order(StrEnum):
    """Order of the list, as the word of the address."""

    STATE = ""
    NAME = "nazwa"
    NEWEST = "nowe"
    DEADLINE = "koniec-naboru"


ORDER_LABEL: Mapping[Order, str] = {
    Order.STATE: N_("recruiting first"),
    Order.DEADLINE: N_("recruitment ends soonest"),
    Order.NEWEST: N_("newest first"),
    Order.NAME: N_("by name"),
}

# The word that stands for a group of people in the address of the list.
AUDIENCE_WORD: Mapping[str, str] = {
    "prison_staff": "kadra-sw",
    "social_workers": "pracownicy-socjalni",
    "ngo_staff": "organizacje",
    "probation_officers": "kuratorzy",
    "office_staff": "urzedy",
    "convicts": "skazani",
    "remand": "aresztowani",
    "released": "po-zwolnieniu",
    "families": "rodziny",
    "employers": "pracodawcy",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filter offers: each with the word of the address and the msgid that names it."""

    kinds: tuple[tuple[ProgrammeKind, str, str], ...]
    audiences: tuple[tuple[str, str, str], ...]
    states: tuple[tuple[ProgrammeState, str, str], ...]
    orders: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What the address of the list asks for.

    *state* is the one that is shown: recruiting means that one can join today. *audience* is a code of rules.AUDIENCE.
    """

    text: str = ""
    kind: ProgrammeKind | None = None
    voivodeship: str = ""
    state: ProgrammeState | None = None
    audience: str = ""
    free: bool = False
    order: Order = Order.STATE

    @property
    def narrows(self) -> bool:
        """Whether anything but the whole list is asked for."""
        return bool(self.text or self.kind or self.voivodeship or self.state or self.audience or self.free)


@dataclass(frozen=True, slots=True)
class Room:
    """The programmes with free seats as one viewer knows of them: what makes a SELECT of their ids, and who looks."""

    ids: Callable[[], Any]
    seen_by: Hashable


@dataclass(frozen=True, slots=True)
class Counts:
    """How many programmes each value of a filter would show; voivodeships as (code, name, number)."""

    total: int
    kinds: dict[ProgrammeKind, int]
    states: dict[ProgrammeState, int]
    voivodeships: tuple[tuple[str, str, int], ...]
    audiences: dict[str, int] = field(default_factory=dict)
    written: State = field(default=("", ()), compare=False)

    def __hash__(self) -> int:
        """Return what finds equal counts among the drawn ones quickly; equality still looks at everything."""
        return hash((self.total, self.voivodeships))


@dataclass(frozen=True, slots=True)
class ProgrammeRow:
    """A card of the list; *partners* is the number of institutions with the lead, *state* the one that is shown."""

    id: int
    slug: str
    title: str
    kind: ProgrammeKind
    state: ProgrammeState
    summary: str
    starts_on: date | None
    ends_on: date | None
    recruiting_until: date | None
    synthetic: bool
    lead: str | None
    partners: int

    @property
    def kind_label(self) -> str:
        """Msgid of the kind."""
        return rules.KIND_LABEL[self.kind]

    @property
    def family(self) -> str:
        """Key of the hue."""
        return rules.KIND_FACE[self.kind][0]

    @property
    def icon(self) -> str:
        """Name of the kind's icon."""
        return rules.KIND_FACE[self.kind][1]

    @property
    def state_tag(self) -> tuple[str, str, str]:
        """Class, icon and msgid of the state."""
        return rules.STATE_TAG[self.state]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table to take away."""

    card: ProgrammeRow
    target_group: str
    voivodeship: str
    funding: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list, and the drafts that the viewer's institution writes."""

    cards: tuple[ProgrammeRow, ...]
    drafts: tuple[ProgrammeRow, ...] = ()


def shown_state(
    state: ProgrammeState, recruiting_until: date | None, lead: Status | None, today: date
) -> ProgrammeState:
    """Give the state that everybody reads: recruitment whose last day has passed, or whose lead is no more, is over."""
    if state is not ProgrammeState.RECRUITING:
        return state
    joins = rules.is_recruiting(state, recruiting_until, today) and lead is not Status.ARCHIVED
    return ProgrammeState.RECRUITING if joins else ProgrammeState.RUNNING


def written(session: Session) -> State:
    """Give what tells whether anything has been written since an answer was kept, in one statement.

    Every act leaves a line in the audit trail; programmes that were loaded are told by their own ids as well.
    """
    # A process may serve several databases, as the tests do.
    return str(session.get_bind().engine.url), tuple(rows(session, _NEWEST)[0])


def public() -> ColumnElement[bool]:
    """Give the condition under which a programme stands in lists: no draft, not archived."""
    return and_(col(Programme.state) != ProgrammeState.DRAFT, col(Programme.archived_at).is_(None))


def counts(session: Session, wanted: ListFilter, today: date, room: Room | None = None) -> Counts:
    """Count beside the filters, each within the others, in two statements.

    The first one asks whether anything has been written since the same filter was counted last; if not, there is no
    second one. *room* says which programmes have free seats, where the filter asks for them.
    """
    state = written(session)
    asked = replace(wanted, order=Order.STATE), today, room.seen_by if room else None
    known = _counted.get(asked, state)
    if known is None:
        known = replace(_count(session, wanted, today, room), written=state)
        _counted.put(asked, state, known)
    return known


def page(
    session: Session,
    viewer: Actor,
    wanted: ListFilter,
    number: int,
    today: date,
    counted: Counts,
    room: Room | None = None,
) -> Page:
    """Give one page (from 1) of the list, with the drafts of the institution that *viewer* coordinates.

    *counted* are its counts, asked for in this request: nothing is asked when the page is known and nothing has been
    written since; otherwise one statement.
    """
    own = viewer.institution_id if viewer.prepares else None
    asked = wanted, number, today, own, room.seen_by if room else None
    known = _paged.get(asked, counted.written)
    if known is None:
        known = _page(session, own, wanted, number, today, room)
        _paged.put(asked, counted.written, known)
    return known


def exported(session: Session, wanted: ListFilter, today: date, room: Room | None = None) -> list[TableRow]:
    """Give the first EXPORTED programmes of the list on all its pages, for a table to take away. One statement."""
    statement = (
        ROWS.add_columns(col(Programme.target_group), col(Voivodeship.name), col(Programme.funding))
        .outerjoin(Voivodeship, col(Voivodeship.code) == col(Programme.voivodeship_code))
        .where(*_conditions(wanted, today, room))
        .order_by(*in_order(wanted.order, today))
        .limit(EXPORTED)
    )
    return [TableRow(row_of(row, today), row[-3], row[-2] or "", row[-1]) for row in rows(session, statement)]


def recent(session: Session, limit: int, today: date) -> tuple[ProgrammeRow, ...]:
    """Give the public programmes that recruit or run, those changed last first, for the home page.

    One statement if nothing has been written since they were asked for last, else two.
    """
    state = written(session)
    known = _newest.get((limit, today), state)
    if known is None:
        known = _recent(session, limit, today)
        _newest.put((limit, today), state, known)
    return known


def _recent(session: Session, limit: int, today: date) -> tuple[ProgrammeRow, ...]:
    running = col(Programme.state).in_([ProgrammeState.RECRUITING, ProgrammeState.RUNNING])
    statement = (
        ROWS.where(public(), running)
        .order_by(_by_state(today), col(Programme.changed_at).desc(), col(Programme.id))
        .limit(limit)
    )
    return tuple(row_of(row, today) for row in rows(session, statement))


def row_of(row: Sequence[Any], today: date) -> ProgrammeRow:
    """Make a card of the columns of ROWS, in the state that is shown *today*."""
    shown = shown_state(row[4], row[8], row[12], today)
    return ProgrammeRow(*(*row[:4], shown, *row[5:12]))


_counted = Kept[Counts]()
_paged = Kept[Page]()
_newest = Kept[tuple[ProgrammeRow, ...]]()

_NEWEST = columns(*(columns(func.max(col(one))).scalar_subquery() for one in (AuditLine.id, Programme.id)))


_PARTNERS = (
    columns(func.count())
    .select_from(ProgrammePartner)
    .where(col(ProgrammePartner.programme_id) == col(Programme.id), col(ProgrammePartner.agreed_part).is_not(None))
    .correlate(Programme)
    .scalar_subquery()
)
ROWS = columns(
    col(Programme.id),
    col(Programme.slug),
    col(Programme.title),
    col(Programme.kind),
    col(Programme.state),
    col(Programme.summary),
    col(Programme.starts_on),
    col(Programme.ends_on),
    col(Programme.recruiting_until),
    col(Programme.synthetic),
    func.coalesce(func.nullif(col(Institution.short_name), ""), col(Institution.name)),
    _PARTNERS + case((col(Programme.lead_id).is_not(None), 1), else_=0),
    col(Institution.status),
).outerjoin(Institution, col(Institution.id) == col(Programme.lead_id))
"""Programmes as cards, for row_of(); further columns come behind."""


def _page(session: Session, own: int | None, wanted: ListFilter, number: int, today: date, room: Room | None) -> Page:
    chosen = (
        columns(col(Programme.id))
        .outerjoin(Institution, col(Institution.id) == col(Programme.lead_id))
        .where(*_conditions(wanted, today, room))
        .order_by(*in_order(wanted.order, today))
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    )
    picked = [columns(chosen.subquery().c.id)]
    if own is not None:
        drafts = (
            columns(col(Programme.id))
            .where(
                col(Programme.lead_id) == own,
                col(Programme.state) == ProgrammeState.DRAFT,
                col(Programme.archived_at).is_(None),
            )
            .order_by(col(Programme.sort_key), col(Programme.id))
            .limit(DRAFTS_SHOWN)
        )
        picked.append(columns(drafts.subquery().c.id))
    ids = union_all(*picked).subquery()
    statement = ROWS.where(col(Programme.id).in_(columns(ids.c.id))).order_by(*in_order(wanted.order, today))
    found_rows = [row_of(row, today) for row in rows(session, statement)]
    return Page(
        cards=tuple(row for row in found_rows if row.state is not ProgrammeState.DRAFT),
        drafts=tuple(row for row in found_rows if row.state is ProgrammeState.DRAFT),
    )


def _count(session: Session, wanted: ListFilter, today: date, room: Room | None) -> Counts:
    """Count in one statement, as groups of kind, state and voivodeship, and add the filters up from that."""
    matching = _matching(wanted, room)
    shown, kind, place = _shown(today), cast(col(Programme.kind), String), col(Programme.voivodeship_code)
    mine = _is_for(wanted.audience)
    code, nobody, counted = col(ProgrammeAudience.code), literal(""), func.count()
    led = col(Institution.id) == col(Programme.lead_id)
    cards = (
        columns(literal("card"), kind, shown, place, nobody, counted)
        .select_from(Programme)
        .outerjoin(Institution, led)
        .where(*matching, mine)
        .group_by(kind, shown, place)
    )
    groups = (
        columns(literal("audience"), kind, shown, place, code, counted)
        .select_from(Programme)
        .join(ProgrammeAudience, col(ProgrammeAudience.programme_id) == col(Programme.id))
        .outerjoin(Institution, led)
        .where(*matching)
        .group_by(kind, shown, place, code)
    )
    names = columns(literal("name"), nobody, nobody, col(Voivodeship.code), col(Voivodeship.name), literal(0))
    named: list[tuple[str, str]] = []
    kinds: dict[ProgrammeKind, int] = {}
    states: dict[ProgrammeState, int] = {}
    places: dict[str, int] = {}
    audiences: dict[str, int] = {}
    total = 0
    for part, first, second, third, fourth, number in rows(session, union_all(cards, groups, names)):
        if part == "name":
            named.append((third, fourth))
            continue
        of_kind = wanted.kind is None or first == wanted.kind
        of_state = wanted.state is None or second == wanted.state
        here = not wanted.voivodeship or third == wanted.voivodeship
        if part == "audience":
            if of_kind and of_state and here:
                audiences[fourth] = audiences.get(fourth, 0) + number
            continue
        if of_state and here:
            kinds[ProgrammeKind(first)] = kinds.get(ProgrammeKind(first), 0) + number
        if of_kind and here:
            states[ProgrammeState(second)] = states.get(ProgrammeState(second), 0) + number
        if of_kind and of_state and third:
            places[third] = places.get(third, 0) + number
        if of_kind and of_state and here:
            total += number
    ordered = sorted(named, key=lambda one: sort_key(one[1]))
    return Counts(total, kinds, states, tuple((code, name, places.get(code, 0)) for code, name in ordered), audiences)


def _conditions(wanted: ListFilter, today: date, room: Room | None) -> list[ColumnElement[bool]]:
    found_by = [*_matching(wanted, room), _is_for(wanted.audience)]
    if wanted.kind:
        found_by.append(col(Programme.kind) == wanted.kind)
    if wanted.state:
        found_by.append(_shown(today) == wanted.state.value)
    if wanted.voivodeship:
        found_by.append(col(Programme.voivodeship_code) == wanted.voivodeship)
    return found_by


def _matching(wanted: ListFilter, room: Room | None) -> list[ColumnElement[bool]]:
    """What narrows the list and the counts beside every filter."""
    found_by = [public(), _says(wanted.text)]
    if wanted.free:
        found_by.append(col(Programme.id).in_(room.ids()) if room else false())
    return found_by


def _is_for(audience: str) -> ColumnElement[bool]:
    if not audience:
        return true()
    return exists(
        columns(literal(1))
        .select_from(ProgrammeAudience)
        .where(col(ProgrammeAudience.programme_id) == col(Programme.id), col(ProgrammeAudience.code) == audience)
        .correlate(Programme)
    )


def _says(text: str) -> ColumnElement[bool]:
    """Every word of *text* begins a word of the programme; a text without a letter or digit finds nothing."""
    words = fold(text).split()[:WORDS_MAX]
    if not words:
        return false() if text.strip() else true()
    return and_(*(col(Programme.search_text).like(f"% {word}%") for word in words))


def _shown(today: date) -> ColumnElement[str]:
    """The words of shown_state() in the database; needs Institution joined as the lead."""
    over = or_(col(Programme.recruiting_until) < today, col(Institution.status) == Status.ARCHIVED)
    stands = cast(col(Programme.state), String)
    return case((and_(stands == _word(ProgrammeState.RECRUITING), over), _word(ProgrammeState.RUNNING)), else_=stands)


def in_order(order: Order, today: date) -> tuple[Any, ...]:
    """Give what a list is ordered by; needs Institution joined as the lead."""
    by_name = (col(Programme.sort_key), col(Programme.id))
    if order is Order.NAME:
        return by_name
    if order is Order.NEWEST:
        # Those from sources, which nobody has published here, stand last.
        return (col(Programme.published_at).is_(None), col(Programme.published_at).desc(), *by_name)
    by_state = _by_state(today)
    if order is Order.DEADLINE:
        return (by_state, col(Programme.recruiting_until).is_(None), col(Programme.recruiting_until), *by_name)
    return (by_state, *by_name)


def _by_state(today: date) -> ColumnElement[Any]:
    shown = _shown(today)
    return case(
        *((shown == _word(state), literal_column(str(place))) for place, state in enumerate(rules.PUBLIC_STATES)),
        else_=literal_column(str(len(rules.PUBLIC_STATES))),
    )


def _word(value: StrEnum) -> ColumnElement[str]:
    return literal_column(f"'{value.value}'", String())

"""Reads of programmes: the list with its counts, one programme, those of one institution."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from app.actors import Actor
from app.text import fold, sort_key
from partners.institutions.models import Institution, Kind, KindGroup
from partners.institutions.rules import KIND_GROUP
from partners.institutions.rules import KIND_LABEL as INSTITUTION_LABEL
from partners.territory.models import Voivodeship
from projects.programmes.models import (
    Programme,
    ProgrammeKind,
    ProgrammeMilestone,
    ProgrammePartner,
    ProgrammeState,
)
from projects.programmes.rules import (
    KIND_FACE,
    KIND_LABEL,
    PUBLIC_STATES,
    STATE_TAG,
    Milestone,
    PartnerPart,
    may_see,
)

PAGE_SIZE = 24
WORDS_MAX = 8


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What the address of the list asks for."""

    text: str = ""
    kind: ProgrammeKind | None = None
    voivodeship: str = ""
    state: ProgrammeState | None = None

    @property
    def narrows(self) -> bool:
        """Whether anything but the whole list is asked for."""
        return bool(self.text or self.kind or self.voivodeship or self.state)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many programmes each value of a filter would show; voivodeships as (code, name, number)."""

    total: int
    kinds: dict[ProgrammeKind, int]
    states: dict[ProgrammeState, int]
    voivodeships: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class ProgrammeRow:
    """A card of the list; *partners* is the number of institutions with the lead."""

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
        return KIND_LABEL[self.kind]

    @property
    def family(self) -> str:
        """Key of the hue."""
        return KIND_FACE[self.kind][0]

    @property
    def icon(self) -> str:
        """Name of the kind's icon."""
        return KIND_FACE[self.kind][1]

    @property
    def state_tag(self) -> tuple[str, str, str]:
        """Class, icon and msgid of the state."""
        return STATE_TAG[self.state]


@dataclass(frozen=True, slots=True)
class Partner:
    """An institution that leads or takes part."""

    institution_id: int
    slug: str
    name: str
    kind: Kind
    part: str
    email: str
    phone: str

    @property
    def kind_label(self) -> str:
        """Msgid of the institution's kind."""
        return INSTITUTION_LABEL[self.kind]

    @property
    def group(self) -> KindGroup:
        """Shape of the badge."""
        return KIND_GROUP[self.kind]


@dataclass(frozen=True, slots=True)
class ProgrammePage:
    """Everything that the page of one programme shows out of this room."""

    programme: Programme
    lead: Partner | None
    partners: tuple[Partner, ...]
    voivodeship: str


_IN_ORDER_OF_STATE = case(
    *((col(Programme.state) == state, place) for place, state in enumerate(PUBLIC_STATES)), else_=len(PUBLIC_STATES)
)


def counts(session: Session, wanted: ListFilter) -> Counts:
    """Count beside the filters in one statement; each filter counts within the others."""
    kind, state = type_coerce(col(Programme.kind), String), type_coerce(col(Programme.state), String)
    place, nobody = col(Programme.voivodeship_code), literal("")
    statement: CompoundSelect[Any] = union_all(
        columns(literal("count"), kind, state, place, func.count())
        .where(_public(), _matches(wanted.text))
        .group_by(kind, state, place),
        columns(literal("name"), col(Voivodeship.code), col(Voivodeship.name), nobody, literal(0)),
    )
    names: list[tuple[str, str]] = []
    kinds: dict[ProgrammeKind, int] = {}
    states: dict[ProgrammeState, int] = {}
    places: dict[str, int] = {}
    total = 0
    for part, first, second, third, number in session.execute(statement):
        if part == "name":
            names.append((first, second))
            continue
        of_kind = wanted.kind is None or first == wanted.kind
        of_state = wanted.state is None or second == wanted.state
        here = not wanted.voivodeship or third == wanted.voivodeship
        if of_state and here:
            kinds[ProgrammeKind(first)] = kinds.get(ProgrammeKind(first), 0) + number
        if of_kind and here:
            states[ProgrammeState(second)] = states.get(ProgrammeState(second), 0) + number
        if of_kind and of_state and third:
            places[third] = places.get(third, 0) + number
        if of_kind and of_state and here:
            total += number
    ordered = sorted(names, key=lambda named: sort_key(named[1]))
    return Counts(total, kinds, states, tuple((code, name, places.get(code, 0)) for code, name in ordered))


def listed(session: Session, wanted: ListFilter, page: int) -> list[ProgrammeRow]:
    """Give one page (from 1) of the public programmes: recruiting, running, completed, each in the Polish order."""
    statement = (
        _rows()
        .where(
            _public(),
            _matches(wanted.text),
            col(Programme.kind) == wanted.kind if wanted.kind else true(),
            col(Programme.state) == wanted.state if wanted.state else true(),
            col(Programme.voivodeship_code) == wanted.voivodeship if wanted.voivodeship else true(),
        )
        .order_by(_IN_ORDER_OF_STATE, col(Programme.sort_key), col(Programme.id))
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    return [ProgrammeRow(*row) for row in session.execute(statement)]


def recent(session: Session, limit: int) -> list[ProgrammeRow]:
    """Give the public programmes that recruit or run, those changed last first, for the home page."""
    statement = (
        _rows()
        .where(col(Programme.state).in_([ProgrammeState.RECRUITING, ProgrammeState.RUNNING]))
        .order_by(_IN_ORDER_OF_STATE, col(Programme.changed_at).desc(), col(Programme.id))
        .limit(limit)
    )
    return [ProgrammeRow(*row) for row in session.execute(statement)]


def drafts(session: Session, viewer: Actor) -> list[ProgrammeRow]:
    """Give the drafts of the institution that *viewer* coordinates; nobody else sees any."""
    if not viewer.prepares:
        return []
    statement = (
        _rows()
        .where(col(Programme.state) == ProgrammeState.DRAFT, col(Programme.lead_id) == viewer.institution_id)
        .order_by(col(Programme.sort_key), col(Programme.id))
    )
    return [ProgrammeRow(*row) for row in session.execute(statement)]


def of_institution(session: Session, institution_id: int) -> list[tuple[ProgrammeRow, str]]:
    """Give the public programmes that an institution leads or takes part in, each with its part ("" of the lead)."""
    own = and_(
        col(ProgrammePartner.programme_id) == col(Programme.id),
        col(ProgrammePartner.institution_id) == institution_id,
    )
    statement = (
        _rows()
        .add_columns(func.coalesce(col(ProgrammePartner.part), ""))
        .outerjoin(ProgrammePartner, own)
        .where(
            _public(), or_(col(Programme.lead_id) == institution_id, col(ProgrammePartner.programme_id).is_not(None))
        )
        .order_by(_IN_ORDER_OF_STATE, col(Programme.sort_key), col(Programme.id))
    )
    return [(ProgrammeRow(*row[:-1]), row[-1]) for row in session.execute(statement)]


def programme(session: Session, slug: str, viewer: Actor) -> Programme | None:
    """Load the row of a programme that *viewer* may know of, for an act; None otherwise."""
    found = session.exec(select(Programme).where(Programme.slug == slug)).first()
    return found if found is not None and may_see(viewer, found) else None


def page(session: Session, slug: str, viewer: Actor) -> ProgrammePage | None:
    """Load a programme with its lead and partners, or None where there is none that *viewer* may know of."""
    row = session.execute(
        columns(Programme, col(Voivodeship.name))
        .outerjoin(Voivodeship, col(Voivodeship.code) == col(Programme.voivodeship_code))
        .where(col(Programme.slug) == slug)
    ).one_or_none()
    if row is None or not may_see(viewer, row[0]):
        return None
    found: Programme = row[0]
    shown = (
        col(Institution.id),
        col(Institution.slug),
        col(Institution.name),
        col(Institution.kind),
    )
    reached = (col(Institution.email), col(Institution.phone))
    rows = session.execute(
        union_all(
            columns(*shown, literal(""), *reached, literal(0).label("position")).where(
                col(Institution.id) == found.lead_id
            ),
            columns(*shown, col(ProgrammePartner.part), *reached, col(ProgrammePartner.position))
            .join(ProgrammePartner, col(ProgrammePartner.institution_id) == col(Institution.id))
            .where(col(ProgrammePartner.programme_id) == found.id),
        )
    ).all()
    partners = [Partner(*row[:7]) for row in sorted(rows, key=lambda row: (row[7], row[0]))]
    return ProgrammePage(
        programme=found,
        lead=next((partner for partner in partners if partner.institution_id == found.lead_id), None),
        partners=tuple(partner for partner in partners if partner.institution_id != found.lead_id),
        voivodeship=row[1] or "",
    )


def parts(session: Session, programme_id: int) -> tuple[PartnerPart, ...]:
    """Give the partners of a programme and their parts, in their order."""
    rows = session.execute(
        columns(col(ProgrammePartner.institution_id), col(ProgrammePartner.part))
        .where(col(ProgrammePartner.programme_id) == programme_id)
        .order_by(col(ProgrammePartner.position), col(ProgrammePartner.institution_id))
    )
    return tuple(PartnerPart(*row) for row in rows)


def milestones(session: Session, programme_id: int) -> tuple[Milestone, ...]:
    """Give the steps of a programme besides its sessions, in their order."""
    rows = session.execute(
        columns(col(ProgrammeMilestone.month), col(ProgrammeMilestone.text))
        .where(col(ProgrammeMilestone.programme_id) == programme_id)
        .order_by(col(ProgrammeMilestone.position))
    )
    return tuple(Milestone(*row) for row in rows)


def _rows() -> Select[*tuple[Any, ...]]:
    partners = (
        columns(func.count())
        .select_from(ProgrammePartner)
        .where(col(ProgrammePartner.programme_id) == col(Programme.id))
        .correlate(Programme)
        .scalar_subquery()
    )
    return columns(
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
        partners + case((col(Programme.lead_id).is_not(None), 1), else_=0),
    ).outerjoin(Institution, col(Institution.id) == col(Programme.lead_id))


def _public() -> ColumnElement[bool]:
    return col(Programme.state).in_(PUBLIC_STATES)


def _matches(text: str) -> ColumnElement[bool]:
    """Every word of *text* begins a word of the programme; a text without a letter or digit finds nothing."""
    words = fold(text).split()[:WORDS_MAX]
    if not words:
        return false() if text.strip() else true()
    return and_(*(col(Programme.search_text).like(f"% {word}%") for word in words))

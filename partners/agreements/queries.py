"""Reads of agreements: the register with its counts, one agreement, those of one institution."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, case, false, func, literal, or_, true, type_coerce, union_all
from sqlalchemy import select as columns
from sqlmodel import Session, col

from app.actors import Actor, Role
from app.db import rows
from app.text import sort_key
from partners.agreements.models import (
    Agreement,
    AgreementHistory,
    AgreementKind,
    AgreementParty,
    AgreementState,
    Clause,
    ClauseType,
    Side,
)
from partners.agreements.rules import IN_PREPARATION, STATE_TAG, Period, may_see_parameters, period
from partners.agreements.rules import KIND_LABEL as AGREEMENT_LABEL
from partners.competence.rules import KINDS_OF_TASK, Task
from partners.institutions.models import Institution, InstitutionTerritory, Kind, KindGroup
from partners.institutions.rules import KIND_GROUP
from partners.institutions.rules import KIND_LABEL as INSTITUTION_LABEL
from partners.territory.models import Voivodeship

PAGE_SIZE = 30
ENDING_IN = timedelta(days=60)
"""How long before its last day an agreement stands on the desk."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An agreement whose last day is near; *total* is how many there are."""

    number: str
    subject: str
    valid_to: date
    total: int


@dataclass(frozen=True, slots=True)
class RegisterFilter:
    """What the address of the register asks for."""

    voivodeship: str = ""
    state: AgreementState | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many agreements the viewer could see, by voivodeship (code, name, number) and by state."""

    total: int
    voivodeships: tuple[tuple[str, str, int], ...]
    states: dict[AgreementState, int]


@dataclass(frozen=True, slots=True)
class Party:
    """An institution that is a party, with the function of the person who signs for it."""

    institution_id: int
    slug: str
    name: str
    kind: Kind
    side: Side
    signatory_function: str
    email: str

    @property
    def kind_label(self) -> str:
        """Msgid of the institution's kind."""
        return INSTITUTION_LABEL[self.kind]

    @property
    def group(self) -> KindGroup:
        """Shape of the badge."""
        return KIND_GROUP[self.kind]


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """A clause: its type for everybody; *period*, *detail* only for those who may see parameters."""

    id: int
    key: str
    name_pl: str
    name_en: str
    parameter: str
    period: Period | None
    detail: str


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One line of the register."""

    id: int
    number: str
    kind: AgreementKind
    state: AgreementState
    subject: str
    signed_on: date | None
    signed_note: str
    valid_from: date | None
    valid_to: date | None
    basis: str
    synthetic: bool
    voivodeship_code: str
    voivodeship: str
    parties: tuple[Party, ...] = ()
    clauses: tuple[ClauseRow, ...] = ()

    @property
    def state_tag(self) -> tuple[str, str, str]:
        """Class, icon and msgid of the state."""
        return STATE_TAG[self.state]

    @property
    def kind_label(self) -> str:
        """Msgid of what was signed."""
        return AGREEMENT_LABEL[self.kind]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """Something that a source reports without a date."""

    title: str
    year: int | None
    basis: str


@dataclass(frozen=True, slots=True)
class AgreementPage:
    """Everything that the page of one agreement shows out of this room."""

    id: int
    number: str
    kind: AgreementKind
    state: AgreementState
    subject: str
    planned: str
    signed_on: date | None
    signed_note: str
    valid_from: date | None
    valid_to: date | None
    note: str
    basis: str
    synthetic: bool
    voivodeship_code: str
    voivodeship: str
    parties: tuple[Party, ...]
    clauses: tuple[ClauseRow, ...]
    history: tuple[HistoryLine, ...]
    parameters: bool


_ROW_COLUMNS: tuple[Any, ...] = (
    col(Agreement.id),
    col(Agreement.number),
    col(Agreement.kind),
    col(Agreement.state),
    col(Agreement.subject),
    col(Agreement.signed_on),
    col(Agreement.signed_note),
    col(Agreement.valid_from),
    col(Agreement.valid_to),
    col(Agreement.basis),
    col(Agreement.synthetic),
    col(Agreement.voivodeship_code),
    col(Voivodeship.name).label("voivodeship"),
)


_AGREEMENTS_FIRST = case((col(Agreement.kind) == AgreementKind.AGREEMENT, 0), else_=1)


def counts(session: Session, viewer: Actor, wanted: RegisterFilter) -> Counts:
    """Count beside the filters of the register, in one statement: each filter counts within the other one."""
    state = type_coerce(col(Agreement.state), String)
    place = col(Agreement.voivodeship_code)
    statement = union_all(
        columns(literal("count"), state, place, func.count()).where(_visible(viewer)).group_by(state, place),
        columns(literal("name"), col(Voivodeship.code), col(Voivodeship.name), literal(0)),
    )
    names: dict[str, str] = {}
    places: dict[str, int] = {}
    states: dict[AgreementState, int] = {}
    total = 0
    for part, first, second, number in session.execute(statement):
        if part == "name":
            names[first] = second
            continue
        of_state = wanted.state is None or first == wanted.state
        of_place = not wanted.voivodeship or second == wanted.voivodeship
        if of_state:
            places[second] = places.get(second, 0) + number
        if of_place:
            states[AgreementState(first)] = states.get(AgreementState(first), 0) + number
        if of_state and of_place:
            total += number
    ordered = sorted(names.items(), key=lambda named: sort_key(named[1]))
    return Counts(
        total=total,
        voivodeships=tuple((code, name, places.get(code, 0)) for code, name in ordered),
        states=states,
    )


def register(session: Session, viewer: Actor, wanted: RegisterFilter, page: int) -> list[AgreementRow]:
    """Give one page (from 1) of what *viewer* may know of, in three statements: agreements by number, then the rest."""
    statement = (
        _rows()
        .where(
            _visible(viewer),
            col(Agreement.voivodeship_code) == wanted.voivodeship if wanted.voivodeship else true(),
            col(Agreement.state) == wanted.state if wanted.state else true(),
        )
        .order_by(_AGREEMENTS_FIRST, col(Agreement.number))
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    return _filled(session, viewer, list(session.execute(statement).all()))


def of_institution(session: Session, institution_id: int, viewer: Actor) -> list[AgreementRow]:
    """Give the agreements of one institution that *viewer* may know of, without their clauses."""
    mine = columns(col(AgreementParty.agreement_id)).where(col(AgreementParty.institution_id) == institution_id)
    statement = _rows().where(_visible(viewer), col(Agreement.id).in_(mine)).order_by(col(Agreement.number))
    found = session.execute(statement).all()
    parties = _parties(session, [row.id for row in found])
    return [_row(row, parties.get(row.id, ()), ()) for row in found]


def agreement(session: Session, number: str, viewer: Actor) -> AgreementPage | None:
    """Load the agreement *number*, or None where there is none that *viewer* may know of."""
    row = session.execute(
        columns(*_ROW_COLUMNS, col(Agreement.planned), col(Agreement.note))
        .join(Voivodeship, col(Voivodeship.code) == col(Agreement.voivodeship_code))
        .where(col(Agreement.number) == number, _visible(viewer))
    ).one_or_none()
    if row is None:
        return None
    lines = session.execute(
        columns(col(AgreementHistory.title), col(AgreementHistory.year), col(AgreementHistory.basis))
        .where(col(AgreementHistory.agreement_id) == row.id)
        .order_by(col(AgreementHistory.year), col(AgreementHistory.id))
    )
    return AgreementPage(
        id=row.id,
        number=row.number,
        kind=row.kind,
        state=row.state,
        subject=row.subject,
        planned=row.planned,
        signed_on=row.signed_on,
        signed_note=row.signed_note,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        note=row.note,
        basis=row.basis,
        synthetic=row.synthetic,
        voivodeship_code=row.voivodeship_code,
        voivodeship=row.voivodeship,
        parties=_parties(session, [row.id]).get(row.id, ()),
        clauses=_clauses(session, viewer, [row.id]).get(row.id, ()),
        history=tuple(HistoryLine(*line) for line in lines),
        parameters=may_see_parameters(viewer, row.voivodeship_code),
    )


def of_welfare(session: Session, viewer: Actor, voivodeship: str) -> dict[str, set[str]]:
    """Give the numbers of the signed agreements of a voivodeship by the codes that its welfare centres serve.

    A centre that has named no territory counts with the gmina of its seat. One statement.
    """
    statement = (
        columns(col(Agreement.number), func.coalesce(col(InstitutionTerritory.code), col(Institution.gmina_code)))
        .join(AgreementParty, col(AgreementParty.agreement_id) == col(Agreement.id))
        .join(Institution, col(Institution.id) == col(AgreementParty.institution_id))
        .outerjoin(InstitutionTerritory, col(InstitutionTerritory.institution_id) == col(Institution.id))
        .where(
            col(Agreement.voivodeship_code) == voivodeship,
            col(Agreement.state).not_in(IN_PREPARATION),
            col(Institution.kind).in_([kind.value for kind in KINDS_OF_TASK[Task.WELFARE]]),
            _visible(viewer),
        )
    )
    found: dict[str, set[str]] = {}
    for number, code in session.execute(statement):
        if code:
            found.setdefault(code, set()).add(number)
    return found


def ending(session: Session, viewer: Actor, today: date, limit: int = PAGE_SIZE) -> list[Ending]:
    """Give the agreements in force of the viewer's institution whose last day is near, the first first.

    One statement; nothing for those who do not coordinate it.
    """
    if not viewer.coordinates:
        return []
    mine = columns(col(AgreementParty.agreement_id)).where(col(AgreementParty.institution_id) == viewer.institution_id)
    statement = (
        columns(col(Agreement.number), col(Agreement.subject), col(Agreement.valid_to), func.count().over())
        .where(
            col(Agreement.id).in_(mine),
            col(Agreement.state) == AgreementState.IN_FORCE,
            col(Agreement.valid_to).between(today, today + ENDING_IN),
        )
        .order_by(col(Agreement.valid_to), col(Agreement.number))
        .limit(limit)
    )
    return [Ending(*row) for row in session.execute(statement)]


def is_known(session: Session, number: str, viewer: Actor) -> bool:
    """Tell whether *viewer* may know of the agreement *number*."""
    statement = columns(col(Agreement.id)).where(col(Agreement.number) == number, _visible(viewer))
    return session.execute(statement).first() is not None


def counts_of_institutions(session: Session, viewer: Actor, institution_ids: list[int]) -> dict[int, int]:
    """Count for each institution the agreements that *viewer* may know of; those without any are left out."""
    if not institution_ids:
        return {}
    found = rows(
        session,
        columns(col(AgreementParty.institution_id), func.count())
        .join(Agreement, col(Agreement.id) == col(AgreementParty.agreement_id))
        .where(col(AgreementParty.institution_id).in_(institution_ids), _visible(viewer))
        .group_by(col(AgreementParty.institution_id)),
    )
    return {row[0]: row[1] for row in found}


def _rows() -> Select[*tuple[Any, ...]]:
    return columns(*_ROW_COLUMNS).join(Voivodeship, col(Voivodeship.code) == col(Agreement.voivodeship_code))


def _visible(viewer: Actor) -> ColumnElement[bool]:
    """The same decision as rules.may_see, as a condition."""
    public = col(Agreement.state).not_in(IN_PREPARATION)
    if viewer.role is Role.OPERATOR:
        return true()
    if viewer.role is Role.INSPECTOR:
        return or_(public, col(Agreement.voivodeship_code) == (viewer.voivodeship or ""))
    own: ColumnElement[bool] = false()
    if viewer.works_for_institution:
        own = col(Agreement.id).in_(
            columns(col(AgreementParty.agreement_id)).where(col(AgreementParty.institution_id) == viewer.institution_id)
        )
    return or_(public, own)


def _filled(session: Session, viewer: Actor, found: list[Row[*tuple[Any, ...]]]) -> list[AgreementRow]:
    ids = [row.id for row in found]
    parties = _parties(session, ids)
    clauses = _clauses(session, viewer, ids)
    return [_row(row, parties.get(row.id, ()), clauses.get(row.id, ())) for row in found]


def _row(row: Row[*tuple[Any, ...]], parties: tuple[Party, ...], clauses: tuple[ClauseRow, ...]) -> AgreementRow:
    return replace(AgreementRow(*row), parties=parties, clauses=clauses)


def _parties(session: Session, agreement_ids: list[int]) -> dict[int, tuple[Party, ...]]:
    rows = session.execute(
        columns(
            col(AgreementParty.agreement_id),
            col(AgreementParty.institution_id),
            col(Institution.slug),
            col(Institution.name),
            col(Institution.kind),
            col(AgreementParty.side),
            col(AgreementParty.signatory_function),
            col(Institution.email),
        )
        .join(Institution, col(Institution.id) == col(AgreementParty.institution_id))
        .where(col(AgreementParty.agreement_id).in_(agreement_ids))
        .order_by(col(AgreementParty.position), col(AgreementParty.institution_id))
    )
    found: dict[int, list[Party]] = {}
    for agreement_id, *party in rows:
        found.setdefault(agreement_id, []).append(Party(*party))
    return {agreement_id: tuple(parties) for agreement_id, parties in found.items()}


def _clauses(session: Session, viewer: Actor, agreement_ids: list[int]) -> dict[int, tuple[ClauseRow, ...]]:
    rows = session.execute(
        columns(
            col(Clause.agreement_id),
            col(Agreement.voivodeship_code),
            col(Clause.id),
            col(ClauseType.key),
            col(ClauseType.name_pl),
            col(ClauseType.name_en),
            col(ClauseType.parameter),
            col(Clause.months),
            col(Clause.uncertain),
            col(Clause.detail),
        )
        .join(ClauseType, col(ClauseType.id) == col(Clause.clause_type_id))
        .join(Agreement, col(Agreement.id) == col(Clause.agreement_id))
        .where(col(Clause.agreement_id).in_(agreement_ids))
        .order_by(col(Clause.position), col(ClauseType.position), col(Clause.id))
    )
    found: dict[int, list[ClauseRow]] = {}
    for agreement_id, place, clause_id, key, name_pl, name_en, parameter, months, uncertain, detail in rows:
        open_to_viewer = may_see_parameters(viewer, place)
        found.setdefault(agreement_id, []).append(
            ClauseRow(
                id=clause_id,
                key=key,
                name_pl=name_pl,
                name_en=name_en,
                parameter=parameter,
                period=period(key, parameter, months, uncertain=uncertain) if open_to_viewer else None,
                detail=detail if open_to_viewer else "",
            )
        )
    return {agreement_id: tuple(clauses) for agreement_id, clauses in found.items()}

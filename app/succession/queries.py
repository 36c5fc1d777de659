"""Reads of merging and succession: what points to a card, what would move and what stands on both already."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, func, or_, text
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.db import columns, metadata
from app.text import fold
from partners.admission.models import Application, ApplicationState
from partners.contacts.models import Contact
from partners.institutions.models import SHOWN, Institution, InstitutionTerritory, Status
from partners.institutions.queries import matches
from partners.people.models import Membership

CANDIDATES = 10
TYPED_MAX = 300
_INSTITUTION: Table = metadata.tables["institution"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that points to an institution, with the unique sets of columns of its table that it stands in.

    Each set is given as its other columns and the condition under which it is unique ("" for always).
    """

    table: Table
    column: Column[Any]
    unique: tuple[tuple[tuple[Column[Any], ...], str], ...]


@dataclass(frozen=True, slots=True)
class Moving:
    """How many rows of a table pass to the surviving card, and how many it has already, which then go."""

    table: str
    moves: int
    doubled: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge will do. *mark* changes with it: a page that shows another one is out of date."""

    rows: tuple[Moving, ...]

    @property
    def moves(self) -> int:
        """Rows that will pass to the surviving card."""
        return sum(row.moves for row in self.rows)

    @property
    def doubled(self) -> int:
        """Rows that stand on both cards."""
        return sum(row.doubled for row in self.rows)

    @property
    def mark(self) -> str:
        """The plan in short, for the form."""
        return "-".join(f"{row.table}.{row.moves}.{row.doubled}" for row in self.rows) or "0"


@dataclass(frozen=True, slots=True)
class Handed:
    """How much of an institution there is to hand over."""

    people: int
    contacts: int
    territories: int
    units: int


@dataclass(frozen=True, slots=True)
class Announced:
    """A succession that is still to come; *day* is the first day of the successor."""

    old_id: int
    old_slug: str
    old_name: str
    successor_id: int
    successor_slug: str
    successor_name: str
    day: date


def references() -> Iterator[Reference]:
    """Give every foreign key to an institution, out of the tables themselves: none can be forgotten."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table is _INSTITUTION for key in column.foreign_keys):
                yield Reference(table, column, tuple(_unique_sets(table, column)))


def plan(session: Session, duplicate_id: int, survivor_id: int) -> Plan:
    """Count, table by table, what would move; two statements for each foreign key, however many rows."""
    moves: dict[str, int] = {}
    doubled: dict[str, int] = {}
    for one in references():
        name = one.table.name
        pointing = session.execute(
            columns(func.count()).select_from(one.table).where(one.column == duplicate_id)
        ).scalar_one()
        both = len(conflicts(session, one, duplicate_id, survivor_id))
        moves[name] = moves.get(name, 0) + pointing - both
        doubled[name] = doubled.get(name, 0) + both
    return Plan(
        tuple(Moving(name, moves[name], doubled[name]) for name in sorted(moves) if moves[name] + doubled[name])
    )


def conflicts(session: Session, reference: Reference, duplicate_id: int, survivor_id: int) -> set[tuple[Any, ...]]:
    """Give the primary keys of rows that cannot be pointed to the survivor, because it has their equal already."""
    keys = tuple(reference.table.primary_key.columns)
    found: set[tuple[Any, ...]] = set()
    for others, condition in reference.unique:
        where = [text(condition)] if condition else []
        taken = {
            tuple(row)
            for row in session.execute(columns(*(others or keys)).where(reference.column == survivor_id, *where))
        }
        for row in session.execute(columns(*keys, *others).where(reference.column == duplicate_id, *where)):
            own = tuple(row[len(keys) :])
            if (own in taken and None not in own) if others else taken:
                found.add(tuple(row[: len(keys)]))
    return found


def undecided(session: Session, *institution_ids: int) -> bool:
    """Whether one of the cards came by an application that waits or was refused: the night may delete such a card."""
    statement = select(Application.id).where(
        col(Application.institution_id).in_(institution_ids), Application.state != ApplicationState.ACCEPTED
    )
    return session.exec(statement).first() is not None


def events_touching(session: Session, institution_id: int) -> list[int]:
    """Give the ids of the events whose calendar text or feeds name an institution, in order."""
    event, party = metadata.tables["event"], metadata.tables["event_party"]
    named = columns(party.c.event_id).where(party.c.institution_id == institution_id)
    statement = (
        columns(event.c.id)
        .where(
            or_(
                event.c.organiser_id == institution_id,
                event.c.place_institution_id == institution_id,
                event.c.id.in_(named),
            )
        )
        .order_by(event.c.id)
    )
    return list(session.execute(statement).scalars())


def programmes_touching(session: Session, institution_id: int) -> list[int]:
    """Give the ids of the programmes that an institution leads or takes part in, in order."""
    programme, partner = metadata.tables["programme"], metadata.tables["programme_partner"]
    joined = columns(partner.c.programme_id).where(partner.c.institution_id == institution_id)
    statement = (
        columns(programme.c.id)
        .where(or_(programme.c.lead_id == institution_id, programme.c.id.in_(joined)))
        .order_by(programme.c.id)
    )
    return list(session.execute(statement).scalars())


def handed(session: Session, institution_id: int) -> Handed:
    """Count what an institution would hand over, in one statement."""
    counts = (
        columns(func.count()).where(
            col(Membership.institution_id) == institution_id, col(Membership.ended_at).is_(None)
        ),
        columns(func.count()).where(col(Contact.institution_id) == institution_id),
        columns(func.count()).where(col(InstitutionTerritory.institution_id) == institution_id),
        columns(func.count()).where(col(Institution.parent_id) == institution_id),
    )
    return Handed(*session.execute(columns(*(one.scalar_subquery() for one in counts))).one())


def announced(session: Session) -> list[Announced]:
    """Give the successions that are announced and have not happened, the next first."""
    successor = aliased(Institution)
    statement = (
        columns(
            col(Institution.id),
            col(Institution.slug),
            col(Institution.name),
            col(successor.id),
            col(successor.slug),
            col(successor.name),
            col(Institution.valid_to),
        )
        .join(successor, col(successor.id) == col(Institution.successor_id))
        .where(
            col(Institution.status).in_(SHOWN),
            col(Institution.successor_id).is_not(None),
            col(Institution.valid_to).is_not(None),
        )
        .order_by(col(Institution.valid_to), col(Institution.id))
    )
    return [
        Announced(old_id, old_slug, old_name, new_id, new_slug, new_name, last + timedelta(days=1))
        for old_id, old_slug, old_name, new_id, new_slug, new_name, last in session.execute(statement)
    ]


def candidates(session: Session, typed: str) -> list[Institution]:
    """Give the cards that are meant by an address or a name, whatever their state: one hit is the one."""
    last = typed.strip().rstrip("/").rpartition("/")[2].partition("?")[0]
    at_address = session.exec(select(Institution).where(Institution.slug == last)).first()
    if at_address is not None:
        return [at_address]
    if not fold(typed):
        return []
    found = session.exec(
        select(Institution)
        .where(matches(typed))
        .order_by(col(Institution.status) != Status.ACTIVE, col(Institution.sort_key))
        .limit(CANDIDATES)
    ).all()
    exact = [one for one in found if fold(one.name) == fold(typed)]
    return exact if len(exact) == 1 else list(found)


def _unique_sets(table: Table, column: Column[Any]) -> Iterator[tuple[tuple[Column[Any], ...], str]]:
    if column.primary_key:
        yield tuple(other for other in table.primary_key.columns if other is not column), ""
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and column in tuple(constraint.columns):
            yield tuple(other for other in constraint.columns if other is not column), ""
    for index in table.indexes:
        if index.unique and column in tuple(index.columns):
            condition = index.dialect_options["sqlite"]["where"]
            others = tuple(other for other in index.columns if other is not column)
            yield others, "" if condition is None else str(condition)

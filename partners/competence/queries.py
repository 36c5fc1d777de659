"""Reads of competence: who serves a gmina or a Warsaw district, one or all of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, or_, true, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.db import columns
from partners.competence.rules import KINDS, KINDS_OF_TASK, Answer, Centre, Task, answer
from partners.institutions.models import SHOWN, Institution, InstitutionActsAs, InstitutionTerritory, Kind
from partners.institutions.queries import plain
from partners.territory import queries as territory
from partners.territory.models import Gmina
from partners.territory.rules import Area

FEW = 10
"""Of so many areas only what lies around them is read; of more, everything."""
_ACTS_AS, _SERVES = "acts_as", "serves"
_seat: Any = aliased(Institution)
_CENTRE = (
    col(Institution.id),
    col(Institution.slug),
    col(Institution.name),
    col(Institution.kind),
    col(Institution.status),
    col(Institution.synthetic),
    col(Institution.street),
    col(Institution.postal_code),
    col(Institution.post_town),
    col(Institution.phone),
    col(Institution.email),
    col(Institution.website),
    col(Institution.hours),
    col(Institution.confirmed_on),
    col(Institution.gmina_code),
    col(Institution.district_code),
    col(Gmina.county_code),
    col(Institution.voivodeship_code),
    col(Institution.sort_key),
    col(Gmina.latitude),
    col(Gmina.longitude),
)


def who_serves(session: Session, code: str, day: date) -> Answer | None:
    """Say who serves the gmina or Warsaw district with six-digit *code* on *day*; None for a code that nobody knows.

    A constant number of statements. Competence follows the place of residence that a person declares: the caller asks
    for that, or for the last permanent registration of a homeless person.
    """
    area = territory.area(session, code)
    if area is None:
        return None
    found = centres(session, around(area), KINDS, day)
    return answer(area, found, day, districts(session) if area.is_warsaw else ())


def who_serve(session: Session, areas: Collection[Area], day: date) -> dict[str, Answer]:
    """Say the same of many areas at once, by code, in a constant number of statements; of none it asks nothing."""
    if not areas:
        return {}
    near = or_(*(around(area) for area in areas)) if len(areas) <= FEW else true()
    by_place: defaultdict[str, list[Centre]] = defaultdict(list)
    for one in centres(session, near, KINDS, day):
        for code in _places_of(one):
            by_place[code].append(one)
    parts = districts(session) if any(area.is_warsaw for area in areas) else []
    answers = {}
    for area in areas:
        likely = {one.id: one for code in area.codes for one in by_place[code]}
        if area.is_warsaw:
            likely |= {one.id: one for part in parts for one in by_place[part.code]}
        answers[area.code] = answer(area, likely.values(), day, parts if area.is_warsaw else ())
    return answers


def centres(session: Session, where: ColumnElement[bool], kinds: Iterable[Kind], day: date) -> list[Centre]:
    """Give the listed and unconfirmed institutions of *kinds*, or acting as one of them, that exist on *day*.

    Two statements.
    """
    wanted = list(kinds)
    acting = columns(col(InstitutionActsAs.institution_id)).where(col(InstitutionActsAs.kind).in_(wanted))
    asked = (
        columns(*_CENTRE)
        .select_from(Institution)
        .outerjoin(Gmina, col(Gmina.code) == col(Institution.gmina_code))
        .where(
            # Written so that no index of it is taken: nearly all institutions are shown, few lie where is asked.
            plain(Institution.status).concat("").in_([status.value for status in SHOWN]),
            or_(col(Institution.kind).in_(wanted), col(Institution.id).in_(acting)),
            or_(col(Institution.valid_from).is_(None), col(Institution.valid_from) <= day),
            or_(col(Institution.valid_to).is_(None), col(Institution.valid_to) >= day),
            where,
        )
    )
    found = [Centre(*row) for row in session.execute(asked)]
    acts_as, serves = _beside(session, [one.id for one in found])
    return [replace(one, acts_as=acts_as[one.id], territory=serves[one.id]) for one in found]


def around(area: Area) -> ColumnElement[bool]:
    """Give the condition that an institution may serve *area*: it names it, or has its seat in its county or region."""
    named = columns(col(InstitutionTerritory.institution_id)).where(col(InstitutionTerritory.code).in_(area.codes))
    seat = columns(_seat.id).join(Gmina, col(Gmina.code) == _seat.gmina_code)
    region = columns(_seat.id).where(_seat.voivodeship_code == area.gmina.voivodeship_code)
    acting = columns(col(InstitutionActsAs.institution_id)).where(col(InstitutionActsAs.kind) == Kind.ROPS)
    # One list of ids, each found by an index: alternatives in one condition would read every institution.
    return col(Institution.id).in_(
        union_all(
            named,
            seat.where(col(Gmina.county_code) == area.gmina.county_code),
            region.where(_seat.status.in_(SHOWN), _seat.kind == Kind.ROPS),
            region.where(_seat.id.in_(acting)),
        )
    )


def _beside(
    session: Session, ids: list[int]
) -> tuple[defaultdict[int, frozenset[Kind]], defaultdict[int, frozenset[str]]]:
    """Give what institutions act as and the codes that they serve, in one statement."""
    few = len(ids) <= 500  # of more it costs less to read the two tables whole
    acts_as: defaultdict[int, frozenset[Kind]] = defaultdict(frozenset)
    serves: defaultdict[int, frozenset[str]] = defaultdict(frozenset)

    def read(part: str, table: Any, column: Any) -> Select[Any]:
        asked = columns(literal(part), col(table.institution_id), plain(column))
        return asked.where(col(table.institution_id).in_(ids)) if few else asked

    statement = union_all(
        read(_ACTS_AS, InstitutionActsAs, InstitutionActsAs.kind),
        read(_SERVES, InstitutionTerritory, InstitutionTerritory.code),
    )
    for part, owner, word in session.execute(statement):
        if part == _ACTS_AS:
            acts_as[owner] |= {Kind(word)}
        else:
            serves[owner] |= {word}
    return acts_as, serves


def _places_of(one: Centre) -> set[str]:
    """Give the codes under which an area looks for a centre; a seat counts as far as its tasks go."""
    if one.territory:
        return set(one.territory)
    kinds = {one.kind, *one.acts_as}
    seat = {one.gmina_code, one.district_code}
    if not kinds.isdisjoint(KINDS_OF_TASK[Task.FAMILY]):
        seat.add(one.county_code)
    if Kind.ROPS in kinds:
        seat.add(one.voivodeship_code)
    return {code for code in seat if code}


def districts(session: Session) -> list[Area]:
    """Give the districts of Warsaw."""
    found = [place.code for place in territory.warsaw_districts(session)]
    return [one for one in territory.areas(session, found) if one.is_district]

"""Verbs of competence: keep a placeholder where no centre is listed, bring the territory up to date."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from typing import Any

from sqlmodel import Session, col, insert, select, update

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.text import search_text, sort_key
from partners.competence import queries
from partners.competence.rules import (
    PLACEHOLDER_ENDS,
    PLACEHOLDER_SLUG,
    Answer,
    Centre,
    placeholder_name,
    placeholder_slug,
)
from partners.institutions.models import (
    Institution,
    InstitutionTerritory,
    Kind,
    ServiceOfferTerritory,
    Status,
)
from partners.territory import actions as territory_actions
from partners.territory import queries as territory
from partners.territory.rules import Area
from partners.territory.terc import Register, Update


@dataclass(frozen=True, slots=True)
class Kept:
    """How many placeholders were made or came back, and how many are not needed any more."""

    made: int = 0
    settled: int = 0


def keep_placeholders(session: Session, actor: Actor, now: datetime) -> Kept:
    """Give every gmina and Warsaw district without a welfare centre a placeholder; retire those that are not needed.

    A placeholder whose gmina has a listed centre now is archived, with that centre as its successor: its address leads
    on. Warsaw as a whole has none, since its districts have. In bulk; a second time it changes nothing.
    """
    day = warsaw.today(now)
    every = territory.areas(session)
    areas = {
        one.code: one
        for one in every
        if not one.gmina.synthetic and not one.is_warsaw and (one.gmina.valid_to is None or one.gmina.valid_to > day)
    }
    answers = queries.who_serve(session, list(areas.values()), day)
    known = _known(session)
    taken = set(session.exec(select(Institution.slug).where(col(Institution.slug).startswith(PLACEHOLDER_SLUG))))
    settled = [_settled(session, row, areas, answers, now) for row in known.values()]
    rows = []
    revived = 0
    for code, area in areas.items():
        welfare = answers[code].welfare
        if welfare is not None:
            continue
        if code in known:
            _revive(known[code], area, now)
            revived += 1
        else:
            rows.append(_row(area, taken, now))
    session.flush()
    if rows:
        session.execute(insert(Institution), rows)
    kept = Kept(len(rows) + revived, sum(settled))
    if kept != Kept():
        details = {"made": kept.made, "settled": kept.settled}
        trail.record(session, actor, "territory.placeholders_kept", "site", 0, now, details=details)
    return kept


def placeholders_by_night(session: Session, now: datetime) -> int:
    """Do the same as a nightly job; return how many changed."""
    kept = keep_placeholders(session, Actor.system(), now)
    return kept.made + kept.settled


def update_territory(session: Session, actor: Actor, register: Register, now: datetime) -> tuple[Update, Kept]:
    """Bring the register to a newer state and everything that hangs on it: seats, territories, placeholders.

    Raises OlderState, Incomplete. Institutions of a gmina that came into another county follow it to its new code.
    """
    made = territory_actions.bring_up(session, actor, register, now)
    for old, new in made.moved.items():
        session.execute(update(Institution).where(col(Institution.gmina_code) == old).values(gmina_code=new))
        for table in (InstitutionTerritory, ServiceOfferTerritory):
            session.execute(update(table).where(col(table.code) == old).values(code=new))
    session.expire_all()
    return made, keep_placeholders(session, actor, now)


def _known(session: Session) -> dict[str, Institution]:
    """Give the placeholders that were made ever, by gmina or district; one that people have taken over is none.

    Any card can stand at such an address, as one that is called "Pomoc społeczna – Caritas" does: the name decides.
    """
    statement = select(Institution).where(
        col(Institution.slug).startswith(PLACEHOLDER_SLUG),
        col(Institution.name).endswith(PLACEHOLDER_ENDS),
        col(Institution.status).in_((Status.UNCONFIRMED, Status.ARCHIVED)),
    )
    return {row.district_code or row.gmina_code or "": row for row in session.exec(statement)}


def _settled(
    session: Session, row: Institution, areas: Mapping[str, Area], answers: Mapping[str, Answer], now: datetime
) -> bool:
    """Archive a placeholder that is not needed; name it anew where its gmina has been renamed."""
    if row.status is not Status.UNCONFIRMED:
        return False
    code = row.district_code or row.gmina_code or ""
    area = areas.get(code)
    centre: Centre | None = answers[code].welfare if area is not None else None
    if area is not None and (centre is None or centre.id == row.id):
        if row.name != placeholder_name(area):
            _name(row, area, now)
        return False
    row.status = Status.ARCHIVED
    row.successor_id = centre.id if centre is not None else None
    row.valid_to, row.changed_at = warsaw.today(now), now
    session.add(row)
    return True


def _revive(row: Institution, area: Area, now: datetime) -> None:
    row.status, row.successor_id, row.valid_to = Status.UNCONFIRMED, None, None
    _name(row, area, now)


def _name(row: Institution, area: Area, now: datetime) -> None:
    for column, value in _words(area).items():
        setattr(row, column, value)
    row.changed_at = now


def _words(area: Area) -> dict[str, str]:
    name = placeholder_name(area)
    return {
        "name": name,
        "sort_key": sort_key(name),
        "search_text": search_text(name, area.gmina.name, *area.former),
    }


def _row(area: Area, taken: Collection[str], now: datetime) -> dict[str, Any]:
    base = placeholder_slug(area)
    slug = next(one for one in chain((base,), (f"{base}-{number}" for number in count(2))) if one not in taken)
    return _words(area) | {
        "slug": slug,
        "kind": Kind.OPS,
        "status": Status.UNCONFIRMED,
        "gmina_code": area.gmina.code,
        "district_code": area.code if area.is_district else None,
        "voivodeship_code": area.gmina.voivodeship_code,
        "changed_at": now,
    }

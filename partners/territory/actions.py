"""Load the TERYT register and bring it up to date, and the two gminas that only the demo has."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, SQLModel, col, insert, select, update

from app import marks
from app.actors import Actor
from app.audit import trail
from app.db import columns
from app.text import search_text, sort_key
from partners.territory import terc
from partners.territory.models import (
    County,
    CountyKind,
    Gmina,
    GminaKind,
    TerritoryChange,
    TerritoryChangeKind,
    Voivodeship,
    WarsawDistrict,
)
from partners.territory.rules import WARSAW

_FOLDER = Path(__file__).parent / "data"
_FILES_SHOW = date(2026, 1, 1)
STATE = "teryt_state"
"""Mark of the day whose state of the register this database holds."""

SAMPLE_COUNTY = "0899"
SAMPLE_TOWN = "089901"
SAMPLE_RURAL = "089902"

Row = dict[str, Any]


def load(session: Session) -> None:
    """Bring the register to the state of the data files: missing rows are added, changed names and kinds corrected.

    Rows that the files no longer hold stay: institutions and agreements may point to them. A register that a yearly
    update has brought further than the files stays as it is.
    """
    state = state_of(session)
    if state is not None and state > _FILES_SHOW:
        return
    changes = [_change(row) for row in _rows("changes")]
    former = {row["gmina_code"]: row["before"] for row in changes if row["kind"] is TerritoryChangeKind.RENAMED}
    began = {row["gmina_code"]: row["day"] for row in changes if row["kind"] is TerritoryChangeKind.NEW}
    _bring(session, Voivodeship, [_named(row["code"], row["name"]) for row in _rows("voivodeships")])
    _bring(session, County, [_county(row) for row in _rows("counties")])
    points = {row["code6"]: row for row in _rows("gmina_points")}
    gminas = [_gmina(row, points.get(row["code6"])) for row in _rows("gminas")]
    for row in gminas:
        row["valid_from"] = began.get(row["code"])
        row["search_text"] = search_text(row["name"], former.get(row["code"]))
    _bring(session, Gmina, gminas)
    districts = [row for row in _rows("city_districts") if row["kind"] == "district"]
    _bring(session, WarsawDistrict, [_district(row["code6"], row["name"]) for row in districts])
    _note(session, changes)
    marks.set_mark(session, STATE, _FILES_SHOW.isoformat())


def state_of(session: Session) -> date | None:
    """Give the day whose state of the register is known, or None before anything has been loaded."""
    day = marks.mark(session, STATE)
    return date.fromisoformat(day) if day else None


def plan(session: Session, register: terc.Register) -> terc.Update:
    """Say what *register* would change, and change nothing. Raises OlderState, Incomplete."""
    state = state_of(session)
    if state is not None and register.day < state:
        raise terc.OlderState(day=register.day.isoformat(), known=state.isoformat())
    gminas = columns(col(Gmina.code), col(Gmina.name), col(Gmina.kind), col(Gmina.valid_to))
    rows = session.execute(gminas.where(~col(Gmina.synthetic)).order_by(col(Gmina.code))).all()
    known = {row.code: terc.Unit(row.code, row.name, row.kind) for row in rows}
    return terc.compare(known, [row.code for row in rows if row.valid_to is not None], register)


def bring_up(session: Session, actor: Actor, register: terc.Register, now: datetime) -> terc.Update:
    """Bring the territory to the state of *register* and keep the history; a second time it changes nothing.

    New gminas begin and ended ones end on the day of the state; none is deleted. A renamed gmina is found by its old
    name, too. On an empty register it only loads. Raises OlderState, Incomplete.
    """
    made = plan(session, register)
    _bring(session, Voivodeship, [_named(code, name) for code, name in register.voivodeships.items()])
    _bring(
        session,
        County,
        [
            _county({"code": code, "name": name, "kind": kind, "voivodeship_code": code[:2]})
            for code, (name, kind) in register.counties.items()
        ],
    )
    begin = {one.code for one in made.changes if one.kind in _BEGINS}
    known = {row.code: row for row in session.execute(select(Gmina.code, Gmina.name, Gmina.search_text))}
    places = _points(session, made.moved)
    for unit in register.gminas.values():
        row = _gmina(_as_row(unit), places.get(unit.code))
        found = known.get(unit.code)
        # What a gmina was called before stays beside its name.
        row["search_text"] = search_text(unit.name, *([found.search_text] if found and found.name != unit.name else []))
        if found is None:
            row["valid_from"] = made.day if unit.code in begin else None
            session.execute(insert(Gmina), [row])
        elif any(one.code == unit.code for one in made.changes):
            kept = {key: row[key] for key in ("name", "kind", "sort_key")}
            if found.name != unit.name:
                kept["search_text"] = row["search_text"]
            if unit.code in begin:
                kept |= {"valid_from": made.day, "valid_to": None}
            session.execute(update(Gmina).where(col(Gmina.code) == unit.code).values(**kept))
    ended = [one.code for one in made.of(TerritoryChangeKind.ENDED)]
    if ended:
        session.execute(update(Gmina).where(col(Gmina.code).in_(ended)).values(valid_to=made.day))
    districts = [_district(code, name) for code, name in register.districts.items()]
    _bring(session, WarsawDistrict, [row for row in districts if WARSAW in register.gminas])
    _note(
        session,
        [
            {"gmina_code": one.code, "day": made.day, "kind": one.kind, "before": one.before, "after": one.after}
            for one in made.changes
        ],
    )
    marks.set_mark(session, STATE, made.day.isoformat())
    session.expire_all()
    details: dict[str, trail.Plain] = {"day": made.day.isoformat(), "changed": [one.code for one in made.changes]}
    trail.record(session, actor, "territory.updated", "site", 0, now, details=details)
    return made


_BEGINS = (TerritoryChangeKind.NEW, TerritoryChangeKind.COUNTY)


def load_sample(session: Session) -> None:
    """Add the county and the two gminas in which the demo takes place; marked synthetic, in no statistics."""
    county = _named(SAMPLE_COUNTY, "kładkowski (pokazowy)") | {
        "kind": CountyKind.COUNTY,
        "voivodeship_code": SAMPLE_COUNTY[:2],
        "synthetic": True,
    }
    gminas = [
        _gmina(
            {"code6": code, "name": name, "kind": kind, "county_code": SAMPLE_COUNTY, "voivodeship_code": "08"}, None
        )
        | {"synthetic": True}
        for code, name, kind in (
            (SAMPLE_TOWN, "Kładkowo", "urban_rural"),
            (SAMPLE_RURAL, "Przeprawa", "rural"),
        )
    ]
    _bring(session, County, [county])
    _bring(session, Gmina, gminas)
    session.flush()


def _rows(name: str) -> Iterable[dict[str, str]]:
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _named(code: str, name: str) -> Row:
    return {"code": code, "name": name, "sort_key": sort_key(name)}


def _county(row: Mapping[str, str]) -> Row:
    return _named(row["code"], row["name"]) | {
        "kind": CountyKind(row["kind"]),
        "voivodeship_code": row["voivodeship_code"],
        "synthetic": False,
    }


def _gmina(row: dict[str, str], point: dict[str, str] | None) -> Row:
    return _named(row["code6"], row["name"]) | {
        "kind": GminaKind(row["kind"]),
        "county_code": row["county_code"],
        "voivodeship_code": row["voivodeship_code"],
        "latitude": float(point["lat"]) if point else None,
        "longitude": float(point["lon"]) if point else None,
        "search_text": search_text(row["name"]),
        "synthetic": False,
    }


def _as_row(unit: terc.Unit) -> dict[str, str]:
    return {
        "code6": unit.code,
        "name": unit.name,
        "kind": unit.kind.value,
        "county_code": unit.county_code,
        "voivodeship_code": unit.voivodeship_code,
    }


def _points(session: Session, moved: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Give the points of gminas that have come into another county: they lie where they lay."""
    rows = session.execute(select(Gmina.code, Gmina.latitude, Gmina.longitude).where(col(Gmina.code).in_(moved)))
    return {
        moved[row.code]: {"lat": str(row.latitude), "lon": str(row.longitude)}
        for row in rows
        if row.latitude is not None and row.longitude is not None
    }


def _change(row: dict[str, str]) -> Row:
    return {
        "gmina_code": row["code6"],
        "day": date.fromisoformat(row["day"]),
        "kind": TerritoryChangeKind(row["kind"]),
        "before": row["before"],
        "after": row["after"],
    }


def _note(session: Session, changes: Sequence[Row]) -> None:
    """Add the lines of history that are not there yet."""
    lines = columns(col(TerritoryChange.gmina_code), col(TerritoryChange.day), col(TerritoryChange.kind))
    known = {(code, day, kind) for code, day, kind in session.execute(lines)}
    new = [row for row in changes if (row["gmina_code"], row["day"], row["kind"]) not in known]
    if new:
        session.execute(insert(TerritoryChange), new)
    session.flush()


def _district(code: str, name: str) -> Row:
    return _named(code, name) | {"gmina_code": WARSAW}


def _bring(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    its = table.__table__.c  # type: ignore[attr-defined]  # SQLModel does not type its table
    known = {row.code: row for row in session.execute(select(its.code, its.name, *_kind(its)))}
    missing = [row for row in rows if row["code"] not in known]
    if missing:
        session.execute(insert(table), missing)
    for row in rows:
        found = known.get(row["code"])
        if found is not None and (found.name != row["name"] or getattr(found, "kind", None) != row.get("kind")):
            session.execute(update(table).where(its.code == row["code"]).values(**row))


def _kind(its: Any) -> list[Any]:
    return [its.kind] if "kind" in its else []

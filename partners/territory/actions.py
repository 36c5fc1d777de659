"""Load the TERYT register, and the two gminas that only the demo has."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session, SQLModel, insert, select, update

from app.text import search_text, sort_key
from partners.territory.models import County, CountyKind, Gmina, GminaKind, Voivodeship, WarsawDistrict

_FOLDER = Path(__file__).parent / "data"
_WARSAW_GMINA = "146501"
SAMPLE_COUNTY = "0899"
SAMPLE_TOWN = "089901"
SAMPLE_RURAL = "089902"

Row = dict[str, Any]


def load(session: Session) -> None:
    """Bring the register to the state of the data files: missing rows are added, changed names and kinds corrected.

    Rows that the files no longer hold stay: institutions and agreements may point to them.
    """
    _bring(session, Voivodeship, [_named(row["code"], row["name"]) for row in _rows("voivodeships")])
    _bring(session, County, [_county(row) for row in _rows("counties")])
    points = {row["code6"]: row for row in _rows("gmina_points")}
    _bring(session, Gmina, [_gmina(row, points.get(row["code6"])) for row in _rows("gminas")])
    districts = [row for row in _rows("city_districts") if row["kind"] == "district"]
    _bring(session, WarsawDistrict, [_district(row) for row in districts])
    session.flush()


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


def _county(row: dict[str, str]) -> Row:
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


def _district(row: dict[str, str]) -> Row:
    return _named(row["code6"], row["name"]) | {"gmina_code": _WARSAW_GMINA}


def _bring(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    columns = table.__table__.c  # type: ignore[attr-defined]  # SQLModel does not type its table
    known = {row.code: row for row in session.execute(select(columns.code, columns.name, *_kind(columns)))}
    missing = [row for row in rows if row["code"] not in known]
    if missing:
        session.execute(insert(table), missing)
    for row in rows:
        found = known.get(row["code"])
        if found is not None and (found.name != row["name"] or getattr(found, "kind", None) != row.get("kind")):
            session.execute(update(table).where(columns.code == row["code"]).values(**row))


def _kind(columns: Any) -> list[Any]:
    return [columns.kind] if "kind" in columns else []

"""Gminas as tests need them, and the register TERC as GUS writes it."""

import csv
from collections.abc import Iterable
from pathlib import Path

from sqlmodel import Session

import partners.territory
from app.text import search_text, sort_key
from partners.territory.models import County, CountyKind, Gmina, GminaKind
from tests.factories.institutions import make_voivodeships
from tests.factories.rows import add

HEAD = "WOJ;POW;GMI;RODZ;NAZWA;NAZWA_DOD;STAN_NA"
_DATA = Path(partners.territory.__file__).parent / "data"
_DIGIT = {"urban": "1", "rural": "2", "urban_rural": "3"}


def make_gmina(session: Session, code: str = "080205", name: str = "Gubin", kind: str = "rural") -> Gmina:
    """Add a gmina, and the county around it if it is missing."""
    make_voivodeships(session)
    if session.get(County, code[:4]) is None:
        city = CountyKind.CITY_COUNTY if code[2] >= "6" and code[2:4] != "99" else CountyKind.COUNTY
        county = name if city is CountyKind.CITY_COUNTY else "krośnieński"
        place = {"voivodeship_code": code[:2], "sort_key": sort_key(county)}
        add(session, County, code=code[:4], name=county, kind=city, **place)
    return add(
        session,
        Gmina,
        code=code,
        name=name,
        kind=GminaKind(kind),
        county_code=code[:4],
        voivodeship_code=code[:2],
        sort_key=sort_key(name),
        search_text=search_text(name),
    )


def terc(lines: Iterable[str], day: str) -> str:
    """Write a file as GUS does: a mark of UTF-8, CRLF, an empty line at the end."""
    return "\ufeff" + "\r\n".join([HEAD, *(f"{line};{day}" for line in lines), ""]) + "\r\n"


def terc_2026() -> list[str]:
    """Give the lines of the whole register of 1 January 2026, out of the files of the portal."""
    lines = [f"{row['code']};;;;{row['name'].upper()};województwo" for row in _rows("voivodeships")]
    lines += [
        f"{row['code'][:2]};{row['code'][2:]};;;{row['name']};"
        + ("powiat" if row["kind"] == "county" else "miasto na prawach powiatu")
        for row in _rows("counties")
    ]
    lines += [_line(row["code6"], _DIGIT[row["kind"]], row["name"]) for row in _rows("gminas")]
    kinds = {"district": "8", "delegation": "9"}
    return lines + [_line(row["code6"], kinds[row["kind"]], row["name"]) for row in _rows("city_districts")]


def terc_2024() -> list[str]:
    """Give the same of 1 January 2024: what was published of the two years between, undone."""
    lines = terc_2026()
    for change in _rows("changes"):
        code, words = change["code6"], ";".join((change["code6"][:2], change["code6"][2:4], change["code6"][4:]))
        at = next(n for n, line in enumerate(lines) if line.startswith(f"{words};") and line.split(";")[3] in "123")
        digit, name = lines[at].split(";")[3:5]
        if change["kind"] == "new":
            del lines[at]
        elif change["kind"] == "renamed":
            lines[at] = _line(code, digit, change["before"])
        else:
            lines[at] = _line(code, _DIGIT[change["before"]], name)
    return lines


def _line(code: str, digit: str, name: str) -> str:
    return f"{code[:2]};{code[2:4]};{code[4:]};{digit};{name};słowa"


def _rows(name: str) -> list[dict[str, str]]:
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))

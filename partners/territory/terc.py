"""Read the register TERC as GUS publishes it, and compare it with what is known; no database."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from io import StringIO

from app.errors import Refusal
from app.text import N_
from partners.territory.models import CountyKind, GminaKind, TerritoryChangeKind

COLUMNS = ("WOJ", "POW", "GMI", "RODZ", "NAZWA", "NAZWA_DOD", "STAN_NA")
LOST_AT_MOST = 0.05
"""Share of the known gminas that one update may end: a file that lacks more has been cut off."""

_KINDS = {"1": GminaKind.URBAN, "2": GminaKind.RURAL, "3": GminaKind.URBAN_RURAL}
_PARTS = ("4", "5")  # town and rural area of an urban-rural gmina
_DISTRICT, _DELEGATION = "8", "9"
_NAME_MAX = 80


class NotTheRegister(Refusal):
    """A file that is not TERC."""

    message = N_("This is not the file TERC of GUS: its first line must be %(columns)s.")


class BadLine(Refusal):
    """A line of the file that cannot be read."""

    message = N_("Line %(line)d, column %(column)s: “%(value)s” does not fit. Nothing has been changed.")


class OlderState(Refusal):
    """A file older than what is known."""

    message = N_("The file shows the state of %(day)s, but the register stands at %(known)s already.")


class Incomplete(Refusal):
    """A file without many of the known gminas."""

    message = N_(
        "The file lacks %(missing)d of %(known)d known gminas, so it is not complete. Nothing has been changed."
    )


@dataclass(frozen=True, slots=True)
class Unit:
    """A gmina as one state of the register holds it."""

    code: str
    name: str
    kind: GminaKind

    @property
    def county_code(self) -> str:
        """The first four digits."""
        return self.code[:4]

    @property
    def voivodeship_code(self) -> str:
        """The first two digits."""
        return self.code[:2]


@dataclass(frozen=True, slots=True)
class Register:
    """One state of TERC: names by code; counties also with their kind."""

    day: date
    voivodeships: Mapping[str, str]
    counties: Mapping[str, tuple[str, CountyKind]]
    gminas: Mapping[str, Unit]
    districts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a gmina; *before* and *after* are names, kinds or codes."""

    code: str
    kind: TerritoryChangeKind
    name: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """What a newer state of the register changes."""

    day: date
    changes: tuple[Change, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    """Old codes of gminas that came into another county, with their new ones."""

    def of(self, kind: TerritoryChangeKind) -> tuple[Change, ...]:
        """Give the changes of one kind."""
        return tuple(one for one in self.changes if one.kind is kind)


def read(text: str) -> Register:
    """Read a file with the columns WOJ;POW;GMI;RODZ;NAZWA;NAZWA_DOD;STAN_NA. Raises NotTheRegister, BadLine."""
    lines = csv.reader(StringIO(text.removeprefix("\ufeff")), delimiter=";")
    if tuple(next(lines, ())) != COLUMNS:
        raise NotTheRegister(columns=";".join(COLUMNS))
    voivodeships: dict[str, str] = {}
    counties: dict[str, tuple[str, CountyKind]] = {}
    gminas: dict[str, Unit] = {}
    districts: dict[str, str] = {}
    day: date | None = None
    for number, row in _rows(lines):
        state = _day(number, row["STAN_NA"])
        if day not in (None, state):
            raise BadLine(line=number, column="STAN_NA", value=row["STAN_NA"])
        day = state
        code, kind, name = _code(number, row), row["RODZ"], row["NAZWA"].strip()
        if not name or len(name) > _NAME_MAX:
            raise BadLine(line=number, column="NAZWA", value=name[:_NAME_MAX])
        if len(code) == 2:
            _once(number, "WOJ", code, voivodeships)
            voivodeships[code] = name.lower()
        elif len(code) == 4:
            _once(number, "POW", code, counties)
            city = row["NAZWA_DOD"].startswith("miasto")
            counties[code] = (name, CountyKind.CITY_COUNTY if city else CountyKind.COUNTY)
        elif kind in _KINDS:
            _once(number, "GMI", code, gminas)
            gminas[code] = Unit(code, name, _KINDS[kind])
        elif kind == _DISTRICT:
            _once(number, "GMI", code, districts)
            districts[code] = name
        elif kind not in (*_PARTS, _DELEGATION):
            raise BadLine(line=number, column="RODZ", value=kind)
        elif kind in _PARTS and code not in gminas:
            raise BadLine(line=number, column="GMI", value=row["GMI"])
    if day is None or not gminas:
        raise NotTheRegister(columns=";".join(COLUMNS))
    _check_whole(voivodeships, counties, gminas)
    return Register(day, voivodeships, counties, gminas, districts)


def compare(known: Mapping[str, Unit], ended: Iterable[str], register: Register) -> Update:
    """Say what *register* changes about the *known* gminas; those in *ended* were known but exist no longer.

    An ended gmina and a new one of the same name and voivodeship, each the only one, are one gmina in another county:
    its code changes with the county. Raises Incomplete.
    """
    present = {code: unit for code, unit in known.items() if code not in set(ended)}
    if not present:
        return Update(register.day)
    lost = [unit for code, unit in present.items() if code not in register.gminas]
    if len(lost) > max(len(present) * LOST_AT_MOST, 1):
        raise Incomplete(missing=len(lost), known=len(present))
    fresh = [unit for code, unit in register.gminas.items() if code not in present]
    moved = _moved(lost, fresh)
    came_from = {new: old for old, new in moved.items()}
    changes = []
    for unit in sorted([*register.gminas.values(), *lost], key=lambda one: one.code):
        before, after = present.get(unit.code), register.gminas.get(unit.code)
        if after is None:
            changes.append(Change(unit.code, TerritoryChangeKind.ENDED, unit.name, unit.name, moved.get(unit.code, "")))
        elif before is None and unit.code in came_from:
            old = came_from[unit.code]
            changes.append(Change(unit.code, TerritoryChangeKind.COUNTY, unit.name, old, unit.code))
            if present[old].kind is not unit.kind:
                kinds = (present[old].kind.value, unit.kind.value)
                changes.append(Change(unit.code, TerritoryChangeKind.KIND, unit.name, *kinds))
        elif before is None:
            changes.append(Change(unit.code, TerritoryChangeKind.NEW, unit.name, "", unit.name))
        else:
            if before.name != after.name:
                changes.append(Change(unit.code, TerritoryChangeKind.RENAMED, after.name, before.name, after.name))
            if before.kind is not after.kind:
                kinds = (before.kind.value, after.kind.value)
                changes.append(Change(unit.code, TerritoryChangeKind.KIND, after.name, *kinds))
    return Update(register.day, tuple(changes), moved)


def _moved(lost: list[Unit], fresh: list[Unit]) -> dict[str, str]:
    def called(units: list[Unit], like: Unit) -> list[Unit]:
        return [one for one in units if (one.name, one.voivodeship_code) == (like.name, like.voivodeship_code)]

    return {
        unit.code: called(fresh, unit)[0].code
        for unit in lost
        if len(called(lost, unit)) == len(called(fresh, unit)) == 1
    }


def _rows(lines: Iterator[list[str]]) -> Iterator[tuple[int, dict[str, str]]]:
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue  # GUS ends the file with an empty line
        if len(cells) != len(COLUMNS):
            raise BadLine(line=number, column=COLUMNS[0], value=";".join(cells)[:_NAME_MAX])
        yield number, dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))


def _day(number: int, words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError as error:
        raise BadLine(line=number, column="STAN_NA", value=words) from error


def _code(number: int, row: Mapping[str, str]) -> str:
    parts = [row["WOJ"], row["POW"], row["GMI"]]
    for column, part in zip(COLUMNS, parts, strict=False):
        if part and not (len(part) == 2 and part.isascii() and part.isdigit()):
            raise BadLine(line=number, column=column, value=part)
    filled = [bool(part) for part in parts]
    if filled not in ([True, False, False], [True, True, False], [True, True, True]):
        raise BadLine(line=number, column="WOJ", value="".join(parts))
    if bool(row["RODZ"]) is not filled[2]:
        raise BadLine(line=number, column="RODZ", value=row["RODZ"])
    return "".join(parts)


def _once(number: int, column: str, code: str, known: Mapping[str, object]) -> None:
    if code in known:
        raise BadLine(line=number, column=column, value=code)


def _check_whole(
    voivodeships: Mapping[str, str], counties: Mapping[str, tuple[str, CountyKind]], gminas: Mapping[str, Unit]
) -> None:
    """Every gmina has its county and every county its voivodeship."""
    for code in (*counties, *gminas):
        if code[:2] not in voivodeships or code[:4] not in counties:
            raise NotTheRegister(
                N_("The file holds %(code)s but not the county or voivodeship around it, so it is not complete."),
                code=code,
            )

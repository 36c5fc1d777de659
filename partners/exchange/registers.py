"""The voivodes' public registers of shelters and of training flats, read as rows of institutions.

Each office draws its register as it likes: titles above the table, other headings, one row for each gmina that reports
the same place. So headings are known by their words, equal places are joined, and keys are made of name and town.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest
from typing import Any

from app.tables import Row
from app.text import N_, fold, slug
from partners.exchange import cells
from partners.exchange.cells import Known, KnownGmina
from partners.exchange.columns import Parsed
from partners.exchange.rules import Problem, Wrong
from partners.institutions.models import NAME_MAX, Kind, Status

HEADING_WITHIN = 40
FEWEST = 3
_ADDRESS = re.compile(
    r"^(?P<street>.*?)[,;\s]*(?:(?P<code>\d\d-\d\d\d)\s*(?P<town>[^,;\d]+?))\s*(?:[,;]\s*(?P<after>.*))?$", re.DOTALL
)
_NIGHT = ("noclegowni", "ogrzewalni")
_FLAT = ("mieszkanie", "mieszkania", "mieszkan")
_NUMBER = re.compile(r"\d+")
_IS_TOWN = ("urban", "urban_rural")


def _has(*words: str, none_of: Sequence[str] = ()) -> Callable[[str], bool]:
    """Whether a folded heading has all *words* (one of several, where they stand as a|b) and none of the others."""
    wanted = [word.split("|") for word in words]

    def fits(heading: str) -> bool:
        return all(any(one in heading for one in ways) for ways in wanted) and not any(
            one in heading for one in none_of
        )

    return fits


_OWNERS = ("podmiot", "gmin", "organ", "prowadz")
HEADINGS: Sequence[tuple[str, Callable[[str], bool]]] = (
    ("kind", _has("forma|typ|rodzaj", none_of=("organizacyjn", "prawn", "publiczn", "pomocy", "podmiot"))),
    ("places", _has("liczba miejsc|ilosc miejsc", none_of=("gmin", "zglasza"))),
    ("name", _has("nazwa", none_of=_OWNERS)),
    ("name", _has("nazwa placow|nazwa i adres placow|nazwa mieszk", none_of=("podmiot",))),
    ("operator", _has("podmiot", "prowadz|nazwa", none_of=("forma", "telefon", "kontakt", "zglasza"))),
    ("gmina", _has("gmin", none_of=("adres", "kontakt", "liczba", "porozum", "miejsc", "podmiot"))),
    ("address", _has("adres", none_of=(*_OWNERS, "mail", "siedzib", "adresac", "www", "internet"))),
    ("address", _has("adres placow|adres mieszk|lokalizacja", none_of=("podmiot",))),
    ("town", _has("miejscowosc", none_of=_OWNERS)),
    ("code", _has("kod", none_of=(*_OWNERS, "teryt"))),
    ("street", _has("ulica", none_of=_OWNERS)),
    ("phone", _has("telefon", none_of=("podmiot", "gmin"))),
    ("email", _has("mail", none_of=("podmiot", "gmin"))),
    ("audience", _has("adresac|dla kogo|przeznaczen|kategoria osob")),
)  # fmt: skip


@dataclass(slots=True)
class Place:
    """One shelter or flat with everything that its rows say of it."""

    line: int
    cells: dict[str, str]
    gminas: list[str] = field(default_factory=list)

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells it from others: name, town, street."""
        street, _code, town = address(self.cells)
        return fold(self.cells["name"]), fold(town), fold(street)


def institutions(rows: Iterable[Row], known: Known) -> Iterator[tuple[Parsed | None, list[Problem]]]:
    """Give each place of the register once, as the values of a card, with what is wrong about its row."""
    rows = iter(rows)
    begin = list(islice(rows, HEADING_WITHIN))
    found = next(_headings(begin), None)
    if found is None:
        message = N_("This does not look like a register of a voivode: no row has headings for name, form and address.")
        yield None, [Problem(begin[0].number if begin else 1, "", message)]
        return
    headings, used = found
    places = list(_places(chain(begin[used:], rows), headings))
    alike = Counter(place.identity[:2] for place in places)
    for place in places:
        try:
            yield Parsed(place.line, _values(place, known, alone=alike[place.identity[:2]] == 1)), []
        except Wrong as wrong:
            yield None, [Problem(place.line, "", wrong.message, wrong.params)]


def _headings(begin: Sequence[Row]) -> Iterator[tuple[dict[int, str], int]]:
    """Give what the columns are, and how many rows stand above the first place.

    Headings of two rows, the upper one merged over several cells, are read together.
    """
    for number, row in enumerate(begin, start=1):
        found, used = recognise(row), number
        below = begin[number] if number < len(begin) else None
        if below is not None and not any(character.isdigit() for cell in below.cells for character in cell):
            both = recognise(_joined(row, below))
            if len(both) > len(found):
                found, used = both, number + 1
        if {"name", "operator"} & set(found.values()) and len(found) >= FEWEST:
            yield found, used


def _joined(upper: Row, lower: Row) -> Row:
    heading, joined = "", []
    for above, below in zip_longest(upper.cells, lower.cells, fillvalue=""):
        heading = above or (heading if below else "")
        joined.append(f"{heading} {below}".strip())
    return Row(upper.number, tuple(joined))


def recognise(row: Row) -> dict[int, str]:
    """Tell which cell of a row of headings names what; the first fitting heading of each kind counts."""
    found: dict[int, str] = {}
    for index, cell in enumerate(row.cells):
        heading = fold(cell)
        for name, fits in HEADINGS:
            if heading and name not in found.values() and fits(heading):
                found[index] = name
                break
    return found


def address(values: Mapping[str, str]) -> tuple[str, str, str]:
    """Give street, postal code and town, out of columns of their own or out of "ul. Mostowa 1, 67-100 Nowa Sól"."""
    street, code, town = (values.get(name, "") for name in ("street", "code", "town"))
    whole = " ".join(values.get("address", "").split())
    found = _ADDRESS.match(whole)
    if found is None:
        return street or ("" if town else whole), code, town
    around = [part.strip(" ,;") for part in (found["street"], found["after"] or "") if part.strip(" ,;")]
    return street or ", ".join(around), code or found["code"], town or found["town"].strip()


def _places(rows: Iterable[Row], headings: Mapping[int, str]) -> Iterator[Place]:
    joined: dict[tuple[str, str, str], Place] = {}
    last: Place | None = None
    for row in rows:
        values = {name: row.cells[index] for index, name in headings.items() if index < len(row.cells)}
        gmina = values.pop("gmina", "")
        if _is_numbering(row):
            continue
        if not any(values.get(name) for name in ("name", "address", "operator", "town")):
            if last is not None and gmina:  # cells of the place are merged over the rows of several gminas
                last.gminas.append(gmina)
            continue
        if not values.get("name"):
            words = values.get("kind") or "mieszkanie"
            values["name"] = " – ".join(" ".join(part.split()) for part in (words, values.get("operator", "")) if part)
        place = Place(row.number, values)
        last = joined.setdefault(place.identity, place)
        if gmina:
            last.gminas.append(gmina)
    yield from joined.values()


def _is_numbering(row: Row) -> bool:
    filled = [cell for cell in row.cells if cell]
    return bool(filled) and all(cell.strip(".") == str(number) for number, cell in enumerate(filled, start=1))


def _values(place: Place, known: Known, *, alone: bool) -> dict[str, Any]:
    said = place.cells
    street, code, town = address(said)
    name = " ".join(said["name"].split())
    reported = [gmina for words in dict.fromkeys(place.gminas) for gmina in _gminas(known, words)]
    seat = _seat(known, town, reported)
    voivodeship = seat.voivodeship_code if seat else reported[0].voivodeship_code if reported else None
    kind_words = fold(f"{said.get('kind', '')} {name}")
    flat = any(word in kind_words.split() for word in _FLAT)
    service = "supported_housing" if flat else "shelter_ngo"
    key = slug(" ".join([name, "" if fold(town) in fold(name) else town, "" if alone else street]))
    facts = (
        ("Forma", said.get("kind", "")),
        ("Prowadzi", said.get("operator", "")),
        ("Liczba miejsc", said.get("places", "")),
        ("Dla kogo", said.get("audience", "")),
    )
    lines = [f"{label}: {' '.join(words.split())}" for label, words in facts if words]
    where = f" (woj. {known.voivodeships[voivodeship]})" if voivodeship else ""
    values: dict[str, Any] = {
        "slug": cells.key(key, known),
        "name": cells.line(NAME_MAX)(name, known),
        "kind": Kind.NIGHT_SHELTER if any(word in kind_words for word in _NIGHT) and not flat else Kind.SHELTER,
        "street": cells.line(120)(street, known),
        "postal_code": cells.postal_code(code, known),
        "post_town": cells.line(80)(town, known),
        "description": cells.text(cells.DESCRIPTION_MAX)("\n\n".join(lines), known),
        "voivodeship": voivodeship or "",
        "teryt": seat.code if seat else "",
        "territory": tuple(sorted({gmina.code for gmina in reported})),
        "status": Status.ACTIVE,
        "basis": f"publiczny rejestr wojewody{where}",
    }
    if service in known.service_ids:
        values["services"] = (service,)
    for name, read in (("phone", cells.phone), ("email", cells.mail)):
        if name in said:
            values[name] = _first(said[name], read, known)
    return values


def _first(words: str, read: cells.Read, known: Known) -> str:
    """Give the first of several numbers or addresses in a cell that can be one."""
    for part in (words, *re.split(r"[,;\n]|\s{2,}|\s/\s|\s(?=\S+@)", words)):
        try:
            if found := str(read(part.strip(), known)):
                return found
        except Wrong:
            continue
    return ""


def _gminas(known: Known, words: str) -> list[KnownGmina]:
    """Give the gmina that a cell names, if only one can be meant: "Gmina Miejska Nowa Sól", "Miasto Gorzów Wlkp."."""
    folded = fold(words)
    folded = re.sub(
        r"^(gmina|miasto i gmina|miasto|urzad miasta|urzad gminy)( (miejska|wiejska|miejsko wiejska))? ",
        "",
        f"{folded} ",
    ).strip()
    found = known.gminas_called.get(folded, ())
    if len(found) > 1:
        rural = "wiejska" in fold(words) and "miejsko" not in fold(words)
        kinds = ("rural",) if rural else _IS_TOWN if "miejsk" in fold(words) or "miasto" in fold(words) else ()
        found = tuple(one for one in found if one.kind in kinds) or found
    return list(found) if len(found) == 1 else []


def _seat(known: Known, town: str, reported: Sequence[KnownGmina]) -> KnownGmina | None:
    """Give the gmina in which the place lies: a town of this name, in the voivodeship of those that report it."""
    found = [one for one in known.gminas_called.get(fold(town), ()) if one.kind in _IS_TOWN]
    near = [one for one in found if one.voivodeship_code in {gmina.voivodeship_code for gmina in reported}]
    chosen = near or ([] if reported else found)
    return chosen[0] if len(chosen) == 1 else None

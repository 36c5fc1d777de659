"""Cells of the tables: the words in them, how each is read into a value, how a value is written."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.text import N_, clean, fold, holds_pesel
from partners.agreements.models import AgreementKind, AgreementState
from partners.exchange.rules import Wrong
from partners.institutions.models import NAME_MAX, Kind, Status
from partners.institutions.reach import without_covered

KIND_WORD: Mapping[Kind, str] = {
    Kind.PRISON: "zakład karny",
    Kind.REMAND_PRISON: "areszt śledczy",
    Kind.EXTERNAL_UNIT: "oddział zewnętrzny",
    Kind.OPS: "OPS",
    Kind.MOPS: "MOPS",
    Kind.GOPS: "GOPS",
    Kind.MGOPS: "MGOPS",
    Kind.MOPR: "MOPR",
    Kind.GCPR: "GCPR",
    Kind.CUS: "CUS",
    Kind.PCPR: "PCPR",
    Kind.ROPS: "ROPS",
    Kind.PUP: "PUP",
    Kind.VOIVODESHIP_OFFICE: "urząd wojewódzki",
    Kind.DISTRICT_INSPECTORATE: "okręgowy inspektorat",
    Kind.PROBATION_SERVICE: "kuratorska służba sądowa",
    Kind.TERRITORIAL_COUNCIL: "rada terenowa",
    Kind.NGO: "organizacja pozarządowa",
    Kind.CHURCH: "kościół lub związek wyznaniowy",
    Kind.CIS: "CIS",
    Kind.KIS: "KIS",
    Kind.SOCIAL_COOPERATIVE: "spółdzielnia socjalna",
    Kind.SHELTER: "schronisko",
    Kind.NIGHT_SHELTER: "noclegownia",
    Kind.CRISIS_CENTRE: "ośrodek interwencji kryzysowej",
    Kind.DISABILITY_BOARD: "zespół do spraw orzekania",
    Kind.EMPLOYER: "pracodawca",
}
FEATURE_WORD: Mapping[str, str] = {
    "closed": "zamknięty",
    "half_open": "półotwarty",
    "open": "otwarty",
    "therapeutic_unit": "oddział terapeutyczny",
    "halfway_house": "dom przejściowy",
}
STATUS_WORD: Mapping[Status, str] = {
    Status.ACTIVE: "aktywna",
    Status.UNCONFIRMED: "niepotwierdzona",
    Status.ARCHIVED: "archiwalna",
}
AGREEMENT_KIND_WORD: Mapping[AgreementKind, str] = {
    AgreementKind.AGREEMENT: "porozumienie",
    AgreementKind.LETTER_OF_INTENT: "list intencyjny",
    AgreementKind.AMENDMENT: "aneks",
}
# What is being prepared belongs to its parties: no table speaks of it.
AGREEMENT_STATE_WORD: Mapping[AgreementState, str] = {
    AgreementState.IN_FORCE: "obowiązuje",
    AgreementState.EXPIRED: "wygasło",
    AgreementState.TERMINATED: "rozwiązane",
    AgreementState.SUPERSEDED: "zastąpione",
    AgreementState.SOURCE_ONLY: "ze źródła",
}
SEPARATOR = " | "
DESCRIPTION_MAX = 8000
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s,;<>()\"]{2,}")
_PHONE = re.compile(r"[-+0-9 ()/.,;a-zżźćńółęąś]{3,40}", re.IGNORECASE)
_AGREEMENT_NUMBER = re.compile(r"P-\d\d-\d{3,6}")
_CLAUSE = re.compile(r"(?P<key>[^:=]+?)\s*(?:[:=]\s*(?P<months>\d{1,2}))?")
_POSTAL = re.compile(r"\d\d-\d\d\d")
_WEB = re.compile(r"https?://[^\s/?#]+\.[^\s/?#]+\S*", re.IGNORECASE)
_KIND_OF = {fold(word): kind for kind, word in KIND_WORD.items()} | {fold(kind.value): kind for kind in Kind}
_FEATURE_OF = {fold(word): key for key, word in FEATURE_WORD.items()} | {fold(key): key for key in FEATURE_WORD}
_STATUS_OF = {fold(word): status for status, word in STATUS_WORD.items()} | {one.value: one for one in STATUS_WORD}


@dataclass(frozen=True, slots=True)
class KnownGmina:
    """A gmina as cells may name it."""

    code: str
    name: str
    county: str
    voivodeship_code: str
    kind: str


@dataclass(frozen=True, slots=True)
class Known:
    """What cells may refer to: the territory by code and by folded name, services and kinds of clauses by both."""

    gminas: Mapping[str, KnownGmina] = field(default_factory=dict)
    gminas_called: Mapping[str, tuple[KnownGmina, ...]] = field(default_factory=dict)
    counties: Mapping[str, str] = field(default_factory=dict)
    voivodeships: Mapping[str, str] = field(default_factory=dict)
    voivodeships_called: Mapping[str, str] = field(default_factory=dict)
    districts: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    service_ids: Mapping[str, int] = field(default_factory=dict)
    service_names: Mapping[str, str] = field(default_factory=dict)
    clauses: Mapping[str, str] = field(default_factory=dict)
    clause_ids: Mapping[str, int] = field(default_factory=dict)
    today: date = date.min

    def is_territory(self, code: str) -> bool:
        """Whether *code* is a voivodeship, county, gmina or district."""
        return code in self.gminas or code in self.counties or code in self.voivodeships or code in self.districts


Read = Callable[[str, Known], Any]


def line(longest: int) -> Read:
    """Read one line of text of at most so many characters."""

    def read(cell: str, _known: Known) -> str:
        return _checked(" ".join(clean(cell).split()), longest)

    return read


def text(longest: int) -> Read:
    """Read several lines of text."""

    def read(cell: str, _known: Known) -> str:
        return _checked(clean(cell).strip(), longest)

    return read


def key(cell: str, _known: Known) -> str:
    """Read the key of an institution: the last part of its address."""
    if len(cell) > 60 or not _KEY.fullmatch(cell):
        raise Wrong(N_("A key has small letters, digits and hyphens, at most 60, for example mops-nowa-sol."))
    return cell


def optional_key(cell: str, known: Known) -> str:
    """Read a key or nothing."""
    return key(cell, known) if cell else ""


def keys(cell: str, known: Known) -> tuple[str, ...]:
    """Read keys of several institutions."""
    return tuple(dict.fromkeys(key(one, known) for one in split(cell)))


def kind(cell: str, _known: Known) -> Kind:
    """Read a kind by its Polish word or its code."""
    found = _KIND_OF.get(fold(cell))
    if found is None:
        raise Wrong(
            N_("“%(value)s” is no kind that Kładka knows. The page of imports lists the kinds."), value=cell[:60]
        )
    return found


def kinds(cell: str, known: Known) -> tuple[Kind, ...]:
    """Read several kinds."""
    return tuple(sorted({kind(one, known) for one in split(cell)}))


def features(cell: str, _known: Known) -> tuple[str, ...]:
    """Read features of a prison unit."""
    found = {_FEATURE_OF.get(fold(one)) for one in split(cell)}
    if None in found:
        raise Wrong(N_("Give features out of these: %(words)s."), words=", ".join(FEATURE_WORD.values()))
    return tuple(sorted(one for one in found if one))


def status(cell: str, _known: Known) -> Status | None:
    """Read the state of a card; an empty cell says nothing."""
    if not cell:
        return None
    found = _STATUS_OF.get(fold(cell))
    if found is None:
        raise Wrong(N_("Write one of: %(words)s."), words=", ".join(STATUS_WORD.values()))
    return found


def names(cell: str, known: Known) -> tuple[str, ...]:
    """Read several names, separated by a vertical bar."""
    return tuple(sorted({line(NAME_MAX)(one, known) for one in split(cell)}))


def mail(cell: str, _known: Known) -> str:
    """Read a mail address."""
    if cell and (len(cell) > 254 or not _MAIL.fullmatch(cell)):
        raise Wrong(N_("Give one e-mail address, for example sekretariat@mops.example."))
    return cell


def phone(cell: str, _known: Known) -> str:
    """Read a telephone number as people write it."""
    words = _checked(" ".join(cell.split()), 40)
    if words and not (_PHONE.fullmatch(words) and any(character.isdigit() for character in words)):
        raise Wrong(N_("Give one telephone number, for example 68 000 00 40."))
    return words


def web(cell: str, _known: Known) -> str:
    """Read the address of a website; "www." gets its beginning."""
    words = f"https://{cell}" if cell[:4].casefold() == "www." else cell
    if words and (len(words) > 200 or not _WEB.fullmatch(words)):
        raise Wrong(N_("Give an address that begins with https://."))
    return words


def postal_code(cell: str, _known: Known) -> str:
    """Read a postal code; a spreadsheet may have eaten its hyphen and its first zero."""
    code = cell
    if cell.isdigit() and cell.isascii() and 3 <= len(cell) <= 5:
        code = f"{cell:0>5}"[:2] + "-" + f"{cell:0>5}"[2:]
    if code and not _POSTAL.fullmatch(code):
        raise Wrong(N_("Write the postal code as 67-100."))
    return code


def day(cell: str, _known: Known) -> date | None:
    """Read a date."""
    if not cell:
        return None
    for pattern in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            found = datetime.strptime(cell, pattern).date()  # noqa: DTZ007 - a date, not an instant
        except ValueError:
            continue
        if 1900 <= found.year <= 2100:
            return found
    raise Wrong(N_("Write the day as 2026-11-23 or 23.11.2026."))


def past_day(cell: str, known: Known) -> date | None:
    """Read a day on which something was checked: not after today."""
    found = day(cell, known)
    if found is not None and found > known.today:
        raise Wrong(N_("This day has not come yet."))
    return found


def territories(cell: str, known: Known) -> tuple[str, ...]:
    """Read TERYT codes of territories: 2 digits a voivodeship, 4 a county, 6 (or 7 with the kind) a gmina."""
    found = set[str]()
    for one in split(cell.replace(",", "|").replace(" ", "|")):
        code = one[:6] if len(one) == 7 else f"{one:0>{len(one) + len(one) % 2}}"
        if not known.is_territory(code):
            raise Wrong(N_("“%(value)s” is no TERYT code of a voivodeship, county, gmina or district."), value=one[:20])
        found.add(code)
    return tuple(sorted(without_covered(found)))  # as the card keeps it


def teryt(cell: str, known: Known) -> str:
    """Read the code of a gmina or Warsaw district; a spreadsheet may have eaten its first zero."""
    if not cell:
        return ""
    code = cell
    if cell.isascii() and cell.isdigit():
        code = f"0{cell}" if len(cell) == 5 or (len(cell) == 6 and not known.is_territory(cell)) else cell
        code = code[:6]
    if code not in known.gminas and code not in known.districts:
        raise Wrong(N_("“%(value)s” is no TERYT code of a gmina or district, such as 080401."), value=cell[:20])
    return code


def voivodeship(cell: str, known: Known) -> str:
    """Read a voivodeship by name or code."""
    if not cell:
        return ""
    found = known.voivodeships_called.get(fold(cell).removeprefix("wojewodztwo ").removeprefix("woj "))
    code = found or (f"{cell:0>2}" if f"{cell:0>2}" in known.voivodeships else None)
    if code is None:
        raise Wrong(N_("“%(value)s” is no voivodeship."), value=cell[:60])
    return code


def service(cell: str, known: Known) -> str:
    """Read a service of the catalogue by its key or its Polish name."""
    found = known.services.get(fold(cell))
    if found is None:
        raise Wrong(N_("“%(value)s” does not stand in the catalogue of services."), value=cell[:60])
    return found


def services(cell: str, known: Known) -> tuple[str, ...]:
    """Read several services."""
    return tuple(sorted({service(one, known) for one in split(cell)}))


def agreement_number(cell: str, _known: Known) -> str:
    """Read the number of an agreement."""
    if len(cell) > 12 or not _AGREEMENT_NUMBER.fullmatch(cell):
        raise Wrong(N_("Write the number as P-08-007: the voivodeship, then a running number."))
    return cell


def one_of(words: Mapping[Any, str]) -> Read:
    """Read one of *words* (value → Polish word), or its code."""
    known_words = {fold(word): value for value, word in words.items()} | {fold(str(value)): value for value in words}

    def read(cell: str, _known: Known) -> Any:
        found = known_words.get(fold(cell))
        if found is None:
            raise Wrong(N_("Write one of: %(words)s."), words=", ".join(words.values()))
        return found

    return read


def clauses(cell: str, known: Known) -> tuple[tuple[str, int | None], ...]:
    """Read kinds of clauses, each with its months where it has any: "duty_hours | notice_release_date: 3"."""
    found: dict[str, int | None] = {}
    for one in split(cell):
        parts = _CLAUSE.fullmatch(one)
        name = known.clauses.get(fold(parts["key"])) if parts else None
        if parts is None or name is None:
            raise Wrong(N_("“%(value)s” is no kind of clause. Write its key, such as duty_hours."), value=one[:60])
        found[name] = int(parts["months"]) if parts["months"] else None
    return tuple(sorted(found.items()))


def split(cell: str) -> list[str]:
    """Give the parts of a cell that holds several values."""
    return [" ".join(part.split()) for part in re.split(r"[|\n]", cell) if part.strip()]


def written(value: Any) -> str:
    """Write a value as a cell holds it."""
    if value is None:
        return ""
    if isinstance(value, Kind):
        return KIND_WORD[value]
    if isinstance(value, Status):
        return STATUS_WORD.get(value, value.value)
    if isinstance(value, AgreementKind):
        return AGREEMENT_KIND_WORD[value]
    if isinstance(value, AgreementState):
        return AGREEMENT_STATE_WORD.get(value, value.value)
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return SEPARATOR.join(key if months is None else f"{key}: {months}" for key, months in value)
    if isinstance(value, tuple):
        return SEPARATOR.join(FEATURE_WORD.get(one, written(one)) for one in value)
    return str(value)


def same(present: Any, value: Any) -> bool:
    """Whether two values say the same: spreadsheets and forms change spaces and line ends."""
    if isinstance(present, str) and isinstance(value, str):
        return present.split() == value.split()
    return bool(present == value)


def _checked(words: str, longest: int) -> str:
    if len(words) > longest:
        raise Wrong(N_("Shorten this to %(limit)d characters."), limit=longest)
    if holds_pesel(words):
        raise Wrong(
            N_(
                "This looks like a PESEL number. Do not enter data of persons deprived of liberty: "
                "give a number of persons and a topic."
            )
        )
    return words

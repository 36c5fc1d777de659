"""Columns of the tables: their Polish names, what they mean, which reader they have; rows read through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.tables import Row
from app.text import N_, fold
from partners.agreements.models import SUBJECT_MAX
from partners.exchange import cells
from partners.exchange.cells import Known, Read
from partners.exchange.rules import Problem, Wrong
from partners.institutions.models import NAME_MAX, SHORT_NAME_MAX


@dataclass(frozen=True, slots=True)
class Column:
    """A column: *name* as the file calls it, *field* as the code does, *meaning* a msgid for the description.

    *also* are further names; a column without *read* is written by exports and passed over by imports. An *is_key*
    column must be there, and a *required* one must be filled where it is.
    """

    name: str
    field: str
    meaning: str
    read: Read | None = None
    required: bool = False
    is_key: bool = False
    also: tuple[str, ...] = ()
    example: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Under which folded names a file may have it."""
        return tuple(fold(name) for name in (self.name, *self.also))


@dataclass(frozen=True, slots=True)
class Parsed:
    """The values of one row by field; only the columns that the file has."""

    line: int
    values: dict[str, Any]


def recognise(head: Row, columns: Sequence[Column]) -> tuple[list[Column | None], list[Problem]]:
    """Tell which column stands where; an unknown, doubled or missing one is a problem of the first row.

    None marks a place to pass over: an empty heading, or a column that exports write only.
    """
    known = {name: column for column in columns for name in column.names}
    problems = []
    places: list[Column | None] = []
    seen = set[str]()
    for heading in head.cells:
        column = known.get(fold(heading))
        if heading and column is None:
            problems.append(
                Problem(
                    head.number,
                    heading[:60],
                    N_("Kładka knows no such column. Remove it, or take its name from the template."),
                )
            )
        if column is not None and column.field in seen:
            problems.append(Problem(head.number, heading[:60], N_("This column stands here twice.")))
        if column is not None:
            seen.add(column.field)
        places.append(column if column is not None and column.read is not None else None)
    missing = [column for column in columns if column.is_key and column.field not in seen]
    problems += [Problem(head.number, column.name, N_("This column is missing.")) for column in missing]
    return places, problems


def parse(row: Row, places: Sequence[Column | None], known: Known) -> tuple[Parsed, list[Problem]]:
    """Read the cells of *row*; what cannot be read is a problem and not among the values."""
    values: dict[str, Any] = {}
    problems = []
    for index, column in enumerate(places):
        if column is None or column.read is None:
            continue
        cell = row.cells[index] if index < len(row.cells) else ""
        if not cell and column.required:
            problems.append(Problem(row.number, column.name, N_("This cell must not be empty.")))
            continue
        try:
            values[column.field] = column.read(cell, known)
        except Wrong as wrong:
            problems.append(Problem(row.number, column.name, wrong.message, wrong.params))
    return Parsed(row.number, values), problems


INSTITUTION_COLUMNS: Sequence[Column] = (
    Column(
        "klucz",
        "slug",
        N_("The last part of the card’s address. It never changes; rows are recognised by it."),
        cells.key,
        required=True,
        is_key=True,
        also=("key", "slug"),
        example="ops-przykladowo",
    ),
    Column(
        "nazwa",
        "name",
        N_("Full name."),
        cells.line(NAME_MAX),
        required=True,
        example="Ośrodek Pomocy Społecznej w Przykładowie",
    ),
    Column(
        "nazwa skrócona",
        "short_name",
        N_("Name for lists and headings."),
        cells.line(SHORT_NAME_MAX),
        also=("skrót",),
        example="OPS Przykładowo",
    ),
    Column("rodzaj", "kind", N_("Kind, in a word out of the list of kinds."), cells.kind, required=True, example="OPS"),
    Column(
        "inne nazwy",
        "aliases",
        N_("Other names, separated by a vertical bar."),
        cells.names,
        example="Ośrodek przy moście | GOPS Przykładowo",
    ),
    Column(
        "działa też jako", "acts_as", N_("Further kinds whose tasks it has, separated by a vertical bar."), cells.kinds
    ),
    Column(
        "teryt",
        "teryt",
        N_("Code of the gmina or Warsaw district of the seat: 6 digits, or 7 with the kind of gmina."),
        cells.teryt,
        also=("kod teryt", "terc"),
        example="080401",
    ),
    Column(
        "gmina",
        "gmina",
        N_("Name of the gmina; read only where the code is missing."),
        cells.line(80),
        example="Nowa Sól",
    ),
    Column(
        "powiat", "county", N_("County, where several gminas have the same name."), cells.line(80), example="nowosolski"
    ),
    Column(
        "województwo",
        "voivodeship",
        N_("Voivodeship; needed only where there is no gmina."),
        cells.voivodeship,
        example="lubuskie",
    ),
    Column("ulica", "street", N_("Street and number."), cells.line(120), example="Mostowa 1"),
    Column("kod pocztowy", "postal_code", N_("Postal code."), cells.postal_code, example="67-100"),
    Column("poczta", "post_town", N_("Town of the post office."), cells.line(80), example="Nowa Sól"),
    Column("miejscowość", "locality", N_("Town or village, where it is not that of the post office."), cells.line(80)),
    Column(
        "telefon",
        "phone",
        N_("One public telephone number."),
        cells.phone,
        also=("nr telefonu",),
        example="68 000 00 00",
    ),
    Column(
        "e-mail",
        "email",
        N_("One public address of the office, not of a person."),
        cells.mail,
        also=("email", "adres e-mail"),
        example="ops@przykladowo.example",
    ),
    Column(
        "strona",
        "website",
        N_("Website."),
        cells.web,
        also=("www", "strona www", "strona internetowa"),
        example="https://ops.przykladowo.example",
    ),
    Column("godziny", "hours", N_("Opening hours in words."), cells.line(200), example="pon.–pt. 7.30–15.30"),
    Column("opis", "description", N_("Description in Markdown."), cells.text(cells.DESCRIPTION_MAX)),
    Column("cechy", "features", N_("Features of a prison unit, separated by a vertical bar."), cells.features),
    Column("jednostka nadrzędna", "parent", N_("Key of the institution that it is a part of."), cells.optional_key),
    Column(
        "obsługiwane obszary",
        "territory",
        N_("TERYT codes of the territories that it serves, separated by a vertical bar."),
        cells.territories,
        example="080401",
    ),
    Column(
        "usługi",
        "services",
        N_("Services of the catalogue that are added if missing; none is taken away."),
        cells.services,
    ),
    Column("okręg", "inspectorate", N_("District inspectorate of a prison unit."), cells.line(60)),
    Column("działa od", "valid_from", N_("First day."), cells.day),
    Column("działa do", "valid_to", N_("Last day."), cells.day),
    Column("status", "status", N_("aktywna, niepotwierdzona or archiwalna; a new one is active."), cells.status),
    Column(
        "źródło",
        "basis",
        N_("Public source of these data."),
        cells.line(300),
        example="strona internetowa ośrodka, 2026-11-23",
    ),
    Column(
        "potwierdzono dnia", "confirmed_on", N_("When its own people last confirmed the card; written by exports only.")
    ),
    Column(
        "dane przykładowe", "synthetic", N_("“tak” marks invented entries of a demonstration; written by exports only.")
    ),
    Column("adres karty", "url", N_("Address of the card in Kładka; written by exports only.")),
)
SERVICE_COLUMNS: Sequence[Column] = (
    Column(
        "klucz instytucji",
        "slug",
        N_("Key of the institution."),
        cells.key,
        required=True,
        is_key=True,
        also=("klucz", "instytucja"),
        example="ops-przykladowo",
    ),
    Column(
        "usługa",
        "service",
        N_("Key or Polish name of a service of the catalogue."),
        cells.service,
        required=True,
        is_key=True,
        example="social_work",
    ),
    Column("nazwa usługi", "service_name", N_("Name of the service; written by exports only.")),
    Column("nazwa instytucji", "name", N_("Name of the institution; written by exports only.")),
    Column(
        "dla kogo", "audience", N_("For whom."), cells.line(300), example="mieszkańcy gminy, także przed zwolnieniem"
    ),
    Column(
        "jak się zgłosić", "how_to_apply", N_("How to apply."), cells.line(500), example="osobiście albo telefonicznie"
    ),
    Column("co zabrać", "what_to_bring", N_("What to bring."), cells.line(300), example="dokument tożsamości"),
    Column("godziny", "hours", N_("Hours in words."), cells.line(200), example="pon. 9.00–17.00"),
    Column("telefon", "phone", N_("Telephone for this service."), cells.phone, example="68 000 00 00"),
    Column("uwagi", "note", N_("Note."), cells.line(300)),
    Column(
        "obszar",
        "territory",
        N_("TERYT codes where the offer holds; empty: wherever the institution serves."),
        cells.territories,
    ),
    Column(
        "sprawdzono dnia",
        "checked_on",
        N_("Day on which these data were last checked."),
        cells.past_day,
        example="2026-11-20",
    ),
    Column("źródło", "basis", N_("Public source of these data."), cells.line(300)),
    Column(
        "dane przykładowe", "synthetic", N_("“tak” marks invented entries of a demonstration; written by exports only.")
    ),
)
AGREEMENT_COLUMNS: Sequence[Column] = (
    Column(
        "numer",
        "number",
        N_("Number in the register: the voivodeship and a running number."),
        cells.agreement_number,
        required=True,
        is_key=True,
        example="P-08-101",
    ),
    Column(
        "rodzaj",
        "kind",
        N_("porozumienie, list intencyjny or aneks."),
        cells.one_of(cells.AGREEMENT_KIND_WORD),
        required=True,
        example="porozumienie",
    ),
    Column(
        "stan",
        "state",
        N_("obowiązuje, wygasło, rozwiązane, zastąpione or ze źródła."),
        cells.one_of(cells.AGREEMENT_STATE_WORD),
        required=True,
        example="obowiązuje",
    ),
    Column(
        "strony",
        "parties",
        N_("Keys of the parties, separated by a vertical bar, in the order of the document."),
        cells.keys,
        required=True,
        example="zk-przykladowo | ops-przykladowo",
    ),
    Column("nazwy stron", "party_names", N_("Names of the parties; written by exports only.")),
    Column(
        "przedmiot",
        "subject",
        N_("Subject in one sentence."),
        cells.line(SUBJECT_MAX),
        example="współpraca przy przygotowaniu do zwolnienia",
    ),
    Column(
        "klauzule",
        "clauses",
        N_("Keys of the clauses, separated by a vertical bar; months after a colon. Not written by exports."),
        cells.clauses,
    ),
    Column("podpisano dnia", "signed_on", N_("Day of the signature."), cells.past_day, example="2026-05-04"),
    Column(
        "uwaga o podpisaniu", "signed_note", N_("What is known of the signature when the day is not."), cells.line(200)
    ),
    Column("obowiązuje od", "valid_from", N_("First day."), cells.day),
    Column("obowiązuje do", "valid_to", N_("Last day."), cells.day),
    Column("planowane", "planned", N_("What the parties plan, in Markdown."), cells.text(cells.DESCRIPTION_MAX)),
    Column("uwagi", "note", N_("Note."), cells.text(cells.DESCRIPTION_MAX)),
    Column("źródło", "basis", N_("Public source of these data."), cells.line(300)),
    Column(
        "dane przykładowe", "synthetic", N_("“tak” marks invented entries of a demonstration; written by exports only.")
    ),
    Column("adres", "url", N_("Address in Kładka; written by exports only.")),
)

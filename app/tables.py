"""Tables in files: CSV and XLSX as Polish offices open and save them, written row by row, read with row numbers."""

import csv
import importlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any, Final

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from app.errors import Refusal
from app.text import N_, clean

# No instants: who writes them says in whose time.
Cell = str | int | float | Decimal | date | None

CSV_TYPE: Final = "text/csv"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_MAX: Final = 100_000
COLUMNS_MAX: Final = 200
UNPACKED_MAX: Final = 100 * 2**20
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_DELIMITERS: Final = (";", ",", "\t")
_ZIP, _OLD_EXCEL, _UTF16 = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", (b"\xff\xfe", b"\xfe\xff")
_CELL_MAX: Final = 32_767
_NARROWEST, _WIDEST = 10, 60
_CELL: Final = re.compile(rb"<(?:[^\s<>:/]*:)?(row|c)(?=[\s/>])([^<>]*)(>?)")
_PLACE: Final = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,4})([0-9]{1,9})["']""")


class Unreadable(Refusal):
    """A file that is no table, or one that nobody could have meant."""

    message = N_("This file cannot be read as a table. Save it as CSV or XLSX and send it again.")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as a spreadsheet numbers it, from 1; the cells are text, stripped."""

    number: int
    cells: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether no cell holds anything."""
        return not any(self.cells)


def write_csv(stream: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write UTF-8 with BOM, semicolons, CRLF, decimal commas: Polish Excel opens it by a double click.

    A text that a spreadsheet would take for a formula gets an apostrophe in front; read() takes it away again.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([_as_text(cell) for cell in header])
    writer.writerows([_as_text(cell) for cell in row] for row in rows)
    text.flush()
    text.detach()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: its name, its header, its rows."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def write_xlsx(stream: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Cell]], title: str) -> None:
    """Write one sheet called *title* with a frozen header and fitting widths; no text ever becomes a formula.

    Rows go to a temporary file as they come, so memory does not grow with their number.
    """
    _write_sheets(stream, [Sheet(title, header, rows)], constant_memory=True)


def write_book(stream: IO[bytes], sheets: Iterable[Sheet], made: datetime) -> None:
    """Write several sheets as write_xlsx does, in memory; *made* is the time that the file carries.

    The same sheets and time give the same bytes.
    """
    _write_sheets(stream, sheets, in_memory=True, made=made)


def _write_sheets(stream: IO[bytes], sheets: Iterable[Sheet], made: datetime | None = None, **ways: bool) -> None:
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
        **ways,
    }
    # Loaded at the first file: forty modules, a fiftieth of the start, for what few processes ever write.
    xlsxwriter: Any = importlib.import_module("xlsxwriter")
    with xlsxwriter.Workbook(stream, options) as book:
        if made is not None:
            book.set_properties({"created": made.astimezone(UTC).replace(tzinfo=None)})
        bold = book.add_format({"bold": True})
        for one in sheets:
            _write_sheet(book.add_worksheet(one.title[:31]), one, bold)


def _write_sheet(sheet: Any, wanted: Sheet, bold: Any) -> None:
    widths = [max(len(name) + 2, _NARROWEST) for name in wanted.header]
    for column, name in enumerate(wanted.header):
        sheet.write_string(0, column, name, bold)
    for number, row in enumerate(wanted.rows, start=1):
        for column, cell in enumerate(row):
            _write_cell(sheet, number, column, cell)
            widths[column] = max(widths[column], min(len(str(cell or "")) + 2, _WIDEST))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)


def read(body: bytes) -> Iterator[Row]:
    """Give the rows of a CSV (UTF-8, UTF-16 or Windows-1250; semicolon, comma or tab) or of an XLSX's first sheet.

    Empty rows are left out but counted. Numbers lose what Excel adds ("65001.0"), dates become 2026-11-22, yes and no
    "tak" and "nie". Raises Unreadable, also in the middle.
    """
    if not body.strip():
        raise Unreadable(N_("This file is empty."))
    if body.startswith(_OLD_EXCEL):
        raise Unreadable(
            N_("This is a file of an old Excel or one with a password. Save it as XLSX without a password.")
        )
    found = _sheet(body) if body.startswith(_ZIP) else _csv(body)
    for row in found:
        if row.number > ROWS_MAX:
            raise Unreadable(N_("This table has more than %(limit)d rows. Split it."), limit=ROWS_MAX)
        if len(row.cells) > COLUMNS_MAX:
            raise Unreadable(N_("This table has more than %(limit)d columns."), limit=COLUMNS_MAX)
        if not row.empty:
            yield row


def _as_text(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA) else cell
    if isinstance(cell, (float, Decimal)):
        return str(cell).replace(".", ",")
    return "" if cell is None else str(cell)


def _write_cell(sheet: Any, row: int, column: int, cell: Cell) -> None:
    if isinstance(cell, str):
        if cell:
            sheet.write_string(row, column, cell[:_CELL_MAX])
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell)
    elif cell is not None:
        sheet.write_number(row, column, cell)


def _csv(body: bytes) -> Iterator[Row]:
    text = _decoded(body)
    if "\x00" in text:
        raise Unreadable
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=lambda one: _columns(first, one))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            yield Row(number, tuple(_plain(cell) for cell in cells))
    except csv.Error as error:
        raise Unreadable from error


def _columns(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return 0


def _decoded(body: bytes) -> str:
    for encoding in ("utf-16",) if body.startswith(_UTF16) else ("utf-8-sig", "cp1250"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable


def _plain(cell: str) -> str:
    words = clean(cell).strip()
    return words[1:] if words[:1] == "'" and words[1:2] in _FORMULA and words[1:] else words


def _sheet(body: bytes) -> Iterator[Row]:
    _check_unpacked(body)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(body)) as book:
            names = [
                one.name
                for one in book.sheets_metadata
                if one.typ == SheetTypeEnum.WorkSheet and one.visible == SheetVisibleEnum.Visible
            ]
            if not names:
                raise Unreadable
            sheet = book.get_sheet_by_name(names[0])
            if sheet.total_height > ROWS_MAX:
                raise Unreadable(N_("This table has more than %(limit)d rows. Split it."), limit=ROWS_MAX)
            # Rows come from the first on, columns only from the first that is filled.
            before = ("",) * (sheet.start or (0, 0))[1]
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                yield Row(number, (*before, *(_worded(cell) for cell in cells)))
    except CalamineError as error:
        raise Unreadable from error


def _check_unpacked(body: bytes) -> None:
    """Unpack once and count: a small file may hold gigabytes of nothing (zip bomb), or a cell at the end of its sheet.

    Calamine holds every place from the first filled cell to the last one: a cell in XFD1048576 would end the process.
    """
    size = 0
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names or names & {"content.xml", "xl/workbook.bin"}:
                raise Unreadable
            for entry in archive.infolist():
                parts = []
                with archive.open(entry) as packed:
                    while part := packed.read(2**20):
                        size += len(part)
                        if size > UNPACKED_MAX:
                            raise Unreadable
                        parts.append(part)
                _check_extent(b"".join(parts))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, zlib.error) as error:
        raise Unreadable from error


def _check_extent(part: bytes) -> None:
    """Refuse a sheet whose filled cells reach beyond what a table may hold; empty ones with a style do not count."""
    if b"sheetData" not in part:
        return
    if b"<!" in part:  # no office program writes comments or declarations there: they could hide a cell
        raise Unreadable
    row = column = 0
    for found in _CELL.finditer(part):
        tag, attributes, end = found.groups()
        if not end or attributes.count(b'"') % 2 or attributes.count(b"'") % 2:
            raise Unreadable  # a bracket within quotes: no office program writes such a thing either
        letters, digits = next(iter(_PLACE.findall(attributes)), (b"", b""))
        if tag == b"row":
            row, column = int(digits) if digits else row + 1, 0
            continue
        row, column = int(digits) if digits else row, _column(letters) if letters else column + 1
        if attributes.endswith(b"/"):
            continue
        if row > ROWS_MAX:
            raise Unreadable(N_("This table has more than %(limit)d rows. Split it."), limit=ROWS_MAX)
        if column > COLUMNS_MAX:
            raise Unreadable(N_("This table has more than %(limit)d columns."), limit=COLUMNS_MAX)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def _worded(cell: object) -> str:
    if isinstance(cell, bool):
        return "tak" if cell else "nie"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else str(cell).replace(".", ",")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if (cell.hour, cell.minute) == (0, 0) else cell.isoformat(" ", "minutes")
    return _plain(str(cell))

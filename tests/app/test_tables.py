"""Tables in files, as spreadsheets of Polish offices write and open them."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from app import tables
from app.tables import Unreadable

HEADER = ["nazwa", "liczba"]


def csv_of(*rows):
    stream = io.BytesIO()
    tables.write_csv(stream, HEADER, rows)
    return stream.getvalue()


def xlsx_of(*rows):
    stream = io.BytesIO()
    tables.write_xlsx(stream, HEADER, rows, "Instytucje")
    return stream.getvalue()


def cells_of(body):
    return [row.cells for row in tables.read(body)]


def test_csv_is_what_polish_excel_opens():
    body = csv_of(("Łódź; Bałuty", Decimal("37.5")), ('„"cudzysłów"', None), ("dzień", date(2026, 11, 23)))
    assert body == (
        b"\xef\xbb\xbfnazwa;liczba\r\n" + '"Łódź; Bałuty";37,5\r\n"„""cudzysłów""";\r\ndzień;2026-11-23\r\n'.encode()
    )


@pytest.mark.parametrize("text", ["=1+1", "+48 68 000", "-5", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_no_text_becomes_a_formula(text):
    assert f"'{text}"[:3] in csv_of((text, 1)).decode("utf-8-sig")
    stream = io.BytesIO(xlsx_of((text, 1)))
    sheet = zipfile.ZipFile(stream).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    found = CalamineWorkbook.from_filelike(io.BytesIO(stream.getvalue())).get_sheet_by_index(0).to_python()
    assert str(found[1][0]).strip() == text.strip()


@pytest.mark.parametrize("written", [csv_of, xlsx_of])
def test_what_is_written_is_read_again(written):
    rows = (("=1+1", -5), ("+48 68 000 00 40", Decimal("2.5")), ("dwie\nlinie", date(2026, 11, 23)), ("'tak", None))
    read = list(tables.read(written(*rows)))
    assert [row.cells for row in read] == [
        ("nazwa", "liczba"),
        ("=1+1", "-5"),
        ("+48 68 000 00 40", "2,5"),
        ("dwie\nlinie", "2026-11-23"),
        ("'tak", ""),
    ]
    assert [row.number for row in read] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_other_ways_to_save_a_csv(encoding, delimiter):
    text = f"nazwa{delimiter}liczba\nZażółć gęślą jaźń{delimiter}1\n"
    assert cells_of(text.encode(encoding)) == [("nazwa", "liczba"), ("Zażółć gęślą jaźń", "1")]


def test_empty_rows_are_left_out_but_counted():
    assert [row.number for row in tables.read(b"a;b\n\n;\n1;2\n")] == [1, 4]


def test_a_workbook_is_read_as_it_looks():
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        hidden, sheet = book.add_worksheet("ukryty"), book.add_worksheet("dane")
        hidden.hide()
        sheet.activate()
        sheet.set_first_sheet()
        sheet.write(2, 1, "kod")
        sheet.write(3, 1, 65001)
        sheet.write(4, 1, True)
        sheet.write_datetime(5, 1, date(2026, 11, 23), book.add_format({"num_format": "dd.mm.yyyy"}))
        sheet.write_formula(6, 1, "=1+1", value=2)
    rows = list(tables.read(stream.getvalue()))
    assert [(row.number, row.cells[1]) for row in rows] == [
        (3, "kod"), (4, "65001"), (5, "tak"), (6, "2026-11-23"), (7, "2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel"),
        (b"PK\x03\x04 and then nothing", "Save it as CSV or XLSX"),
        (b"a;b\x00\n1;2", "Save it as CSV or XLSX"),
        (b"a;b\n\x81\x83\x88;\xe9", "Save it as CSV or XLSX"),
        (b'a;"' + b"x" * 200_000, "Save it as CSV or XLSX"),
        (b"a;" * 300, "200 columns"),
    ],
)
def test_no_table(body, sentence):
    with pytest.raises(Unreadable, match=sentence):
        list(tables.read(body))


def test_a_zip_that_is_no_workbook_and_one_that_never_ends(monkeypatch):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(2**21))
    with pytest.raises(Unreadable):
        list(tables.read(stream.getvalue()))
    monkeypatch.setattr(tables, "UNPACKED_MAX", 2**20)
    with pytest.raises(Unreadable):
        list(tables.read(stream.getvalue()))


def test_too_many_rows(monkeypatch):
    monkeypatch.setattr(tables, "ROWS_MAX", 3)
    for body in (csv_of(*[("a", 1)] * 3), xlsx_of(*[("a", 1)] * 3)):
        with pytest.raises(Unreadable, match="more than 3 rows"):
            list(tables.read(body))


def _with_sheet(sheet: str, **more: str) -> bytes:
    stream, packed = io.BytesIO(), io.BytesIO()
    tables.write_xlsx(stream, ["a"], [["b"]], "x")
    with zipfile.ZipFile(stream) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.infolist():
            body = source.read(entry).decode()
            if entry.filename == "xl/worksheets/sheet1.xml":
                begin, end = body.index("<sheetData"), body.index("</sheetData>")
                body = f"{body[:begin]}<sheetData>{sheet}{body[end:]}"
            archive.writestr(entry.filename, body)
        for name, text in more.items():
            archive.writestr(name.replace("_", "."), text)
    return packed.getvalue()


_FIRST = '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'


@pytest.mark.parametrize(
    "sheet",
    [
        # Calamine would reserve 550 GB for this one, and the process would end.
        f'{_FIRST}<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        f'{_FIRST}<row r="1048576"><c><v>1</v></c></row>',
        f'{_FIRST}<row r="2"><c r="XFD2"><v>1</v></c></row>',
        f"{_FIRST}<!-- <c \" --><row r='1048576'><c r='Z1048576'><v>1</v></c></row><!-- \" -->",
        f'{_FIRST}<row r="2"><c s=">" r="Z1048576"><v>1</v></c></row>',
        f'{_FIRST}<row r="2"><c s="<" r="Z1048576"><v>1</v></c></row>',
        f'{_FIRST}<row r="2"><x-1:c r="Z1048576"><v>1</v></x-1:c></row>',
    ],
)
def test_a_cell_at_the_end_of_a_sheet(sheet):
    with pytest.raises(Unreadable):
        list(tables.read(_with_sheet(sheet)))


def test_empty_cells_with_a_style_reach_as_far_as_they_like():
    body = _with_sheet(f'{_FIRST}<row r="2"><c r="XFD2" s="1"/></row><row r="1048576"><c r="A1048576" s="1" /></row>')
    assert [row.cells for row in tables.read(body)] == [("x",)]


def test_a_workbook_of_another_program_is_no_xlsx():
    with pytest.raises(Unreadable):
        list(tables.read(_with_sheet(_FIRST, content_xml="<office/>")))

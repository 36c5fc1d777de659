"""What is taken in as a PDF, and under which name."""

from time import process_time

import pytest

from app.files import rules
from tests.factories.pdfs import make_pdf, pack

SCRIPT = b"<< /S /JavaScript /JS (app.alert(1)) >>"


@pytest.mark.parametrize(
    "data",
    [
        make_pdf(),
        make_pdf(b"/Title (Regulamin)"),
        make_pdf(packed=b"<< /Type /Font >>"),
        make_pdf(head=b"%PDF-2.0\n%\xe2\xe3\xcf\xd3\n"),
        make_pdf(tail=b"%%EOF\r\n"),
        make_pdf(b"/Note (a script is called JavaScript)"),
    ],
)
def test_plain_documents_are_taken(data):
    rules.check_pdf(data)


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", rules.Empty),
        (b"MZ" + make_pdf(), rules.NoPdf),
        (b"<html><script>alert(1)</script>" + make_pdf(), rules.NoPdf),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', rules.NoPdf),
        (make_pdf(tail=b""), rules.NoPdf),
        (make_pdf() + b"PK\x03\x04" + bytes(5000), rules.NoPdf),
        (make_pdf(b"/A " + SCRIPT), rules.Active),
        (make_pdf(b"/A << /S /J#61vaScript /JS (x) >>"), rules.Active),
        (make_pdf(b"/A << /S /#4Caunch /F (cmd.exe) >>"), rules.Active),
        (make_pdf(b"/A << /S /Launch /F (cmd.exe) >>"), rules.Active),
        (make_pdf(b"/Type /EmbeddedFile"), rules.Active),
        (make_pdf(b"/Names << /EmbeddedFiles 5 0 R >>"), rules.Active),
        (make_pdf(b"/XFA 5 0 R"), rules.Active),
        (make_pdf(packed=SCRIPT), rules.Active),
        (make_pdf(packed=b"<< /Type /EmbeddedFile >>"), rules.Active),
        (make_pdf() + pack(SCRIPT, b"/Type /Obj#53tm /Filter /Fl#61teDecode") + b"%%EOF", rules.Active),
        (make_pdf() + pack(b"x", b"/Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode]") + b"%%EOF", rules.Active),
        (make_pdf() + pack(b"x", b"/Type /ObjStm /Filter 7 0 R") + b"%%EOF", rules.Active),
        (make_pdf() + pack(bytes(40 * 2**20)) + b"%%EOF", rules.Active),
        (make_pdf() + b"<< /Type /ObjStm " + b" " * 3000 + pack(b"x", b"") + b"%%EOF", rules.Active),
        (make_pdf(b"/Encrypt 5 0 R"), rules.Locked),
        (make_pdf(b"/Note (" + b"x" * rules.PDF_MAX + b")"), rules.TooLarge),
    ],
)
def test_what_is_no_plain_document_is_refused(data, refusal):
    with pytest.raises(refusal):
        rules.check_pdf(data)


def test_what_cannot_be_unpacked_is_damaged():
    broken = make_pdf().replace(b"%%EOF", b"") + b"4 0 obj << /Type /ObjStm /Filter /FlateDecode >>\nstream\nxx%%EOF"
    with pytest.raises(rules.NoPdf):
        rules.check_pdf(broken)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Regulamin naboru.pdf", "Regulamin naboru.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Ewa\\zał. 1.PDF", "zał. 1.pdf"),
        ('a".pdf', "a.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie x 1.pdf"),
        ("..pdf", "pdf.pdf"),
        ("", "dokument.pdf"),
        ("faktura.pdf.exe", "faktura.pdf.exe.pdf"),
        ("ż" * 300, "ż" * 116 + ".pdf"),
    ],
)
def test_names_are_safe(given, stored):
    assert rules.safe_name(given) == stored


def test_many_small_streams_are_looked_into_without_copying_what_follows():
    room = rules.PDF_MAX - len(make_pdf()) - 1000
    packs = pack(b"<< /Type /Font >>") * 1000
    data = make_pdf() + packs + bytes(room - len(packs)) + b"%%EOF"
    begun = process_time()
    rules.check_pdf(data)
    assert process_time() - begun < 1.5


def test_more_streams_of_objects_than_any_document_has_are_refused():
    packs = pack(b"") * (rules.PDF_MAX // len(pack(b"")) - 20)
    with pytest.raises(rules.Active):
        rules.check_pdf(make_pdf() + packs + b"%%EOF")

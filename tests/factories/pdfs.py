"""PDFs for tests: a plain one, and ones that carry what they should not."""

import zlib


def make_pdf(
    inside: bytes = b"", *, packed: bytes = b"", head: bytes = b"%PDF-1.7\n", tail: bytes = b"%%EOF\n"
) -> bytes:
    """Make a PDF with *inside* among its objects, and with *packed* in a stream of objects."""
    parts = [head, b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R /OpenAction [2 0 R /Fit] >>\nendobj\n"]
    parts.append(b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n")
    if inside:
        parts.append(b"3 0 obj\n<< " + inside + b" >>\nendobj\n")
    if packed:
        parts.append(pack(packed))
    return b"".join([*parts, b"trailer\n<< /Root 1 0 R >>\n", tail])


def pack(objects: bytes, of: bytes = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode") -> bytes:
    """Make a compressed stream of *objects*."""
    body = zlib.compress(b"9 0 " + objects)
    return b"4 0 obj\n<< %s /Length %d >>\nstream\n" % (of, len(body)) + body + b"\nendstream\nendobj\n"

"""Decisions about files on plain values: what is taken in, and under which name."""

import re
import zlib
from typing import Final

from app.errors import Refusal
from app.files.models import NAME_MAX
from app.text import N_, clean

PDF_TYPE: Final = "application/pdf"
PDF_MAX: Final = 5 * 2**20
_UNPACKED_MAX: Final = 12 * 2**20
_PACKS_MAX: Final = 4000
_PIECE: Final = 2**14
_HEAD: Final = 2000
_TAIL: Final = 2048
_MAGIC: Final = re.compile(rb"%PDF-[12]\.[0-9]")
_STREAM: Final = re.compile(rb"(?<!end)stream[ \t]*(?:\r\n|\n|\r)")
_UNSAFE: Final = re.compile(r"[^\w\-. ()\[\],+&„”’–]|\.{2,}")


class Empty(Refusal):
    """Nothing was sent."""

    message = N_("Choose a PDF file. If you have chosen one, it is empty: save it anew and send it again.")


class TooLarge(Refusal):
    """A file beyond the limit."""

    message = N_("This file is larger than %(limit)d MB. Save it with smaller pictures, or divide it.")


class NoPdf(Refusal):
    """Another kind of file, or a PDF that ends in the middle."""

    message = N_("This file is no PDF, or it is damaged. Save the document as PDF and send it again.")


class Locked(Refusal):
    """A PDF that wants a password cannot be looked into."""

    message = N_("This PDF is protected by a password. Save it without the protection and send it again.")


class Active(Refusal):
    """A PDF that does something when it is opened, or carries other files."""

    message = N_(
        "This PDF holds a script, an attached file or an act that runs when it is opened. "
        "Print it to PDF anew and send that one."
    )


def check_pdf(data: bytes) -> None:
    """Refuse what is no plain PDF. Raises Empty, TooLarge, NoPdf, Locked, Active.

    Objects may lie packed in a stream of their own, so these are unpacked and read as well; what cannot be read is
    refused like what is active. Names count in all their spellings (ISO 32000-1, 7.3.5).
    """
    if not data:
        raise Empty
    if len(data) > PDF_MAX:
        raise TooLarge(limit=PDF_MAX // 2**20)
    if not _MAGIC.match(data) or b"%%EOF" not in data[-_TAIL:]:
        raise NoPdf
    if _ENCRYPTED.search(data):
        raise Locked
    if _ACTIVE.search(data):
        raise Active
    _check_packed(data)


def safe_name(name: str) -> str:
    """Give a name under which a PDF can be stored on any computer: no folders, no signs that mean something."""
    base = re.split(r"[/\\]", clean(name))[-1]
    stem = " ".join(_UNSAFE.sub(" ", base).split()).strip(". ")
    if stem.casefold().endswith(".pdf"):
        stem = stem[:-4].rstrip(". ")
    return (stem[: NAME_MAX - 4].rstrip(". ") or "dokument") + ".pdf"


def _spelled(name: str) -> bytes:
    """Give the pattern of a name whose signs may each be written as # and two digits."""
    return b"/" + b"".join(b"(?:%s|#%s)" % (re.escape(sign.encode()), _any_case(f"{ord(sign):02x}")) for sign in name)


def _any_case(digits: str) -> bytes:
    return "".join(f"[{one}{one.upper()}]" if one.isalpha() else one for one in digits).encode()


_ACTIVE: Final = re.compile(
    b"|".join(
        _spelled(name)
        for name in ("JavaScript", "Launch", "EmbeddedFile", "RichMedia", "SubmitForm", "ImportData", "GoToE", "XFA")
    )
)
_ENCRYPTED: Final = re.compile(_spelled("Encrypt") + rb"[\s<\[/0-9]")
_PACKED: Final = re.compile(_spelled("ObjStm"))
_FILTERED: Final = re.compile(_spelled("Filter"))
_FLATE: Final = re.compile(_spelled("Filter") + rb"\s*\[?\s*" + _spelled("FlateDecode") + rb"\s*[\]/>]")
_PREDICTED: Final = re.compile(_spelled("Predictor"))


def _check_packed(data: bytes) -> None:
    named = len(_PACKED.findall(data))
    if named > _PACKS_MAX:
        raise Active  # more than any document of this size has: looking into each would take minutes
    read, unpacked = 0, 0
    for found in _STREAM.finditer(data):
        head = data[max(found.start() - _HEAD, 0) : found.start()]
        head = head[head.rfind(b" obj") + 1 :]
        if not _PACKED.search(head):
            continue
        read += len(_PACKED.findall(head))
        inside = _unpack(head, data, found.end(), _UNPACKED_MAX - unpacked)
        unpacked += len(inside)
        if _ACTIVE.search(inside):
            raise Active
    if read != named:
        raise Active


def _unpack(head: bytes, data: bytes, start: int, most: int) -> bytes:
    if not _FILTERED.search(head):
        return b""  # it lies open and has been read with the rest
    if not _FLATE.search(head) or _PREDICTED.search(head):
        raise Active
    unpacking, inside, most = zlib.decompressobj(), bytearray(), max(most, 1)
    # Piece by piece: what follows a stream that ends would otherwise be copied for each of them.
    for place in range(start, len(data), _PIECE):
        try:
            inside += unpacking.decompress(data[place : place + _PIECE], most - len(inside))
        except zlib.error as error:
            raise NoPdf from error
        if unpacking.eof:
            break
        if unpacking.unconsumed_tail or len(inside) >= most:
            raise Active  # larger than any document: nobody reads to its end
    return bytes(inside)

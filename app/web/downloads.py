"""Files to download, out of a temporary file: tables as CSV or XLSX, open data with a mark of their state."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from flask import Response, request, send_file

from app import tables
from app.tables import Cell

_IN_MEMORY: Final = 2**20


def table(name: str, title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Answer with the table as the file *name*, which ends with .csv or .xlsx; *title* names the sheet.

    The rows are written before the session of the request ends, to a file beyond a megabyte.
    """
    stream = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - send_file closes it with the response
    is_csv = name.endswith(".csv")
    if is_csv:
        tables.write_csv(stream, header, rows)
    else:
        tables.write_xlsx(stream, header, rows, title)
    stream.seek(0)
    kind = tables.CSV_TYPE if is_csv else tables.XLSX_TYPE
    response = send_file(stream, mimetype=kind, as_attachment=True, download_name=name, max_age=0)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def marked(name: str, mimetype: str, mark: str, write: Callable[[IO[bytes]], None]) -> Response:
    """Answer with the public file *name* in the state that *mark* names; 304 and no work for who has it already."""
    etag = hashlib.sha256(f"{name} {mark}".encode()).hexdigest()[:32]
    if request.if_none_match.contains_weak(etag):
        response = Response(status=304)
    else:
        stream = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - send_file closes it with the response
        write(stream)
        stream.seek(0)
        response = send_file(stream, mimetype=mimetype, as_attachment=True, download_name=name, max_age=0)
    response.set_etag(etag)
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response

"""Tables as files to download: CSV or XLSX by the ending of the name, out of a temporary file."""

from collections.abc import Iterable, Sequence
from tempfile import SpooledTemporaryFile
from typing import Final

from flask import Response, send_file

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

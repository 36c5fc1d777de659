"""Papers as PDF: a typst template of ours and plain values. Tagged for screen readers, fonts out of the wheel."""

import importlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.errors import Unavailable
from app.text import N_

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "pdf"
PDF_TYPE = "application/pdf"


class NoPapers(Unavailable):
    """The package that writes PDF is left out of this installation."""

    message = N_("This portal is set up without PDF papers. Use your browser's printing instead, or ask the operator.")


def pdf(template: str, values: Mapping[str, object], made: datetime) -> bytes:
    """Write *template* (such as "events/papers/certificate.pl") filled with *values* as PDF/UA-1.

    The values travel as JSON and are text to the template, never its code. *made* is the time that the file carries:
    the same values and time give the same bytes. Raises NoPapers.
    """
    written: bytes = _typst().compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        format="pdf",
        sys_inputs={"values": json.dumps(dict(values), ensure_ascii=False)},
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        timestamp=int(made.timestamp()),
    )
    return written


@lru_cache(maxsize=1)
def _typst() -> Any:
    # Loaded at the first paper: the library is large, an extra, and few processes ever write one.
    try:
        return importlib.import_module("typst")
    except ImportError as error:
        raise NoPapers from error

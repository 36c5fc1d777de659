"""The demo's documents: a PDF for everybody and one for the partners of the project whose story it tells."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlmodel import Session

from app.actors import Actor
from app.pdf import NoPapers, pdf
from projects.programmes import documents
from projects.programmes.models import Programme

# Title, whether everybody reads it, its points.
_DOCUMENTS: Final[tuple[tuple[str, bool, tuple[str, ...]], ...]] = (
    (
        "Regulamin naboru",
        True,
        (
            "Na warsztaty kieruje jednostka penitencjarna albo ośrodek pomocy społecznej; podaje liczbę osób.",
            "O miejscu decyduje kolejność zgłoszeń. Gdy miejsc brakuje, pozostałe osoby czekają na liście.",
            "Udział jest dobrowolny. Z udziału można zrezygnować w każdej chwili, bez podania przyczyny.",
            "Zajęcia trwają dwie godziny i odbywają się raz w tygodniu.",
        ),
    ),
    (
        "Podział zadań między partnerami",
        False,
        (
            "Stowarzyszenie prowadzi zajęcia i sporządza notatki ze spotkań.",
            "Zakład karny udostępnia salę i przyjmuje prowadzących na podstawie listy osób wchodzących.",
            "Ośrodek pomocy społecznej przygotowuje plan wsparcia po opuszczeniu jednostki.",
        ),
    ),
)


def add_documents(session: Session, lead: Actor, programme: Programme, now: datetime) -> None:
    """Add the documents to a project of the demo; where papers cannot be written there are none."""
    for title, public, points in _DOCUMENTS:
        values: Mapping[str, object] = {"title": title, "project": programme.title, "points": points, "synthetic": True}
        try:
            written = pdf("app/demo/document", values, now)
        except NoPapers:
            return
        documents.add(session, lead, programme, title, f"{title}.pdf", written, now, public=public)

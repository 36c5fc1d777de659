"""Rows of programmes."""

from typing import Any

from sqlmodel import Session

from app.clock import now
from app.text import search_text, slug, sort_key
from projects.programmes.models import Programme, ProgrammeKind, ProgrammeState
from tests.factories.rows import add


def make_programme(
    session: Session, title: str = "Projekt pokazowy", lead_id: int | None = None, **columns: Any
) -> Programme:
    """Add a running programme."""
    values: dict[str, Any] = {
        "slug": slug(title),
        "title": title,
        "kind": ProgrammeKind.WORKSHOP,
        "state": ProgrammeState.RUNNING,
        "lead_id": lead_id,
        "summary": "Program wymyślony do testów.",
        "sort_key": sort_key(title),
        "search_text": search_text(title),
        "changed_at": now(),
        **columns,
    }
    return add(session, Programme, **values)

"""The course of a programme: what happened to those who run it, noted beside the act, never changed."""

from datetime import datetime

from sqlmodel import Session

from projects.programmes.models import NOTE_MAX, Happening, Programme, ProgrammeHappening


def note(
    session: Session,
    programme: Programme,
    happening: Happening,
    now: datetime,
    *,
    institution_id: int | None = None,
    other_id: int | None = None,
    words: str = "",
) -> None:
    """Note a happening. *institution_id* is whom it is about, *other_id* who came in its place or had it before."""
    session.add(
        ProgrammeHappening(
            programme_id=programme.id or 0,
            happening=happening,
            happened_at=now,
            institution_id=institution_id,
            other_id=other_id,
            note=" ".join(words.split())[:NOTE_MAX],
        )
    )
    session.flush()

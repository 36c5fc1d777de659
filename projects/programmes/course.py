"""The course of a programme: what happened to those who run it, noted beside the act, never changed."""

from datetime import datetime

from sqlmodel import Session

from projects.programmes.models import Happening, Programme, ProgrammeHappening


def note(
    session: Session,
    programme: Programme,
    happening: Happening,
    now: datetime,
    *,
    institution_id: int | None = None,
    other_id: int | None = None,
) -> None:
    """Note a happening. *institution_id* is whom it is about, *other_id* who came in its place or had it before.

    The words of those who declined or left are for the lead alone: they stay on the partner's row.
    """
    session.add(
        ProgrammeHappening(
            programme_id=programme.id or 0,
            happening=happening,
            happened_at=now,
            institution_id=institution_id,
            other_id=other_id,
        )
    )
    session.flush()

"""Reads of stored files."""

from sqlmodel import Session, col

from app.db import columns
from app.files.models import StoredFile


def content(session: Session, file_id: int) -> bytes | None:
    """Give what a file holds; whoever asks has decided before who may read it."""
    found: bytes | None = session.execute(
        columns(StoredFile.content).where(col(StoredFile.id) == file_id)
    ).scalar_one_or_none()
    return found

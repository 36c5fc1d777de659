"""Verbs of stored files: store, and forget what nothing points to any more."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, select

from app.actors import Actor
from app.audit import trail
from app.db import metadata
from app.files import rules
from app.files.models import StoredFile

KEPT_UNUSED = timedelta(days=1)
"""How long a file waits for something to point to it."""


def store(session: Session, actor: Actor, name: str, data: bytes, now: datetime) -> StoredFile:
    """Store a PDF as it came, under a name of ours. Raises what rules.check_pdf raises."""
    rules.check_pdf(data)
    stored = StoredFile(
        name=rules.safe_name(name),
        media_type=rules.PDF_TYPE,
        size=len(data),
        digest=hashlib.sha256(data).hexdigest(),
        content=data,
        stored_at=now,
        stored_by=actor.user_id,
    )
    session.add(stored)
    session.flush()
    trail.record(session, actor, "file.stored", "file", stored.id or 0, now, details={"size": stored.size})
    return stored


def forget_unused(session: Session, now: datetime) -> int:
    """Delete files older than a day that no row of any table points to; return how many went."""
    unused = [
        col(StoredFile.id).not_in(select(pointing).where(pointing.is_not(None))) for pointing in _pointing_columns()
    ]
    old = col(StoredFile.stored_at) < now - KEPT_UNUSED
    return session.exec(delete(StoredFile).where(old, *unused)).rowcount


def _pointing_columns() -> list[ColumnElement[Any]]:
    files = metadata.tables["stored_file"]
    return [key.parent for table in metadata.sorted_tables for key in table.foreign_keys if key.references(files)]

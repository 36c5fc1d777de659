"""Documents of a programme: PDFs for everybody or for its partners; the lead adds, opens and removes them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from app.actors import Actor
from app.audit import trail
from app.db import columns, lock
from app.errors import Refusal
from app.files import actions as files
from app.files.models import StoredFile
from app.text import N_
from projects.programmes import queries, rules
from projects.programmes.models import Programme, ProgrammeDocument

DOCUMENTS_MAX = 20
_MEGABYTE = 2**20


class TooManyDocuments(Refusal):
    """More documents than a page shows."""

    message = N_("A project holds at most %(limit)d documents. Remove one that is no longer needed.")


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as the list shows it; *file* is its address, *size* in bytes."""

    id: int
    title: str
    public: bool
    added_at: datetime
    file: UUID
    size: int

    @property
    def weight(self) -> str:
        """Give the size in words: "120 kB", "1,4 MB"."""
        if self.size < _MEGABYTE:
            return f"{max(self.size // 2**10, 1)} kB"
        return f"{self.size / _MEGABYTE:.1f}".replace(".", ",") + " MB"


def listed(session: Session, viewer: Actor, programme: Programme) -> list[DocumentRow]:
    """Give the documents of a programme that *viewer* may read, in the order in which they came."""
    statement = (
        columns(
            ProgrammeDocument.id,
            ProgrammeDocument.title,
            ProgrammeDocument.public,
            ProgrammeDocument.added_at,
            StoredFile.uuid,
            StoredFile.size,
        )
        .join(StoredFile, col(StoredFile.id) == col(ProgrammeDocument.file_id))
        .where(col(ProgrammeDocument.programme_id) == programme.id)
        .order_by(col(ProgrammeDocument.id))
    )
    if not queries.in_circle(session, viewer, programme):
        statement = statement.where(col(ProgrammeDocument.public))
    return [DocumentRow(*row) for row in session.execute(statement)]


def file(session: Session, viewer: Actor, address: UUID) -> StoredFile | None:
    """Give the file at *address* if it is a document that *viewer* may read; a draft's are for those who see it."""
    row = session.exec(
        select(StoredFile, ProgrammeDocument, Programme)
        .join(ProgrammeDocument, col(ProgrammeDocument.file_id) == col(StoredFile.id))
        .join(Programme, col(Programme.id) == col(ProgrammeDocument.programme_id))
        .where(StoredFile.uuid == address)
    ).first()
    if row is None:
        return None
    stored, document, programme = row
    if queries.programme(session, programme.slug, viewer) is None:
        return None
    if not document.public and not queries.in_circle(session, viewer, programme):
        return None
    return stored


def document(session: Session, programme: Programme, document_id: int) -> ProgrammeDocument | None:
    """Give one document of this programme for an act; None when it hangs on another one."""
    found = session.get(ProgrammeDocument, document_id)
    return found if found is not None and found.programme_id == programme.id else None


def add(
    session: Session,
    actor: Actor,
    programme: Programme,
    title: str,
    name: str,
    data: bytes,
    now: datetime,
    *,
    public: bool,
) -> ProgrammeDocument:
    """Add a PDF. Locks the programme. Raises NotYourProgramme, TooManyDocuments and what app/files refuses."""
    _locked(session, actor, programme)
    number = select(func.count()).where(ProgrammeDocument.programme_id == programme.id)
    if session.exec(number).one() >= DOCUMENTS_MAX:
        raise TooManyDocuments(limit=DOCUMENTS_MAX)
    stored = files.store(session, actor, name, data, now)
    added = ProgrammeDocument(
        programme_id=programme.id or 0,
        file_id=stored.id or 0,
        title=title,
        public=public,
        added_at=now,
        added_by=actor.user_id,
    )
    session.add(added)
    session.flush()
    _note(session, actor, "programme.document_added", programme, now, document_id=added.id or 0, file_id=stored.id or 0)
    return added


def show_to(
    session: Session, actor: Actor, programme: Programme, changed: ProgrammeDocument, now: datetime, *, public: bool
) -> None:
    """Say whether everybody reads a document, or the circle alone. Locks the programme. Raises NotYourProgramme."""
    _locked(session, actor, programme)
    if changed.public is public:
        return
    changed.public = public
    session.flush()
    _note(session, actor, "programme.document_revised", programme, now, document_id=changed.id or 0)


def remove(session: Session, actor: Actor, programme: Programme, gone: ProgrammeDocument, now: datetime) -> None:
    """Take a document off; its file goes by night. Locks the programme. Raises NotYourProgramme."""
    _locked(session, actor, programme)
    number, file_id = gone.id or 0, gone.file_id
    session.delete(gone)
    session.flush()
    _note(session, actor, "programme.document_removed", programme, now, document_id=number, file_id=file_id)


def _locked(session: Session, actor: Actor, programme: Programme) -> None:
    lock(session, Programme, programme.id or 0)
    if not rules.may_edit(actor, programme):
        raise rules.NotYourProgramme


def _note(session: Session, actor: Actor, verb: str, programme: Programme, now: datetime, **details: int) -> None:
    trail.record(session, actor, verb, "programme", programme.id or 0, now, details=details)

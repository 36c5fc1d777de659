"""The life of a programme beside its text: publication told to the partners, archive and back."""

from datetime import datetime

from sqlmodel import Session

from app.actors import Actor
from app.audit import trail
from app.db import lock
from projects.programmes import course, mail, parties, protocol, rules
from projects.programmes.models import Happening, Programme, ProgrammeState


def published(session: Session, programme: Programme, now: datetime) -> None:
    """Note that a programme has just become public, and tell the partners. Call under its lock."""
    programme.published_at = now
    session.flush()
    course.note(session, programme, Happening.PUBLISHED, now, institution_id=programme.lead_id)
    mail.published(session, programme, now)


def archive(session: Session, actor: Actor, programme: Programme, now: datetime) -> None:
    """Put a programme into the archive: it keeps its address and leaves all lists. Locks it.

    The lead does; the operator where the lead has ended. An offer of the lead ends. Raises NotYourArchive,
    AlreadyArchived.
    """
    session.flush()
    lock(session, Programme, programme.id or 0)
    _check_may_archive(session, actor, programme)
    if programme.archived_at is not None:
        raise protocol.AlreadyArchived
    programme.archived_at = now
    programme.offered_to_id = programme.offered_at = programme.offered_by = None
    programme.revision += 1
    programme.changed_at = now
    session.flush()
    trail.record(session, actor, "programme.archived", "programme", programme.id or 0, now)
    if programme.state is not ProgrammeState.DRAFT:
        course.note(session, programme, Happening.ARCHIVED, now)


def reopen(session: Session, actor: Actor, programme: Programme, now: datetime) -> None:
    """Take a programme out of the archive: it stands in the lists as before. Locks it.

    Raises NotYourArchive, NotArchived.
    """
    session.flush()
    lock(session, Programme, programme.id or 0)
    _check_may_archive(session, actor, programme)
    if programme.archived_at is None:
        raise protocol.NotArchived
    programme.archived_at = None
    programme.revision += 1
    programme.changed_at = now
    session.flush()
    trail.record(session, actor, "programme.reopened", "programme", programme.id or 0, now)
    if programme.state is not ProgrammeState.DRAFT:
        course.note(session, programme, Happening.REOPENED, now)


def _check_may_archive(session: Session, actor: Actor, programme: Programme) -> None:
    lead_works = parties.lead_works(session, programme)
    if not (rules.may_edit(actor, programme) or protocol.may_offer_lead(actor, programme, lead_works=lead_works)):
        raise protocol.NotYourArchive

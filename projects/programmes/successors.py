"""What becomes of programmes when an institution is merged with another one, is succeeded or ends."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, or_, select, update

from partners.institutions.models import Institution, Status
from projects.programmes import course
from projects.programmes.models import (
    PART_MAX,
    Happening,
    Programme,
    ProgrammeHappening,
    ProgrammePartner,
    ProgrammeState,
)


def join(session: Session, old_id: int, new_id: int, programme_ids: Collection[int] | None = None) -> None:
    """Let one row remain where both institutions stand with one programme, *new_id*'s, with what either agreed to.

    Parts of both, where both take part, are written one after the other.
    """
    statement = select(ProgrammePartner).where(ProgrammePartner.institution_id == old_id)
    if programme_ids is not None:
        statement = statement.where(col(ProgrammePartner.programme_id).in_(programme_ids))
    for old in session.exec(statement).all():
        new = session.get(ProgrammePartner, (old.programme_id, new_id))
        if new is None:
            continue
        if old.agreed_part is not None and new.agreed_part is not None:
            new.agreed_part = _both(new.agreed_part, old.agreed_part)
            new.part = _both(new.part, old.part)
        elif old.agreed_part is not None:
            for name in ("part", "agreed_part", "answer", "asked_at", "asked_by", "answered_at", "answered_by"):
                setattr(new, name, getattr(old, name))
            new.reason, new.note = old.reason, old.note
        session.delete(old)
    session.flush()


def pass_on(session: Session, old_id: int, new_id: int, programme_ids: Collection[int], now: datetime) -> None:
    """Let a successor lead and take part in these programmes as the old institution did, and note it in their course.

    Forms that were opened before are stale: they name the old one.
    """
    programmes = session.exec(
        select(Programme).where(col(Programme.id).in_(programme_ids)).order_by(col(Programme.id))
    ).all()
    for programme in programmes:
        row = session.get(ProgrammePartner, (programme.id, old_id))
        if programme.lead_id == old_id or (row is not None and row.agreed_part is not None):
            course.note(session, programme, Happening.SUCCEEDED, now, institution_id=new_id, other_id=old_id)
        if programme.lead_id == old_id:
            programme.lead_id = new_id
        if programme.offered_to_id == old_id:
            programme.offered_to_id = new_id
        programme.revision += 1
        programme.changed_at = now
    join(session, old_id, new_id, programme_ids)
    session.exec(
        update(ProgrammePartner)
        .where(col(ProgrammePartner.institution_id) == old_id, col(ProgrammePartner.programme_id).in_(programme_ids))
        .values(institution_id=new_id)
    )
    session.flush()


def tidy(session: Session, institution_id: int) -> None:
    """Take back that an institution is offered the lead that it has."""
    own = (col(Programme.lead_id) == institution_id, col(Programme.offered_to_id) == institution_id)
    session.exec(update(Programme).where(*own).values(offered_to_id=None, offered_at=None, offered_by=None))


def note_ended(session: Session, institution_ids: Collection[int], now: datetime) -> int:
    """Note in the course of programmes that go on which of their institutions have ended; return how many were noted.

    Each is noted once; what a successor has taken over is not concerned. The page of a programme says it at once.
    """
    ended = session.exec(
        select(Institution.id).where(
            col(Institution.id).in_(institution_ids),
            Institution.status == Status.ARCHIVED,
        )
    ).all()
    noted = 0
    for institution_id in ended:
        taking_part = select(ProgrammePartner.programme_id).where(
            ProgrammePartner.institution_id == institution_id, col(ProgrammePartner.agreed_part).is_not(None)
        )
        known = select(ProgrammeHappening.programme_id).where(
            ProgrammeHappening.happening == Happening.INSTITUTION_ARCHIVED,
            ProgrammeHappening.institution_id == institution_id,
        )
        statement = select(Programme).where(
            or_(col(Programme.lead_id) == institution_id, col(Programme.id).in_(taking_part)),
            col(Programme.id).not_in(known),
            col(Programme.archived_at).is_(None),
            col(Programme.state).in_((ProgrammeState.RECRUITING, ProgrammeState.RUNNING)),
        )
        for programme in session.exec(statement.order_by(col(Programme.id))).all():
            course.note(session, programme, Happening.INSTITUTION_ARCHIVED, now, institution_id=institution_id)
            noted += 1
    return noted


def _both(one: str, other: str) -> str:
    parts = [one, other] if one != other else [one]
    return "; ".join(part for part in parts if part)[:PART_MAX]

"""Verbs of papers: issue."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, select

from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import insert, lock
from events.calendar.models import Event
from events.minutes.models import Attendance, Record
from events.papers import rules
from events.papers.models import Certificate


def issue(
    session: Session, actor: Actor, event: Event, record_id: int, attendance_ids: Collection[int], now: datetime
) -> int:
    """Issue certificates to people who were present on a recorded date; return how many are new.

    Locks the record. Who has a certificate keeps it with its number. Raises NotYourPaper, NotRecordedYet,
    NobodyChosen, NotPresent.
    """
    if not rules.may_issue(actor, event.organiser_id):
        raise rules.NotYourPaper
    record = lock(session, Record, record_id)
    if record is None or not rules.is_recorded(record.state, record.outcome):
        raise rules.NotRecordedYet
    if not attendance_ids:
        raise rules.NobodyChosen
    present = select(Attendance.id).where(Attendance.record_id == record_id, col(Attendance.present).is_(True))
    if not set(attendance_ids) <= set(session.exec(present).all()):
        raise rules.NotPresent
    given = select(Certificate.attendance_id).where(col(Certificate.attendance_id).in_(attendance_ids))
    fresh = sorted(set(attendance_ids) - set(session.exec(given).all()))
    for attendance_id in fresh:
        key = insert(session, Certificate, attendance_id=attendance_id, issued_at=now, issued_by=actor.user_id)
        details: dict[str, Plain] = {"number": rules.number(key, now), "record_id": record_id}
        trail.record(session, actor, "certificate.issued", "certificate", key, now, details=details)
    return len(fresh)

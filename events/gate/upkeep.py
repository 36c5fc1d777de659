"""What the night does for entry lists: speakers of new dates, and the erasure 30 days after a date."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, and_, col, delete, exists, or_, select, update

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.audit.models import AuditLine, AuditValue
from app.audit.trail import Plain
from app.db import lock
from events.calendar.models import Event, EventSpeaker, Occurrence, OccurrenceSpeaker, State
from events.gate import actions
from events.gate.models import Entry, EntryState, Equipment, Origin
from events.gate.rules import KEPT_FOR


def list_speakers(session: Session, now: datetime) -> int:
    """Put those who lead or speak on the lists of dates that were made since; return how many dates there were."""
    listed = exists().where(col(Entry.occurrence_id) == Occurrence.id, col(Entry.origin) == Origin.SPEAKER)
    of_date = exists().where(col(OccurrenceSpeaker.occurrence_id) == Occurrence.id)
    comes = exists().where(col(EventSpeaker.event_id) == Event.id, _abroad(EventSpeaker))
    comes_then = exists().where(col(OccurrenceSpeaker.occurrence_id) == Occurrence.id, _abroad(OccurrenceSpeaker))
    statement = (
        select(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(
            col(Event.consent).is_not(None),
            Occurrence.state == State.PUBLISHED,
            Occurrence.local_date >= warsaw.today(now),
            or_(comes_then, and_(comes, ~of_date)),
            ~listed,
        )
        .order_by(col(Occurrence.event_id), col(Occurrence.starts_at))
    )
    dates: dict[int, list[Occurrence]] = {}
    for occurrence in session.exec(statement).all():
        dates.setdefault(occurrence.event_id, []).append(occurrence)
    for event_id, occurrences in dates.items():
        lock(session, Event, event_id)  # whoever edits its speakers in this moment would list them twice
        actions.speakers(session, Actor.system(), session.get_one(Event, event_id), occurrences, now)
    return sum(len(one) for one in dates.values())


def _abroad(table: Any) -> Any:
    return or_(table.institution_id.is_(None), table.institution_id != Occurrence.place_institution_id)


def erase(session: Session, now: datetime) -> int:
    """Forget, 30 days after a date, all that only its gate needed; return how many entries and things there were.

    Names and institutions of those who were let in stay as attendance. Gone are functions, answers, serial numbers,
    words beside a refusal, whom somebody replaced, and what the audit trail remembers of these. Who was withdrawn or
    refused did not attend: of him nothing stays, the refused as a number.
    """
    before = warsaw.today(now) - KEPT_FOR
    people = _due(session, Entry, before)
    things = _due(session, Equipment, before)
    if not people and not things:
        return 0
    _forget_trail(session, "gate_entry", people)
    _forget_trail(session, "gate_equipment", things)
    for part in _parts(people):
        gone = (col(Entry.id).in_(part), col(Entry.state) == EntryState.REMOVED)
        session.exec(delete(Entry).where(*gone))
        session.exec(
            update(Entry).where(col(Entry.id).in_(part), col(Entry.state) == EntryState.REFUSED).values(person="")
        )
        session.exec(
            update(Entry)
            .where(col(Entry.id).in_(part))
            .values(function="", instead_of="", extras={}, note="", erased_at=now)
        )
    for part in _parts(things):
        session.exec(update(Equipment).where(col(Equipment.id).in_(part)).values(serial="", note="", erased_at=now))
    details: dict[str, Plain] = {"day": before.isoformat(), "people": len(people), "things": len(things)}
    trail.record(session, Actor.system(), "gate.erased", "gate_entry", 0, now, details=details)
    return len(people) + len(things)


def _due(session: Session, table: type[Entry] | type[Equipment], before: Any) -> Sequence[int]:
    statement = select(table.id).where(col(table.local_date) < before, col(table.erased_at).is_(None))
    return [one for one in session.exec(statement).all() if one is not None]


def _forget_trail(session: Session, kind: str, ids: Sequence[int]) -> None:
    for part in _parts(ids):
        lines = select(AuditLine.id).where(AuditLine.subject_kind == kind, col(AuditLine.subject_id).in_(part))
        session.exec(delete(AuditValue).where(col(AuditValue.audit_id).in_(lines)))


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    # A statement takes 32,766 values on SQLite.
    return [ids[start : start + 1000] for start in range(0, len(ids), 1000)]

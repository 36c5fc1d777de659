"""The demo's records of past meetings, made by the same acts as on screen."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random

import yaml
from sqlmodel import Session, col, delete, func, select

from app.demo.dates import instant, working_day
from app.demo.meetings import Meeting, meetings
from app.demo.people import Staff
from app.demo.seed import Entry
from app.outbox.models import OutboxMail
from events.calendar.models import Event, EventKind, Occurrence, Outcome, State
from events.minutes import actions, queries
from events.minutes.models import Attendance, Record, RecordState
from events.minutes.queries import Date
from events.minutes.versions import Task, Version, task_key
from events.papers import actions as papers
from events.papers import rules

SEED = 2026
_FILE = Path(__file__).parent / "data" / "life_records.yaml"
_CERTIFIED = (EventKind.STAFF_TRAINING, EventKind.STUDY_VISIT)
_BODY = "## Ustalenia\nSpotkanie przebiegło zgodnie z planem. Następny termin jest w kalendarzu."


def load_records(session: Session, entries: list[Entry], staff: Staff, today: date) -> None:
    """Record the invented meetings that are over: written, approved and answered in the days after them.

    What happened depends on *today* alone; records that are there stay.
    """
    wanted = {(entry["key"], entry["week"]): entry for entry in _records()}
    newest = session.exec(select(func.max(OutboxMail.id))).one() or 0
    for meeting in meetings(entries, today):
        entry = wanted.get((meeting.entry["key"], meeting.week), {})
        approved = _approved_on(meeting, entry, today)
        if approved > today or not entry.get("note", True):
            continue
        number = session.exec(
            select(Occurrence.id)
            .join(Event, col(Event.id) == Occurrence.event_id)
            .where(Event.uuid == meeting.uuid, Occurrence.state == State.PUBLISHED, col(Occurrence.outcome).is_(None))
        ).first()
        found = queries.date_by_id(session, number) if number else None
        if found is not None and found.record is None:
            _record(session, meeting, entry, found, staff, approved, today)
    # What was answered weeks ago asks nobody any more.
    session.exec(delete(OutboxMail).where(col(OutboxMail.id) > newest))


def clear_records(session: Session, entries: list[Entry], today: date) -> None:
    """Delete the records of the invented meetings, before these are dated anew."""
    uuids = [meeting.uuid for meeting in meetings(entries, today)]
    dates = select(Occurrence.id).join(Event, col(Event.id) == Occurrence.event_id).where(col(Event.uuid).in_(uuids))
    session.exec(delete(Record).where(col(Record.occurrence_id).in_(dates)))


@cache
def _records() -> list[Entry]:
    with _FILE.open(encoding="utf-8") as lines:
        return list(yaml.safe_load(lines)["records"])


def _approved_on(meeting: Meeting, entry: Entry, today: date) -> date:
    last = meeting.day + timedelta(days=meeting.entry.get("all_day", 1) - 1)
    if "ago" in entry:
        return max(today - timedelta(days=entry["ago"]), last + timedelta(days=1))
    return working_day(last + timedelta(days=1))


def _record(
    session: Session, meeting: Meeting, entry: Entry, found: Date, staff: Staff, approved: date, today: date
) -> None:
    actor = staff.coordinator(meeting.entry["by"])
    version = _version(session, meeting, entry, found, staff, approved)
    record = actions.submit(session, actor, found, version, 0, {}, instant(approved, "10:20")).record
    number = record.id or 0
    answers: Mapping[str, str] = entry.get("answers", _everybody(session, number, staff))
    answered = working_day(approved + timedelta(days=1))
    for key, remark in answers.items():
        if answered <= today and record.state is RecordState.SUBMITTED:
            actions.answer(session, staff.coordinator(key), number, remark, instant(answered, "11:40"))
    if found.event.kind in _CERTIFIED and rules.is_recorded(record.state, record.outcome):
        present = select(Attendance.id).where(Attendance.record_id == number, col(Attendance.present).is_(True))
        people = [one or 0 for one in session.exec(present.order_by(col(Attendance.position))).all()]
        if people:
            papers.issue(session, actor, found.event, number, people, instant(approved, "13:10"))
    if "story" in entry:
        told = replace(found, record=record)
        actions.tell_story(session, actor, told, entry["story"].strip(), "", instant(approved, "12:00"))


def _version(session: Session, meeting: Meeting, entry: Entry, found: Date, staff: Staff, approved: date) -> Version:
    outcome = Outcome(entry.get("outcome", "held"))
    if outcome is Outcome.NOT_HELD:
        return Version(outcome=outcome, reason=entry["reason"])
    rows = [row for row in queries.expected(session, found.event, found.occurrence) if row.person]
    random = Random(f"{SEED}:{meeting.entry['key']}:{meeting.week}:record")  # noqa: S311 - the same demo every time
    absent = random.randrange(len(rows)) if len(rows) > 3 else -1
    inside = entry.get("inside", random.randint(6, 18)) if "convicts" in found.event.audience else None
    tasks = tuple(
        Task(task_key(one["text"]), one["text"], staff.ids[one["by"]], _due(approved, one["weeks"]))
        for one in entry.get("tasks", ())
    )
    return Version(
        outcome=outcome,
        people_inside=inside,
        family_members=entry.get("family"),
        topics=tuple(found.event.topics[: entry.get("topics", 2)]),
        body=entry.get("body", _BODY).strip(),
        rows=tuple(replace(row, present=number != absent) for number, row in enumerate(rows)),
        tasks=tasks,
    )


def _due(approved: date, weeks: int) -> date:
    return working_day(approved + timedelta(weeks=weeks))


def _everybody(session: Session, record_id: int, staff: Staff) -> dict[str, str]:
    keys = {number: key for key, number in staff.ids.items()}
    return {
        keys[one.institution_id]: "" for one in queries.replies_of(session, record_id) if one.institution_id in keys
    }

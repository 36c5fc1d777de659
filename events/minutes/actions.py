"""Verbs of records: save, submit, answer, seal, remark; publish and remove the account; finish a task; remind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from events.calendar.models import Occurrence, Outcome
from events.minutes import mail, queries, rules, versions
from events.minutes.models import Attendance, Record, RecordRemark, RecordReply, RecordState, RecordTask, Reply
from events.minutes.queries import Date
from events.minutes.versions import Clash, Version
from partners.people import queries as people


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving made: the record, whether another one's changes were joined in, and whether anything changed."""

    record: Record
    joined: bool
    changed: bool


class Clashing(Exception):
    """Two people have changed the same pieces differently; nothing has been written.

    *version* holds what was typed and what only the other one has changed, *saved* what stands in the database.
    """

    def __init__(self, record: Record, saved: Version, version: Version, clashes: tuple[Clash, ...]) -> None:
        super().__init__(f"{len(clashes)} pieces differ")
        self.record, self.saved, self.version, self.clashes = record, saved, version, clashes


def save(
    session: Session, actor: Actor, found: Date, typed: Version, revision: int, seen: Mapping[str, str], now: datetime
) -> Saved:
    """Save a draft of the record; the first one makes it.

    Locks the date. A form made from an older *revision* is joined with what is saved by the marks *seen*. Raises
    NotASide, DidNotStand, NotBegun, Closed, and Clashing where both have changed the same.
    """
    record, saved = _opened(session, actor, found, now)
    joined = record is not None and record.revision != revision
    if record is not None and joined:
        both = versions.join(seen, saved, typed)
        if both.clashes:
            raise Clashing(record, saved, both.version, both.clashes)
        typed = both.version
    typed = _settled(typed)
    if record is not None and versions.packed(typed) == versions.packed(saved):
        return Saved(record, joined, changed=False)
    return Saved(_write(session, actor, found, record, saved, typed, now), joined, changed=True)


def submit(
    session: Session, actor: Actor, found: Date, typed: Version, revision: int, seen: Mapping[str, str], now: datetime
) -> Saved:
    """Save and approve the record, and ask the other institutions that ran the meeting for their word.

    What was joined with another one's changes is saved and not approved yet: its author has not seen it. Without
    another institution that could answer the record is sealed at once. Locks the date. Raises what save raises,
    NotOver, Incomplete.
    """
    rules.check_time(found.occurrence.state, found.occurrence.starts_at, found.occurrence.ends_at, now, whole=True)
    gaps = rules.gaps(_settled(typed))
    if gaps:
        raise rules.Incomplete(gaps)
    done = save(session, actor, found, typed, revision, seen, now)
    if done.joined:
        return done
    record = done.record
    asked = {
        one: told
        for one in found.circle.sides
        if one != actor.institution_id and (told := people.coordinators(session, one))
    }
    rules.check_step(record.state, RecordState.SUBMITTED)
    record.state, record.submitted_at = RecordState.SUBMITTED, now
    record.changed_at, record.changed_by = now, actor.user_id
    occurrence = session.get_one(Occurrence, record.occurrence_id)
    occurrence.outcome = record.outcome
    for institution_id in asked:
        session.add(RecordReply(record_id=_id(record), institution_id=institution_id, asked_at=now))
    record.answer_by = rules.answer_by(now) if asked else None
    session.flush()
    details: dict[str, Plain] = {
        "outcome": record.outcome.value if record.outcome else "",
        "reason": record.reason,
        "asked": sorted(asked),
    }
    trail.record(session, actor, "record.submitted", "record", _id(record), now, details=details)
    if asked:
        mail.asked(session, _with(found, record), [one for told in asked.values() for one in told], now)
    else:
        _seal(session, actor, record, occurrence.starts_at, now)
    return done


def answer(session: Session, actor: Actor, record_id: int, remark: str, now: datetime) -> Record:
    """Confirm a record, or with words add a remark; the last answer seals it.

    Locks the record. Raises NotASide, NotAsked.
    """
    record = _locked(session, record_id)
    found = _date_of(session, record)
    if not rules.may_write(actor, found.circle.sides):
        raise rules.NotASide
    replies = {one.institution_id: one for one in queries.replies_of(session, record_id)}
    if not rules.may_answer(actor, replies):
        raise rules.NotAsked
    reply = replies[actor.institution_id or 0]
    after = Reply.REMARKED if remark else Reply.CONFIRMED
    rules.check_answer(record.state, reply.reply, after)
    reply.reply, reply.remark, reply.replied_at, reply.replied_by = after, remark, now, actor.user_id
    session.flush()
    verb = "record.remarked" if remark else "record.confirmed"
    details: dict[str, Plain] = {"institution_id": reply.institution_id}
    personal: dict[str, Plain] = {"text": remark} if remark else {}
    trail.record(session, actor, verb, "record", record_id, now, details=details, personal=personal)
    if remark:
        others = [one for one in found.circle.sides if one != actor.institution_id]
        mail.answered(session, found, actor.institution_name, others, now)
    if all(one.reply is not Reply.ASKED for one in replies.values()):
        _seal(session, actor, record, found.occurrence.starts_at, now)
    return record


def add_remark(session: Session, actor: Actor, record_id: int, text: str, now: datetime) -> None:
    """Add a remark to a sealed record, with its own date: it stands beside the sealed content and leaves it alone.

    Locks the record. Raises NoWords, NotASide, NotSealed.
    """
    if not text:
        raise rules.NoWords
    record = _locked(session, record_id)
    found = _date_of(session, record)
    if not rules.may_write(actor, found.circle.sides):
        raise rules.NotASide
    if record.state is not RecordState.SEALED:
        raise rules.NotSealed
    institution_id = actor.institution_id or 0
    session.add(
        RecordRemark(
            record_id=record_id, institution_id=institution_id, remark=text, made_at=now, made_by=actor.user_id
        )
    )
    session.flush()
    details: dict[str, Plain] = {"institution_id": institution_id}
    trail.record(
        session, actor, "record.remark_added", "record", record_id, now, details=details, personal={"text": text}
    )
    others = [one for one in found.circle.sides if one != institution_id]
    mail.answered(session, found, actor.institution_name, others, now)


def seal_silent(session: Session, now: datetime) -> int:
    """Seal the records that nobody has answered in time, as having no remarks; return how many were sealed."""
    sealed = 0
    for record_id in queries.unanswered(session, warsaw.today(now)):
        record = _locked(session, record_id)
        if record.state is not RecordState.SUBMITTED:
            continue
        for reply in queries.replies_of(session, record_id):
            if reply.reply is Reply.ASKED:
                rules.check_answer(record.state, reply.reply, Reply.SILENT)
                reply.reply = Reply.SILENT
        session.flush()
        _seal(session, Actor.system(), record, _date_of(session, record).occurrence.starts_at, now)
        sealed += 1
    return sealed


def remind(session: Session, now: datetime) -> int:
    """Write once to the organisers of dates that have waited for their note for more than three working days.

    Return how many dates were called to mind. The trail remembers which ones were.
    """
    today = warsaw.today(now)
    waiting = [one for one, ends_at in queries.late_notes(session, now) if rules.note_due(ends_at) < today]
    reminded = trail.subjects_of(session, "record.reminded", now - 2 * rules.REMEMBERED) if waiting else set()
    number = 0
    for occurrence_id in waiting:
        found = queries.date_by_id(session, occurrence_id) if occurrence_id not in reminded else None
        if found is None:
            continue
        details: dict[str, Plain] = {"number": mail.reminded(session, found, now)}
        trail.record(session, Actor.system(), "record.reminded", "occurrence", occurrence_id, now, details=details)
        number += 1
    return number


def finish(session: Session, actor: Actor, found: Date, task_id: int, now: datetime) -> None:
    """Mark a task as done. Locks it. Raises NotYourTask, DoneAlready."""
    task = lock(session, RecordTask, task_id)
    if task is None or not rules.may_finish(actor, task.institution_id, found.circle.sides):
        raise rules.NotYourTask
    if task.done_at is not None:
        raise rules.DoneAlready
    task.done_at, task.done_by = now, actor.user_id
    session.flush()
    details: dict[str, Plain] = {"record_id": task.record_id, "institution_id": task.institution_id}
    trail.record(session, actor, "task.done", "task", task_id, now, details=details)


def tell_story(session: Session, actor: Actor, found: Date, text: str, link: str, now: datetime) -> None:
    """Publish the organiser's account for everybody, or change it. Locks the record.

    Raises OrganiserOnly, NotHeld, NoWords, BadLink.
    """
    record = _told_of(session, actor, found)
    if not text:
        raise rules.NoWords
    if link and not link.startswith("https://"):
        raise rules.BadLink
    record.story, record.story_link, record.story_at = text, link, now
    session.flush()
    personal: dict[str, Plain] = {"text": text, "link": link}
    trail.record(session, actor, "story.published", "record", _id(record), now, personal=personal)


def remove_story(session: Session, actor: Actor, found: Date, now: datetime) -> None:
    """Take the account for everybody away; the trail keeps what it said.

    Locks the record. Raises OrganiserOnly, NotHeld.
    """
    record = _told_of(session, actor, found)
    if record.story_at is None:
        return
    personal: dict[str, Plain] = {"text": record.story, "link": record.story_link}
    record.story, record.story_link, record.story_at = "", "", None
    session.flush()
    trail.record(session, actor, "story.removed", "record", _id(record), now, personal=personal)


def _told_of(session: Session, actor: Actor, found: Date) -> Record:
    if not rules.may_tell(actor, found.event.organiser_id):
        raise rules.OrganiserOnly
    record = _locked(session, found.record.id or 0) if found.record else None
    if record is None or record.state is RecordState.OPEN or record.outcome is not Outcome.HELD:
        raise rules.NotHeld
    return record


def _opened(session: Session, actor: Actor, found: Date, now: datetime) -> tuple[Record | None, Version]:
    if not rules.may_write(actor, found.circle.sides):
        raise rules.NotASide
    number = found.occurrence.id or 0
    # The date and not the record: the first draft of two people at once makes one record.
    occurrence = lock(session, Occurrence, number)
    if occurrence is None:
        raise rules.DidNotStand
    rules.check_time(occurrence.state, occurrence.starts_at, occurrence.ends_at, now)
    stands = queries.record_under_lock(session, number)
    if stands is not None:
        rules.check_open(stands.state)
    return stands, queries.version_of(session, stands)


def _settled(version: Version) -> Version:
    """Give the version without what does not go with its outcome, the side as its reason says."""
    if version.outcome is Outcome.HELD:
        return versions.with_reason(version, "", None, "")
    if version.outcome is None:
        return version
    return versions.with_reason(version, version.reason, rules.settled_side(version.reason, version.side), version.note)


def _write(
    session: Session, actor: Actor, found: Date, record: Record | None, saved: Version, typed: Version, now: datetime
) -> Record:
    begun = record is None
    if record is None:
        record = Record(
            occurrence_id=found.occurrence.id or 0, made_at=now, made_by=actor.user_id, changed_at=now, revision=0
        )
        session.add(record)
    record.outcome, record.reason, record.side = typed.outcome, typed.reason, typed.side
    record.reason_note, record.body, record.topics = typed.note, typed.body, list(typed.topics)
    record.people_inside, record.family_members, record.others = (
        typed.people_inside,
        typed.family_members,
        typed.others,
    )
    record.revision += 1
    record.changed_at, record.changed_by = now, actor.user_id
    session.flush()
    _write_rows(session, _id(record), typed)
    _write_tasks(session, _id(record), typed)
    session.flush()
    before, after = versions.packed(saved), versions.packed(typed)
    changed = {key.partition(":")[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    details: dict[str, Plain] = {"changed": sorted(changed), "revision": record.revision}
    if begun:
        details["occurrence_id"] = record.occurrence_id
    trail.record(
        session, actor, "record.begun" if begun else "record.saved", "record", _id(record), now, details=details
    )
    return record


def _write_rows(session: Session, record_id: int, typed: Version) -> None:
    kept = {
        versions.row_key(one.person, one.institution_id, one.signup_id): one
        for one in queries.attendance(session, record_id)
    }
    for position, row in enumerate(one for one in typed.rows if one.person):
        stored = kept.pop(row.key, None)
        if stored is None:
            stored = Attendance(
                record_id=record_id, institution_id=row.institution_id, person=row.person, signup_id=row.signup_id
            )
            stored.user_id = row.user_id
            session.add(stored)
        stored.person, stored.institution_id, stored.function = row.person, row.institution_id, row.function
        stored.present, stored.position = row.present, position
    for gone in kept.values():
        session.delete(gone)


def _write_tasks(session: Session, record_id: int, typed: Version) -> None:
    kept = {versions.task_key(one.text): one for one in queries.tasks_of(session, record_id)}
    for position, task in enumerate(one for one in typed.tasks if one.text):
        stored = kept.pop(task.key, None)
        if stored is None:
            stored = RecordTask(record_id=record_id, text=task.text, institution_id=task.institution_id)
            session.add(stored)
        stored.text, stored.institution_id = task.text, task.institution_id
        stored.due_on, stored.position = task.due_on, position
    for gone in kept.values():
        session.delete(gone)


def _seal(session: Session, actor: Actor, record: Record, starts_at: datetime, now: datetime) -> None:
    rules.check_step(record.state, RecordState.SEALED)
    record.state, record.sealed_at = RecordState.SEALED, now
    session.flush()
    facts = queries.sealed(session, record, starts_at)
    called = {one: names[0] for one, names in queries.called(session, facts.institutions).items()}
    record.seal = rules.seal(facts, called)
    session.flush()
    how = rules.sealing([reply for _who, reply, _words, _at in facts.replies])
    details: dict[str, Plain] = {"how": how.value, "seal": record.seal}
    trail.record(session, actor, "record.sealed", "record", _id(record), now, details=details)


def _locked(session: Session, record_id: int) -> Record:
    record = lock(session, Record, record_id)
    if record is None:
        raise rules.NotAsked
    return record


def _date_of(session: Session, record: Record) -> Date:
    found = queries.date_by_id(session, record.occurrence_id)
    if found is None:
        raise rules.DidNotStand
    return found


def _with(found: Date, record: Record) -> Date:
    return Date(found.event, found.occurrence, found.circle, record)


def _id(record: Record) -> int:
    if record.id is None:
        raise LookupError("the record has not been stored yet")
    return record.id

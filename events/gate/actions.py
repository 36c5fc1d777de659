"""Verbs of entry lists that other rooms call: expect, leave, rename, follow, clear, speakers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, select, update

from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import insert_all
from events.calendar import queries as calendar
from events.calendar.models import Event, Occurrence, State
from events.calendar.queries import DateSpeaker
from events.gate import mail, queries, rules
from events.gate.models import Entry, EntryState, Equipment, Origin
from events.gate.rules import Expected


def expect(
    session: Session, actor: Actor, event: Event, occurrence: Occurrence, people: Sequence[Expected], now: datetime
) -> None:
    """Put *people* on the entry list of the date; after its freeze each is a request, and the unit gets one mail.

    Who stands there already stays; who was withdrawn comes back. People of the unit itself stand on no list. Nothing
    happens, and nothing is asked of the database, where the event does not take place inside a prison unit.
    """
    unit_id = unit_of(event, occurrence)
    incoming = [one for one in people if one.institution_id != unit_id]
    if event.consent is None or unit_id is None or not incoming or rules.is_over(occurrence.local_date, now):
        return
    state = arrival(session, actor, unit_id, occurrence, now)
    known = queries.by_signup(session, occurrence.id or 0, [one.signup_id for one in incoming])
    fresh = [one for one in incoming if one.signup_id not in known]
    again = [one for one in incoming if one.signup_id in known and known[one.signup_id].state not in rules.ACTIVE]
    for one in again:
        entry = known[one.signup_id]
        _place(entry, unit_id, occurrence, now)
        decide(entry, state, actor, now)
        entry.person, entry.function = one.person, one.function
    decided = state is EntryState.APPROVED
    shared = {
        "occurrence_id": occurrence.id or 0,
        "unit_id": unit_id,
        "local_date": occurrence.local_date,
        "origin": Origin.SIGN_UP,
        "speaker_id": None,
        "instead_of": "",
        "extras": {},
        "state": state,
        "reason": "",
        "note": "",
        "made_at": now,
        "changed_at": now,
        "decided_at": now if decided else None,
        "decided_by": actor.user_id if decided else None,
        "erased_at": None,
    }
    session.flush()
    insert_all(session, Entry, [{**shared, **_said(one)} for one in fresh])
    number = len(fresh) + len(again)
    if number and state is not EntryState.LISTED:
        _record(session, actor, "gate.added", occurrence, now, {"number": number, "state": state.value})
    if number and state is EntryState.REQUESTED:
        mail.asked(session, event, occurrence, unit_id, number, now)


def leave(
    session: Session, actor: Actor, event: Event, occurrence: Occurrence, signup_ids: Sequence[int], now: datetime
) -> None:
    """Mark the entries of these sign-ups as withdrawn: nobody is asked, after the freeze one mail tells the unit."""
    unit_id = unit_of(event, occurrence)
    if event.consent is None or unit_id is None or not signup_ids:
        return
    known = queries.by_signup(session, occurrence.id or 0, signup_ids)
    remove(session, actor, event, occurrence, [one for one in known.values() if one.state in rules.ACTIVE], now)


def rename(
    session: Session,
    actor: Actor,
    event: Event,
    occurrence: Occurrence,
    signup_id: int,
    person: str,
    function: str,
    now: datetime,
) -> None:
    """Let another person, or the first one named, enter on this sign-up: "A instead of B", asked after the freeze."""
    unit_id = unit_of(event, occurrence)
    if event.consent is None or unit_id is None:
        return
    entry = queries.by_signup(session, occurrence.id or 0, [signup_id]).get(signup_id)
    if entry is not None:
        replace(session, actor, event, occurrence, entry, person, function, now)


def follow(session: Session, actor: Actor, event: Event, occurrence: Occurrence, now: datetime) -> None:
    """Take the list of a date along to its new day, hours or unit: whatever was decided is asked anew.

    Where the date has left the prison units its list ends.
    """
    unit_id = unit_of(event, occurrence)
    if event.consent is None or unit_id is None:
        _end(session, actor, occurrence, now)
        return
    entries = session.exec(select(Entry).where(Entry.occurrence_id == occurrence.id)).all()
    things = session.exec(select(Equipment).where(Equipment.occurrence_id == occurrence.id)).all()
    rows: list[Entry | Equipment] = [*entries, *things]
    standing = [one for one in rows if one.state is not EntryState.REMOVED]
    state = arrival(session, actor, unit_id, occurrence, now) if standing else EntryState.LISTED
    for one in rows:
        one.unit_id, one.local_date = unit_id, occurrence.local_date
    for one in standing:
        always = state is EntryState.LISTED and isinstance(one, Equipment)
        decide(one, EntryState.REQUESTED if always else state, actor, now)
    session.flush()
    if standing:
        details: dict[str, Plain] = {"unit_id": unit_id, "number": len(standing)}
        _record(session, actor, "gate.moved", occurrence, now, details)
    if standing and state is EntryState.REQUESTED:
        mail.asked(session, event, occurrence, unit_id, len(standing), now)


def clear(session: Session, actor: Actor, event: Event, occurrence: Occurrence, now: datetime) -> None:
    """End the list of a date that is cancelled: everything on it is withdrawn, nobody is asked."""
    if event.consent is not None:
        _end(session, actor, occurrence, now)


def speakers(session: Session, actor: Actor, event: Event, occurrences: Sequence[Occurrence], now: datetime) -> None:
    """Let those who lead or speak stand on the lists of these dates, as the date or its event names them now.

    Dates that have passed stay as they were. After a date's freeze a new speaker is a request, and the unit gets one
    mail for it.
    """
    if event.consent is None or event.state is not State.PUBLISHED or not occurrences:
        return
    named = calendar.speakers_of(session, event.id or 0, [one.id or 0 for one in occurrences])
    dates = [one for one in occurrences if one.state is State.PUBLISHED and not rules.is_over(one.local_date, now)]
    listed = queries.speakers_on(session, [one.id or 0 for one in dates])
    added = removed = 0
    for occurrence in dates:
        unit_id = unit_of(event, occurrence)
        speaking = named[occurrence.id or 0]
        wanted = [one for one in speaking if unit_id is not None and one.institution_id != unit_id]
        standing = _known(event, wanted, listed.get(occurrence.id or 0, []))
        gone = [one for one, speaker in standing if speaker is None and one.state in rules.ACTIVE]
        remove(session, actor, event, occurrence, gone, now)
        removed += len(gone)
        if unit_id is not None:
            added += _speak(session, actor, event, occurrence, unit_id, wanted, standing, now)
    if added or removed:
        details: dict[str, Plain] = {"added": added, "removed": removed}
        trail.record(session, actor, "gate.speakers_set", "event", event.id or 0, now, details=details)


def remove(
    session: Session, actor: Actor, event: Event, occurrence: Occurrence, entries: Sequence[Entry], now: datetime
) -> None:
    """Mark *entries* of a date as withdrawn. After the freeze the unit is told, unless it did this itself."""
    if not entries or rules.is_over(occurrence.local_date, now):
        return
    unit_id = entries[0].unit_id
    late = rules.is_frozen(occurrence.local_date, queries.rules_of(session, unit_id).freeze_days, now)
    told = late and not rules.may_decide(actor, unit_id)
    for entry in entries:
        entry.state, entry.changed_at = EntryState.REMOVED, now
        record_entry(session, actor, "gate.left", entry, now, {"late": late})
    session.flush()
    if told:
        mail.withdrawn(session, event, occurrence, unit_id, len(entries), now)


def replace(
    session: Session,
    actor: Actor,
    event: Event,
    occurrence: Occurrence,
    entry: Entry,
    person: str,
    function: str,
    now: datetime,
) -> None:
    """Put another *person* in the place of the one on *entry*; after the freeze the unit decides about it anew.

    The answers of the former person to what the unit asks for are deleted.
    """
    if (entry.person, entry.function) == (person, function) or rules.is_over(occurrence.local_date, now):
        return
    before = entry.person
    other = rules.same_person(before) != rules.same_person(person)
    entry.person, entry.function, entry.changed_at = person, function, now
    state = entry.state
    if other:
        entry.extras = {}
        state = arrival(session, actor, entry.unit_id, occurrence, now)
        decide(entry, state, actor, now)
        late = state is not EntryState.LISTED
        entry.instead_of = (entry.instead_of or before) if late else ""
    session.flush()
    record_entry(session, actor, "gate.renamed", entry, now, {"state": state.value}, was=before)
    if other and state is EntryState.REQUESTED:
        mail.asked(session, event, occurrence, entry.unit_id, 1, now)


def decide(entry: Entry | Equipment, state: EntryState, actor: Actor, now: datetime) -> None:
    """Set *state*, with who decided it if it is a decision, and forget the reason of an earlier one."""
    decided = state in (EntryState.APPROVED, EntryState.REFUSED)
    entry.state, entry.changed_at = state, now
    entry.reason = entry.note = ""
    entry.decided_at, entry.decided_by = (now, actor.user_id) if decided else (None, None)


def record_entry(
    session: Session,
    actor: Actor,
    verb: str,
    entry: Entry,
    now: datetime,
    details: dict[str, Plain],
    *,
    was: str = "",
) -> None:
    """Write one line of the trail about *entry*: the names beside it, where they can be forgotten."""
    personal: dict[str, Plain] = {"person": entry.person, "function": entry.function}
    if was:
        personal["was"] = was
    facts: dict[str, Plain] = {"occurrence_id": entry.occurrence_id, **details}
    trail.record(session, actor, verb, "gate_entry", entry.id or 0, now, details=facts, personal=personal)


def unit_of(event: Event, occurrence: Occurrence) -> int | None:
    """Give the institution in which the date takes place."""
    return occurrence.place_institution_id or event.place_institution_id


def arrival(session: Session, actor: Actor, unit_id: int, occurrence: Occurrence, now: datetime) -> EntryState:
    """Give the state in which somebody comes onto the list of the date now."""
    if not rules.is_frozen(occurrence.local_date, queries.rules_of(session, unit_id).freeze_days, now):
        return EntryState.LISTED
    # After the freeze only the unit itself adds without asking.
    return EntryState.APPROVED if rules.may_decide(actor, unit_id) else EntryState.REQUESTED


def _known(
    event: Event, wanted: Sequence[DateSpeaker], entries: Sequence[Entry]
) -> list[tuple[Entry, DateSpeaker | None]]:
    """Give each entry with the speaker that it stands for now: the same person, else who has come in his place."""
    left = list(wanted)
    found: dict[int | None, DateSpeaker] = {}
    for same in (_is_same, _is_instead, _comes_for):
        for entry in entries:
            speaker = next((one for one in left if entry.id not in found and same(event, entry, one)), None)
            if speaker is not None:
                found[entry.id] = speaker
                left.remove(speaker)
    return [(entry, found.get(entry.id)) for entry in entries]


def _is_same(event: Event, entry: Entry, speaker: DateSpeaker) -> bool:
    person = rules.same_person(entry.person) == rules.same_person(speaker.person)
    return person and entry.institution_id == (speaker.institution_id or event.organiser_id)


def _is_instead(event: Event, entry: Entry, speaker: DateSpeaker) -> bool:
    stands = entry.state in rules.ACTIVE and entry.speaker_id == speaker.key
    return stands and entry.institution_id == (speaker.institution_id or event.organiser_id)


def _comes_for(event: Event, entry: Entry, speaker: DateSpeaker) -> bool:
    """Whether somebody new comes from the same institution as one who does not come: a substitute."""
    return entry.state in rules.ACTIVE and entry.institution_id == (speaker.institution_id or event.organiser_id)


def _speak(
    session: Session,
    actor: Actor,
    event: Event,
    occurrence: Occurrence,
    unit_id: int,
    wanted: Sequence[DateSpeaker],
    standing: Sequence[tuple[Entry, DateSpeaker | None]],
    now: datetime,
) -> int:
    before = {speaker.key: entry for entry, speaker in standing if speaker is not None}
    for entry, speaker in standing:
        if speaker is not None and entry.state is not EntryState.REMOVED:
            entry.speaker_id = speaker.key
            replace(session, actor, event, occurrence, entry, speaker.person, speaker.function, now)
    arriving = [one for one in wanted if one.key not in before or before[one.key].state is EntryState.REMOVED]
    if not arriving:
        return 0
    state = arrival(session, actor, unit_id, occurrence, now)
    for speaker in arriving:
        entry = before.get(speaker.key) or Entry(
            occurrence_id=occurrence.id or 0,
            unit_id=unit_id,
            local_date=occurrence.local_date,
            origin=Origin.SPEAKER,
            state=state,
            made_at=now,
            changed_at=now,
        )
        _place(entry, unit_id, occurrence, now)
        decide(entry, state, actor, now)
        entry.speaker_id = speaker.key
        # A speaker from nowhere comes on behalf of the organiser: somebody must answer what the unit asks.
        entry.institution_id = speaker.institution_id or event.organiser_id
        entry.person, entry.function = speaker.person, speaker.function
        session.add(entry)
    session.flush()
    if state is EntryState.REQUESTED:
        mail.asked(session, event, occurrence, unit_id, len(arriving), now)
    return len(arriving)


def _end(session: Session, actor: Actor, occurrence: Occurrence, now: datetime) -> None:
    ended: dict[str, Plain] = {}
    for name, table in (("people", Entry), ("things", Equipment)):
        standing: Any = (table.occurrence_id == occurrence.id, table.state != EntryState.REMOVED)
        statement = update(table).where(*standing).values(state=EntryState.REMOVED, changed_at=now)
        ended[name] = session.exec(statement, execution_options={"synchronize_session": "fetch"}).rowcount
    if any(ended.values()):
        _record(session, actor, "gate.cleared", occurrence, now, ended)


def _place(entry: Entry | Equipment, unit_id: int, occurrence: Occurrence, now: datetime) -> None:
    entry.unit_id, entry.local_date, entry.changed_at = unit_id, occurrence.local_date, now


def _said(one: Expected) -> dict[str, object]:
    return {
        "signup_id": one.signup_id,
        "institution_id": one.institution_id,
        "person": one.person,
        "function": one.function,
    }


def _record(
    session: Session, actor: Actor, verb: str, occurrence: Occurrence, now: datetime, details: dict[str, Plain]
) -> None:
    trail.record(session, actor, verb, "occurrence", occurrence.id or 0, now, details=details)

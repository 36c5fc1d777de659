"""Verbs of entry lists on their own pages: rules of a unit, guests, answers, equipment, and the unit's decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app.actors import Actor, Role
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from events.calendar.models import Event, Occurrence, State
from events.gate import actions, mail, queries, rules
from events.gate.models import Entry, EntryState, Equipment, GateRules, Origin, Preset
from events.gate.queries import edition
from events.gate.rules import UnitRules


@dataclass(frozen=True, slots=True)
class Decision:
    """What the unit says to one person (*ids*: his entries of a day) or to one thing.

    *edition* is what the page showed: a decision about what has changed since is refused.
    """

    ids: tuple[int, ...]
    allowed: bool
    edition: str
    thing: bool = False
    reason: str = ""
    note: str = ""


def set_rules(session: Session, actor: Actor, unit_id: int, wanted: UnitRules, now: datetime) -> bool:
    """Set what a unit asks of those who enter; return whether anything changed.

    A preset brings its own fields and says whether equipment is let in; only the unit's own rules choose them.
    Raises NotYourGate.
    """
    if not (rules.may_set_rules(actor, unit_id) or actor.role in (Role.OPERATOR, Role.SYSTEM)):
        raise rules.NotYourGate
    own = wanted.preset is Preset.CUSTOM
    fields = [key for key in rules.EXTRA_FIELDS if own and key in wanted.fields]
    equipment = wanted.equipment if own else wanted.preset is Preset.NAMES_AND_EQUIPMENT
    found = session.get(GateRules, unit_id) or GateRules(institution_id=unit_id, changed_at=now)
    before = (found.preset, found.freeze_days, found.extra_fields, found.equipment, found.standing_text)
    after = (wanted.preset, wanted.freeze_days, fields, equipment, wanted.standing_text)
    if before == after and found in session:
        return False
    found.preset, found.freeze_days, found.extra_fields, found.equipment, found.standing_text = after
    found.changed_at, found.changed_by = now, actor.user_id
    session.add(found)
    session.flush()
    details: dict[str, Plain] = {
        "preset": found.preset.value,
        "freeze_days": found.freeze_days,
        "fields": fields,
        "equipment": equipment,
    }
    trail.record(session, actor, "gate.rules_set", "institution", unit_id, now, details=details)
    return True


def add_guest(session: Session, actor: Actor, occurrence_id: int, person: str, function: str, now: datetime) -> Entry:
    """Put a guest of the organiser, a co-organiser or the unit itself on the list; after the freeze it is a request.

    Locks the date. Raises NoSuchList, DayIsOver, NotTheOrganiser, NobodyNamed, DocumentNumber, ListFull.
    """
    event, occurrence, unit_id = _open(session, occurrence_id, now)
    if not (rules.may_decide(actor, unit_id) or queries.organises(session, actor, event, occurrence)):
        raise rules.NotTheOrganiser
    if not person:
        raise rules.NobodyNamed
    rules.check_words(person, function)
    _check_room(session, Entry, occurrence_id, rules.PEOPLE_MAX)
    state = actions.arrival(session, actor, unit_id, occurrence, now)
    entry = Entry(
        occurrence_id=occurrence_id,
        unit_id=unit_id,
        local_date=occurrence.local_date,
        origin=Origin.GUEST,
        institution_id=actor.institution_id,
        person=person,
        function=function,
        state=state,
        made_at=now,
        changed_at=now,
    )
    actions.decide(entry, state, actor, now)
    session.add(entry)
    session.flush()
    actions.record_entry(session, actor, "gate.guest_added", entry, now, {"state": state.value})
    if state is EntryState.REQUESTED:
        mail.asked(session, event, occurrence, unit_id, 1, now)
    return entry


def replace_guest(session: Session, actor: Actor, entry_id: int, person: str, function: str, now: datetime) -> None:
    """Let another guest come instead, after the freeze as a request.

    Locks the date. Raises what add_guest raises, NotYourList, NotAGuest, Withdrawn.
    """
    entry = _guest(session, actor, entry_id)
    event, occurrence, _unit_id = _open(session, entry.occurrence_id, now)
    if not person:
        raise rules.NobodyNamed
    rules.check_words(person, function)
    actions.replace(session, actor, event, occurrence, entry, person, function, now)


def withdraw_guest(session: Session, actor: Actor, entry_id: int, now: datetime) -> None:
    """Take a guest off the list: nobody is asked. Locks the date. Raises NotYourList, NotAGuest, Withdrawn."""
    entry = _guest(session, actor, entry_id)
    event, occurrence, _unit_id = _open(session, entry.occurrence_id, now)
    actions.remove(session, actor, event, occurrence, [entry], now)


def complete(session: Session, actor: Actor, answers: Mapping[int, Mapping[str, str]], now: datetime) -> int:
    """Keep what the unit asks for about people of the actor's institution; return how many changed.

    *answers* maps entries to fields and words. This is no request, before the freeze or after it. Locks the dates.
    Raises NotYourList, Withdrawn, FieldNotAsked, DocumentNumber, NoSuchList, DayIsOver.
    """
    changed = 0
    entries = _entries(session, list(answers))
    # The dates in one order, as decide locks them; then what may have changed while one waited for them.
    dates = sorted({entry.occurrence_id for entry in entries})
    units = {occurrence_id: _open(session, occurrence_id, now)[2] for occurrence_id in dates}
    asked = {entry.id: queries.rules_of(session, units[entry.occurrence_id]) for entry in entries}
    for entry in _entries(session, list(answers)):
        said = answers[entry.id or 0]
        if not rules.may_keep(actor, entry.institution_id):
            raise rules.NotYourList
        if entry.state is EntryState.REMOVED:
            raise rules.Withdrawn
        if not set(said) <= set(asked[entry.id].fields):
            raise rules.FieldNotAsked
        rules.check_words(*said.values())
        kept = {key: words for key, words in {**entry.extras, **said}.items() if words}
        if kept == entry.extras:
            continue
        fields: list[str] = [key for key in said if said[key] != entry.extras.get(key, "")]
        entry.extras, entry.changed_at = kept, now
        session.flush()
        personal: dict[str, Plain] = {"person": entry.person, **{key: said[key] for key in fields}}
        details: dict[str, Plain] = {"occurrence_id": entry.occurrence_id, "fields": fields}
        trail.record(
            session, actor, "gate.completed", "gate_entry", entry.id or 0, now, details=details, personal=personal
        )
        changed += 1
    return changed


def report_thing(
    session: Session, actor: Actor, occurrence_id: int, what: str, serial: str, now: datetime
) -> Equipment:
    """Ask the unit to let a thing in; it decides about each, the unit itself at once.

    Locks the date. After the freeze one mail tells the unit. Raises NoSuchList, DayIsOver, NotYourList, NothingNamed,
    EquipmentOff, ListFull.
    """
    event, occurrence, unit_id = _open(session, occurrence_id, now)
    if not (rules.may_decide(actor, unit_id) or queries.takes_part(session, actor, event, occurrence)):
        raise rules.NotYourList
    asked = queries.rules_of(session, unit_id)
    if not asked.equipment:
        raise rules.EquipmentOff
    if not what:
        raise rules.NothingNamed
    _check_room(session, Equipment, occurrence_id, rules.ITEMS_MAX)
    own = rules.may_decide(actor, unit_id)
    thing = Equipment(
        occurrence_id=occurrence_id,
        unit_id=unit_id,
        local_date=occurrence.local_date,
        institution_id=actor.institution_id or 0,
        what=what,
        serial=serial,
        state=EntryState.REQUESTED,
        made_at=now,
        changed_at=now,
    )
    actions.decide(thing, EntryState.APPROVED if own else EntryState.REQUESTED, actor, now)
    session.add(thing)
    session.flush()
    _record_thing(session, actor, "equipment.reported", thing, now, {})
    if not own and rules.is_frozen(occurrence.local_date, asked.freeze_days, now):
        mail.asked(session, event, occurrence, unit_id, 1, now)
    return thing


def withdraw_thing(session: Session, actor: Actor, thing_id: int, now: datetime) -> None:
    """Leave a thing at home: nobody is asked, after the freeze the unit is told.

    Locks the date. Raises NotYourList, Withdrawn, NoSuchList, DayIsOver.
    """
    thing = session.get_one(Equipment, thing_id)
    event, occurrence, unit_id = _open(session, thing.occurrence_id, now)
    session.refresh(thing)
    if not rules.may_keep(actor, thing.institution_id):
        raise rules.NotYourList
    if thing.state is EntryState.REMOVED:
        raise rules.Withdrawn
    late = rules.is_frozen(occurrence.local_date, queries.rules_of(session, unit_id).freeze_days, now)
    thing.state, thing.changed_at = EntryState.REMOVED, now
    session.flush()
    _record_thing(session, actor, "equipment.withdrawn", thing, now, {"late": late})
    if late and not rules.may_decide(actor, unit_id):
        mail.withdrawn(session, event, occurrence, unit_id, 1, now)


def decide(session: Session, actor: Actor, decisions: Sequence[Decision], now: datetime) -> tuple[int, int]:
    """Carry out the unit's decisions; return how many are allowed and refused, without those that changed nothing.

    Locks the dates. Each institution gets one mail. Raises NotYourGate, Stale, Withdrawn, ReasonMissing, WordsMissing,
    NoSuchList, DayIsOver.
    """
    told: dict[int, tuple[Event, Occurrence, list[bool]]] = {}
    people = {one.id or 0: one for one in _entries(session, [i for d in decisions if not d.thing for i in d.ids])}
    things = {one.id or 0: one for one in _things(session, [i for d in decisions if d.thing for i in d.ids])}
    dates = {one.occurrence_id for one in people.values()} | {one.occurrence_id for one in things.values()}
    opened = {occurrence_id: _open(session, occurrence_id, now) for occurrence_id in sorted(dates)}
    for one in (*people.values(), *things.values()):
        session.refresh(one)
    for decision in decisions:
        rows: list[Entry | Equipment] = [things[i] if decision.thing else people[i] for i in decision.ids]
        _check(actor, decision, rows)
        state = EntryState.APPROVED if decision.allowed else EntryState.REFUSED
        reason, note = ("", "") if decision.allowed else (decision.reason, decision.note)
        rows = [row for row in rows if (row.state, row.reason, row.note) != (state, reason, note)]
        for row in rows:
            actions.decide(row, state, actor, now)
            row.reason, row.note = reason, note
            details: dict[str, Plain] = {"state": state.value, "reason": reason}
            if isinstance(row, Equipment):
                _record_thing(session, actor, "equipment.decided", row, now, details)
            else:
                actions.record_entry(session, actor, "gate.decided", row, now, details)
        if rows and rows[0].institution_id is not None:
            event, occurrence, _unit_id = opened[rows[0].occurrence_id]
            told.setdefault(rows[0].institution_id, (event, occurrence, []))[2].append(decision.allowed)
    session.flush()
    for institution_id, (event, occurrence, said) in told.items():
        if institution_id != actor.institution_id:
            allowed = sum(said)
            refused = len(said) - allowed
            mail.decided(session, event, occurrence, institution_id, allowed=allowed, refused=refused, now=now)
    everything = [allowed for _event, _occurrence, said in told.values() for allowed in said]
    return sum(everything), len(everything) - sum(everything)


def _check(actor: Actor, decision: Decision, rows: Sequence[Entry | Equipment]) -> None:
    if not rows or not all(rules.may_decide(actor, row.unit_id) for row in rows):
        raise rules.NotYourGate
    if any(row.state is EntryState.REMOVED for row in rows):
        raise rules.Withdrawn
    if edition(max(row.changed_at for row in rows)) != decision.edition:
        raise rules.Stale
    if not decision.allowed:
        rules.check_reason(decision.reason, decision.note, thing=decision.thing)


def _open(session: Session, occurrence_id: int, now: datetime) -> tuple[Event, Occurrence, int]:
    occurrence = lock(session, Occurrence, occurrence_id)
    event = session.get(Event, occurrence.event_id) if occurrence else None
    if occurrence is None or event is None:
        raise rules.NoSuchList
    unit_id = actions.unit_of(event, occurrence)
    if event.consent is None or unit_id is None or occurrence.state is not State.PUBLISHED:
        raise rules.NoSuchList
    if rules.is_over(occurrence.local_date, now):
        raise rules.DayIsOver
    return event, occurrence, unit_id


def _guest(session: Session, actor: Actor, entry_id: int) -> Entry:
    entry = session.get_one(Entry, entry_id)
    lock(session, Occurrence, entry.occurrence_id)
    session.refresh(entry)
    if not rules.may_keep(actor, entry.institution_id):
        raise rules.NotYourList
    if entry.origin is not Origin.GUEST:
        raise rules.NotAGuest
    if entry.state is EntryState.REMOVED:
        raise rules.Withdrawn
    return entry


def _entries(session: Session, ids: Sequence[int]) -> Sequence[Entry]:
    found = select(Entry).where(col(Entry.id).in_(ids)).order_by(col(Entry.id))
    return session.exec(found.execution_options(populate_existing=True)).all() if ids else ()


def _things(session: Session, ids: Sequence[int]) -> Sequence[Equipment]:
    found = select(Equipment).where(col(Equipment.id).in_(ids)).order_by(col(Equipment.id))
    return session.exec(found).all() if ids else ()


def _check_room(session: Session, table: type[Entry] | type[Equipment], occurrence_id: int, most: int) -> None:
    statement = select(func.count()).select_from(table).where(col(table.occurrence_id) == occurrence_id)
    if session.exec(statement).one() >= most:
        raise rules.ListFull


def _record_thing(
    session: Session, actor: Actor, verb: str, thing: Equipment, now: datetime, details: dict[str, Plain]
) -> None:
    facts: dict[str, Plain] = {"occurrence_id": thing.occurrence_id, **details}
    personal: dict[str, Plain] = {"what": thing.what, "serial": thing.serial}
    trail.record(session, actor, verb, "gate_equipment", thing.id or 0, now, details=facts, personal=personal)

"""Reads of entry lists: a unit's rules, the list of a date, the sheet of a day, what waits for whom."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from events.gate import rules
from events.gate.models import Entry, GateRules, Origin
from events.gate.rules import UnitRules


def rules_of(session: Session, unit_id: int) -> UnitRules:
    """Give what a unit asks of those who enter; the defaults where it has chosen nothing."""
    found = session.get(GateRules, unit_id)
    if found is None:
        return UnitRules()
    fields = tuple(key for key in rules.EXTRA_FIELDS if key in found.extra_fields)
    return UnitRules(found.preset, found.freeze_days, fields, found.equipment, found.standing_text)


def by_signup(session: Session, occurrence_id: int, signup_ids: Sequence[int]) -> dict[int, Entry]:
    """Give the entries of these sign-ups on a date, withdrawn ones too."""
    statement = select(Entry).where(
        Entry.occurrence_id == occurrence_id, Entry.origin == Origin.SIGN_UP, col(Entry.signup_id).in_(signup_ids)
    )
    return {entry.signup_id: entry for entry in session.exec(statement).all() if entry.signup_id is not None}


def speakers_on(session: Session, occurrence_ids: Sequence[int]) -> dict[int, dict[int, Entry]]:
    """Give, for each of these dates, the entries of those who lead or speak by the id of the speaker."""
    statement = select(Entry).where(col(Entry.occurrence_id).in_(occurrence_ids), Entry.origin == Origin.SPEAKER)
    found: dict[int, dict[int, Entry]] = {}
    for entry in session.exec(statement).all() if occurrence_ids else ():
        found.setdefault(entry.occurrence_id, {})[entry.speaker_id or 0] = entry
    return found

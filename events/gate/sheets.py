"""The sheet of a day for the gate: who and what enters a unit, 25 people a page, marked where changed since a print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, select

from app.actors import Actor
from app.audit import trail
from app.db import insert
from app.text import N_
from events.gate import queries, rules
from events.gate.models import EntryState, GatePrint
from events.gate.queries import Line, Meeting, Thing
from events.gate.rules import PEOPLE_PER_PAGE, UnitRules

# What A4 holds, in lines of its smallest print: 25 people of two lines, and some more for equipment or long words.
LINES_MAX, ROW_LINES, THINGS_ALONE = 58, 2, 45
_NAME_WIDTH, _OTHER_WIDTH = 28, 27
# A change that began before a print may be stored after it: what is as young as that is marked once more.
SLACK = timedelta(milliseconds=250)


class Mark(StrEnum):
    """What happened to a row since the last print."""

    NONE = ""
    NEW = "new"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


MARK_LABEL: Mapping[Mark, str] = {
    Mark.NEW: N_("added"),
    Mark.CHANGED: N_("changed"),
    Mark.WITHDRAWN: N_("off the list"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One numbered person of the sheet."""

    number: int
    line: Line
    mark: Mark

    @property
    def words(self) -> str:
        """Msgid of what the guard does."""
        return rules.gate_words(self.line.state, [one.consent for one in self.line.meetings])


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of equipment of the sheet."""

    thing: Thing
    mark: Mark


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet of paper."""

    number: int
    rows: tuple[Row, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class DaySheet:
    """Everybody and everything that enters a unit on a day."""

    day: date
    meetings: tuple[Meeting, ...]
    rows: tuple[Row, ...]
    items: tuple[Item, ...]
    pages: tuple[Page, ...]
    rules: UnitRules
    before: GatePrint | None

    @property
    def people(self) -> int:
        """How many are expected: without the withdrawn and the refused."""
        return sum(row.line.state in rules.ACTIVE for row in self.rows)

    @property
    def undecided(self) -> int:
        """How many people and things wait for a decision."""
        states = [*(row.line.state for row in self.rows), *(item.thing.state for item in self.items)]
        return states.count(EntryState.REQUESTED)

    def marked(self, mark: str) -> int:
        """How many people and things carry *mark*."""
        return [*(row.mark for row in self.rows), *(item.mark for item in self.items)].count(Mark(mark))


def sheet(session: Session, unit_id: int, day: date, before: GatePrint | None) -> DaySheet:
    """Give the sheet of a *day* as it stands now, with marks of what changed since the print *before*.

    Four statements, however many people.
    """
    meetings = queries.meetings_on(session, unit_id, day)
    lines = sorted(queries.people_of(session, meetings), key=lambda one: (one.starts_at, one.meetings[0].root))
    marked = [(line, _mark(line, before)) for line in lines]
    kept = [(line, mark) for line, mark in marked if _stays(line, mark)]
    rows = tuple(Row(number, line, mark) for number, (line, mark) in enumerate(kept, start=1))
    things = [Item(thing, _mark(thing, before)) for thing in queries.things_of(session, meetings)]
    items = tuple(item for item in things if _stays(item.thing, item.mark))
    return DaySheet(
        day=day,
        meetings=tuple(one for one in meetings if not one.cancelled),
        rows=rows,
        items=items,
        pages=pages(rows, items),
        rules=queries.rules_of(session, unit_id),
        before=before,
    )


def pages(rows: Sequence[Row], items: Sequence[Item]) -> tuple[Page, ...]:
    """Share rows and items out: 25 people a page, the equipment beneath the last of them or on pages of its own.

    Where many rows have more to say than two lines hold, fewer go on a page, so that its number stays true.
    """
    leaves: list[tuple[tuple[Row, ...], tuple[Item, ...]]] = []
    part: list[Row] = []
    for row in rows:
        if part and (len(part) == PEOPLE_PER_PAGE or _lines(part) + lines_of(row.line) > LINES_MAX):
            leaves.append((tuple(part), ()))
            part = []
        part.append(row)
    room = LINES_MAX - _lines(part) - 1
    if len(items) <= room:
        leaves.append((tuple(part), tuple(items)))
    else:
        leaves += [(tuple(part), ())] if part else []
        leaves += [((), tuple(items[start : start + THINGS_ALONE])) for start in range(0, len(items), THINGS_ALONE)]
    return tuple(Page(number, *leaf) for number, leaf in enumerate(leaves, start=1))


def lines_of(line: Line) -> int:
    """Give how many lines of print a person needs at most."""
    name = max(-(-len(line.person) // _NAME_WIDTH), 1) + bool(line.function)
    name += -(-(len(line.instead_of) + 8) // _OTHER_WIDTH) if line.instead_of else 0
    said = sum(len(words) + 2 for words in line.extras.values())
    beside = min(-(-len(line.institution) // _OTHER_WIDTH), 1 if said else ROW_LINES)
    return max(ROW_LINES, name, len(line.meetings), beside + -(-said // _OTHER_WIDTH))


def _lines(rows: Sequence[Row]) -> int:
    return sum(lines_of(row.line) for row in rows)


def last_print(session: Session, unit_id: int, day: date, before_id: int | None = None) -> GatePrint | None:
    """Give the newest print of the day, or the newest before the one numbered *before_id*."""
    statement = select(GatePrint).where(GatePrint.unit_id == unit_id, GatePrint.day == day)
    if before_id is not None:
        statement = statement.where(col(GatePrint.id) < before_id)
    return session.exec(statement.order_by(col(GatePrint.id).desc()).limit(1)).first()


def print_of(session: Session, unit_id: int, day: date, print_id: int) -> GatePrint | None:
    """Give one print of the unit's day."""
    found = session.get(GatePrint, print_id)
    return found if found is not None and (found.unit_id, found.day) == (unit_id, day) else None


def note_print(session: Session, actor: Actor, unit_id: int, day: date, now: datetime) -> int:
    """Note that the sheet of a *day* is being printed, and return the number of this print. Raises NotYourGate."""
    if not rules.may_decide(actor, unit_id):
        raise rules.NotYourGate
    people = sheet(session, unit_id, day, last_print(session, unit_id, day)).people
    print_id = insert(
        session, GatePrint, unit_id=unit_id, day=day, printed_at=now, printed_by=actor.user_id, people=people
    )
    trace(session, actor, "gate.printed", unit_id, day, now, people=people)
    return print_id


def trace(
    session: Session, actor: Actor, verb: str, unit_id: int, day: date, now: datetime, *, people: int | None = None
) -> None:
    """Leave a line about reading, printing or saving the sheet of a day."""
    details: dict[str, trail.Plain] = {"day": day.isoformat()}
    if people is not None:
        details["people"] = people
    trail.record(session, actor, verb, "institution", unit_id, now, details=details)


def _mark(one: Line | Thing, before: GatePrint | None) -> Mark:
    if before is None:
        return Mark.NONE
    printed_at = before.printed_at - SLACK
    if one.changed_at <= printed_at:
        return Mark.NONE
    if one.state is EntryState.REMOVED:
        return Mark.WITHDRAWN if one.made_at <= before.printed_at else Mark.NONE
    return Mark.NEW if one.made_at > printed_at else Mark.CHANGED


def _stays(one: Line | Thing, mark: Mark) -> bool:
    return one.state is not EntryState.REMOVED or mark is Mark.WITHDRAWN

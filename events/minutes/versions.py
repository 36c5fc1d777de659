"""Pure: one state of a record that is being written, and two of them joined without losing anybody's words."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import SequenceMatcher

from app.text import fold
from events.calendar.models import Outcome
from events.minutes.models import Side

TEXTS = frozenset({"body", "note"})
"""What is joined line by line where both have changed it."""
REASON = frozenset({"outcome", "note"})
"""The pieces that tell why a date was not held."""
_MARK = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A person who was expected or came. *key* is who it was when the form was made."""

    key: str
    person: str
    institution_id: int
    function: str = ""
    present: bool | None = None
    signup_id: int | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Something that an institution takes upon itself. *key* is what it was when the form was made."""

    key: str
    text: str
    institution_id: int
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """Everything of a record that a form can change."""

    outcome: Outcome | None = None
    reason: str = ""
    side: Side | None = None
    note: str = ""
    people_inside: int | None = None
    family_members: int | None = None
    others: int | None = None
    topics: tuple[str, ...] = ()
    body: str = ""
    rows: tuple[Row, ...] = ()
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class Clash:
    """A piece that two people have changed differently: *saved* by the other one, *typed* by me (packed values)."""

    key: str
    saved: str
    typed: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Two versions in one: what only one has changed is taken as it is, the rest stands in *clashes*.

    At a clash *version* holds what was typed; texts hold both.
    """

    version: Version
    clashes: tuple[Clash, ...] = field(default=())


def row_key(person: str, institution_id: int, signup_id: int | None = None) -> str:
    """Say who a row is about: its sign-up, or the name at an institution."""
    return f"s{signup_id}" if signup_id else "p" + _digest(f"{fold(person)}|{institution_id}")


def task_key(text: str) -> str:
    """Say what a task is by its words."""
    return "k" + _digest(fold(text))


def marks(version: Version) -> dict[str, str]:
    """Give a short mark of each piece: a form carries them, so that it is known what its author has changed."""
    return {key: _digest(value) for key, value in packed(version).items()}


def read_marks(text: str) -> dict[str, str]:
    """Read the marks that a form brought back; nothing where they cannot be read: then all differences are shown."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def write_marks(version: Version, *, hidden: Collection[str] = ()) -> str:
    """Write the marks for a hidden field, without the *hidden* pieces: of few words a mark tells which it is."""
    return json.dumps({key: mark for key, mark in marks(version).items() if key not in hidden}, separators=(",", ":"))


def packed(version: Version) -> dict[str, str]:
    """Take a version apart into pieces that are compared one by one; an empty piece is left out."""
    outcome = [version.outcome.value if version.outcome else "", version.reason, version.side or ""]
    pieces = {
        "outcome": json.dumps(outcome) if any(outcome) else "",
        "note": version.note,
        "people_inside": _number(version.people_inside),
        "family_members": _number(version.family_members),
        "others": _number(version.others),
        "body": version.body,
    }
    pieces |= {f"topic:{_digest(fold(topic))}": topic for topic in version.topics}
    pieces |= {f"row:{row.key}": _packed_row(row) for row in version.rows if row.person}
    pieces |= {f"task:{task.key}": _packed_task(task) for task in version.tasks if task.text}
    return {key: value for key, value in pieces.items() if value}


def join(seen: Mapping[str, str], saved: Version, typed: Version) -> Joined:
    """Join what is *saved* now with what was *typed* into a form that was made when the marks *seen* held."""
    theirs, mine = packed(saved), packed(typed)
    pieces: dict[str, str] = {}
    clashes = []
    for key in [*theirs, *(key for key in mine if key not in theirs)]:
        other, own, before = theirs.get(key, ""), mine.get(key, ""), seen.get(key, _digest(""))
        if other == own or _digest(own) == before:
            pieces[key] = other
        elif _digest(other) == before:
            pieces[key] = own
        else:
            clashes.append(Clash(key, other, own))
            pieces[key] = both(other, own) if key in TEXTS else own or other
    return Joined(unpacked(pieces), tuple(clashes))


def take(version: Version, key: str, saved: str) -> Version:
    """Give *version* with the piece *key* as it was *saved*: the author prefers the other one's."""
    pieces = packed(version)
    pieces[key] = saved
    return unpacked({name: value for name, value in pieces.items() if value})


def with_reason(version: Version, reason: str, side: Side | None, note: str) -> Version:
    """Give *version* with another reason."""
    return replace(version, reason=reason, side=side, note=note)


def with_outcome(version: Version, other: Version) -> Version:
    """Give *version* with outcome, reason, side and words of the *other*."""
    return replace(version, outcome=other.outcome, reason=other.reason, side=other.side, note=other.note)


def with_rows(version: Version, expected: Sequence[Row]) -> Version:
    """Give *version* with those of the *expected* who have no row yet."""
    here = {row.key for row in version.rows}
    return replace(version, rows=(*version.rows, *(row for row in expected if row.key not in here)))


def all_present(version: Version) -> Version:
    """Give *version* with everybody present who is not marked otherwise."""
    rows = (row if row.present is not None else replace(row, present=True) for row in version.rows)
    return replace(version, rows=tuple(rows))


def both(saved: str, typed: str) -> str:
    """Put two texts into one: lines that both have stand once, where they differ the saved ones come first."""
    ours, theirs = typed.splitlines(), saved.splitlines()
    lines: list[str] = []
    for _tag, low, high, from_, to in SequenceMatcher(a=theirs, b=ours, autojunk=False).get_opcodes():
        lines += theirs[low:high] if _tag == "equal" else [*theirs[low:high], *ours[from_:to]]
    return "\n".join(lines)


def unpacked(pieces: Mapping[str, str]) -> Version:
    """Put a version together out of its pieces, in their order."""
    outcome, reason, side = json.loads(pieces.get("outcome") or '["","",""]')
    return Version(
        outcome=Outcome(outcome) if outcome else None,
        reason=reason,
        side=Side(side) if side else None,
        note=pieces.get("note", ""),
        people_inside=_read_number(pieces.get("people_inside", "")),
        family_members=_read_number(pieces.get("family_members", "")),
        others=_read_number(pieces.get("others", "")),
        body=pieces.get("body", ""),
        topics=tuple(value for key, value in pieces.items() if key.startswith("topic:") and value),
        rows=tuple(row_of(key, value) for key, value in pieces.items() if key.startswith("row:") and value),
        tasks=tuple(task_of(key, value) for key, value in pieces.items() if key.startswith("task:") and value),
    )


def row_of(key: str, value: str) -> Row:
    """Read a row's piece."""
    person, function, institution_id, present, signup_id, user_id = json.loads(value)
    return Row(key.removeprefix("row:"), person, institution_id, function, present, signup_id, user_id)


def task_of(key: str, value: str) -> Task:
    """Read a task's piece."""
    text, institution_id, due = json.loads(value)
    return Task(key.removeprefix("task:"), text, institution_id, date.fromisoformat(due) if due else None)


def _packed_row(row: Row) -> str:
    return json.dumps([row.person, row.function, row.institution_id, row.present, row.signup_id, row.user_id])


def _packed_task(task: Task) -> str:
    return json.dumps([task.text, task.institution_id, task.due_on.isoformat() if task.due_on else ""])


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _read_number(value: str) -> int | None:
    return int(value) if value else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_MARK]

"""Decisions about entry lists on plain values, and how people and things are shared out over sheets of paper."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from events.gate import rules
from events.gate.models import EntryState, Origin, Preset
from events.gate.queries import Line, Meeting, Thing
from events.gate.sheets import THINGS_ALONE, Item, Mark, Row, pages

NOON = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "days", "freeze"),
    [
        (date(2026, 12, 8), 3, date(2026, 12, 3)),  # over a weekend
        (date(2026, 12, 8), 0, date(2026, 12, 8)),
        (date(2026, 12, 12), 1, date(2026, 12, 11)),  # a Saturday
        (date(2026, 11, 12), 1, date(2026, 11, 10)),  # over Independence Day
        (date(2027, 1, 7), 3, date(2026, 12, 31)),  # over New Year, a weekend and Epiphany
    ],
)
def test_a_list_closes_on_a_working_day(day: date, days: int, freeze: date) -> None:
    assert rules.freeze_day(day, days) == freeze


@pytest.mark.parametrize(
    ("at", "frozen"),
    [
        (datetime(2026, 12, 3, 22, 59, tzinfo=UTC), False),
        (datetime(2026, 12, 3, 23, 0, tzinfo=UTC), True),
    ],
)
def test_it_closes_at_midnight_in_warsaw(at: datetime, frozen: bool) -> None:
    assert rules.is_frozen(date(2026, 12, 8), 3, at) is frozen


@pytest.mark.parametrize(
    "text",
    ["ABC 123456", "dowód abc123456", "paszport EN1234567", "EN 1234567", "prawo jazdy 00123/06/0801", "(ABC-123456)"],
)
def test_numbers_of_identity_documents_are_recognised(text: str) -> None:
    assert rules.holds_document_number(text)
    with pytest.raises(rules.DocumentNumber, match="identity document"):
        rules.check_words("", text)


@pytest.mark.parametrize(
    "text", ["FZ 12345", "WPI 1234A", "DW 1A234", "600 000 000", "+48 600 000 000", "8.45", "KR 98765, autobus", ""]
)
def test_plates_and_telephones_are_no_documents(text: str) -> None:
    assert not rules.holds_document_number(text)


def test_a_refusal_needs_a_reason_and_another_reason_needs_words() -> None:
    rules.check_reason("late", "", thing=False)
    rules.check_reason("forbidden", "", thing=True)
    with pytest.raises(rules.ReasonMissing, match="Choose why you refuse"):
        rules.check_reason("", "nie i już", thing=False)
    with pytest.raises(rules.ReasonMissing):
        rules.check_reason("forbidden", "", thing=False)
    with pytest.raises(rules.WordsMissing, match="say in a few words"):
        rules.check_reason("other", "", thing=True)


@pytest.mark.parametrize(
    ("states", "combined"),
    [
        ([EntryState.LISTED, EntryState.REQUESTED], EntryState.REQUESTED),
        ([EntryState.APPROVED, EntryState.REFUSED], EntryState.REFUSED),
        ([EntryState.REMOVED, EntryState.APPROVED], EntryState.APPROVED),
        ([EntryState.REMOVED], EntryState.REMOVED),
    ],
)
def test_the_gate_reads_first_what_keeps_a_person_out(states: list[EntryState], combined: EntryState) -> None:
    assert rules.combined(states) is combined


def test_nobody_is_let_in_without_a_word_while_the_head_has_not_consented() -> None:
    assert rules.gate_words(EntryState.LISTED, ["granted"]) == "let in"
    assert "not without the duty officer" in rules.gate_words(EntryState.LISTED, ["granted", "pending"])
    assert "not without the duty officer" in rules.gate_words(EntryState.REQUESTED, ["granted"])
    assert rules.gate_words(EntryState.REFUSED, ["pending"]) == "refused – do not let in"


def test_no_extra_field_asks_for_a_document() -> None:
    assert set(rules.EXTRA_FIELDS) == {"vehicle", "phone", "arrival", "task"}
    assert rules.UnitRules().preset is Preset.NAMES_AND_EQUIPMENT
    assert rules.UnitRules().freeze_days == 3


# --- sheets of paper

HERE = Meeting(1, uuid4(), "Spotkanie", "", NOON, NOON, False, "granted", 1, "MOPS", False, False,
               NOON.date(), 1, False)  # fmt: skip


def row(number: int, person: str = "Anna Przykładowa", **extras: str) -> Row:
    line = Line((number,), person, "psycholog", "", 1, "MOPS w Kładkowie", Origin.SIGN_UP, extras,
                EntryState.LISTED, "", "", NOON, NOON, (HERE,))  # fmt: skip
    return Row(number, line, Mark.NONE)


def items(number: int) -> list[Item]:
    thing = Thing(1, 1, "MOPS", "laptop", "", EntryState.APPROVED, "", "", NOON, NOON, HERE)
    return [Item(thing, Mark.NONE)] * number


@pytest.mark.parametrize(
    ("people", "things", "leaves"),
    [
        (0, 0, [(0, 0)]),
        (0, 3, [(0, 3)]),
        (25, 0, [(25, 0)]),
        (25, 7, [(25, 7)]),
        (25, 8, [(25, 0), (0, 8)]),
        (26, 8, [(25, 0), (1, 8)]),
        (51, 0, [(25, 0), (25, 0), (1, 0)]),
        (1, 120, [(1, 0), (0, THINGS_ALONE), (0, THINGS_ALONE), (0, 120 - 2 * THINGS_ALONE)]),
    ],
)
def test_people_and_things_are_shared_out(people: int, things: int, leaves: list[tuple[int, int]]) -> None:
    made = pages([row(n) for n in range(people)], items(things))
    assert [(len(page.rows), len(page.items)) for page in made] == leaves
    assert [page.number for page in made] == list(range(1, len(made) + 1))


def test_whoever_has_much_to_say_takes_more_of_a_page() -> None:
    long = [row(n, person="Anna " * 20, task="b" * 60, arrival="c" * 60) for n in range(25)]
    made = pages(long, [])
    assert len(made) == 3
    assert sum(len(page.rows) for page in made) == 25

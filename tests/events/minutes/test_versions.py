"""Two versions of a record become one, and nobody's words are lost."""

from dataclasses import replace
from datetime import date

import pytest

from events.calendar.models import Outcome
from events.minutes import versions
from events.minutes.models import Side
from events.minutes.versions import Clash, Row, Task, Version

ANNA = Row("s1", "Anna Przykładowa", 1, "", None, 1, 5)
JAN = Row(versions.row_key("Jan Pokazowy", 2), "Jan Pokazowy", 2, "wychowawca")
TASK = Task(versions.task_key("lista osób"), "lista osób", 1, date(2026, 12, 4))
BEGIN = Version(topics=("zasiłki", "mieszkanie"), body="Pierwszy wiersz.", rows=(ANNA, JAN), tasks=(TASK,))
SEEN = versions.marks(BEGIN)


def joined(saved: Version, typed: Version) -> tuple[Version, list[str]]:
    found = versions.join(SEEN, saved, typed)
    return found.version, [clash.key for clash in found.clashes]


def test_a_version_comes_back_from_its_pieces():
    whole = replace(
        BEGIN, outcome=Outcome.NOT_HELD, reason="other", side=Side.NOBODY, note="x", people_inside=0, others=3
    )
    assert versions.unpacked(versions.packed(whole)) == whole


def test_what_only_one_has_changed_is_taken_over_from_both():
    saved = replace(BEGIN, people_inside=12, rows=(replace(ANNA, present=True), JAN), topics=("zasiłki",))
    typed = replace(
        BEGIN, body="Inny wiersz.", rows=(ANNA, replace(JAN, present=False)), topics=(*BEGIN.topics, "praca")
    )
    version, clashes = joined(saved, typed)
    assert clashes == []
    assert (version.people_inside, version.body) == (12, "Inny wiersz.")
    assert [row.present for row in version.rows] == [True, False]
    assert version.topics == ("zasiłki", "praca")


@pytest.mark.parametrize(
    ("saved", "typed", "key"),
    [
        ({"people_inside": 12}, {"people_inside": 13}, "people_inside"),
        ({"outcome": Outcome.HELD}, {"outcome": Outcome.NOT_HELD, "reason": "weather"}, "outcome"),
        ({"body": "A"}, {"body": "B"}, "body"),
        ({"note": "A"}, {"note": "B"}, "note"),
        ({"rows": (replace(ANNA, present=True), JAN)}, {"rows": (replace(ANNA, present=False), JAN)}, "row:s1"),
        ({"rows": (ANNA,)}, {"rows": (ANNA, replace(JAN, present=True))}, f"row:{JAN.key}"),
        ({"tasks": ()}, {"tasks": (replace(TASK, due_on=None),)}, f"task:{TASK.key}"),
    ],
)
def test_what_both_have_changed_differently_is_shown(saved, typed, key):
    version, clashes = joined(replace(BEGIN, **saved), replace(BEGIN, **typed))
    assert clashes == [key]
    if key not in versions.TEXTS:
        assert versions.packed(version).get(key) == versions.packed(replace(BEGIN, **typed)).get(key)


def test_the_same_change_of_both_is_no_clash():
    same = replace(BEGIN, people_inside=12, body="Razem.")
    assert joined(same, same) == (same, [])


def test_two_new_persons_and_tasks_both_stay():
    saved = replace(BEGIN, rows=(*BEGIN.rows, Row(versions.row_key("Maria Próbna", 1), "Maria Próbna", 1)))
    typed = replace(BEGIN, tasks=(TASK, Task("k2", "druga sprawa", 2)))
    version, clashes = joined(saved, typed)
    assert clashes == []
    assert [row.person for row in version.rows] == ["Anna Przykładowa", "Jan Pokazowy", "Maria Próbna"]
    assert [task.text for task in version.tasks] == ["lista osób", "druga sprawa"]


def test_both_texts_stand_in_the_box_and_shared_lines_once():
    assert versions.both("wstęp\nzapisane\nkoniec", "wstęp\nwpisane\nkoniec") == "wstęp\nzapisane\nwpisane\nkoniec"
    assert versions.both("", "moje") == "moje"
    assert versions.both("jego", "") == "jego"


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"a":'])
def test_without_marks_every_difference_is_shown(text):
    saved = replace(BEGIN, people_inside=12)
    found = versions.join(versions.read_marks(text), saved, replace(BEGIN, people_inside=13))
    assert [clash.key for clash in found.clashes] == ["people_inside"]


def test_a_chosen_piece_is_taken_from_the_other_one():
    typed = replace(BEGIN, people_inside=13)
    assert versions.take(typed, "people_inside", "12").people_inside == 12
    assert versions.take(typed, f"row:{JAN.key}", "").rows == (ANNA,)


def test_a_clash_is_told_with_both_values():
    found = versions.join(SEEN, replace(BEGIN, people_inside=12), replace(BEGIN, people_inside=13))
    assert found.clashes == (Clash("people_inside", "12", "13"),)

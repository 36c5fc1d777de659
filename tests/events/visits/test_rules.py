"""The table of steps: what leads where, that every state can be reached and left, and that all of it has words."""

from collections import deque

import pytest

from app.errors import Refusal
from app.web.i18n import translated
from events.visits import rules
from events.visits.models import Act, Path, State
from events.visits.rules import By


def test_the_table_of_steps():
    table = {key: arrow.to for key, arrow in rules.TRANSITIONS.items()}
    waiting = {
        Act.ACCEPT: State.ACCEPTED,
        Act.COUNTER: State.COUNTERED,
        Act.REFUSE: State.REFUSED,
        Act.WITHDRAW: State.WITHDRAWN,
        Act.EXPIRE: State.EXPIRED,
    }
    moving = {
        Act.ACCEPT: State.ACCEPTED,
        Act.COUNTER: State.MOVING,
        Act.REFUSE: State.ACCEPTED,
        Act.WITHDRAW: State.ACCEPTED,
        Act.CANCEL: State.ACCEPTED,
        Act.EXPIRE: State.ACCEPTED,
    }
    expected = {
        **{(state, act): to for state in (State.REQUESTED, State.COUNTERED) for act, to in waiting.items()},
        **{(State.MOVING, act): to for act, to in moving.items()},
        (State.ACCEPTED, Act.MOVE): State.MOVING,
        (State.ACCEPTED, Act.CANCEL): State.ACCEPTED,
        **{(state, Act.SAY): state for state in (*rules.OPEN, State.ACCEPTED)},
        **{(state, act): state for state in rules.OPEN for act in (Act.NUDGE, Act.ESCALATE)},
    }
    assert table == expected
    assert rules.BEGINNING.to is State.REQUESTED


def test_every_state_is_reached_and_an_ended_one_is_left_by_nothing():
    reached, queue = {rules.BEGINNING.to}, deque([rules.BEGINNING.to])
    while queue:
        state = queue.popleft()
        for act in Act:
            to = rules.next_state(state, act)
            if to is not None and to not in reached:
                reached.add(to)
                queue.append(to)
    assert reached == set(State)
    assert {state for state in State if not any(rules.next_state(state, act) for act in Act)} == rules.CLOSED
    assert rules.OPEN | rules.CLOSED | {State.ACCEPTED} == set(State)


def test_every_step_and_state_has_words_of_its_own_in_both_languages():
    sentences = [rules.BEGINNING.sentence, *(arrow.sentence for arrow in rules.TRANSITIONS.values())]
    words = [*sentences, *rules.STATE_LABEL.values(), *rules.STATE_SENTENCE.values(), *rules.STEP_LABEL.values()]
    words += [one.label for one in rules.REASONS.values()]
    assert set(rules.STATE_LABEL) == set(rules.STATE_SENTENCE) == set(State)
    assert set(rules.STEP_LABEL) == set(Act)
    for word in words:
        polish = translated(Refusal(word))
        assert polish
        assert polish != word
    assert all(one.endswith(".") for one in sentences)
    # Only writing, reminding and escalating are the same act in several states.
    shared = {Act.SAY, Act.NUDGE, Act.ESCALATE}
    own = [arrow.sentence for (_state, act), arrow in rules.TRANSITIONS.items() if act not in shared]
    assert len(set(own)) == len(own)


def test_what_was_faster_has_a_sentence_wherever_it_can_be():
    assert set(rules.MEANWHILE) == set(Act) - {Act.ASK, Act.SAY, Act.NUDGE, Act.ESCALATE}


@pytest.mark.parametrize("act", [Act.REFUSE, Act.WITHDRAW, Act.MOVE, Act.CANCEL])
@pytest.mark.parametrize("by", [By.UNIT, By.GUEST])
def test_everybody_finds_a_reason(act, by):
    found = rules.reasons_for(act, by)
    assert list(found)[-1] == "other"
    assert len(found) > 1
    assert all(one.polish for one in found.values())


def test_the_codes_of_reasons_fit_their_column():
    assert all(len(code) <= 32 for code in rules.REASONS)


@pytest.mark.parametrize(
    ("path", "asking", "asked", "unit", "fits"),
    [
        (Path.INVITATION, (1, "prison"), (2, "mops"), (1, "prison"), True),
        (Path.INVITATION, (1, "remand_prison"), (2, "ngo"), (1, "remand_prison"), True),
        (Path.INVITATION, (2, "mops"), (1, "prison"), (1, "prison"), False),
        (Path.INVITATION, (1, "prison"), (1, "prison"), (1, "prison"), False),
        (Path.REQUEST, (2, "mops"), (1, "external_unit"), (1, "external_unit"), True),
        (Path.REQUEST, (2, "mops"), (3, "gops"), (1, "prison"), False),
        (Path.REQUEST, (2, "mops"), (3, "gops"), (3, "gops"), False),
        (Path.ASSISTANCE, (2, "mops"), (3, "gops"), (1, "prison"), True),
        (Path.ASSISTANCE, (2, "mops"), (2, "mops"), (1, "prison"), False),
        (Path.ASSISTANCE, (2, "ngo"), (3, "gops"), (1, "prison"), False),
        (Path.ASSISTANCE, (2, "mops"), (3, "gops"), (4, "ngo"), False),
    ],
)
def test_each_path_joins_its_own_sides(path, asking, asked, unit, fits):
    if fits:
        rules.check_sides(path, asking, asked, unit)
    else:
        with pytest.raises(rules.WrongSides):
            rules.check_sides(path, asking, asked, unit)

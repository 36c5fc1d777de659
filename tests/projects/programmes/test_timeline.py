"""The course as a picture: everything in the order of time, what is over, where it is now."""

from dataclasses import dataclass, field
from datetime import date

import pytest

from app.actors import Actor
from projects.editions.models import EditionState
from projects.programmes import pages, timeline
from projects.programmes.models import ProgrammeMilestone, ProgrammeState
from projects.programmes.timeline import Kind
from tests.factories.programmes import make_programme
from tests.factories.rows import add

TODAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Run:
    """An edition as the picture takes it."""

    number: int
    starts_on: date | None
    ends_on: date | None
    state: EditionState = EditionState.OPEN
    name: str = ""
    sessions: int = 6
    gone_by: int = field(default=2)


def drawn(session, editions=(), **columns):
    programme = make_programme(session, "Most", **columns)
    add(session, ProgrammeMilestone, programme_id=programme.id, position=0, month=date(2026, 11, 1), text="szkolenie")
    add(session, ProgrammeMilestone, programme_id=programme.id, position=1, month=date(2026, 10, 1), text="dobór")
    page = pages.page(session, "most", Actor.visitor(), TODAY)
    assert page is not None
    return [(one.kind, one.done, one.now) for one in timeline.steps(page, editions, TODAY)]


TERM = {"starts_on": date(2026, 9, 1), "ends_on": date(2027, 6, 30)}


def test_steps_stand_in_the_order_of_time_and_an_edition_is_now(session):
    past = Run(1, date(2026, 9, 7), date(2026, 10, 12), EditionState.COMPLETED)
    present = Run(2, date(2026, 11, 2), date(2026, 12, 14))
    coming = Run(3, date(2027, 1, 11), date(2027, 2, 15))
    nothing = Run(4, None, None, EditionState.PLANNED)
    assert drawn(session, [nothing, coming, present, past], **TERM) == [
        (Kind.BEGIN, True, False),
        (Kind.EDITION, True, False),
        (Kind.MILESTONE, True, False),
        (Kind.MILESTONE, False, False),
        (Kind.EDITION, False, True),
        (Kind.EDITION, False, False),
        (Kind.END, False, False),
    ]


@pytest.mark.parametrize(
    ("columns", "now"),
    [
        (TERM, True),
        (TERM | {"state": ProgrammeState.RECRUITING, "recruiting_until": date(2026, 12, 1)}, True),
        (TERM | {"state": ProgrammeState.COMPLETED}, False),
        (TERM | {"starts_on": date(2026, 12, 1)}, False),
        (TERM | {"starts_on": date(2026, 12, 1), "state": ProgrammeState.RECRUITING}, True),
    ],
)
def test_without_an_edition_it_says_that_the_project_runs(session, columns, now):
    found = drawn(session, **columns)
    assert ((Kind.NOW, False, True) in found) is now
    assert sum(one[2] for one in found) == int(now)


def test_one_that_was_called_off_is_over(session):
    off = Run(1, date(2026, 11, 2), date(2026, 12, 14), EditionState.CANCELLED)
    assert (Kind.EDITION, True, False) in drawn(session, [off], **TERM)

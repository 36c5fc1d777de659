"""What somebody is told of the dates that he is about to offer, and the free ones that he takes instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.clock import now
from app.web.session import actor, session
from events.visits import checks
from events.visits.checks import Verdict
from events.visits.forms import OfferForm, read, written
from events.visits.models import OPTIONS_MAX
from events.visits.rules import Option


@dataclass(frozen=True, slots=True)
class Finding:
    """One date that is being offered: what stands in its way, and other dates at which all is free, as buttons."""

    number: int
    verdict: Verdict
    instead: tuple[tuple[str, Option], ...] = ()


def swapped(form: OfferForm, posted: Mapping[str, str]) -> bool:
    """Put the other date in place that was chosen by its button; tell whether one was."""
    number, _slash, text = posted.get("zamiast", "").partition("/")
    option = read(text)
    if option is None or number not in {str(n) for n in range(OPTIONS_MAX)}:
        return False
    form.put(int(number), option)
    return True


def findings(
    options: Sequence[Option], unit_id: int, sides: tuple[int, int], visit_id: int | None = None
) -> list[Finding]:
    """Say of each date what stands in its way, with free ones beside those of which there is something to say."""
    verdicts = checks.check(session(), actor(), unit_id, sides, options, now(), visit_id=visit_id)
    taken = {(one.starts, one.ends) for one in options}
    free: dict[int, list[Option]] = {}
    for n, verdict in enumerate(verdicts):
        if verdict.refusals or verdict.warnings:
            enough = 2 * checks.SUGGESTED
            near = checks.suggest(session(), unit_id, sides, verdict.option, now(), visit_id=visit_id, number=enough)
            free[n] = [one for one in near if (one.starts, one.ends) not in taken]
    # What is free for both institutions may meet what this person has signed up for: such days are the last choice.
    doubted = _doubted([one for near in free.values() for one in near], unit_id, sides, visit_id)
    found = []
    for n, verdict in enumerate(verdicts):
        best = sorted(free.get(n, ()), key=lambda one: one in doubted)[: checks.SUGGESTED]
        best.sort(key=lambda one: one.starts)
        found.append(Finding(n, verdict, tuple((f"{n}/{written(one)}", one) for one in best)))
    return found


def _doubted(options: Sequence[Option], unit_id: int, sides: tuple[int, int], visit_id: int | None) -> set[Option]:
    """Give those of *options* of which there is something to say, too; no statement for nothing."""
    if not options:
        return set()
    found = checks.check(session(), actor(), unit_id, sides, options, now(), visit_id=visit_id)
    return {one.option for one in found if one.refusals or one.warnings}

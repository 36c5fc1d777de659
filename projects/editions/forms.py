"""Forms of an edition: what it plans, what it has reached, closing it."""

from collections.abc import Sequence
from typing import Any

from wtforms import Field

from app.web.fields import CheckField, ChoiceField, TextField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l
from projects.editions.models import NAME_MAX, OUTCOME_MAX, Edition
from projects.editions.queries import OutcomeLine
from projects.editions.rules import (
    CAPACITY_MAX,
    NUMBER_MAX,
    OUTCOMES_MAX,
    EditionDraft,
    OutcomeDraft,
    OutcomeResult,
)

BLANK_LINES = 2
STAFF, PARTICIPANTS = "staff", "participants"
_RESULTS = ("achieved", "partly", "missed")


class EditionForm(Form):
    """An edition; whom seats are for and how many there are is asked until its sessions are planned."""

    name = TextField(_l("Name of the edition"), longest=NAME_MAX)
    seats_for = ChoiceField(_l("Whom the places are for"))
    capacity = WholeNumberField(_l("Number of places"), low=1, high=CAPACITY_MAX)
    revision = WholeNumberField(low=1, high=100_000_000)

    def offer(self) -> None:
        """Give the fields their choices in the language of the page."""
        self.seats_for.choices = [
            (STAFF, _("staff of institutions, who sign up by name")),
            (PARTICIPANTS, _("participants of a closed group: only their number is known")),
        ]

    def lines(self) -> list[tuple[Field, Field, Field]]:
        """Give the lines of outcomes, each text, target and key: those with something in them, and a few blank ones."""
        lines = self._all_lines()
        last = max((n for n, line in enumerate(lines) if any(field.data or field.errors for field in line)), default=-1)
        return lines[: max(last + 1 + BLANK_LINES, BLANK_LINES + 1)]

    def validate(self, extra_validators: Any = None) -> bool:
        """Run the fields' rules; a target belongs to an outcome."""
        valid = super().validate(extra_validators)
        for text, target, _key in self.lines():
            if target.data is not None and not text.data and not text.errors:
                self.refuse(text, _("Say what this target is for."))
                valid = False
        return valid

    def draft(self, edition: Edition | None) -> EditionDraft:
        """Give the clean values; where the form does not ask for the seats, those of *edition* stay."""
        planned = edition is not None and edition.sessions
        return EditionDraft(
            name=self.name.data or "",
            participants=edition.participants if edition and planned else self.seats_for.data == PARTICIPANTS,
            capacity=edition.capacity if edition and planned else self.capacity.data,
            outcomes=tuple(
                OutcomeDraft(text.data, target.data, key.data) for text, target, key in self.lines() if text.data
            ),
        )

    def keep_beside(self, planned: Sequence[OutcomeDraft]) -> None:
        """Take in outcomes that somebody else has added; what he has taken away becomes a new one if it is typed here.

        An outcome that this person has taken away still has its key, so it does not come back.
        """
        there = {outcome.outcome_id for outcome in planned}
        lines = self._all_lines()
        for _text, _target, key in lines:
            if key.data not in there:
                key.raw_data, key.data = None, None
        mine = {key.data for _text, _target, key in lines}
        free = [line for line in lines if not line[0].data and line[2].data is None]
        for line, added in zip(free, (one for one in planned if one.outcome_id not in mine), strict=False):
            for field, value in zip(line, (added.text, added.target, added.outcome_id), strict=True):
                field.raw_data, field.data = None, value

    def words(self, name: str) -> str:
        """Give the value of a field as a page shows it."""
        field = self[name]
        if field.data and getattr(field, "choices", None):
            return str(dict(field.choices).get(field.data, ""))
        return "" if field.data is None else str(field.data)

    def _all_lines(self) -> list[tuple[Field, Field, Field]]:
        return [(self[f"outcome_{n}"], self[f"target_{n}"], self[f"outcome_id_{n}"]) for n in range(OUTCOMES_MAX)]


for _number in range(OUTCOMES_MAX):
    setattr(
        EditionForm, f"outcome_{_number}", TextField(_l("Outcome %(number)d", number=_number + 1), longest=OUTCOME_MAX)
    )
    setattr(
        EditionForm,
        f"target_{_number}",
        WholeNumberField(_l("Target %(number)d, persons", number=_number + 1), low=1, high=NUMBER_MAX),
    )
    setattr(EditionForm, f"outcome_id_{_number}", WholeNumberField(low=1, high=2_147_483_647))


class ResultsForm(Form):
    """How many reached each outcome; made for the outcomes of one edition by results_form."""

    revision = WholeNumberField(low=1, high=100_000_000)

    def results(self, lines: Sequence[OutcomeLine]) -> tuple[OutcomeResult, ...]:
        """Give the clean numbers of *lines*."""
        return tuple(OutcomeResult(line.id, *(self[f"{name}_{line.id}"].data for name in _RESULTS)) for line in lines)

    def row(self, line: OutcomeLine) -> tuple[Field, Field, Field]:
        """Give the fields of an outcome: achieved, partly, missed."""
        return self[f"achieved_{line.id}"], self[f"partly_{line.id}"], self[f"missed_{line.id}"]


class CompleteForm(Form):
    """Closing an edition."""

    without_results = CheckField(_l("There will be no results of these outcomes: close the edition without them."))
    revision = WholeNumberField(low=1, high=100_000_000)


def values_of(edition: Edition, outcomes: Sequence[OutcomeDraft]) -> dict[str, Any]:
    """Give what the form of a saved edition begins with."""
    values: dict[str, Any] = {
        "name": edition.name,
        "seats_for": PARTICIPANTS if edition.participants else STAFF,
        "capacity": edition.capacity,
        "revision": edition.revision,
    }
    for number, outcome in enumerate(outcomes):
        values |= {
            f"outcome_{number}": outcome.text,
            f"target_{number}": outcome.target,
            f"outcome_id_{number}": outcome.outcome_id,
        }
    return values


def results_form(lines: Sequence[OutcomeLine], revision: int, *, saved: bool) -> ResultsForm:
    """Make the form of results for *lines*: with what is *saved*, or with what was sent."""
    labels = {
        "achieved": _l("achieved"),
        "partly": _l("achieved in part"),
        "missed": _l("not achieved"),
    }
    fields = {
        f"{name}_{line.id}": WholeNumberField(labels[name], low=0, high=NUMBER_MAX)
        for line in lines
        for name in _RESULTS
    }
    made: type[ResultsForm] = type("ResultsForm", (ResultsForm,), fields)
    values: dict[str, Any] = {"revision": revision}
    for line in lines:
        values |= {f"{name}_{line.id}": getattr(line, name).value for name in _RESULTS}
    return made(data=values) if saved else made()


def kept_beside(form: ResultsForm, lines: Sequence[OutcomeLine]) -> None:
    """Take what somebody else has entered where this person has typed nothing: so neither loses a number."""
    for line in lines:
        for name in _RESULTS:
            field = form[f"{name}_{line.id}"]
            if field.data is None and not field.errors:
                field.raw_data, field.data = None, getattr(line, name).value

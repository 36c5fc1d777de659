"""The form of a programme: one for drafting and changing; partners are typed by name, one line each."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import Field

from app.web.fields import ChoiceField, DayField, LongTextField, TextField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l
from projects.programmes.models import (
    LEAD_MAX,
    TEXT_MAX,
    TITLE_MAX,
    Programme,
    ProgrammeKind,
    ProgrammeState,
)
from projects.programmes.rules import (
    KIND_LABEL,
    PARTNERS_MAX,
    PUBLIC_STATES,
    STATE_TAG,
    PartnerPart,
    ProgrammeDraft,
)

NAME_MAX = 200
BLANK_LINES = 2
_COLUMNS = (
    "title",
    "summary",
    "description",
    "target_group",
    "goals",
    "results",
    "starts_on",
    "ends_on",
    "recruiting_until",
    "funding",
    "grant_number",
    "how_to_join",
)


class ProgrammeForm(Form):
    """What a programme is made of; *state* is asked only of published ones."""

    title = TextField(_l("Name of the project"), longest=TITLE_MAX, needed=_l("Give the project a name."))
    kind = ChoiceField(_l("What it offers"), needed=_l("Choose what the project offers."))
    summary = LongTextField(_l("In one or two sentences"), longest=LEAD_MAX)
    target_group = TextField(_l("Whom it is for"), longest=300)
    voivodeship = ChoiceField(_l("Voivodeship"))
    starts_on = DayField(_l("First day"))
    ends_on = DayField(_l("Last day"))
    recruiting_until = DayField(_l("Recruitment until"))
    how_to_join = LongTextField(_l("How to join"), longest=600)
    description = LongTextField(_l("Description"), longest=TEXT_MAX)
    goals = LongTextField(_l("Goals"), longest=TEXT_MAX)
    results = LongTextField(_l("Results"), longest=TEXT_MAX)
    funding = TextField(_l("Source of funding"), longest=200)
    grant_number = TextField(_l("Number of the grant agreement"), longest=60)
    state = ChoiceField(_l("State"))
    revision = WholeNumberField(low=1, high=100_000_000)

    def offer(self, voivodeships: Sequence[tuple[str, str]]) -> None:
        """Give the fields their choices in the language of the page."""
        self.kind.choices = [(kind.value, _(label)) for kind, label in KIND_LABEL.items()]
        self.voivodeship.choices = list(voivodeships)
        self.state.choices = [(state.value, _(STATE_TAG[state][2])) for state in PUBLIC_STATES]

    def lines(self) -> list[tuple[Field, Field]]:
        """Give the lines of partners: those with something in them, and a few blank ones."""
        pairs = [(self[f"partner_{n}"], self[f"part_{n}"]) for n in range(PARTNERS_MAX)]
        last = max((n for n, pair in enumerate(pairs) if pair[0].data or pair[1].data), default=-1)
        return pairs[: max(last + 1 + BLANK_LINES, BLANK_LINES + 1)]

    def partner_names(self) -> list[str]:
        """Give what was typed as partners, without blank lines."""
        return [name.data for name, _part in self.lines() if name.data]

    def draft(self, ids: Mapping[str, int]) -> ProgrammeDraft:
        """Give the clean values; *ids* holds the institution of each typed name."""
        return ProgrammeDraft(
            kind=ProgrammeKind(self.kind.data),
            voivodeship_code=self.voivodeship.data or None,
            state=ProgrammeState(self.state.data) if self.state.data else None,
            partners=tuple(PartnerPart(ids[name.data], part.data or "") for name, part in self.lines() if name.data),
            **self._plain(),
        )

    def words(self, name: str) -> str:
        """Give the value of a field as a page shows it."""
        field = self[name]
        if field.data and getattr(field, "choices", None):
            return str(dict(field.choices).get(field.data, ""))
        return field.show(field.data) if isinstance(field, DayField) and field.data else str(field.data or "")

    def _plain(self) -> dict[str, Any]:
        return {name: self[name].data for name in _COLUMNS}


for _number in range(PARTNERS_MAX):
    setattr(
        ProgrammeForm,
        f"partner_{_number}",
        TextField(_l("Partner %(number)d", number=_number + 1), longest=NAME_MAX),
    )
    setattr(
        ProgrammeForm, f"part_{_number}", TextField(_l("Part of partner %(number)d", number=_number + 1), longest=200)
    )


def values_of(programme: Programme, partners: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Give what the form of a saved programme begins with; *partners* as (name, part)."""
    values: dict[str, Any] = {name: getattr(programme, name) for name in _COLUMNS}
    values |= {
        "kind": programme.kind.value,
        "voivodeship": programme.voivodeship_code or "",
        "state": programme.state.value,
        "revision": programme.revision,
    }
    for number, (name, part) in enumerate(partners):
        values |= {f"partner_{number}": name, f"part_{number}": part}
    return values

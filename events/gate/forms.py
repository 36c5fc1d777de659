"""Forms of entry lists: rules of a unit, a guest, equipment, answers for many people, decisions about many."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import Field, HiddenField

from app.web.fields import CheckField, ChoiceField, ChoicesField, LongTextField, TextField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l, translated
from events.gate import rules
from events.gate.models import FREEZE_DAYS_MAX, PERSON_MAX, REASON_MAX, TEXT_MAX, WHAT_MAX, Preset
from events.gate.queries import Line, Thing
from events.gate.requests import Decision
from events.gate.rules import EXTRA_FIELDS, EXTRA_MAX, UnitRules

ALLOW, REFUSE = "tak", "nie"


class RulesForm(Form):
    """What a unit asks of those who enter."""

    preset = ChoiceField(_l("What do you ask for?"), needed=_l("Choose what you ask for."))
    fields = ChoicesField(_l("What else do you ask about each person?"))
    equipment = CheckField(_l("Institutions may ask to bring equipment in"))
    freeze_days = WholeNumberField(
        _l("How many working days before does the list close?"),
        low=0,
        high=FREEZE_DAYS_MAX,
        needed=_l("Give the number of working days, for example 3."),
    )
    standing_text = LongTextField(_l("What must everybody know who enters?"), longest=TEXT_MAX)

    def offer(self) -> None:
        """Give the choices in the reader's language."""
        self.preset.choices = [(preset.value, _(label)) for preset, label in rules.PRESET_LABEL.items()]
        self.fields.choices = [(key, _(label)) for key, label in EXTRA_FIELDS.items()]

    def wanted(self, standing_text: str) -> UnitRules:
        """Give the clean values; *standing_text* is our own, which is not stored."""
        typed = self.standing_text.data or ""
        return UnitRules(
            preset=Preset(self.preset.data),
            freeze_days=self.freeze_days.data,
            fields=tuple(self.fields.data or ()),
            equipment=bool(self.equipment.data),
            standing_text="" if typed == standing_text else typed,
        )


class GuestForm(Form):
    """A guest of the organiser."""

    person = TextField(
        _l("Name and surname"), longest=PERSON_MAX, needed=_l("Give the name and surname of the person.")
    )
    function = TextField(_l("Who this is"), longest=PERSON_MAX)

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse numbers of identity documents, too."""
        return bool(super().validate(extra_validators)) and no_documents(self, [self.person, self.function])


class ThingForm(Form):
    """Something to bring in."""

    what = TextField(
        _l("What, and how many"), longest=WHAT_MAX, needed=_l("Say what you want to bring in, and how many.")
    )
    serial = TextField(_l("Model or serial number"), longest=WHAT_MAX)


class AnswersForm(Form):
    """What a unit asks about each person; the fields are made for the people of one list."""


class DecisionsForm(Form):
    """What the unit decides about each person and thing; the fields are made for one list."""


def no_documents(form: Form, fields: Sequence[Field]) -> bool:
    """Put a sentence on every one of *fields* that holds the number of an identity document; say whether none does."""
    found = [field for field in fields if rules.holds_document_number(field.data or "")]
    for field in found:
        form.refuse(field, translated(rules.DocumentNumber()))
    return not found


def answers_form(lines: Sequence[Line], asked: UnitRules, *, saved: bool) -> AnswersForm:
    """Make the form of answers for *lines*; filled with what is *saved* on a first look."""
    made: dict[str, Any] = {
        f"{key}_{line.id}": TextField(_l(EXTRA_FIELDS[key]), longest=EXTRA_MAX)
        for line in lines
        for key in asked.fields
    }
    values = {f"{key}_{line.id}": line.extras.get(key, "") for line in lines for key in asked.fields}
    form: AnswersForm = type("AnswersForm", (AnswersForm,), made)(data=values if saved else None)
    return form


def answers(form: AnswersForm, lines: Sequence[Line], asked: UnitRules) -> Mapping[int, Mapping[str, str]]:
    """Give what was typed, by entry: a person who comes to two parts of a day has two."""
    return {
        entry_id: {key: form[f"{key}_{line.id}"].data or "" for key in asked.fields}
        for line in lines
        for entry_id in line.ids
    }


def decisions_form(lines: Sequence[Line], things: Sequence[Thing]) -> DecisionsForm:
    """Make the form with which a unit decides about these people and things."""
    made: dict[str, Any] = {}
    for name, _thing in _names(lines, things):
        made[f"{name}_decision"] = ChoiceField(_l("Decision"), default="")
        made[f"{name}_reason"] = ChoiceField(_l("Reason of the refusal"), default="")
        made[f"{name}_note"] = TextField(_l("Words to the institution"), longest=REASON_MAX)
        made[f"{name}_edition"] = HiddenField()
    form: DecisionsForm = type("DecisionsForm", (DecisionsForm,), made)()
    for name, thing in _names(lines, things):
        form[f"{name}_decision"].choices = [(ALLOW, _("We let in")), (REFUSE, _("We refuse")), ("", _("Not yet"))]
        codes = ((code, _(label)) for code, label in rules.reasons(thing=thing).items())
        form[f"{name}_reason"].choices = [("", "—"), *codes]
    return form


def decisions(form: DecisionsForm, lines: Sequence[Line], things: Sequence[Thing]) -> list[Decision] | None:
    """Give what was decided, without what was left open; None with sentences on the fields when a reason is missing."""
    found: list[Decision] = []
    good = form.validate()
    ids = {f"person_{line.id}": line.ids for line in lines} | {f"thing_{one.id}": (one.id,) for one in things}
    for name, thing in _names(lines, things):
        said, reason = form[f"{name}_decision"].data, form[f"{name}_reason"].data or ""
        note = form[f"{name}_note"].data or ""
        if said not in (ALLOW, REFUSE):
            continue
        if said == REFUSE:
            try:
                rules.check_reason(reason, note, thing=thing)
            except rules.ReasonMissing as refusal:
                form.refuse(form[f"{name}_reason"], translated(refusal))
                good = False
            except rules.WordsMissing as refusal:
                form.refuse(form[f"{name}_note"], translated(refusal))
                good = False
        edition = form[f"{name}_edition"].data or ""
        found.append(Decision(ids[name], said == ALLOW, edition, thing, reason, note))
    return found if good else None


def _names(lines: Sequence[Line], things: Sequence[Thing]) -> list[tuple[str, bool]]:
    return [*((f"person_{line.id}", False) for line in lines), *((f"thing_{one.id}", True) for one in things)]

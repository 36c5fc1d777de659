"""The form of a programme: one for drafting and changing; partners and milestones are typed one line each."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from wtforms import Field, HiddenField

from app import warsaw
from app.text import fold
from app.web.fields import CheckField, ChoiceField, ChoicesField, DayField, LongTextField, TextField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l, language
from projects.programmes.models import (
    LEAD_MAX,
    MILESTONE_MAX,
    NOTICE_MAX,
    PART_MAX,
    REPORT_DAYS,
    TEXT_MAX,
    TITLE_MAX,
    Programme,
    ProgrammeKind,
    ProgrammeState,
)
from projects.programmes.rules import (
    AUDIENCE,
    KIND_LABEL,
    MILESTONES_MAX,
    PARTNERS_MAX,
    PUBLIC_STATES,
    STATE_TAG,
    Milestone,
    PartnerPart,
    ProgrammeDraft,
)

NAME_MAX = 200
BLANK_LINES = 2
AMOUNT_MAX = 999_999_999
REPORT_DAYS_MAX = 180
PARTNERS, MILESTONES = "partners", "milestones"
_MARK = 8
_OPENED_MAX = 2000
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
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
    "funding_notice",
    "total_amount",
    "grant_amount",
    "reports_quarterly",
    "how_to_join",
)


class MonthField(DayField):
    """A month: 3.2027, 2027-03 or "marzec 2027"; its value is the first day."""

    def read(self, typed: str) -> date:
        """Turn *typed* into the first day of a month."""
        words = fold(typed).split()
        number, year = next(iter(_MONTHS.get(word, 0) for word in words if word.isalpha()), 0), ""
        digits = [word for word in words if word.isascii() and word.isdigit()]
        if number and len(digits) == 1:
            year = digits[0]
        elif not number and len(digits) == 2:
            year, first = sorted(digits, key=len, reverse=True)
            number = int(first) if len(first) <= 2 else 0
        if not 1 <= number <= len(_NAMES) or not year.isascii() or not _FIRST_YEAR <= int(year or 0) <= _LAST_YEAR:
            raise ValueError(_("Give a month and a year, for example 3.2027."))
        return date(int(year), number, 1)

    def show(self, value: date) -> str:
        """Write the month in words."""
        return warsaw.month_words(value, language())


_NAMES = range(1, 13)
_MONTHS = {
    fold(warsaw.month_words(date(2027, number, 1), of)).split()[0]: number for number in _NAMES for of in ("pl", "en")
}


class AmountField(WholeNumberField):
    """An amount in whole złoty: 248000, 248 000 zł."""

    def read(self, typed: str) -> int:
        """Turn *typed* into a number of złoty; groszy are refused, but for ",00"."""
        plain = typed.casefold().replace("\u00a0", " ").strip()
        for unit in ("zł", "zl", "pln"):
            plain = plain.removesuffix(unit).strip()
        for nothing in (",00", ".00", ",-"):
            plain = plain.removesuffix(nothing)
        try:
            return super().read(plain)
        except ValueError as error:
            raise ValueError(_("Give the amount in whole złoty, for example 248 000.")) from error

    def show(self, value: int) -> str:
        """Write the amount in groups of three digits."""
        return f"{value:,}".replace(",", " ")


class ProgrammeForm(Form):
    """What a programme is made of; *state* is asked only of published ones.

    *opened* holds a mark of each value as the form was opened with it: so that, when somebody else has saved
    meanwhile, what was not touched here follows him.
    """

    title = TextField(_l("Name of the project"), longest=TITLE_MAX, needed=_l("Give the project a name."))
    kind = ChoiceField(_l("What it offers"), needed=_l("Choose what the project offers."))
    summary = LongTextField(_l("In one or two sentences"), longest=LEAD_MAX)
    target_group = TextField(_l("Whom it is for"), longest=300)
    audience = ChoicesField(_l("Groups"))
    voivodeship = ChoiceField(_l("Voivodeship"))
    starts_on = DayField(_l("First day"))
    ends_on = DayField(_l("Last day"))
    recruiting_until = DayField(_l("Recruitment until"))
    how_to_join = LongTextField(_l("How to join"), longest=600)
    contact_role = ChoiceField(_l("Whom to ask"))
    description = LongTextField(_l("Description"), longest=TEXT_MAX)
    goals = LongTextField(_l("Goals"), longest=TEXT_MAX)
    results = LongTextField(_l("Results"), longest=TEXT_MAX)
    funding = TextField(_l("Source of funding"), longest=200)
    grant_number = TextField(_l("Number of the grant agreement"), longest=60)
    total_amount = AmountField(_l("Cost of the whole project"), high=AMOUNT_MAX)
    grant_amount = AmountField(_l("Of this, the grant"), high=AMOUNT_MAX)
    funding_notice = LongTextField(_l("Notice required by the funder"), longest=NOTICE_MAX)
    reports_quarterly = CheckField(_l("The funder wants a report for each quarter"))
    report_days = WholeNumberField(_l("Days for a report"), low=1, high=REPORT_DAYS_MAX)
    state = ChoiceField(_l("State"))
    revision = WholeNumberField(low=1, high=100_000_000)
    opened = HiddenField()

    def offer(self, voivodeships: Sequence[tuple[str, str]], roles: Sequence[tuple[str, str]]) -> None:
        """Give the fields their choices in the language of the page; *roles* are those of the lead's contacts."""
        self.kind.choices = [(kind.value, _(label)) for kind, label in KIND_LABEL.items()]
        self.audience.choices = [(code, _(label)) for code, label in AUDIENCE.items()]
        self.voivodeship.choices = list(voivodeships)
        self.contact_role.choices = list(roles)
        self.state.choices = [(state.value, _(STATE_TAG[state][2])) for state in PUBLIC_STATES]

    def lines(self) -> list[tuple[Field, Field]]:
        """Give the lines of partners: those with something in them, and a few blank ones."""
        return _with_blanks([(self[f"partner_{n}"], self[f"part_{n}"]) for n in range(PARTNERS_MAX)])

    def steps(self) -> list[tuple[Field, Field]]:
        """Give the lines of milestones: those with something in them, and a few blank ones."""
        return _with_blanks([(self[f"month_{n}"], self[f"step_{n}"]) for n in range(MILESTONES_MAX)])

    def partner_names(self) -> list[str]:
        """Give what was typed as partners, without blank lines."""
        return [name.data for name, _part in self.lines() if name.data]

    def check_steps(self) -> bool:
        """Refuse milestones of which only the half was typed."""
        whole = True
        for month, step in self.steps():
            if month.data and not step.data:
                self.refuse(step, _("Say what happens in this month, or leave the month empty."))
                whole = False
            elif step.data and not month.data and not month.errors:
                self.refuse(month, _("Give the month of this milestone, for example 3.2027."))
                whole = False
        return whole

    def draft(self, ids: Mapping[str, int]) -> ProgrammeDraft:
        """Give the clean values; *ids* holds the institution of each typed name."""
        milestones = (Milestone(month.data, step.data) for month, step in self.steps() if month.data and step.data)
        return ProgrammeDraft(
            kind=ProgrammeKind(self.kind.data),
            voivodeship_code=self.voivodeship.data or None,
            state=ProgrammeState(self.state.data) if self.state.data else None,
            partners=tuple(
                PartnerPart(ids[name.data], part.data or "") for name, part in self.lines() if name.data in ids
            ),
            audience=tuple(code for code in AUDIENCE if code in (self.audience.data or ())),
            contact_role=self.contact_role.data or "",
            report_days=self.report_days.data or REPORT_DAYS,
            milestones=tuple(sorted(milestones, key=lambda one: one.month)),
            **self._plain(),
        )

    def marks(self) -> str:
        """Give the value of *opened* for the values that the form holds now."""
        return " ".join(f"{unit}:{_mark(self._value(unit))}" for unit in self._units())

    def meet(self, saved: "ProgrammeForm") -> "Meeting":
        """Join what was typed with what somebody else has *saved* since the form was opened.

        What was not touched here is taken over from him; what was touched stays as typed, for comparison.
        """
        opened = dict(_opened(self.opened.data or ""))
        taken, differing = [], []
        for unit in self._units():
            mine, theirs = self._value(unit), saved._value(unit)  # noqa: SLF001 - another form of this kind
            if mine == theirs:
                continue
            difference = Difference(self._anchor(unit), self._label(unit), saved._words(unit), self._words(unit))  # noqa: SLF001
            if opened.get(unit) == _mark(mine):
                self._take(unit, saved)
                taken.append(difference)
            else:
                differing.append(difference)
        return Meeting(tuple(taken), tuple(differing))

    def _units(self) -> Iterator[str]:
        """Give the names of what is compared: single fields, and the lines of partners and milestones as one."""
        for name in self._fields:
            kind, _sign, number = name.rpartition("_")
            if name in ("revision", "opened") or (number.isdigit() and name not in ("partner_0", "month_0")):
                continue
            yield {"partner": PARTNERS, "month": MILESTONES}.get(kind, name) if number.isdigit() else name

    def _of(self, unit: str) -> list[Field]:
        if unit == PARTNERS:
            return [self[f"{kind}_{n}"] for n in range(PARTNERS_MAX) for kind in ("partner", "part")]
        if unit == MILESTONES:
            return [self[f"{kind}_{n}"] for n in range(MILESTONES_MAX) for kind in ("month", "step")]
        return [self[unit]]

    def _value(self, unit: str) -> str:
        return "\n".join(filter(None, (_plain(field) for field in self._of(unit))))

    def _words(self, unit: str) -> str:
        if unit in (PARTNERS, MILESTONES):
            pairs = self.lines() if unit == PARTNERS else self.steps()
            texts = [[_typed(first), _typed(second)] for first, second in pairs]
            return "; ".join(" – ".join(filter(None, pair)) for pair in texts if any(pair))
        return _typed(self[unit])

    def _label(self, unit: str) -> str:
        return {PARTNERS: _("Partners"), MILESTONES: _("Milestones")}.get(unit) or str(self[unit].label.text)

    def _anchor(self, unit: str) -> str:
        return {PARTNERS: "partner_0", MILESTONES: "month_0"}.get(unit, unit)

    def _take(self, unit: str, saved: "ProgrammeForm") -> None:
        for field in self._of(unit):
            field.data, field.raw_data, field.errors = saved[field.name].data, None, ()

    def _plain(self) -> dict[str, Any]:
        return {name: self[name].data for name in _COLUMNS}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which what is saved now differs from what was typed."""

    field: str
    label: str
    saved: str
    typed: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """What two people who wrote at once have changed: taken over from the other one, and differing."""

    taken: tuple[Difference, ...]
    differing: tuple[Difference, ...]


for _number in range(PARTNERS_MAX):
    _name = TextField(_l("Partner %(number)d", number=_number + 1), longest=NAME_MAX)
    setattr(ProgrammeForm, f"partner_{_number}", _name)
    _part = TextField(_l("Part of partner %(number)d", number=_number + 1), longest=PART_MAX)
    setattr(ProgrammeForm, f"part_{_number}", _part)
for _number in range(MILESTONES_MAX):
    setattr(ProgrammeForm, f"month_{_number}", MonthField(_l("Month of step %(number)d", number=_number + 1)))
    _step = TextField(_l("Step %(number)d", number=_number + 1), longest=MILESTONE_MAX)
    setattr(ProgrammeForm, f"step_{_number}", _step)


def values_of(
    programme: Programme, partners: Sequence[tuple[str, str]], milestones: Sequence[Milestone]
) -> dict[str, Any]:
    """Give what the form of a saved programme begins with; *partners* as (name, part)."""
    values: dict[str, Any] = {name: getattr(programme, name) for name in _COLUMNS}
    values |= {
        "kind": programme.kind.value,
        "voivodeship": programme.voivodeship_code or "",
        "audience": list(programme.audience),
        "contact_role": programme.contact_role,
        "report_days": programme.report_days,
        "state": programme.state.value,
        "revision": programme.revision,
    }
    for number, (name, part) in enumerate(partners):
        values |= {f"partner_{number}": name, f"part_{number}": part}
    for number, one in enumerate(milestones):
        values |= {f"month_{number}": one.month, f"step_{number}": one.text}
    return values


def _with_blanks(pairs: list[tuple[Field, Field]]) -> list[tuple[Field, Field]]:
    last = max((n for n, pair in enumerate(pairs) if any(_plain(field) for field in pair)), default=-1)
    return pairs[: max(last + 1 + BLANK_LINES, BLANK_LINES + 1)]


def _plain(field: Field) -> str:
    """Give a value for comparison; what could not be read stands as it was typed."""
    if field.data is None and field.raw_data:
        return str(field.raw_data[0])
    if isinstance(field.data, (list, tuple)):
        return " ".join(sorted(map(str, field.data)))
    return str(field.data) if field.data or field.data == 0 else ""


def _typed(field: Field) -> str:
    """Give a value as a page shows it."""
    if isinstance(field, CheckField):
        return _("yes") if field.data else _("no")
    choices = getattr(field, "choices", None)
    if choices:
        labels = {str(value): str(label) for value, label in choices}
        chosen = field.data if isinstance(field.data, (list, tuple)) else [field.data]
        return ", ".join(labels[str(one)] for one in chosen if str(one) in labels)
    if field.data is not None and hasattr(field, "show"):
        return str(field.show(field.data))
    return _plain(field)


def _mark(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]


def _opened(text: str) -> Iterator[tuple[str, str]]:
    for one in text[:_OPENED_MAX].split():
        unit, _sign, mark = one.partition(":")
        yield unit, mark

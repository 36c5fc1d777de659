"""Form fields that read what people type: days, hours, numbers, texts; each with its own sentence when wrong."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    validators,
)
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from app.text import clean
from app.web.i18n import _, _l, language

_DAY_FORMATS = ("%d.%m.%Y", "%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y")
_TIME_FORMATS = ("%H:%M", "%H.%M", "%H")
_NUMBER_DIGITS = 9


def required(sentence: Any) -> list[Any]:
    """Validators of a field that must be filled in, with the sentence that says what to give."""
    return [validators.DataRequired(message=sentence)]


def given(sentence: Any) -> Any:
    """Validator of a field that must be filled in; what could not be read keeps the field's own sentence."""

    def check(_form: Any, field: Field) -> None:
        if field.data is None and not field.process_errors:
            raise validators.StopValidation(str(sentence))

    return check


_KEY = re.compile(r"[0-9a-f-]{16,36}")


class TextField(StringField):
    """One line of text: stripped, control characters and line ends removed."""

    def __init__(self, label: Any = None, *, longest: int = 200, needed: Any = None, **kwargs: Any) -> None:
        self.longest = longest
        rules = [*(required(needed) if needed else []), *kwargs.pop("validators", [])]
        super().__init__(label, validators=rules, **kwargs)
        self.render_kw = {**(self.render_kw or {}), "maxlength": longest}

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Clean what was typed."""
        self.data = " ".join(clean(valuelist[0]).split()) if valuelist else ""

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - the signature of WTForms
        """Refuse text that the column cannot hold."""
        if self.data and len(self.data) > self.longest:
            raise validators.StopValidation(_("Shorten this to %(limit)d characters.", limit=self.longest))


class LongTextField(TextAreaField):
    """Several lines of text, with LF line ends and without control characters."""

    def __init__(self, label: Any = None, *, longest: int = 8000, needed: Any = None, **kwargs: Any) -> None:
        self.longest = longest
        rules = [*(required(needed) if needed else []), *kwargs.pop("validators", [])]
        super().__init__(label, validators=rules, **kwargs)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Clean what was typed."""
        self.data = clean(valuelist[0]).strip() if valuelist else ""

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - the signature of WTForms
        """Refuse text that is longer than the page promises."""
        if self.data and len(self.data) > self.longest:
            raise validators.StopValidation(_("Shorten this to %(limit)d characters.", limit=self.longest))

    def lines(self) -> tuple[str, ...]:
        """Give the lines that hold something, stripped."""
        return tuple(line.strip() for line in (self.data or "").splitlines() if line.strip())


class KeyField(HiddenField):
    """The key of one page's form, the same for every sending of it: a double click acts once.

    Empty for whatever our pages do not send: keys of other shapes belong to other acts, or to nobody.
    """

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take a key as our pages make it."""
        sent = valuelist[0] if valuelist else ""
        self.data = sent if _KEY.fullmatch(sent) else ""


class SecretField(PasswordField):
    """A password: taken exactly as typed, never given back to the page."""


class _TypedField(Field):
    """A text input whose value is not text: what was typed stays on the page when it cannot be read."""

    widget = TextInput()

    def __init__(self, label: Any = None, *, needed: Any = None, **kwargs: Any) -> None:
        rules = [*([given(needed)] if needed else [validators.Optional()]), *kwargs.pop("validators", [])]
        super().__init__(label, validators=rules, **kwargs)

    def _value(self) -> str:
        if self.raw_data:
            return clean(str(self.raw_data[0]))[:200]
        return self.show(self.data) if self.data is not None else ""

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Read the value, or refuse it with the field's own sentence."""
        typed = clean(str(valuelist[0])).strip() if valuelist else ""
        self.data = None
        if typed:
            self.data = self.read(typed)

    def read(self, typed: str) -> Any:
        """Turn *typed* into a value. Raises ValueError with a translated sentence."""
        raise NotImplementedError

    def show(self, value: Any) -> str:
        """Turn a value into what a person would type."""
        return str(value)


class DayField(_TypedField):
    """A date: 15.12.2026 or 2026-12-15."""

    def read(self, typed: str) -> date:
        """Turn *typed* into a date between 1990 and 2100."""
        for pattern in _DAY_FORMATS:
            try:
                day = datetime.strptime(typed, pattern).date()  # noqa: DTZ007 - a date, not an instant
            except ValueError:
                continue
            if 1990 <= day.year <= 2100:
                return day
        raise ValueError(_("Give a date that exists, for example 15.12.2026."))

    def show(self, value: date) -> str:
        """Write the date as Polish offices do."""
        return value.strftime("%d.%m.%Y")


class TimeField(_TypedField):
    """A time of day: 10:00 or 10.00."""

    def read(self, typed: str) -> time:
        """Turn *typed* into a time."""
        for pattern in _TIME_FORMATS:
            try:
                return datetime.strptime(typed, pattern).time()  # noqa: DTZ007 - wall time, not an instant
            except ValueError:
                continue
        raise ValueError(_("Give a time between 0:00 and 23:59, for example 10:00."))

    def show(self, value: time) -> str:
        """Write the time as the page does: 10.00 in Polish, 10:00 in English."""
        return f"{value.hour}.{value.minute:02d}" if language() == "pl" else value.strftime("%H:%M")


class WholeNumberField(_TypedField):
    """A whole number between *low* and *high*."""

    def __init__(self, label: Any = None, *, low: int = 0, high: int = 1_000_000, **kwargs: Any) -> None:
        self.low, self.high = low, high
        super().__init__(label, **kwargs)

    def read(self, typed: str) -> int:
        """Turn *typed* into a number within the bounds; only the digits 0-9 count as digits."""
        digits = typed.replace(" ", "").replace("\u00a0", "")
        whole = digits.isascii() and digits.isdigit() and len(digits) <= _NUMBER_DIGITS
        if not whole or not self.low <= int(digits) <= self.high:
            raise ValueError(_("Give a whole number from %(low)d to %(high)d.", low=self.low, high=self.high))
        return int(digits)


class ChoiceField(RadioField):
    """One of several values; the view or form gives the choices."""

    def __init__(self, label: Any = None, *, needed: Any = None, **kwargs: Any) -> None:
        rules = required(needed) if needed else [validators.Optional()]
        super().__init__(label, validators=[*rules, *kwargs.pop("validators", [])], **kwargs)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - the signature of WTForms
        """Refuse a value that is not among the choices, in our words."""
        if self.data and self.data not in {str(value) for value, *_rest in self.iter_choices()}:
            raise validators.StopValidation(_("Choose one of the listed values."))

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Take the first value, without what no database stores: a view may look it up before it is refused."""
        self.data = clean(valuelist[0]) if valuelist else None


class ChoicesField(SelectMultipleField):
    """Any number of several values, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: Any = None, *, needed: Any = None, **kwargs: Any) -> None:
        rules = required(needed) if needed else []
        super().__init__(label, validators=[*rules, *kwargs.pop("validators", [])], **kwargs)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - the signature of WTForms
        """Refuse values that are not among the choices, in our words."""
        known = {str(value) for value, *_rest in self.iter_choices()}
        if any(str(value) not in known for value in self.data or ()):
            raise validators.StopValidation(_("Choose among the listed values only."))


class CheckField(BooleanField):
    """One box to tick."""


PESEL_SENTENCE = _l(
    "This looks like a PESEL number. Do not enter data of persons deprived of liberty: "
    "give a number of persons and a topic."
)

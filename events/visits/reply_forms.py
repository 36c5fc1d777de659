"""The forms of a mailed link: the answer of whoever has no account, and another address for a request."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

from wtforms import Field

from app.text import fold
from app.web.fields import ChoiceField, DayField, LongTextField, TextField, TimeField
from app.web.forms import Form
from app.web.i18n import _, _l
from events.signups.rules import Person, Wanted
from events.visits import rules
from events.visits.models import MESSAGE_MAX, OPTIONS_MAX, Act
from events.visits.rules import By, Option
from partners.people.forms import AddressField

NAMES = 4
NAME_MAX = 120
OTHER, REFUSE, WRONG = "inny", "odmowa", "adres"
DATE = "t"


class ReplyForm(Form):
    """One answer: a date of those on offer, other dates, a refusal, or “this is not our address”.

    Nothing is chosen beforehand: what a machine sends without a choice is no answer.
    """

    answer = ChoiceField(_l("What do you answer?"), needed=_l("Choose your answer."))
    reason = ChoiceField(_l("Reason"))
    message = LongTextField(_l("Message"), longest=MESSAGE_MAX)
    may_counter = False
    visitors = NAMES

    def offer(self, dates: Sequence[tuple[int, str]], by: By, *, may_counter: bool, visitors: int) -> None:
        """Give the dates on offer (key and words), the reasons of this side, and how many are to come."""
        self.may_counter, self.visitors = may_counter, visitors
        self.answer.choices = [(f"{DATE}{key}", words) for key, words in dates]
        if may_counter:
            self.answer.choices.append((OTHER, _("We propose another date")))
        self.answer.choices.append((REFUSE, _("We refuse the request")))
        self.answer.choices.append((WRONG, _("This message has come to the wrong address")))
        self.reason.choices = [(code, _(one.label)) for code, one in rules.reasons_for(Act.REFUSE, by).items()]

    @property
    def accepted(self) -> int | None:
        """The key of the date that was accepted."""
        chosen = self.answer.data or ""
        return int(chosen.removeprefix(DATE)) if chosen.startswith(DATE) and chosen[1:].isdigit() else None

    def validate(self, extra_validators: object = None) -> bool:
        """Check the fields, and of the parts those that belong to the answer."""
        valid = super().validate(extra_validators)
        if self.accepted is not None:
            return self._check_people() and valid
        if self.answer.data == OTHER:
            return self._check_dates() and valid
        if self.answer.data == REFUSE:
            return self._check_reason() and valid
        return valid

    def people(self) -> Iterator[tuple[Field, Field]]:
        """Give name and function of each line: no more lines than people who are to come."""
        for number in range(min(NAMES, self.visitors)):
            yield self[f"name_{number}"], self[f"function_{number}"]

    def dates(self) -> Iterator[tuple[Field, Field, Field]]:
        """Give day, beginning and end of each line."""
        for number in range(OPTIONS_MAX):
            yield self[f"day_{number}"], self[f"starts_{number}"], self[f"ends_{number}"]

    def wanted(self) -> Wanted:
        """Give who comes: the named ones, and places without a name for the others."""
        named = tuple(
            Person(name=name.data, email="", function=function.data or "")
            for name, function in self.people()
            if name.data
        )
        return Wanted(people=named, places=max(self.visitors - len(named), 0))

    def options(self) -> tuple[Option, ...]:
        """Give the other dates that were proposed."""
        return tuple(
            Option(_at(day.data, starts.data), _at(day.data, ends.data))
            for day, starts, ends in self.dates()
            if day.data and starts.data is not None and ends.data is not None
        )

    def _check_people(self) -> bool:
        valid = True
        known: set[str] = set()
        for name, function in self.people():
            if name.data and fold(name.data) in known:
                self.refuse(name, _("This person stands here twice. Change one of the lines, or empty it."))
                valid = False
            known.add(fold(name.data or ""))
            if function.data and not name.data:
                self.refuse(name, _("Give the name that belongs to this function, or empty the line."))
                valid = False
        return valid

    def _check_dates(self) -> bool:
        begun = [line for line in self.dates() if any(field.raw_data and field.raw_data[0] for field in line)]
        if not begun:
            self.refuse(self["day_0"], _("Give at least one other date, with its hours."))
            return False
        valid = True
        for day, starts, ends in begun:
            for field, sentence in (
                (day, _("Give the day.")),
                (starts, _("Give the hour at which it begins.")),
                (ends, _("Give the hour at which it ends.")),
            ):
                if field.data is None and not field.errors:
                    self.refuse(field, sentence)
                valid = valid and not field.errors
        return valid

    def _check_reason(self) -> bool:
        if not self.reason.data:
            self.refuse(self.reason, _("Choose the reason. The other side will read it."))
            return False
        if rules.REASONS[self.reason.data].needs_note and not self.message.data:
            self.refuse(self.message, _("Say the reason in a few words: the other side will read it."))
            return False
        return True


for _number in range(NAMES):
    setattr(ReplyForm, f"name_{_number}", TextField(_l("Name and surname"), longest=NAME_MAX))
    setattr(ReplyForm, f"function_{_number}", TextField(_l("Function"), longest=NAME_MAX))
for _number in range(OPTIONS_MAX):
    setattr(ReplyForm, f"day_{_number}", DayField(_l("Day")))
    setattr(ReplyForm, f"starts_{_number}", TimeField(_l("From")))
    setattr(ReplyForm, f"ends_{_number}", TimeField(_l("To")))


class AddressForm(Form):
    """Where a request goes whose address was wrong."""

    email = AddressField(_l("E-mail of the institution"), needed=_l("Give the address to which the request is to go."))


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour)

"""Forms of sign-up: whom to sign up, who comes on a place, why a request is refused, what becomes of the order."""

import re
from collections.abc import Iterator, Sequence

from wtforms import Field

from app.web.fields import ChoiceField, ChoicesField, KeyField, LongTextField, TextField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l
from events.calendar.models import CAPACITY_MAX
from events.signups.models import BOOKING_MAX, REASON_MAX
from events.signups.rules import REFUSAL_REASONS, Person, Wanted
from partners.people.queries import Colleague

LINES = 3
NAME_MAX = 120
EMAIL_MAX = 254
TYPED = "inna"
_EMAIL = re.compile(r"^[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+\.[^\s@<>,;:\"()]{2,}$")


class SignUpForm(Form):
    """Whom to sign up. *key* is the same for every sending of one page: a double click makes one booking."""

    key = KeyField("")
    who = ChoicesField(_l("Whom do you sign up?"))
    places: WholeNumberField

    def offer(self, colleagues: Sequence[Colleague]) -> None:
        """Let the form choose among these colleagues."""
        self.who.choices = [(str(one.user_id), one.name) for one in colleagues]

    def validate(self, extra_validators: object = None) -> bool:
        """Check the fields, and that every begun line has a name and an address."""
        valid = super().validate(extra_validators)
        for name, _function, email in self.lines():
            if email.data and not name.data:
                self.refuse(name, _("Give the name that belongs to this e-mail address."))
                valid = False
            if name.data and not email.data:
                self.refuse(email, _("Give the work e-mail address: the confirmation goes there."))
                valid = False
            elif email.data and not _EMAIL.match(email.data):
                self.refuse(email, _("Give an e-mail address such as anna@example.org."))
                valid = False
        if not self.key.data:
            # Nobody sees this field: the sentence stands where the form begins, and the page gets a new key.
            self.key.errors = []
            self.refuse(self.who, _("This form is out of date. Load the page again."))
            valid = False
        return valid

    def lines(self) -> Iterator[tuple[Field, Field, Field]]:
        """Give name, function and address of each line."""
        for number in range(LINES):
            yield self[f"name_{number}"], self[f"function_{number}"], self[f"email_{number}"]

    def wanted(self, colleagues: Sequence[Colleague]) -> Wanted:
        """Give the clean values; *colleagues* are those that were offered."""
        chosen = set(self.who.data or ())
        ticked = [
            Person(name=one.name, email=one.email, function=one.function, user_id=one.user_id)
            for one in colleagues
            if str(one.user_id) in chosen
        ]
        typed = [
            Person(name=name.data, email=email.data, function=function.data or "")
            for name, function, email in self.lines()
            if name.data
        ]
        return Wanted(people=(*ticked, *typed), places=self.places.data or 0)


for _number in range(LINES):
    setattr(SignUpForm, f"name_{_number}", TextField(_l("Name and surname"), longest=NAME_MAX))
    setattr(SignUpForm, f"function_{_number}", TextField(_l("Function"), longest=NAME_MAX))
    setattr(SignUpForm, f"email_{_number}", TextField(_l("Work e-mail"), longest=EMAIL_MAX))
# Last, as on the page: the summary of errors keeps the order of the fields.
SignUpForm.places = WholeNumberField(_l("Places without names"), low=0, high=BOOKING_MAX)


class PersonForm(Form):
    """Who comes on a place: a colleague with an account, or somebody typed in."""

    who = ChoiceField(_l("Who comes?"))
    name = TextField(_l("Name and surname"), longest=NAME_MAX)
    function = TextField(_l("Function"), longest=NAME_MAX)
    email = TextField(_l("Work e-mail"), longest=EMAIL_MAX)

    def offer(self, colleagues: Sequence[Colleague], *, may_type: bool) -> None:
        """Let the form choose among these colleagues; whoever *may_type* can name somebody without an account."""
        self.who.choices = [(str(one.user_id), one.name) for one in colleagues]
        if may_type and colleagues:
            self.who.choices.append((TYPED, _("Somebody without an account")))
        if not may_type:
            del self.name, self.function, self.email

    def validate(self, extra_validators: object = None) -> bool:
        """Check the fields, and that somebody is named at all."""
        valid = super().validate(extra_validators)
        if self.who.data and self.who.data != TYPED:
            return valid
        if "name" not in self or (self.who.choices and not self.who.data and not self.name.data):
            self.refuse(self.who, _("Choose who comes."))
            return False
        if not self.name.data:
            self.refuse(self.name, _("Give name and surname."))
            valid = False
        if not _EMAIL.match(self.email.data or ""):
            self.refuse(self.email, _("Give an e-mail address such as anna@example.org."))
            valid = False
        return valid

    def person(self, colleagues: Sequence[Colleague]) -> Person:
        """Give the clean values; *colleagues* are those that were offered."""
        for one in colleagues:
            if str(one.user_id) == self.who.data:
                return Person(name=one.name, email=one.email, function=one.function, user_id=one.user_id)
        return Person(name=self.name.data or "", email=self.email.data or "", function=self.function.data or "")


class RefusalForm(Form):
    """Why requests are refused: a coded reason, and words that those who asked will read."""

    reason = ChoiceField(_l("Reason"))
    note = LongTextField(_l("What they should know"), longest=REASON_MAX)

    def offer(self, *, participants: bool = False) -> None:
        """Let the form choose among the coded reasons; none of them asks for the names of *participants*."""
        known = REFUSAL_REASONS.items()
        self.reason.choices = [(code, _(one.label)) for code, one in known if not (participants and code == "data")]


class OrderForm(Form):
    """A place in the queue and the reason for the change."""

    place = WholeNumberField(_l("New number in the queue"), low=1, high=CAPACITY_MAX)
    reason = LongTextField(
        _l("Reason"), longest=REASON_MAX, needed=_l("Give the reason. Those who are overtaken will read it.")
    )


class SwapForm(Form):
    """With whom a person swaps."""

    other = ChoiceField(_l("With whom?"), needed=_l("Choose with whom to swap."))

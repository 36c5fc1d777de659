"""The sign-up form: colleagues by a tick, others by name, places without names."""

import re
from collections.abc import Iterator, Sequence

from wtforms import Field, HiddenField

from app.web.fields import ChoicesField, TextField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l
from events.signups.models import BOOKING_MAX
from events.signups.rules import Person, Wanted
from partners.people.queries import Colleague

LINES = 3
NAME_MAX = 120
EMAIL_MAX = 254
_EMAIL = re.compile(r"^[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+\.[^\s@<>,;:\"()]{2,}$")
_KEY = re.compile(r"^[0-9a-f-]{16,36}$")


class SignUpForm(Form):
    """Whom to sign up. *key* is the same for every sending of one page: a double click makes one booking."""

    key = HiddenField("")
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
        if not _KEY.match(self.key.data or ""):
            # Nobody sees this field: the sentence stands where the form begins, and the page gets a new key.
            self.key.data = ""
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

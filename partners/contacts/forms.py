"""Forms of contacts: one contact, an absence, a report on a card and its outcome."""

import re
from collections.abc import Mapping

from app.web.fields import CheckField, ChoiceField, DayField, TextField
from app.web.forms import Form
from app.web.i18n import _, _l
from partners.contacts.models import HOURS_MAX, NOTE_MAX, PERSON_MAX, PHONE_MAX, Contact
from partners.contacts.rules import OUTCOME_LABEL, REPORT_LABEL, ContactDraft

MAILBOX_MAX = 254
_EMAIL = re.compile(r"^[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+\.[^\s@<>,;:\"()]{2,}$")
_PHONE = re.compile(r"^\+?[0-9(][0-9 ()/-]{4,}(?:\s?(?:wew\.|w\.|ext\.)\s?[0-9]+)?$")


class ContactForm(Form):
    """Whom to write to in one matter: a mailbox or a telephone at least."""

    role = ChoiceField(_l("In what matter?"), needed=_l("Choose the matter."))
    mailbox = TextField(_l("Mailbox of this matter"), longest=MAILBOX_MAX)
    phone = TextField(_l("Phone"), longest=PHONE_MAX)
    hours = TextField(_l("When can this person be reached?"), longest=HOURS_MAX)
    person = TextField(_l("Name of the person"), longest=PERSON_MAX)
    public = CheckField(_l("Show to everybody"))

    def offer(self, roles: Mapping[str, str]) -> None:
        """Let the form choose among these roles (role → msgid)."""
        self.role.choices = [(role, _(label)[:1].upper() + _(label)[1:]) for role, label in roles.items()]

    def validate(self, extra_validators: object = None) -> bool:
        """Check the fields, the way mailbox and number are written, and that there is one of the two."""
        valid = super().validate(extra_validators)
        if self.mailbox.data and not _EMAIL.match(self.mailbox.data):
            self.refuse(self.mailbox, _("Give an e-mail address such as anna@example.org."))
            valid = False
        if self.phone.data and not _PHONE.match(self.phone.data):
            self.refuse(self.phone, _("Give a telephone number in digits, for example 68 123 45 67."))
            valid = False
        if not self.mailbox.data and not self.phone.data:
            self.refuse(self.mailbox, _("Give an e-mail address or a telephone number."))
            valid = False
        return valid

    def draft(self) -> ContactDraft:
        """Give the clean values."""
        return ContactDraft(
            role=self.role.data or "",
            mailbox=self.mailbox.data or "",
            person=self.person.data or "",
            phone=self.phone.data or "",
            hours=self.hours.data or "",
            public=bool(self.public.data),
        )


def values_of(contact: Contact) -> dict[str, str | bool]:
    """Give a contact as the form shows it."""
    return {name: getattr(contact, name) for name in ContactDraft.__slots__}


class AbsenceForm(Form):
    """From when until when a contact is away."""

    first = DayField(_l("First day"), needed=_l("Give the first day of the absence."))
    last = DayField(_l("Last day"), needed=_l("Give the last day of the absence."))


class ReportForm(Form):
    """What is wrong on a card."""

    kind = ChoiceField(_l("What is wrong?"), needed=_l("Choose what is wrong on the card."))
    contact = ChoiceField(_l("Which contact?"))
    note = TextField(_l("What exactly?"), longest=NOTE_MAX)

    def offer(self, contacts: Mapping[int, str]) -> None:
        """Let the form choose a kind and among these contacts."""
        self.kind.choices = [(kind.value, _(label)) for kind, label in REPORT_LABEL.items()]
        self.contact.choices = [(str(contact_id), words) for contact_id, words in contacts.items()]


class OutcomeForm(Form):
    """What became of a report."""

    outcome = ChoiceField(_l("What became of it?"), needed=_l("Choose what became of the report."))

    def offer(self) -> None:
        """Let the form choose among the outcomes."""
        self.outcome.choices = [(outcome.value, _(label)) for outcome, label in OUTCOME_LABEL.items()]

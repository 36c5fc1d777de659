"""Forms of the operator: the word to merge, and what passes to a successor."""

from wtforms import HiddenField

from app.succession.rules import Handover
from app.web.fields import CheckField, DayField
from app.web.forms import Form
from app.web.i18n import _l


class MergeForm(Form):
    """Two cards by their addresses, and the mark of the plan that was seen."""

    z = HiddenField()
    do = HiddenField()
    mark = HiddenField()


class SuccessionForm(Form):
    """From which day, and what passes over; the two cards stand in the address."""

    day = DayField(_l("First day of the successor"), needed=_l("Give the day from which the successor works."))
    people = CheckField(_l("People and open invitations"))
    contacts = CheckField(_l("Contacts"))
    services = CheckField(_l("Services and rooms"))
    coming = CheckField(_l("Events and projects that are not over, with sign-ups"))

    def handover(self) -> Handover:
        """Give the clean values."""
        return Handover(
            day=self.day.data,
            people=bool(self.people.data),
            contacts=bool(self.contacts.data),
            services=bool(self.services.data),
            coming=bool(self.coming.data),
        )

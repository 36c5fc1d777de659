"""Forms of joining an edition: a number of participants, a smaller number."""

from app.web.fields import CheckField, KeyField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l
from events.signups.models import BOOKING_MAX
from events.signups.rules import Wanted


class ParticipantsForm(Form):
    """How many participants of a closed group: a number, never a name. *key* makes one booking of a double click."""

    key = KeyField("")
    number = WholeNumberField(
        _l("Number of participants"), low=1, high=BOOKING_MAX, needed=_l("Give the number of participants.")
    )
    waits = CheckField(_l("If there are too few free places, the whole group waits"))

    def validate(self, extra_validators: object = None) -> bool:
        """Check the fields, and that the page was ours."""
        valid = super().validate(extra_validators)
        if not self.key.data:
            self.key.errors = []
            self.refuse(self.number, _("This form is out of date. Load the page again."))
            return False
        return valid

    def wanted(self) -> Wanted:
        """Give the clean value."""
        return Wanted(places=self.number.data or 0)


class FewerForm(Form):
    """How many places are kept; the others are given back."""

    keep = WholeNumberField(_l("How many stay?"), low=0, high=10_000, needed=_l("Give the number that stays."))

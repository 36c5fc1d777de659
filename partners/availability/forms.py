"""The form of a blocked period: from, to, where, why."""

from collections.abc import Sequence

from app.web.fields import ChoiceField, DayField, LongTextField
from app.web.forms import Form
from app.web.i18n import _, _l
from partners.availability.models import REASON_MAX
from partners.availability.rules import PeriodDraft
from partners.institutions.queries import RoomRow


class PeriodForm(Form):
    """Days on which an institution, or one of its rooms, takes no meetings."""

    first_day = DayField(_l("First day"), needed=_l("Give the first day, for example 15.12.2026."))
    last_day = DayField(_l("Last day"))
    room = ChoiceField(_l("What is not available"))
    reason = LongTextField(_l("Reason, for your people only"), longest=REASON_MAX)

    def offer(self, rooms: Sequence[RoomRow]) -> None:
        """Offer the whole institution and its *rooms*."""
        self.room.choices = [("", _("the whole institution")), *((str(room.id), room.name) for room in rooms)]
        if self.room.data is None:
            self.room.data = ""

    def draft(self) -> PeriodDraft:
        """Give the clean values; without a last day the first one is the only one."""
        first = self.first_day.data
        room = int(self.room.data) if self.room.data else None
        return PeriodDraft(first, self.last_day.data or first, room, self.reason.data or "")

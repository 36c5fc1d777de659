"""Forms of a cancellation and of a suspension: a reason that everybody concerned is told."""

from app.web.fields import DayField, LongTextField, TextField
from app.web.forms import Form
from app.web.i18n import _l
from events.calendar.models import REASON_MAX
from events.changes.suspension import PUBLIC_REASON_MAX
from partners.availability.rules import PeriodDraft


class SuspendForm(Form):
    """For which days a prison unit stops all meetings, and what everybody reads about it."""

    first_day = DayField(_l("First day"), needed=_l("Give the first day, for example 15.12.2026."))
    last_day = DayField(_l("Last day"), needed=_l("Give the last day: a suspension has an end."))
    reason = LongTextField(_l("Reason, for everybody"), longest=PUBLIC_REASON_MAX)
    checked = TextField(longest=40)

    def draft(self) -> PeriodDraft:
        """Give the clean values."""
        return PeriodDraft(self.first_day.data, self.last_day.data, reason=" ".join((self.reason.data or "").split()))

    @property
    def days(self) -> str:
        """The days as *checked* holds them: those that the page has shown before the act."""
        return f"{self.first_day.data} {self.last_day.data}"


class CancelForm(Form):
    """Why an event does not take place."""

    reason = LongTextField(_l("Reason"), longest=REASON_MAX, needed=_l("Give the reason: it is shown on the event."))

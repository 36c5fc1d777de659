"""The form of a cancellation: one reason, told to everybody concerned."""

from app.web.fields import LongTextField
from app.web.forms import Form
from app.web.i18n import _l
from events.calendar.models import REASON_MAX


class CancelForm(Form):
    """Why an event does not take place."""

    reason = LongTextField(_l("Reason"), longest=REASON_MAX, needed=_l("Give the reason: it is shown on the event."))

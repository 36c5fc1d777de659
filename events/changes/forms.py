"""Forms of changes: which dates of a series, one date, a cancellation, a suspension."""

from datetime import datetime, time, timedelta

from app.web.fields import ChoiceField, DayField, LongTextField, TextField, TimeField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l
from events.calendar.forms import ELSEWHERE
from events.calendar.models import PLACE_MAX, REASON_MAX, TITLE_MAX
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


class ScopeForm(Form):
    """Which dates of a series are meant; it is a part of an address, and asked before the form of a change."""

    zakres = ChoiceField(_l("What do you want to change?"), needed=_l("Choose which dates you mean."))


class DateForm(Form):
    """One date of a series: what it may have of its own."""

    title = TextField(_l("Title"), longest=TITLE_MAX, needed=_l("Give the event a title."))
    day = DayField(_l("Date"), needed=_l("Give the date."))
    starts = TimeField(_l("From hour"))
    ends = TimeField(_l("To hour"))
    end_day = DayField(_l("Last day, if it is another one"))
    place = ChoiceField(_l("Where"))
    place_other = TextField(_l("Another place"), longest=PLACE_MAX)
    room = TextField(_l("Room"), longest=PLACE_MAX)
    revision = WholeNumberField(low=0, high=2**31 - 1)

    def check(self, *, all_day: bool) -> bool:
        """Validate; without *all_day* both hours are needed."""
        valid = bool(self.validate())
        if not all_day:
            for field in (self.starts, self.ends):
                if field.data is None and not field.errors:
                    self.refuse(field, _("Give both hours: from and to."))
                    valid = False
        elsewhere = self.place.data in (None, "", ELSEWHERE)
        if elsewhere and not self.place_other.data:
            self.refuse(self.place_other, _("Give the name and address of the place."))
            valid = False
        if not elsewhere and self.place_other.data:
            sentence = _("Two places are given. Choose “another place” above, or clear this field.")
            self.refuse(self.place_other, sentence)
            valid = False
        return valid

    def wall(self, *, all_day: bool) -> tuple[datetime, datetime]:
        """Give start and end as Warsaw wall times."""
        first, last = self.day.data, self.end_day.data or self.day.data
        if all_day:
            return datetime.combine(first, time.min), datetime.combine(last + timedelta(days=1), time.min)
        return datetime.combine(first, self.starts.data), datetime.combine(last, self.ends.data)

    def place_id(self) -> int | None:
        """Give the chosen institution of the place, if one was chosen."""
        return int(self.place.data) if (self.place.data or "").isdigit() else None


class CancelForm(Form):
    """Why an event does not take place."""

    reason = LongTextField(_l("Reason"), longest=REASON_MAX, needed=_l("Give the reason: it is shown on the event."))


class CancelSeriesForm(CancelForm):
    """Why dates of a series do not take place, and which."""

    zakres = ChoiceField(_l("What do you want to cancel?"), needed=_l("Choose which dates you mean."))

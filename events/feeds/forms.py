"""The form of a calendar of one's own."""

from app.web.fields import CheckField, TextField
from app.web.forms import Form
from app.web.i18n import _l
from events.feeds.models import NAME_MAX


class FeedForm(Form):
    """What to call it, and how much it tells."""

    name = TextField(_l("Name of the calendar"), longest=NAME_MAX, needed=_l("Give the calendar a name, such as Work."))
    busy = CheckField(_l("Show only that I am busy, without title and place"))

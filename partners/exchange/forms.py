"""The form by which an operator sends a table."""

from wtforms import FileField

from app.web.fields import ChoiceField
from app.web.forms import Form
from app.web.i18n import _, _l
from partners.exchange.rules import SUBJECT_LABEL, Subject


class UploadForm(Form):
    """What the rows are, and the file; the view reads the file, since forms take typed fields only."""

    subject = ChoiceField(_l("What are the rows?"), needed=_l("Choose what the rows of the table are."))
    file = FileField(_l("Table (CSV or XLSX, at most 2 MB)"))

    def __init__(self) -> None:
        super().__init__()
        self.subject.choices = [(subject.value, _(SUBJECT_LABEL[subject])) for subject in Subject]

"""Forms of people: an invitation, a code from paper, a new account, a role, the institution to act for."""

import re
from typing import Any

from wtforms import validators

from app.accounts.models import EMAIL_MAX, NAME_MAX, PASSWORD_MAX
from app.web.fields import CheckField, ChoiceField, SecretField, TextField, required
from app.web.forms import Form
from app.web.i18n import _, _l
from partners.people import rules
from partners.people.models import FUNCTION_MAX
from partners.people.rules import ROLE_LABEL, ROLES

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\.]+(\.[^\s@<>,;:\"()\[\]\\.]+)+")


class AddressField(TextField):
    """A mail address; in small letters, because people type them as it comes."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, longest=EMAIL_MAX, **kwargs)

    def process_formdata(self, valuelist: Any) -> None:
        """Clean what was typed."""
        super().process_formdata(valuelist)
        self.data = (self.data or "").casefold()

    def pre_validate(self, form: Any) -> None:
        """Refuse what no mail could be sent to."""
        super().pre_validate(form)
        if self.data and not _ADDRESS.fullmatch(self.data):
            raise validators.StopValidation(_("Give a whole e-mail address, for example anna@ops.example.pl."))


class InviteForm(Form):
    """Whom to invite, as what, and how the invitation gets there."""

    email = AddressField(_l("Work e-mail"), needed=_l("Give the e-mail address of the person."))
    name = TextField(_l("First name and surname"), longest=NAME_MAX)
    function = TextField(_l("Function"), longest=FUNCTION_MAX)
    role = ChoiceField(_l("Role"), needed=_l("Choose a role."))
    way = ChoiceField(_l("How does the invitation get there?"), needed=_l("Choose how to hand the invitation over."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [(role.value, _(ROLE_LABEL[role])) for role in ROLES]
        self.way.choices = [("mail", _("by e-mail, with a link")), ("print", _("on paper, with a code"))]


class RoleForm(Form):
    """What a person is in the institution."""

    role = ChoiceField(_l("Role"), needed=_l("Choose a role."))
    function = TextField(_l("Function"), longest=FUNCTION_MAX)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [(role.value, _(ROLE_LABEL[role])) for role in ROLES]


class CodeForm(Form):
    """The code of a printed invitation."""

    code = TextField(_l("Code"), longest=60, needed=_l("Type the code from the sheet."))

    def validate_code(self, field: TextField) -> None:
        """Refuse what cannot be a code: it has a fixed length and no letters that look alike."""
        if field.data and not rules.read_code(field.data):
            raise validators.StopValidation(
                _("A code has 16 letters and digits, for example ABCD-2345-EFGH-6789. Check it and type it again.")
            )


class JoinForm(Form):
    """A new account out of an invitation."""

    name = TextField(_l("First name and surname"), longest=NAME_MAX, needed=_l("Give your first name and surname."))
    password = SecretField(_l("New password"), validators=required(_l("Choose a password.")))
    again = SecretField(_l("The same password again"), validators=required(_l("Type the password a second time.")))
    terms = CheckField(
        _l("I know the terms of use. I will not enter data of people in prison."),
        validators=required(_l("Tick that you know the terms of use.")),
    )

    def validate_again(self, field: SecretField) -> None:
        """Refuse a second password that differs from the first."""
        if field.data != self.password.data:
            raise validators.StopValidation(_("The two passwords differ. Type the same one twice."))

    def validate_password(self, field: SecretField) -> None:
        """Refuse a password that is far too long before it is looked at more closely."""
        if len(field.data or "") > PASSWORD_MAX:
            raise validators.StopValidation(_("The password may have at most %(most)d characters.", most=PASSWORD_MAX))


class PlaceForm(Form):
    """For whom to act from now on."""

    institution = ChoiceField(_l("Institution"), needed=_l("Choose an institution."))

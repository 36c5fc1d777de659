"""Forms of admission: an application, the reason of a refusal."""

import re
from typing import Any

from wtforms import validators

from app.accounts.models import NAME_MAX as PERSON_MAX
from app.web.fields import CheckField, ChoiceField, LongTextField, TextField, required
from app.web.forms import Form
from app.web.i18n import _, _l
from partners.admission.rules import Applied
from partners.institutions.models import NAME_MAX, Kind
from partners.institutions.rules import KIND_LABEL
from partners.people.forms import AddressField
from partners.people.models import FUNCTION_MAX
from partners.territory.rules import Area

MESSAGE_MAX = 1000
REASON_MAX = 500
_POSTAL_CODE = re.compile(r"\d\d-\d\d\d")
_PHONE = re.compile(r"(?:\D*\d){9}[\d\s()+,./a-zA-Z-]*")


class ApplyForm(Form):
    """Which institution asks to take part, where it is, and who asks."""

    kind = ChoiceField(_l("Kind of institution"), needed=_l("Choose what kind of institution it is."))
    name = TextField(_l("Full name"), longest=NAME_MAX, needed=_l("Give the full name of the institution."))
    gmina = TextField(_l("Gmina in which it has its seat"), longest=80, needed=_l("Give the gmina."))
    gmina_code = ChoiceField(_l("Which of them?"))
    street = TextField(_l("Street and number"), longest=120, needed=_l("Give the street and number."))
    postal_code = TextField(_l("Postal code"), longest=6, needed=_l("Give the postal code, for example 67-100."))
    post_town = TextField(_l("Town"), longest=80, needed=_l("Give the town."))
    email = AddressField(_l("Public e-mail"))
    phone = TextField(_l("Public telephone"), longest=40)
    applicant_name = TextField(
        _l("First name and surname"), longest=PERSON_MAX, needed=_l("Give your first name and surname.")
    )
    applicant_function = TextField(
        _l("Your function in the institution"), longest=FUNCTION_MAX, needed=_l("Say what you are in the institution.")
    )
    applicant_email = AddressField(_l("Your work e-mail"), needed=_l("Give your e-mail address."))
    message = LongTextField(_l("Message to the operator"), longest=MESSAGE_MAX)
    terms = CheckField(
        _l("I know the terms of use. I will not enter data of people in prison."),
        validators=required(_l("Tick that you know the terms of use.")),
    )
    different = CheckField(_l("It is none of these: send my application"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [(kind.value, _(KIND_LABEL[kind])) for kind in Kind]
        self.gmina_code.choices = []

    def validate_postal_code(self, field: TextField) -> None:
        """Refuse what no letter finds."""
        if field.data and not _POSTAL_CODE.fullmatch(field.data):
            raise validators.StopValidation(_("Write the postal code as 67-100."))

    def validate_phone(self, field: TextField) -> None:
        """Refuse a number without nine digits."""
        if field.data and not _PHONE.fullmatch(field.data):
            raise validators.StopValidation(_("Give a telephone number with at least nine digits."))

    def offer(self, areas: list[Area], language: str) -> None:
        """Let the person choose among gminas of one name."""
        self.gmina_code.choices = [(one.code, f"{one.words(language)}, {one.around(language)}") for one in areas]

    def applied(self, area: Area, language: str) -> Applied:
        """Give the clean values for *area*."""
        return Applied(
            kind=Kind(self.kind.data),
            name=self.name.data or "",
            gmina_code=area.gmina.code,
            district_code=area.code if area.is_district else None,
            street=self.street.data or "",
            postal_code=self.postal_code.data or "",
            post_town=self.post_town.data or "",
            email=self.email.data or "",
            phone=self.phone.data or "",
            applicant_name=self.applicant_name.data or "",
            applicant_email=self.applicant_email.data or "",
            applicant_function=self.applicant_function.data or "",
            message=self.message.data or "",
            language=language,
        )


class RefuseForm(Form):
    """Why an institution is not admitted."""

    reason = LongTextField(
        _l("Why is it not admitted?"), longest=REASON_MAX, needed=_l("Say why: the applicant reads it.")
    )

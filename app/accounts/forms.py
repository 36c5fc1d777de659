"""The form of signing in."""

from app.web.fields import SecretField, TextField, required
from app.web.forms import Form
from app.web.i18n import _l


class SignInForm(Form):
    """E-mail and password."""

    email = TextField(_l("Work e-mail"), longest=254, needed=_l("Enter your e-mail address."))
    password = SecretField(_l("Password"), validators=required(_l("Enter your password.")))

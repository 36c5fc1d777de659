"""The forms of an account: signing in, its second step, passwords, name and language, locking."""

from collections.abc import Iterable

from app.accounts import rules
from app.accounts.models import EMAIL_MAX, NAME_MAX
from app.errors import Refusal
from app.web.fields import ChoiceField, SecretField, TextField, required
from app.web.forms import Form
from app.web.i18n import _, _l, translated

REASON_MAX = 200
_CODE_MAX = 40


class SignInForm(Form):
    """E-mail and password."""

    email = TextField(_l("Work e-mail"), longest=EMAIL_MAX, needed=_l("Enter your e-mail address."))
    password = SecretField(_l("Password"), validators=required(_l("Enter your password.")))


class CodeForm(Form):
    """The second step: six digits of the program, or a paper code."""

    code = TextField(_l("Code"), longest=_CODE_MAX, needed=_l("Enter the code."))


class ForgottenForm(Form):
    """Whose password is to be chosen anew."""

    email = TextField(_l("Work e-mail"), longest=EMAIL_MAX, needed=_l("Enter your e-mail address."))


class ProofForm(Form):
    """The present password, asked for before anything that guards the account changes."""

    password_now = SecretField(_l("Present password"), validators=required(_l("Enter your present password.")))


class ChosenPasswordForm(Form):
    """A new password, typed twice: nobody sees it while it is typed."""

    password = SecretField(_l("New password"), validators=required(_l("Enter a new password.")))
    password_again = SecretField(_l("New password once more"), validators=required(_l("Enter the password once more.")))

    def accepts(self, known: Iterable[str]) -> bool:
        """Whether both are alike and the rules take the password; else its field says why not.

        *known*: address, name and institutions of the person, of which no password may be made.
        """
        if self.password.data != self.password_again.data:
            self.refuse(self.password_again, _("The two passwords differ. Type both once more."))
            return False
        try:
            rules.check_password(self.password.data or "", known=known)
        except Refusal as refusal:
            self.refuse(self.password, translated(refusal))
            return False
        return True


class PasswordChangeForm(ChosenPasswordForm, ProofForm):
    """The present password and a new one."""


class ProfileForm(Form):
    """How the portal calls a person, and in which language it writes to him."""

    name = TextField(_l("First name and surname"), longest=NAME_MAX, needed=_l("Enter your first name and surname."))
    language = ChoiceField(_l("Language"), needed=_l("Choose a language."))


class ReasonForm(Form):
    """Why the operator does something to an account."""

    reason = TextField(_l("Reason"), longest=REASON_MAX, needed=_l("Say why: the reason stands in the audit trail."))

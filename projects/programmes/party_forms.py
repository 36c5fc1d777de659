"""Small forms of lead and partners: an answer, a request to join, the decision about it, leaving, a new lead."""

from app.web.fields import ChoiceField, LongTextField, TextField
from app.web.forms import Form
from app.web.i18n import _, _l
from projects.programmes import protocol
from projects.programmes.models import NOTE_MAX, PART_MAX
from projects.programmes.partnership import Line

YES, NO = "tak", "nie"


class AnswerForm(Form):
    """Yes or no to one's part; *part* are the words that the page has shown."""

    answer = ChoiceField(_l("Your answer"), needed=_l("Choose: confirm or decline."))
    note = LongTextField(_l("Reason, if you decline"), longest=NOTE_MAX)
    part = TextField(longest=PART_MAX)

    def offer(self, *, anew: bool) -> None:
        """Give the two answers; *anew* where other words are in force."""
        decline = _("We decline: the words agreed before stay") if anew else _("We decline")
        self.answer.choices = [(YES, _("We confirm our part")), (NO, decline)]

    def check(self) -> bool:
        """Validate: who declines says why."""
        valid = self.validate()
        if self.answer.data == NO and not self.note.data and not self.note.errors:
            self.refuse(self.note, _("Say why: the lead must know what to change."))
            return False
        return valid


class OutsideForm(Form):
    """Who agreed for an institution without people in Kładka, when and how."""

    note = TextField(_l("Who agreed, when and how"), longest=NOTE_MAX)


class JoinForm(Form):
    """What an institution would do in the project."""

    part = TextField(
        _l("What will your institution do in the project?"),
        longest=PART_MAX,
        needed=_l("Say what your institution would do in the project."),
    )


class DecisionForm(Form):
    """Accept or refuse a request to join; a refusal has a coded reason."""

    answer = ChoiceField(_l("Decision"), needed=_l("Choose: accept or refuse."))
    reason = ChoiceField(_l("Reason, if you refuse"))
    note = LongTextField(_l("In your own words"), longest=NOTE_MAX)

    def offer(self) -> None:
        """Give the decisions and the reasons."""
        self.answer.choices = [(YES, _("We accept: the institution becomes a partner")), (NO, _("We decline"))]
        reasons = [(code, _(reason.label)) for code, reason in protocol.REFUSAL_REASONS.items()]
        self.reason.choices = [("", _("choose")), *reasons]

    def check(self) -> bool:
        """Validate: a refusal has a reason that can be understood."""
        valid = self.validate()
        reason = protocol.REFUSAL_REASONS.get(self.reason.data or "")
        if self.answer.data == NO and reason is None:
            self.refuse(self.reason, _("Choose the reason for the refusal."))
            return False
        if self.answer.data == NO and reason is not None and reason.needs_note and not self.note.data:
            self.refuse(self.note, _("Say the reason in a few words: those who asked will read it."))
            return False
        return valid


class LeaveForm(Form):
    """Why an institution leaves."""

    note = LongTextField(
        _l("Why does your institution leave?"),
        longest=NOTE_MAX,
        needed=_l("Say why your institution leaves: the lead will read it."),
    )


class LeadForm(Form):
    """To whom the lead is offered."""

    institution = ChoiceField(_l("Offer the lead to"), needed=_l("Choose a partner."))

    def offer(self, lines: list[Line]) -> None:
        """Give the partners that could lead."""
        self.institution.choices = [(str(line.institution_id), line.name) for line in lines]

"""Small forms of those who take part: an answer, the director's consent, hours and room, topics and own people."""

from datetime import datetime

from wtforms import Field

from app.web.fields import CheckField, ChoiceField, DayField, LongTextField, TextField, TimeField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l
from events.calendar import rules
from events.calendar.forms import SPEAKERS, TOPIC_MAX, TOPICS_MAX
from events.calendar.models import PERSON_MAX, PLACE_MAX, REASON_MAX, Consent
from events.calendar.queries import RoomOffer
from events.calendar.rules import Speaker
from events.consents.actions import Move

YES, NO = "tak", "nie"


class AnswerForm(Form):
    """Yes or no to an event; a no needs its reason."""

    answer = ChoiceField(_l("Your answer"), needed=_l("Choose: confirm or decline."))
    reason = LongTextField(_l("Reason, if you decline"), longest=REASON_MAX)

    def offer(self, *, may_decline: bool) -> None:
        """Give the two answers; the host of what is published has the first only."""
        self.answer.choices = [(YES, _("We confirm")), *([(NO, _("We decline"))] if may_decline else [])]

    def check(self) -> bool:
        """Validate: who declines says why."""
        valid = self.validate()
        if self.answer.data == NO and not self.reason.data:
            self.refuse(self.reason, _("Say why: the organiser must know what to change."))
            return False
        return valid


class OutsideForm(Form):
    """A tick: it was agreed by letter or telephone."""

    agreed = CheckField(_l("We have agreed on it by letter, telephone or in person"))

    def check(self) -> bool:
        """Validate: nothing is noted without the tick."""
        if not self.agreed.data:
            self.refuse(self.agreed, _("Tick that it was agreed: it is shown to everybody concerned."))
        return bool(self.agreed.data)


class ConsentForm(Form):
    """The director's consent as the unit notes it."""

    consent = ChoiceField(_l("How it stands"), needed=_l("Choose one of the three."))
    granted_on = DayField(_l("Granted on"))

    def offer(self) -> None:
        """Give the three states."""
        self.consent.choices = [(one.value, _(label)) for one, label in rules.CONSENT_LABEL.items()]

    def check(self) -> bool:
        """Validate: a granted consent has its day."""
        valid = self.validate()
        if self.consent.data == Consent.GRANTED and self.granted_on.data is None and not self.granted_on.errors:
            self.refuse(self.granted_on, _("Give the day on which the consent was granted: today or earlier."))
            return False
        return valid


class MoveForm(Form):
    """Hours and room of one date, for the house in which it takes place."""

    day = DayField(_l("Date"), needed=_l("Give the date."))
    starts = TimeField(_l("From hour"), needed=_l("Give the hour at which it begins, for example 10:00."))
    ends = TimeField(_l("To hour"), needed=_l("Give the hour at which it ends, for example 12:00."))
    room_id = ChoiceField(_l("Room"))
    room = TextField(_l("Another room"), longest=PLACE_MAX)
    revision = WholeNumberField(low=0, high=2**31 - 1)

    def offer(self, rooms: tuple[RoomOffer, ...]) -> None:
        """Let the form choose among the rooms of the house."""
        self.room_id.choices = [("", _("none")), *((str(one.id), one.name) for one in rooms)]

    def check(self) -> bool:
        """Validate: one room at most."""
        valid = self.validate()
        if self.room_id.data and self.room.data:
            self.refuse(self.room, _("Two rooms are given. Choose one from the list, or clear this field."))
            return False
        return valid

    def move(self) -> Move:
        """Give the clean values."""
        return Move(
            datetime.combine(self.day.data, self.starts.data),
            datetime.combine(self.day.data, self.ends.data),
            int(self.room_id.data) if self.room_id.data else None,
            self.room.data or "",
        )


class ContributionForm(Form):
    """Topics of an event, and who of one's own institution leads or speaks."""

    topics = LongTextField(_l("Topics"), longest=TOPICS_MAX * TOPIC_MAX)
    revision = WholeNumberField(low=0, high=2**31 - 1)

    def rows(self) -> list[tuple[Field, Field]]:
        """Give name and function of each row."""
        return [(self[f"speaker_{n}"], self[f"speaker_function_{n}"]) for n in range(SPEAKERS)]

    def speakers(self) -> tuple[Speaker, ...]:
        """Give the people in the order of the rows."""
        return tuple(Speaker(person.data, function.data or "") for person, function in self.rows() if person.data)

    def check(self) -> bool:
        """Validate: short topics, and a name in every row begun."""
        valid = self.validate()
        topics = self.topics.lines()
        if len(topics) > TOPICS_MAX or any(len(topic) > TOPIC_MAX for topic in topics):
            sentence = _(
                "Give at most %(number)d topics, one in a line, each of at most %(limit)d characters.",
                number=TOPICS_MAX,
                limit=TOPIC_MAX,
            )
            self.refuse(self.topics, sentence)
            valid = False
        for person, function in self.rows():
            if function.data and not person.data and not person.errors:
                self.refuse(person, _("Give the name and surname, or clear this row."))
                valid = False
        return valid


for _number in range(SPEAKERS):
    setattr(ContributionForm, f"speaker_{_number}", TextField(_l("Name and surname"), longest=PERSON_MAX))
    setattr(ContributionForm, f"speaker_function_{_number}", TextField(_l("Function"), longest=PERSON_MAX))

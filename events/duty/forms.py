"""Forms of duty hours: a plan, a booking, who comes, why a date does not take place."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import uuid4

from wtforms import HiddenField

from app import warsaw
from app.web.fields import (
    ChoiceField,
    ChoicesField,
    DayField,
    KeyField,
    LongTextField,
    TextField,
    TimeField,
    WholeNumberField,
)
from app.web.forms import Form
from app.web.i18n import _, _l, _n, translated
from events import recurrence
from events.calendar import rules as calendar
from events.calendar.models import PERSON_MAX, PLACE_MAX
from events.calendar.queries import Choices, Named
from events.duty import rules
from events.duty.models import PERSONS_MAX, SLOT_MINUTES, SLOT_MINUTES_MAX, SLOT_PERSONS
from events.duty.queries import DateCard
from events.recurrence import Freq, Rule
from events.signups.forms import PersonForm
from events.signups.rules import Person
from partners.people.queries import Colleague

WEEKLY, FORTNIGHTLY, LAST = "1w", "2w", "last"
TYPED = "inna"
_DAYS = tuple(str(number) for number in range(5))


class PlanForm(Form):
    """New duty hours of a centre in a unit. *shown* says which dates the page has shown before it is saved."""

    unit = ChoiceField(_l("Prison unit"), needed=_l("Choose the prison unit."))
    how = ChoiceField(_l("How often"), needed=_l("Choose how often the duty hours are."), default="1")
    weekday = ChoiceField(_l("Day of the week"), needed=_l("Choose the day of the week."))
    first_day = DayField(_l("From day"), needed=_l("Give the day from which the duty hours hold."))
    last_day = DayField(_l("Until day"), needed=_l("Give the day until which the duty hours hold."))
    starts = TimeField(_l("From hour"), needed=_l("Give the hour of the beginning."))
    ends = TimeField(_l("To hour"), needed=_l("Give the hour of the end."))
    slot_minutes = WholeNumberField(
        _l("Length of one talk in minutes"),
        low=rules.SLOT_MINUTES_MIN,
        high=SLOT_MINUTES_MAX,
        default=SLOT_MINUTES,
        needed=_l("Give the length of one talk."),
    )
    slot_persons = WholeNumberField(
        _l("Persons in one slot"),
        low=1,
        high=PERSONS_MAX,
        default=SLOT_PERSONS,
        needed=_l("Give how many persons one slot holds."),
    )
    room_id = ChoiceField(_l("Room"))
    room = TextField(_l("Another room"), longest=PLACE_MAX)
    who = ChoiceField(_l("Who is on duty?"))
    name = TextField(_l("Name and surname"), longest=PERSON_MAX)
    function = TextField(_l("Function"), longest=PERSON_MAX)
    clause = ChoiceField(_l("Comes from the agreement"))
    shown = HiddenField("")

    units: Mapping[int, Named] = {}
    houses: Mapping[int, int] = {}

    def offer(self, choices: Choices, colleagues: Sequence[Colleague], language: str) -> None:
        """Give the fields their choices: units and clauses of the centre's agreements, its people."""
        self.units = {one.id: one for one in choices.partners if one.kind.value in calendar.PRISON_KINDS}
        self.houses = {one.id: one.institution_id for one in choices.rooms if one.institution_id in self.units}
        self.unit.choices = [(str(one.id), one.name) for one in self.units.values()]
        self.how.choices = [
            (WEEKLY, _("every week")),
            (FORTNIGHTLY, _("every second week")),
            ("1", _("first such day of the month")),
            ("2", _("second such day of the month")),
            ("3", _("third such day of the month")),
            ("4", _("fourth such day of the month")),
            (LAST, _("last such day of the month")),
        ]
        days = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"))
        self.weekday.choices = list(zip(_DAYS, days, strict=True))
        several = len(self.units) > 1
        self.room_id.choices = [
            (str(one.id), f"{one.name}, {self.units[one.institution_id].label}" if several else one.name)
            for one in choices.rooms
            if one.institution_id in self.units
        ]
        self.who.choices = [(str(one.user_id), one.name) for one in colleagues]
        if colleagues:
            self.who.choices.append((TYPED, _("Somebody without an account")))
        self.clause.choices = [(str(key), pl if language == "pl" else en) for key, pl, en in choices.clauses]

    def check(self, now: datetime) -> bool:
        """Validate, and refuse on its field what makes no duty hours."""
        valid = self.validate()
        valid = self._check_who() and valid
        if self.room_id.data and self.unit.data and self.houses.get(int(self.room_id.data)) != self.unit_id():
            self.refuse(self.room_id, translated(calendar.RoomElsewhere()))
            valid = False
        return self._check_times(now) and valid

    def unit_id(self) -> int:
        """Give the chosen unit."""
        return int(self.unit.data or 0)

    def rule(self) -> Rule:
        """Give the rule of the series."""
        day, until = int(self.weekday.data), self.last_day.data
        if self.how.data in (WEEKLY, FORTNIGHTLY):
            return Rule(Freq.WEEKLY, 1 if self.how.data == WEEKLY else 2, (day,), until=until)
        nth = recurrence.LAST if self.how.data == LAST else int(self.how.data)
        return Rule(Freq.MONTHLY, days=(day,), nth=nth, until=until)

    def span(self) -> tuple[datetime, datetime]:
        """Give the wall times of the first date of the rule in the validity."""
        begins = datetime.combine(self.first_day.data, self.starts.data)
        ends = datetime.combine(self.first_day.data, self.ends.data)
        first = recurrence.first_hit(self.rule(), begins)
        return first, ends + (first - begins)

    def signature(self) -> str:
        """Say which dates these fields make: what was shown must be what is saved."""
        fields = (
            self.unit,
            self.how,
            self.weekday,
            self.first_day,
            self.last_day,
            self.starts,
            self.ends,
            self.room_id,
        )
        return "|".join(str(one.data or "") for one in fields)

    def person(self, colleagues: Sequence[Colleague]) -> Person:
        """Give who is on duty."""
        for one in colleagues:
            if str(one.user_id) == self.who.data:
                return Person(name=one.name, email=one.email, function=one.function, user_id=one.user_id)
        return Person(name=self.name.data or "", email="", function=self.function.data or "")

    def _check_who(self) -> bool:
        if self.who.data and self.who.data != TYPED:
            return True
        if self.who.choices and not self.who.data and not self.name.data:
            self.refuse(self.who, translated(rules.NobodyOnDuty()))
            return False
        if not self.name.data:
            self.refuse(self.name, _("Give name and surname."))
        if not self.function.data:
            self.refuse(self.function, _("Give the function: the gate reads it on the entry list."))
        return bool(self.name.data and self.function.data)

    def _check_times(self, now: datetime) -> bool:
        needed = (self.how, self.weekday, self.first_day, self.last_day, self.starts, self.ends, self.slot_minutes)
        if any(one.errors or one.data is None for one in needed):
            return False
        if self.first_day.data <= warsaw.today(now):
            self.refuse(self.first_day, _("Duty hours begin tomorrow at the earliest. Give a later day."))
            return False
        if self.last_day.data <= self.first_day.data:
            self.refuse(self.last_day, _("The last day must be later than the first."))
            return False
        if self.last_day.data > rules.until_of(self.first_day.data, rules.PLANNED_MONTHS):
            self.refuse(self.last_day, _("Plan 18 months ahead at most. You can copy the duty hours later."))
            return False
        begins = datetime.combine(self.first_day.data, self.starts.data)
        if self.ends.data <= self.starts.data:
            self.refuse(self.ends, translated(calendar.EndBeforeStart()))
            return False
        try:
            rules.check_slots(begins, datetime.combine(self.first_day.data, self.ends.data), self.slot_minutes.data)
        except rules.NoSlots as refusal:
            self.refuse(self.slot_minutes, translated(refusal))
            return False
        return self._check_rule()

    def _check_rule(self) -> bool:
        try:
            recurrence.check(self.rule(), *self.span())
        except recurrence.UnsafeSeries as refusal:
            self.refuse(self.starts, translated(refusal))
            return False
        except (recurrence.EndsTooSoon, recurrence.NeverHits):
            sentence = _("In these days there are fewer than two such dates. Give a later last day, or plan one event.")
            self.refuse(self.last_day, sentence)
            return False
        except recurrence.EndsTooLate as refusal:
            self.refuse(self.last_day, translated(refusal))
            return False
        return True


class BookForm(Form):
    """A booking: which slot, how many persons, what about. *key* makes a double click one booking."""

    key = KeyField("")
    slot = ChoiceField(_l("Hour"), needed=_l("Choose an hour."))
    persons = WholeNumberField(
        _l("Number of persons"), low=1, high=PERSONS_MAX, default=1, needed=_l("Give the number of persons.")
    )
    topics = ChoicesField(_l("Topics"))

    def offer(self, card: DateCard) -> None:
        """Let the form choose among the slots with a place left, and among the topics."""
        self.slot.choices = [
            (
                str(one.number),
                _n("%(hour)s, %(num)d place left", "%(hour)s, %(num)d places left", one.free,
                   hour=warsaw.hour_words(one.starts_at)),
            )
            for one in card.slots
            if one.bookable
        ]  # fmt: skip
        self.topics.choices = [(code, _(label)) for code, label in rules.TOPICS.items()]

    def validate(self, extra_validators: object = None) -> bool:
        """Check the fields, the key and that a topic is chosen."""
        valid = super().validate(extra_validators)
        if not self.topics.data:
            self.refuse(self.topics, translated(rules.NoTopic()))
            valid = False
        if not self.key.data:
            self.refuse(self.persons, _("This form is out of date. Load the page again."))
            valid = False
        return valid


class OnDutyForm(PersonForm):
    """Who comes on a date: in somebody's stead, or where nobody is on duty yet."""

    key = KeyField("")

    def booking_key(self) -> str:
        """Give the key of this form, a new one for what no page of ours has sent: other keys belong to other acts."""
        return self.key.data or str(uuid4())


class CancelForm(Form):
    """Why a date does not take place: a coded reason, and words beside it."""

    reason = ChoiceField(_l("Reason"), needed=_l("Choose the reason."))
    words = LongTextField(_l("In a few words"), longest=rules.NOTE_MAX)

    def offer(self) -> None:
        """Let the form choose among the reasons."""
        self.reason.choices = [(code, _(label)) for code, label in rules.REASONS.items()]


def months_of(text: str) -> int:
    """Read for how many months a proposal is set aside; the shortest for anything else."""
    known = {str(number): number for number in rules.SET_ASIDE_MONTHS}
    return known.get(text, rules.SET_ASIDE_MONTHS[0])


def days_of(texts: Sequence[str]) -> frozenset[date]:
    """Read the days that are left out; what means nothing is no day."""
    found = set()
    for text in texts:
        try:
            found.add(date.fromisoformat(text[:10]))
        except ValueError:
            continue
    return frozenset(found)

"""What people type about sessions: the plan of an edition, topics, who leads, a catch-up date, a reason."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any
from uuid import uuid4

from wtforms import Field, HiddenField

from app import warsaw
from app.errors import Refusal
from app.web.fields import (
    CheckField,
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
from events.calendar.models import (
    CAPACITY_MAX,
    OFFER_HOURS,
    PERSON_MAX,
    PLACE_MAX,
    REASON_MAX,
    TITLE_MAX,
    Admission,
    Promotion,
    Split,
    Visibility,
)
from events.calendar.queries import DateSpeaker, Named, Resolved, RoomOffer
from events.calendar.rules import Speaker
from events.recurrence import Freq, Rule
from events.sessions import rules
from events.sessions.models import TOPIC_MAX
from events.sessions.queries import SessionLine
from events.sessions.rules import PlanDraft

SPEAKERS = 6
LINK_MAX = 300
CONTACT_MAX = 200
OFFER_HOURS_MAX = 168
ONLINE, ELSEWHERE, AUTOMATIC = "online", "other", "auto"
STAFF, PARTICIPANTS = "staff", "participants"
MONTH_DAY, MONTH_NTH, MONTH_LAST = "month_day", "month_nth", "month_last"
_WEEKLY: Mapping[str, int] = {"1w": 1, "2w": 2, "3w": 3, "4w": 4}
_NTH_MAX = 4
_ID_DIGITS = 9
# Hidden fields, and what says nothing of the dates.
_NOT_SHOWN = frozenset({"csrf_token", "shown", "key"})


def _id_of(field: Field) -> int | None:
    """Give the id that was chosen; None for a choice without one, and for what is none: pages of refused forms ask."""
    text = field.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS else None


class PeopleForm(Form):
    """Rows for those who lead; *offer_people* gives their institutions."""

    def offer_people(self, houses: Iterable[Named]) -> None:
        """Give each row the institutions that somebody may come from."""
        offered = [(str(one.id), one.name) for one in houses]
        for number in range(SPEAKERS):
            self[f"speaker_institution_{number}"].choices = [*offered, ("", _("another one, named in the function"))]

    def speaker_rows(self) -> list[tuple[Field, Field, Field]]:
        """Give name, function and institution of each row."""
        names = ("speaker", "speaker_function", "speaker_institution")
        return [(self[f"{names[0]}_{n}"], self[f"{names[1]}_{n}"], self[f"{names[2]}_{n}"]) for n in range(SPEAKERS)]

    def speakers(self) -> tuple[Speaker, ...]:
        """Give those who lead, in the order of the rows."""
        return tuple(
            Speaker(person.data, function.data or "", _id_of(house))
            for person, function, house in self.speaker_rows()
            if person.data
        )

    def check_people(self) -> bool:
        """Refuse a function without a name."""
        valid = True
        for person, function, _house in self.speaker_rows():
            if function.data and not person.data and not person.errors:
                self.refuse(person, _("Give the name and surname, or clear this row."))
                valid = False
        return valid


for _number in range(SPEAKERS):
    setattr(PeopleForm, f"speaker_{_number}", TextField(_l("Name and surname"), longest=PERSON_MAX))
    setattr(PeopleForm, f"speaker_function_{_number}", TextField(_l("Function"), longest=PERSON_MAX))
    setattr(PeopleForm, f"speaker_institution_{_number}", ChoiceField(_l("Institution")))


class PlanForm(PeopleForm):
    """The sessions of an edition. *shown* says which plan the page has shown before it is made, *key* makes it once."""

    title = TextField(_l("Title of the sessions"), longest=TITLE_MAX, needed=_l("Give the sessions a title."))
    sessions = WholeNumberField(
        _l("Number of sessions"), low=1, high=rules.SESSIONS_MAX, needed=_l("Give the number of sessions.")
    )
    day = DayField(_l("First day"), needed=_l("Give the first day."))
    starts = TimeField(_l("From hour"), needed=_l("Give the hour at which it begins, for example 10:00."))
    ends = TimeField(_l("To hour"), needed=_l("Give the hour at which it ends, for example 12:00."))
    rhythm = ChoiceField(_l("How often"), default="1w", needed=_l("Choose how often the sessions are."))
    days = ChoicesField(_l("Days of the week"))
    skip_holidays = CheckField(_l("Leave out public holidays"), default=True)
    skip_blocked = CheckField(_l("Leave out days on which the place is not available"))
    topics = LongTextField(_l("Topics in order"), longest=rules.SESSIONS_MAX * (TOPIC_MAX + 1))
    place = ChoiceField(_l("Where"))
    place_other = TextField(_l("Another place"), longest=PLACE_MAX)
    room_id = ChoiceField(_l("Room"))
    room = TextField(_l("Another room"), longest=PLACE_MAX)
    online_link = TextField(_l("Link for taking part online"), longest=LINK_MAX)
    seats_for = ChoiceField(_l("Places are for"), default=STAFF)
    capacity = WholeNumberField(_l("Number of places"), low=1, high=CAPACITY_MAX)
    audience = ChoicesField(_l("For whom"), needed=_l("Choose whom it is for."))
    visibility = ChoiceField(_l("Who sees the sessions"), default=AUTOMATIC)
    admission = ChoiceField(_l("Who gets a place"), default=Admission.OPEN.value)
    split = ChoiceField(_l("When a group is larger than the free places"), default=Split.SPLIT.value)
    promotion = ChoiceField(_l("When a place comes free"), default=Promotion.AUTOMATIC.value)
    offer_hours = WholeNumberField(_l("Hours to answer"), low=1, high=OFFER_HOURS_MAX, default=OFFER_HOURS)
    opens_day = DayField(_l("Sign-up opens on"))
    opens_time = TimeField(_l("at"))
    closes_day = DayField(_l("Sign-up closes on"))
    closes_time = TimeField(_l("at"))
    withdraw_day = DayField(_l("Withdrawal possible until"))
    withdraw_time = TimeField(_l("at"))
    children = CheckField(_l("Children take part"))
    minors_checked_on = DayField(_l("Those who lead were checked on"))
    minors_standards = CheckField(_l("Standards for the protection of minors are in force"))
    contact = TextField(_l("Contact"), longest=CONTACT_MAX)
    shown = HiddenField("")
    key = KeyField("")

    rooms: tuple[RoomOffer, ...] = ()
    houses: Mapping[int, str] = {}

    def offer(self, own: Named, partners: Sequence[Named], others: Sequence[Named], rooms: Sequence[RoomOffer]) -> None:
        """Give the fields their choices: partners of the project first, then those of own agreements."""
        known = {one.id: one for one in (*partners, *others) if one.id != own.id}
        self.houses = {own.id: own.name, **{one.id: one.name for one in known.values()}}
        self.rooms = tuple(room for room in rooms if room.institution_id in self.houses)
        self.offer_people((own, *known.values()))
        self.rhythm.choices = [
            ("1w", _("every week")),
            ("2w", _("every second week")),
            ("3w", _("every third week")),
            ("4w", _("every fourth week")),
            (MONTH_NTH, _("once a month, on the same weekday of the month, such as the second Tuesday")),
            (MONTH_LAST, _("once a month, on the last such weekday of the month")),
            (MONTH_DAY, _("once a month, on the same day of the month, such as the 15th")),
        ]
        weekdays = (
            _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
        )  # fmt: skip
        self.days.choices = [(str(number), name) for number, name in enumerate(weekdays)]
        self.place.choices = [
            ("", _("choose…")),
            (str(own.id), own.name),
            *((str(one.id), one.name) for one in known.values()),
            (ONLINE, _("online")),
            (ELSEWHERE, _("another place, given below")),
        ]
        self.room_id.choices = [("", _("none")), *((str(room.id), room.name) for room in self.rooms)]
        self.seats_for.choices = [
            (STAFF, _("staff of institutions, by name")),
            (PARTICIPANTS, _("participants of a closed group, as a number only")),
        ]
        self.audience.choices = [(key, _(label)) for key, label in calendar.AUDIENCE.items()]
        self.visibility.choices = [
            (AUTOMATIC, _("As usual for the place")),
            *((value.value, _(label)) for value, label in calendar.VISIBILITY_LABEL.items()),
        ]
        self.admission.choices = [(one.value, _(label)) for one, label in calendar.ADMISSION_LABEL.items()]
        self.promotion.choices = [(one.value, _(label)) for one, label in calendar.PROMOTION_LABEL.items()]
        self.split.choices = [
            (Split.SPLIT.value, _("give the free places, put the rest on the waiting list")),
            (Split.ALL_OR_NOTHING.value, _("take the group as a whole or not at all")),
        ]

    def check(self, now: datetime) -> bool:
        """Validate, and refuse on its field what makes no plan."""
        valid = bool(self.validate())
        valid = self._check_place() and valid
        valid = self._check_topics() and valid
        valid = self.check_people() and valid
        valid = self._check_minors(now) and valid
        valid = self._check_times(now) and valid
        return self._check_deadlines() and valid

    def walls(self) -> tuple[datetime, datetime]:
        """Give beginning and end of the first day as Warsaw wall times."""
        first: date = self.day.data
        return datetime.combine(first, self.starts.data), datetime.combine(first, self.ends.data)

    def place_id(self) -> int | None:
        """Give the chosen institution of the place, if one was chosen."""
        return _id_of(self.place)

    def typed_place(self) -> str:
        """Give the place in words, if that is what counts."""
        return self.place_other.data or "" if self.place.data in (None, "", ELSEWHERE) else ""

    def settle(self, resolved: Resolved) -> PlanDraft | None:
        """Give the clean values; None when the room is not one of the place."""
        chosen = next((room for room in self.rooms if str(room.id) == self.room_id.data), None)
        if chosen is not None and chosen.institution_id != resolved.place_id:
            self.refuse(self.room_id, translated(calendar.RoomElsewhere()))
            return None
        if chosen is not None and self.room.data:
            self.refuse(self.room, _("Two rooms are given. Choose one from the list, or clear this field."))
            return None
        starts, ends = self.walls()
        usual = self.visibility.data in (None, "", AUTOMATIC)
        return PlanDraft(
            title=self.title.data or "",
            sessions=self.sessions.data,
            starts=starts,
            ends=ends,
            rhythm=self.rule(),
            topics=self.topics.lines(),
            place_institution_id=resolved.place_id,
            place=self.typed_place() if resolved.place_id is None else "",
            room=chosen.name if chosen else self.room.data or "",
            room_id=chosen.id if chosen else None,
            online=self.place.data == ONLINE or bool(self.online_link.data),
            online_link=self.online_link.data or "",
            voivodeship_code=resolved.voivodeship,
            audience=tuple(self.audience.data or ()),
            speakers=self.speakers(),
            visibility=(
                calendar.default_visibility(resolved.place_kind) if usual else Visibility(self.visibility.data)
            ),
            participants=self.seats_for.data == PARTICIPANTS,
            capacity=self.capacity.data,
            split=Split(self.split.data or Split.SPLIT.value),
            admission=Admission(self.admission.data or Admission.OPEN.value),
            promotion=Promotion(self.promotion.data or Promotion.AUTOMATIC.value),
            offer_hours=self.offer_hours.data or OFFER_HOURS,
            opens_at=_instant(self.opens_day, self.opens_time, time.min),
            closes_at=_instant(self.closes_day, self.closes_time, time(23, 59), starts),
            withdraw_until=_instant(self.withdraw_day, self.withdraw_time, time(23, 59), starts),
            skip_holidays=self.skip_holidays.data,
            skip_blocked=self.skip_blocked.data,
            children=self.children.data,
            minors_checked_on=self.minors_checked_on.data if self.children.data else None,
            minors_standards=self.children.data and self.minors_standards.data,
            contact=self.contact.data or "",
        )

    def rule(self) -> Rule:
        """Give the rhythm, without an end of its own."""
        first: date = self.day.data
        if self.rhythm.data in _WEEKLY:
            days = tuple(sorted(int(day) for day in self.days.data or ())) or (first.weekday(),)
            return Rule(Freq.WEEKLY, _WEEKLY[self.rhythm.data], days)
        if self.rhythm.data == MONTH_DAY:
            return Rule(Freq.MONTHLY, month_day=first.day)
        nth = _nth(first) if self.rhythm.data == MONTH_NTH else recurrence.LAST
        return Rule(Freq.MONTHLY, days=(first.weekday(),), nth=nth)

    def signature(self) -> str:
        """Say in short what was typed: what was shown must be what is made."""
        typed = [f"{name}={field.data}" for name, field in sorted(self._fields.items()) if name not in _NOT_SHOWN]
        return sha256("\n".join(typed).encode()).hexdigest()[:32]

    def sending_key(self) -> str:
        """Give the key of this form, made at the first showing."""
        self.key.data = self.key.data or str(uuid4())
        return str(self.key.data)

    @property
    def rooms_by_house(self) -> list[tuple[str, list[RoomOffer]]]:
        """The rooms that can be chosen, under the name of the institution whose they are."""
        grouped = [
            (name, [room for room in self.rooms if room.institution_id == key]) for key, name in self.houses.items()
        ]
        return [(name, rooms) for name, rooms in grouped if rooms]

    @property
    def more_is_open(self) -> bool:
        """Whether the terms of sign-up and further settings must stand open: they hold an error."""
        folded = {
            "visibility", "admission", "split", "promotion", "offer_hours", "opens_day", "opens_time", "closes_day",
            "closes_time", "withdraw_day", "withdraw_time", "children", "minors_checked_on", "minors_standards",
            "contact", "online_link",
        }  # fmt: skip
        return bool(folded & set(self.errors))

    def _check_place(self) -> bool:
        valid = True
        if not self.place.data and not self.place_other.data and not self.place.errors:
            self.refuse(self.place, _("Choose where the sessions take place."))
            valid = False
        if self.place.data == ELSEWHERE and not self.place_other.data and not self.place_other.errors:
            self.refuse(self.place_other, _("Give the name and address of the place."))
            valid = False
        if self.place.data not in (None, "", ELSEWHERE) and self.place_other.data:
            sentence = _("Two places are given. Choose “another place” above, or clear this field.")
            self.refuse(self.place_other, sentence)
            valid = False
        return valid

    def _check_topics(self) -> bool:
        lines = self.topics.lines()
        if self.topics.errors:
            return False
        if any(len(line) > TOPIC_MAX for line in lines):
            self.refuse(self.topics, _("A topic can have %(number)d characters at most.", number=TOPIC_MAX))
            return False
        if self.sessions.data and len(lines) > self.sessions.data:
            sentence = _n(
                "There is %(num)d topic, more than sessions. Plan more sessions, or join some topics.",
                "There are %(num)d topics, more than sessions. Plan more sessions, or join some topics.",
                len(lines),
            )
            self.refuse(self.topics, sentence)
            return False
        return True

    def _check_minors(self, now: datetime) -> bool:
        valid, checked = True, self.minors_checked_on
        if checked.data is not None and checked.data > warsaw.today(now):
            self.refuse(checked, _("Give the day on which this was done: it cannot lie in the future."))
            valid = False
        if not self.children.data:
            return valid
        if checked.data is None and not checked.errors:
            self.refuse(checked, _("Give the day on which those who lead were checked."))
            valid = False
        if not self.minors_standards.data:
            self.refuse(self.minors_standards, _("Confirm that standards for the protection of minors are in force."))
            valid = False
        return valid

    def _check_times(self, now: datetime) -> bool:
        valid = True
        if self.rhythm.data not in _WEEKLY and self.days.data:
            sentence = _("Days of the week can be chosen for a weekly rhythm only. Clear them, or choose it above.")
            self.refuse(self.days, sentence)
            valid = False
        if any(field.data is None for field in (self.day, self.starts, self.ends)):
            return False
        if self.rhythm.data == MONTH_NTH and _nth(self.day.data) > _NTH_MAX:
            sentence = _("Not every month has a fifth such weekday. Choose the last one of the month instead.")
            self.refuse(self.rhythm, sentence)
            valid = False
        return _check_walls(self, now) and valid

    def _check_deadlines(self) -> bool:
        valid = True
        pairs = (
            (self.opens_day, self.opens_time), (self.closes_day, self.closes_time),
            (self.withdraw_day, self.withdraw_time),
        )  # fmt: skip
        for day, hour in pairs:
            if hour.data is not None and day.data is None and not day.errors:
                self.refuse(day, _("Give the day that belongs to this hour."))
                valid = False
            elif day.data is not None and self.day.data is not None and day.data > self.day.data:
                self.refuse(day, _("This must not be later than the first session."))
                valid = False
        opens, closes = _instant(*pairs[0], time.min), _instant(*pairs[1], time(23, 59))
        if valid and opens is not None and closes is not None and opens >= closes:
            self.refuse(self.opens_day, _("Sign-up must open before it closes."))
            valid = False
        return valid


class SpeakersForm(PeopleForm):
    """Who leads a session, and how far that reaches."""

    zakres = ChoiceField(_l("For which sessions?"), needed=_l("Choose for which sessions."))


class TopicsForm(Form):
    """A topic for each session that is still to come; *of* makes a form with a field for each."""

    numbers: tuple[int, ...] = ()

    def topics(self) -> dict[int, str]:
        """Give the topics by the numbers of the sessions."""
        return {number: self[f"topic_{number}"].data or "" for number in self.numbers}


class MakeUpForm(Form):
    """When a session is made up for, and in which room."""

    day = DayField(_l("Date"), needed=_l("Give the date."))
    starts = TimeField(_l("From hour"), needed=_l("Give the hour at which it begins, for example 10:00."))
    ends = TimeField(_l("To hour"), needed=_l("Give the hour at which it ends, for example 12:00."))

    def check(self, now: datetime) -> bool:
        """Validate, and refuse times that no event can have."""
        if not self.validate():
            return False
        return _check_walls(self, now)

    def walls(self) -> tuple[datetime, datetime]:
        """Give beginning and end as Warsaw wall times."""
        first: date = self.day.data
        return datetime.combine(first, self.starts.data), datetime.combine(first, self.ends.data)


class CallOffForm(Form):
    """Why the rest of an edition does not take place."""

    reason = LongTextField(_l("Reason"), longest=REASON_MAX, needed=_l("Give the reason: it is shown on each session."))


def topics_form(lines: Sequence[SessionLine], *, saved: bool) -> TopicsForm:
    """Make the form for these sessions, one field a number; with what is *saved*, or with what was posted."""
    by_number = {line.number: line.topic for line in lines if line.number is not None}
    fields: dict[str, Any] = {
        f"topic_{number}": TextField(_("Topic of session %(number)d", number=number), longest=TOPIC_MAX)
        for number in by_number
    }
    made: type[TopicsForm] = type("TopicsOf", (TopicsForm,), {**fields, "numbers": tuple(sorted(by_number))})
    return made(data={f"topic_{number}": topic for number, topic in by_number.items()}) if saved else made()


def people_values(speaking: Sequence[DateSpeaker]) -> dict[str, str]:
    """Give what the rows of those who lead begin with."""
    values: dict[str, str] = {}
    for number, one in enumerate(speaking[:SPEAKERS]):
        values[f"speaker_{number}"] = one.person
        values[f"speaker_function_{number}"] = one.function
        values[f"speaker_institution_{number}"] = str(one.institution_id or "")
    return values


def _check_walls(form: PlanForm | MakeUpForm, now: datetime) -> bool:
    """Refuse times that no event can have, each on its field: all in one round."""
    starts, ends = form.walls()
    valid = True
    try:
        calendar.check_times(starts, ends)
    except Refusal as refusal:
        form.refuse(form.ends, translated(refusal))
        valid = False
    try:
        calendar.check_future(starts, now)
    except Refusal as refusal:
        form.refuse(form.day, translated(refusal))
        valid = False
    return valid


def _nth(day: date) -> int:
    return (day.day - 1) // 7 + 1


def _instant(day: DayField, hour: TimeField, otherwise: time, latest: datetime | None = None) -> datetime | None:
    if day.data is None:
        return None
    wall = datetime.combine(day.data, hour.data or otherwise)
    return warsaw.to_utc(min(wall, latest) if latest else wall)

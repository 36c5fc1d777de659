"""What people type about events: the filters of the calendar and the form of an event."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from wtforms import Field

from app import warsaw
from app.errors import Refusal
from app.text import clean
from app.web.fields import (
    CheckField,
    ChoiceField,
    ChoicesField,
    DayField,
    LongTextField,
    TextField,
    TimeField,
    WholeNumberField,
)
from app.web.forms import Form
from app.web.i18n import _, _l, translated
from events.calendar import repeating, rules, series
from events.calendar.models import (
    CAPACITY_MAX,
    OFFER_HOURS,
    PERSON_MAX,
    PLACE_MAX,
    TEXT_MAX,
    TITLE_MAX,
    Admission,
    Consent,
    Event,
    EventKind,
    Part,
    Promotion,
    SignUpScope,
    Split,
    Visibility,
)
from events.calendar.queries import Choices, EventPage, Filters, Named, Resolved, RoomOffer
from events.calendar.repeating import REPEATING, Repeating
from events.calendar.rules import EventDraft, Speaker

ASKED_MAX = 80
LINK_MAX = 300
CONTACT_MAX = 200
TOPICS_MAX = 20
TOPIC_MAX = 160
INVITED_MAX = 40
SPEAKERS = 10
OFFER_HOURS_MAX = 168
ONLINE, ELSEWHERE = "online", "other"
AUTOMATIC = "auto"
_ADDRESS = re.compile(r"^https?://[^\s/]+\.[^\s]+$")
_BETWEEN_NAMES = re.compile(r"[\n,;]")
_DAYS = ("%Y-%m-%d", "%d.%m.%Y")
NUMBER_DIGITS = 9
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_CODE = re.compile(r"^(0[2468]|[12][02468]|3[02])$")
# The fields that every event needs; all others are folded.
ALWAYS_SEEN = (
    "kind", "title", "day", "starts", "ends", "place", "place_other", "seats", "audience", "description",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address; *institution* is what was typed or an address name."""

    kind: str = ""
    voivodeship: str = ""
    institution: str = ""
    audience: str = ""
    only_free: bool = False

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Asked":
        """Read an address; values that mean nothing are left out."""
        kind, code = args.get("rodzaj", ""), args.get("woj", "")
        audience = args.get("dla", "")
        return cls(
            kind=kind if kind in rules.FAMILY_LABEL or kind in set(EventKind) else "",
            voivodeship=code if _CODE.match(code) else "",
            institution=" ".join(clean(args.get("instytucja", "")).split())[:ASKED_MAX],
            audience=audience if audience in rules.AUDIENCE else "",
            only_free=args.get("wolne") == "1",
        )

    def address(self) -> dict[str, str]:
        """Give the values for an address that means the same."""
        values = {
            "rodzaj": self.kind,
            "woj": self.voivodeship,
            "instytucja": self.institution,
            "dla": self.audience,
            "wolne": "1" if self.only_free else "",
        }
        return {name: value for name, value in values.items() if value}

    def filters(self, found: list[Named] | None) -> Filters:
        """Give what the queries take; *found* are the institutions that the typed name fits (None: none typed)."""
        if self.kind in rules.FAMILY_LABEL:
            kinds = tuple(kind for kind, family in rules.FAMILY.items() if family == self.kind)
        else:
            kinds = (EventKind(self.kind),) if self.kind else ()
        return Filters(
            kinds=kinds,
            voivodeship=self.voivodeship,
            institution_ids=tuple(one.id for one in found or ()),
            audience=self.audience,
            only_free=self.only_free,
            nothing=found is not None and not found,
        )


def read_day(text: str) -> date | None:
    """Read a date of an address, 2026-11-24 or 24.11.2026; None for anything else."""
    for pattern in _DAYS:
        try:
            day = datetime.strptime(clean(text).strip(), pattern).date()  # noqa: DTZ007 - a date, not an instant
        except ValueError:
            continue
        return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None
    return None


def _chosen_id(text: str | None) -> int | None:
    """Read the number of a choice; None for anything else, which the field itself refuses."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS else None


class EventForm(Repeating, Form):
    """An event: seven things that every event needs, and what stands under "More settings"."""

    kind = ChoiceField(_l("Kind of event"), needed=_l("Choose the kind of event."))
    title = TextField(_l("Title"), longest=TITLE_MAX, needed=_l("Give the event a title."))
    day = DayField(_l("Date"), needed=_l("Give the date."))
    starts = TimeField(_l("From hour"))
    ends = TimeField(_l("To hour"))
    place = ChoiceField(_l("Where"))
    place_other = TextField(_l("Another place"), longest=PLACE_MAX)
    seats = WholeNumberField(_l("Number of places"), low=1, high=CAPACITY_MAX)
    audience = ChoicesField(_l("For whom"))
    description = LongTextField(_l("What it is about"), longest=TEXT_MAX)

    visibility = ChoiceField(_l("Who sees the event"), default=AUTOMATIC)
    invited = ChoicesField(_l("Invited institutions"), coerce=str)
    invited_others = LongTextField(_l("Other invited institutions"), longest=2000)
    co_organisers = ChoicesField(_l("Organised together with"), coerce=str)
    room_id = ChoiceField(_l("Room"))
    room = TextField(_l("Another room"), longest=PLACE_MAX)
    online_link = TextField(_l("Link for taking part online"), longest=LINK_MAX)
    end_day = DayField(_l("Last day, if it is another one"))
    all_day = CheckField(_l("The whole day, without hours"))
    topics = LongTextField(_l("Topics"), longest=TOPICS_MAX * TOPIC_MAX)
    agenda = LongTextField(_l("Agenda"), longest=TEXT_MAX)
    programme = ChoiceField(_l("Part of the project"))
    clause = ChoiceField(_l("Comes from the agreement"))
    admission = ChoiceField(_l("Who gets a place"), default=Admission.OPEN.value)
    split = ChoiceField(_l("When a group is larger than the free places"), default=Split.SPLIT.value)
    promotion = ChoiceField(_l("When a place comes free"), default=Promotion.AUTOMATIC.value)
    offer_hours = WholeNumberField(_l("Hours to answer"), low=1, high=OFFER_HOURS_MAX, default=OFFER_HOURS)
    signup_scope = ChoiceField(_l("One signs up for"), default=SignUpScope.DATE.value)
    opens_day = DayField(_l("Sign-up opens on"))
    opens_time = TimeField(_l("at"))
    closes_day = DayField(_l("Sign-up closes on"))
    closes_time = TimeField(_l("at"))
    withdraw_day = DayField(_l("Withdrawal possible until"))
    withdraw_time = TimeField(_l("at"))
    consent = ChoiceField(_l("Consent of the director"), default=Consent.PENDING.value)
    children = CheckField(_l("Children take part"))
    minors_checked_on = DayField(_l("Those who lead were checked on"))
    minors_standards = CheckField(_l("Standards for the protection of minors are in force"))
    contact = TextField(_l("Contact"), longest=CONTACT_MAX)
    revision = WholeNumberField(low=0, high=2**31 - 1)

    rooms: tuple[RoomOffer, ...] = ()
    houses: Mapping[int, str] = {}
    in_prison = False
    in_series = False
    # A session of an edition: project and sign-up for all dates are said by its plan.
    in_edition = False

    def offer(
        self,
        choices: Choices,
        own: Named,
        language: str,
        more: tuple[Named, ...] = (),
        *,
        in_series: bool = False,
    ) -> None:
        """Give the fields their choices; *more* are institutions that stand on the event already."""
        known = {one.id: one for one in (*choices.partners, *more) if one.id != own.id}
        polish = language == "pl"
        self.houses = {own.id: own.name, **{one.id: one.name for one in known.values()}}
        self.rooms = tuple(room for room in choices.rooms if room.institution_id in self.houses)
        self.in_prison = own.kind in rules.PRISON_KINDS
        self.in_series = in_series
        self.kind.choices = [(kind.value, _(label)) for kind, label in rules.KIND_LABEL.items()]
        self.place.choices = [
            ("", _("choose…")),
            (str(own.id), own.name),
            *((str(one.id), one.name) for one in known.values()),
            (ONLINE, _("online")),
            (ELSEWHERE, _("another place, given below")),
        ]
        self.audience.choices = [(key, _(label)) for key, label in rules.AUDIENCE.items()]
        self.visibility.choices = [
            (AUTOMATIC, _("As usual for the place")),
            *((value.value, _(label)) for value, label in rules.VISIBILITY_LABEL.items()),
        ]
        self.offer_repetition()
        self.invited.choices = [(str(one.id), one.name) for one in known.values()]
        self.co_organisers.choices = self.invited.choices
        none = ("", _("none"))
        self.room_id.choices = [none, *((str(room.id), room.name) for room in self.rooms)]
        self.admission.choices = [(one.value, _(label)) for one, label in rules.ADMISSION_LABEL.items()]
        self.promotion.choices = [(one.value, _(label)) for one, label in rules.PROMOTION_LABEL.items()]
        self.signup_scope.choices = [(one.value, _(label)) for one, label in rules.SIGN_UP_SCOPE_LABEL.items()]
        self.consent.choices = [
            (one.value, _(rules.CONSENT_LABEL[one])) for one in (Consent.PENDING, Consent.NOT_NEEDED)
        ]
        for number in range(SPEAKERS):
            self[f"speaker_institution_{number}"].choices = [
                (str(own.id), own.name), *self.invited.choices, ("", _("another one, named in the function"))
            ]  # fmt: skip
        self.programme.choices = [none, *((str(key), title) for key, title in choices.programmes)]
        self.clause.choices = [
            none, *((str(key), name_pl if polish else name_en) for key, name_pl, name_en in choices.clauses)
        ]  # fmt: skip
        self.split.choices = [
            (Split.SPLIT.value, _("give the free places, put the rest on the waiting list")),
            (Split.ALL_OR_NOTHING.value, _("take the group as a whole or not at all")),
        ]

    def check(self, now: datetime, *, complete: bool, started: datetime | None = None) -> bool:
        """Validate; a *complete* event needs hours, place and audience too, a draft only title and date.

        *started* is the start that a published event has already: only another one must lie in the future.
        """
        valid = self.validate()
        if complete:
            valid = self._check_complete() and valid
        valid = self._check_place() and valid
        valid = self._check_texts() and valid
        valid = self._check_speakers() and valid
        valid = self._check_minors(now, complete=complete) and valid
        valid = self._check_times(now, started) and valid
        valid = self._check_series() and valid
        return self._check_deadlines() and valid

    def wall(self) -> tuple[datetime, datetime, bool]:
        """Give start, end (Warsaw wall times) and whether the event lasts whole days."""
        first: date = self.day.data
        last: date = self.end_day.data or first
        if self._without_hours():
            return datetime.combine(first, time.min), datetime.combine(last + timedelta(days=1), time.min), True
        return datetime.combine(first, self.starts.data), datetime.combine(last, self.ends.data), False

    def place_id(self) -> int | None:
        """Give the chosen institution of the place, if one was chosen."""
        return _chosen_id(self.place.data)

    def invited_names(self) -> list[str]:
        """Give the typed names of further invited institutions, each once."""
        typed = (" ".join(part.split()) for part in _BETWEEN_NAMES.split(self.invited_others.data or ""))
        return list(dict.fromkeys(name for name in typed if name))

    def settle(self, resolved: Resolved) -> EventDraft | None:
        """Give the clean values with what the database has *resolved*; None when a typed institution is not clear."""
        if resolved.unknown or resolved.ambiguous:
            for name, near in resolved.unknown.items():
                self.refuse(self.invited_others, _unknown(name, near))
            for name, several in resolved.ambiguous.items():
                self.refuse(self.invited_others, _ambiguous(name, several))
            return None
        if not self._room_fits(resolved.place_id):
            return None
        starts, ends, all_day = self.wall()
        chosen = self.place.data or (ELSEWHERE if self.place_other.data else "")
        return EventDraft(
            title=self.title.data or "",
            kind=EventKind(self.kind.data),
            starts=starts,
            ends=ends,
            all_day=all_day,
            rule=self.rule_from(starts.date()),
            place_institution_id=resolved.place_id,
            place=self.place_other.data or "" if chosen == ELSEWHERE and resolved.place_id is None else "",
            room=self.room.data or "",
            room_id=int(self.room_id.data) if self.room_id.data else None,
            online=chosen == ONLINE or bool(self.online_link.data),
            online_link=self.online_link.data or "",
            voivodeship_code=resolved.voivodeship,
            capacity=self.seats.data,
            audience=tuple(self.audience.data or ()),
            description=self.description.data or "",
            topics=self.topics.lines(),
            visibility=self._visibility(resolved),
            programme_id=int(self.programme.data) if self.programme.data else None,
            clause_id=int(self.clause.data) if self.clause.data else None,
            split=Split(self.split.data or Split.SPLIT.value),
            admission=Admission(self.admission.data or Admission.OPEN.value),
            promotion=Promotion(self.promotion.data or Promotion.AUTOMATIC.value),
            offer_hours=self.offer_hours.data or OFFER_HOURS,
            signup_scope=SignUpScope(self.signup_scope.data or SignUpScope.DATE.value),
            consent=Consent(self.consent.data) if self.in_prison and self.consent.data else None,
            children=self.children.data,
            minors_checked_on=self.minors_checked_on.data if self.children.data else None,
            minors_standards=self.children.data and self.minors_standards.data,
            agenda=self.agenda.data or "",
            speakers=self.speakers(),
            co_organisers=tuple(int(value) for value in self.co_organisers.data or ()),
            signup_opens_at=self._opening(),
            signup_closes_at=self._deadline(self.closes_day, self.closes_time),
            withdraw_until=self._deadline(self.withdraw_day, self.withdraw_time),
            contact=self.contact.data or "",
            invited=resolved.invited,
        )

    def typed_place(self) -> str:
        """Give the place in words, if that is what counts."""
        return self.place_other.data or "" if self.place.data in (None, "", ELSEWHERE) else ""

    def invited_ids(self) -> list[int]:
        """Give the ids of the ticked institutions."""
        return [int(value) for value in self.invited.data or ()]

    def speaker_rows(self) -> list[tuple[Field, Field, Field]]:
        """Give name, function and institution of each row."""
        names = ("speaker", "speaker_function", "speaker_institution")
        return [(self[f"{names[0]}_{n}"], self[f"{names[1]}_{n}"], self[f"{names[2]}_{n}"]) for n in range(SPEAKERS)]

    def speakers(self) -> tuple[Speaker, ...]:
        """Give those who lead or speak, in the order of the rows."""
        return tuple(
            Speaker(person.data, function.data or "", _chosen_id(house.data))
            for person, function, house in self.speaker_rows()
            if person.data
        )

    def shows(self, name: str) -> bool:
        """Whether the page draws this field: some are for a series, for a prison unit, or have nothing to choose."""
        if name == "signup_scope":
            return self.in_series and not self.in_edition
        if name == "programme" and self.in_edition:
            return False
        if name == "consent":
            return self.in_prison
        if name.startswith("speaker_institution_"):
            return bool(self[f"speaker_{name.rpartition('_')[2]}"].data)
        if name in ("co_organisers", "invited", "room_id", "programme", "clause"):
            return len([value for value, *_rest in self[name].iter_choices() if value]) > 0
        return True

    @property
    def rooms_by_house(self) -> list[tuple[str, list[RoomOffer]]]:
        """The rooms that can be chosen, under the name of the institution whose they are."""
        grouped = [
            (name, [room for room in self.rooms if room.institution_id == key]) for key, name in self.houses.items()
        ]
        return [(name, rooms) for name, rooms in grouped if rooms]

    @property
    def families(self) -> dict[str, str]:
        """Hue of each kind."""
        return {kind.value: family for kind, family in rules.FAMILY.items()}

    @property
    def icons(self) -> dict[str, str]:
        """Icon of each kind."""
        return {kind.value: icon for kind, icon in rules.ICON.items()}

    @property
    def more_is_open(self) -> bool:
        """Whether "More settings" must stand open: it holds an error."""
        return any(name not in (*ALWAYS_SEEN, *REPEATING) for name in self.errors)

    def _visibility(self, resolved: Resolved) -> Visibility:
        if self.visibility.data in (None, "", AUTOMATIC):
            return rules.default_visibility(resolved.place_kind)
        return Visibility(self.visibility.data)

    def _without_hours(self) -> bool:
        return self.starts.data is None and self.ends.data is None

    def _check_complete(self) -> bool:
        valid = True
        if self._without_hours() and not self.all_day.data and not self.starts.errors and not self.ends.errors:
            self.refuse(self.starts, _("Give the hour at which it begins, for example 10:00."))
            self.refuse(self.ends, _("Give the hour at which it ends, for example 12:00."))
            valid = False
        if not self.place.data and not self.place_other.data and not self.place.errors:
            self.refuse(self.place, _("Choose where it takes place."))
            valid = False
        if self.place.data == ELSEWHERE and not self.place_other.data and not self.place_other.errors:
            self.refuse(self.place_other, _("Give the name and address of the place."))
            valid = False
        if not self.audience.data and not self.audience.errors:
            self.refuse(self.audience, _("Choose whom it is for."))
            valid = False
        return valid

    def _check_times(self, now: datetime, started: datetime | None) -> bool:
        # Faults of single fields hide none of two: what can be read is compared, and told in the same round.
        hours_read = not (self.starts.errors or self.ends.errors)
        valid = True
        if hours_read and (self.starts.data is None) != (self.ends.data is None):
            empty = self.starts if self.starts.data is None else self.ends
            self.refuse(empty, _("Give both hours: from and to."))
            hours_read = valid = False
        if self.day.data is None:
            return (not hours_read or self._check_hours()) and valid
        if hours_read and not self.end_day.errors:
            starts, ends, all_day = self.wall()
        else:
            first, last = self.day.data, self.end_day.data or self.day.data
            starts, ends, all_day = datetime.combine(first, time.min), datetime.combine(last, time.min), True
            ends += timedelta(minutes=1) if last == first else timedelta()
            started = datetime.combine(started.date(), time.min) if started else None
        valid = self._holds(starts, lambda: rules.check_times(starts, ends, all_day=all_day)) and valid
        if starts != started:
            valid = self._holds(starts, lambda: rules.check_future(starts, now, all_day=all_day)) and valid
        return valid

    def _check_series(self) -> bool:
        times = (self.day, self.starts, self.ends, self.end_day)
        if self.day.data is None or any(field.errors for field in times):
            return not any(self[name].errors for name in REPEATING)
        starts, ends, all_day = self.wall()
        by_date = self.signup_scope.data != SignUpScope.SERIES.value and not self.in_edition
        valid = True
        for field in (self.closes_day, self.withdraw_day):
            # One day for all dates: whoever comes to a later one would find the door shut.
            if self.repeats.data and by_date and field.data is not None:
                sentence = _(
                    "Sign-up for each date of a series ends when that date begins. Clear this field, or choose that "
                    "one signs up for all dates at once."
                )
                self.refuse(field, sentence)
                valid = False
        return self.check_repetition(starts, ends, all_day=all_day) and valid

    def _check_hours(self) -> bool:
        # Without a date the hours can still be compared, if all is meant for one day.
        if self._without_hours() or self.end_day.data or self.end_day.errors:
            return True
        if self.ends.data > self.starts.data:
            return True
        self.refuse(self.ends, translated(rules.EndBeforeStart()))
        return False

    def _holds(self, starts: datetime, check: Callable[[], None]) -> bool:
        try:
            check()
        except Refusal as refusal:
            self.refuse(self._field_of(refusal, starts), translated(refusal))
            return False
        return True

    def _field_of(self, refusal: Refusal, starts: datetime) -> Field:
        if isinstance(refusal, rules.EndBeforeStart):
            return self.end_day if self.end_day.data and self.end_day.data < self.day.data else self.ends
        if isinstance(refusal, rules.TooLong):
            return self.end_day
        if isinstance(refusal, rules.UnsafeHour):
            return self.starts if warsaw.is_unsafe(starts) else self.ends
        return self.day

    def _check_deadlines(self) -> bool:
        valid = True
        for day_field, time_field in (
            (self.opens_day, self.opens_time),
            (self.closes_day, self.closes_time),
            (self.withdraw_day, self.withdraw_time),
        ):
            if time_field.data is not None and day_field.data is None and not day_field.errors:
                self.refuse(day_field, _("Give the day that belongs to this hour."))
                valid = False
                continue
            if day_field.data is None or day_field.errors or time_field.errors:
                continue
            wall = datetime.combine(day_field.data, time_field.data or time(23, 59))
            if warsaw.is_unsafe(wall):
                self.refuse(time_field, translated(rules.UnsafeHour()))
                valid = False
            elif self.day.data is not None and day_field.data > self.day.data:
                self.refuse(day_field, _("This must not be later than the start of the event."))
                valid = False
        opens, closes = self.opens_day, self.closes_day
        if valid and opens.data is not None and closes.data is not None and not self._opens_first():
            self.refuse(opens, _("Sign-up must open before it closes."))
            valid = False
        return valid

    def _opens_first(self) -> bool:
        opens = datetime.combine(self.opens_day.data, self.opens_time.data or time.min)
        return opens < datetime.combine(self.closes_day.data, self.closes_time.data or time(23, 59))

    def _check_place(self) -> bool:
        # Neither of the two may win in silence: the meeting would be announced at the wrong door.
        both = self.place.data not in (None, "", ELSEWHERE) and self.place_other.data
        if both and not self.place_other.errors:
            self.refuse(self.place_other, _("Two places are given. Choose “another place” above, or clear this field."))
        return not both

    def _check_texts(self) -> bool:
        valid = True
        if self.online_link.data and not _ADDRESS.match(self.online_link.data):
            self.refuse(self.online_link, _("Give the whole address, beginning with https://."))
            valid = False
        topics = self.topics.lines()
        if len(topics) > TOPICS_MAX or any(len(topic) > TOPIC_MAX for topic in topics):
            sentence = _(
                "Give at most %(number)d topics, one in a line, each of at most %(limit)d characters.",
                number=TOPICS_MAX,
                limit=TOPIC_MAX,
            )
            self.refuse(self.topics, sentence)
            valid = False
        if len(self.invited_names()) > INVITED_MAX:
            self.refuse(self.invited_others, _("Give at most %(number)d institutions.", number=INVITED_MAX))
            valid = False
        return valid

    def _check_speakers(self) -> bool:
        valid = True
        for person, function, _house in self.speaker_rows():
            if function.data and not person.data and not person.errors:
                self.refuse(person, _("Give the name and surname, or clear this row."))
                valid = False
        return valid

    def _check_minors(self, now: datetime, *, complete: bool) -> bool:
        valid = True
        checked = self.minors_checked_on
        if checked.data is not None and checked.data > warsaw.today(now):
            self.refuse(checked, _("Give the day on which this was done: it cannot lie in the future."))
            valid = False
        if not complete or not self.children.data:
            return valid
        if checked.data is None and not checked.errors:
            self.refuse(checked, _("Give the day on which those who lead were checked."))
            valid = False
        if not self.minors_standards.data:
            self.refuse(self.minors_standards, _("Confirm that standards for the protection of minors are in force."))
            valid = False
        return valid

    def _room_fits(self, place_id: int | None) -> bool:
        chosen = next((room for room in self.rooms if str(room.id) == self.room_id.data), None)
        if chosen is None:
            return True
        if chosen.institution_id != place_id:
            name = self.houses[chosen.institution_id]
            sentence = _("This room belongs to: %(name)s. Choose a room of the place, or change the place.", name=name)
            self.refuse(self.room_id, sentence)
            return False
        if self.room.data:
            self.refuse(self.room, _("Two rooms are given. Choose one from the list, or clear this field."))
            return False
        return True

    def _deadline(self, day_field: DayField, time_field: TimeField) -> datetime | None:
        if day_field.data is None:
            return None
        starts, _ends, _all_day = self.wall()
        wall = datetime.combine(day_field.data, time_field.data or time(23, 59))
        return warsaw.to_utc(min(wall, starts))

    def _opening(self) -> datetime | None:
        day, hour = self.opens_day.data, self.opens_time.data
        return warsaw.to_utc(datetime.combine(day, hour or time.min)) if day is not None else None


def _unknown(name: str, near: Sequence[Named]) -> str:
    if near:
        names = ", ".join(one.name for one in near)
        return str(_("We know no institution called “%(name)s”. Did you mean: %(names)s?", name=name, names=names))
    return str(_("We know no institution called “%(name)s”. Write its name as on its card in Partners.", name=name))


def _ambiguous(name: str, several: Sequence[Named]) -> str:
    names = ", ".join(f"{one.name} ({one.slug})" for one in several[:5])
    return str(
        _(
            "“%(name)s” fits several institutions: %(names)s. Write the whole name or the word in brackets.",
            name=name,
            names=names,
        )
    )


for _number in range(SPEAKERS):
    setattr(EventForm, f"speaker_{_number}", TextField(_l("Name and surname"), longest=PERSON_MAX))
    setattr(EventForm, f"speaker_function_{_number}", TextField(_l("Function"), longest=PERSON_MAX))
    setattr(EventForm, f"speaker_institution_{_number}", ChoiceField(_l("Institution")))


def saved(page: EventPage, *, copied: bool = False) -> dict[str, Any]:
    """Give what the form of a saved event begins with; a *copied* one has no dates."""
    invited = tuple(one.id for one in page.invited)
    values = values_of(page.event, page.occurrence.ends_at, invited, copied=copied)
    values["co_organisers"] = [str(one.named.id) for one in page.answering if one.part is Part.CO_ORGANISER]
    for number, speaker in enumerate(page.speakers):
        values[f"speaker_{number}"] = speaker.person
        values[f"speaker_function_{number}"] = speaker.function
        values[f"speaker_institution_{number}"] = str(speaker.institution.id) if speaker.institution else ""
    return values


def second_part(page: EventPage) -> dict[str, Any]:
    """Give what the form of a second part of the day begins with: hours, audience and contents are its own."""
    values = saved(page)
    same = (
        "day", "title", "place", "place_other", "room_id", "room", "visibility", "invited", "co_organisers",
        "programme", "clause", "contact", "online_link",
    )  # fmt: skip
    return {name: values[name] for name in same}


def values_of(event: Event, ends_at: datetime, invited: tuple[int, ...], *, copied: bool = False) -> dict[str, Any]:
    """Give what the form of a saved event begins with; a *copied* one has no dates."""
    ends = warsaw.to_local(ends_at).replace(tzinfo=None)
    last = (ends - timedelta(minutes=1)).date() if event.all_day else ends.date()
    first = event.local_start.date()
    place = ONLINE if event.online and not event.place else (ELSEWHERE if event.place else "")
    values: dict[str, Any] = {
        "kind": event.kind.value,
        "title": event.title,
        "starts": None if event.all_day else event.local_start.time(),
        "ends": None if event.all_day else ends.time(),
        "all_day": event.all_day,
        "place": str(event.place_institution_id) if event.place_institution_id else place,
        "place_other": event.place,
        "seats": event.capacity,
        "audience": list(event.audience),
        "description": event.description,
        "visibility": event.visibility.value,
        "invited": [str(one) for one in invited],
        "room": "" if event.room_id else event.room,
        "room_id": str(event.room_id or ""),
        "online_link": event.online_link,
        "programme": str(event.programme_id or ""),
        "clause": str(event.clause_id or ""),
        "topics": "\n".join(event.topics),
        "agenda": event.agenda,
        "split": event.split.value,
        "admission": event.admission.value,
        "promotion": event.promotion.value,
        "offer_hours": event.offer_hours,
        "signup_scope": event.signup_scope.value,
        "consent": (event.consent or Consent.PENDING).value,
        "children": event.children,
        "minors_standards": event.minors_standards,
        "contact": event.contact,
    }
    if copied:
        return values
    values |= repeating.values_of(series.rule_of(event.rule))
    values["minors_checked_on"] = event.minors_checked_on
    values |= {"day": first, "end_day": last if last != first else None, "revision": event.revision}
    instants = (
        ("opens", event.signup_opens_at), ("closes", event.signup_closes_at), ("withdraw", event.withdraw_until)
    )  # fmt: skip
    for name, instant in instants:
        if instant is not None:
            local = warsaw.to_local(instant)
            values |= {f"{name}_day": local.date(), f"{name}_time": local.time()}
    return values

"""What people type about visit requests: the dates on offer, the request itself, a reason, a message, the filters."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wtforms import Field, HiddenField

from app import warsaw
from app.text import N_, clean
from app.web.fields import ChoiceField, DayField, KeyField, LongTextField, TextField, TimeField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l, language
from events.calendar import rules as calendar
from events.calendar.models import EventKind
from events.visits import rules
from events.visits.asking import Joining
from events.visits.models import (
    MESSAGE_MAX,
    OPTIONS_MAX,
    PERSONS_MAX,
    ROOM_MAX,
    SUBJECT_MAX,
    Act,
    Path,
    State,
)
from events.visits.queries import Group, Offer
from events.visits.rules import By, Option, VisitDraft
from partners.institutions.queries import RoomRow

ASKED_MAX = 80
TOPICS_MAX = 10
TOPIC_MAX = 160
EMAIL_MAX = 254
SLOT_MINUTES_MAX = 240
NUMBER_DIGITS = 9
GROUP_WORD = {Group.OURS: "nasze", Group.THEIRS: "ich", Group.AGREED: "uzgodnione", Group.CLOSED: "zamkniete"}
STATE_WORD = {
    State.REQUESTED: "prosba",
    State.COUNTERED: "inny-termin",
    State.ACCEPTED: "uzgodniona",
    State.MOVING: "zmiana-terminu",
    State.REFUSED: "odmowa",
    State.WITHDRAWN: "wycofana",
    State.EXPIRED: "wygasla",
}
KINDS = (
    EventKind.GROUP_MEETING, EventKind.INDIVIDUAL_MEETING, EventKind.DUTY_HOURS, EventKind.STAFF_TRAINING,
    EventKind.COORDINATION_MEETING, EventKind.STUDY_VISIT, EventKind.WORKSHOP, EventKind.COUNSELLING,
    EventKind.ADMINISTRATIVE_STEP, EventKind.OTHER,
)  # fmt: skip
_EMAIL = re.compile(r"^[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+\.[^\s@<>,;:\"()]{2,}$")
_KEY = re.compile(r"^[0-9a-f-]{16,36}$")
_TIMES = "%Y-%m-%dT%H:%M"
_MISSING = (
    {
        "day": N_("Give the date."),
        "starts": N_("Give the hour at which it begins, for example 10:00."),
        "ends": N_("Give the hour at which it ends, for example 12:00."),
    },
    {
        "day": N_("Second date: give the day."),
        "starts": N_("Second date: give the hour at which it begins."),
        "ends": N_("Second date: give the hour at which it ends."),
    },
    {
        "day": N_("Third date: give the day."),
        "starts": N_("Third date: give the hour at which it begins."),
        "ends": N_("Third date: give the hour at which it ends."),
    },
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the list as they stand in the address."""

    group: Group | None = None
    state: State | None = None
    institution: str = ""
    text: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Asked":
        """Read an address; values that mean nothing are left out."""
        groups = {word: group for group, word in GROUP_WORD.items()}
        states = {word: state for state, word in STATE_WORD.items()}
        return cls(
            group=groups.get(args.get("grupa", "")),
            state=states.get(args.get("stan", "")),
            institution=" ".join(clean(args.get("instytucja", "")).split())[:ASKED_MAX],
            text=" ".join(clean(args.get("q", "")).split())[:ASKED_MAX],
        )

    def address(self, *, grouped: bool = True) -> dict[str, str]:
        """Give the values for an address that means the same, with the group or without."""
        values = {
            "grupa": GROUP_WORD[self.group] if self.group and grouped else "",
            "stan": STATE_WORD[self.state] if self.state else "",
            "instytucja": self.institution,
            "q": self.text,
        }
        return {name: value for name, value in values.items() if value}


class Turned(Form):
    """A form that knows which step its page showed: another one meanwhile is told, not overwritten."""

    turn = HiddenField("")

    def turn_id(self) -> int:
        """Give that step; 0 for what no page of ours has sent."""
        return _number_in(self.turn.data) or 0


class OfferForm(Turned):
    """One to three dates on offer, each with a room of the unit, and words to go with them."""

    message = LongTextField(_l("Message"), longest=MESSAGE_MAX)

    def offer_rooms(self, rooms: Sequence[RoomRow]) -> None:
        """Let each date have one of the rooms of the unit."""
        choices = [("", _("no room yet")), *((str(one.id), _in_words(one)) for one in rooms)]
        for number in range(OPTIONS_MAX):
            self[f"room_id_{number}"].choices = choices

    @property
    def rows(self) -> list[dict[str, Field]]:
        """The fields of each date, by name."""
        return [
            {name: self[f"{name}_{number}"] for name in ("day", "starts", "ends", "room_id", "room")}
            for number in range(OPTIONS_MAX)
        ]

    @property
    def further(self) -> bool:
        """Whether more than the first date has been filled in, so that nothing typed stays folded."""
        fields = ("day", "starts", "ends")
        return any(row[name].data or row[name].errors for row in self.rows[1:] for name in fields)

    def check(self) -> bool:
        """Validate: the first date is whole, the others are whole or empty, and each ends after it begins."""
        valid = self.validate()
        for number, row in enumerate(self.rows):
            valid = self._check_row(number, row) and valid
        return valid

    def options(self) -> tuple[Option, ...]:
        """Give the dates that were filled in."""
        return tuple(self._options())

    def put(self, number: int, option: Option) -> None:
        """Put another date in place of one that was typed."""
        row = self.rows[number]
        values = (
            option.starts.date(),
            option.starts.time(),
            option.ends.time(),
            str(option.room_id or ""),
            option.room,
        )
        for field, value in zip(row.values(), values, strict=True):
            field.data, field.raw_data, field.errors = value, None, []

    def typed(self) -> list[tuple[str, str]]:
        """Give what a further page must carry along, as names and values of hidden fields."""
        pairs = []
        for field in self:
            for value in (field.data,) if field.raw_data is None else field.raw_data:
                words = field.show(value) if hasattr(field, "show") and field.raw_data is None and value else value
                if words not in (None, ""):
                    pairs.append((field.name, str(words)))
        return pairs

    def _options(self) -> Iterator[Option]:
        for row in self.rows:
            if row["day"].data and row["starts"].data and row["ends"].data:
                day, room_id = row["day"].data, row["room_id"].data
                yield Option(
                    datetime.combine(day, row["starts"].data),
                    datetime.combine(day, row["ends"].data),
                    int(room_id) if room_id else None,
                    "" if room_id else row["room"].data or "",
                )

    def _check_row(self, number: int, row: Mapping[str, Field]) -> bool:
        asked = ("day", "starts", "ends")
        if number and not any((row[name].raw_data or [""])[0] for name in asked):
            return True
        whole = True
        for name in asked:
            if row[name].data is None:
                whole = False
                if not row[name].errors:
                    self.refuse(row[name], _(_MISSING[number][name]))
        if whole and row["ends"].data <= row["starts"].data:
            self.refuse(row["ends"], _("The end must be later than the start."))
            return False
        return whole


class AskForm(OfferForm):
    """A request: what it is about, when, how many persons, and on what basis."""

    key = KeyField("")
    subject = TextField(
        _l("What is it about?"), longest=SUBJECT_MAX, needed=_l("Say in a few words what the meeting is about.")
    )
    kind = ChoiceField(_l("Kind of meeting"), default=EventKind.GROUP_MEETING.value)
    topics = LongTextField(_l("Topics"), longest=TOPICS_MAX * TOPIC_MAX)
    visitors = WholeNumberField(_l("How many come from outside"), low=1, high=PERSONS_MAX, default=1)
    participants = WholeNumberField(_l("How many people inside take part"), low=1, high=PERSONS_MAX)
    clause = ChoiceField(_l("Basis: what the agreement says"))
    slot_minutes = WholeNumberField(_l("Minutes for one conversation"), low=5, high=SLOT_MINUTES_MAX)
    slot_persons = WholeNumberField(_l("Persons in one conversation"), low=1, high=PERSONS_MAX)
    reply_email = TextField(_l("E-mail address for the answer"), longest=EMAIL_MAX)

    needs_address = False

    def offer(self, joined: Joining) -> None:
        """Give the fields their choices for these two institutions."""
        self.offer_rooms(joined.rooms)
        self.kind.choices = [(kind.value, _(calendar.KIND_LABEL[kind])) for kind in KINDS]
        polish = language() == "pl"
        self.clause.choices = [
            ("", _("none")), *((str(one.id), one.name_pl if polish else one.name_en) for one in joined.clauses)
        ]  # fmt: skip
        self.needs_address = not joined.reachable and not joined.mailbox

    def check(self) -> bool:
        """Validate the dates and the rest; duty hours have both numbers of their conversations or none."""
        valid = super().check()
        topics = self.topics.lines()
        if len(topics) > TOPICS_MAX or any(len(topic) > TOPIC_MAX for topic in topics):
            sentence = _(
                "Give at most %(number)d topics, one in a line, each of at most %(limit)d characters.",
                number=TOPICS_MAX,
                limit=TOPIC_MAX,
            )
            self.refuse(self.topics, sentence)
            valid = False
        if self.visitors.data is None and not self.visitors.errors:
            self.refuse(self.visitors, _("Say how many persons come from outside."))
            valid = False
        if self.reply_email.data and not _EMAIL.match(self.reply_email.data):
            self.refuse(self.reply_email, _("Give an e-mail address such as anna@example.org."))
            valid = False
        elif self.needs_address and not self.reply_email.data:
            self.refuse(self.reply_email, _("Give the address to which the request is sent."))
            valid = False
        if self.kind.data == EventKind.DUTY_HOURS and bool(self.slot_minutes.data) != bool(self.slot_persons.data):
            wanting = self.slot_persons if self.slot_minutes.data else self.slot_minutes
            if not wanting.errors:
                self.refuse(wanting, _("Give both numbers of the conversations, or none."))
            valid = False
        if not _KEY.match(self.key.data or ""):
            # Nobody sees this field: the sentence stands where the form begins, and the page gets a new key.
            self.key.data, self.key.errors = "", []
            self.refuse(self.subject, _("This form is out of date. Send it once more."))
            valid = False
        return valid

    def draft(self, joined: Joining) -> VisitDraft:
        """Give the clean values."""
        duty = self.kind.data == EventKind.DUTY_HOURS
        return VisitDraft(
            path=joined.path,
            asked_id=joined.asked_id,
            unit_id=joined.unit.id,
            kind=EventKind(self.kind.data or EventKind.GROUP_MEETING.value),
            subject=self.subject.data or "",
            options=self.options(),
            topics=self.topics.lines(),
            visitors=self.visitors.data or 1,
            participants=self.participants.data,
            message=self.message.data or "",
            clause_id=int(self.clause.data) if self.clause.data else None,
            reply_email="" if joined.reachable else self.reply_email.data or "",
            slot_minutes=self.slot_minutes.data if duty else None,
            slot_persons=self.slot_persons.data if duty else None,
        )


class ReasonForm(Turned):
    """A coded reason and, where it needs them, words: for a refusal, a withdrawal, a cancellation."""

    reason = ChoiceField(_l("Reason"))
    message = LongTextField(_l("In your own words"), longest=MESSAGE_MAX)

    def offer(self, act: Act, by: By) -> None:
        """Give the reasons of one side for *act*."""
        self.reason.choices = [(code, _(one.label)) for code, one in rules.reasons_for(act, by).items()]


class MoveForm(OfferForm):
    """A wish for another date: one to three dates, and why."""

    reason = ChoiceField(_l("Reason"))

    def offer(self, by: By, rooms: Sequence[RoomRow]) -> None:
        """Give the reasons of one side, and the rooms."""
        self.offer_rooms(rooms)
        self.reason.choices = [(code, _(one.label)) for code, one in rules.reasons_for(Act.MOVE, by).items()]


class AcceptForm(Turned):
    """The date that is accepted, and words to go with it."""

    option = HiddenField("")
    message = LongTextField(_l("Message"), longest=MESSAGE_MAX)

    def option_id(self) -> int | None:
        """Give the chosen date; whether it is on offer the act decides."""
        return _number_in(self.option.data)


class SayForm(Form):
    """A message in the thread."""

    message = LongTextField(_l("Write to the other side"), longest=MESSAGE_MAX)


def option_of(offer: Offer) -> Option:
    """Give a saved date as a form or a check takes it: in Warsaw wall times."""
    starts, ends = (warsaw.to_local(one).replace(tzinfo=None) for one in (offer.starts_at, offer.ends_at))
    return Option(starts, ends, offer.room_id, "" if offer.room_id else offer.room)


def values_of(options: Sequence[Option]) -> dict[str, Any]:
    """Give what the fields of these dates begin with."""
    values: dict[str, Any] = {}
    for number, one in enumerate(options[:OPTIONS_MAX]):
        values |= {
            f"day_{number}": one.starts.date(),
            f"starts_{number}": one.starts.time(),
            f"ends_{number}": one.ends.time(),
            f"room_id_{number}": str(one.room_id or ""),
            f"room_{number}": one.room,
        }
    return values


def begun(args: Mapping[str, str]) -> dict[str, Any]:
    """Give what the form of a request begins with when another page has said it in the address."""
    kind = args.get("rodzaj", "")
    values: dict[str, Any] = {
        "subject": " ".join(clean(args.get("cel", "")).split())[:SUBJECT_MAX],
        "kind": kind if kind in set(EventKind) else EventKind.GROUP_MEETING.value,
        "visitors": 1,
    }
    for name, word in (("slot_minutes", "minuty"), ("slot_persons", "osoby")):
        text = args.get(word, "")
        values[name] = int(text) if text.isascii() and text.isdigit() and len(text) <= len("999") else None
    span = read(args.get("termin", ""))
    return values | (values_of([span]) if span else {})


def written(option: Option) -> str:
    """Write a date as a button carries it: 2026-12-10T09:00/2026-12-10T11:00/3."""
    return f"{option.starts:{_TIMES}}/{option.ends:{_TIMES}}/{option.room_id or ''}/{option.room}"


def read(text: str) -> Option | None:
    """Read what written() has written; None for anything else."""
    starts, _slash, rest = clean(text).partition("/")
    ends, _slash, rest = rest.partition("/")
    room_id, _slash, room = rest.partition("/")
    try:
        first, last = (datetime.strptime(one, _TIMES) for one in (starts, ends))  # noqa: DTZ007 - wall times
    except ValueError:
        return None
    key = _number_in(room_id)
    return Option(first, last, key, "" if key else room[:ROOM_MAX])


def _number_in(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS else None


def _in_words(room: RoomRow) -> str:
    return _("%(name)s, up to %(number)d persons", name=room.name, number=room.seats) if room.seats else room.name


def path_sentence(path: Path) -> str:
    """Say what kind of request a path makes, as the head of its form."""
    return {
        Path.INVITATION: _("Invite to a meeting in the unit"),
        Path.REQUEST: _("Ask for a visit"),
        Path.ASSISTANCE: _("Ask the centre at the seat of the unit for help"),
    }[path]


for _number in range(OPTIONS_MAX):
    setattr(OfferForm, f"day_{_number}", DayField(_l("Date")))
    setattr(OfferForm, f"starts_{_number}", TimeField(_l("From hour")))
    setattr(OfferForm, f"ends_{_number}", TimeField(_l("To hour")))
    setattr(OfferForm, f"room_id_{_number}", ChoiceField(_l("Room")))
    setattr(OfferForm, f"room_{_number}", TextField(_l("Room in words"), longest=ROOM_MAX))

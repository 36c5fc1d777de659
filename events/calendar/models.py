"""Tables of the calendar: events and their occurrences, the institutions and speakers concerned."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from pydantic import NaiveDatetime
from sqlalchemy import JSON, Column, DateTime, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db import choice

TITLE_MAX = 160
PLACE_MAX = 200
TEXT_MAX = 8000
REASON_MAX = 300
CAPACITY_MAX = 5000
PERSON_MAX = 120
OFFER_HOURS = 24


class EventKind(StrEnum):
    """Kinds of events, after docs/glossary.md."""

    GROUP_MEETING = "group_meeting"
    INDIVIDUAL_MEETING = "individual_meeting"
    DUTY_HOURS = "duty_hours"
    STAFF_TRAINING = "staff_training"
    STUDY_VISIT = "study_visit"
    COORDINATION_MEETING = "coordination_meeting"
    CONFERENCE = "conference"
    COUNCIL_MEETING = "council_meeting"
    WORKSHOP = "workshop"
    FAMILY_THERAPY = "family_therapy"
    GROUP_THERAPY = "group_therapy"
    INDIVIDUAL_THERAPY = "individual_therapy"
    VOCATIONAL_TRAINING = "vocational_training"
    COUNSELLING = "counselling"
    ADMINISTRATIVE_STEP = "administrative_step"
    OTHER = "other"


class State(StrEnum):
    """Life of an event and of each of its dates; *removed* keeps a date that was taken out (EXDATE)."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    REMOVED = "removed"


class Visibility(StrEnum):
    """Who sees an event: everybody, the signed-in, or organisers and invited institutions."""

    PUBLIC = "public"
    PARTNERS = "partners"
    INVITED = "invited"


class Split(StrEnum):
    """What happens to a booking larger than the free seats."""

    SPLIT = "split"
    ALL_OR_NOTHING = "all_or_nothing"


class Part(StrEnum):
    """Why an institution stands on an event; *host* is the place's institution where another one leads."""

    CO_ORGANISER = "co_organiser"
    HOST = "host"
    INVITED = "invited"


class Answer(StrEnum):
    """What a host or co-organiser says; *outside* when the lead notes a yes that was given on paper."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    OUTSIDE = "outside"


class Admission(StrEnum):
    """Who gets a seat: whoever signs up, or whom the organiser accepts."""

    OPEN = "open"
    APPROVAL = "approval"


class Promotion(StrEnum):
    """How the queue moves up: at once, or by an offer that must be taken in time."""

    AUTOMATIC = "automatic"
    OFFER = "offer"


class SignUpScope(StrEnum):
    """What one signs up for in a series: single dates, or all of them at once."""

    DATE = "date"
    SERIES = "series"


class Consent(StrEnum):
    """The director's consent to an event inside a prison unit, as the unit notes it."""

    NOT_NEEDED = "not_needed"
    PENDING = "pending"
    GRANTED = "granted"


class Outcome(StrEnum):
    """Whether a date took place, as its record says."""

    HELD = "held"
    NOT_HELD = "not_held"


class Event(SQLModel, table=True):
    """An event. *uuid* is its address, *uid* its iCalendar UID: neither ever changes.

    SEQUENCE moves in calendar.actions only.
    *local_start* is Warsaw wall time of the first date; *minutes* the length (whole days for *all_day*).
    *horizon* is the day up to which the dates of a series without end are made. *continues_id* is the series that was
    split, *part_of_id* the first part of the same day, whose entry list the second shares.
    """

    __table_args__ = (
        Index("ix_event_organiser", "organiser_id", "state"),
        Index("ix_event_place", "place_institution_id", "state"),
        Index("ix_event_programme", "programme_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    uid: str = Field(default="", max_length=120, description="iCalendar UID, fixed at the first publication")
    title: str = Field(max_length=TITLE_MAX)
    kind: EventKind = Field(sa_type=choice(EventKind))
    state: State = Field(default=State.DRAFT, sa_type=choice(State))
    visibility: Visibility = Field(default=Visibility.PARTNERS, sa_type=choice(Visibility))
    organiser_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    place_institution_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="RESTRICT")
    place: str = Field(default="", max_length=PLACE_MAX, description="address, or name of a place without a card")
    room: str = Field(default="", max_length=PLACE_MAX)
    room_id: int | None = Field(default=None, foreign_key="room.id", ondelete="SET NULL")
    online: bool = False
    online_link: str = Field(default="", max_length=300, description="shown to participants only")
    voivodeship_code: str | None = Field(
        default=None, foreign_key="voivodeship.code", ondelete="RESTRICT", max_length=2
    )
    programme_id: int | None = Field(default=None, foreign_key="programme.id", ondelete="SET NULL")
    edition_id: int | None = Field(default=None, foreign_key="edition.id", ondelete="SET NULL", index=True)
    clause_id: int | None = Field(default=None, foreign_key="clause.id", ondelete="SET NULL", index=True)
    local_start: NaiveDatetime = Field(sa_column=Column(DateTime(timezone=False), nullable=False))
    minutes: int
    all_day: bool = False
    zone: str = Field(default="Europe/Warsaw", max_length=40)
    rule: str | None = Field(default=None, max_length=300, description="RRULE text of a series")
    horizon: date | None = Field(default=None, index=True)
    continues_id: int | None = Field(default=None, foreign_key="event.id", ondelete="SET NULL", index=True)
    part_of_id: int | None = Field(default=None, foreign_key="event.id", ondelete="SET NULL", index=True)
    sequence: int = 0
    revision: int = Field(default=1, description="raised by every change: a stale form is refused")
    capacity: int | None = None
    split: Split = Field(default=Split.SPLIT, sa_type=choice(Split))
    admission: Admission = Field(default=Admission.OPEN, sa_type=choice(Admission))
    promotion: Promotion = Field(default=Promotion.AUTOMATIC, sa_type=choice(Promotion))
    offer_hours: int = OFFER_HOURS
    signup_scope: SignUpScope = Field(default=SignUpScope.DATE, sa_type=choice(SignUpScope))
    participants: bool = Field(default=False, description="seats are persons of a closed group, never named")
    signup_opens_at: datetime | None = None
    signup_closes_at: datetime | None = None
    withdraw_until: datetime | None = None
    slot_minutes: int | None = Field(default=None, description="length of a slot of duty hours")
    slot_persons: int | None = Field(default=None, description="how many persons one slot holds")
    consent: Consent | None = Field(default=None, sa_type=choice(Consent))
    consent_on: date | None = None
    children: bool = False
    minors_checked_on: date | None = Field(default=None, description="day on which those who lead were checked")
    minors_standards: bool = Field(default=False, description="standards for the protection of minors are in force")
    audience: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    topics: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    agenda: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    description: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    contact: str = Field(default="", max_length=200)
    cancel_reason: str = Field(default="", max_length=REASON_MAX)
    basis: str = Field(default="", max_length=300)
    created_by: int | None = None
    created_at: datetime
    changed_at: datetime
    published_at: datetime | None = None
    cancelled_at: datetime | None = None
    synthetic: bool = False


class Occurrence(SQLModel, table=True):
    """One date of an event. *original_local* is its RECURRENCE-ID: it changes with the rule of the series alone.

    A microsecond in it says that the rule has this date no more (decision 27).

    *state*, *visibility*, *kind*, *voivodeship_code*, *organiser_id*, *place_institution_id* and *room_id* follow the
    event (or this date's own change), so that lists, counts and clash checks read one table. *seats_taken* (offered
    seats included), *waiting* and *requested* are kept by the sign-up actions under the lock, *outcome* by the record.
    """

    __table_args__ = (
        UniqueConstraint("event_id", "original_local", name="uq_occurrence_original"),
        Index("ix_occurrence_listed", "visibility", "state", "starts_at", "id"),
        Index("ix_occurrence_upcoming", "starts_at", "id"),
        # Beyond the order: what a month page asks of each row of a day, so that counting reads the index alone.
        Index("ix_occurrence_day", "local_date", "starts_at", "id", "visibility", "state", "event_id"),
        Index("ix_occurrence_organiser", "organiser_id", "starts_at"),
        Index("ix_occurrence_place", "place_institution_id", "starts_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    event_id: int = Field(foreign_key="event.id", ondelete="CASCADE", index=True)
    original_local: NaiveDatetime = Field(sa_column=Column(DateTime(timezone=False), nullable=False))
    starts_at: datetime
    ends_at: datetime
    local_date: date
    state: State = Field(default=State.DRAFT, sa_type=choice(State))
    visibility: Visibility = Field(sa_type=choice(Visibility))
    kind: EventKind = Field(sa_type=choice(EventKind))
    voivodeship_code: str | None = Field(default=None, max_length=2)
    organiser_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    place_institution_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="RESTRICT")
    room_id: int | None = Field(default=None, foreign_key="room.id", ondelete="SET NULL")
    title: str | None = Field(default=None, max_length=TITLE_MAX)
    place: str | None = Field(default=None, max_length=PLACE_MAX)
    room: str | None = Field(default=None, max_length=PLACE_MAX)
    moved: bool = Field(default=False, description="has times or a place of its own, which the series does not change")
    cancel_reason: str = Field(default="", max_length=REASON_MAX, description="why this date alone was cancelled")
    sequence: int = 0
    changed_at: datetime
    seats_taken: int = 0
    waiting: int = 0
    requested: int = 0
    next_queue_no: int = 1
    outcome: Outcome | None = Field(default=None, sa_type=choice(Outcome))


class EventParty(SQLModel, table=True):
    """An institution beside the organiser: co-organiser, host or invited. Hosts and co-organisers are asked."""

    __tablename__ = "event_party"

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    institution_id: int = Field(primary_key=True, foreign_key="institution.id", ondelete="RESTRICT", index=True)
    part: Part = Field(sa_type=choice(Part))
    answer: Answer | None = Field(default=None, sa_type=choice(Answer))
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: int | None = None
    reason: str = Field(default="", max_length=REASON_MAX, description="why it declined")


class EventSpeaker(SQLModel, table=True):
    """Somebody who leads or speaks: a person of an institution, never an inmate."""

    __tablename__ = "event_speaker"

    id: int | None = Field(default=None, primary_key=True)
    event_id: int = Field(foreign_key="event.id", ondelete="CASCADE", index=True)
    position: int = 0
    person: str = Field(max_length=PERSON_MAX)
    function: str = Field(default="", max_length=PERSON_MAX)
    institution_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="SET NULL")


class OccurrenceSpeaker(SQLModel, table=True):
    """Who leads or speaks on one date: any row of a date stands instead of all that its event names."""

    __tablename__ = "occurrence_speaker"

    id: int | None = Field(default=None, primary_key=True)
    occurrence_id: int = Field(foreign_key="occurrence.id", ondelete="CASCADE", index=True)
    position: int = 0
    person: str = Field(max_length=PERSON_MAX)
    function: str = Field(default="", max_length=PERSON_MAX)
    institution_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="SET NULL")

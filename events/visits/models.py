"""Tables of visit requests: the case, its steps, the dates on offer, what was read, links for those without account."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.db import choice
from events.calendar.models import EventKind

SUBJECT_MAX = 160
MESSAGE_MAX = 2000
ROOM_MAX = 200
PERSONS_MAX = 200
OPTIONS_MAX = 3
TURNS_MAX = 6
ANSWER_DAYS = 3
ANSWER_DAYS_MAX = 15
NOTICE_DAYS = 3
NOTICE_DAYS_MAX = 30


class Path(StrEnum):
    """Who asks whom: a unit a partner, a partner a unit, or a welfare centre that of the unit's seat (art. 13(5))."""

    INVITATION = "invitation"
    REQUEST = "request"
    ASSISTANCE = "assistance"


class State(StrEnum):
    """The decision on a visit. Whether an agreed visit took place is said by its event and record, not here.

    *moving*: a date is agreed and stands, and one side has asked for another.
    """

    REQUESTED = "requested"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    MOVING = "moving"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Act(StrEnum):
    """What a step of the thread is: an act of one side, or of time (nudge, escalate, expire)."""

    ASK = "ask"
    COUNTER = "counter"
    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    MOVE = "move"
    CANCEL = "cancel"
    SAY = "say"
    NUDGE = "nudge"
    ESCALATE = "escalate"
    EXPIRE = "expire"


class OptionState(StrEnum):
    """A date on offer: an *open* one waits for its answer and holds its room."""

    OPEN = "open"
    ACCEPTED = "accepted"
    LAPSED = "lapsed"


class Visit(SQLModel, table=True):
    """A visit request between two institutions about a meeting in a prison unit (*unit_id*).

    *number* such as W-2026-041 never changes. *turn_of_id* is the institution whose answer is awaited, *open_step_id*
    the step whose options are on offer, *turns* the offers made in this *round*; a round begins with the first request
    and with each wish to move. *answer_by* and *expires_on* are the last days for an answer, *nudge_on* the day of the
    reminder. *reply_email* is where a link goes when the asked institution has no people here. The event that an
    acceptance makes is *event_id*; a move changes that event. *slot_minutes* and *slot_persons* make it duty hours.
    """

    __table_args__ = (
        Index("ix_visit_turn", "turn_of_id", "answer_by"),
        Index("ix_visit_asking", "asking_id", "changed_at"),
        Index("ix_visit_asked", "asked_id", "changed_at"),
        Index("ix_visit_expires", "expires_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=16, unique=True)
    key: str = Field(max_length=36, unique=True, description="of the form: a double click makes one request")
    path: Path = Field(sa_type=choice(Path))
    state: State = Field(default=State.REQUESTED, sa_type=choice(State))
    asking_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    asked_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    unit_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT", index=True)
    kind: EventKind = Field(sa_type=choice(EventKind))
    subject: str = Field(max_length=SUBJECT_MAX)
    topics: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    visitors: int = Field(default=1, description="how many come from outside")
    participants: int | None = Field(default=None, description="how many persons inside take part; never who")
    clause_id: int | None = Field(default=None, foreign_key="clause.id", ondelete="SET NULL", index=True)
    reply_email: str = Field(default="", max_length=254)
    slot_minutes: int | None = None
    slot_persons: int | None = None
    event_id: int | None = Field(default=None, foreign_key="event.id", ondelete="SET NULL", unique=True)
    round: int = 1
    turns: int = 1
    open_step_id: int | None = None
    turn_of_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="RESTRICT")
    nudge_on: date | None = None
    answer_by: date | None = None
    expires_on: date | None = None
    nudged_at: datetime | None = None
    escalated_at: datetime | None = None
    made_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    made_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    synthetic: bool = False


class VisitStep(SQLModel, table=True):
    """One step of the thread: who (None for the portal), what, and the words with it. Steps are added, never changed.

    *to_id* is the other side. *waited_days* are the working days that it waited for this answer; None where the step
    answers nothing. *user_id* is forgotten 90 days after the case has closed; institution and day stay.
    """

    __tablename__ = "visit_step"
    __table_args__ = (
        UniqueConstraint("visit_id", "position", name="uq_visit_step_position"),
        Index("ix_visit_step_answer", "institution_id", "to_id", "waited_days"),
    )

    id: int | None = Field(default=None, primary_key=True)
    visit_id: int = Field(foreign_key="visit.id", ondelete="CASCADE")
    position: int
    round: int
    act: Act = Field(sa_type=choice(Act))
    institution_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="RESTRICT")
    to_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="RESTRICT", index=True)
    user_id: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL", index=True)
    by_link: bool = Field(default=False, description="said through a mailed link, by somebody without an account")
    at: datetime
    message: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    reason: str = Field(default="", max_length=32, description="code of a refusal, withdrawal, move or cancellation")
    waited_days: int | None = None


class VisitOption(SQLModel, table=True):
    """One date on offer. *unit_id* is that of the visit, so that rooms on hold are found in one index."""

    __tablename__ = "visit_option"
    __table_args__ = (
        Index(
            "ix_visit_option_held",
            "unit_id",
            "starts_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    visit_id: int = Field(foreign_key="visit.id", ondelete="CASCADE", index=True)
    step_id: int = Field(foreign_key="visit_step.id", ondelete="CASCADE", index=True)
    unit_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    position: int
    starts_at: datetime
    ends_at: datetime
    room_id: int | None = Field(default=None, foreign_key="room.id", ondelete="SET NULL")
    room: str = Field(default="", max_length=ROOM_MAX)
    state: OptionState = Field(default=OptionState.OPEN, sa_type=choice(OptionState))


class VisitSeen(SQLModel, table=True):
    """How far the people of an institution have read a thread."""

    __tablename__ = "visit_seen"

    visit_id: int = Field(primary_key=True, foreign_key="visit.id", ondelete="CASCADE")
    institution_id: int = Field(primary_key=True, foreign_key="institution.id", ondelete="CASCADE", index=True)
    position: int
    seen_at: datetime


class VisitLink(SQLModel, table=True):
    """A mailed address at which one step can be answered once, without an account. Only the token's hash is kept."""

    __tablename__ = "visit_link"

    id: int | None = Field(default=None, primary_key=True)
    visit_id: int = Field(foreign_key="visit.id", ondelete="CASCADE", index=True)
    step_id: int = Field(foreign_key="visit_step.id", ondelete="CASCADE")
    token_hash: str = Field(max_length=64, unique=True)
    to_address: str = Field(max_length=254)
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class VisitCounter(SQLModel, table=True):
    """The last number given to a visit in a year."""

    __tablename__ = "visit_counter"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


class VisitRules(SQLModel, table=True):
    """How an institution agrees on visits; one without a row has the defaults. Both counts are working days.

    *answer_days*: how long it has for an answer; *notice_days*: how far ahead a date must lie.
    """

    __tablename__ = "visit_rules"

    institution_id: int = Field(primary_key=True, foreign_key="institution.id", ondelete="CASCADE")
    answer_days: int = ANSWER_DAYS
    notice_days: int = NOTICE_DAYS
    changed_at: datetime
    changed_by: int | None = None

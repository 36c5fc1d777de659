"""Tables of sign-ups: one booking per posted form, one row per seat asked for."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.db import choice

BOOKING_MAX = 50


REASON_MAX = 300


class SignUpState(StrEnum):
    """Where a person or place stands; *requested* waits for the organiser, *offered* holds a seat for a time."""

    SEAT = "seat"
    OFFERED = "offered"
    WAITING = "waiting"
    REQUESTED = "requested"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    EXPIRED = "expired"


class Booking(SQLModel, table=True):
    """One posted sign-up form; *key* comes from the form, so that a double click makes one sign-up.

    A sign-up for a whole series has no *occurrence_id*: its rows stand on each of the dates.
    """

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=36, unique=True)
    occurrence_id: int | None = Field(default=None, foreign_key="occurrence.id", ondelete="CASCADE", index=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT", index=True)
    made_by: int | None = None
    made_at: datetime


class SignUp(SQLModel, table=True):
    """One seat asked for: a person, or a place whose name comes later (*person* empty).

    *person_key* is the folded work e-mail, or the place's own key: unique among the active rows of a date.
    *holds_seat* marks a request that keeps the seat of the person whose place it takes over. *reason* is the code of
    a refusal, *note* the words beside it. *erased_at* is when function and e-mail were forgotten.
    """

    __tablename__ = "signup"
    __table_args__ = (
        UniqueConstraint("occurrence_id", "queue_no", name="uq_signup_queue"),
        Index(
            "uq_signup_person",
            "occurrence_id",
            "person_key",
            unique=True,
            sqlite_where=text("state NOT IN ('withdrawn', 'refused', 'expired')"),
            postgresql_where=text("state NOT IN ('withdrawn', 'refused', 'expired')"),
        ),
        Index("ix_signup_state", "occurrence_id", "state", "queue_no"),
        # What a personal feed asks at every fetch: has anything changed for us?
        Index("ix_signup_institution", "institution_id", "changed_at"),
        Index(
            "ix_signup_offer",
            "offer_until",
            sqlite_where=text("state = 'offered'"),
            postgresql_where=text("state = 'offered'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    booking_id: int = Field(foreign_key="booking.id", ondelete="CASCADE", index=True)
    occurrence_id: int = Field(foreign_key="occurrence.id", ondelete="CASCADE")
    institution_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    user_id: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL", index=True)
    person: str = Field(default="", max_length=120)
    function: str = Field(default="", max_length=120)
    email: str = Field(default="", max_length=254)
    person_key: str = Field(max_length=254)
    state: SignUpState = Field(sa_type=choice(SignUpState))
    queue_no: int
    signed_up_at: datetime
    changed_at: datetime
    offer_until: datetime | None = None
    holds_seat: bool = False
    reason: str = Field(default="", max_length=32)
    note: str = Field(default="", max_length=REASON_MAX)
    decided_by: int | None = None
    decided_at: datetime | None = None
    erased_at: datetime | None = None

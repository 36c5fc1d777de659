"""Tables of the gate: a unit's own rules, who is expected on a day, equipment, and what was printed."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Index, Text
from sqlmodel import Field, SQLModel

from app.db import choice

PERSON_MAX = 120
WHAT_MAX = 160
REASON_MAX = 300
TEXT_MAX = 4000
FREEZE_DAYS = 3
FREEZE_DAYS_MAX = 30


class Preset(StrEnum):
    """What a unit asks of those who enter."""

    NAMES = "names"
    NAMES_AND_EQUIPMENT = "names_and_equipment"
    CUSTOM = "custom"


class Origin(StrEnum):
    """Why somebody stands on an entry list."""

    SIGN_UP = "sign_up"
    SPEAKER = "speaker"
    GUEST = "guest"


class EntryState(StrEnum):
    """Where an entry stands: *listed* before the freeze, afterwards a request that the unit decides."""

    LISTED = "listed"
    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    REMOVED = "removed"


class GateRules(SQLModel, table=True):
    """What a prison unit asks for, kept by its own admin; a unit without a row has the defaults.

    *freeze_days* are working days before the date. *extra_fields* are keys of rules.EXTRA_FIELDS, asked for with the
    custom preset only. No field holds the number of an identity document.
    """

    __tablename__ = "gate_rules"

    institution_id: int = Field(primary_key=True, foreign_key="institution.id", ondelete="CASCADE")
    preset: Preset = Field(default=Preset.NAMES_AND_EQUIPMENT, sa_type=choice(Preset))
    freeze_days: int = FREEZE_DAYS
    extra_fields: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    equipment: bool = True
    standing_text: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    changed_at: datetime
    changed_by: int | None = None


class Entry(SQLModel, table=True):
    """One person expected at the gate on one date.

    *signup_id* and *speaker_id* say where the entry comes from. *instead_of* is the name that this one replaced after
    the freeze. *extras* holds what the unit asks for beyond name, institution and function, erased 30 days after.
    """

    __tablename__ = "gate_entry"
    __table_args__ = (Index("ix_gate_entry_unit", "unit_id", "local_date"),)

    id: int | None = Field(default=None, primary_key=True)
    occurrence_id: int = Field(foreign_key="occurrence.id", ondelete="CASCADE", index=True)
    unit_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    local_date: date
    origin: Origin = Field(sa_type=choice(Origin))
    signup_id: int | None = Field(default=None, index=True)
    speaker_id: int | None = Field(default=None, index=True)
    institution_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="RESTRICT")
    person: str = Field(default="", max_length=PERSON_MAX)
    function: str = Field(default="", max_length=PERSON_MAX)
    instead_of: str = Field(default="", max_length=PERSON_MAX)
    extras: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: EntryState = Field(sa_type=choice(EntryState))
    reason: str = Field(default="", max_length=32, description="code of the unit's refusal")
    note: str = Field(default="", max_length=REASON_MAX)
    made_at: datetime
    changed_at: datetime
    decided_at: datetime | None = None
    decided_by: int | None = None
    erased_at: datetime | None = None


class Equipment(SQLModel, table=True):
    """One thing that an institution wants to bring in, decided item by item."""

    __tablename__ = "gate_equipment"
    __table_args__ = (Index("ix_gate_equipment_unit", "unit_id", "local_date"),)

    id: int | None = Field(default=None, primary_key=True)
    occurrence_id: int = Field(foreign_key="occurrence.id", ondelete="CASCADE", index=True)
    unit_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    local_date: date
    institution_id: int = Field(foreign_key="institution.id", ondelete="RESTRICT")
    what: str = Field(max_length=WHAT_MAX, description="what it is and how many, such as: laptop, 1")
    serial: str = Field(default="", max_length=WHAT_MAX, description="model or serial number; erased 30 days after")
    state: EntryState = Field(sa_type=choice(EntryState))
    reason: str = Field(default="", max_length=32)
    note: str = Field(default="", max_length=REASON_MAX)
    made_at: datetime
    changed_at: datetime
    decided_at: datetime | None = None
    decided_by: int | None = None
    erased_at: datetime | None = None


class GatePrint(SQLModel, table=True):
    """One printing of a unit's list of a day: what changed after it is marked on the next."""

    __tablename__ = "gate_print"
    __table_args__ = (Index("ix_gate_print_unit", "unit_id", "day"),)

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="institution.id", ondelete="CASCADE")
    day: date
    printed_at: datetime
    printed_by: int | None = None
    people: int = 0

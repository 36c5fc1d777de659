"""Tables of sessions: what each date of an edition is about, and which date it makes up for."""

from sqlmodel import Field, SQLModel

TOPIC_MAX = 120


class EditionSession(SQLModel, table=True):
    """A date of an edition: its number in the plan, its topic. Goes along when a series is split.

    A catch-up session has the number and the topic of the date that it makes up for.
    """

    __tablename__ = "edition_session"

    occurrence_id: int = Field(primary_key=True, foreign_key="occurrence.id", ondelete="CASCADE")
    edition_id: int = Field(foreign_key="edition.id", ondelete="CASCADE", index=True)
    number: int
    topic: str = Field(default="", max_length=TOPIC_MAX)
    makes_up_for_id: int | None = Field(default=None, foreign_key="occurrence.id", ondelete="SET NULL", index=True)

"""The table of personal calendar feeds: a secret address for one person, named, revocable."""

from datetime import datetime

from sqlmodel import Field, SQLModel

NAME_MAX = 60
CLIENT_MAX = 60


class CalendarFeed(SQLModel, table=True):
    """A secret address under which one person reads the calendar of his institution. Only the token's hash is kept.

    *busy* shows times alone. *last_client* is the calendar program that fetched it last, by its own name.
    """

    __tablename__ = "calendar_feed"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", ondelete="CASCADE", index=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", index=True)
    token_hash: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=NAME_MAX)
    busy: bool = False
    made_at: datetime
    last_fetched_at: datetime | None = None
    last_client: str = Field(default="", max_length=CLIENT_MAX)
    revoked_at: datetime | None = None

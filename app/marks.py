"""Marks of this database: a few named values, such as that it holds the demo."""

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Field, Session, SQLModel

DEMO = "demo"
DEMO_TODAY = "demo_today"


class SiteMark(SQLModel, table=True):
    """One named value of this database."""

    __tablename__ = "site_mark"

    key: str = Field(primary_key=True, max_length=40)
    value: str = Field(max_length=200)


def mark(session: Session, key: str) -> str | None:
    """Return the value of *key*, or None."""
    row = session.get(SiteMark, key)
    return row.value if row else None


def is_set(engine: Engine, key: str) -> bool:
    """Whether *key* has a value; False too while the database has no tables yet."""
    try:
        with Session(engine) as session:
            return mark(session, key) is not None
    except DBAPIError:
        return False


def set_mark(session: Session, key: str, value: str) -> None:
    """Set *key* to *value*."""
    session.merge(SiteMark(key=key, value=value))
    session.flush()

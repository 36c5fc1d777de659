"""Marks of this database: a few named values, such as that it holds the demo."""

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


def set_mark(session: Session, key: str, value: str) -> None:
    """Set *key* to *value*."""
    session.merge(SiteMark(key=key, value=value))
    session.flush()

"""Add one row of any table. SQLModel drops misspelled columns in silence; here they are a fault."""

from typing import Any, TypeVar

from sqlmodel import Session, SQLModel

Row = TypeVar("Row", bound=SQLModel)


def add(session: Session, table: type[Row], **columns: Any) -> Row:
    unknown = columns.keys() - table.model_fields.keys()
    assert not unknown, f"{table.__name__} has no column {sorted(unknown)}"
    row = table(**columns)
    session.add(row)
    session.flush()
    return row

"""The whole contents of a database as plain values, to see whether anything has changed."""

from flask import Flask
from sqlalchemy import Select, Table, select

from app.db import Database, metadata

# What a visit may leave behind: when a session was last seen, attempts at signing in, the worker's sign of life.
PASSING = frozenset({"user_session", "sign_in_attempt", "worker_beat"})
# Lines of the trail that a GET may leave: that somebody has read what few may read.
READINGS = frozenset(
    {"audit.read", "audit.exported", "mail.read", "gate.read", "gate.exported", "signup.exported", "silence.exported"}
)


def dump(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    """Give the rows of every table but the passing ones."""
    database: Database = app.extensions["kladka.database"]
    with database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(_lasting(table))), key=repr)
            for table in metadata.sorted_tables
            if table.name not in PASSING
        }


def _lasting(table: Table) -> Select[tuple[object, ...]]:
    statement = select(table)
    return statement.where(table.c.verb.not_in(READINGS)) if table.name == "audit" else statement

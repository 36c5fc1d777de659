"""Migrations: numbered, one head, equal to the models, forward and back with rows in every table."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, DateTime, Enum, MetaData, Table, TypeDecorator, inspect, select
from sqlalchemy import column as column_of
from sqlalchemy import table as table_of

from app import schema
from app.db import Database, metadata

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ScriptDirectory(str(ROOT / "migrations"))
NUMBERED = re.compile(r"^\d{4}_[a-z0-9_]+\.py$")
AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
VALUES: dict[type, Any] = {
    str: "x",
    int: 1,
    bool: False,
    float: 1.0,
    bytes: b"x",
    object: {},  # JSON
    UUID: UUID(int=1),
    date: AT.date(),
}


@pytest.fixture(
    name="bare", params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])]
)
def _bare(request, tmp_path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "postgresql":
        with request.getfixturevalue("postgres_databases").fresh(empty=True) as url:
            database = Database(url)
            yield database
            database.dispose()
    else:
        database = Database(f"sqlite:///{tmp_path / 'bare.sqlite'}")
        yield database
        database.dispose()


def test_files_are_numbered_in_one_line():
    names = sorted(path.name for path in (ROOT / "migrations/versions").glob("*.py"))
    assert [name for name in names if not NUMBERED.match(name)] == []
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    assert len(SCRIPTS.get_heads()) == 1
    revisions = [script.revision for script in SCRIPTS.walk_revisions()]
    assert revisions == sorted((name[:4] for name in names), reverse=True)


def test_migrations_give_what_the_models_say(bare):
    schema.upgrade(bare.engine)
    with bare.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []
    assert named_constraints(bare) == constraints_of_models(bare)


def test_a_second_run_does_nothing(bare):
    schema.upgrade(bare.engine)
    schema.upgrade(bare.engine)
    assert schema.present(bare.engine) == schema.newest()


@pytest.mark.slow
def test_up_down_and_up_with_rows_in_every_table(bare):
    """Each step goes down and up again over full tables; what was there before the step is there after it."""
    steps = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
    for below, step in zip(["base", *steps], steps, strict=False):
        schema.upgrade(bare.engine, step)
        fill(bare)
        before = rows(bare)
        schema.downgrade(bare.engine, below)
        kept = rows(bare)
        assert kept == {name: count for name, count in before.items() if name in kept}
        schema.upgrade(bare.engine, step)
        after = rows(bare)
        assert {name: after[name] for name in kept} == kept
        fill(bare)
    assert schema.present(bare.engine) == schema.newest()
    assert set(rows(bare)) == set(metadata.tables)
    assert all(rows(bare).values())


def named_constraints(database: Database) -> dict[str, set[str]]:
    """Foreign keys with what happens at a deletion, checks and indexes, by table."""
    look = inspect(database.engine)
    return {name: _described(look, name) for name in look.get_table_names() if name != "alembic_version"}


def constraints_of_models(database: Database) -> dict[str, set[str]]:
    """The same of a database made from the models."""
    with database.engine.execution_options(writes=True).begin() as connection:
        present = MetaData()
        present.reflect(connection)
        present.drop_all(connection)
        metadata.create_all(connection)
    return named_constraints(database)


def _described(look: Any, table: str) -> set[str]:
    keys = {f"{key['name']} {key['constrained_columns']} {key['options']}" for key in look.get_foreign_keys(table)}
    checks = {check["name"] for check in look.get_check_constraints(table)}
    indexes = {f"{index['name']} {index['column_names']} {index['unique']}" for index in look.get_indexes(table)}
    return keys | checks | indexes | {str(look.get_unique_constraints(table))}


def rows(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    present = reflected(database)
    with database.engine.connect() as connection:
        return {table.name: len(connection.execute(select(table)).all()) for table in present.sorted_tables}


def reflected(database: Database) -> MetaData:
    present = MetaData()
    present.reflect(database.engine)
    if "alembic_version" in present.tables:
        present.remove(present.tables["alembic_version"])
    return present


def fill(database: Database) -> None:
    """Put one row into each table that has none."""
    counts = rows(database)
    with closing(database.engine.execution_options(writes=True).connect()) as connection:
        for table in metadata.sorted_tables:
            if counts.get(table.name, 1):
                continue
            names = {column["name"] for column in inspect(connection).get_columns(table.name)}
            present = [column for column in table.columns if column.name in names]
            # As the step knows the table: a default of the models must not name a column that comes later.
            as_it_stands = table_of(table.name, *(column_of(c.name, c.type) for c in present))
            values = {c.name: a_value(connection, table, c) for c in present}
            connection.execute(as_it_stands.insert().values({k: v for k, v in values.items() if v is not None}))
        connection.commit()


def a_value(connection: Any, table: Table, column: Column[Any]) -> Any:
    """Give a value that fits the column: a row pointed to, a choice, or something short."""
    for key in column.foreign_keys:
        if key.column.table is not table:
            return connection.execute(select(key.column).limit(1)).scalar()
    if column.nullable or column.foreign_keys:
        return None
    return _plain(column)


def _plain(column: Column[Any]) -> Any:
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, Enum):
        return next(iter(kind.enum_class)) if kind.enum_class else kind.enums[0]
    if isinstance(kind, DateTime):
        # The models' own type wants aware instants; wall times of an event are naive.
        return AT.replace(tzinfo=None) if column.type is kind else AT
    return VALUES[kind.python_type]

"""The structure of the database: which migration it stands at, and how to bring it to the newest."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

_FOLDER = Path(__file__).resolve().parent.parent / "migrations"
_STANDS_AT = text("SELECT version_num FROM alembic_version")


def newest() -> str:
    """Return the number of the newest migration: its file begins with it."""
    return max(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*_*.py"))


def present(engine: Engine) -> str:
    """Return the migration that the database stands at; "" for an empty database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        stands_at: str | None = connection.execute(_STANDS_AT).scalar()
        return stands_at or ""


def upgrade(engine: Engine, to: str = "head") -> None:
    """Run the migrations up to *to*. Each runs in a transaction of its own."""
    if to == "head" and present(engine) == newest():
        return
    with engine.connect() as connection, _without_foreign_keys(connection):
        _alembic("command").upgrade(_config(connection), to)


def downgrade(engine: Engine, to: str) -> None:
    """Run the migrations down to *to*: for tests, never in operation."""
    with engine.connect() as connection, _without_foreign_keys(connection):
        _alembic("command").downgrade(_config(connection), to)


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Let SQLite rebuild tables: dropping the old copy of a table would delete, by cascade, all that hangs on it.

    Afterwards every foreign key is checked; one that leads nowhere raises.
    """
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        lost = driver.execute("PRAGMA foreign_key_check").fetchall()
        if lost:
            message = f"rows point to nothing after the migration: {lost[:5]}"
            raise RuntimeError(message)
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _config(connection: object) -> Any:
    config = _alembic("config").Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


def _alembic(module: str) -> Any:
    # Loaded when there is something to migrate: with its templates it takes a tenth of the time that the portal takes
    # to start, and 8 MB of it for good.
    return importlib.import_module(f"alembic.{module}")

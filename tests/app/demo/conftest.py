"""A database with the demo in it, loaded once per module of tests that only read it."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from app import demo
from app.accounts.actions import configure_hashing
from app.db import Database
from tests.conftest import POSTGRESQL

TODAY = date(2026, 11, 23)
LOADED_AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture(name="loaded", scope="module")
def _loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session on a database that holds the demo of TODAY."""
    configure_hashing(32)
    with ExitStack() as stack:
        if POSTGRESQL:
            url = stack.enter_context(request.getfixturevalue("postgres_databases").fresh())
        else:
            folder: Path = tmp_path_factory.mktemp("demo")
            url = stack.enter_context(request.getfixturevalue("sqlite_files").fresh(folder))
        database = Database(url)
        stack.callback(database.dispose)
        with database.session(writes=True) as session:
            demo.load_all(session, TODAY, LOADED_AT)
            session.commit()
            yield session
            session.rollback()

"""A database with all of Poland in it, as a site in earnest begins, made once per module and copied for each test."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from app.db import Database
from app.demo.reference import load_reference
from tests.conftest import NOW, POSTGRESQL


@pytest.fixture(name="poland", scope="module")
def _poland(request, tmp_path_factory) -> Iterator[str]:
    """The address of a database that holds the reference data of a site in earnest; only ever copied."""
    with ExitStack() as stack:
        if POSTGRESQL:
            url = stack.enter_context(request.getfixturevalue("postgres_databases").fresh())
        else:
            files = request.getfixturevalue("sqlite_files")
            url = stack.enter_context(files.fresh(tmp_path_factory.mktemp("poland")))
        database = Database(url)
        with database.session(writes=True) as session:
            load_reference(session, NOW)
            session.commit()
        database.dispose()
        yield url


@pytest.fixture(name="database_url")
def _database_url(request, poland, tmp_path) -> Iterator[str]:
    """A copy of it, instead of the empty database of other tests."""
    name = "postgres_databases" if POSTGRESQL else "sqlite_files"
    how = request.getfixturevalue(name).fresh
    with how(like=poland) if POSTGRESQL else how(tmp_path, poland) as url:
        yield url

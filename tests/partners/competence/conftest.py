"""A database with all of Poland in it, as a site in earnest begins, made once per worker and copied for each test."""

from collections.abc import Iterator

import pytest

from app.db import Database
from app.demo.reference import load_reference
from tests.conftest import NOW, copying


@pytest.fixture(name="poland", scope="session")
def _poland(request, tmp_path_factory) -> Iterator[str]:
    """The address of a database that holds the reference data of a site in earnest; only ever copied."""
    with copying(request)(tmp_path_factory.mktemp("poland")) as url:
        database = Database(url)
        with database.session(writes=True) as session:
            load_reference(session, NOW)
            session.commit()
        database.dispose()
        yield url


@pytest.fixture(name="database_url")
def _database_url(request, poland, tmp_path) -> Iterator[str]:
    """A copy of it, instead of the empty database of other tests."""
    with copying(request)(tmp_path, poland) as url:
        yield url

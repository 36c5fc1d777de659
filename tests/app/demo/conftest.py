"""A database with the demo in it, for the tests of one module."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from tests.conftest import NOW, copying, opened

TODAY = NOW.date()
LOADED_AT = NOW


@pytest.fixture(name="loaded", scope="module")
def _loaded(
    request: pytest.FixtureRequest, demonstration: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Session]:
    """A session on a database that holds the demo of TODAY."""
    with copying(request)(tmp_path_factory.mktemp("loaded"), demonstration) as url:
        database = opened(url)
        with database.session(writes=True) as session:
            yield session
            session.rollback()
        database.dispose()

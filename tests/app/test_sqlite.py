"""SQLite as it is opened here, whatever database the other tests run on."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import insert, select

from app.db import Database
from app.marks import SiteMark
from tests.factories.rows import add


@pytest.fixture(name="database_url")
def _database_url(sqlite_files, tmp_path) -> Iterator[str]:
    with sqlite_files.fresh(tmp_path) as url:
        yield url


def pragma(database: Database, name: str) -> object:
    with database.engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000), ("secure_delete", 1)],
)
def test_every_connection_is_prepared(database, name, value):
    with database.engine.connect(), database.engine.connect():
        assert pragma(database, name) == value


@pytest.mark.parametrize(("writes", "words"), [(True, "BEGIN IMMEDIATE"), (False, "BEGIN")])
def test_a_writing_unit_begins_immediately(database, writes, words):
    heard: list[str] = []
    with closing(database.session(writes=writes)) as session:
        raw = session.connection().connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        session.rollback()
        raw.set_trace_callback(heard.append)
        session.exec(select(SiteMark)).all()
    assert heard[0] == words


def test_a_second_writer_waits_for_the_first(database):
    order: list[str] = []
    first = database.session(writes=True)
    add(first, SiteMark, key="a", value="1")

    def second() -> None:
        with closing(database.session(writes=True)) as session:
            add(session, SiteMark, key="b", value="2")
            order.append("second")
            session.commit()

    thread = threading.Thread(target=second)
    thread.start()
    thread.join(timeout=0.3)
    order.append("first")
    first.commit()
    first.close()
    thread.join(timeout=10)
    assert order == ["first", "second"]


def test_readers_read_while_a_writer_writes(database):
    with closing(database.session(writes=True)) as writer, closing(database.session(writes=False)) as reader:
        add(writer, SiteMark, key="a", value="1")
        assert reader.exec(select(SiteMark)).all() == []


def test_the_kept_connection_keeps_wal_and_shm_in_being(database, tmp_path):
    file = Path(str(database.url.database))
    database.keep_open()
    with closing(database.session(writes=True)) as session:
        add(session, SiteMark, key="a", value="1")
        session.commit()
    database.engine.dispose()
    assert file.with_name(file.name + "-wal").exists()
    assert file.with_name(file.name + "-shm").exists()
    database.dispose()
    assert not file.with_name(file.name + "-wal").exists()


def test_a_write_in_a_reading_unit_fails_while_another_writes(database, session):
    """Why writing units must say so: a deferred BEGIN dies at once when its snapshot is old."""
    with closing(database.session(writes=False)) as late:
        late.exec(select(SiteMark)).all()
        add(session, SiteMark, key="a", value="1")
        session.commit()
        late.add(SiteMark(key="b", value="2"))
        with pytest.raises(OperationalError, match="locked"):
            late.flush()


def test_one_connection_may_write_twice_without_waiting_for_itself(database):
    begun = time.monotonic()
    with database.engine.connect().execution_options(writes=True) as connection:
        for key in ("a", "b"):
            connection.execute(insert(SiteMark).values(key=key, value="1"))
            connection.commit()
    assert time.monotonic() - begun < 2
    with closing(database.session(writes=True)) as session:
        assert len(session.exec(select(SiteMark)).all()) == 2
    assert time.monotonic() - begun < 4

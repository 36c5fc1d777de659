"""What every test may ask for: settings, a database of its own, a session, the portal, a browser, six persons."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine
from sqlalchemy import event as sql_events
from sqlalchemy.util import LRUCache
from sqlmodel import Session

from app import demo, marks, schema, site
from app.accounts import actions as accounts
from app.config import Config
from app.db import Database
from app.factory import create_app
from tests import postgres
from tests.browser import Browser
from tests.factories.persons import People, make_people
from tests.world import World, make_world

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""The instant at which `clock` stands: Monday, 23 November 2026, 9.00 in Warsaw."""

BASE_URL = "http://localhost"

POSTGRESQL = os.environ.get("KLADKA_TEST_DATABASE", "sqlite") == "postgresql"


# Nothing of a test outlives the run, so its files need not reach the disk where memory is plenty.
MEMORY = Path("/dev/shm")  # noqa: S108 - the folders made in it are of this user alone
MEMORY_NEEDED = 4 << 30


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
        if roomy and "TMPDIR" not in os.environ:
            os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
        postgres.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgres.end_run()


# Whoever asks for one of these has a database of the kind that KLADKA_TEST_DATABASE names.
OF_DATABASES = {"database_url", "prepared", "demonstration", "poland"}


# What takes seconds to load, before the first test that asks for it.
LARGE = {"demonstration", "poland"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if "client" in names:
            item.add_marker(pytest.mark.pages)
        if not LARGE.isdisjoint(names):
            item.add_marker(pytest.mark.slow)
    # What takes long begins first: short tests fill the time at the end, when one worker is ready before the other.
    items.sort(key=lambda item: (item.get_closest_marker("browser") is None, item.get_closest_marker("slow") is None))
    if POSTGRESQL:
        again: list[pytest.Item] = []
        once: list[pytest.Item] = []
        for item in items:
            (again if _differs_on_postgresql(item) else once).append(item)
        config.hook.pytest_deselected(items=once)
        items[:] = again


def pytest_collection_finish() -> None:
    # As the server does: what is there now stays, and is not looked through again and again.
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def _differs_on_postgresql(item: pytest.Item) -> bool:
    """Whether the first half has not proved this already.

    It has where a test opens no database, brings its own (one of SQLite, one of PostgreSQL, or one of each), or looks
    at pages alone.
    """
    names = set(getattr(item, "fixturenames", ()))
    if OF_DATABASES.isdisjoint(names) or "sqlite_files" in names or "address" in names:
        return False
    return not any(item.get_closest_marker(name) for name in ("look", "postgres"))


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Config:
    """Settings of a portal under test: cheap hashing, no mail server, no Host check."""
    return settings_for(tmp_path)


def settings_for(folder: Path, **changes: Any) -> Config:
    """Make settings whose data lie in *folder*; *changes* replace single values."""
    values: dict[str, Any] = {
        "database_url": f"sqlite:///{folder / 'kladka.sqlite'}",
        "data_dir": folder,
        "secret_key": "not a secret: a key of tests only, long enough",
        "base_url": BASE_URL,
        "mail": None,
        "mail_from": "kladka@kladka.example",
        "contact_email": "pomoc@kladka.example",
        "trusted_proxies": 0,
        "log_level": "INFO",
        "demo_allowed": True,
        "argon_memory_kib": 32,
        "testing": True,
    }
    return Config(**{**values, **changes})


# --- databases


class SQLiteFiles:
    """Databases copied from one migrated file per worker."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.sqlite"
        database = Database(f"sqlite:///{self._template}")
        schema.upgrade(database.engine)
        database.dispose()

    @contextmanager
    def fresh(self, folder: Path, like: str = "") -> Iterator[str]:
        """Give the address of a migrated empty database in *folder*, or of a copy of the one at the address *like*."""
        copy = folder / f"kladka-{uuid4().hex[:8]}.sqlite"
        shutil.copyfile(like.removeprefix("sqlite:///") or self._template, copy)
        yield f"sqlite:///{copy}"


@pytest.fixture(scope="session", name="sqlite_files")
def _sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SQLiteFiles:
    return SQLiteFiles(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session", name="postgres_databases")
def _postgres_databases() -> Iterator[postgres.Databases]:
    address = postgres.address()
    if address is None:
        _missing(f"PostgreSQL is not installed: {postgres.HOW_TO_INSTALL}")
    databases = postgres.Databases(address, schema.upgrade)
    yield databases
    databases.drop_all()


def _missing(sentence: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def copying(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[str]]:
    """Give what makes a database: `with copying(request)(folder, like) as url`, empty or like another of this kind."""
    if POSTGRESQL:
        databases: postgres.Databases = request.getfixturevalue("postgres_databases")
        return lambda _folder, like="": databases.fresh(like=like)
    files: SQLiteFiles = request.getfixturevalue("sqlite_files")
    return files.fresh


@pytest.fixture(name="address", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def _address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated empty database of each kind, whatever the other tests run on: for what runs at once."""
    if request.param == "postgresql":
        with request.getfixturevalue("postgres_databases").fresh() as url:
            yield url
    else:
        with request.getfixturevalue("sqlite_files").fresh(tmp_path) as url:
            yield url


@pytest.fixture(name="database_url")
def _database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated empty database of this test alone."""
    if POSTGRESQL or request.node.get_closest_marker("postgres"):
        with request.getfixturevalue("postgres_databases").fresh() as url:
            yield url
    else:
        with request.getfixturevalue("sqlite_files").fresh(tmp_path) as url:
            yield url


@pytest.fixture(name="database")
def _database(request: pytest.FixtureRequest, database_url: str) -> Iterator[Database]:
    if database_url.startswith("postgresql"):
        databases: postgres.Databases = request.getfixturevalue("postgres_databases")
        with databases.opened(database_url) as database:
            yield database
    else:
        database = opened(database_url)
        yield database
        database.dispose()


_FIRST: dict[str, Engine] = {}
_STATEMENTS = 5000


def opened(url: str) -> Database:
    """Open a database of tests. Each is new, its statements are not: they are compiled once per worker.

    SQLAlchemy remembers what it has compiled by engine and dialect.
    """
    database = Database(url)
    kind = database.url.get_backend_name()
    if kind not in _FIRST:
        with database.engine.connect():  # the dialect asks its first connection what this database can do
            pass
        first = _FIRST.setdefault(kind, database.engine)
        first._compiled_cache = LRUCache(_STATEMENTS)
    for engine in (database.engine, database._writer):
        engine.dialect = _FIRST[kind].dialect
        engine._compiled_cache = _FIRST[kind]._compiled_cache
    return database


@pytest.fixture(name="session")
def _session(database: Database) -> Iterator[Session]:
    """A writing session. `client` commits it before each request, so that the portal sees what the test has written."""
    with database.session(writes=True) as session:
        yield session
        session.rollback()


# --- the portal


@pytest.fixture(scope="session", name="bytecode")
def _bytecode(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(name="make_app")
def _make_app(bytecode: FileSystemBytecodeCache) -> Callable[[Config, Database], Flask]:
    """Build a portal with templates compiled once per worker."""

    def make(config: Config, database: Database) -> Flask:
        app = create_app(config, database)
        app.jinja_env.bytecode_cache = bytecode
        app.test_client_class = Browser
        return app

    return make


@pytest.fixture(scope="session", name="built")
def _built() -> list[Flask]:
    """The portal with plain settings of this worker, once it is built."""
    return []


@pytest.fixture(name="house_of")
def _house_of(
    config: Config, built: list[Flask], make_app: Callable[[Config, Database], Flask]
) -> Callable[[Database], Flask]:
    """Move the portal of this worker to a database: to build it anew costs more than most tests."""

    def move(database: Database) -> Flask:
        if not built:
            built.append(make_app(config, database))
        app = built[0]
        database.keep_open()
        of_demo = marks.is_set(database.engine, marks.DEMO)
        app.extensions.pop("kladka.feed_bodies", None)  # what a process remembers of its one database
        app.extensions |= {"kladka.config": config, "kladka.database": database, "kladka.demo": of_demo}
        site.configure(config.base_url)
        accounts.configure_hashing(config.argon_memory_kib)
        return app

    return move


@pytest.fixture(name="app")
def _app(database: Database, house_of: Callable[[Database], Flask]) -> Flask:
    return house_of(database)


@pytest.fixture(name="client")
def _client(app: Flask, session: Session) -> Browser:
    """A browser without a cookie that inspects every page."""
    return browser_of(app, session)


def browser_of(app: Flask, session: Session | None = None) -> Browser:
    """Give one more browser on *app*; *session* is committed before each of its requests."""
    browser = app.test_client()
    assert isinstance(browser, Browser)
    browser.writes = session
    return browser


@pytest.fixture(name="people")
def _people(session: Session) -> People:
    """Ewa, Marek, Piotr, Jola, Stefan, Wanda, Adam and the operator, with their institutions."""
    return make_people(session)


@pytest.fixture(scope="session", name="demonstration")
def _demonstration(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database that holds the demo of the day of NOW, loaded once per worker; only ever copied."""
    accounts.configure_hashing(32)
    site.configure(BASE_URL)
    with copying(request)(tmp_path_factory.mktemp("demo")) as url:
        database = opened(url)
        with database.session(writes=True) as session:
            demo.load_all(session, NOW.date(), NOW)
            session.commit()
        database.dispose()
        yield url


# --- a standing world, for the tests over the whole URL map


@dataclass(frozen=True)
class Prepared:
    """A filled database that is only ever copied, and what is in it."""

    url: str
    world: World
    copy: Callable[[Path], AbstractContextManager[str]]


@pytest.fixture(scope="session", name="prepared")
def _prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """The world of tests/world.py, made once per worker at the instant NOW."""
    copy = copying(request)
    with copy(tmp_path_factory.mktemp("world")) as url, time_machine.travel(NOW, tick=False):
        database = opened(url)
        with database.session(writes=True) as session:
            world = make_world(session)
        database.dispose()
        yield Prepared(url, world, lambda where: copy(where, url))


@dataclass
class Site:
    """The portal over a copy of the world. `browser("member")` is signed in already; `again()` takes a new copy."""

    app: Flask
    world: World
    again: Callable[[], Database]

    def browser(self, role: str = "visitor") -> Browser:
        browser = browser_of(self.app)
        if role != "visitor":
            browser.take_session(self.world.tokens[role])
        return browser


@pytest.fixture(name="site")
def _site(
    prepared: Prepared,
    clock: time_machine.Traveller,
    tmp_path: Path,
    house_of: Callable[[Database], Flask],
) -> Iterator[Site]:
    with ExitStack() as stack:

        def fresh() -> Database:
            database = opened(stack.enter_context(prepared.copy(tmp_path)))
            stack.callback(database.dispose)
            return database

        app = house_of(fresh())

        def again() -> Database:
            app.extensions["kladka.database"].dispose()
            database = fresh()
            house_of(database)
            return database

        yield Site(app, prepared.world, again)


# --- clock and counting


@pytest.fixture(name="clock")
def _clock() -> Iterator[time_machine.Traveller]:
    """Stand still at NOW; `clock.shift(...)` and `clock.move_to(...)` move on."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@dataclass
class Statements:
    """The statements that a database was asked, without the beginnings and ends of transactions."""

    asked: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.asked)


@pytest.fixture(name="query_count")
def _query_count(database: Database) -> Callable[[], AbstractContextManager[Statements]]:
    """`with query_count() as statements:` collects what is asked inside the block."""

    @contextmanager
    def count() -> Iterator[Statements]:
        statements = Statements()

        def note(_connection, _cursor, statement, _parameters, _context, _many) -> None:
            if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")):
                statements.asked.append(statement)

        sql_events.listen(database.engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            sql_events.remove(database.engine, "before_cursor_execute", note)

    return count


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    site.configure(BASE_URL)  # commands under test leave behind what they were told
    for name in [name for name in os.environ if name.startswith("KLADKA_") and not name.startswith("KLADKA_TEST_")]:
        monkeypatch.delenv(name)

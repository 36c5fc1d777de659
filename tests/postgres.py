"""PostgreSQL for tests: one server for the whole run, a migrated template per worker, a database per test."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import Engine, make_url

from app.db import Database

HOW_TO_INSTALL = "sudo apt-get install -y postgresql (or set TEST_DATABASE_URL)"
_RUN = "KLADKA_TEST_POSTGRES_FOLDER"
_READY_SECONDS = 60
_STOP_SECONDS = 30
# Nothing of this server outlives the run, so nothing of it has to reach the disk.
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=300")

_KEPT = "kept"
# Whoever is still connected: programs that a test has started, and transactions that it has left open.
_END_OTHERS = f"""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND NOT (application_name = '{_KEPT}' AND state = 'idle')
"""  # noqa: S608 - our own word
# The register of gminas, or a load: a table file of more than 40 pages.
_CROWDED = """
    SELECT 1 FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND pg_relation_size(oid) > 40 * 8192 LIMIT 1
"""
# Without the foreign keys' triggers, so that no order of the tables has to be kept.
_EMPTY = """
    DO $$
    DECLARE one record;
    BEGIN
        SET LOCAL session_replication_role = replica;
        FOR one IN
            SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
        LOOP
            EXECUTE format('DELETE FROM %I', one.relname);
        END LOOP;
        PERFORM setval(format('%I', sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
    END $$
"""


def begin_run() -> None:
    """Name the folder in which the processes of this run find each other; the server starts when first asked for."""
    os.environ[_RUN] = tempfile.mkdtemp(prefix="kladka-pg-")


def end_run() -> None:
    """Stop the server of this run and remove its folder."""
    folder = Path(os.environ.pop(_RUN, ""))
    pid_file = folder / "data" / "postmaster.pid"
    if pid_file.is_file():
        pid = int(pid_file.read_text().split("\n", 1)[0])
        os.kill(pid, signal.SIGINT)  # SIGTERM would wait for clients that are still connected
        deadline = time.monotonic() + _STOP_SECONDS
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    if folder.name.startswith("kladka-pg-"):
        shutil.rmtree(folder, ignore_errors=True)


def address() -> str | None:
    """Give the address of a server for tests: TEST_DATABASE_URL, else our own (started once), else None."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    programs = _programs()
    if programs is None:
        return None
    folder = Path(os.environ[_RUN])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "data" / "postmaster.pid").exists():
            _start(programs, folder)
    return f"postgresql://kladka@/postgres?host={folder}"


class Databases:
    """The databases of one worker: a migrated template, copies of it, and copies that were used and emptied again."""

    def __init__(self, server: str, upgrade: Callable[[Engine], None]) -> None:
        self._server = server.replace("postgresql+psycopg://", "postgresql://")
        self._template = f"kladka_template_{uuid4().hex[:10]}"
        self._do(f"CREATE DATABASE {self._template} ENCODING 'UTF8' TEMPLATE template0")
        database = Database(self._url(self._template))
        upgrade(database.engine)
        database.dispose()
        self._free: list[str] = []
        self._opened: dict[str, Database] = {}
        self._emptying: dict[str, psycopg.Connection] = {}

    @contextmanager
    def fresh(self, *, empty: bool = False, like: str = "") -> Iterator[str]:
        """Give the address of a database of one's own: migrated, really *empty*, or a copy. It is not kept.

        Nobody may be connected to the database at the address *like* while it is copied.
        """
        if not empty and not like:
            with self._emptied() as url:
                yield url
            return
        template = "template0" if empty else str(make_url(like).database)
        self._leave(template)
        name = self._create(template)
        try:
            yield self._url(name)
        finally:
            self._drop(name)

    @contextmanager
    def _emptied(self) -> Iterator[str]:
        # Copying the template takes ten times as long as emptying what a test has left.
        name = self._free.pop() if self._free else self._create(self._template)
        # As if it were a new one: what a process remembers of a database goes by its address.
        yield self._url(name, application_name=uuid4().hex)
        if name not in self._emptying:
            self._emptying[name] = psycopg.connect(self._address(name), autocommit=True)
        connection = self._emptying[name]
        connection.execute(_END_OTHERS)
        if connection.execute(_CROWDED).fetchone() is None:
            connection.execute(_EMPTY)
            self._free.append(name)
        else:
            self._drop(name)  # what is deleted row by row stays in the way of the tests to come

    @contextmanager
    def opened(self, url: str) -> Iterator[Database]:
        """Open the database at *url*; if it comes to a later test, its connections are open already."""
        address = make_url(url)
        name = str(address.database)
        if name not in self._opened:
            self._opened[name] = Database(self._url(name, application_name=_KEPT))
        database = self._opened[name]
        for engine in (database.engine, database._writer):
            engine.url = address
        yield database
        while database._glances:
            database._glances.pop().close()

    def drop_all(self) -> None:
        """Drop the template and what is left of its copies."""
        for name in (*self._free, self._template):
            self._drop(name)

    def _create(self, template: str) -> str:
        name = f"kladka_test_{uuid4().hex[:12]}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            # Of the two ways to copy the one that suits small databases on this server, where nothing reaches a disk.
            how = "STRATEGY FILE_COPY" if connection.info.server_version >= 15_00_00 else ""
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {how}")
        return name

    def _drop(self, name: str) -> None:
        self._leave(name)
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _leave(self, name: str) -> None:
        if name in self._opened:
            self._opened.pop(name).dispose()
        if name in self._emptying:
            self._emptying.pop(name).close()

    def _url(self, name: str, **parameters: str) -> str:
        url = make_url(self._server).set(drivername="postgresql+psycopg", database=name)
        return url.update_query_dict(parameters).render_as_string(hide_password=False)

    def _address(self, name: str) -> str:
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def _do(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)


def _programs() -> Path | None:
    """Find the folder of initdb and postgres."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3].zfill(4))
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve())
    return found[-1].parent if found else None


def _start(programs: Path, folder: Path) -> None:
    owner = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    data = folder / "data"
    data.mkdir(exist_ok=True)
    if owner:
        shutil.chown(folder, owner)
        shutil.chown(data, owner)
    data.chmod(0o700)
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "kladka", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True, user=owner, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip
    options = [word for setting in _SETTINGS for word in ("-c", setting)]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *options],
            user=owner, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            psycopg.connect(f"postgresql://kladka@/postgres?host={folder}").close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.1)
        else:
            # The server is stopped at the end of the run, by its pid, and not by this process.
            server.returncode = 0
            return

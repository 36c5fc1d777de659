"""The database: engine, write locks, column kinds for SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Lock, local
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Enum, Executable, MetaData, Select, Table, bindparam, create_engine, event
from sqlalchemy import select as select_columns
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import SelectBase
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import LRUCache
from sqlmodel import Session, SQLModel, select

metadata: MetaData = SQLModel.metadata

BUSY_TIMEOUT_MS = 5000
POOL_SIZE = 16
SKIP_LOCKS = "skip_locks"
_IN_LINE = "in_line"
_ALONE = "alone"
_CONNECTION = "connection"
_STATEMENTS = 500


def choice(kind: type[StrEnum]) -> Any:
    """Give a column type for *kind*: stores the value as VARCHAR with a CHECK, never a native enum."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
        length=32,
    )


def columns(*wanted: Any) -> Select[Any]:
    """Select plain columns, any number of them: hot pages need rows, not objects (SQLModel types four at most)."""
    return select_columns(*wanted)


Values = Sequence[Any]
"""A row: its values in the order of the columns, without their names."""


def type_of(table: type[SQLModel], name: str) -> TypeEngine[Any]:
    """Give the type of a column: what is calculated from it, or compared with it, says by it what it is."""
    return _described(table).c[name].type


def rows(session: Session, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Sequence[Values]:
    """Run a *statement* of plain columns and return its rows: past the ORM, whose way costs more than the statement.

    For hot pages, with statements made once and filled by *parameters*. What waits in the session is written first.
    """
    connection: Connection | None = session.info.get(_CONNECTION)
    if connection is None:
        session.flush()
        connection = session.connection()
    return _all(connection, statement, parameters or {})


class _ShortWay:
    """A statement that came again, so it was made once: its text, and how values go in and come out.

    SQLAlchemy puts a context, a result and row objects around the same two calls of the driver, a sixth of an event
    page. It serves what is not plain all the same: lists in IN, whose text differs each time, and statements that
    somebody listens to.
    """

    def __init__(self, statement: SelectBase, dialect: Dialect) -> None:
        self.dialect = dialect
        compiled: SQLCompiler = statement.compile(dialect=dialect)
        self._text = compiled.string
        self._plain = not (
            compiled.post_compile_params or compiled.literal_execute_params or compiled.escaped_bind_names
        )
        self._names = compiled.positiontup if compiled.positional else None
        bound = {name: one for one, name in compiled.bind_names.items()}  # a name may stand in several places
        self._constants = {name: one.effective_value for name, one in bound.items() if not one.required}
        into = ((name, one.type.dialect_impl(dialect).bind_processor(dialect)) for name, one in bound.items())
        self._into = [(name, put) for name, put in into if put]
        self._types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        self._out: Sequence[tuple[int, Callable[[Any], Any]]] | None = None

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Values] | None:
        """Return the rows, or None when SQLAlchemy has to be asked."""
        if not self._plain or connection.dispatch.before_cursor_execute:
            return None
        if not connection.in_transaction():
            connection.begin()
        given = {**self._constants, **values}
        for name, put in self._into:
            given[name] = put(given[name])
        asked = given if self._names is None else [given[name] for name in self._names]
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver.execute(self._text, asked)
            found: list[Any] = cursor.fetchall()
        except self.dialect.loaded_dbapi.Error as error:
            # As SQLAlchemy tells it, which also gives up a connection that is lost.
            connection._handle_dbapi_exception(error, self._text, asked, None, None)  # noqa: SLF001
        if self._out is None:
            told = zip(self._types, cursor.description, strict=True)
            out = (type_.result_processor(self.dialect, described[1]) for type_, described in told)
            self._out = [(index, get) for index, get in enumerate(out) if get]
        if self._out:
            found = [list(row) for row in found]
            for row in found:
                for index, get in self._out:
                    row[index] = get(row[index])
        return found


_NEW: Final = object()
_SHORT_WAYS: WeakKeyDictionary[Executable, _ShortWay | object] = WeakKeyDictionary()


def _all(connection: Connection, statement: Executable, values: Mapping[str, Any]) -> Sequence[Values]:
    if isinstance(statement, SelectBase):
        known = _SHORT_WAYS.get(statement)
        if known is None:
            _SHORT_WAYS[statement] = _NEW  # perhaps made for this call alone
        else:
            if not isinstance(known, _ShortWay) or known.dialect is not connection.dialect:
                known = _SHORT_WAYS[statement] = _ShortWay(statement, connection.dialect)
            found = known.rows(connection, values)
            if found is not None:
                return found
    return connection.execute(statement, values).all()


Stored = TypeVar("Stored", bound=SQLModel)


def lock(session: Session, table: type[Stored], row_id: int) -> Stored | None:
    """Lock one row until the unit of work ends, and read it afresh.

    PostgreSQL locks the row; SQLite holds its write lock since BEGIN IMMEDIATE. Without *populate_existing* the
    session would give back the values that it read before waiting for the lock. FOR NO KEY UPDATE, because the foreign
    key of a date asks for a share of its event while an edit of the event waits for the date: FOR UPDATE deadlocks.
    """
    statement: Any = _locking(table, skip=session.info.get(SKIP_LOCKS, False))
    found: Stored | None = session.execute(statement, {"row_id": row_id}).scalars().first()
    return found


@lru_cache(maxsize=128)
def _locking(table: type[SQLModel], *, skip: bool) -> Any:
    statement = select(table).where(table.id == bindparam("row_id"))  # type: ignore[attr-defined]  # every table has an id
    locking = statement if skip else statement.with_for_update(key_share=True)
    return locking.execution_options(populate_existing=True)


def insert(session: Session, table: type[SQLModel], **values: Any) -> int:
    """Write one row at once and return its key: past the unit of work, which takes five times as long.

    For rows that the act does not look at again. What they refer to must have been flushed.
    """
    key: int = session.connection().execute(_inserting(table), values).scalar_one()
    return key


def insert_all(session: Session, table: type[SQLModel], values: Sequence[Mapping[str, Any]]) -> None:
    """Write many rows at once; each mapping names the same columns."""
    if values:
        session.connection().execute(_described(table).insert(), values)


@lru_cache(maxsize=128)
def _inserting(table: type[SQLModel]) -> Any:
    described = _described(table)
    return described.insert().returning(*described.primary_key)


def _described(table: type[SQLModel]) -> Table:
    described: Table = table.__table__  # type: ignore[attr-defined]  # SQLModel's classes with table=True have one
    return described


class _Compiled(LRUCache[Any, Any]):
    """SQLAlchemy's memory of compiled statements, which knows one that was made once by its very description.

    The key holds that description, a tuple of hundreds of parts, and hashing it takes 40 µs at every execution. A
    statement keeps its description, so for the statements of modules its identity is enough.
    """

    def __init__(self) -> None:
        super().__init__(_STATEMENTS)
        self._met: dict[Any, tuple[Any, Any]] = {}

    def get(self, key: Any, default: Any = None) -> Any:
        """Return what the statement behind *key* was compiled to, if it was."""
        dialect, description, *rest = key
        quick = dialect, id(description), *rest
        met = self._met.get(quick)
        if met is not None:
            return met[1]
        compiled = super().get(key, default)
        if compiled is not None:
            if len(self._met) >= _STATEMENTS:
                self._met.clear()  # those that are made anew each time would pile up
            self._met[quick] = description, compiled  # as long as it lies here, nothing else has its identity
        return compiled


class _Reading(Session):
    """A session that only reads, on a connection of its own: rows() asks it directly, objects are made when asked for.

    Beginning and ending an ORM session on every page costs as much as two statements.
    """

    def __init__(self, connection: Connection) -> None:
        info = {SKIP_LOCKS: False, _CONNECTION: connection}
        super().__init__(connection, expire_on_commit=False, autoflush=True, info=info)

    def close(self) -> None:
        if self.in_transaction():
            super().close()
        connection: Connection = self.info[_CONNECTION]
        connection.close()


class Database:
    """One database of one process: a reading engine, a writing twin, one connection kept open.

    On SQLite a writing unit of work begins with BEGIN IMMEDIATE: with a deferred BEGIN two writers die with
    "database is locked" without ever waiting. WAL with synchronous=FULL keeps every acknowledged commit over a power
    cut. One connection stays open unused, so that reading goes on when a full disk forbids making -wal and -shm.
    """

    def __init__(self, url: str, *, skip_locks: bool = False) -> None:
        """*skip_locks* is for the negative control of the concurrency tests alone: it lets seats be sold twice."""
        self.url = make_url(url)
        self._skip_locks = skip_locks
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        # A refused statement is logged: without what it held, which may be names.
        options: dict[str, Any] = {"pool_size": POOL_SIZE, "max_overflow": 16, "poolclass": QueuePool}
        options["hide_parameters"] = True
        if not self.is_sqlite:
            options["pool_pre_ping"] = True
        self.engine: Engine = create_engine(self.url, **options).execution_options(compiled_cache=_Compiled())
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", self._begin_sqlite)
            event.listen(self.engine, "checkin", self._leave_line)
        self._writer = self.engine.execution_options(writes=True)
        self._kept_open: sqlite3.Connection | None = None
        self._line = Lock()
        self._own = local()
        self._glances: list[Connection] = []

    def keep_open(self) -> None:
        """Open the connection that is never used nor closed. Does nothing on PostgreSQL."""
        if self.is_sqlite and self._kept_open is None and self.url.database:
            self._kept_open = sqlite3.connect(self.url.database, check_same_thread=False)
            self._kept_open.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def session(self, *, writes: bool) -> Session:
        """Give a session; one that *writes* takes SQLite's write lock when it begins."""
        if not writes:
            return _Reading(self.engine.connect())
        bind = self.engine if self._skip_locks else self._writer
        return Session(bind, expire_on_commit=False, autoflush=True, info={SKIP_LOCKS: self._skip_locks})

    def glance(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Values | None:
        """Run one reading *statement* in no transaction, on a connection that this thread keeps; return its first row.

        For what programs ask all day long: has anything changed? Taking a connection, beginning and ending cost more
        than the answer.
        """
        try:
            found = _all(self._glancing(), statement, parameters or {})
        except DBAPIError as error:
            self._forget_glancing()
            if not error.connection_invalidated:
                raise
            found = _all(self._glancing(), statement, parameters or {})
        return found[0] if found else None

    def _glancing(self) -> Connection:
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None or connection.closed:
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT", **{_ALONE: True})
            self._own.connection = connection
            self._glances.append(connection)
        return connection

    def _forget_glancing(self) -> None:
        connection: Connection | None = getattr(self._own, "connection", None)
        self._own.connection = None
        if connection is not None:
            self._glances.remove(connection)
            connection.close()

    def _begin_sqlite(self, connection: Connection) -> None:
        if connection.get_execution_options().get(_ALONE, False):
            return  # SQLite gives a single statement a transaction of its own
        # Writers of one process stand in line here. In SQLite's own way of waiting each sleeps and looks again, up to a
        # tenth of a second: the lock lies idle meanwhile, and who came first is not served first.
        if connection.get_execution_options().get("writes", False):
            in_line = connection.info.get(_IN_LINE, False)  # as a migration is that begins after another
            if not in_line and self._line.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
                connection.info[_IN_LINE] = True
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif (driver := connection.connection.driver_connection) is not None:
            driver.execute("BEGIN")  # it waits for nobody, so no refusal of SQLite has to be told as SQLAlchemy's

    def _leave_line(self, _connection: object, entry: ConnectionPoolEntry) -> None:
        if entry.info.pop(_IN_LINE, False):
            self._line.release()

    def dispose(self) -> None:
        """Close all connections."""
        while self._glances:
            self._glances.pop().close()
        self.engine.dispose()
        if self._kept_open is not None:
            self._kept_open.close()
            self._kept_open = None


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # Transactions are begun by us (below), not by the driver.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "secure_delete=ON",
        "cache_size=-16000",
        "mmap_size=268435456",
    ):
        connection.execute(f"PRAGMA {pragma}")

"""The embedded store inside a transaction of the host's: on the host's connection and thread, never committed by us.

A transaction of ours is a savepoint there. What the host rolls back has not happened, what it commits has, and both
with the host's own rows. Our statements go to the driver's connection below the host's SQLAlchemy `Connection`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from os.path import samefile
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import Conflict, UsageError
from engine.store.hosted import SeenInside, check_names, driver_connection, wrong_driver
from engine.store.rows import Memo
from engine.store.schema import HEAD, SELECT_VERSION, check_revision, must_be_current
from engine.store.sql import Driver
from engine.store.sqlite.schema import has_tables
from engine.store.sqlite.trouble import explain
from engine.store.transaction import SqlTransaction

if TYPE_CHECKING:
    from engine.store.hosted import HostConnection

BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

BEGIN_IMMEDIATE = (
    "let SQLAlchemy begin it with `BEGIN IMMEDIATE`: set the driver's `isolation_level` to None on `connect`, and run "
    "that statement on `begin`"
)


class Home(Protocol):
    """The engine's own way to the file, of which a host's transaction is another."""

    path: str
    driver: Driver
    memo: Memo

    def is_being_written(self) -> bool:
        """Whether somebody is writing at this moment."""

    def welcome(self, connection: HostConnection) -> None:
        """Remember whose transaction this thread works in: it must not wait in line behind itself."""


class HostedStore:
    """A database as the host's transaction sees it."""

    def __init__(self, store: Home, connection: HostConnection) -> None:
        self._store = store
        self._connection = connection
        self._driver = store.driver._replace(explain=self._explain)
        self._memo = SeenInside(store.memo)
        self._checked: object = None  # the host's transaction that was found to be fit

    @contextmanager
    def write(self, *, is_lasting: bool = True) -> Iterator[SqlTransaction]:
        """A part of the host's transaction, taken back if an exception leaves it."""
        driver = self._begun()
        work = self._work(driver)
        self._do(driver, "SAVEPOINT casewright")
        try:
            yield work
            if work.lost is not None:
                raise work.lost
            if work.spoiled is not None:
                raise RuntimeError("nothing was kept: a write of this step failed") from work.spoiled
            self._do(driver, "RELEASE casewright")
        except BaseException as error:
            if driver.in_transaction:
                with suppress(sqlite3.Error):
                    driver.execute("ROLLBACK TO casewright")
                    driver.execute("RELEASE casewright")
            else:
                # A full disk may end the whole transaction: what the host wrote now would be kept without the rest.
                self._connection.invalidate(error)
            if isinstance(error, sqlite3.Error):
                raise self._explain(error) from error
            raise

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """What the host's transaction sees, its own changes included."""
        yield self._work(self._begun())

    def inside(self, connection: HostConnection) -> HostedStore:
        """The same database in another transaction of the host's."""
        return HostedStore(self._store, connection)

    def server(self) -> None:
        """None: who asks does so outside of the host's transaction."""

    def listening(self, woken: Event) -> AbstractContextManager[None]:
        """Workers listen elsewhere."""
        return nullcontext()

    def close(self) -> None:
        """Nothing to let go of: the connection is the host's."""

    def _do(self, driver: sqlite3.Connection, text: str) -> None:
        try:
            driver.execute(text)
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def _work(self, driver: sqlite3.Connection) -> SqlTransaction:
        return SqlTransaction(_executing(driver), self._driver, self._memo)

    def _begun(self) -> sqlite3.Connection:
        """The driver's connection, once it is sure that a transaction fit for us has begun there."""
        driver = _driver_of(self._connection)
        transaction = self._connection.get_transaction()
        if transaction is not self._checked:
            try:
                self._check_fit(driver)
            except sqlite3.Error as error:
                raise self._explain(error) from error
            self._checked = transaction
            self._store.welcome(self._connection)
        return driver

    def _check_fit(self, driver: sqlite3.Connection) -> None:
        path = self._store.path
        file = _file_of(driver)
        if not file or not samefile(file, path):
            raise UsageError(
                f"the connection is to the database `{file or ':memory:'}`, the engine to `{path}`",
                help="open the engine on the database of the connection: both share one transaction",
            )
        if not self._store.is_being_written():
            raise UsageError(
                "the connection's transaction could still lose to another writer halfway: it was not begun as one that "
                "writes",
                help=BEGIN_IMMEDIATE,
            )
        must_be_current(check_revision(_revision_of(driver), path), path)

    def _explain(self, error: Exception) -> Exception:
        if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in BUSY:
            return Conflict(
                f"the database `{self._store.path}` is being written to by somebody else",
                help="roll back, and do the whole transaction again",
            )
        return explain(error, self._store.path)


def install_sqlite(connection: HostConnection) -> bool:
    """Make our tables beside the host's own, or bring them up to date; whether anything had to be done."""
    driver = _driver_of(connection)
    if has_tables(driver):
        if check_revision(_revision_of(driver), _file_of(driver)) == "current":
            return False
    else:
        names = "SELECT name FROM sqlite_master WHERE type <> 'trigger'"
        check_names(name for (name,) in _executing(driver)(names, ()))
    from engine.store.migrating import run_migrations

    run_migrations(connection, HEAD)
    return True


def _driver_of(connection: HostConnection) -> sqlite3.Connection:
    driver = driver_connection(connection)
    if not isinstance(driver, sqlite3.Connection):
        raise wrong_driver(connection, "SQLite through Python's own `sqlite3`")
    if not driver.in_transaction:
        raise UsageError(
            "the connection's transaction has not reached the database yet: its driver begins with the first write",
            help=BEGIN_IMMEDIATE,
        )
    return driver


def _file_of(driver: sqlite3.Connection) -> str:
    """Where its database lies; empty for one in memory."""
    found = _executing(driver)("PRAGMA database_list", ())
    return next((place for _, name, place in found if name == "main"), "")


def _revision_of(driver: sqlite3.Connection) -> str | None:
    found = _executing(driver)(SELECT_VERSION, ()).fetchone()
    return found[0] if found else None


def _executing(driver: sqlite3.Connection) -> Callable[[str, Sequence[Any]], sqlite3.Cursor]:
    """How statements are run there: rows are plain tuples, whatever the host has made of its own."""

    def execute(text: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        cursor = driver.cursor()
        cursor.row_factory = None
        return cursor.execute(text, values)

    return execute

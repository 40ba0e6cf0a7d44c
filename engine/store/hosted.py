"""The embedded store inside a transaction of the host's: on the host's connection and thread, never committed by us.

A transaction of ours is a savepoint there. What the host rolls back has not happened, what it commits has, and both
with the host's own rows. Our statements go to the driver's connection below the host's SQLAlchemy `Connection`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from os.path import samefile
from typing import TYPE_CHECKING, Any

from engine.core.cases import Case
from engine.errors import Conflict, UsageError
from engine.store.rows import Memo
from engine.store.schema import HEAD, SELECT_VERSION, check_revision, has_tables, must_be_current
from engine.store.sqlite import SqliteStore, SqlTransaction
from engine.store.trouble import explain

if TYPE_CHECKING:
    from sqlalchemy import Connection as HostConnection

BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

BEGIN_IMMEDIATE = (
    "let SQLAlchemy begin it with `BEGIN IMMEDIATE`: set the driver's `isolation_level` to None on `connect`, and run "
    "that statement on `begin`"
)


class HostedStore:
    """A database as the host's transaction sees it."""

    def __init__(self, store: SqliteStore, connection: HostConnection) -> None:
        self._store = store
        self._connection = connection
        self._driver = store.driver._replace(explain=self._explain)
        self._memo = _Known(store.memo)
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


class _Known(Memo):
    """Cases that are known already. Nothing is added: what a transaction has seen may yet be rolled back."""

    def __init__(self, memo: Memo) -> None:
        super().__init__()
        self._memo = memo

    def find(self, row: tuple[Any, ...]) -> Case | None:
        """The case of exactly this row, if it is known."""
        return self._memo.find(row)

    def keep(self, row: tuple[Any, ...], case: Case) -> None:
        """Not kept."""


def install(connection: HostConnection) -> bool:
    """Make our tables beside the host's own, or bring them up to date; whether anything had to be done."""
    driver = _driver_of(connection)
    if has_tables(driver):
        if check_revision(_revision_of(driver), _file_of(driver)) == "current":
            return False
    else:
        _check_names(driver)
    from engine.store.upgrading import run_migrations

    run_migrations(connection, HEAD)
    return True


def _check_names(driver: sqlite3.Connection) -> None:
    from engine.store.tables import metadata

    there = {name for (name,) in _executing(driver)("SELECT name FROM sqlite_master WHERE type <> 'trigger'", ())}
    if taken := sorted(there & metadata.tables.keys()):
        raise UsageError(
            f"the database has tables of its own called {', '.join(f'`{name}`' for name in taken)}",
            help="nothing was changed; rename them, or keep the engine's cases in a database of their own",
        )


def _driver_of(connection: object) -> sqlite3.Connection:
    from sqlalchemy import Connection

    if not isinstance(connection, Connection):
        raise UsageError(
            f"expected a SQLAlchemy `Connection`, got `{type(connection).__name__}`",
            help="a session has one: `session.connection()`",
        )
    if connection.closed or not connection.in_transaction():
        raise UsageError(
            "the connection has no transaction begun, and the engine begins none on a connection that is not its own",
            help="`with database.begin() as connection:` begins one and commits it at the end",
        )
    driver: object = connection.connection.dbapi_connection
    if not isinstance(driver, sqlite3.Connection):
        raise UsageError(
            f"the engine cannot use a connection of the driver `{connection.dialect.driver}`",
            help="expected SQLite through Python's own `sqlite3`",
        )
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


__all__ = ["HostConnection", "HostedStore", "install"]

"""The shared store inside a transaction of the host's: on the host's connection and thread, never committed by us.

A transaction of ours is a savepoint there. What the host rolls back has not happened, what it commits has, and both
with the host's own rows. Our statements go to psycopg's connection below the host's SQLAlchemy `Connection`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

import psycopg

from engine.errors import Conflict, EngineError, UsageError
from engine.store.hosted import SeenInside, check_names, driver_connection, wrong_driver
from engine.store.postgresql.pool import Cursor, cursor_on
from engine.store.postgresql.schema import has_tables, revision_of, whereabouts
from engine.store.postgresql.trouble import explain
from engine.store.rows import Memo
from engine.store.schema import HEAD, check_revision, must_be_current
from engine.store.sql import Driver
from engine.store.transaction import SqlTransaction

if TYPE_CHECKING:
    from engine.store.hosted import HostConnection

ITS_OWN = ("40001", "40P01", "55P03")
"""Errors that end the host's whole transaction, or leave it waiting for somebody: only the host can do it again."""


class Home(Protocol):
    """The engine's own way to the database, of which a host's transaction is another."""

    path: str
    driver: Driver
    memo: Memo

    def whereabouts(self) -> tuple[object, ...]:
        """Which database of which server, and which tables there."""

    def welcome(self, connection: HostConnection) -> None:
        """Remember whose transaction this thread works in: it would wait for what only itself can end."""


class PostgresHosted:
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
        cursor = self._begun()
        work = self._work(cursor)
        self._do(cursor, "SAVEPOINT casewright")
        try:
            yield work
            if work.lost is not None:
                raise work.lost
            if work.spoiled is not None:
                raise RuntimeError("nothing was kept: a write of this step failed") from work.spoiled
            self._do(cursor, "RELEASE casewright")
        except BaseException as error:
            with suppress(psycopg.Error):  # of a lost connection; all of it is taken back then
                cursor.execute("ROLLBACK TO casewright", ())
                cursor.execute("RELEASE casewright", ())
            if isinstance(error, psycopg.Error):
                raise self._explain(error) from error
            raise

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """What the host's transaction sees, its own changes included."""
        yield self._work(self._begun())

    def inside(self, connection: HostConnection) -> PostgresHosted:
        """The same database in another transaction of the host's."""
        return PostgresHosted(self._store, connection)

    def server(self) -> None:
        """None: who asks does so outside of the host's transaction."""

    def listening(self, woken: Event) -> AbstractContextManager[None]:
        """Workers listen elsewhere."""
        return nullcontext()

    def close(self) -> None:
        """Nothing to let go of: the connection is the host's."""

    def _do(self, cursor: Cursor, text: str) -> None:
        try:
            cursor.execute(text, ())
        except psycopg.Error as error:
            raise self._explain(error) from error

    def _work(self, cursor: Cursor) -> SqlTransaction:
        return SqlTransaction(cursor.execute, self._driver, self._memo)

    def _begun(self) -> Cursor:
        """A cursor on the driver's connection, once it is sure that a transaction fit for us has begun there."""
        cursor = cursor_on(_driver_of(self._connection))
        transaction = self._connection.get_transaction()
        if transaction is not self._checked:
            try:
                self._check_fit(cursor)
            except psycopg.Error as error:
                raise self._explain(error) from error
            self._checked = transaction
            self._store.welcome(self._connection)
        return cursor

    def _check_fit(self, cursor: Cursor) -> None:
        path = self._store.path
        if whereabouts(cursor) != self._store.whereabouts():
            raise UsageError(
                f"the connection is to the database `{cursor.connection.info.dbname}` of "
                f"`{cursor.connection.info.host}`, the engine to `{path}`, or to tables of another schema",
                help="open the engine on the database of the connection: both share one transaction",
            )
        must_be_current(check_revision(revision_of(cursor), path), path)

    def _explain(self, error: Exception) -> EngineError:
        if getattr(error, "sqlstate", None) in ITS_OWN:
            return Conflict(
                f"the database `{self._store.path}` is being written to by somebody else",
                help="roll back, and do the whole transaction again",
            )
        return explain(error, self._store.path)


def install_postgresql(connection: HostConnection) -> bool:
    """Make our tables beside the host's own, or bring them up to date; whether anything had to be done."""
    driver = _driver_of(connection)
    cursor = cursor_on(driver)
    is_there = has_tables(cursor)
    if is_there and check_revision(revision_of(cursor), driver.info.dbname) == "current":
        return False
    if not is_there:
        found = cursor.execute("SELECT relname FROM pg_class WHERE pg_table_is_visible(oid)", ())
        check_names(name for (name,) in found.fetchall())
    from engine.store.migrating import run_migrations
    from engine.store.postgresql.upgrading import fence

    fence(connection, is_there=is_there)
    run_migrations(connection, HEAD)
    return True


def _driver_of(connection: HostConnection) -> psycopg.Connection[Any]:
    driver = driver_connection(connection)
    if not isinstance(driver, psycopg.Connection):
        raise wrong_driver(connection, "PostgreSQL through psycopg: `postgresql+psycopg://…`")
    return driver

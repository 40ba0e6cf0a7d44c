"""The shared store inside a transaction of the host's, on psycopg's connection below the host's own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from psycopg import pq

from engine.errors import UsageError
from engine.store.hosted import Home, HostedStore, check_names, driver_connection, wrong_driver
from engine.store.postgresql.pool import cursor_on
from engine.store.postgresql.schema import has_tables, revision_of, whereabouts
from engine.store.postgresql.wire import Cursor
from engine.store.schema import HEAD, check_revision
from engine.store.sql import ALONE

if TYPE_CHECKING:
    from engine.store.hosted import HostConnection

ITS_OWN = ("40001", "40P01", "55P03")
"""Errors that end the host's whole transaction, or leave it waiting for somebody: only the host can do it again."""

OF_THIS_SCHEMA = (
    "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = current_schema()"
)
"""What is called how where our tables will be; the same names in other schemas are no trouble."""


class OnServer(Home, Protocol):
    """The engine's own way to the server."""

    def whereabouts(self) -> tuple[object, ...]:
        """Which database of which server, and which tables there."""


class PostgresHosted(HostedStore[OnServer, Cursor]):
    """A database of a server as the host's transaction sees it."""

    def _there(self) -> Cursor:
        return cursor_on(_driver_of(self._connection))

    def _check_fit(self, there: Cursor) -> None:
        driver = there.connection
        if driver.autocommit and driver.info.transaction_status == pq.TransactionStatus.IDLE:
            raise UsageError(
                "the connection commits each statement by itself (`AUTOCOMMIT`): a step has nothing to share",
                help="begin the transaction on a connection of another isolation level",
            )
        if whereabouts(there) != self._store.whereabouts():
            raise UsageError(
                f"the connection is to the database `{there.connection.info.dbname}` of "
                f"`{there.connection.info.host}`, the engine to `{self._store.path}`, or to tables of another schema",
                help="open the engine on the database of the connection: both share one transaction",
            )

    def _revision(self, there: Cursor) -> str | None:
        return revision_of(there)

    def _is_busy(self, error: Exception) -> bool:
        return getattr(error, "sqlstate", None) in ITS_OWN

    def _take_back(self, there: Cursor, error: BaseException) -> None:
        with suppress(psycopg.Error):  # of a lost connection; all of it is taken back then
            there.execute("ROLLBACK TO casewright", ())
            there.execute("RELEASE casewright", ())


def install_postgresql(connection: HostConnection) -> bool:
    """Make our tables beside the host's own, or bring them up to date; whether anything had to be done."""
    driver = _driver_of(connection)
    cursor = cursor_on(driver)
    # Before anything is read: of two who begin together one would lose its tables to the other.
    cursor.execute(ALONE, ())
    is_there = has_tables(cursor)
    if is_there and check_revision(revision_of(cursor), driver.info.dbname) == "current":
        return False
    if not is_there:
        found = cursor.execute(OF_THIS_SCHEMA, ())
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

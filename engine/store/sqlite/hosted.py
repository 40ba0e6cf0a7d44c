"""The embedded store inside a transaction of the host's, on the connection of `sqlite3` below the host's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from os.path import samefile
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from engine.errors import UsageError
from engine.store.hosted import Home, HostedStore, check_names, driver_connection, wrong_driver
from engine.store.schema import HEAD, SELECT_VERSION, check_revision
from engine.store.sqlite.schema import has_tables

if TYPE_CHECKING:
    from engine.store.hosted import HostConnection

BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

BEGIN_IMMEDIATE = (
    "let SQLAlchemy begin it with `BEGIN IMMEDIATE`: set the driver's `isolation_level` to None on `connect`, and run "
    "that statement on `begin`"
)


class Plain(NamedTuple):
    """The driver's connection, whose rows are plain tuples here, whatever the host has made of its own."""

    driver: sqlite3.Connection

    def execute(self, text: str, values: Sequence[Any] = (), /) -> sqlite3.Cursor:
        """Run one statement."""
        cursor = self.driver.cursor()
        cursor.row_factory = None
        return cursor.execute(text, values)

    def file(self) -> str:
        """Where its database lies; empty for one in memory."""
        return next((place for _, name, place in self.execute("PRAGMA database_list") if name == "main"), "")

    def revision(self) -> str | None:
        """Which revision its tables have."""
        found = self.execute(SELECT_VERSION).fetchone()
        return found[0] if found else None


class InFile(Home, Protocol):
    """The engine's own way to the file."""

    def is_being_written(self) -> bool:
        """Whether somebody is writing at this moment."""


class SqliteHosted(HostedStore[InFile, Plain]):
    """A database file as the host's transaction sees it."""

    def _there(self) -> Plain:
        return Plain(_driver_of(self._connection))

    def _check_fit(self, there: Plain) -> None:
        file = there.file()
        if not file or not samefile(file, self._store.path):
            raise UsageError(
                f"the connection is to the database `{file or ':memory:'}`, the engine to `{self._store.path}`",
                help="open the engine on the database of the connection: both share one transaction",
            )
        if not self._store.is_being_written():
            raise UsageError(
                "the connection's transaction could still lose to another writer halfway: it was not begun as one that "
                "writes",
                help=BEGIN_IMMEDIATE,
            )

    def _revision(self, there: Plain) -> str | None:
        return there.revision()

    def _is_busy(self, error: Exception) -> bool:
        return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in BUSY

    def _take_back(self, there: Plain, error: BaseException) -> None:
        if there.driver.in_transaction:
            with suppress(sqlite3.Error):
                there.execute("ROLLBACK TO casewright")
                there.execute("RELEASE casewright")
        else:
            # A full disk may end the whole transaction: what the host wrote now would be kept without the rest.
            self._connection.invalidate(error)


def install_sqlite(connection: HostConnection) -> bool:
    """Make our tables beside the host's own, or bring them up to date; whether anything had to be done."""
    driver = _driver_of(connection)
    plain = Plain(driver)
    if has_tables(driver):
        if check_revision(plain.revision(), plain.file()) == "current":
            return False
    else:
        names = "SELECT name FROM sqlite_master WHERE type <> 'trigger'"
        check_names(name for (name,) in plain.execute(names))
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

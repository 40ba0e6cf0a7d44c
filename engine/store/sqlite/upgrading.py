"""Making the tables and bringing them up to date: the migration tool, on one connection, all or nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from engine.errors import StoreUnavailable
from engine.store.address import Address
from engine.store.migrating import run_migrations
from engine.store.sqlite.connecting import connect
from engine.store.sqlite.schema import APPLICATION_ID, state_of
from engine.store.sqlite.trouble import explain


def upgrade_sqlite(address: Address) -> bool:
    """Make the tables or bring them up to date; whether anything had to be done."""
    if address.is_read_only:
        raise StoreUnavailable(
            f"the database `{address.path}` was opened for reading only",
            help="leave `mode=ro` out of its address to change anything",
        )
    try:
        with closing(connect(address, "rwc")) as connection:
            if state_of(connection, address.path) == "current":
                return False
            connection.execute("PRAGMA journal_mode = wal")
            is_changed = _upgrade(connection, address.path)
        with closing(connect(address)) as connection, suppress(sqlite3.OperationalError):
            # Written anew, nothing of earlier tables is left in it; without room for that it is current all the same.
            connection.execute("VACUUM")
        return is_changed
    except sqlite3.Error as error:
        raise explain(error, address.path) from error
    except DBAPIError as error:
        raise explain(error.orig or error, address.path) from error


def _upgrade(connection: sqlite3.Connection, path: str) -> bool:
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=NullPool)
    with engine.begin() as shared:
        shared.exec_driver_sql("BEGIN IMMEDIATE")
        # Somebody else may have been faster while this one waited for its turn.
        state = state_of(connection, path)
        if state == "current":
            return False
        run_migrations(shared)
        if state == "empty":  # else it is marked already, by us or by the host whose tables stand there as well
            shared.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    return True

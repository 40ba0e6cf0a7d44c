"""Making the tables and bringing them up to date: the migration tool, on one connection, all or nothing."""

from __future__ import annotations

from contextlib import closing, suppress

import psycopg
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from engine.errors import StoreUnavailable
from engine.store.address import Address
from engine.store.migrating import run_migrations
from engine.store.postgresql.months import make_months
from engine.store.postgresql.pool import connect, cursor_on
from engine.store.postgresql.schema import state_of
from engine.store.postgresql.trouble import explain, explain_connecting
from engine.store.sql import ALONE
from engine.store.tables import VERSION_TABLE

REWRITTEN = "VACUUM FULL personal, parties, attachments, addresses"
"""So that nothing of earlier rows is left in their files; what was made anew has no earlier ones."""


def upgrade_postgresql(address: Address) -> bool:
    """Make the tables or bring them up to date; whether anything had to be done."""
    if address.is_read_only:
        raise StoreUnavailable(
            f"the database `{address.path}` was opened for reading only",
            help="leave `mode=ro` out of its address to change anything",
        )
    try:
        connection = connect(address).connection
    except psycopg.Error as error:
        raise explain_connecting(error, address.path) from error
    try:
        if state_of(cursor_on(connection), address.path) == "current":
            return make_months(connection) > 0
        connection.autocommit = False
        is_changed = _upgrade(connection, address.path)
        with closing(connect(address).connection) as another, suppress(psycopg.OperationalError):
            # While somebody holds them the tables are current all the same.
            another.execute(REWRITTEN)
        return is_changed
    except psycopg.Error as error:
        raise explain(error, address.path) from error
    except DBAPIError as error:
        raise explain(error.orig if isinstance(error.orig, Exception) else error, address.path) from error
    finally:
        connection.close()


def _upgrade(connection: psycopg.Connection[object], path: str) -> bool:
    engine = create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=NullPool)
    with engine.begin() as shared:
        # Somebody else may have been faster while this one waited for its turn.
        shared.exec_driver_sql(ALONE)
        if state_of(cursor_on(connection), path) == "current":
            return False
        fence(shared, is_there=state_of(cursor_on(connection), path) == "old")
        run_migrations(shared)
    return True


def fence(connection: Connection, *, is_there: bool) -> None:
    """Wait for everybody who works with the tables as they were: each transaction begins by reading this one."""
    if is_there:
        connection.exec_driver_sql(f"LOCK TABLE {VERSION_TABLE} IN ACCESS EXCLUSIVE MODE")

"""Which tables a file has: none, ours, older or newer ones, or another program's. One cheap select, no tool."""

from __future__ import annotations

import sqlite3

from engine.errors import StoreUnavailable
from engine.store.schema import SELECT_VERSION, State, check_revision

APPLICATION_ID = 0x43575254
"""`CWRT`, in the header of every SQLite file of ours."""


def state_of(connection: sqlite3.Connection, path: str) -> State:
    """How the tables stand; a foreign or newer database is refused with a sentence.

    A host's own database, marked as the host likes, is ours as well once our tables were made in it.
    """
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    if mark != APPLICATION_ID and not has_tables(connection):
        if mark == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            return "empty"
        raise StoreUnavailable(
            f"the database `{path}` belongs to another application",
            help="nothing was changed; name another file; `casewright init` makes a new database",
        )
    revision = connection.execute(SELECT_VERSION).fetchone()
    return check_revision(revision[0] if revision else None, path)


def has_tables(connection: sqlite3.Connection) -> bool:
    """Whether our tables are there."""
    cursor = connection.cursor()
    cursor.row_factory = None
    found = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'casewright_schema'"
    return bool(cursor.execute(found).fetchone()[0])

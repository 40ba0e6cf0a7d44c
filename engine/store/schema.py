"""Which tables a database has: none, ours, older or newer ones, or another program's. One cheap select, no tool."""

from __future__ import annotations

import sqlite3
from typing import Literal

from engine.errors import StoreUnavailable

APPLICATION_ID = 0x43575254
"""`CWRT`, in the header of every SQLite file of ours."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""Every revision of the tables, oldest first; `migrations/versions` holds how to get there."""

HEAD = REVISIONS[-1]

SELECT_VERSION = "SELECT version_num FROM casewright_schema"

State = Literal["empty", "old", "current"]


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


def check_revision(revision: str | None, path: str) -> State:
    """Whether this program can use tables of that revision."""
    if revision == HEAD:
        return "current"
    if revision in REVISIONS:
        return "old"
    raise StoreUnavailable(
        f"the database `{path}` was made by a newer casewright (its tables are of revision {revision}, this program "
        f"knows up to {HEAD})",
        help="nothing was changed; install the newer casewright",
    )


def must_be_current(state: State, path: str) -> None:
    """Refuse a database whose tables are not the present ones."""
    if state == "empty":
        raise StoreUnavailable(
            f"the database `{path}` is empty",
            help="`casewright init` makes its tables",
        )
    if state == "old":
        raise StoreUnavailable(
            f"the database `{path}` was made by an older casewright",
            help="keep a copy of the file, then bring it up to date with `casewright db upgrade`",
        )

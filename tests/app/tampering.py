"""What somebody with the database file and no scruples might do to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

Tamper = Callable[[sqlite3.Connection], object]
TRIGGERS = ("records_are_never_changed", "records_are_never_deleted", "records_are_never_replaced")


def by_hand(statement: str) -> Tamper:
    """A statement that changes something."""

    def tamper(connection: sqlite3.Connection) -> None:
        assert connection.execute(statement).rowcount > 0, statement

    return tamper


def other_value(connection: sqlite3.Connection) -> None:
    """Another private value in place of the first case's."""
    (value,) = connection.execute("SELECT value FROM personal WHERE case_id='E-1'").fetchone()
    sign = "A" if value[30] != "A" else "B"
    connection.execute("UPDATE personal SET value=? WHERE case_id='E-1'", (value[:30] + sign + value[31:],))

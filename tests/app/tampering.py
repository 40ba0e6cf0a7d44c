"""What somebody with the database file and no scruples might do to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

Tamper = Callable[[sqlite3.Connection], object]
GUARDS = ("records_are_never_changed", "records_are_never_deleted", "records_are_never_replaced")


@contextmanager
def past_the_guards(file: Path | str) -> Iterator[sqlite3.Connection]:
    """The file in the hands of its owner: none of the triggers that keep records as they are is left."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for guard in GUARDS:
            connection.execute(f"DROP TRIGGER IF EXISTS {guard}")
        yield connection


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

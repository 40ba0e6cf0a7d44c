"""The months of the audit: partitions of `records` that must be there before they begin.

The database's own function makes them (`migrations/versions/v0011_months_of_the_audit.py`), for the tables' owner where
whoever asks is another (`v0018_months_for_who_owns_no_table.py`). What comes for a month that nobody has made is kept
all the same, in the partition for what is left.
"""

from __future__ import annotations

from typing import Any

import psycopg

AHEAD = 3
"""How many months are made beforehand: so long nobody need look."""

PATIENCE = 200
"""Ms to wait for who reads all of the audit: new readers would wait behind this one. It is tried again later."""

_MAKE = f"SELECT make_coming_months_of_records({AHEAD})"


def make_months(connection: psycopg.Connection[Any]) -> int:
    """Make this month and those to come, where they are missing; how many."""
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = {PATIENCE}")
        found = connection.execute(_MAKE).fetchone()
    return 0 if found is None else int(found[0])

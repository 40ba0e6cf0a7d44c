"""Connections to a SQLite file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from engine.store.address import Address


def connect(address: Address, mode: str = "rw") -> sqlite3.Connection:
    """A connection that waits for others as long as the address says."""
    path = quote(str(Path(address.path).absolute()))
    return sqlite3.connect(
        f"file:{path}?mode={mode}",
        uri=True,
        timeout=address.busy,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )

"""Connections to a SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from engine.errors import StoreUnavailable
from engine.store.address import Address


def connect(address: Address, mode: str = "rw") -> sqlite3.Connection:
    """A connection that waits for others as long as the address says."""
    path = quote(str(Path(address.path).absolute()), errors="surrogateescape")
    return sqlite3.connect(
        f"file:{path}?mode={mode}",
        uri=True,
        timeout=address.busy,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )


def connect_to_write(address: Address) -> sqlite3.Connection:
    """A connection that writes ahead, and overwrites what it deletes."""
    writer = connect(address)
    try:
        mode = writer.execute("PRAGMA journal_mode = wal").fetchone()[0]
        if mode != "wal":
            raise StoreUnavailable(
                f"the database `{address.path}` lies where SQLite cannot share it (journal mode `{mode}`)",
                help="move the file to a disk of this machine; network folders will not do",
            )
        writer.execute(f"PRAGMA synchronous = {address.synchronous}")
        writer.execute("PRAGMA secure_delete = ON")
    except BaseException:
        writer.close()
        raise
    return writer


def connect_to_read(address: Address) -> sqlite3.Connection:
    """A connection that changes nothing."""
    reader = connect(address, "ro" if address.is_read_only else "rw")
    try:
        reader.execute("PRAGMA query_only = on")
    except BaseException:
        reader.close()
        raise
    return reader


def empty_log(address: Address) -> None:
    """Bring all of the log into the file; it stays as it is where somebody reads what stands in it."""
    with closing(connect(address)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

"""Connections to a SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from engine.errors import StoreUnavailable
from engine.store.address import Address
from engine.store.sqlite.looking import Looker, Mark, is_lonely, mark_of, may_write

AT_THE_DOOR = 0.008
"""Seconds that SQLite waits for another writer by itself: the longer it does, the seldomer it looks, up to ten times a
second, and where others hardly pause between two steps it is not served for seconds. Who wants to begin begins anew."""


def connect(address: Address, mode: str = "rw") -> Looker:
    """A connection that waits for others as long as the address says."""
    path = quote(str(Path(address.path).absolute()), errors="surrogateescape")
    return sqlite3.connect(
        f"file:{path}?mode={mode}",
        uri=True,
        timeout=address.busy,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        factory=Looker,
    )


def connect_to_write(address: Address) -> sqlite3.Connection:
    """A connection that writes ahead, and overwrites what it deletes."""
    try:
        return _writer(address)
    except sqlite3.Error as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_DBMOVED:
            raise
    return _writer(address)  # a copy was put back while this one was at the door


def _writer(address: Address) -> sqlite3.Connection:
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
        writer.execute(f"PRAGMA busy_timeout = {int(min(address.busy, AT_THE_DOOR) * 1_000)}")
    except BaseException:
        writer.close()
        raise
    return writer


def connect_to_read(address: Address) -> Looker:
    """A connection that changes nothing, to the file that has this name now: from its first look on nobody moves it.

    The right to write is not needed. Where the file had to be held for one that never changes, who reads asks
    afterwards whether it `must_be_true`.
    """
    while True:
        was = mark_of(address.path)
        reader = _reader(address, was)
        try:
            reader.execute("PRAGMA query_only = on")
            reader.execute("PRAGMA data_version").fetchone()
            if reader.still is not None or _is_same(was, mark_of(address.path)):
                return reader
        except BaseException:
            reader.close()
            raise
        reader.close()


def _reader(address: Address, was: Mark | None) -> Looker:
    mode = "ro" if address.is_read_only else "rw"
    if was is None or may_write(address.path):
        return connect(address, mode)
    if not is_lonely(address.path):
        return connect(address, "ro")
    reader = connect(address, "ro&immutable=1")
    reader.still, reader.path = was, address.path
    return reader


def _is_same(one: Mark | None, other: Mark | None) -> bool:
    return one is not None and other is not None and one[:2] == other[:2]


def empty_log(address: Address) -> None:
    """Bring all of the log into the file; it stays as it is where somebody reads what stands in it."""
    with closing(connect(address)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

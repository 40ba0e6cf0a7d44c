"""Opening a SQLite file, and making it where there is none yet."""

from __future__ import annotations

from pathlib import Path

from engine.errors import StoreUnavailable
from engine.sealing import NO_KEYS, HostKeys
from engine.store.address import Address
from engine.store.schema import must_be_current
from engine.store.sqlite.store import SqliteStore


def open_sqlite(address: Address, keys: HostKeys = NO_KEYS, *, create: bool = False) -> SqliteStore:
    """Open the file; `create` makes it where there is none yet."""
    path = Path(address.path)
    if not path.exists() and not create:
        raise StoreUnavailable(
            f"there is no database at `{address.path}`",
            help="go to the folder of your desk, or name another one with `--db`; "
            "`casewright db restore` puts a copy back, `casewright init` makes an empty one",
        )
    store = SqliteStore(address, keys)
    try:
        if not path.exists() or (create and store.state() == "empty"):
            from engine.store.sqlite.upgrading import upgrade_sqlite

            upgrade_sqlite(address)
        must_be_current(store.state(), address.path)
    except BaseException:
        store.close()
        raise
    return store

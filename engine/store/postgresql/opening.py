"""Opening a server's database, and making its tables where there are none yet."""

from __future__ import annotations

from engine.sealing import NO_KEYS, HostKeys
from engine.store.address import Address
from engine.store.postgresql.store import PostgresStore
from engine.store.schema import must_be_current


def open_postgresql(address: Address, keys: HostKeys = NO_KEYS, *, create: bool = False) -> PostgresStore:
    """Open the database, which must be there; `create` makes the tables in it where there are none yet."""
    store = PostgresStore(address, keys)
    try:
        state = store.state()
        if create and state == "empty":
            from engine.store.postgresql.upgrading import upgrade_postgresql

            upgrade_postgresql(address)
            state = store.state()
        must_be_current(state, address.path)
    except BaseException:
        store.close()
        raise
    return store

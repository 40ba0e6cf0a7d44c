"""Where cases live: `open_store` opens one, `upgrade` makes its tables or brings them up to date.

Nothing of SQLAlchemy is imported until a database is opened.
"""

from __future__ import annotations

from engine.ports import Store
from engine.store.address import read_address


def open_store(url: str, *, create: bool = False) -> Store:
    """Open the store at this URL or path; `create` makes one that is not there yet."""
    address = read_address(url)
    if address.kind == "memory":
        from engine.store.memory import MemoryStore

        return MemoryStore()
    from engine.store.sqlite import open_sqlite

    return open_sqlite(address, create=create)


def upgrade(url: str) -> bool:
    """Make the tables of a new database, or bring those of an old one up to date; whether anything had to be done."""
    address = read_address(url)
    if address.kind == "memory":
        return False
    from engine.store.upgrading import upgrade_sqlite

    return upgrade_sqlite(address)


__all__ = ["open_store", "upgrade"]

"""Where cases live: `open_store` opens one, `upgrade` makes its tables or brings them up to date.

Nothing of SQLAlchemy is imported until a database is opened, and of a database's own only what that database needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import StoreUnavailable
from engine.ports import Store
from engine.sealing import HostKeys, host_keys
from engine.store.address import read_address

if TYPE_CHECKING:
    from engine.store.hosted import HostConnection


def open_store(url: str, *, create: bool = False, keys: HostKeys | None = None) -> Store:
    """Open the store at this URL or path; `create` makes one that is not there yet.

    The host's keys are those the environment names, unless they are given.
    """
    address = read_address(url)
    if address.kind == "memory":
        from engine.store.memory import MemoryStore

        return MemoryStore()
    if address.kind == "postgresql":
        _check_driver()
        from engine.store.postgresql.opening import open_postgresql

        return open_postgresql(address, host_keys() if keys is None else keys, create=create)
    from engine.store.sqlite.opening import open_sqlite

    return open_sqlite(address, host_keys() if keys is None else keys, create=create)


def upgrade(url: str) -> bool:
    """Make the tables of a new database, or bring those of an old one up to date; whether anything had to be done."""
    address = read_address(url)
    if address.kind == "memory":
        return False
    if address.kind == "postgresql":
        _check_driver()
        from engine.store.postgresql.upgrading import upgrade_postgresql

        return upgrade_postgresql(address)
    from engine.store.sqlite.upgrading import upgrade_sqlite

    return upgrade_sqlite(address)


def install(connection: HostConnection) -> bool:
    """Make our tables beside the host's own, or bring them up to date; whether anything had to be done."""
    if getattr(getattr(connection, "dialect", None), "name", "") == "postgresql":
        from engine.store.postgresql.hosted import install_postgresql

        return install_postgresql(connection)
    from engine.store.sqlite.hosted import install_sqlite

    return install_sqlite(connection)


def _check_driver() -> None:
    try:
        import psycopg
    except ImportError as error:
        raise StoreUnavailable(
            f"PostgreSQL's driver cannot be used ({str(error).splitlines()[0]})",
            help="`pip install 'casewright[postgresql]'` brings it",
        ) from error
    del psycopg


__all__ = ["install", "open_store", "upgrade"]

"""Where cases live: `open_store` opens one, `upgrade` makes its tables or brings them up to date.

Nothing of SQLAlchemy is imported until a database is opened, and of a database's own only what that database needs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import NotFound, StoreUnavailable, UsageError
from engine.ports import Store
from engine.sealing import HostKeys, host_keys
from engine.store.address import Address, read_address

if TYPE_CHECKING:
    from engine.store.hosted import HostConnection
    from engine.store.sqlite.restoring import Restored


def open_store(url: str, *, create: bool = False, keys: HostKeys | None = None) -> Store:
    """Open the store at this URL or path; `create` makes one that is not there yet.

    The host's keys are those the environment names, unless they are given.
    """
    address = read_address(url)
    if address.kind == "memory":
        from engine.store.memory.store import MemoryStore

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


def back_up(url: str, target: Path, keys: Path | None = None) -> None:
    """Copy the database at this URL or path to a new file while it is in use, and its keys to another if one is named.

    `UsageError` where the file is there already, and for a server, whose own tools do it.
    """
    from engine.store.sqlite.copying import copy_sqlite

    copy_sqlite(_file_of(url, "pg_dump --exclude-table-data=case_keys"), target, keys)


def restore(
    url: str, copy: Path, keys: Path | None = None, *, replaces: bool = False, prove: Callable[[Path], None]
) -> Restored:
    """Put a copy that `back_up` made where this URL or path says, with its keys if they are named.

    It is checked first, brought up to date, and proved by whoever calls; the copy stays as it is. `Conflict` where a
    database is there that it does not replace, or that somebody is at work with; what it replaces is set aside.
    """
    address = read_address(url)
    if address.kind != "sqlite":
        raise UsageError(
            f"`{address.path or url}` is no file that a copy could be put back to",
            help="a server has tools of its own: `pg_restore`, then `casewright audit verify`"
            if address.kind == "postgresql"
            else "name a database file",
        )
    from engine.store.sqlite.restoring import restore_sqlite

    return restore_sqlite(address, copy, keys, replaces=replaces, prove=prove)


def bring_keys_back(url: str, keys: Path) -> int:
    """Add the keys of a backup to a restored database, where it has none of that name; how many were added."""
    from engine.store.sqlite.copying import add_keys

    return add_keys(_file_of(url, "psql"), keys)


def _file_of(url: str, tool: str) -> Address:
    address = read_address(url)
    if address.kind != "sqlite":
        raise UsageError(
            f"`{address.path or url}` is no file that could be copied",
            help=f"a server has tools of its own: `{tool}`" if address.kind == "postgresql" else "name a database file",
        )
    if not Path(address.path).exists():
        raise NotFound(f"there is no database at `{address.path}`", help="name another one with `--db`")
    return address


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


__all__ = ["back_up", "bring_keys_back", "install", "open_store", "restore", "upgrade"]

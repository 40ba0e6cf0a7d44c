"""A copy of a database in use: as of one instant, whole or not there, and its keys apart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from engine.errors import UsageError
from engine.store.address import Address
from engine.store.on_disk import remove_unfinished
from engine.store.sqlite.connecting import connect, connect_to_read
from engine.store.sqlite.schema import state_of
from engine.store.sqlite.trouble import explain, while_copying


def copy_sqlite(address: Address, target: Path, keys: Path | None) -> None:
    """Copy the database to a file that is not there yet, while others write, and its keys to another, if one is named.

    Whoever has the copy alone has no private value that was erased since, nor any other: they need the keys.
    """
    for file in (target, keys):
        if file is not None and file.exists():
            raise UsageError(f"`{file}` is there already", help="name a new file: a backup replaces none")
    parts = [target.with_name(f".{target.name}.part")]
    if keys is not None:
        parts.append(keys.with_name(f".{keys.name}.part"))
    try:
        with closing(connect_to_read(replace(address, is_read_only=True))) as source:
            state_of(source, address.path)
            with while_copying(address.path, target):
                _copied(source, parts, keys)
            source.must_be_true()
        for part, file in zip(parts, (target, keys), strict=False):
            part.replace(file)  # type: ignore[arg-type]
    except sqlite3.Error as error:
        raise explain(error, address.path) from error
    finally:
        for part in parts:
            remove_unfinished(part)


def _copied(source: sqlite3.Connection, parts: list[Path], keys: Path | None) -> None:
    for part in parts:
        remove_unfinished(part)
        part.touch(mode=0o600)
    with closing(sqlite3.connect(parts[0], isolation_level=None)) as copy:
        source.backup(copy)  # one step: the picture of one instant, and nobody waits for it
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute("PRAGMA secure_delete = ON")
        if keys is not None:
            with while_copying(str(parts[0]), keys):
                copy.execute("ATTACH ? AS apart", (str(parts[1]),))
                copy.execute("CREATE TABLE apart.case_keys AS SELECT * FROM main.case_keys")
                copy.execute("DETACH apart")
        copy.execute("DELETE FROM main.case_keys")
        copy.execute("VACUUM")  # so that nothing is left of them between the rows


def add_keys(address: Address, keys: Path) -> int:
    """Add the keys of a copy to a restored database where it has none of that name; how many were added."""
    if not keys.is_file():
        raise UsageError(f"there is no file `{keys}`", help="name the file that `db backup --keys` wrote")
    try:
        with closing(connect(address)) as connection:
            state_of(connection, address.path)
            connection.execute("ATTACH ? AS apart", (f"{keys.absolute().as_uri()}?mode=ro",))
            found = connection.execute("INSERT OR IGNORE INTO main.case_keys SELECT * FROM apart.case_keys")
            return found.rowcount
    except sqlite3.Error as error:
        raise explain(error, address.path) from error

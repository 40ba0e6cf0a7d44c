"""A copy of a database put back in its place: proved as it will stand there, and over nothing that is at work."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import Conflict, StoreUnavailable, UsageError
from engine.store.address import Address
from engine.store.on_disk import remove_unfinished, sync_names
from engine.store.sqlite.connecting import connect, connect_to_read, empty_log
from engine.store.sqlite.copying import add_keys
from engine.store.sqlite.schema import state_of
from engine.store.sqlite.trouble import while_copying
from engine.store.sqlite.upgrading import upgrade_sqlite

MOST_FLAWS = 3
"""Of what SQLite finds wrong with a file, so much is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, and what is left of what was there."""

    set_aside: str | None  # the file that was in the place
    newest_at: int | None  # instant of the newest step of the copy; None: it has no case
    is_upgraded: bool  # its tables were an older casewright's
    keys: int  # brought back with it
    keyless: int  # cases with private values that nobody can open, for their key is not there


def restore_sqlite(
    address: Address, copy: Path, keys: Path | None, *, replaces: bool, prove: Callable[[Path], None]
) -> Restored:
    """Put the copy where the address says. What is checked, upgraded and proved is the file that then stands there.

    `prove` is given that file before it does, and raises where its records do not hold. The copy stays as it is; what
    was in the place is set aside, and only if the copy `replaces` it and nobody is at work with it.
    """
    target = Path(address.path)
    if target.is_symlink():
        target = target.resolve()
    _check(copy, target, keys, replaces=replaces)
    part = target.with_name(f".{target.name}.part")
    there = replace(address, path=str(part), is_read_only=False)
    try:
        remove_unfinished(part)
        with while_copying(str(copy), target):
            _fill(copy, there)
            is_old = _is_old(there, copy)
        is_upgraded = is_old and upgrade_sqlite(there)
        brought = 0 if keys is None else add_keys(there, keys)
        prove(part)
        with while_copying(str(copy), target):
            newest_at, keyless = _look(there)
            _close(there)
        return Restored(
            set_aside=_put(part, target, address), newest_at=newest_at, is_upgraded=is_upgraded, keys=brought,
            keyless=keyless,
        )  # fmt: skip
    finally:
        remove_unfinished(part)


def _check(copy: Path, target: Path, keys: Path | None, *, replaces: bool) -> None:
    for file in (copy, keys):
        if file is not None and not file.is_file():
            raise UsageError(f"there is no file `{file}`", help="name the file that `db backup` wrote")
    if not target.exists():
        return
    if copy.samefile(target):
        raise UsageError(f"`{copy}` is the database itself", help="name the copy, and with `--db` where it is to go")
    if not replaces:
        raise _taken(target)


def _fill(copy: Path, there: Address) -> None:
    source = Address(kind="sqlite", path=str(copy), is_read_only=True)
    with closing(connect_to_read(source)) as reading, closing(connect(there, "rwc")) as writing:
        os.chmod(there.path, 0o600)
        reading.backup(writing)
        reading.must_be_true()
        writing.execute("PRAGMA journal_mode = DELETE")
        found = [row[0] for row in writing.execute("PRAGMA integrity_check").fetchall()]
    if found != ["ok"]:
        raise StoreUnavailable(
            f"the copy `{copy}` is damaged ({'; '.join(found[:MOST_FLAWS])})",
            help="nothing was changed; put an older copy back",
        )


def _is_old(there: Address, copy: Path) -> bool:
    """Whether the copy's tables are an older casewright's; `StoreUnavailable` where they are not ours at all."""
    with closing(connect(there)) as connection:
        state = state_of(connection, str(copy))
    if state == "empty":
        raise StoreUnavailable(
            f"the copy `{copy}` is empty", help="nothing was changed; name the file that `db backup` wrote"
        )
    return state == "old"


def _look(there: Address) -> tuple[int | None, int]:
    with closing(connect(there)) as connection:
        newest = connection.execute("SELECT max(floor_ms) FROM cases").fetchone()[0]
        keyless = connection.execute(
            "SELECT count(DISTINCT case_id) FROM personal "
            "WHERE NOT EXISTS (SELECT 1 FROM case_keys WHERE case_keys.case_id = personal.case_id)"
        ).fetchone()[0]
    return newest, keyless


def _close(there: Address) -> None:
    """Bring all of it into the one file, on disk. It writes ahead from its first reader on, who is seen by his lock."""
    with closing(connect(there)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    empty_log(there)
    with Path(there.path).open("rb+") as file:
        os.fsync(file.fileno())


def _put(part: Path, target: Path, address: Address) -> str | None:
    """Give the file its name; what has that name keeps it until then, and is held, so nobody comes in between."""
    number = next(each for each in range(1, 1_000) if _is_free(_aside(target, each), target))
    if not target.exists():
        _set_rests_aside(target, number)
        _name(part, target)
        aside = None
    else:
        with _held(target, address):
            aside = _set_aside(target, number)
            part.replace(target)
    sync_names(target.parent)
    return aside


def _name(part: Path, target: Path) -> None:
    try:
        os.link(part, target)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:  # a file system that gives a file one name only
        part.replace(target)


@contextmanager
def _held(target: Path, address: Address) -> Iterator[None]:
    """Keep everybody else out of what is there, all of it brought into the one file; `Conflict` where somebody is in.

    In write-ahead mode nobody could be kept from reading, so it leaves that mode first. Who has found the file by its
    name and not looked into it yet waits, and then hears from SQLite that it was moved.
    """
    with closing(connect(replace(address, path=str(target), busy=0.1))) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "delete":
                raise _at_work(target)
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise _at_work(target) from error
            # Any other trouble is why a copy is put back: it is moved as it is.
        yield


def _set_aside(target: Path, number: int) -> str:
    """Give what is there a second name, and take with it what lies beside."""
    aside = _aside(target, number)
    _set_rests_aside(target, number)
    if not aside.exists():  # else broken off here before
        try:
            os.link(target, aside)
        except OSError:  # a file system that gives a file one name only
            target.rename(aside)
    return str(aside)


def _set_rests_aside(target: Path, number: int) -> None:
    """What a database that is gone or spoilt has left beside would be played into the copy."""
    for ending in ("-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            Path(f"{target}{ending}").rename(f"{_aside(target, number)}{ending}")


def _is_free(aside: Path, target: Path) -> bool:
    return not aside.exists() or (target.exists() and aside.samefile(target))


def _aside(target: Path, number: int) -> Path:
    return target.with_name(f"{target.name}.before-restore-{number}")


def _at_work(target: Path) -> Conflict:
    return Conflict(
        f"somebody is at work with the database `{target}`; nothing was changed",
        help="stop the workers and close what holds it, then restore again",
    )


def _taken(target: Path) -> Conflict:
    return Conflict(
        f"there is a database at `{target}` already; nothing was changed",
        help="say --replace to put the copy in its place: what is there is set aside, not removed",
    )

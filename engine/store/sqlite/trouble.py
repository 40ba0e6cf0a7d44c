"""What SQLite's errors mean for whoever meets them: what happened, and what to do now."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from os import R_OK, W_OK, access
from pathlib import Path

from engine.errors import EngineError, StoreUnavailable
from engine.store.address import Address

_MEANING = {
    sqlite3.SQLITE_BUSY: (
        "the database `{path}` is locked by another program",
        "nothing was changed; close what holds it (a backup, a database browser, a long import) and try again",
    ),
    sqlite3.SQLITE_READONLY: (
        "the database `{path}` cannot be written to: the file, its folder or its disk is read-only",
        "nothing was changed; give yourself the right to write to the file and its folder, or name another database",
    ),
    sqlite3.SQLITE_FULL: (
        "the disk of the database `{path}` is full",
        "nothing was changed; free some space and do it again",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk of the database `{path}` reports an error ({detail})",
        "check the disk; whether the last step was kept shows when it is done again with the same key",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the database `{path}` cannot be opened",
        "check that the file and its folder exist and that you may read and write both",
    ),
    sqlite3.SQLITE_NOTADB: (
        "`{path}` is not a database",
        "name another file; `casewright init` makes a new database",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "the database `{path}` is damaged ({detail})",
        "keep a copy of it, then put the last backup in its place: `casewright db restore FILE --replace`",
    ),
    sqlite3.SQLITE_PERM: (
        "you may not use the database `{path}`",
        "check that you may read and write the file and its folder",
    ),
    sqlite3.SQLITE_NOMEM: (
        "there is not enough memory to use the database `{path}`",
        "nothing was changed; close other programs and try again",
    ),
}
_MEANING[sqlite3.SQLITE_LOCKED] = _MEANING[sqlite3.SQLITE_PROTOCOL] = _MEANING[sqlite3.SQLITE_BUSY]
_MEANING[sqlite3.SQLITE_AUTH] = _MEANING[sqlite3.SQLITE_PERM]

_OF_WHAT_IS_WRITTEN = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY)

_NO_TEXT = "Could not decode to UTF-8"

DAMAGE = (sqlite3.Error, UnicodeDecodeError)
"""What reading may raise; the second where even SQLite's own words about a damaged file are no text."""

_OTHER = ("the database `{path}` could not do what was asked ({detail})", "`casewright doctor` looks for the cause")


def explain(error: Exception, path: str) -> EngineError:
    """The error to show for one of the driver's."""
    code = _code(error)
    if isinstance(error, UnicodeDecodeError) or _NO_TEXT in str(error):  # the driver itself found it, so it has no code
        code = sqlite3.SQLITE_CORRUPT
    if code == sqlite3.SQLITE_CANTOPEN and _is_read_only(Path(path)):
        code = sqlite3.SQLITE_READONLY
    what, now = _MEANING.get(code, _OTHER)
    return StoreUnavailable(what.format(path=path, detail=error), help=now)


@contextmanager
def while_copying(source: str, target: Path) -> Iterator[None]:
    """Explain the driver's errors meanwhile: only what is written to can be full or read-only."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, str(target) if _code(error) in _OF_WHAT_IS_WRITTEN else source) from error


def _code(error: Exception) -> int:
    extended = getattr(error, "sqlite_errorcode", None) or 0
    if extended == sqlite3.SQLITE_IOERR_SHMSIZE:  # no room even for the list of who reads and writes
        return sqlite3.SQLITE_FULL
    return extended & 0xFF


def _is_read_only(file: Path) -> bool:
    """Whether it is there and can be read, but lies where nothing can be written beside it."""
    return file.is_file() and access(file, R_OK) and not (access(file, W_OK) and access(file.absolute().parent, W_OK))


def held_too_long(address: Address) -> StoreUnavailable:
    """What to say of another thread of this process that does not end its turn."""
    return StoreUnavailable(
        f"the database `{address.path}` is being written to by another thread for more than {address.busy:g} seconds",
        help="nothing was changed; try again",
    )

"""Looking at a file that this user may not write to: on a read-only disk, or in somebody else's folder.

In write-ahead mode SQLite wants to make two files beside the database, even for a reader. Where it may not, and nobody
else has made them, the file is read as one that never changes; whether that held is seen when the look is over.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

from engine.errors import StoreUnavailable


class Mark(NamedTuple):
    """What is changed by whoever brings a commit into the file."""

    device: int
    inode: int
    size: int
    changed_ns: int


class Looker(sqlite3.Connection):
    """A connection of a reader, that may hold a file for one that never changes."""

    still: Mark | None = None  # as the file was then; None: the connection is told of changes, as usual
    path: str = ""

    def is_true(self) -> bool:
        """Whether what was read is the state of one instant."""
        return self.still is None or mark_of(self.path) == self.still

    def is_fresh(self) -> bool:
        """Whether the next look would see what is committed now."""
        return self.still is None or (self.is_true() and not _size(f"{self.path}-wal"))

    def must_be_true(self) -> None:
        """`StoreUnavailable` where somebody wrote while the file was held for one that never changes."""
        if not self.is_true():
            raise StoreUnavailable(
                f"somebody wrote to the database `{self.path}` while it was being read",
                help="nothing was changed; look again",
            )


def may_write(path: str) -> bool:
    """Whether this user may write to the file and make others beside it."""
    return os.access(path, os.W_OK) and os.access(Path(path).absolute().parent, os.W_OK)


def is_lonely(path: str) -> bool:
    """Whether nobody is at work with it: nothing that SQLite keeps beside an open database is there.

    `StoreUnavailable` where a log was left that cannot be read without writing.
    """
    if _size(f"{path}-journal"):
        return False
    if _size(f"{path}-wal") and not Path(f"{path}-shm").exists():
        raise StoreUnavailable(
            f"what was committed last to the database `{path}` stands in `{Path(path).name}-wal` beside it, which can "
            "only be read where one may write",
            help="copy both files to a folder of your own and name the copy with `--db`; `db backup` makes one file",
        )
    return not _size(f"{path}-wal")


def mark_of(path: str) -> Mark | None:
    """How the file is marked now; None where it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return Mark(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0

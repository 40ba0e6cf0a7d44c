"""What the writer knows for as long as nobody else has written: it still stands and need not be read again.

`PRAGMA data_version` tells: it changes with every commit of another connection, of this process or of any other, and
never with one's own. It is asked once at the beginning of each transaction, when the lock is held already.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.core.cases import Family
from engine.ports import Person
from engine.store.rows import Memo

MOST = 2_000
"""Families and people kept; beyond that all are read again."""

Row = tuple[Any, ...]


class Known(NamedTuple):
    """A family, and the rows of its cases as they stand in the database."""

    family: Family
    rows: tuple[Row, ...]


class Standing:
    """Families, people and settings, of one connection or of one transaction on it."""

    def __init__(self) -> None:
        self.version: int | None = None  # of the data, when it was last seen that nobody else had written
        self.families: dict[str, Known] = {}
        self.people: dict[str, Person | None] = {}
        self.settings: dict[str, str | None] = {}

    def clear(self) -> None:
        """Somebody wrote, or we did and more than cases."""
        self.families.clear()
        self.people.clear()
        self.settings.clear()

    def take(self, other: Standing, memo: Memo) -> None:
        """What a transaction read and wrote, once it is committed; of families those whose every case is kept."""
        if max(len(self.families), len(self.people), len(self.settings)) > MOST:
            self.clear()
        for root, known in other.families.items():
            if all(map(memo.has, known.family.cases.values())):
                self.families[root] = known
            else:
                self.families.pop(root, None)
        self.people.update(other.people)
        self.settings.update(other.settings)

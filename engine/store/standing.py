"""What the writer knows for as long as nobody else has written: it still stands and need not be read again.

`PRAGMA data_version` tells: it changes with every commit of another connection, of this process or of any other, and
never with one's own. It is asked once at the beginning of each transaction, when the lock is held already.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.cases import Family
from engine.ports import Person
from engine.store.rows import CaseRow, Memo

MOST = 2_000
"""Families, people and settings kept; beyond that all are read again."""


class Standing:
    """Families, people and settings, of one connection or of one transaction on it."""

    def __init__(self) -> None:
        self.version: int | None = None  # of the data, when it was last seen that nobody else had written
        self.families: dict[str, Family] = {}
        self.rows: dict[str, CaseRow] = {}  # of their cases, as they stand in the database
        self.people: dict[str, Person | None] = {}
        self.settings: dict[str, str | None] = {}

    def clear(self) -> None:
        """Somebody wrote, or we did and more than cases."""
        self.families.clear()
        self.rows.clear()
        self.people.clear()
        self.settings.clear()

    def take(self, other: Standing, rows: Mapping[str, CaseRow], memo: Memo) -> None:
        """What a transaction read and wrote, once it is committed; of families those whose every case is kept."""
        if len(self.families) + len(self.people) + len(self.settings) > MOST:
            self.clear()
        families = other.families
        if lacking := memo.lacking(families):
            for root in lacking:
                self.families.pop(root, None)
            families = {root: family for root, family in families.items() if root not in lacking}
            rows = {case: rows[case] for family in families.values() for case in family.cases if case in rows}
        self.families.update(families)
        self.rows.update(rows)
        if other.people:
            self.people.update(other.people)
        if other.settings:
            self.settings.update(other.settings)

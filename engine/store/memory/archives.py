"""Families that leave for an archive, and what is left of them, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from engine.core.cases import Case, Family
from engine.errors import Conflict
from engine.ports import ErasedFiles, LockedFile, Tombstone
from engine.store.derived import TAKEN
from engine.store.memory.cases import MemoryWork
from engine.store.memory.files import FileInMemory

_FIRST = ("records", "attachments", "searches", "cycles", "affected")
"""Tables whose keys begin with the case."""


class MemoryArchives(MemoryWork):
    """What is archived of a store in memory."""

    def closed_families(
        self, process: str, before: int, *, after: str = "", with_private: bool = False
    ) -> Iterator[str]:
        """Roots of this process closed before that instant, by id, those after this one; none set aside or importing.

        `with_private` only those of whose family a private value, its key or a file is left.
        """
        for root, members in sorted(self._tables.rows("families")):
            kept = self._kept(root)
            if root <= after or kept is None or kept.case.process != process or not _is_over(kept.case, before):
                continue
            if not with_private or any(map(self._has_private, members)):
                yield root

    def _has_private(self, case: str) -> bool:
        kept = self._kept(case)
        return kept is not None and bool(kept.case.secret or kept.case.private or self._tables.get("attached", case))

    def archive(self, family: Family, tombstones: Sequence[Tombstone]) -> None:
        """Leave these in place of a family and of all that is of its cases; `Conflict` if it is not as it was read.

        Only the key of its files stays: it opens them where they lie now.
        """
        for one in tombstones:
            if self._tables.get("archived", one.case) is not None:
                raise Conflict(TAKEN)
            self._tables.put("archived", one.case, one)
        for case in family.cases.values():
            kept = self._kept(case.id)
            if kept is None or kept.case.head != case.head:
                raise Conflict(f"case `{case.id}` was changed meanwhile; read it again and decide anew")
            self._tables.drop("cases", case.id)
            self._tables.drop("attached", case.id)
        self._let_go(family.cases.keys())
        self._tables.drop("families", family.root)
        self._tables.drop("due", family.root)

    def _let_go(self, members: Collection[str]) -> None:
        """Drop what is of these cases in other tables."""
        for table in _FIRST:
            self._drop(table, [key for key, _ in self._tables.rows(table) if key[0] in members])
        self._drop("requests", [key for key, one in self._tables.rows("requests") if one.case in members])
        self._drop("outbox", [key for key, one in self._tables.rows("outbox") if one.message.case in members])
        for place, cases in list(self._tables.rows("listening")):
            left = tuple(one for one in cases if one not in members)
            self._tables.put("listening", place, left) if left else self._tables.drop("listening", place)

    def _drop(self, table: str, keys: Sequence[object]) -> None:
        for key in keys:
            self._tables.drop(table, key)

    def locked_files(self, case: str) -> list[LockedFile]:
        """Its files, locked now by the key of them; each content once, in the order of attaching."""
        hashes = dict.fromkeys(one.hash for one in self._tables.get("attached", case) or ())
        found: list[FileInMemory] = [self._tables.get("attachments", (case, digest)) for digest in hashes]
        return [one.locked(case, self.key_of_files(case)) for one in found]

    def note_erased_files(self, erased: ErasedFiles) -> None:
        """Keep for good that the files of an archived case were erased, by whom and why."""
        self._tables.put("erased_files", erased.case, erased)

    def erased_files(self, case: str) -> ErasedFiles | None:
        """Whether the files of this archived case were erased."""
        found: ErasedFiles | None = self._tables.get("erased_files", case)
        return found

    def tombstone(self, case: str) -> Tombstone | None:
        """What is left of an archived case."""
        found: Tombstone | None = self._tables.get("archived", case)
        return found

    def tombstones(self, root: str | None = None) -> Iterator[Tombstone]:
        """What is left of every archived case, or of those of one family, by id."""
        found: list[Tombstone] = [one for _, one in self._tables.rows("archived") if root in (None, one.root)]
        return iter(sorted(found, key=lambda one: one.case))


def _is_over(case: Case, before: int) -> bool:
    is_at_rest = case.fault is None and case.importing is None
    return is_at_rest and case.closed_at is not None and case.closed_at < before

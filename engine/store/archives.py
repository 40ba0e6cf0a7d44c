"""Families that leave for an archive, and what is left of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.core.cases import Family
from engine.errors import Conflict, Outrun
from engine.ports import Tombstone
from engine.store.derived import TAKEN
from engine.store.erasing import Erasing
from engine.store.rows import plain

PAGE = 500
"""Rows fetched at a time."""

_LEFT = (
    "case_id", "root", "process", "version", "opened_ms", "closed_ms", "sequence", "head", "file", "file_hash",
    "archived_ms", "archived_by",
)  # fmt: skip
_OF_A_CASE = (
    "waiting", "records", "personal", "case_keys", "links", "requests", "outbox", "clock_cycles", "affected",
    "listening",
)  # fmt: skip
"""Tables of which all goes that is of an archived case; its row in `cases` goes last."""

_CLOSED = (
    "SELECT id FROM cases WHERE parent IS NULL AND closed_ms IS NOT NULL AND closed_ms < ? AND process = ? "
    "AND fault IS NULL AND importing IS NULL AND id > ?"
)
_WITH_PRIVATE = " AND EXISTS (SELECT 1 FROM cases AS member WHERE member.root = cases.id AND ({}))".format(
    " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {table}.case_id = member.id)"
        for table in ("case_keys", "personal", "attachments")
    )
)
_IN_ORDER = " ORDER BY id LIMIT ?"
_LEAVES = f"INSERT INTO archived ({', '.join(_LEFT)}) VALUES ({', '.join('?' for _ in _LEFT)})"
_FOUND = f"SELECT {', '.join(_LEFT)} FROM archived"


class Archives(Erasing):
    """What is archived of a database."""

    def closed_families(self, process: str, before: int, *, with_private: bool = False) -> Iterator[str]:
        """Roots of this process closed before that instant, by id; none set aside or importing.

        `with_private` only those of whose family a private value, its key or a file is left.
        """
        text = (_CLOSED + _WITH_PRIVATE if with_private else _CLOSED) + _IN_ORDER
        after, page = "", [("",)]
        while page:
            page = self._ask(text, (before, process, after, PAGE)).fetchall()
            for (after,) in page:
                yield after

    def archive(self, family: Family, tombstones: Sequence[Tombstone]) -> None:
        """Leave these in place of a family and of all that is of its cases; `Conflict` if it is not as it was read."""
        try:
            self._bury(tombstones)
        except self._taken as error:  # somebody else was faster
            raise self._spoiled(Outrun(TAKEN)) from error
        for case in family.cases.values():
            self._leave(case.id, case.head)
        self._forget()

    def _bury(self, tombstones: Sequence[Tombstone]) -> None:
        for one in tombstones:
            self._ask(_LEAVES, (
                one.case, one.root, one.process, one.version, one.opened_at, one.closed_at, one.count, one.head,
                plain(one.file, "a file's name"), one.file_hash, one.at, one.by,
            ))  # fmt: skip

    def _leave(self, case: str, head: str) -> None:
        self.forget_files(case)
        for table in _OF_A_CASE:
            self._ask(f"DELETE FROM {table} WHERE case_id = ?", (case,))
        if self._ask("DELETE FROM cases WHERE id = ? AND head = ?", (case, head)).rowcount != 1:
            raise Conflict(f"case `{case}` was changed meanwhile; read it again and decide anew")

    def tombstone(self, case: str) -> Tombstone | None:
        """What is left of an archived case."""
        row = self._ask(f"{_FOUND} WHERE case_id = ?", (case,)).fetchone()
        return None if row is None else _tombstone(row)

    def tombstones(self) -> Iterator[Tombstone]:
        """What is left of every archived case, by id."""
        after = ""
        page: list[Any] = [()]
        while page:
            page = self._ask(f"{_FOUND} WHERE case_id > ? ORDER BY case_id LIMIT ?", (after, PAGE)).fetchall()
            for row in page:
                after = row[0]
                yield _tombstone(row)


def _tombstone(row: Sequence[Any]) -> Tombstone:
    case, root, process, version, opened_at, closed_at, count, head, file, file_hash, at, by = row
    return Tombstone(
        case=case, root=root, process=process, version=version, opened_at=opened_at, closed_at=closed_at, count=count,
        head=head, file=file, file_hash=file_hash, at=at, by=by,
    )  # fmt: skip

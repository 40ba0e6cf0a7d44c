"""Families that leave for an archive, and what is left of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.core.cases import Family
from engine.errors import Conflict, Outrun
from engine.ports import ErasedFiles, LockedFile, Tombstone
from engine.sealing import owner_of_files
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
_LOCKED = (
    "SELECT attachments.hash, name, media_type, at_ms, content FROM attachments JOIN contents "
    "ON contents.case_id = attachments.case_id AND contents.hash = attachments.hash "
    "WHERE attachments.case_id = ? ORDER BY attachments.id"
)
_ERASED = "SELECT erased_ms, erased_by, reason FROM erased_files WHERE case_id = ?"
_ERASES = "INSERT INTO erased_files (case_id, erased_ms, erased_by, reason) VALUES (?, ?, ?, ?)"


class Archives(Erasing):
    """What is archived of a database."""

    def closed_families(
        self, process: str, before: int, *, after: str = "", with_private: bool = False
    ) -> Iterator[str]:
        """Roots of this process closed before that instant, by id, those after this one; none set aside or importing.

        `with_private` only those of whose family a private value, its key or a file is left.
        """
        text = (_CLOSED + _WITH_PRIVATE if with_private else _CLOSED) + _IN_ORDER
        page = [("",)]
        while page:
            page = self._ask(text, (before, process, after, PAGE)).fetchall()
            for (after,) in page:
                yield after

    def archive(self, family: Family, tombstones: Sequence[Tombstone]) -> None:
        """Leave these in place of a family and of all that is of its cases; `Conflict` if it is not as it was read.

        Only the key of its files stays: it opens them where they lie now.
        """
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
        self._run("NO_CONTENTS", case)
        self._run("NO_ATTACHMENTS", case)
        for table in _OF_A_CASE:
            self._ask(f"DELETE FROM {table} WHERE case_id = ?", (case,))
        if self._ask("DELETE FROM cases WHERE id = ? AND head = ?", (case, head)).rowcount != 1:
            raise Conflict(f"case `{case}` was changed meanwhile; read it again and decide anew")

    def locked_files(self, case: str) -> list[LockedFile]:
        """Its files as they are stored, each content once, in the order of attaching; told without the host's key."""
        found = {
            digest: LockedFile(hash=digest, name=name, media_type=media_type, at=at, content=bytes(content))
            for digest, name, media_type, at, content in self._ask(_LOCKED, (case,)).fetchall()
        }  # of one attached again the newest name
        return list(found.values())

    def key_of_files(self, case: str) -> str:
        """The key of its files as it is stored, of an archived case too; empty where there is none."""
        return self._key_of(owner_of_files(case))

    def key_for_files(self, case: str) -> str:
        """The same, made now where there is none yet; `KeyMissing` where there was one, for files are there."""
        key, owner = self.key_of_files(case), owner_of_files(case)
        if not key and self._run("HOLDS_FILES", case).fetchone() is not None:
            self._driver.keys.open(key, owner)
        return key or self._key_for(owner)

    def note_erased_files(self, erased: ErasedFiles) -> None:
        """Keep for good that the files of an archived case were erased, by whom and why."""
        self._ask(_ERASES, (erased.case, erased.at, erased.by, plain(erased.reason, "a reason")))

    def erased_files(self, case: str) -> ErasedFiles | None:
        """Whether the files of this archived case were erased."""
        row = self._ask(_ERASED, (case,)).fetchone()
        return None if row is None else ErasedFiles(case=case, at=row[0], by=row[1], reason=row[2])

    def tombstone(self, case: str) -> Tombstone | None:
        """What is left of an archived case."""
        row = self._ask(f"{_FOUND} WHERE case_id = ?", (case,)).fetchone()
        return None if row is None else _tombstone(row)

    def tombstones(self, root: str | None = None) -> Iterator[Tombstone]:
        """What is left of every archived case, or of those of one family, by id."""
        of, given = ("", ()) if root is None else (" AND root = ?", (root,))
        after = ""
        page: list[Any] = [()]
        while page:
            text = f"{_FOUND} WHERE case_id > ?{of} ORDER BY case_id LIMIT ?"
            page = self._ask(text, (after, *given, PAGE)).fetchall()
            for row in page:
                after = row[0]
                yield _tombstone(row)


def _tombstone(row: Sequence[Any]) -> Tombstone:
    case, root, process, version, opened_at, closed_at, count, head, file, file_hash, at, by = row
    return Tombstone(
        case=case, root=root, process=process, version=version, opened_at=opened_at, closed_at=closed_at, count=count,
        head=head, file=file, file_hash=file_hash, at=at, by=by,
    )  # fmt: skip

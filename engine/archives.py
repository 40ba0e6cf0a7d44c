"""What is left of archived cases, and what a store is asked about them; part of `engine.ports`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.core.cases import Family
from engine.stored import LockedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What is left of an archived case."""

    case: str
    root: str
    process: str
    version: int
    opened_at: int
    closed_at: int
    count: int  # of its records
    head: str  # hash of the newest
    file: str  # its name
    file_hash: str
    at: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedFiles:
    """That the files of an archived case were erased: their key is destroyed, wherever copies of them lie."""

    case: str
    at: int
    by: str
    reason: str


class Archives(Protocol):
    """Families that have left, and those that may leave."""

    def closed_families(
        self, process: str, before: int, *, after: str = "", with_private: bool = False
    ) -> Iterator[str]:
        """Roots of this process closed before that instant, by id, those after this one; none set aside or importing.

        `with_private` only those of whose family a private value, its key or a file is left.
        """

    def archive(self, family: Family, tombstones: Sequence[Tombstone]) -> None:
        """Leave these in place of a family and of all that is of its cases; `Conflict` if it is not as it was read.

        Only the key of its files stays: it opens them where they lie now.
        """

    def locked_files(self, case: str) -> list[LockedFile]:
        """Its files as they are stored, each content once, in the order of attaching; told without the host's key."""

    def key_of_files(self, case: str) -> str:
        """The key of its files as it is stored, of an archived case too; empty where there is none."""

    def key_for_files(self, case: str) -> str:
        """The same, made now where there is none yet."""

    def note_erased_files(self, erased: ErasedFiles) -> None:
        """Keep for good that the files of an archived case were erased, by whom and why."""

    def erased_files(self, case: str) -> ErasedFiles | None:
        """Whether the files of this archived case were erased."""

    def tombstone(self, case: str) -> Tombstone | None:
        """What is left of an archived case."""

    def tombstones(self, root: str | None = None) -> Iterator[Tombstone]:
        """What is left of every archived case, or of those of one family, by id."""

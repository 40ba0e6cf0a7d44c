"""What is left of archived cases, and what a store is asked about them; part of `engine.ports`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.core.cases import Family


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


class Archives(Protocol):
    """Families that have left, and those that may leave."""

    def closed_families(self, process: str, before: int, *, with_private: bool = False) -> Iterator[str]:
        """Roots of this process closed before that instant, by id; none set aside or importing.

        `with_private` only those of whose family a private value, its key or a file is left.
        """

    def archive(self, family: Family, tombstones: Sequence[Tombstone]) -> None:
        """Leave these in place of a family and of all that is of its cases; `Conflict` if it is not as it was read."""

    def tombstone(self, case: str) -> Tombstone | None:
        """What is left of an archived case."""

    def tombstones(self) -> Iterator[Tombstone]:
        """What is left of every archived case, by id."""

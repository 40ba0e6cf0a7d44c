"""What proofs and erasures ask of a store; part of `engine.ports`, which every store passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol


class Imprint(NamedTuple):
    """A case, and one hash over every row that is verified of it, its records' among them."""

    case: str
    root: str
    records: int
    head: str
    rows: str


class Heads(Protocol):
    """Where every chain stands, and where it stood."""

    def heads(self) -> Iterator[tuple[str, int, str]]:
        """Every case with how many records it has and the hash of the newest, by id."""

    def hashes_at(self, places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], str]:
        """The hashes of the records in these places, a few hundred; of a place without one, or a case, nothing."""

    def chains(self) -> Iterator[tuple[str, int, str, str]]:
        """Every record that is not archived, by case and sequence: these, its text and its hash."""

    def imprints(self) -> Iterator[Imprint]:
        """The imprint of every case that is not archived, by id. It is the same as before while no row changed, and
        only this store can tell it: another one writes its rows in another way."""

    def imprint(self, case: str) -> Imprint | None:
        """That of one case; None where there is none."""


class Erasures(Protocol):
    """What goes with private values that are erased, and the keys of all others."""

    def holds_files(self, case: str) -> bool:
        """Whether anything is attached to this case; told without the host's key."""

    def forget_files(self, case: str) -> int:
        """Destroy the key of this case's files, and forget them; how many."""

    def forget_traces(self, case: str) -> None:
        """Forget what else could tell its values: digests of its commands, which no repeat fits any more; troubles
        of its deliveries."""

    def keys_beside(self, mark: str, after: str, most: int) -> list[tuple[str, str]]:
        """Owners and stored keys that do not begin with this mark, by owner, those after `after`, at most so many."""

    def count_keys(self) -> Mapping[str, int]:
        """How many keys there are, by the mark of the host's key that wraps them; empty for those in clear."""

    def count_cases_under(self, mark: str) -> int:
        """How many cases have private values under a key with this mark."""

    def replace_key(self, owner: str, stored: str) -> None:
        """The same key, wrapped anew."""

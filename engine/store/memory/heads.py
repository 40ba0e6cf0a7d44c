"""Where every chain stands and stood, and every publication as it was, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.ports import Publication
from engine.store.memory.cases import MemoryWork


class MemoryHeads(MemoryWork):
    """The ends of chains."""

    def heads(self) -> Iterator[tuple[str, int, str]]:
        """Every case with how many records it has and the hash of the newest, by id; archived ones as they left."""
        hot = [(name, kept.case.sequence, kept.case.head) for name, kept in self._tables.rows("cases")]
        left = [(name, one.count, one.head) for name, one in self._tables.rows("archived")]
        yield from sorted([*hot, *left])

    def hashes_at(self, places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], str]:
        """The hashes of the records in these places; of a place without one, or a case, nothing."""
        found = {place: self._tables.get("records", place) for place in places if self._kept(place[0]) is not None}
        return {place: record.hash for place, record in found.items() if record is not None}

    def editions(self) -> list[Publication]:
        """Every publication as it was, oldest first: of a version with new words more than one."""
        return [found for _, found in sorted(self._tables.rows("definitions"), key=lambda row: row[0])]

"""Where every chain stands and stood, and every publication as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge

from engine.ports import Publication
from engine.store.registry import Shelf

PAGE = 1_000
"""Cases fetched at a time."""

_LEFT = "SELECT case_id, sequence, head FROM archived WHERE case_id > ? ORDER BY case_id LIMIT ?"
_PLACE = "(CAST(? AS TEXT), CAST(? AS BIGINT))"

# Joined from the left: asked for with `IN`, SQLite would read the whole table for every few places.
_HASHES = (
    "WITH wanted(case_id, sequence) AS (VALUES {places}) SELECT records.case_id, records.sequence, records.hash "
    "FROM wanted LEFT JOIN records ON records.case_id = wanted.case_id AND records.sequence = wanted.sequence "
    "LEFT JOIN cases ON cases.id = wanted.case_id WHERE records.case_id IS NOT NULL AND cases.id IS NOT NULL"
)
# Where records stand in months, each is looked for from that month on in which its case was opened.
_IN_MONTHS = (
    "WITH wanted(case_id, sequence) AS (VALUES {places}) SELECT records.case_id, records.sequence, records.hash "
    "FROM wanted JOIN cases ON cases.id = wanted.case_id JOIN records ON records.case_id = cases.id "
    "AND records.sequence = wanted.sequence AND records.at_ms >= cases.opened_ms"
)


def hashes_text(count: int, *, has_months: bool = False) -> str:
    """What asks for the hashes in so many places."""
    return (_IN_MONTHS if has_months else _HASHES).format(places=", ".join([_PLACE] * count))


class Heads(Shelf):
    """The ends of chains."""

    def heads(self) -> Iterator[tuple[str, int, str]]:
        """Every case with how many records it has and the hash of the newest, by id; archived ones as they left."""
        yield from merge(self._hot_heads(), self._left_heads())

    def _left_heads(self) -> Iterator[tuple[str, int, str]]:
        page = self._ask(_LEFT, ("", PAGE)).fetchall()
        while page:
            yield from map(tuple, page)
            page = self._ask(_LEFT, (page[-1][0], PAGE)).fetchall() if len(page) == PAGE else []

    def _hot_heads(self) -> Iterator[tuple[str, int, str]]:
        page = self._run("HEADS", "", PAGE).fetchall()
        while page:
            yield from map(tuple, page)
            page = self._run("HEADS", page[-1][0], PAGE).fetchall() if len(page) == PAGE else []

    def hashes_at(self, places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], str]:
        """The hashes of the records in these places, a few hundred; of a place without one, or a case, nothing."""
        if not places:
            return {}
        text = hashes_text(len(places), has_months=self._driver.has_months)
        values = [value for place in places for value in place]
        return {(case, sequence): found for case, sequence, found in self._ask(text, values).fetchall()}

    def editions(self) -> list[Publication]:
        """Every publication as it was, oldest first: of a version with new words more than one."""
        return [self._publication(row, row[7]) for row in self._run("DEFINITIONS").fetchall()]

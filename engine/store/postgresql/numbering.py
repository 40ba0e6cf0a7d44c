"""The number of the next case, supposed: the one after that which this process drew last, if nobody else draws any.

Drawn before it is decided what is opened, a number is a message of its own, and keeps others from the next until the
commit. Supposed, it is drawn with all that is written, and only if it is the next; else nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.store.statements import Many

MOST_WANTED = 64
"""Numbers that are to be ours in a row until one is supposed, at most, once one was not so."""

NEXT = (
    "WITH changed AS (UPDATE counters SET number = number + 1 WHERE prefix = $1 AND number = $2 RETURNING 1) "
    "SELECT 1 / count(*) FROM changed"
)
"""Draw a number if this is the one drawn last; else fail."""

NEXT_OF_SEVERAL = Many(
    "WITH changed AS (UPDATE counters SET number = number + 1 FROM (SELECT * FROM unnest($1::text[], $2::bigint[]) "
    "LIMIT $3) AS given (p, n) WHERE prefix = p AND number = n RETURNING 1) "
    "SELECT 1 / (count(*) = $3)::int FROM changed",
    ("text", "bigint"), "counters", (0,),
)  # fmt: skip


class _Count(NamedTuple):
    """How far the numbers of a prefix have come, as far as this process knows."""

    last: int
    wanted: int = 0  # how many more are to be ours in a row until one is supposed
    longer: int = 1  # how many will be, the next time that somebody else has drawn one


class Numbers:
    """The numbers that this process drew last."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def next_of(self, prefix: str) -> int | None:
        """What comes next if nobody else draws any; None where somebody else does, or that is not known."""
        count = self._counts.get(prefix)
        return count.last + 1 if count is not None and not count.wanted else None

    def drew(self, drawn: Mapping[str, int]) -> None:
        """These were drawn last, and are kept."""
        for prefix, number in drawn.items():
            count = self._counts.get(prefix)
            if count is None:
                count = _Count(number)
            elif number != count.last + 1:
                count = _Count(number, count.longer, count.longer)
            elif count.wanted:
                count = _Count(number, count.wanted - 1, count.longer)
            else:
                count = _Count(number, 0, max(1, count.longer // 2))
            self._counts[prefix] = count

    def missed(self, prefixes: Iterable[str]) -> None:
        """What was supposed of these was not so."""
        for prefix in prefixes:
            count = self._counts[prefix]
            longer = min(2 * count.longer, MOST_WANTED)
            self._counts[prefix] = _Count(count.last, longer, longer)

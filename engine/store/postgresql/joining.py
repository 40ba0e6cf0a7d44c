"""What a step writes as one statement, once a connection has often been told the same kinds of writes.

Half of what a statement costs is the statement. Parts of one see the same picture of the tables and are done in no
order, so only writes of different rows are joined, none of which looks at another's: as `gathering` says, there are no
foreign keys, and what gives or frees a unique key has no form for many. The plan of a whole is that of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from engine.store.postgresql.gathering import Told

WORTH = 64
"""How often the same kinds are told until they are joined: to plan a statement anew costs as much as that saves."""

MOST = 100
"""Kinds of steps that are joined on one connection: each is a statement that is kept prepared."""

_PLACE = re.compile(r"\$([0-9]+)")
_SURE = re.compile(r"WITH changed AS \((.*)\) (SELECT .* FROM changed)")
"""An update that fails where it changes nothing: then nothing of what it is joined with is done, either."""

Kinds = tuple[str, ...]


class _Joint(NamedTuple):
    """What the same kinds of writes are joined as."""

    text: str
    beside: tuple[int, ...]  # which of them write rows of one table, and may be joined only if these differ


class Joining:
    """Which kinds of writes one connection was told together, and as what they are joined."""

    def __init__(self) -> None:
        self._told: dict[Kinds, int] = {}  # how often, those that are not joined yet
        self._joints: dict[Kinds, _Joint] = {}

    def text_of(self, told: Sequence[Told]) -> str | None:
        """One statement for all of these, its values in their order; None: they are said one by one."""
        kinds, tables = list[str](), list[str]()
        for text, _, many in told:
            if many is None:
                return None
            kinds.append(text)
            tables.append(many.table)
        if tables.count("cases") != 1:
            return None
        joint = self._joints.get(known := tuple(kinds))
        if joint is None:
            if not self._is_worth_it(known):
                return None
            joint = self._joints[known] = _joint(known, tables)
        if joint.beside and not _are_apart([told[place] for place in joint.beside]):
            return None
        return joint.text

    def _is_worth_it(self, kinds: Kinds) -> bool:
        if len(self._joints) >= MOST:
            return False
        if len(self._told) > 10 * MOST:
            self._told.clear()
        often = self._told[kinds] = self._told.get(kinds, 0) + 1
        return often >= WORTH


def _joint(kinds: Kinds, tables: Sequence[str]) -> _Joint:
    beside = [place for place, table in enumerate(tables) if tables.count(table) > 1]
    return _Joint(join(kinds), tuple(beside))


def join(kinds: Sequence[str]) -> str:
    """These statements as one, of which at most one is an update that fails where it changes nothing."""
    parts, last, place = list[str](), "", 0
    for number, text in enumerate(kinds, 1):
        sure = _SURE.fullmatch(text)
        part, place = _moved(sure[1] if sure is not None else text, place)
        if sure is not None:
            last = sure[2]
        elif number == len(kinds) and not last:
            return f"WITH {', '.join(parts)} {part}"
        parts.append(f"{'changed' if sure is not None else f'part{number}'} AS ({part})")
    return f"WITH {', '.join(parts)} {last}"


def _moved(text: str, by: int) -> tuple[str, int]:
    """A statement whose values come behind so many others, and how many there are with them."""
    most = max([int(found) for found in _PLACE.findall(text)], default=0)
    return _PLACE.sub(lambda found: f"${int(found[1]) + by}", text), by + most


def _are_apart(told: Sequence[Told]) -> bool:
    """Whether each is of a row of its own."""
    rows = {(many.table, many.row_of(values)) for _, values, many in told if many is not None}
    return len(rows) == len(told)

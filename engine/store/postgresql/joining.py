"""What a step writes as one statement, once a connection has often been told the same kinds of writes.

Half of what a statement costs is the statement. Parts of one see the same picture of the tables and are done in no
order, so only writes of different rows are joined, none of which looks at another's: as `gathering` says, there are no
foreign keys, and what gives or frees a unique key has no form for many. The plan of a whole is that of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain
from operator import call
from struct import Struct
from struct import error as StructError
from typing import Any

from psycopg import pq

from engine.store.postgresql.gathering import Ready, Told, in_one
from engine.store.statements import Many

WORTH = 64
"""How often the same kinds are told until they are joined: to plan a statement anew costs as much as that saves."""

MOST = 100
"""Kinds of steps that are joined on one connection: each is a statement that is kept prepared."""

_PLACE = re.compile(r"\$([0-9]+)")
_SURE = re.compile(r"WITH changed AS \((.*)\) (SELECT .* FROM changed)")
"""An update that fails where it changes nothing: then nothing of what it is joined with is done, either."""

_FORMS: dict[str, tuple[Callable[[Any], bytes], int]] = {
    "text": (str.encode, int(pq.Format.TEXT)), "bigint": (Struct(">q").pack, int(pq.Format.BINARY))
}  # fmt: skip

Kinds = tuple[str, ...]


class _Joint:
    """What the same kinds of writes are joined as."""

    __slots__ = ("_encoders", "_formats", "_is_whole", "beside", "text")

    def __init__(self, text: str, kinds: Sequence[str], beside: Sequence[tuple[int, Many]]) -> None:
        self.text = text
        self.beside = tuple(beside)  # which of them write rows of one table: joined only if these differ
        self._encoders, self._formats = zip(*[_FORMS[kind] for kind in kinds], strict=True)
        self._is_whole = True  # there was a value in every place

    def ready(self, told: Sequence[Told]) -> Ready:
        """As it is sent: numbers as the server keeps them, which is less work for both."""
        values = [*chain.from_iterable([values for _, values, _ in told])]
        try:
            if self._is_whole:
                try:
                    return self.text, [*map(call, self._encoders, values)], self._formats
                except (TypeError, StructError):
                    self._is_whole = None not in values
            pairs = zip(self._encoders, values, strict=True)
            return self.text, [None if value is None else encode(value) for encode, value in pairs], self._formats
        except (TypeError, StructError):  # another kind, or more than fits, which the server shall refuse
            return in_one(self.text, values)


class Joining:
    """Which kinds of writes one connection was told together, and as what they are joined."""

    def __init__(self) -> None:
        self._told: dict[Kinds, int] = {}  # how often, those that are not joined yet
        self._joints: dict[Kinds, _Joint] = {}

    def joined(self, told: Sequence[Told]) -> Ready | None:
        """One statement for all of these; None: they are said one by one."""
        kinds = tuple([one[0] for one in told])
        joint = self._joints.get(kinds)
        if joint is None:
            joint = self._new(kinds, [one[2] for one in told])
        if joint is None or None in [one[2] for one in told]:
            return None
        rows = {many.row_of(told[place][1]) for place, many in joint.beside}
        return joint.ready(told) if len(rows) == len(joint.beside) else None

    def _new(self, kinds: Kinds, manys: Sequence[Many | None]) -> _Joint | None:
        """What these are joined as from now on, if they are the step of one case, and are told so often."""
        known = [many for many in manys if many is not None]
        tables = [many.table for many in known]
        if len(known) < len(kinds) or tables.count("cases") != 1 or not self._is_worth_it(kinds):
            return None
        if len([kind for kind in kinds if _SURE.fullmatch(kind)]) > 1:
            return None
        beside = [(place, many) for place, many in enumerate(known) if tables.count(many.table) > 1]
        joint = self._joints[kinds] = _Joint(join(kinds), [kind for many in known for kind in many.kinds], beside)
        return joint

    def _is_worth_it(self, kinds: Kinds) -> bool:
        if len(self._joints) >= MOST:
            return False
        if len(self._told) > 10 * MOST:
            self._told.clear()
        often = self._told[kinds] = self._told.get(kinds, 0) + 1
        return often >= WORTH


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

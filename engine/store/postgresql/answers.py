"""What a server answered, and what is asked of it ahead: once for all values for which it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from psycopg import pq

from engine.store.postgresql.gathering import FEW, FEWEST, Ready, at_once, ready
from engine.store.statements import Many, Text

Values = tuple[Any, ...]
Statement = tuple[str, Values]
Asked = tuple[Text, Values]


class Rows:
    """What one statement was answered."""

    __slots__ = ("_place", "_result", "_rows")

    def __init__(self, rows: list[tuple[Any, ...]], result: pq.abc.PGresult) -> None:
        self._rows = rows
        self._place = 0
        self._result = result

    @property
    def rowcount(self) -> int:
        """How many rows were changed, or found."""
        done = self._result.command_tuples
        return -1 if done is None else done

    @property
    def status(self) -> bytes:
        """What was done, in the server's words."""
        return self._result.command_status or b""

    def only(self, rows: list[tuple[Any, ...]]) -> Rows:
        """These of them."""
        return Rows(rows, self._result)

    def copies(self, times: int) -> list[Rows]:
        """The same answer so often, each to be read from its beginning."""
        return [Rows(self._rows, self._result) for _ in range(times)]

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row or None."""
        if self._place >= len(self._rows):
            return None
        self._place += 1
        return self._rows[self._place - 1]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows left."""
        rows, self._rows = self._rows[self._place :], []
        return rows


class Questions:
    """What is asked ahead, in few statements, and how often each answer will be read."""

    __slots__ = ("_groups", "_often", "ready")

    def __init__(self, asked: Iterable[Asked]) -> None:
        often: dict[Statement, int] = {}
        texts: dict[str, Many | None] = {}
        for text, values in asked:
            one = text.text, values
            if one in often:
                often[one] += 1
            else:
                often[one] = 1
                texts[text.text] = text.many
        self._often = often
        self._groups: list[tuple[Many | None, list[Statement]]] = []
        self.ready: list[Ready]  # as they are sent
        if len(often) < FEW:
            self.ready = [ready(text, values) for text, values in often]
        else:
            self._groups = list(_groups(often, texts))
            self.ready = [
                ready(*group[0]) if many is None else at_once(many, [values for _, values in group])
                for many, group in self._groups
            ]

    def answers(self, found: Sequence[Rows]) -> dict[Statement, list[Rows]]:
        """Each, with its answer as often as it will be read."""
        if not self._groups:
            own: Iterable[tuple[Statement, Rows]] = zip(self._often, found, strict=True)
        else:
            shared = (_shared_out(*group, rows) for group, rows in zip(self._groups, found, strict=True))
            own = chain.from_iterable(shared)
        return {one: [rows] if (times := self._often[one]) == 1 else rows.copies(times) for one, rows in own}


def _groups(
    asked: Iterable[Statement], texts: Mapping[str, Many | None]
) -> Iterator[tuple[Many | None, list[Statement]]]:
    """Those of one text together, where that is less work; of one text that is asked alone, None."""
    groups: dict[str, list[Statement]] = {text: [] for text in texts}
    for one in asked:
        groups[one[0]].append(one)
    for text, group in groups.items():
        many = texts[text]
        if many is None or len(group) < FEWEST:
            yield from ((None, [one]) for one in group)
        else:
            yield many, group


def _shared_out(many: Many | None, group: Sequence[Statement], found: Rows) -> list[tuple[Statement, Rows]]:
    """Of what was found for a group, what each asked for."""
    if many is None:
        return [(group[0], found)]
    rows: dict[Values, list[tuple[Any, ...]]] = {values: [] for _, values in group}
    for row in found.fetchall():
        rows[many.row_of(row)].append(row)
    return [(one, found.only(rows[one[1]])) for one in group]

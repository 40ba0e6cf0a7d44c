"""What a server answered, and what is asked of it ahead: once for all values for which it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer

from engine.store.postgresql.gathering import FEW, FEWEST, Ready, at_once, ready
from engine.store.statements import Many, Text

Values = tuple[Any, ...]
Statement = tuple[str, Values]
Asked = tuple[Text, Values]


class Reader:
    """How the rows of answers are read; those of a statement that is prepared are always of the same types."""

    __slots__ = ("_is_known", "_is_prepared", "_transformer")

    def __init__(self, connection: psycopg.Connection[Any], *, is_prepared: bool) -> None:
        self._transformer = Transformer(connection)
        self._is_prepared = is_prepared
        self._is_known = False

    def rows(self, result: pq.abc.PGresult) -> list[tuple[Any, ...]]:
        """All rows of an answer."""
        count = result.ntuples
        if not count:
            return []
        self._transformer.set_pgresult(result, set_loaders=not self._is_known)
        self._is_known = self._is_prepared
        return self._transformer.load_rows(0, count, tuple)


class Rows:
    """What one statement was answered; it is read when somebody looks."""

    __slots__ = ("_place", "_reader", "_result", "_rows")

    def __init__(
        self, result: pq.abc.PGresult | None, reader: Reader | None, rows: list[tuple[Any, ...]] | None = None
    ) -> None:
        self._result = result
        self._reader = reader
        self._rows = rows
        self._place = 0

    @classmethod
    def remembered(cls, rows: list[tuple[Any, ...]]) -> Rows:
        """What the server would answer, were it asked."""
        return cls(None, None, rows)

    @property
    def rowcount(self) -> int:
        """How many rows were changed, or found."""
        done = len(self._all()) if self._result is None else self._result.command_tuples
        return -1 if done is None else done

    @property
    def status(self) -> bytes:
        """What was done, in the server's words."""
        return (self._result and self._result.command_status) or b""

    def only(self, rows: list[tuple[Any, ...]]) -> Rows:
        """These of them."""
        return Rows(self._result, self._reader, rows)

    def again(self) -> Rows:
        """The same answer, to be read from its beginning."""
        return Rows(self._result, self._reader, self._all())

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row or None."""
        rows = self._all()
        if self._place >= len(rows):
            return None
        self._place += 1
        return rows[self._place - 1]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows left."""
        left = self._all()[self._place :]
        self._place += len(left)
        return left

    def _all(self) -> list[tuple[Any, ...]]:
        if self._rows is None:
            assert self._reader is not None
            assert self._result is not None
            self._rows = self._reader.rows(self._result)
        return self._rows


class Questions:
    """What is asked ahead, in few statements, and what is asked more than once."""

    __slots__ = ("_asked", "_groups", "ready", "repeated")

    def __init__(self, asked: Iterable[Asked]) -> None:
        self._asked: dict[Statement, Many | None] = {}
        self.repeated: dict[Statement, int] = {}  # how often besides
        for text, values in asked:
            one = text.text, values
            if one in self._asked:
                self.repeated[one] = self.repeated.get(one, 0) + 1
            else:
                self._asked[one] = text.many
        self._groups: list[tuple[Many | None, list[Statement]]] = []
        self.ready: list[Ready]  # as they are sent
        if len(self._asked) < FEW:
            self.ready = [ready(text, values) for text, values in self._asked]
        else:
            self._groups = list(_groups(self._asked))
            self.ready = [
                ready(*group[0]) if many is None else at_once(many, [values for _, values in group])
                for many, group in self._groups
            ]

    def answers(self, found: Sequence[Rows]) -> Iterable[tuple[Statement, Rows]]:
        """Each with its answer."""
        if not self._groups:
            return zip(self._asked, found, strict=True)
        shared = (_shared_out(*group, rows) for group, rows in zip(self._groups, found, strict=True))
        return chain.from_iterable(shared)


def _groups(asked: Mapping[Statement, Many | None]) -> Iterator[tuple[Many | None, list[Statement]]]:
    """Those of one text together, where that is less work; of one text that is asked alone, None."""
    groups: dict[str, tuple[Many | None, list[Statement]]] = {}
    for one, many in asked.items():
        groups.setdefault(one[0], (many, []))[1].append(one)
    for many, group in groups.values():
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

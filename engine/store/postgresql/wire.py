"""One connection's way to its server and back: statements go together, and one wait answers all of them.

libpq's pipeline mode, by psycopg's own wrapper of libpq: a cursor of psycopg's costs more for each statement than the
server. What only writes waits here until something is asked or committed, and goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any, NamedTuple

import psycopg
from psycopg import pq

from engine.store.sql import Late

PREPARED = 300
"""Statements a connection keeps prepared."""

OFTEN = 3
"""How often a text is used until it is prepared; those put together for one occasion hardly ever are."""

Statement = tuple[str, tuple[Any, ...]]
Cursor = psycopg.RawCursor[tuple[Any, ...]]

_LOADERS: dict[int, Callable[[bytes], Any]] = {
    16: b"t".__eq__, 20: int, 21: int, 23: int, 25: bytes.decode, 1043: bytes.decode,
}  # fmt: skip
"""How the types of our columns are read: yes or no, whole numbers, texts. Others are read as psycopg does."""


class Rows:
    """What one statement was answered."""

    __slots__ = ("_place", "_rows", "rowcount", "status")

    def __init__(self, rows: list[tuple[Any, ...]], rowcount: int, status: bytes) -> None:
        self._rows = rows
        self._place = 0
        self.rowcount = rowcount
        self.status = status  # what was done, in the server's words

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


class Owner(NamedTuple):
    """Whose answer comes next."""

    text: str
    is_prepared: bool = False  # by this, and not asked yet


class Mark(NamedTuple):
    """How far a transaction was: the round trips made, and the statements that waited then."""

    trips: int
    waiting: int


class Ready(NamedTuple):
    """A statement as libpq sends it."""

    text: str
    values: Sequence[bytes | None]
    formats: Sequence[int] | None = None


class Wire:
    """A connection of psycopg's, on which statements go together."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.trips = 0
        self.begun: list[Rows] = []
        self._connection = cursor.connection
        self._libpq = cursor.connection.pgconn
        self._waiting: list[Ready] = []
        self._ahead: dict[Statement, Rows] = {}
        self._names: dict[str, bytes] = {}
        self._made = 0
        self._uses: dict[str, int] = {}
        self._loaders: dict[str, tuple[Callable[[bytes], Any], ...]] = {}
        self._selector = DefaultSelector()
        self._events = EVENT_READ
        self._selector.register(self._libpq.socket, EVENT_READ)

    def close(self) -> None:
        """Let go of the connection."""
        self._selector.close()
        self._connection.close()

    def forget(self) -> None:
        """The transaction is over: nothing waits, and nothing is known."""
        self._waiting.clear()
        self._ahead.clear()

    def begin(self, texts: Sequence[Statement], ahead: Sequence[Statement]) -> None:
        """Begin a transaction, and ask what it will read first; the answers to the former are `begun`."""
        self.begun = []
        found, failed = self._exchange([_ready(text, values) for text, values in (*texts, *ahead)])
        self.begun = found[: len(texts)]
        if failed is not None:
            raise failed
        self._ahead.update(zip(ahead, found[len(texts) :], strict=True))

    # -- asking --------------------------------------------------------------------------------------------------------

    def execute(self, text: str, values: Sequence[Any] = ()) -> Rows:
        """What this statement is answered, those that waited sent before it."""
        given = tuple(values)
        if self._ahead and (found := self._ahead.pop((text, given), None)) is not None:
            return found
        return self.ask([(text, given)])[0]

    def ask(self, asked: Sequence[Statement]) -> list[Rows]:
        """What these statements are answered, in one round trip with those that waited."""
        waiting, self._waiting = self._waiting, []
        found, failed = self._exchange([*waiting, *[_ready(text, values) for text, values in asked]])
        if failed is not None:
            raise Late(failed) if len(found) < len(waiting) else failed
        return found[len(waiting) :]

    def tell(self, text: str, values: Sequence[Any] = ()) -> None:
        """Send this with what is asked or committed next; nobody wants to know its answer."""
        self._waiting.append(_ready(text, values))

    def look_ahead(self, asked: Iterable[Statement]) -> None:
        """Ask now what will be asked one by one; each answer is good once."""
        wanted = [one for one in asked if one not in self._ahead]
        if wanted:
            self._ahead.update(zip(wanted, self.ask(wanted), strict=True))

    def forget_ahead(self) -> None:
        """What was asked ahead may not be so any more."""
        self._ahead.clear()

    # -- parts ---------------------------------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """How far the transaction is now."""
        return Mark(self.trips, len(self._waiting))

    def back_to(self, mark: Mark) -> bool:
        """Leave out what has waited since; whether that is all, so that the server knows nothing of it."""
        is_all = mark.trips == self.trips
        del self._waiting[mark.waiting if is_all else 0 :]
        return is_all

    # -- there and back ------------------------------------------------------------------------------------------------

    def _exchange(self, statements: Sequence[Ready]) -> tuple[list[Rows], psycopg.Error | None]:
        """Send all and hear all: the answers, up to the first error."""
        self.trips += 1
        try:
            self._libpq.enter_pipeline_mode()
            owners: list[Owner] = []
            for one in statements:
                self._send(one, owners)
            self._libpq.pipeline_sync()
            heard = self._hear(owners)
            self._libpq.exit_pipeline_mode()
        except BaseException:
            self.close()  # nobody knows what is still on its way
            raise
        return heard

    def _send(self, one: Ready, owners: list[Owner]) -> None:
        name = self._names.get(one.text)
        if name is None and self._is_often(one.text):
            name = self._names[one.text] = b"cw%d" % self._made
            self._made += 1
            self._libpq.send_prepare(name, one.text.encode())
            owners.append(Owner(one.text, is_prepared=True))
        if name is None:
            self._libpq.send_query_params(one.text.encode(), one.values, param_formats=one.formats)
        else:
            self._libpq.send_query_prepared(name, one.values, one.formats)
        owners.append(Owner(one.text))

    def _is_often(self, text: str) -> bool:
        if len(self._uses) > 10 * PREPARED:
            self._uses.clear()
        used = self._uses[text] = self._uses.get(text, 0) + 1
        return used >= OFTEN and len(self._names) < PREPARED

    def _hear(self, owners: Sequence[Owner]) -> tuple[list[Rows], psycopg.Error | None]:
        rows: list[Rows] = []
        failed: psycopg.Error | None = None
        turn = iter(owners)
        while True:
            try:
                result = self._next()
            except psycopg.OperationalError as lost:
                raise failed or lost from lost  # what the server said last says more
            if result is None:
                continue  # the end of one statement's answer
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                return rows, failed
            owner = next(turn)
            if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
                if not owner.is_prepared:
                    rows.append(self._read(owner.text, result))
                continue
            if owner.is_prepared:
                self._names.pop(owner.text, None)
            if failed is None:
                failed = psycopg.errors.error_from_result(result)

    def _next(self) -> pq.abc.PGresult | None:
        libpq = self._libpq
        while libpq.is_busy():
            self._wait()
            libpq.consume_input()
        result = libpq.get_result()
        if result is None and libpq.status == pq.ConnStatus.BAD:
            raise psycopg.OperationalError("the server has closed the connection")
        return result

    def _wait(self) -> None:
        """Until the server says something, or takes more of what is not sent yet; psycopg's connections never block."""
        events = EVENT_READ | EVENT_WRITE if self._libpq.flush() else EVENT_READ
        if events != self._events:
            self._selector.modify(self._libpq.socket, events)
            self._events = events
        self._selector.select()

    def _read(self, text: str, result: pq.abc.PGresult) -> Rows:
        done = result.command_tuples
        rows: list[tuple[Any, ...]] = []
        if result.ntuples:
            get = result.get_value
            loaders = self._loaders.get(text) or self._loaders_of(text, result)
            for row in range(result.ntuples):
                told = [get(row, column) for column in range(len(loaders))]
                rows.append(tuple([one if one is None else load(one) for one, load in zip(told, loaders, strict=True)]))
        return Rows(rows, -1 if done is None else done, result.command_status or b"")

    def _loaders_of(self, text: str, result: pq.abc.PGresult) -> tuple[Callable[[bytes], Any], ...]:
        found = tuple(_loader(result.ftype(column)) for column in range(result.nfields))
        if text in self._names:
            self._loaders[text] = found
        return found


def _loader(oid: int) -> Callable[[bytes], Any]:
    if oid in _LOADERS:
        return _LOADERS[oid]
    loader = psycopg.adapters.get_loader(oid, pq.Format.TEXT)
    return loader(oid).load if loader is not None else bytes.decode


def _ready(text: str, values: Sequence[Any]) -> Ready:
    """Values without a type: the column beside one says it, and one statement serves numbers of every size."""
    given = [_DUMPERS[type(value)](value) for value in values]
    if bytes not in map(type, values):
        return Ready(text, given)
    return Ready(text, given, [pq.Format(type(value) is bytes) for value in values])


def _text(value: str) -> bytes:
    if "\x00" in value:
        raise psycopg.DataError("a text of PostgreSQL cannot contain NUL")
    return value.encode()


_DUMPERS: dict[type, Callable[[Any], bytes | None]] = {
    str: _text, int: b"%d".__mod__, bytes: bytes, bool: lambda value: b"ft"[value : value + 1],
    type(None): lambda value: None,
}  # fmt: skip

"""One transaction of a server's store, for `with`: how it begins, and that it ends."""

from __future__ import annotations

from collections.abc import Sequence
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from engine.ports import Ahead
from engine.store.ahead import statements_of
from engine.store.postgresql.answers import Asked, Statement
from engine.store.postgresql.supposing import Supposed
from engine.store.sql import Driver
from engine.store.transaction import SqlTransaction

if TYPE_CHECKING:
    from engine.store.postgresql.store import PostgresStore

BEGIN = ("BEGIN ISOLATION LEVEL READ COMMITTED", ())
FOR_NOW = ("SET LOCAL synchronous_commit = off", ())
LOOK = ("BEGIN READ ONLY", ())
READ = (
    ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", ()),
    ("SET LOCAL idle_in_transaction_session_timeout = 0", ()),
)


class Beginning(NamedTuple):
    """How a transaction begins: by saying this, with questions; or supposing what it would be answered."""

    texts: Sequence[Statement]
    ahead: Sequence[Asked] | None = None  # what is asked with it; None: nothing waits to be sent, either
    supposed: Supposed | None = None
    steps: int = 0  # that are to come, if that is known


class Writing:
    """One transaction that writes."""

    def __init__(self, store: PostgresStore, beginning: Beginning, driver: Driver | None = None) -> None:
        self._store = store
        self._beginning = beginning
        self._driver = driver or store.driver

    def __enter__(self) -> SqlTransaction:
        store, beginning = self._store, self._beginning
        self._wire = wire = store._begin_to_write(beginning)
        wire.left = beginning.steps
        deferring = wire if beginning.ahead is not None or beginning.supposed is not None else None
        self._work = SqlTransaction(wire.execute, self._driver, store.memo, None, deferring)
        return self._work

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        store = self._store
        try:
            if error is None:
                store._commit(self._wire, self._work)
            else:
                store._pool.give_back(self._wire)
        finally:
            store._writing.discard(get_ident())
        if isinstance(error, psycopg.Error):
            raise store._explain(error) from error


class Reading:
    """One look of one reader."""

    __slots__ = ("_ahead", "_store", "_wire")

    def __init__(self, store: PostgresStore, ahead: Ahead) -> None:
        self._store = store
        self._ahead = ahead

    def __enter__(self) -> SqlTransaction:
        store = self._store
        self._wire = store._begun_on_ours(READ, statements_of(self._ahead, store.driver.texts, store.memo))
        return SqlTransaction(self._wire.execute, self._store.driver, self._store.memo)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._store._pool.give_back(self._wire)
        if isinstance(error, psycopg.Error):
            raise self._store._explain(error) from error

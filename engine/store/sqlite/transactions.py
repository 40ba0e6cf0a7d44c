"""One turn of a writer and one look of a reader, at the embedded store."""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import TYPE_CHECKING

from engine.store.line import Place
from engine.store.sqlite.trouble import DAMAGE
from engine.store.transaction import SqlTransaction

if TYPE_CHECKING:
    from engine.store.sqlite.store import SqliteStore


class Writing:
    """One turn of one writer, for `with`."""

    __slots__ = ("_level", "_place", "_store", "_work")

    def __init__(self, store: SqliteStore, level: str, place: Place | None = None) -> None:
        self._store = store
        self._level = level
        self._place = place  # of whose turn it is already

    def __enter__(self) -> SqlTransaction:
        place = self._place
        if place is None:
            place = Place()
            self._store._enter(place)
        self._work = self._store._begin(self._level, place)
        return self._work

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is None:
            self._store._commit(self._work)
            return
        self._store._rollback()
        if isinstance(error, sqlite3.Error):
            raise self._store._explain(error) from error


class Reading:
    """One look of one reader, for `with`."""

    __slots__ = ("_reader", "_store")

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def __enter__(self) -> SqlTransaction:
        store = self._store
        try:
            self._reader = store._take_reader()
            try:
                self._reader.execute("BEGIN")
                # The first select fixes what the reader sees, so it stands here and not somewhere in the caller's work.
                store._check_revision(self._reader)
            except BaseException:
                store._readers.give_back(self._reader)
                raise
        except DAMAGE as error:
            raise store._explain(error) from error
        return SqlTransaction(self._reader.execute, store.driver, store.memo)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._store._readers.give_back(self._reader)
        if error is None or isinstance(error, Exception):
            self._reader.must_be_true()
        if isinstance(error, DAMAGE):
            raise self._store._explain(error) from error

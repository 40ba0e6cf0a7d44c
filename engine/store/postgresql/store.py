"""The shared store: one PostgreSQL database, written to by any number of processes on any number of machines.

A writer locks the rows it decides on, and reads the database's clock after that. READ COMMITTED, so that who waited for
a lock sees what the other wrote. Readers have one picture each, and keep nobody waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from threading import Event, Lock, get_ident
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import psycopg

from engine.errors import EngineError, StoreUnavailable
from engine.sealing import NO_KEYS, HostKeys
from engine.store.address import Address
from engine.store.hosted import Guests
from engine.store.postgresql.hosted import PostgresHosted
from engine.store.postgresql.listening import Listening
from engine.store.postgresql.pool import Cursor, Pool
from engine.store.postgresql.schema import state_of, state_of_server, whereabouts
from engine.store.postgresql.trouble import explain, explain_commit, explain_connecting, is_lost
from engine.store.rows import Memo
from engine.store.schema import SELECT_VERSION, State, check_revision, must_be_current
from engine.store.sql import Driver
from engine.store.statements import texts_of
from engine.store.transaction import SqlTransaction
from engine.stored import Server

if TYPE_CHECKING:
    from engine.store.hosted import HostConnection

T = TypeVar("T")

# The version is read with the beginning, in one message: whose tables these are, and the picture a reader will see.
WRITE = f"BEGIN ISOLATION LEVEL READ COMMITTED; {SELECT_VERSION}"
WRITE_FOR_NOW = f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off; {SELECT_VERSION}"
READ = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0; "
    f"{SELECT_VERSION}"
)


@lru_cache(maxsize=1_000)
def marked(text: str) -> str:
    """The text with `$1`, `$2` … where values stand."""
    first, *parts = text.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(parts, 1))


class PostgresStore:
    """Cases in one PostgreSQL database."""

    def __init__(self, address: Address, keys: HostKeys = NO_KEYS) -> None:
        self._address = address
        self.keys = keys
        self.path = address.path
        self.driver = Driver(
            texts=texts_of("postgresql"),
            locks_rows=True,
            taken=psycopg.IntegrityError,
            failed=psycopg.Error,
            explain=self._explain,
            keys=keys,
            marked=marked,
        )
        self.memo = Memo()
        self._pool = Pool(address)
        self._count = Lock()
        self._open: set[Cursor] = set()
        self._writing: set[int] = set()  # threads
        self._guests = Guests()
        self._whereabouts: tuple[object, ...] | None = None
        self._is_closed = False

    def state(self) -> State:
        """How the tables of the database stand."""
        cursor = self._begun("BEGIN READ ONLY")
        try:
            return state_of(cursor, self.path)
        except psycopg.Error as error:
            raise self._explain(error) from error
        finally:
            self._end(cursor)

    def write(self, *, is_lasting: bool = True) -> Writing:
        """Committed at the end, or rolled back if an exception leaves it; a power cut may undo what is not lasting."""
        return Writing(self, WRITE if is_lasting else WRITE_FOR_NOW)

    def do(self, work: Callable[[SqlTransaction], T]) -> T:
        """Do this in a transaction of its own."""
        with self.write() as tx:
            return work(tx)

    def read(self) -> Reading:
        """A consistent picture as of its beginning; it neither waits for writers nor keeps them waiting."""
        return Reading(self)

    def inside(self, connection: HostConnection) -> PostgresHosted:
        """This database in the transaction of the host's connection, standing or falling with it."""
        self._check_open()
        return PostgresHosted(self, connection)

    def whereabouts(self) -> tuple[object, ...]:
        """Which database of which server, and which tables there."""
        if self._whereabouts is None:
            cursor = self._begun("BEGIN READ ONLY")
            try:
                self._whereabouts = whereabouts(cursor)
            finally:
                self._end(cursor)
        return self._whereabouts

    def welcome(self, connection: HostConnection) -> None:
        """Remember whose transaction this thread works in: it would wait for what only itself can end."""
        self._guests.welcome(connection)

    def server(self) -> Server:
        """How the server stands; its clock against this machine's, half the way there and back left out."""
        cursor = self._begun("BEGIN READ ONLY")
        try:
            return state_of_server(cursor)
        except psycopg.Error as error:
            raise self._explain(error) from error
        finally:
            self._end(cursor)

    def scrub(self) -> None:
        """Let the server reuse the room of what was deleted; its own logs and copies of the files are beyond us."""
        cursor, _ = self._pool.take()
        try:
            cursor.execute("VACUUM case_keys, personal, parties", prepare=False)
        except psycopg.Error as error:
            raise self._explain(error) from error
        finally:
            self._pool.give_back(cursor)

    def listening(self, woken: Event) -> AbstractContextManager[None]:
        """Set this event whenever a transaction elsewhere has said `wake`."""
        self._check_open()
        return Listening(self._address, woken)

    def close(self) -> None:
        """Let go of the connections; a transaction still open is an error."""
        with self._count:
            if self._open:
                raise RuntimeError("the store cannot be closed: a transaction is still open")
            self._is_closed = True
        self._pool.forget_idle()

    def _explain(self, error: Exception) -> EngineError:
        return explain(error, self.path)

    # -- transactions --------------------------------------------------------------------------------------------------

    def _begin_to_write(self, text: str) -> Cursor:
        if self._address.is_read_only:
            raise StoreUnavailable(
                f"the database `{self.path}` was opened for reading only",
                help="leave `mode=ro` out of its address to change anything",
            )
        if get_ident() in self._writing:
            raise RuntimeError("this thread is writing already; use the transaction it has")
        self._guests.check()
        cursor = self._begun_on_ours(text)
        self._writing.add(get_ident())
        return cursor

    def _begun_on_ours(self, text: str) -> Cursor:
        """A transaction on tables that are still the present ones."""
        cursor = self._begun(text)
        try:
            while cursor.nextset():
                pass
            found = cursor.fetchone()
            must_be_current(check_revision(found[0] if found else None, self.path), self.path)
        except BaseException:
            self._end(cursor)
            raise
        return cursor

    def _begun(self, text: str) -> Cursor:
        """A connection on which this has been said; one that the server has left meanwhile is replaced."""
        with self._count:
            self._check_open()
        while True:
            try:
                cursor, was_idle = self._pool.take()
            except psycopg.Error as error:
                raise explain_connecting(error, self.path) from error
            try:
                cursor.execute(text, prepare=False)
            except BaseException as error:
                self._pool.give_back(cursor)
                if not isinstance(error, psycopg.Error):
                    raise
                if not (was_idle and is_lost(error)):
                    raise self._explain(error) from error
                self._pool.forget_idle()
            else:
                with self._count:
                    self._open.add(cursor)
                return cursor

    def _commit(self, cursor: Cursor, work: SqlTransaction) -> None:
        try:
            if work.lost is not None:
                raise work.lost
            if work.spoiled is not None:
                raise RuntimeError("nothing was kept: a write of this transaction failed") from work.spoiled
            cursor.execute("COMMIT", prepare=False)
            if cursor.statusmessage != "COMMIT":
                raise RuntimeError("nothing was kept: a statement of this transaction failed")
            work.remember()
        except psycopg.Error as error:
            raise explain_commit(error, self.path) from error
        finally:
            self._end(cursor)

    def _end(self, cursor: Cursor) -> None:
        """Roll back what is not committed, and let the next one have the connection."""
        with self._count:
            self._open.discard(cursor)
        self._pool.give_back(cursor)

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable(f"the database `{self.path}` has been closed", help="open it again")


class Writing:
    """One transaction that writes, for `with`."""

    __slots__ = ("_cursor", "_store", "_text", "_work")

    def __init__(self, store: PostgresStore, text: str) -> None:
        self._store = store
        self._text = text

    def __enter__(self) -> SqlTransaction:
        store = self._store
        self._cursor = store._begin_to_write(self._text)
        self._work = SqlTransaction(self._cursor.execute, store.driver, store.memo)
        return self._work

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        store = self._store
        try:
            if error is None:
                store._commit(self._cursor, self._work)
            else:
                store._end(self._cursor)
        finally:
            store._writing.discard(get_ident())
        if isinstance(error, psycopg.Error):
            raise store._explain(error) from error


class Reading:
    """One look of one reader, for `with`."""

    __slots__ = ("_cursor", "_store")

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    def __enter__(self) -> SqlTransaction:
        self._cursor = self._store._begun_on_ours(READ)
        return SqlTransaction(self._cursor.execute, self._store.driver, self._store.memo)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._store._end(self._cursor)
        if isinstance(error, psycopg.Error):
            raise self._store._explain(error) from error

"""The embedded store: one SQLite file in write-ahead mode.

Writers stand in one line, within the process by a lock and between processes by the database's. Readers have their own
connections, see the last commit before they began, and keep nobody waiting.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from threading import Event, Lock, get_ident
from time import monotonic
from typing import TYPE_CHECKING, TypeVar, cast

from engine.errors import EngineError, StoreUnavailable
from engine.ports import Ahead
from engine.sealing import NO_KEYS, HostKeys
from engine.store.address import Address
from engine.store.forking import Minding, mind_forks, torn_off
from engine.store.hosted import Guests
from engine.store.line import Line, Place, leave_unknown
from engine.store.rows import Memo
from engine.store.schema import SELECT_VERSION, State, check_revision, must_be_current
from engine.store.sql import Driver
from engine.store.sqlite.checkpoints import Checkpoints
from engine.store.sqlite.connecting import connect, connect_to_write, empty_log
from engine.store.sqlite.hosted import SqliteHosted
from engine.store.sqlite.looking import Looker, may_write
from engine.store.sqlite.readers import Readers
from engine.store.sqlite.schema import state_of
from engine.store.sqlite.transactions import Reading, Writing
from engine.store.sqlite.trouble import DAMAGE, explain, held_too_long
from engine.store.standing import Standing
from engine.store.statements import texts_of
from engine.store.transaction import SqlTransaction

if TYPE_CHECKING:
    from engine.store.hosted import HostConnection

T = TypeVar("T")

AT_LEAST = 0.05
"""Seconds that another process is waited for, however long it took to come to the head of our own line."""


class SqliteStore:
    """Cases in one SQLite file."""

    def __init__(self, address: Address, keys: HostKeys = NO_KEYS) -> None:
        self._address = address
        self.keys = keys
        self.path = address.path
        self.driver = Driver(
            texts=texts_of("sqlite"),
            locks_rows=False,
            taken=sqlite3.IntegrityError,
            failed=sqlite3.Error,
            explain=self._explain,
            keys=keys,
        )
        self.memo = Memo()
        self._line = Line()  # of writers in this process
        self._level = "FULL"  # how the next commit waits for the disk
        self._writer: sqlite3.Connection | None = None
        self._hand: sqlite3.Cursor | None = None  # of the writer, which reads each answer before it asks again
        self._standing = Standing()  # of the writer
        self._writing: int | None = None  # the thread whose turn it is
        self._readers = Readers(address)
        self._is_closed = False
        self._is_at_rest = True  # when a fork began: nobody was using a connection
        self._is_torn_off = False  # in a child, from a parent that was not at rest
        self._checkpoints = Checkpoints(lambda: connect(address))
        self._guests = Guests()
        self._probe: sqlite3.Connection | None = None  # of `is_being_written`
        self._probing = Lock()
        mind_forks(self, Minding(SqliteStore._before_fork, SqliteStore._after_fork))

    def state(self) -> State:
        """How the tables of the file stand."""
        try:
            reader = self._take_reader()
            try:
                return state_of(reader, self._address.path)
            finally:
                self._readers.give_back(reader)
        except DAMAGE as error:
            raise self._explain(error) from error

    def write(self, *, is_lasting: bool = True) -> Writing:
        """A transaction that is committed at the end, or rolled back if an exception leaves it."""
        return Writing(self, "FULL" if is_lasting else "NORMAL")

    def do(self, work: Callable[[SqlTransaction], T], ahead: Callable[[], Ahead] = Ahead) -> T:
        """Do this in a transaction that those behind in line may share; answered when it is committed."""
        place = Place(work)
        if self._enter(place):
            return self._do_and_take_along(work, place)
        if place.is_kept:
            return cast(T, place.answer())
        with self.write() as tx:
            return work(tx)

    def _do_and_take_along(self, work: Callable[[SqlTransaction], T], place: Place) -> T:
        """Nobody is harmed by another's step: where a commit cannot be shared, each does his own again, alone."""
        along: list[Place] = []
        try:
            with Writing(self, "FULL", place) as tx:
                answer = work(tx)
                for other in self._line.behind() if self._line.is_waited_in() else ():
                    along.append(other)
                    other.do(tx)
                    if tx.lost is not None:
                        break
            for other in along:
                other.is_kept = True
            return answer
        except Exception:
            if not along:
                raise
        except BaseException:  # a signal's
            if along and tx.is_ending:
                leave_unknown(along, self._address.path)
            raise
        finally:
            for other in along:
                other.call()
        with self.write() as tx:
            return work(tx)

    def read(self, ahead: Callable[[], Ahead] = Ahead) -> Reading:
        """A consistent picture as of its beginning; it neither waits for writers nor keeps them waiting."""
        return Reading(self)

    def inside(self, connection: HostConnection) -> SqliteHosted:
        """This database in the transaction of the host's connection, standing or falling with it."""
        self._check_open()
        return SqliteHosted(self, connection)

    def server(self) -> None:
        """None: a file has none."""

    def only_reads(self) -> bool:
        """Whether nothing can be kept: opened to be read, or without the right to write to the file and its folder."""
        return self._address.is_read_only or not may_write(self._address.path)

    def scrub(self) -> None:
        """Bring all of the log into the file and empty it; who reads meanwhile leaves that to the next one.

        What is deleted is overwritten in the file by every writer of ours.
        """
        try:
            empty_log(self._address)
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def listening(self, woken: Event) -> AbstractContextManager[None]:
        """A file tells nobody anything: workers of other processes look at each poll."""
        return nullcontext()

    def welcome(self, connection: HostConnection) -> None:
        """Remember whose transaction this thread works in: it must not wait in line behind itself."""
        self._guests.welcome(connection)

    def is_being_written(self) -> bool:
        """Whether somebody is writing at this moment."""
        with self._probing:
            self._check_open()
            self._probe = self._probe or connect(replace(self._address, busy=0.0))
            try:
                self._probe.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                    return True
                raise
            self._probe.execute("ROLLBACK")
            return False

    def close(self) -> None:
        """Let go of files and connections; a transaction still open is an error."""
        with self._probing:
            if self._readers.count or self._writing is not None:
                raise RuntimeError("the store cannot be closed: a transaction is still open")
            self._is_closed = True
        self._readers.forget_idle()
        self._let_go()

    def _let_go(self) -> None:
        self._checkpoints.stop()
        for connection in (self._writer, self._probe):
            if connection is not None:
                connection.close()
        self._writer = self._hand = self._probe = None

    def _before_fork(self) -> None:
        self._probing.acquire()
        is_nobodys_turn = self._line.pause()
        self._readers.pause()
        self._is_at_rest = is_nobodys_turn and not self._readers.count
        if is_nobodys_turn:
            self._let_go()
            self._checkpoints = Checkpoints(lambda: connect(self._address))

    def _after_fork(self, is_child: bool) -> None:
        self._readers.go_on()
        self._line.go_on()
        self._probing.release()
        if is_child:
            self._readers, self._line, self._writing = Readers(self._address), Line(), None
            self._is_torn_off = not self._is_at_rest

    def _explain(self, error: Exception) -> EngineError:
        return explain(error, self._address.path)

    # -- the writers' line ---------------------------------------------------------------------------------------------

    def _enter(self, place: Place) -> bool:
        """Stand in line until it is this one's turn; False: somebody before has taken it along."""
        if self._address.is_read_only:
            raise StoreUnavailable(
                f"the database `{self._address.path}` was opened for reading only",
                help="leave `mode=ro` out of its address to change anything",
            )
        if self._writing == get_ident():
            raise RuntimeError("this thread is writing already; use the transaction it has")
        self._guests.check()
        try:
            return self._line.enter(place, self._address.busy)
        except TimeoutError:
            raise held_too_long(self._address) from None

    def _begin(self, level: str, place: Place) -> SqlTransaction:
        """Begin the turn that this place has come to."""
        try:
            self._check_open()
            hand = self._hand or self._new_hand()
            if level != self._level:
                self._sync(hand, level)
            self._take_turn(hand, monotonic() - place.since)
        except BaseException as error:
            self._line.leave()
            if isinstance(error, sqlite3.Error):
                raise self._explain(error) from error
            raise
        self._writing = get_ident()
        work = SqlTransaction(hand.execute, self.driver, self.memo, self._standing)
        work.executemany = hand.executemany
        return work

    def _sync(self, hand: sqlite3.Cursor, level: str) -> None:
        """Wait for the disk at the next commit as this level says, and never more than the address does."""
        if self._address.synchronous == "FULL":
            hand.execute(f"PRAGMA synchronous = {level}")
            self._level = level

    def _take_turn(self, hand: sqlite3.Cursor, waited: float) -> None:
        """Begin, waiting for other processes what is left of the time; then see that the tables are still ours."""
        until = monotonic() + max(AT_LEAST, self._address.busy - waited)
        while True:
            try:
                hand.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() >= until:
                    raise
        try:
            self._see_who_wrote(hand)
        except BaseException:
            hand.execute("ROLLBACK")
            raise

    def _see_who_wrote(self, hand: sqlite3.Cursor) -> None:
        """After a commit of anybody else nothing is known any more, not even whose tables these are."""
        version = hand.execute("PRAGMA data_version").fetchone()[0]
        if version != self._standing.version:
            self._standing.clear()
            self._standing.version = None
            self._check_revision(hand)
            self._standing.version = version

    def _new_hand(self) -> sqlite3.Cursor:
        writer = connect_to_write(self._address)
        self._standing = Standing()
        self._level = "FULL"
        self._checkpoints.prepare(writer)
        self._writer, self._hand = writer, writer.cursor()
        return self._hand

    def _commit(self, work: SqlTransaction) -> None:
        writer, hand = self._writer, self._hand
        assert writer is not None
        assert hand is not None
        try:
            if work.lost is not None:
                raise work.lost
            if work.spoiled is not None:
                raise RuntimeError("nothing was kept: a write of this transaction failed") from work.spoiled
            work.flush()
            work.is_ending = True
            hand.execute("COMMIT")
            work.remember()
            self._checkpoints.committed(writer)
        except sqlite3.Error as error:
            self._undo(writer)
            raise self._explain(error) from error
        except BaseException:
            self._undo(writer)
            raise
        finally:
            self._end_turn()

    def _rollback(self) -> None:
        writer = self._writer
        assert writer is not None
        try:
            self._undo(writer)
        finally:
            self._end_turn()

    def _undo(self, writer: sqlite3.Connection) -> None:
        try:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
        except sqlite3.Error:
            # Closing rolls back as well; the next writer starts on a fresh connection.
            self._writer = self._hand = None
            writer.close()

    def _end_turn(self) -> None:
        self._writing = None
        self._line.leave()

    # -- readers -------------------------------------------------------------------------------------------------------

    def _take_reader(self) -> Looker:
        self._check_open()
        return self._readers.take()

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable(f"the database `{self._address.path}` has been closed", help="open it again")
        if self._is_torn_off:
            raise torn_off(self._address.path)

    def _check_revision(self, connection: sqlite3.Connection | sqlite3.Cursor) -> None:
        found = connection.execute(SELECT_VERSION).fetchone()
        must_be_current(check_revision(found[0] if found else None, self._address.path), self._address.path)

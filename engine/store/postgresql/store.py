"""The shared store: one PostgreSQL database, written to by any number of processes on any number of machines.

A writer locks the rows it decides on, and reads the database's clock after that. READ COMMITTED, so that who waited for
a lock sees what the other wrote. Readers have one picture each, and keep nobody waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import lru_cache
from threading import Event, get_ident
from time import monotonic
from typing import TYPE_CHECKING, TypeVar, cast

import psycopg

from engine.errors import EngineError, StoreUnavailable
from engine.ports import Ahead
from engine.sealing import NO_KEYS, HostKeys
from engine.store.address import Address
from engine.store.ahead import statements_of
from engine.store.forking import Minding, mind_forks
from engine.store.hosted import Guests
from engine.store.line import LONGEST, Line, Place, leave_unknown
from engine.store.postgresql.answers import Asked, Statement
from engine.store.postgresql.hosted import PostgresHosted
from engine.store.postgresql.listening import Listening
from engine.store.postgresql.pool import Pool
from engine.store.postgresql.schema import lets_only_read, state_of, state_of_server, whereabouts
from engine.store.postgresql.supposing import Supposed, Supposing
from engine.store.postgresql.transactions import BEGIN, FOR_NOW, LOOK, Beginning, Reading, Writing
from engine.store.postgresql.trouble import OutcomeUnknown, explain, explain_commit, explain_connecting, is_lost
from engine.store.postgresql.wire import Cursor, Wire
from engine.store.rows import Memo
from engine.store.schema import State, check_revision, must_be_current
from engine.store.sql import Driver, Late
from engine.store.statements import texts_of
from engine.store.transaction import SqlTransaction
from engine.stored import Server

if TYPE_CHECKING:
    from engine.store.hosted import HostConnection

T = TypeVar("T")

TURNS = 2
"""How many of a process do what those behind them want, at a time: one decides while the other's commit is kept."""

VERSION = ("SELECT version_num, mark FROM casewright_schema", ())
"""Read with the beginning, in one message: whose tables these are, and the picture a reader will see."""

OLD = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)
"""What is met on tables of another version."""


@lru_cache(maxsize=1_000)
def marked(text: str) -> str:
    """The text with `$1`, `$2` … where values stand."""
    first, *parts = text.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(parts, 1))


def _others(first: Place) -> Callable[[Place], bool]:
    """Who may be taken along: each of another family, as what was asked ahead of one is old once it was changed."""
    known = set(first.ahead.families)

    def fits(place: Place) -> bool:
        is_new = known.isdisjoint(place.ahead.families)
        known.update(place.ahead.families)
        return is_new

    return fits


class PostgresStore:
    """Cases in one PostgreSQL database."""

    def __init__(self, address: Address, keys: HostKeys = NO_KEYS) -> None:
        self._address = address
        self.keys = keys
        self.path = address.path
        self.driver = Driver(
            texts=texts_of("postgresql"),
            locks_rows=True,
            has_months=True,
            taken=(psycopg.IntegrityError, psycopg.errors.DivisionByZero),  # the latter: nothing was there to change
            failed=psycopg.Error,
            explain=self._explain,
            keys=keys,
            marked=marked,
        )
        texts = {**self.driver.texts, "LOCK": self.driver.texts["LOCK_FREE"]}
        self._hasty = replace(self.driver, texts=texts, waits=False)  # who works for others waits for nobody
        self._line = Line(TURNS)
        self.memo = Memo()
        self._supposing = Supposing(self.driver.texts, self.memo)
        self._pool = Pool(address)
        self._writing: set[int] = set()  # threads
        self._guests = Guests()
        self._whereabouts: tuple[object, ...] | None = None
        mind_forks(self, Minding(PostgresStore._before_fork, PostgresStore._after_fork))

    def state(self) -> State:
        """How the tables of the database stand."""
        wire = self._begun([LOOK])
        try:
            return state_of(wire.cursor, self.path)
        except psycopg.Error as error:
            raise self._explain(error) from error
        finally:
            self._pool.give_back(wire)

    def write(self, *, is_lasting: bool = True) -> Writing:
        """Committed at the end, or rolled back if an exception leaves it; what need not last goes with the commit."""
        return Writing(self, Beginning([BEGIN]) if is_lasting else Beginning([BEGIN, FOR_NOW], ()))

    def do(self, work: Callable[[SqlTransaction], T], ahead: Callable[[], Ahead] = Ahead) -> T:
        """Do this with few messages: what stands ahead is asked with the beginning, what is written goes together.

        Where more of this process want something than have a turn, whoever has one does it for them as well.
        """
        first = ahead()
        if len(first.families) != 1:
            return self._do_alone(work, first)
        self._check_may_write()
        place = self._in_line(Place(work, first))
        if place.is_held and place.is_taken_along:
            place = self._in_line(Place(work, first))  # it may be free by then
        if not place.is_kept:
            return self._do_alone(work, first)
        try:
            return cast(T, place.answer())
        except psycopg.Error as error:
            raise self._explain(error) from error

    def _in_line(self, place: Place) -> Place:
        """Have this done by one of those who have a turn, if that can be."""
        try:
            if self._line.enter(place, self._address.busy):
                self._do_for_all(place)
        except TimeoutError:
            pass  # he goes by himself
        return place

    def _do_alone(self, work: Callable[[SqlTransaction], T], ahead: Ahead) -> T:
        # Who wants one case alone was in a group that did not get it, and shall wait for it.
        steps = len(ahead.families)
        supposed = self._supposing.suppose([ahead]) if ahead.opens is not None or steps > 1 else None
        if supposed is not None:
            try:
                beginning = Beginning([], supposed=supposed, steps=steps)
                with Writing(self, beginning, self._hasty if steps else None) as tx:
                    answer = work(tx)
            except Exception as error:
                self._supposing.failed(supposed, error)
            else:
                self._supposing.held()
                return answer
        with Writing(self, Beginning([BEGIN], self._asked(self.driver, ahead), steps=steps)) as tx:
            return work(tx)

    def _do_for_all(self, first: Place) -> None:
        """Do what the first and those behind him want; who is not `is_kept` then goes by himself.

        Nobody waits for a lock on the others' time, and nobody hears of another's trouble.
        """
        group: Sequence[Place] = ()
        done: list[Place] = []
        try:
            group = self._line.together(first, _others(first))
            self._do_in_one(group, done)
            for one in done:
                one.is_kept = True
        except OutcomeUnknown as error:
            for one in done:
                one.fail(error)
                one.is_kept = True  # or not; done again it might be done twice
        except Exception:
            if len(group) < 2:
                raise
        finally:
            self._line.leave(len(group))
            for one in group[1:]:
                one.call()

    def _do_in_one(self, group: Sequence[Place], done: list[Place]) -> None:
        """Decide on what is known, and have the commit prove it; where it was not so, ask and decide again."""
        aheads = [one.ahead for one in group]
        supposed = self._supposing.suppose(aheads)
        if supposed is not None:
            try:
                self._do_each(group, done, Beginning([], supposed=supposed))
            except Exception as error:
                self._supposing.failed(supposed, error)
                done.clear()
            else:
                self._supposing.held()
                return
        self._do_each(group, done, Beginning([BEGIN], self._asked(self._hasty, *aheads)))

    def _do_each(self, group: Sequence[Place], done: list[Place], beginning: Beginning) -> None:
        try:
            with Writing(self, beginning, self._hasty) as tx:
                until = monotonic() + LONGEST
                for one in group:
                    if one.do(tx):
                        done.append(one)
                    if tx.lost is not None or monotonic() > until:
                        break
        except Exception:
            raise
        except BaseException:  # a signal's
            if done and tx.is_ending:
                leave_unknown(done, self.path)
            raise

    def _asked(self, driver: Driver, *aheads: Ahead) -> list[Asked]:
        return [one for ahead in aheads for one in statements_of(ahead, driver.texts, self.memo)]

    def read(self, ahead: Callable[[], Ahead] = Ahead) -> Reading:
        """A consistent picture as of its beginning; it neither waits for writers nor keeps them waiting."""
        return Reading(self, ahead())

    def inside(self, connection: HostConnection) -> PostgresHosted:
        """This database in the transaction of the host's connection, standing or falling with it."""
        self._pool.check_open()
        return PostgresHosted(self, connection)

    def whereabouts(self) -> tuple[object, ...]:
        """Which database of which server, and which tables there."""
        if self._whereabouts is None:
            wire = self._begun([LOOK])
            try:
                self._whereabouts = whereabouts(wire.cursor)
            finally:
                self._pool.give_back(wire)
        return self._whereabouts

    def welcome(self, connection: HostConnection) -> None:
        """Remember whose transaction this thread works in: it would wait for what only itself can end."""
        self._guests.welcome(connection)

    def server(self) -> Server:
        """How the server stands; its clock against this machine's, half the way there and back left out."""
        return self._looked(state_of_server)

    def only_reads(self) -> bool:
        """Whether nothing can be kept: opened to be read, or the server lets nobody write here."""
        return self._address.is_read_only or self._looked(lets_only_read)

    def _looked(self, at: Callable[[Cursor], T]) -> T:
        wire = self._begun([LOOK])
        try:
            return at(wire.cursor)
        except psycopg.Error as error:
            raise self._explain(error) from error
        finally:
            self._pool.give_back(wire)

    def scrub(self) -> None:
        """Let the server reuse the room of what was deleted; its own logs and copies of the files are beyond us."""
        wire, _ = self._pool.take()
        try:
            wire.cursor.execute("VACUUM case_keys, personal, parties, contents, attachments, addresses", prepare=False)
        except psycopg.Error as error:
            raise self._explain(error) from error
        finally:
            self._pool.give_back(wire)

    def listening(self, woken: Event) -> AbstractContextManager[None]:
        """Set this event whenever a transaction elsewhere has said `wake`."""
        self._pool.check_open()
        return Listening(self._address, woken)

    def close(self) -> None:
        """Let go of the connections; a transaction still open is an error."""
        self._pool.close()

    def _explain(self, error: Exception) -> EngineError:
        return explain(error, self.path)

    def _before_fork(self) -> None:
        self._pool.pause()

    def _after_fork(self, is_child: bool) -> None:
        self._pool.go_on()
        if is_child:
            # What other threads of the parent are at stays theirs: the driver ends no connection of another process.
            self._pool, self._line, self._writing = self._pool.afresh(), Line(TURNS), set()

    # -- transactions --------------------------------------------------------------------------------------------------

    def _check_may_write(self) -> None:
        if self._address.is_read_only:
            raise StoreUnavailable(
                f"the database `{self.path}` was opened for reading only",
                help="leave `mode=ro` out of its address to change anything",
            )
        if get_ident() in self._writing:
            raise RuntimeError("this thread is writing already; use the transaction it has")
        self._guests.check()

    def _begin_to_write(self, beginning: Beginning) -> Wire:
        self._check_may_write()
        if beginning.supposed is not None:
            wire = self._begun_supposing(beginning.supposed)
        else:
            wire = self._begun_on_ours(beginning.texts, beginning.ahead or ())
        self._writing.add(get_ident())
        return wire

    def _begun_supposing(self, supposed: Supposed) -> Wire:
        wire, _ = self._pool.take()
        try:
            wire.begin((), (), supposed)
        except psycopg.Error as error:
            self._pool.give_back(wire)
            raise explain_commit(error, self.path) from error
        return wire

    def _begun_on_ours(self, texts: Sequence[Statement], ahead: Sequence[Asked] = ()) -> Wire:
        """A transaction on tables that are still the present ones."""
        known = self._supposing.known(ahead)
        wire = self._begun([*texts, VERSION], known.asked)
        try:
            revision, mark = wire.begun[-1].fetchone() or (None, "")
            must_be_current(check_revision(revision, self.path), self.path)
            self._supposing.learn(mark, known.asked, wire.answers)
            if mark == known.mark:
                wire.answers.update(known.answers)
                wire.repeated.update(known.repeated)
        except BaseException:
            self._pool.give_back(wire)
            raise
        return wire

    def _begun(self, texts: Sequence[Statement], ahead: Sequence[Asked] = ()) -> Wire:
        """A connection on which this has been said; one that the server has left meanwhile is replaced."""
        while True:
            try:
                wire, was_idle = self._pool.take()
            except psycopg.Error as error:
                raise explain_connecting(error, self.path) from error
            try:
                wire.begin(texts, ahead)
            except BaseException as error:
                self._pool.give_back(wire)
                if not isinstance(error, psycopg.Error):
                    raise
                if isinstance(error, OLD):
                    must_be_current(self.state(), self.path)
                if not (was_idle and is_lost(error)):
                    raise self._explain(error) from error
                self._pool.forget_idle()
            else:
                return wire

    def _commit(self, wire: Wire, work: SqlTransaction) -> None:
        try:
            if work.lost is not None:
                raise work.lost
            if work.spoiled is not None:
                raise RuntimeError("nothing was kept: a write of this transaction failed") from work.spoiled
            work.is_ending = True
            wire.commit()
            work.remember()
            if work.drawn:
                self._supposing.numbers.drew(work.drawn)
        except Late as late:
            raise work.too_late(late) from late.error
        except psycopg.Error as error:
            raise explain_commit(error, self.path) from error
        finally:
            self._pool.give_back(wire)

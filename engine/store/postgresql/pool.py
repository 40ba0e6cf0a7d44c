"""Connections to one server: a few, kept for the next user, and made anew once the server has been away."""

from __future__ import annotations

from threading import Condition, Lock
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from psycopg.types.numeric import Int8Dumper

from engine.errors import StoreUnavailable
from engine.store.address import Address
from engine.store.postgresql.door import code_at_the_door
from engine.store.postgresql.trouble import is_understood
from engine.store.postgresql.wire import PREPARED, Cursor, Wire

LONGEST_IDLE = 60
"""Seconds after which the server ends a transaction that does nothing: a stopped process must not hold up the rest."""

KEEP_MEMORY = "SELECT octet_length(repeat(repeat(' ', 1000), 500))"
"""Said once on each connection: after a large piece was given back, the allocator of the server (glibc) keeps what one
statement took for the next. Else some have the system take their memory away, and clear it for them, each time."""


class Number(Int8Dumper):
    """Whole numbers without a type: else one statement would be prepared anew for each size of number."""

    oid = 0


def cursor_on(connection: psycopg.Connection[Any]) -> Cursor:
    """How our statements are run there: values and rows are plain, whatever a host has made of its own."""
    cursor: Cursor = psycopg.RawCursor(connection, row_factory=tuple_row)
    cursor.adapters.register_dumper(int, Number)
    return cursor


def connect(address: Address) -> Cursor:
    """A connection that waits for others as long as the address says, by the cursor on which all is done."""
    more = _unless_said(address.url)
    try:
        connection = psycopg.connect(address.url, autocommit=True, **more)
    except psycopg.OperationalError as error:
        if not is_understood(error):
            error.sqlstate = code_at_the_door(psycopg.conninfo.make_conninfo(address.url, **more))
        raise
    try:
        connection.prepared_max = PREPARED
        wait = int(address.busy * 1000)
        connection.execute(
            f"SET lock_timeout = {wait}; SET idle_in_transaction_session_timeout = '{LONGEST_IDLE}s'; "
            "SET default_transaction_isolation = 'read committed'; SET client_min_messages = warning; " + KEEP_MEMORY
        )
        return cursor_on(connection)
    except BaseException:
        connection.close()
        raise


def _unless_said(url: str) -> dict[str, Any]:
    """What makes a lost server known within seconds, where the address says nothing else."""
    ours = {"connect_timeout": 5, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3,
            "tcp_user_timeout": 20_000, "application_name": "casewright", "client_encoding": "utf8"}  # fmt: skip
    said = psycopg.conninfo.conninfo_to_dict(url)
    return {name: given for name, given in ours.items() if name not in said}


class Pool:
    """At most so many connections, each used by one transaction at a time."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[Wire] = []
        self._lock = Lock()
        self._returned = Condition(self._lock)
        self._awaited = 0  # by how many threads one is waited for
        self._left = address.pool  # how many more may be made
        self._is_closed = False

    def take(self) -> tuple[Wire, bool]:
        """A connection, and whether it has been lying idle, so that nobody knows whether it still is one."""
        with self._lock:
            self.check_open()
            if not self._idle and not self._left:
                self._wait()
            if self._idle:
                return self._idle.pop(), True
            self._left -= 1
        try:
            return Wire(connect(self._address)), False
        except BaseException:
            with self._lock:
                self._lose()
            raise

    def _wait(self) -> None:
        self._awaited += 1
        try:
            is_there = self._returned.wait_for(lambda: self._idle or self._left, self._address.busy)
        finally:
            self._awaited -= 1
        if not is_there:
            raise StoreUnavailable(
                f"all {self._address.pool} connections to `{self._address.path}` have been in use for more than "
                f"{self._address.busy:g} seconds",
                help="nothing was changed; try again, or allow more of them: `pool=` in the database's URL",
            )

    def give_back(self, wire: Wire) -> None:
        """Keep it for the next one, its transaction ended; or let go of it if it is broken."""
        is_whole = False
        try:
            is_whole = wire.end()
        finally:
            with self._lock:
                if is_whole:
                    self._idle.append(wire)
                    if self._awaited:
                        self._returned.notify()
                else:
                    self._lose()

    def _lose(self) -> None:
        """One more may be made."""
        self._left += 1
        if self._awaited:
            self._returned.notify()

    def check_open(self) -> None:
        """Raise `StoreUnavailable` once it is closed."""
        if self._is_closed:
            raise StoreUnavailable(f"the database `{self._address.path}` has been closed", help="open it again")

    def afresh(self) -> Pool:
        """The pool of a forked process: what is there belongs to its parent."""
        made = Pool(self._address)
        made._is_closed = self._is_closed
        return made

    def close(self) -> None:
        """Let go of the connections for good; one that is in use is an error."""
        with self._lock:
            if self._left + len(self._idle) < self._address.pool:
                raise RuntimeError("the store cannot be closed: a transaction is still open")
            self._is_closed = True
            self._close_idle()

    def pause(self) -> None:
        """Let nobody take or give back one; those that lie idle are closed."""
        self._lock.acquire()
        self._close_idle()

    def go_on(self) -> None:
        """Let them take and give back again."""
        self._lock.release()

    def forget_idle(self) -> None:
        """Close those that lie idle: the server has been away, so all of them are as dead as the one that told."""
        with self._lock:
            self._close_idle()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()
            self._lose()

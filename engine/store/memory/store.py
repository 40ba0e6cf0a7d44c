"""A store that lives in memory: for scenarios, tests and hosts. Whole transactions, as on a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Event, Lock, get_ident
from typing import Any, TypeVar

from engine.errors import StoreUnavailable, UsageError
from engine.ports import Ahead
from engine.sealing import NO_KEYS
from engine.store.memory.archives import MemoryArchives
from engine.store.memory.erasing import MemoryErasures
from engine.store.memory.heads import MemoryHeads
from engine.store.memory.imprints import MemoryImprints
from engine.store.memory.overlay import Overlay, Tables

T = TypeVar("T")

LONGEST_WAIT = 8.0
"""Seconds a writer waits for the one before it."""


class MemoryTransaction(MemoryImprints, MemoryHeads, MemoryErasures, MemoryArchives):
    """One unit of work in memory."""

    def look_ahead(self, ahead: Ahead) -> None:
        """Nothing is nearer than memory."""

    def database_time(self) -> None:
        """None: the machine's clock is the only one."""

    def alone(self, about: str = "") -> None:
        """Who writes is alone already."""

    def wake(self) -> None:
        """There are no other processes."""


class MemoryStore:
    """Cases in memory."""

    def __init__(self) -> None:
        self.keys = NO_KEYS
        self._tables: Tables = {}
        self._line = Lock()  # of writers
        self._writing: int | None = None
        self._count = Lock()
        self._readers = 0
        self._is_closed = False

    @contextmanager
    def write(self, *, is_lasting: bool = True) -> Iterator[MemoryTransaction]:
        """A transaction that is committed at the end, or rolled back if an exception leaves it."""
        if self._writing == get_ident():
            raise RuntimeError("this thread is writing already; use the transaction it has")
        if not self._line.acquire(timeout=LONGEST_WAIT):
            raise StoreUnavailable(
                f"the store is being written to by another thread for more than {LONGEST_WAIT:g} seconds",
                help="nothing was changed; try again",
            )
        try:
            self._check_open()
            self._writing = get_ident()
            work = MemoryTransaction(Overlay(self._tables))
            yield work
            if work.spoiled is not None:
                raise RuntimeError("nothing was kept: a write of this transaction failed") from work.spoiled
            self._commit(work.changes())
        finally:
            self._writing = None
            self._line.release()

    def do(self, work: Callable[[MemoryTransaction], T], ahead: Callable[[], Ahead] = Ahead) -> T:
        """Do this in a transaction of its own."""
        with self.write() as tx:
            return work(tx)

    @contextmanager
    def read(self, ahead: Callable[[], Ahead] = Ahead) -> Iterator[MemoryTransaction]:
        """A consistent picture as of its beginning; it neither waits for writers nor keeps them waiting."""
        with self._count:
            self._check_open()
            self._readers += 1
            tables = dict(self._tables)
        try:
            yield MemoryTransaction(Overlay(tables, is_read_only=True))
        finally:
            with self._count:
                self._readers -= 1

    def inside(self, connection: Any) -> MemoryStore:
        """Not possible: a transaction of the host's needs a database that both share."""
        raise UsageError(
            "an engine in memory shares no database with the host",
            help="open the engine on the file of the host's database; in tests, one in a temporary folder",
        )

    def scrub(self) -> None:
        """Nothing: what was let go is gone."""

    def server(self) -> None:
        """None: everything is in this process."""

    def only_reads(self) -> bool:
        """No: whoever has this process's memory writes to it."""
        return False

    def listening(self, woken: Event) -> AbstractContextManager[None]:
        """There are no other processes to be heard."""
        return nullcontext()

    def close(self) -> None:
        """Let go of everything; a transaction still open is an error."""
        with self._count:
            if self._readers or self._writing is not None:
                raise RuntimeError("the store cannot be closed: a transaction is still open")
            self._is_closed = True
            self._tables = {}

    def _commit(self, changes: dict[str, dict[Any, Any]]) -> None:
        with self._count:
            for name, changed in changes.items():
                table = self._tables.get(name, {})
                # A reader may be looking at this table; it goes on seeing what it saw.
                table = dict(table) if self._readers else table
                Overlay.apply(table, changed)
                self._tables[name] = table

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable("the store has been closed", help="open it again")

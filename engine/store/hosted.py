"""A host's own transaction, whatever its database: on the host's connection and thread, never committed by us.

A transaction of ours is a savepoint there. What the host rolls back has not happened, what it commits has, and both
with the host's own rows. Our statements go to the driver's connection below the host's SQLAlchemy `Connection`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from threading import Event, local
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar
from weakref import ref

from engine.core.cases import Case
from engine.errors import TryAgain, UsageError
from engine.ports import Ahead
from engine.sealing import HostKeys
from engine.store.rows import Memo
from engine.store.schema import check_revision, must_be_current
from engine.store.sql import Cursor, Driver
from engine.store.transaction import SqlTransaction

if TYPE_CHECKING:
    from sqlalchemy import Connection as HostConnection


class Home(Protocol):
    """The engine's own way to the database, of which a host's transaction is another."""

    path: str
    driver: Driver
    memo: Memo

    def welcome(self, connection: HostConnection) -> None:
        """Remember whose transaction this thread works in: it would wait for what only itself can end."""


class Executing(Protocol):
    """The driver's connection, as our statements are run there."""

    def execute(self, text: str, values: Sequence[Any], /) -> Cursor:
        """Run one statement."""


T = TypeVar("T")
AHome = TypeVar("AHome", bound=Home)
AnExecuting = TypeVar("AnExecuting", bound=Executing)


class HostedStore(ABC, Generic[AHome, AnExecuting]):
    """A database as the host's transaction sees it."""

    def __init__(self, store: AHome, connection: HostConnection) -> None:
        self._store = store
        self._connection = connection
        self._driver = replace(store.driver, explain=self._explain)
        self._memo = SeenInside(store.memo)
        self._checked: object = None  # the host's transaction that was found to be fit

    @contextmanager
    def write(self, *, is_lasting: bool = True) -> Iterator[SqlTransaction]:
        """A part of the host's transaction, taken back if an exception leaves it."""
        there = self._begun()
        work = self._work(there)
        try:
            there.execute("SAVEPOINT casewright", ())
        except self._driver.failed as error:
            raise self._explain(error) from error
        try:
            yield work
            if work.lost is not None:
                raise work.lost
            if work.spoiled is not None:
                raise RuntimeError("nothing was kept: a write of this step failed") from work.spoiled
            there.execute("RELEASE casewright", ())
        except BaseException as error:
            self._take_back(there, error)
            if isinstance(error, self._driver.failed):
                raise self._explain(error) from error
            raise

    def do(self, work: Callable[[SqlTransaction], T], ahead: Callable[[], Ahead] = Ahead) -> T:
        """Do this in a part of the host's transaction, which nobody else shares."""
        with self.write() as tx:
            return work(tx)

    @contextmanager
    def read(self, ahead: Callable[[], Ahead] = Ahead) -> Iterator[SqlTransaction]:
        """What the host's transaction sees, its own changes included."""
        yield self._work(self._begun())

    def inside(self, connection: HostConnection) -> Self:
        """The same database in another transaction of the host's."""
        return type(self)(self._store, connection)

    @property
    def keys(self) -> HostKeys:
        """The host's keys, by which those of private values are wrapped."""
        return self._driver.keys

    def scrub(self) -> None:
        """Nothing: what the host has not committed is not gone yet."""

    def server(self) -> None:
        """None: who asks does so outside of the host's transaction."""

    def only_reads(self) -> bool:
        """No: the host has begun a transaction that writes."""
        return False

    def listening(self, woken: Event) -> AbstractContextManager[None]:
        """Workers listen elsewhere."""
        return nullcontext()

    def close(self) -> None:
        """Nothing to let go of: the connection is the host's."""

    def _work(self, there: AnExecuting) -> SqlTransaction:
        return SqlTransaction(there.execute, self._driver, self._memo)

    def _begun(self) -> AnExecuting:
        """The driver's connection, once it is sure that a transaction fit for us has begun there."""
        there = self._there()
        transaction = self._connection.get_transaction()
        if transaction is not self._checked:
            try:
                self._check_fit(there)
                must_be_current(check_revision(self._revision(there), self._store.path), self._store.path)
            except self._driver.failed as error:
                raise self._explain(error) from error
            self._checked = transaction
            self._store.welcome(self._connection)
        return there

    def _explain(self, error: Exception) -> Exception:
        if self._is_busy(error):
            return TryAgain(
                f"the database `{self._store.path}` is being written to by somebody else",
                help="roll back, and do the whole transaction again",
            )
        return self._store.driver.explain(error)

    @abstractmethod
    def _there(self) -> AnExecuting:
        """The driver's connection, if it is the right driver's."""

    @abstractmethod
    def _check_fit(self, there: AnExecuting) -> None:
        """Refuse another database than the engine's, or a transaction that cannot write there."""

    @abstractmethod
    def _revision(self, there: AnExecuting) -> str | None:
        """Which revision its tables have."""

    @abstractmethod
    def _is_busy(self, error: Exception) -> bool:
        """Whether somebody else was in the way: only the host can do its transaction again."""

    @abstractmethod
    def _take_back(self, there: AnExecuting, error: BaseException) -> None:
        """Take back what was done since the savepoint."""


class SeenInside(Memo):
    """Cases that are known already. Nothing is added: what a transaction has seen may yet be rolled back."""

    def __init__(self, memo: Memo) -> None:
        super().__init__()
        self._memo = memo

    def find(self, row: tuple[object, ...]) -> Case | None:
        """The case of exactly this row, if it is known."""
        return self._memo.find(row)

    def keep(self, row: tuple[object, ...], case: Case) -> None:
        """Not kept."""


class Guests:
    """The host's connection that last worked with us on each thread: who has one open must not wait behind it."""

    def __init__(self) -> None:
        self._local = local()
        self._are_any = False

    def welcome(self, connection: HostConnection) -> None:
        """Remember whose transaction this thread works in."""
        self._local.connection = ref(connection)
        self._are_any = True

    def check(self) -> None:
        """Refuse a transaction of our own while the host's is open on this thread."""
        if not self._are_any:
            return
        guest = getattr(self._local, "connection", None)
        host = guest() if guest is not None else None
        if host is not None and not host.closed and host.in_transaction():
            raise UsageError(
                "this thread's own transaction is open on the database, and would be waited for by itself",
                help="use `inside`, or end it first",
            )


def driver_connection(connection: object) -> object:
    """The driver's connection below a SQLAlchemy `Connection` whose transaction has begun."""
    from sqlalchemy import Connection

    if not isinstance(connection, Connection):
        raise UsageError(
            f"expected a SQLAlchemy `Connection`, got `{type(connection).__name__}`",
            help="a session has one: `session.connection()`",
        )
    if connection.closed or not connection.in_transaction():
        raise UsageError(
            "the connection has no transaction begun, and the engine begins none on a connection that is not its own",
            help="`with database.begin() as connection:` begins one and commits it at the end",
        )
    driver: object = connection.connection.dbapi_connection
    return driver


def wrong_driver(connection: HostConnection, expected: str) -> UsageError:
    """What to say of a connection that is another database's, or another driver's."""
    if connection.dialect.is_async:
        return UsageError(
            f"the engine cannot use a connection of asyncio, here of the driver `{connection.dialect.driver}`",
            help="begin the transaction on a thread, by `asyncio.to_thread`, on a SQLAlchemy engine without asyncio",
        )
    return UsageError(
        f"the engine cannot use a connection of the driver `{connection.dialect.driver}`", help=f"expected {expected}"
    )


def check_names(there: Iterable[str]) -> None:
    """Refuse to make our tables where the host has some of the same names."""
    from engine.store.tables import metadata

    if taken := sorted(metadata.tables.keys() & set(there)):
        raise UsageError(
            f"the database has tables of its own called {', '.join(f'`{name}`' for name in taken)}",
            help="nothing was changed; rename them, or give the engine's tables a place of their own: another "
            "database, or on PostgreSQL another schema",
        )


__all__ = ["Guests", "Home", "HostConnection", "HostedStore", "check_names", "driver_connection", "wrong_driver"]

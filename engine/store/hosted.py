"""A host's own transaction, whatever its database: what it must be, and what may be kept of what was seen there."""

from __future__ import annotations

from collections.abc import Iterable
from threading import local
from typing import TYPE_CHECKING
from weakref import ref

from engine.core.cases import Case
from engine.errors import UsageError
from engine.store.rows import Memo

if TYPE_CHECKING:
    from sqlalchemy import Connection as HostConnection


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

    def welcome(self, connection: HostConnection) -> None:
        """Remember whose transaction this thread works in."""
        self._local.connection = ref(connection)

    def check(self) -> None:
        """Refuse a transaction of our own while the host's is open on this thread."""
        guest = getattr(self._local, "connection", None)
        host = guest() if guest is not None else None
        if host is not None and not host.closed and host.in_transaction():
            raise RuntimeError("this thread's own transaction is open on the database; use `inside`, or end it first")


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
    return UsageError(
        f"the engine cannot use a connection of the driver `{connection.dialect.driver}`", help=f"expected {expected}"
    )


def check_names(there: Iterable[str]) -> None:
    """Refuse to make our tables where the host has some of the same names."""
    from engine.store.tables import metadata

    if taken := sorted(metadata.tables.keys() & set(there)):
        raise UsageError(
            f"the database has tables of its own called {', '.join(f'`{name}`' for name in taken)}",
            help="nothing was changed; rename them, or keep the engine's cases in a database of their own",
        )


__all__ = ["Guests", "HostConnection", "SeenInside", "check_names", "driver_connection", "wrong_driver"]

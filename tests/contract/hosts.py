"""Hosts with a database of their own, for the contract of its transaction: to add one is to add a maker."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy import Engine as Database

from engine import Engine
from engine.store.address import read_address
from engine.testing import ManualTime
from tests import postgres
from tests.app.desks import ADMIN, NINE, sources


def sqlite_database(path: Path, *, begin: str | None = "BEGIN IMMEDIATE", busy: float = 5) -> Database:
    """A SQLite database as hosts are told to open it; `begin=None`: as the driver does it by itself."""
    database = create_engine(f"sqlite:///{path}", connect_args={"timeout": busy})

    @event.listens_for(database, "connect")
    def _connected(driver: Any, _record: object) -> None:
        driver.execute("PRAGMA synchronous = off")
        if begin is not None:
            driver.isolation_level = None

    @event.listens_for(database, "begin")
    def _begun(connection: Connection) -> None:
        if begin is not None:
            connection.exec_driver_sql(begin)

    return database


def postgresql_database(url: str) -> Database:
    """A PostgreSQL database as any host opens it."""
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1), pool_size=10)


def furnish(database: Database, url: str) -> None:
    """A shop's database with a table of its own, and the engine's beside it; the small desk is published."""
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE orders (number TEXT PRIMARY KEY, errand TEXT)"))
        assert Engine.install(connection)
        assert not Engine.install(connection)
    database.dispose()
    with Engine.open(url, time=ManualTime(NINE)) as engine:
        for process in ("errand", "call", "parcel"):
            engine.publish(sources(), process, actor=ADMIN)


@cache
def sqlite_shop() -> Path:
    """A furnished file, to be copied: making one takes longer than most tests."""
    path = Path(mkdtemp(prefix="casewright-shop-")) / "shop.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    furnish(sqlite_database(path), str(path))
    return path


@cache
def postgresql_shop() -> str:
    """A furnished database of the shared server, to be copied."""
    server = postgres.shared()
    name = server.new()
    furnish(postgresql_database(server.url(name)), server.url(name))
    return name


class Host:
    """A shop with orders, and the engine on the same database."""

    def __init__(self, database: Database, engine: Engine, url: str) -> None:
        self.database = database
        self.engine = engine
        self.url = url

    @property
    def path(self) -> Path:
        """The file, of a database that is one."""
        return Path(read_address(self.url).path)

    def order(self, connection: Connection, number: str, errand: str = "") -> None:
        connection.execute(text("INSERT INTO orders VALUES (:number, :errand)"), {"number": number, "errand": errand})

    def orders(self) -> list[str]:
        with self.database.begin() as connection:
            return [number for (number,) in connection.execute(text("SELECT number FROM orders ORDER BY number"))]


@contextmanager
def sqlite(folder: Path, time: ManualTime) -> Iterator[Host]:
    path = folder / "shop.db"
    shutil.copy(sqlite_shop(), path)
    yield opened(sqlite_database(path), f"sqlite:///{path}?synchronous=NORMAL&busy=2", time)


@contextmanager
def postgresql(_folder: Path, time: ManualTime) -> Iterator[Host]:
    postgres.needs_server()
    template, server = postgresql_shop(), postgres.shared()
    name = server.new(template)
    yield opened(postgresql_database(server.url(name)), f"{server.url(name)}&busy=2", time)
    server.drop(name)


def opened(database: Database, url: str, time: ManualTime) -> Host:
    return Host(database, Engine.open(url, time=time), url)


HOSTS: dict[str, Callable[[Path, ManualTime], AbstractContextManager[Host]]] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
}

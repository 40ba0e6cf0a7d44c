"""Hosts with a database of their own, for the contract of its transaction: to add one is to add a maker."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy import Engine as Database

from engine import Engine
from engine.testing import ManualTime
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


def made(path: Path) -> Path:
    """A shop's database with a table of its own, and the engine's beside it; the small desk is published."""
    database = sqlite_database(path)
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE orders (number TEXT PRIMARY KEY, errand TEXT)"))
        assert Engine.install(connection)
    database.dispose()
    with Engine.open(str(path), time=ManualTime(NINE)) as engine:
        for process in ("errand", "call", "parcel"):
            engine.publish(sources(), process, actor=ADMIN)
    return path


class Host:
    """A shop with orders, and the engine on the same database."""

    def __init__(self, database: Database, engine: Engine, path: Path) -> None:
        self.database = database
        self.engine = engine
        self.path = path

    def order(self, connection: Connection, number: str, errand: str = "") -> None:
        connection.execute(text("INSERT INTO orders VALUES (:number, :errand)"), {"number": number, "errand": errand})

    def orders(self) -> list[str]:
        with self.database.begin() as connection:
            return [number for (number,) in connection.execute(text("SELECT number FROM orders ORDER BY number"))]


def sqlite(template: Path, folder: Path, time: ManualTime) -> Host:
    path = folder / "shop.db"
    shutil.copy(template, path)
    engine = Engine.open(f"sqlite:///{path}?synchronous=NORMAL&busy=2", time=time)
    return Host(sqlite_database(path), engine, path)


HOSTS: dict[str, Callable[[Path, Path, ManualTime], Host]] = {"sqlite": sqlite}

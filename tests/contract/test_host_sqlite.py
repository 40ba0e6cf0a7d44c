"""What is SQLite's own of a host's transaction: how it must have begun, who waits for whom, a file that is full."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import PendingRollbackError

from engine import Engine, StoreUnavailable, TryAgain, UsageError
from engine.store import upgrade
from engine.store.sqlite.schema import APPLICATION_ID
from engine.testing import ManualTime
from tests.app.desks import LIN, NINE, done
from tests.contract.hosts import Host, sqlite, sqlite_database

MILK = {"what": "milk"}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with sqlite(tmp_path, ManualTime(NINE)) as one:
        with one.engine:
            yield one
            assert not one.engine.verify().problems
        one.database.dispose()


# -- how it must have begun --------------------------------------------------------------------------------------------


def test_a_transaction_that_the_driver_has_not_begun_is_refused_with_what_to_do(host: Host) -> None:
    database = sqlite_database(host.path, begin=None)
    with database.begin() as connection, pytest.raises(UsageError, match="has not reached the database yet") as raised:
        host.engine.inside(connection).open_case("errand", MILK, actor=LIN)
    assert "BEGIN IMMEDIATE" in str(raised.value.help)
    database.dispose()


def test_a_transaction_that_was_not_begun_to_write_is_refused_with_what_to_do(host: Host) -> None:
    database = sqlite_database(host.path, begin="BEGIN")
    with database.begin() as connection, pytest.raises(UsageError, match="not begun as one that writes") as raised:
        host.engine.inside(connection).open_case("errand", MILK, actor=LIN)
    assert "BEGIN IMMEDIATE" in str(raised.value.help)
    database.dispose()


def test_a_transaction_that_has_written_already_holds_the_pen(host: Host) -> None:
    database = sqlite_database(host.path, begin=None)
    with database.begin() as connection:
        host.order(connection, "A-1")
        done(host.engine.inside(connection).open_case("errand", MILK, actor=LIN))
    database.dispose()
    assert host.engine.verify().cases == 1


def test_a_connection_to_another_database_is_refused(host: Host, tmp_path: Path) -> None:
    for place, name in ((tmp_path / "other.db", "other.db"), (":memory:", ":memory:")):
        other = sqlite_database(Path(place))
        with other.begin() as connection, pytest.raises(UsageError, match=f"{name}`, the engine to"):
            host.engine.inside(connection).case("E-1")
        other.dispose()


def test_a_link_to_the_file_is_the_same_database(host: Host, tmp_path: Path) -> None:
    (tmp_path / "alias.db").symlink_to(host.path)
    alias = Engine.open(str(tmp_path / "alias.db"), time=ManualTime(NINE))
    with alias, host.database.begin() as connection:
        done(alias.inside(connection).open_case("errand", MILK, actor=LIN))


# -- who waits for whom ------------------------------------------------------------------------------------------------


def test_a_database_that_is_busy_is_a_conflict_and_the_whole_may_be_done_again(host: Host) -> None:
    """A host that reads first and begins to write late meets another writer: nothing is lost, nothing half done."""
    database = sqlite_database(host.path, begin="BEGIN", busy=0.05)
    with closing(sqlite3.connect(host.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with database.connect() as connection:
            with pytest.raises(TryAgain, match="by somebody else") as raised, connection.begin():
                host.engine.inside(connection).open_case("errand", MILK, actor=LIN)
            assert raised.value.help == "roll back, and do the whole transaction again"
            other.execute("INSERT INTO orders VALUES ('B-1', '')")
            other.execute("COMMIT")
    with host.database.begin() as connection:
        done(host.engine.inside(connection).open_case("errand", MILK, actor=LIN))
    assert host.orders() == ["B-1"]
    database.dispose()


def test_a_host_that_has_read_what_is_old_meanwhile_gets_a_conflict(host: Host) -> None:
    database = sqlite_database(host.path, begin="BEGIN", busy=0.05)
    with closing(sqlite3.connect(host.path, isolation_level=None)) as other, database.connect() as connection:
        with pytest.raises(TryAgain), connection.begin():  # noqa: PT012
            connection.execute(text("SELECT count(*) FROM orders")).scalar()
            other.execute("INSERT INTO orders VALUES ('B-1', '')")
            other.execute("BEGIN IMMEDIATE")
            host.engine.inside(connection).open_case("errand", MILK, actor=LIN)
        other.execute("ROLLBACK")


def test_looking_who_writes_does_not_keep_the_database(host: Host) -> None:
    database = sqlite_database(host.path, begin="BEGIN", busy=0.05)
    with database.begin() as connection, pytest.raises(UsageError):
        host.engine.inside(connection).case("E-1")
    with closing(sqlite3.connect(host.path, isolation_level=None, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
    database.dispose()


# -- what the host has made of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("factory", [sqlite3.Row, lambda cursor, row: dict(enumerate(row))])
def test_the_hosts_own_shape_of_rows_does_not_matter(host: Host, factory: object) -> None:
    with host.database.begin() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.row_factory = factory  # type: ignore[attr-defined]
        inside = host.engine.inside(connection)
        case = done(inside.open_case("errand", {**MILK, "phone": "139"}, actor=LIN)).id
        assert inside.case(case).data["phone"] == "139"
        driver.row_factory = None  # type: ignore[attr-defined]


def test_where_the_database_gives_up_a_transaction_the_host_cannot_go_on_without_it(host: Host) -> None:
    """A full file ends the whole transaction: what the host wrote then would be kept alone."""
    with host.database.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {page_count(host) + 20}")
        connection.rollback()
        with pytest.raises(PendingRollbackError), connection.begin():  # noqa: PT012
            inside = host.engine.inside(connection)
            case = done(inside.open_case("errand", MILK, actor=LIN)).id
            with pytest.raises(StoreUnavailable, match="is full"):
                inside.attach(case, "photo.jpg", b"x" * 1_000_000, actor=LIN)
            host.order(connection, "A-1", case)
    assert host.orders() == []
    assert host.engine.verify().cases == 0


def page_count(host: Host) -> int:
    with closing(sqlite3.connect(host.path)) as other:
        return int(other.execute("PRAGMA page_count").fetchone()[0])


# -- our tables beside the host's --------------------------------------------------------------------------------------


def test_tables_are_made_within_the_hosts_transaction_and_the_file_stays_the_hosts(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    database = sqlite_database(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA application_id = 77")
        other.execute("CREATE TABLE orders (number TEXT)")
    with database.connect() as connection, connection.begin() as transaction:
        assert Engine.install(connection)
        transaction.rollback()
    with pytest.raises(StoreUnavailable, match="belongs to another application"):
        Engine.open(str(path), create=True)
    with database.begin() as connection:
        assert Engine.install(connection)
        assert not Engine.install(connection)
    assert not upgrade(str(path))
    with Engine.open(str(path)) as engine, closing(sqlite3.connect(path)) as other:
        assert engine.verify().cases == 0
        assert other.execute("PRAGMA application_id").fetchone()[0] == 77 != APPLICATION_ID
        assert other.execute("SELECT count(*) FROM orders").fetchone() == (0,)
    database.dispose()


def test_tables_of_the_hosts_with_our_names_are_named_and_left_alone(tmp_path: Path) -> None:
    database = sqlite_database(tmp_path / "shop.db")
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE outbox (id TEXT)"))
        connection.execute(text("CREATE TABLE cases (id TEXT)"))
        with pytest.raises(UsageError, match="tables of its own called `cases`, `outbox`"):
            Engine.install(connection)
        assert connection.execute(text("SELECT count(*) FROM sqlite_master WHERE type = 'table'")).scalar() == 2
    database.dispose()


def test_a_database_made_by_the_command_line_takes_the_hosts_tables(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    Engine.open(str(path), create=True).close()
    database = sqlite_database(path)
    with database.begin() as connection:
        assert not Engine.install(connection)
        connection.execute(text("CREATE TABLE orders (number TEXT)"))
    Engine.open(str(path)).close()
    database.dispose()


def test_installing_needs_a_transaction(tmp_path: Path) -> None:
    database = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    with database.begin() as connection, pytest.raises(UsageError, match="has not reached the database yet"):
        Engine.install(connection)
    database.dispose()

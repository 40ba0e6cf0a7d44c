"""Our tables beside a host's own, in a database of a server: several who begin at once, and a schema of our own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import create_engine, text

from engine import Accepted, Engine, UsageError
from engine.store.migrating import run_migrations
from engine.testing import ManualTime
from tests import postgres
from tests.app.desks import ADMIN, LIN, NINE, sources
from tests.contract.hosts import postgresql_database


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database."""
    postgres.needs_server()
    server = postgres.shared()
    name = server.new()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = postgresql_database(url)
    yield made
    made.dispose()


@pytest.mark.parametrize("revision", [None, "0009"])
def test_of_many_services_that_begin_at_once_one_makes_the_tables(database: Database, revision: str | None) -> None:
    if revision is not None:
        with database.begin() as connection:
            run_migrations(connection, revision)
    start = Barrier(5)

    def begin(_number: int) -> bool:
        with database.begin() as connection:
            start.wait(30)
            return Engine.install(connection)

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(begin, range(5))) == [False, False, False, False, True]


def test_a_connection_that_commits_each_statement_is_refused_with_what_to_do(database: Database, url: str) -> None:
    with database.begin() as connection:
        Engine.install(connection)
    with Engine.open(url, time=ManualTime(NINE)) as engine:
        for process in ("call", "errand"):
            engine.publish(sources(), process, actor=ADMIN)
        alone = database.execution_options(isolation_level="AUTOCOMMIT")
        with alone.connect() as connection, connection.begin():
            with pytest.raises(UsageError, match="commits each statement by itself") as met:
                engine.inside(connection).open_case("errand", {"what": "milk"}, actor=LIN)
            assert "another isolation level" in str(met.value.help)
        assert engine.verify().cases == 0
        with database.begin() as connection:
            assert isinstance(engine.inside(connection).open_case("errand", {"what": "milk"}, actor=LIN), Accepted)


def test_a_host_with_tables_of_our_names_gives_ours_a_schema(database: Database, url: str) -> None:
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE settings (name TEXT)"))
        with pytest.raises(UsageError, match="tables of its own called `settings`") as caught:
            Engine.install(connection)
        assert "on PostgreSQL another schema" in (caught.value.help or "")
        connection.execute(text("CREATE SCHEMA desk"))
    host = create_engine(
        url.replace("postgresql:", "postgresql+psycopg:", 1),
        connect_args={"options": "-csearch_path=desk,public"},
    )
    with host.begin() as connection:
        assert Engine.install(connection)
    with Engine.open(f"{url}&options=-csearch_path%3Ddesk", time=ManualTime(NINE)) as engine:
        engine.publish(sources(), "errand", actor=ADMIN)
        with host.begin() as connection:
            connection.execute(text("INSERT INTO public.settings VALUES ('theirs')"))
            done = engine.inside(connection).open_case("errand", {"what": "milk"}, actor=LIN)
        assert isinstance(done, Accepted)
        assert engine.case(done.case.id).data["what"] == "milk"
        with database.begin() as connection, pytest.raises(UsageError, match="or to tables of another schema"):
            engine.inside(connection).open_case("errand", {"what": "milk"}, actor=LIN)
        with database.begin() as connection:
            assert connection.execute(text("SELECT * FROM settings")).all() == [("theirs",)]
    host.dispose()

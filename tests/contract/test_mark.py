"""The mark of a server's tables: it changes with all that processes remember of the desk, and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import create_engine

from engine import Accepted, Engine
from engine.app.catalogue import REVISION
from engine.ports import Person
from engine.store import upgrade
from engine.store.migrating import run_migrations
from engine.store.postgresql.answers import Rows
from engine.store.postgresql.supposing import SETTINGS, Supposing
from engine.store.rows import Memo
from engine.store.statements import texts_of
from engine.testing import ADMIN, ManualTime
from tests import postgres
from tests.app.desks import LIN, NINE, open_errand, sources

Server = psycopg.Connection[tuple[object, ...]]

PERSON = "INSERT INTO actors (id, name, roles, is_active, language) VALUES ('{}', 'Lin', '[\"agent\"]', 1, NULL)"
ADDED = PERSON + " ON CONFLICT (id) DO UPDATE SET name = 'Lin'"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres.database() as made:
        yield made


@pytest.fixture
def server(url: str) -> Iterator[Server]:
    """Another program's connection to a desk of ours where nobody is known yet."""
    with psycopg.connect(url, autocommit=True) as made:
        for table in ("actors", "settings", "timetables"):
            made.execute(f"DELETE FROM {table}")
        yield made


def mark(server: Server) -> object:
    [(found,)] = server.execute("SELECT mark FROM casewright_schema").fetchall()
    return found


@pytest.mark.parametrize(
    "change",
    [
        PERSON.format("wu"),
        ADDED.format("lin"),
        "UPDATE actors SET roles = '[]'",
        "DELETE FROM actors",
        "TRUNCATE actors",
        "UPDATE settings SET value = '9' WHERE name = 'catalogue'",
        "INSERT INTO settings VALUES ('catalogue', '9') ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        "UPDATE settings SET name = 'other' WHERE name = 'catalogue'",
        "DELETE FROM settings WHERE name = 'catalogue'",
        "TRUNCATE settings",
        "INSERT INTO timetables (process, since_ms, made) VALUES ('errand', 0, 0)",
    ],
)
def test_whoever_changes_what_processes_remember_changes_the_mark(server: Server, change: str) -> None:
    server.execute(PERSON.format("lin"))
    server.execute("INSERT INTO settings VALUES ('catalogue', '1')")
    before = mark(server)
    server.execute(change)
    assert mark(server) != before


def test_of_settings_it_tells_the_one_that_commands_ask_for() -> None:
    assert {REVISION} == SETTINGS


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO settings VALUES ('seen_at', '7')",
        "UPDATE settings SET value = '8' WHERE name = 'clocks'",
        "UPDATE timetables SET made = made + 1",
        "INSERT INTO timetables VALUES ('old', 0, 0) ON CONFLICT (process) DO UPDATE SET since_ms = 5",
    ],
)
def test_signs_of_life_and_what_the_calendar_opens_leave_it_as_it_is(server: Server, change: str) -> None:
    server.execute("INSERT INTO settings VALUES ('clocks', '1')")
    server.execute("INSERT INTO timetables (process, since_ms, made) VALUES ('old', 0, 0)")
    before = mark(server)
    server.execute(change)
    assert mark(server) == before


def test_it_changes_once_in_a_transaction_and_not_where_nothing_is_kept(server: Server) -> None:
    before = mark(server)
    with server.transaction(force_rollback=True):
        server.execute(PERSON.format("lin"))
        within = mark(server)
        with server.transaction():
            server.execute(PERSON.format("wu"))
        assert before != mark(server) == within
    assert mark(server) == before
    with server.transaction():
        with server.transaction(force_rollback=True):
            server.execute(PERSON.format("lin"))
        assert mark(server) == before
        server.execute(PERSON.format("lin"))
    assert mark(server) not in (before, within)


def test_many_bring_people_at_once_and_none_waits_in_a_circle(server: Server) -> None:
    names = [f"p{number}" for number in range(20)]

    def bring(order: list[str]) -> None:
        with psycopg.connect(server.info.dsn) as own:
            for name in order:
                own.execute(ADDED.format(name))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bring, [names, names[::-1], names[5:], names[::-1]]))
    assert server.execute("SELECT count(*) FROM actors").fetchone() == (20,)


def test_a_desk_from_before_has_it_once_its_tables_are_brought_up_to_date() -> None:
    with postgres.database() as url, Engine.open(url, time=ManualTime(NINE)) as engine:
        engine.publish(sources(), "errand", actor=ADMIN)
        engine.save_person(Person(id="lin", name="Lin", roles=("agent",)), actor=ADMIN)
        case = open_errand(engine)
        with psycopg.connect(url) as server:  # as it was before
            server.execute("DROP FUNCTION make_coming_months_of_records")
            server.execute("DROP FUNCTION mark_the_tables() CASCADE")
            server.execute("ALTER TABLE casewright_schema DROP COLUMN mark")
            server.execute("UPDATE casewright_schema SET version_num = '0016'")
        assert upgrade(url) is True
        with psycopg.connect(url, autocommit=True) as server:
            before = mark(server)
            assert isinstance(engine.act(case, "remark", {"note": "x"}, actor="lin"), Accepted)
            assert mark(server) == before
            engine.save_person(Person(id="lin", name="Lin", roles=("agent", "runner")), actor=ADMIN)
            assert mark(server) != before
        assert isinstance(engine.act(case, "remark", {"note": "y"}, actor="lin"), Accepted)


def test_the_first_tables_get_it_on_the_way_to_the_present_ones() -> None:
    with postgres.database(template="template0") as url:
        first = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
        with first.begin() as connection:
            run_migrations(connection, "0016")
            connection.exec_driver_sql(PERSON.format("lin"))
            run_migrations(connection)
        first.dispose()
        with psycopg.connect(url, autocommit=True) as server:
            before = mark(server)
            server.execute("UPDATE actors SET is_active = 0")
            assert mark(server) != before


def test_what_was_learnt_after_an_older_mark_is_not_taken_for_news() -> None:
    """Two threads learn at once: one was answered before a change, the other after it, and is heard first."""
    texts = texts_of("postgresql")
    knowing, asked = Supposing(texts, Memo()), [(texts["SETTING"], ("catalogue",))]
    row = texts["SETTING"].text, ("catalogue",)
    older = knowing._facts
    knowing.learn("2", asked, {row: Rows.remembered([("new",)])})
    older.rows[row] = ("old",)
    assert knowing._facts.rows == {row: ("new",)}
    knowing.learn("1", asked, {row: Rows.remembered([("old",)])})
    assert (knowing._facts.mark, knowing._facts.rows) == ("1", {row: ("old",)})


def test_a_person_changed_by_hand_is_seen_at_once() -> None:
    with postgres.database() as url, Engine.open(url, time=ManualTime(NINE)) as engine:
        engine.publish(sources(), "errand", actor=ADMIN)
        engine.save_person(Person(id="lin", name="Lin", roles=("agent",)), actor=ADMIN)
        case = open_errand(engine, actor=LIN)
        for _ in range(2):
            assert isinstance(engine.act(case, "remark", {"note": "x"}, actor="lin"), Accepted)
        with psycopg.connect(url) as server:
            server.execute("UPDATE actors SET roles = '[]' WHERE id = 'lin'")
        assert not isinstance(engine.act(case, "remark", {"note": "y"}, actor="lin"), Accepted)

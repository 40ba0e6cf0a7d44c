"""What is PostgreSQL's own: its tables and triggers, who waits for whom, and everything that can be wrong with it."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event
from time import monotonic

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from engine import Engine, Export, Search
from engine.errors import Outrun, StoreUnavailable, UsageError
from engine.ports import Store
from engine.store import open_store, schema, upgrade
from engine.store.address import read_address, shown
from engine.store.migrating import run_migrations
from engine.store.postgresql.store import PostgresStore, marked
from engine.store.postgresql.trouble import explain_connecting
from engine.store.tables import VERSION_TABLE, metadata
from engine.testing import ManualTime
from tests import postgres
from tests.app.desks import ADMIN, LIN, NINE, open_errand, sources
from tests.contract.builders import a_case, a_request, get, opening, put, step


@pytest.fixture
def server() -> postgres.Server:
    postgres.needs_server()
    return postgres.shared()


@pytest.fixture
def url(server: postgres.Server) -> Iterator[str]:
    name = server.new(postgres.made())
    yield server.url(name) + "&busy=0.5"
    server.drop(name)


@pytest.fixture
def empty(server: postgres.Server) -> Iterator[str]:
    name = server.new()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    made = open_store(url)
    assert isinstance(made, PostgresStore)
    yield made
    made.close()


def first_tables(url: str) -> None:
    """The tables as they were at first, with the cycle of a clock."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(read_address(url).url))
    with engine.begin() as connection:
        run_migrations(connection, "0001")
        columns = "'R-1', 'arrival', 1, 5, 9, 'met', 'length', 10, 4, NULL, '{}'"
        connection.exec_driver_sql(f"INSERT INTO clock_cycles VALUES ({columns})")
    engine.dispose()


def raw(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """Another program's connection."""
    return psycopg.connect(read_address(url).url, autocommit=True)


# -- tables ------------------------------------------------------------------------------------------------------------


def test_the_migrations_make_the_tables_of_the_metadata(url: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(read_address(url).url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "include_name": is_in_every_database}
        )
        [(change, _, table, column)] = compare_metadata(context, metadata)
        assert (change, table, column.name) == ("remove_column", "records", "at_ms")
    engine.dispose()


def is_in_every_database(name: str, kind: str, _: object) -> bool:
    """All but the months of the audit."""
    return kind != "table" or not name.startswith("records_")


def test_the_migrations_make_every_detail_of_the_tables(url: str, empty: str) -> None:
    """The comparison above looks at names; this one at types, collations, defaults, keys and indexes."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(empty))
    with engine.begin() as connection:
        metadata.create_all(connection)
    engine.dispose()
    migrated, made = details(url), details(empty)
    assert len(made) > 100
    key = "CREATE UNIQUE INDEX pk_records ON {}public.records USING btree (case_id, sequence{})"
    assert made - migrated == {("pk_records", key.format("", ""))}
    assert migrated - made == {
        ("records", "at_ms", "bigint", "NO", None, None), ("pk_records", key.format("ONLY ", ", at_ms"))
    }  # fmt: skip


def details(url: str) -> set[tuple[object, ...]]:
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable, collation_name, column_default "
        "FROM information_schema.columns "
        f"WHERE table_schema = 'public' AND table_name <> '{VERSION_TABLE}' AND table_name !~ '^records_'"
    )
    indexes = (
        "SELECT indexname, indexdef FROM pg_indexes "
        f"WHERE schemaname = 'public' AND tablename <> '{VERSION_TABLE}' AND tablename !~ '^records_'"
    )
    with raw(url) as connection:
        return {*connection.execute(columns).fetchall(), *connection.execute(indexes).fetchall()}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE records SET text = 'other'",
        "UPDATE records SET hash = 'other' WHERE sequence = 1",
        "DELETE FROM records",
        "DELETE FROM records WHERE sequence = 2",
        "TRUNCATE records",
        "TRUNCATE cases, records CASCADE",
        "INSERT INTO records SELECT * FROM records ON CONFLICT (case_id, sequence, at_ms) DO UPDATE SET text = 'other'",
        "MERGE INTO records USING (SELECT 1) AS one ON sequence = 2 WHEN MATCHED THEN DELETE",
    ],
)
def test_no_statement_changes_or_removes_a_record(store: Store, url: str, change: str) -> None:
    put(store, step(put(store, opening(a_case()))))
    with raw(url) as other:
        before = other.execute("SELECT * FROM records ORDER BY sequence").fetchall()
        with pytest.raises(psycopg.errors.RestrictViolation, match="records are append-only"):
            other.execute(change)
        assert other.execute("SELECT * FROM records ORDER BY sequence").fetchall() == before


def test_a_record_in_the_place_of_another_is_refused(store: Store, url: str) -> None:
    put(store, opening(a_case()))
    with raw(url) as other, pytest.raises(psycopg.errors.UniqueViolation):
        other.execute("INSERT INTO records SELECT case_id, sequence, 2, 'other', 'other', at_ms FROM records")


# -- opening -----------------------------------------------------------------------------------------------------------


def sentence(call: Callable[[], object], within: float = 10) -> tuple[str, str]:
    """What is said, and what to do now; within the bound."""
    started = monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        call()
    assert monotonic() - started < within
    assert caught.value.mend
    assert "\n" not in caught.value.message
    return caught.value.message, caught.value.mend


def test_a_missing_database_is_named(server: postgres.Server) -> None:
    url = server.url("nowhere")
    said, now = sentence(lambda: open_store(url, create=True))
    assert said == f'there is no database `{url}` (database "nowhere" does not exist)'
    assert "createdb" in now
    assert sentence(lambda: upgrade(url))[0] == said


def test_a_server_that_is_not_there_is_named(tmp_path: object) -> None:
    said, now = sentence(lambda: open_store(f"postgresql://lin@/desk?host={tmp_path}"))
    assert "no server answers" in said
    assert "check that it runs" in now


@pytest.mark.parametrize(
    ("words", "said", "now"),
    [
        ('password authentication failed for user "lin"', "refuses to let you into", "PGPASSFILE"),
        ("fe_sendauth: no password supplied", "refuses to let you into", "PGPASSFILE"),
        ('no pg_hba.conf entry for host "10.0.0.9", user "lin"', "refuses to let you into", "check user"),
        ('role "lin" does not exist', "refuses to let you into", "check user"),
        ('database "desk" does not exist', "there is no database", "createdb"),
        ("sorry, too many clients already", "has no connection left", "pool="),
        ('too many connections for role "lin"', "has no connection left", "pool="),
        ("remaining connection slots are reserved for superusers", "has no connection left", "pool="),
        ("the database system is starting up", "is starting or stopping", "in a moment"),
        ("the database system is in recovery mode", "is starting or stopping", "in a moment"),
        ('permission denied for database "desk"', "you may not use", "grant"),
        ("SSL error: certificate verify failed", "no safe connection", "sslmode"),
        ("Connection refused", "no server answers", "host and port"),
        ("connection timeout expired", "no server answers", "host and port"),
        ("something that nobody has heard of", "cannot be reached", "check that the server runs"),
    ],
)
def test_what_keeps_one_out_at_the_door_is_told_by_its_words(words: str, said: str, now: str) -> None:
    error = psycopg.OperationalError(f"connection failed: connection to server on socket failed: FATAL:  {words}")
    told = explain_connecting(error, "postgresql://db/desk")
    assert said in told.message
    assert f"({words})" in told.message
    assert now in (told.mend or "")


def test_an_address_that_the_driver_cannot_read_is_the_caller_s_to_mend() -> None:
    with pytest.raises(UsageError) as told:
        open_store("postgresql://lin@/desk?hots=x")
    assert 'cannot be used (invalid URI query parameter: "hots")' in told.value.message


def test_who_only_reads_sees_verifies_and_exports_and_is_told_whom_to_ask_for_more(server: postgres.Server) -> None:
    name = server.new(postgres.made())
    looker = server.url(name).replace(f"{postgres.USER}@", "looker@")
    with psycopg.connect(server.url(name), autocommit=True) as keeper:
        keeper.execute("CREATE ROLE looker LOGIN")
        keeper.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
        with Engine.open(server.url(name), time=ManualTime(NINE)) as engine:
            engine.publish(sources(), "errand", actor=ADMIN)
            case = open_errand(engine)
        try:
            with Engine.open(looker, time=ManualTime(NINE)) as engine:
                text: list[str] = []
                assert engine.case(case, actor=LIN).data["what"] == "milk"
                assert [line.id for line in engine.worklist(Search(actor=LIN)).rows] == [case]
                assert (engine.verify().problems, engine.verify().cases) == ((), 1)
                assert engine.export(Export(format="csv"), text.append, actor=ADMIN).cases == 1
                assert case in "".join(text)
            with closing(open_store(looker)) as store:
                assert store.only_reads()
                assert "let the owner of the tables grant it" in sentence(lambda: put(store, opening(a_case())))[1]
            with closing(open_store(server.url(name))) as store:
                assert not store.only_reads()
            keeper.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            with closing(open_store(server.url(name))) as store:
                said, now = sentence(lambda: put(store, opening(a_case())))
                assert (store.only_reads(), "only reads" in said) == (True, True)
                assert "default_transaction_read_only" in now
        finally:
            server.drop(name)  # with what the role may do in it
            with psycopg.connect(server.url("postgres"), autocommit=True) as other:
                other.execute("DROP ROLE looker")


def test_a_password_is_never_shown(tmp_path: object) -> None:
    url = f"postgresql://lin:Secret1@/desk?host={tmp_path}&password=Secret2&sslpassword=Secret3"
    said, now = sentence(lambda: open_store(url))
    of_a_host = url.replace("postgresql:", "postgresql+psycopg:", 1)
    for text in (said, now, shown(url), shown(of_a_host), repr(read_address(url)), str(read_address(of_a_host))):
        assert "Secret" not in text
    assert "lin@" in shown(url)
    assert shown(of_a_host) == shown(url)
    assert "Secret1" in read_address(url).url


def test_an_empty_database_gets_its_tables_only_when_asked(empty: str) -> None:
    said, now = sentence(lambda: open_store(empty))
    assert said == f"the database `{empty}` is empty"
    assert "casewright init" in now
    with closing(open_store(empty, create=True)) as store:
        put(store, opening(a_case()))
    assert upgrade(empty) is False
    with closing(open_store(empty, create=True)) as store:
        assert get(store, "R-1").root == "R-1"


def test_another_applications_tables_are_left_alone(empty: str) -> None:
    with raw(empty) as other:
        other.execute("CREATE TABLE cases (id text)")
    for call in (lambda: open_store(empty, create=True), lambda: upgrade(empty)):
        said, _ = sentence(call)
        assert said == f"the database `{empty}` belongs to another application: it has tables of our names"
    with raw(empty) as other:
        assert other.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (1,)


def test_tables_stand_in_a_schema_of_their_own_beside_others(empty: str) -> None:
    with raw(empty) as other:
        other.execute("CREATE TABLE cases (id text); CREATE SCHEMA casewright")
    url = empty + "&options=-csearch_path%3Dcasewright"
    with closing(open_store(url, create=True)) as store:
        put(store, opening(a_case()))
        assert get(store, "R-1").root == "R-1"


def test_a_newer_database_is_refused_also_while_a_program_runs(store: Store, url: str) -> None:
    put(store, opening(a_case()))
    with raw(url) as other:
        other.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    for begin in (store.write, store.read, lambda: closing(open_store(url))):
        said, now = sentence(lambda begin=begin: begin().__enter__())  # type: ignore[misc]
        assert "was made by a newer casewright (its tables are of revision 9999" in said
        assert now == "nothing was changed; install the newer casewright"
    with raw(url) as other:
        other.execute(f"UPDATE {VERSION_TABLE} SET version_num = '{schema.HEAD}'")
    put(store, step(get(store, "R-1")))


def test_the_first_tables_are_brought_up_to_date_with_all_they_hold(empty: str) -> None:
    first_tables(empty)
    assert "was made by an older casewright" in sentence(lambda: open_store(empty))[0]
    assert upgrade(empty) is True
    with closing(open_store(empty)) as store, store.read() as work:
        [kept] = work.cycles("R-1")
    assert (kept.started_at, kept.used, kept.result, kept.noticed_at) == (5, 4, "met", None)


def test_an_upgrade_waits_for_whoever_works_and_lets_nobody_in_between(store: Store, url: str, empty: str) -> None:
    """Whoever works has read the revision, and keeps that table from being locked until the end."""
    first_tables(empty)
    upgraded = Event()

    def bring_up_to_date() -> None:
        upgrade(empty + "&busy=10")
        upgraded.set()

    with raw(empty) as other, other.transaction():
        other.execute(f"SELECT version_num FROM {VERSION_TABLE}")  # as every transaction of ours begins
        thread = threading.Thread(target=bring_up_to_date)
        thread.start()
        assert not upgraded.wait(0.3)
    thread.join(60)
    assert upgraded.is_set()
    lock = f"BEGIN; LOCK TABLE {VERSION_TABLE} IN ACCESS EXCLUSIVE MODE NOWAIT"
    for begin in (store.write, store.read):
        with begin(), raw(url) as other, pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(lock)


def test_many_may_make_the_same_tables_at_once(empty: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: open_store(empty + "&busy=10", create=True).close(), range(4)))
    with closing(open_store(empty)) as store:
        put(store, opening(a_case()))


def test_a_database_that_keeps_no_unicode_is_refused(server: postgres.Server) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    said, now = sentence(lambda: open_store(server.url("latin"), create=True))
    assert "keeps text as LATIN1" in said
    assert "UTF8" in now
    server.drop("latin")


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://db/desk", ("postgresql://db/desk", "postgresql://db/desk", 8.0, 10, False)),
        (
            "postgresql+psycopg://lin:pw@db/desk",
            ("postgresql://lin@db/desk", "postgresql://lin:pw@db/desk", 8.0, 10, False),
        ),
        (
            "postgres://lin:pw@db:5433/desk?pool=4&busy=2&mode=ro&sslmode=verify-full",
            (
                "postgres://lin@db:5433/desk?pool=4&busy=2&mode=ro&sslmode=verify-full",
                "postgres://lin:pw@db:5433/desk?sslmode=verify-full",
                2.0, 4, True,
            ),
        ),
        (
            "postgresql:///desk?host=/run/pg&options=-ca%3Db+c",
            (*["postgresql:///desk?host=/run/pg&options=-ca%3Db+c"] * 2, 8.0, 10, False),
        ),
    ],
)  # fmt: skip
def test_an_address_is_a_url_with_options_of_ours(url: str, expected: tuple[object, ...]) -> None:
    address = read_address(url)
    assert (address.path, address.url, address.busy, address.pool, address.is_read_only) == expected


@pytest.mark.parametrize("options", ["pool=1", "pool=101", "pool=x", "busy=0", "busy=11", "mode=rwc"])
def test_options_that_cannot_be_used_are_refused_in_words(options: str) -> None:
    with pytest.raises(UsageError, match="there are `pool=CONNECTIONS` \\(2 to 100\\)"):
        open_store(f"postgresql://db/desk?{options}")


def test_texts_of_one_occasion_have_numbered_places() -> None:
    assert marked("a = ? AND b IN (?, ?)") == "a = $1 AND b IN ($2, $3)"
    assert marked("a IS NULL") == "a IS NULL"


# -- who waits for whom ------------------------------------------------------------------------------------------------


def test_writers_of_different_cases_do_not_wait_for_each_other(store: Store) -> None:
    families = [put(store, opening(a_case(f"R-{number}"))) for number in (1, 2)]
    with store.write() as work:
        work.save(step(families[0]))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(put, store, step(families[1])).result(60).cases["R-2"].revision == 2


@pytest.fixture
def patient(url: str) -> Iterator[Store]:
    """A store whose writers wait for each other as long as can be, for the machine may be slow."""
    with closing(open_store(url.replace("busy=0.5", "busy=10"))) as made:
        yield made


def test_who_waits_for_a_case_sees_what_the_other_wrote_and_a_later_time(patient: Store) -> None:
    store = patient
    put(store, opening(a_case()))
    first_has_it, times = Event(), list[int]()

    def act(number: int) -> None:
        with store.write() as work:
            if number:
                assert first_has_it.wait(60)
            family = work.family("R-1", lock=True)
            first_has_it.set()
            assert family is not None
            times.append(work.database_time() or 0)
            work.save(step(family))
            if not number:
                waiting.wait(0.2)

    waiting = Event()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(act, range(2)))
    assert get(store, "R-1").cases["R-1"].revision == 3
    assert times[1] - times[0] >= 200


def test_the_time_runs_on_within_a_transaction(store: Store) -> None:
    with store.write() as work:
        first = work.database_time()
        Event().wait(0.05)
        assert (work.database_time() or 0) >= (first or 0) + 50


def test_a_row_that_is_held_too_long_is_told(store: Store, url: str) -> None:
    put(store, opening(a_case()))
    with raw(url) as other, other.transaction():
        other.execute("SELECT 1 FROM cases FOR UPDATE")
        said, _ = sentence(lambda: put(store, step(locked(store))))
        assert "has been held by somebody else for too long" in said
    put(store, step(get(store, "R-1")))


def locked(store: Store) -> object:
    with store.write() as work:
        return work.family("R-1", lock=True)


def test_what_is_due_is_claimed_by_one_only(store: Store) -> None:
    for number in range(6):
        put(store, opening(a_case(f"R-{number}", next_due=100 + number)))
    with store.write() as one:
        assert one.due_roots(200, 2) == ["R-0", "R-1"]
        with ThreadPoolExecutor(1) as pool:

            def other() -> list[str]:
                with store.write() as work:
                    return work.due_roots(200, 3)

            assert pool.submit(other).result(60) == ["R-2", "R-3", "R-4"]


def test_of_two_who_lock_crosswise_one_is_told_that_the_other_was_faster(patient: Store) -> None:
    store = patient
    for name in ("R-1", "R-2"):
        put(store, opening(a_case(name)))
    both = threading.Barrier(2)

    def lock(names: tuple[str, str]) -> str:
        try:
            with store.write() as work:
                work.family(names[0], lock=True)
                both.wait(60)
                work.family(names[1], lock=True)
        except Outrun as error:
            return error.message
        return ""

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(lock, [("R-1", "R-2"), ("R-2", "R-1")]))
    assert said[0] == ""
    assert "somebody else was faster" in said[1]


def test_who_asks_to_be_alone_waits_for_the_one_before(patient: Store) -> None:
    store = patient

    def count() -> None:
        for _ in range(10):
            with store.write() as work:
                work.alone()
                work.set_setting("count", str(int(work.setting("count") or 0) + 1))

    with ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(count) for _ in range(4)]:
            job.result(60)
    with store.read() as work:
        assert work.setting("count") == "40"


def test_more_threads_than_connections_take_turns(url: str) -> None:
    with closing(open_store(url.replace("busy=0.5", "busy=10&pool=2"))) as store:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: put(store, opening(a_case(f"R-{number}"))), range(40)))
        with store.read() as work:
            assert len(list(work.roots())) == 40


def test_a_pool_that_stays_empty_is_told(url: str) -> None:
    with closing(open_store(url + "&pool=2")) as store, store.read(), store.read():
        said, now = sentence(lambda: put(store, opening(a_case())))
        assert said.startswith("all 2 connections to")
        assert "pool=" in now


def test_a_worker_is_woken_by_what_another_process_commits(store: Store, url: str) -> None:
    woken = Event()
    with store.listening(woken):
        assert woken.wait(60), "at the beginning it looks once"
        woken.clear()
        with closing(open_store(url)) as other:
            with other.write() as work:
                work.wake()
                assert not woken.wait(0.05), "before the commit there is nothing to see"
            assert woken.wait(60)


# -- the server goes away ----------------------------------------------------------------------------------------------


def end_all(url: str) -> None:
    """End every connection to this database, as a restart of the server does."""
    with raw(url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_connections_that_died_while_idle_are_replaced_without_a_word(store: Store, url: str) -> None:
    put(store, opening(a_case()))
    with store.read(), store.read():
        pass
    end_all(url)
    put(store, step(get(store, "R-1")))


def test_a_connection_lost_amid_work_is_told_and_the_next_one_works(store: Store, url: str) -> None:
    family = put(store, opening(a_case()))

    def work_on() -> None:
        with store.write() as work:
            work.save(step(family))
            end_all(url)
            work.set_setting("zone", "UTC")

    said, now = sentence(work_on)
    assert said.startswith("the connection to the database `postgresql://")
    assert now.startswith("nothing of this was kept")
    assert get(store, "R-1").cases["R-1"].revision == 1
    put(store, step(family))


def test_a_commit_that_the_server_never_came_to_is_told_as_not_kept(store: Store, url: str) -> None:
    """Its farewell stands where the first answer would; without one nobody knows (`test_wire.py`)."""
    family = put(store, opening(a_case()))

    def commit() -> None:
        with store.write() as work:
            work.save(step(family, request=a_request(family.cases["R-1"])))
            end_all(url)

    said, now = sentence(commit)
    assert "was lost" in said
    assert now == "nothing of this was kept; try again when the server is back"
    with store.read() as work:
        assert work.request("lin", "k1") is None
    put(store, step(family, request=a_request(family.cases["R-1"])))


def test_a_listener_finds_its_server_again(store: Store, url: str) -> None:
    woken = Event()
    with store.listening(woken):
        assert woken.wait(60)
        woken.clear()
        end_all(url)
        assert woken.wait(60), "connected anew, it looks at once"


def test_a_server_that_is_restarted_is_used_again(tmp_path: object) -> None:
    postgres.needs_server()
    server = postgres.Server(*postgres.PLAIN)
    try:
        server.start()
        with closing(open_store(server.url(server.new()) + "&busy=1", create=True)) as store:
            family = put(store, opening(a_case()))
            server.stop(signal.SIGINT)
            said, _ = sentence(lambda: get(store, "R-1"))
            assert "no server answers" in said
            server.start()
            assert put(store, step(family)).cases["R-1"].revision == 2
    finally:
        server.end()


def test_what_a_text_cannot_hold_is_refused_and_the_store_goes_on(store: Store) -> None:
    with pytest.raises(UsageError, match="NUL"), store.read() as work:
        work.root_of("R-1\x00")
    with pytest.raises(UsageError, match="half a character"), store.read() as work:
        work.root_of("R-\ud800")
    with pytest.raises(UsageError, match="out of range"), store.read() as work:
        work.due_roots(2**70, 1)
    put(store, opening(a_case()))


def test_a_database_opened_for_reading_is_not_written_to(store: Store, url: str) -> None:
    put(store, opening(a_case()))
    with closing(open_store(url + "&mode=ro")) as reader:
        assert get(reader, "R-1").root == "R-1"
        assert "was opened for reading only" in sentence(lambda: put(reader, opening(a_case("R-2"))))[0]
    assert "was opened for reading only" in sentence(lambda: upgrade(url + "&mode=ro"))[0]


def test_each_error_of_the_server_has_a_sentence(store: Store, url: str) -> None:
    with store.read() as work, pytest.raises(StoreUnavailable, match="could not do what was asked") as caught:
        work._do("SELECT nothing")  # type: ignore[attr-defined]
    assert re.search(r'column "nothing" does not exist', caught.value.message)


def test_a_server_that_may_forget_what_it_said_is_found_out(store: Store) -> None:
    found = store.server()
    assert found is not None
    assert found.name.startswith("PostgreSQL ")
    assert found.volatile == ("fsync", "full_page_writes", "synchronous_commit")
    assert 0 < found.connections <= found.most == 150
    assert abs(found.ahead) < 1_000

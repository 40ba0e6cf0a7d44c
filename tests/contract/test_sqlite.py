"""What is SQLite's own: the file, its tables and triggers, and everything that can be wrong with them."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from engine.errors import Conflict, EngineError, StoreUnavailable, UsageError
from engine.ports import Save, Store
from engine.store import open_store, schema, upgrade
from engine.store.address import read_address
from engine.store.migrating import MIGRATIONS
from engine.store.sqlite import checkpoints, connecting
from engine.store.sqlite.connecting import connect
from engine.store.sqlite.opening import open_sqlite
from engine.store.sqlite.store import SqliteStore
from engine.store.tables import VERSION_TABLE, metadata
from engine.store.transaction import SqlTransaction
from tests.contract.builders import a_case, get, opening, put, step


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk 100%.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    made = open_sqlite(read_address(f"sqlite:///{str(path).replace('%', '%25')}?busy=0.3"), create=True)
    yield made
    made.close()


def raw(path: Path) -> closing[sqlite3.Connection]:
    """Another program's connection."""
    return closing(sqlite3.connect(path, isolation_level=None, timeout=5))


# -- tables ------------------------------------------------------------------------------------------------------------


def test_the_migrations_make_the_tables_of_the_metadata(store: Store, path: Path) -> None:
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_migrations_make_every_detail_of_the_tables(store: Store, path: Path) -> None:
    """The comparison above looks at names; this one at every word of the statements."""
    with raw(path) as migrated, closing(sqlite3.connect(":memory:")) as made:
        engine = create_engine("sqlite://", creator=lambda: made)
        with engine.begin() as connection:
            metadata.create_all(connection)
            assert words(migrated, but=VERSION_TABLE) == words(made)


def words(connection: sqlite3.Connection, but: str = "") -> dict[str, str]:
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type <> 'trigger' AND sql IS NOT NULL")
    return {name: re.sub(r"\s+", " ", sql) for name, sql in found if name != but}


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert tuple(reversed([revision.revision for revision in script.walk_revisions()])) == schema.REVISIONS
    assert script.get_current_head() == schema.HEAD


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE records SET text = 'other'",
        "UPDATE records SET hash = 'other' WHERE sequence = 1",
        "UPDATE OR REPLACE records SET sequence = 1 WHERE sequence = 2",
        "DELETE FROM records",
        "DELETE FROM records WHERE sequence = 2",
        "INSERT OR REPLACE INTO records SELECT * FROM records WHERE sequence = 1",
        "REPLACE INTO records VALUES ('R-1', 2, 2, 'other', 'other')",
        "INSERT OR REPLACE INTO records (rowid, case_id, sequence, family_order, text, hash) "
        "SELECT rowid, 'X-1', 1, 1, 'other', 'other' FROM records WHERE sequence = 1",
        "INSERT INTO records SELECT * FROM records WHERE TRUE "
        "ON CONFLICT (case_id, sequence) DO UPDATE SET text = 'other'",
        "INSERT OR IGNORE INTO records VALUES ('R-1', 2, 2, 'other', 'other')",
    ],
)
def test_no_statement_changes_or_removes_a_record(store: Store, path: Path, change: str) -> None:
    put(store, step(put(store, opening(a_case()))))
    with raw(path) as other:
        before = other.execute("SELECT rowid, * FROM records").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="records are append-only"):
            other.execute(change)
        assert other.execute("SELECT rowid, * FROM records").fetchall() == before


# -- opening -----------------------------------------------------------------------------------------------------------


def sentence(call: Callable[[], object]) -> tuple[str, str]:
    """What is said, and what to do now; within the bound."""
    started = monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        call()
    assert monotonic() - started < 10
    assert caught.value.mend
    assert "\n" not in caught.value.message
    return caught.value.message, caught.value.mend


def test_a_missing_database_is_named_and_not_made(path: Path) -> None:
    said, now = sentence(lambda: open_store(str(path)))
    assert said == f"there is no database at `{path}`"
    assert "casewright init" in now
    assert not path.exists()


def test_a_folder_that_does_not_exist_is_no_place_for_a_database(path: Path) -> None:
    said, _ = sentence(lambda: open_store(str(path / "deeper" / "x.db"), create=True))
    assert "cannot be opened" in said


def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    said, _ = sentence(lambda: open_store(str(tmp_path), create=True))
    assert "cannot be opened" in said


@pytest.mark.parametrize("content", [b"Dear all,\n" * 500, b"\x00" * 5_000, b"PK\x03\x04"])
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    said, _ = sentence(lambda: open_store(str(path), create=True))
    assert said == f"`{path}` is not a database"
    said, _ = sentence(lambda: upgrade(str(path)))
    assert said == f"`{path}` is not a database"
    assert path.read_bytes() == content


@pytest.mark.parametrize("mark", [0, 252006674])
def test_another_applications_database_is_refused_and_left_alone(path: Path, mark: int) -> None:
    with raw(path) as other:
        other.execute("CREATE TABLE notes (text)")
        other.execute(f"PRAGMA application_id = {mark}")
    before = path.read_bytes()
    for call in (lambda: open_store(str(path), create=True), lambda: upgrade(str(path))):
        said, _ = sentence(call)
        assert said == f"the database `{path}` belongs to another application"
    assert path.read_bytes() == before


def test_another_applications_database_is_refused_also_while_it_is_empty(path: Path) -> None:
    with raw(path) as other:
        other.execute("PRAGMA application_id = 252006674")
    said, _ = sentence(lambda: open_store(str(path), create=True))
    assert said == f"the database `{path}` belongs to another application"


def test_an_empty_file_is_made_a_database_only_when_asked(path: Path) -> None:
    path.touch()
    said, now = sentence(lambda: open_store(str(path)))
    assert said == f"the database `{path}` is empty"
    assert "casewright init" in now
    with closing(open_store(str(path), create=True)) as store:
        put(store, opening(a_case()))


def test_making_a_database_twice_changes_nothing(path: Path) -> None:
    assert upgrade(str(path)) is True
    with closing(open_store(str(path))) as store:
        put(store, opening(a_case()))
    assert upgrade(str(path)) is False
    with closing(open_store(str(path), create=True)) as store:
        assert get(store, "R-1").root == "R-1"


def test_a_newer_database_is_refused(store: Store, path: Path) -> None:
    with raw(path) as other:
        other.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    said, now = sentence(lambda: open_store(str(path)))
    assert "was made by a newer casewright (its tables are of revision 9999" in said
    assert now == "nothing was changed; install the newer casewright"
    sentence(lambda: upgrade(str(path)))


def test_a_program_that_runs_while_the_tables_become_newer_stops_using_them(store: Store, path: Path) -> None:
    put(store, opening(a_case()))
    with raw(path) as other:
        other.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    for begin in (store.write, store.read):
        said, _ = sentence(lambda begin=begin: begin().__enter__())  # type: ignore[misc]
        assert "newer casewright" in said
    with raw(path) as other:
        other.execute(f"UPDATE {VERSION_TABLE} SET version_num = '{schema.HEAD}'")
    put(store, step(get(store, "R-1")))


def test_an_older_database_is_brought_up_to_date_by_one_command(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "REVISIONS", ("0000", *schema.REVISIONS))
    with raw(path) as other:
        other.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0000'")
    said, now = sentence(lambda: open_store(str(path)))
    assert said == f"the database `{path}` was made by an older casewright"
    assert "casewright db upgrade" in now


def test_a_database_half_made_is_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.store.sqlite import upgrading

    def fail(*_: object) -> None:
        original(*_)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    original = upgrading.run_migrations
    monkeypatch.setattr(upgrading, "run_migrations", fail)
    with pytest.raises(KeyboardInterrupt):
        upgrade(str(path))
    with raw(path) as other:
        assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    monkeypatch.setattr(upgrading, "run_migrations", original)
    with closing(open_store(str(path), create=True)) as store:
        put(store, opening(a_case()))


def test_many_may_make_the_same_database_at_once(path: Path) -> None:
    failures: list[BaseException] = []

    def make() -> None:
        try:
            open_store(str(path), create=True).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("desk.db", ("desk.db", "FULL", 8.0, False)),
        ("/var/desk.db", ("/var/desk.db", "FULL", 8.0, False)),
        ("C:\\desk\\desk.db", ("C:\\desk\\desk.db", "FULL", 8.0, False)),
        ("sqlite:///desk.db", ("desk.db", "FULL", 8.0, False)),
        ("sqlite+pysqlite:////var/desk.db", ("/var/desk.db", "FULL", 8.0, False)),
        ("sqlite:////var/desk%20one.db?synchronous=normal", ("/var/desk one.db", "NORMAL", 8.0, False)),
        ("sqlite:///维修.db?busy=2.5&mode=ro", ("维修.db", "FULL", 2.5, True)),
    ],
)
def test_an_address_is_a_path_or_a_url(url: str, expected: tuple[str, str, float, bool]) -> None:
    address = read_address(url)
    assert (address.path, address.synchronous, address.busy, address.is_read_only) == expected


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "names no file"),
        ("sqlite://", "has no path"),
        ("sqlite:///", "names no file"),
        ("sqlite://desk.db", "has no path"),
        ("mysql://host/desk", "cannot use `mysql` as a database; expected a path like `desk.db`"),
        ("sqlite:///desk.db?sync=off", "options cannot be used as written; there are `synchronous=FULL|NORMAL`"),
        ("sqlite:///desk.db?synchronous=OFF", "options"),
        ("sqlite:///desk.db?busy=11", "options"),
        ("sqlite:///desk.db?busy=soon", "options"),
        ("sqlite:///desk.db?busy=nan", "options"),
        ("sqlite:///desk.db?mode=rwc", "options"),
        ("a\x00b", "names no file"),
        (os.fsdecode(b"caf\xe9.db"), "is not text in UTF-8"),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_in_words(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        open_store(url)


def test_commits_are_durable_unless_said_otherwise(path: Path) -> None:
    open_store(str(path), create=True).close()
    for url, level in ((str(path), 2), (f"sqlite:///{str(path).replace('%', '%25')}?synchronous=NORMAL", 1)):
        with closing(open_store(url)) as store, store.write() as work:
            assert work._execute("PRAGMA synchronous", ()).fetchone() == (level,)  # type: ignore[attr-defined]
            assert work._execute("PRAGMA journal_mode", ()).fetchone() == ("wal",)  # type: ignore[attr-defined]


# -- trouble on the way ------------------------------------------------------------------------------------------------


def test_a_locked_database_is_waited_for_and_then_named(store: Store, path: Path) -> None:
    put(store, opening(a_case()))
    with raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        said, now = sentence(lambda: put(store, opening(a_case("R-2"))))
        assert said == f"the database `{path}` is locked by another program"
        assert now.startswith("nothing was changed")
        assert get(store, "R-1").root == "R-1"
        other.execute("ROLLBACK")
    put(store, opening(a_case("R-2")))


def test_a_database_held_by_another_program_whole_is_named_when_opened(path: Path) -> None:
    open_store(str(path), create=True).close()
    with raw(path) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM settings")
        said, _ = sentence(lambda: open_store(f"sqlite:///{str(path).replace('%', '%25')}?busy=0.3"))
        assert said == f"the database `{path}` is locked by another program"


def test_a_writer_at_the_door_tries_often(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it is not served for seconds where others hardly pause between two steps of theirs."""
    tried = list[str]()

    def connected(*given: Any) -> sqlite3.Connection:
        connection = connect(*given)
        connection.set_trace_callback(tried.append)
        return connection

    monkeypatch.setattr(connecting, "connect", connected)
    with closing(open_store(f"sqlite:///{str(path).replace('%', '%25')}?busy=10", create=True)) as store:
        put(store, opening(a_case()))
        tried.clear()
        with raw(path) as other, ThreadPoolExecutor(1) as pool:
            other.execute("BEGIN IMMEDIATE")
            waiting = pool.submit(put, store, opening(a_case("R-2")))
            while tried.count("BEGIN IMMEDIATE") < 4:  # on a slow machine each of them takes longer
                assert not waiting.done()
                sleep(0.001)
            other.execute("ROLLBACK")
        assert waiting.result().root == "R-2"
    assert 4 * connecting.AT_THE_DOOR < 0.5


def test_a_writer_waits_for_another_program_to_finish(store: Store, path: Path) -> None:
    with raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.1, lambda: ended.set())
        ended = threading.Event()
        done = threading.Thread(target=lambda: put(store, opening(a_case())))
        done.start()
        timer.start()
        ended.wait()
        other.execute("COMMIT")
        done.join()
    assert get(store, "R-1").root == "R-1"


def test_a_thread_that_waits_too_long_for_another_is_told(store: SqliteStore) -> None:
    said: list[tuple[str, str]] = []
    with store.write():
        thread = threading.Thread(target=lambda: said.append(sentence(lambda: put(store, opening(a_case())))))
        thread.start()
        thread.join()
    assert "is being written to by another thread" in said[0][0]


def test_a_database_opened_for_reading_is_not_written_to(store: Store, path: Path) -> None:
    put(store, opening(a_case()))
    with closing(open_store(f"sqlite:///{str(path).replace('%', '%25')}?mode=ro")) as reader:
        assert get(reader, "R-1").root == "R-1"
        said, _ = sentence(lambda: put(reader, opening(a_case("R-2"))))
        assert "was opened for reading only" in said
    sentence(lambda: upgrade(f"sqlite:///{str(path).replace('%', '%25')}?mode=ro"))


def test_a_read_only_file_is_named(store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is root may write to every file, so SQLite is asked to treat it as one that cannot be written."""
    monkeypatch.setattr("engine.store.sqlite.connecting.connect", lambda address, mode="rw": connect(address, "ro"))
    said, now = sentence(lambda: put(store, opening(a_case())))
    assert "cannot be written to" in said
    assert "give yourself the right" in now


def full(store: SqliteStore, more: int) -> None:
    """Let the disk hold so many more pages."""
    with store.write():
        pass
    assert store._writer is not None
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count = {pages + more}")


def test_a_full_disk_changes_nothing_and_a_freed_one_goes_on(store: SqliteStore) -> None:
    family = put(store, opening(a_case()))
    full(store, 3)
    big = {"data": {"note": "x" * 100_000}}
    said, now = sentence(lambda: put(store, step(family, big)))
    assert "is full" in said
    assert now == "nothing was changed; free some space and do it again"
    assert get(store, "R-1") == family
    full(store, 10_000)
    assert put(store, step(family, big)).cases["R-1"].sequence == 2


def test_after_a_full_disk_nothing_more_of_a_transaction_is_kept(store: SqliteStore) -> None:
    """SQLite ends the transaction by itself then; what came after it would have been kept one by one."""
    family = put(store, opening(a_case()))
    full(store, 3)

    def go_on() -> None:
        with store.write() as work:
            work.set_setting("zone", "UTC")
            for _ in range(2):
                with pytest.raises(StoreUnavailable, match="is full"):
                    work.save(step(family, {"data": {"note": "x" * 100_000}}))
            with pytest.raises(StoreUnavailable, match="is full"):
                work.set_setting("language", "zh")

    said, _ = sentence(go_on)
    assert "is full" in said
    full(store, 10_000)
    with store.read() as work:
        assert (work.setting("zone"), work.setting("language")) == (None, None)
    put(store, step(family))


def test_a_part_that_meets_a_full_disk_ends_the_whole(store: SqliteStore) -> None:
    family = put(store, opening(a_case()))
    full(store, 3)

    def part(work: object) -> None:
        with work.part():  # type: ignore[attr-defined]
            work.save(step(family, {"data": {"note": "x" * 100_000}}))  # type: ignore[attr-defined]

    def go_on() -> None:
        with store.write() as work:
            work.set_setting("zone", "UTC")
            with pytest.raises(StoreUnavailable):
                part(work)

    sentence(go_on)
    with store.read() as work:
        assert work.setting("zone") is None


class FailingCommit:
    """A cursor whose next commit fails, as when the disk does."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.cursor = cursor
        self.executemany = cursor.executemany
        self.failures = 1

    def execute(self, text: str, *values: object) -> sqlite3.Cursor:
        if text == "COMMIT" and self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return self.cursor.execute(text, *values)  # type: ignore[arg-type]


def test_a_commit_that_fails_keeps_nothing_and_the_next_one_goes_on(store: SqliteStore) -> None:
    family = put(store, opening(a_case()))
    assert store._hand is not None
    store._hand = FailingCommit(store._hand)  # type: ignore[assignment]
    said, _ = sentence(lambda: put(store, step(family)))
    assert "disk I/O error" in said
    assert get(store, "R-1") == family
    put(store, step(family))


def test_a_row_changed_behind_the_back_of_a_transaction_is_a_conflict(store: SqliteStore) -> None:
    family = put(store, opening(a_case()))
    with pytest.raises(Conflict, match="`R-1` was changed meanwhile"), store.write() as work:
        change_behind(work, step(work.family("R-1", lock=True) or family))


def change_behind(work: SqlTransaction, save: Save) -> None:
    work._execute("UPDATE cases SET revision = revision + 1", ())
    work.save(save)


def test_a_case_written_here_need_not_be_read_again(store: SqliteStore) -> None:
    save = step(put(store, opening(a_case(private={"phone": "1"}, secret="aa"))))
    assert put(store, save).cases["R-1"] is save.after.cases["R-1"]


def test_a_damaged_database_is_named(path: Path) -> None:
    with closing(open_store(str(path), create=True)) as store:
        for number in range(50):
            put(store, opening(a_case(f"R-{number}")))
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 100] = b"\xff" * 100
    path.write_bytes(content)
    said, _ = sentence(lambda: get(open_store(str(path)), "R-1"))
    assert "is damaged" in said


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_too_large_for_a_column_is_refused_in_words(store: Store, number: int) -> None:
    with pytest.raises(UsageError, match="too large"), store.write() as work:
        work.save(opening(a_case(next_due=number)))


def test_an_error_of_the_host_passes_unchanged(store: Store) -> None:
    with pytest.raises(EngineError, match="mine"), store.write():
        raise EngineError("mine")
    with pytest.raises(StoreUnavailable, match="could not do what was asked"), store.write():
        raise sqlite3.OperationalError("of another kind")


# -- files -------------------------------------------------------------------------------------------------------------


def test_closing_leaves_one_file(path: Path) -> None:
    with closing(open_store(str(path), create=True)) as store:
        put(store, opening(a_case()))
        get(store, "R-1")
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_the_log_starts_over_instead_of_growing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LOOK_EVERY", 100)
    url = f"sqlite:///{str(path).replace('%', '%25')}?synchronous=NORMAL"
    log = path.with_name(path.name + "-wal")
    with closing(open_store(url, create=True)) as store:
        family = put(store, opening(a_case()))
        sizes: list[int] = []
        # Each step lengthens a log by 10 kB or more, unless it is written over from its beginning: by the thread, or
        # where a busy machine keeps that from its turn, by SQLite at the hard limit.
        most = 3 * checkpoints.HARD_LIMIT
        while len(sizes) < 30 or (len(set(sizes[-30:])) > 1 and len(sizes) < most):
            save = step(family, {"data": {"note": "x" * 3_000}})
            with store.write() as work:
                work.save(save)
            family = save.after
            sizes.append(log.stat().st_size)
        assert len(sizes) < most
        assert "casewright-checkpoints" in [thread.name for thread in threading.enumerate()]
    assert "casewright-checkpoints" not in [thread.name for thread in threading.enumerate()]


def test_a_readers_connection_is_used_again(store: SqliteStore) -> None:
    for _ in range(3):
        with store.read() as first, store.read() as second:
            assert first.setting("zone") is second.setting("zone") is None
    assert len(store._readers._idle) == 2


def test_what_need_not_be_lasting_waits_for_no_disk_and_the_next_that_must_be_does(store: SqliteStore) -> None:
    levels = []
    for is_lasting in (True, False, True):
        with store.write(is_lasting=is_lasting) as work:
            work.set_setting("zone", str(is_lasting))
        assert store._writer is not None
        levels.append(store._writer.execute("PRAGMA synchronous").fetchone()[0])
        with store.read() as work:
            assert work.setting("zone") == str(is_lasting)
    assert levels == [2, 1, 2]

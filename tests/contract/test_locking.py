"""Databases of before something was encrypted: `db upgrade` locks values, files, addresses; none is left in clear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, text

from engine.ports import Attachment
from engine.store import open_store, upgrade
from engine.store.migrating import run_migrations
from engine.store.rows import BLANK, case_row
from engine.store.schema import HEAD
from tests import postgres
from tests.contract.builders import a_case, get, outlook

BEFORE = "0007"
CASES = 1_100
"""More than the migration reads at a time."""


CONTENTS = {"both": b"a letter to Wu Min", "own": bytes(range(256)) * 5_000}
ATTACHED = [("R-1", "both"), ("R-2", "both"), ("R-2", "own"), ("R-1", "both"), ("R-3", "gone")]
ADDRESSES = {"email": "lin@desk.example", "phone": "13812345678"}


@dataclass(frozen=True)
class Old:
    """A database with the tables of before, and values in clear."""

    url: str
    path: Path | None


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Old]:
    if request.param == "sqlite":
        path = tmp_path / "desk.db"
        fill(f"sqlite:///{path}")
        yield Old(str(path), path)
        return
    with postgres.database("template0") as url:
        fill(url.replace("postgresql:", "postgresql+psycopg:", 1))
        yield Old(url, None)


def fill(url: str) -> None:
    database = create_engine(url)
    with database.begin() as connection:
        run_migrations(connection, BEFORE)
        for number in range(CASES):
            case = a_case(f"R-{number}")
            row = case_row(case, outlook(case), BLANK._replace(birth=0, personal=1), None)
            add(connection, "cases", row)
            add(connection, "case_keys", (case.id, f"{number:064x}"))
            add(connection, "personal", (case.id, "phone", f'"139{number:08}"', f"mark {number}"))
        add(connection, "parties", ("customer", "C-1", 1, 5, "lin", 1, '{"class":"vip"}', '{"name":"Wu Min"}'))
        add(connection, "parties", ("customer", "C-1", 2, 6, "lin", 1, '{"class":"vip"}', '{"name":"Wu Mingxia"}'))
        for number, (case, digest) in enumerate(ATTACHED, 1):
            add(connection, "attachments", (number, case, digest, f"{digest} of {case}.txt", "text/plain", number))
        for digest, content in CONTENTS.items():
            add(connection, "contents", (digest, content))
        for kind, address in ADDRESSES.items():
            add(connection, "addresses", ("lin", kind, address))
        add(connection, "parties", ("supplier", "S-1", 1, 5, "lin", 1, '{"class":"vip"}', "{}"))
    if database.dialect.name == "sqlite":
        with database.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = wal")
            connection.exec_driver_sql("PRAGMA application_id = 1129796180")
            connection.exec_driver_sql("PRAGMA secure_delete = OFF")
    database.dispose()


def add(connection: Connection, table: str, row: Any) -> None:
    names = [f"v{number}" for number in range(len(row))]
    values = ", ".join(f":{name}" for name in names)
    connection.execute(text(f"INSERT INTO {table} VALUES ({values})"), dict(zip(names, row, strict=True)))


def test_an_upgrade_locks_what_stood_in_clear_and_all_of_it_is_read_as_before(old: Old) -> None:
    assert upgrade(old.url)
    with closing(open_store(old.url)) as store:
        for number in (0, 999, 1_000, CASES - 1):
            case = get(store, f"R-{number}").cases[f"R-{number}"]
            assert (case.private, case.secret) == ({"phone": f"139{number:08}"}, f"{number:064x}")
        with store.read() as work:
            assert work.search("", "mark 7") == ("R-7",)
            assert [one.private for one in work.party("customer", "C-1")] == [
                {"name": "Wu Min"},
                {"name": "Wu Mingxia"},
            ]
            assert [one.private for one in work.party("supplier", "S-1")] == [{}]
            assert work.count_keys() == {"": CASES + 5}
            for case, digest in ATTACHED[:3]:
                file = work.attachment(case, digest)
                assert file is not None
                assert (file.name, file.content) == (f"{digest} of {case}.txt", CONTENTS[digest])
            assert [(one.hash, one.size, one.at) for one in work.attached("R-2")] == [
                ("both", len(CONTENTS["both"]), 2), ("own", len(CONTENTS["own"]), 3),
            ]  # fmt: skip
            assert [one.name for one in work.attached("R-1")] == ["both of R-1.txt"] * 2
            assert work.attachment("R-3", "gone") is None
            assert work.addresses("lin") == ADDRESSES
        with store.write() as work:
            assert work.forget_files("R-1") == 2
            assert work.attachment("R-2", "both") is not None
            work.save_attachment("R-3", Attachment(hash="new", name="n", media_type="", content=b"new"), 9)
            assert [one.name for one in work.attached("R-3")] == ["n"]
        store.scrub()
    if old.path is not None:
        left = b"".join(file.read_bytes() for file in old.path.parent.glob("desk.db*"))
        assert b'"139' not in left
        for clear in (b"Wu Min", b"of R-2.txt", b"lin@desk", b"13812345678", CONTENTS["own"][:64]):
            assert clear not in left


def test_the_files_of_each_case_are_found_by_an_index_while_they_are_locked(tmp_path: Path) -> None:
    """Else an upgrade would read all of them once for each case."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    fill(url)
    database, plans = create_engine(url), list[str]()

    @event.listens_for(database, "before_cursor_execute")
    def explain(_connection: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT DISTINCT hash"):
            plans.append(str(cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()))

    with database.begin() as connection:
        run_migrations(connection, HEAD)
    database.dispose()
    assert len(plans) == len({case for case, _ in ATTACHED})
    assert all("SEARCH attachments USING COVERING INDEX ix_attachments_case_id" in plan for plan in plans)

"""What a ratio compares: ours and the bare driver end with the same rows, to the byte.

Nothing is timed here. The benchmarks read the engine's own statements, so they break unseen where those change.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from benchmarks import durable, server
from tests import postgres


def test_the_bare_driver_of_sqlite_writes_the_same_rows(tmp_path: Path) -> None:
    durable.beside_the_driver(tmp_path, "NORMAL", 5, 1)  # it compares all tables at its end
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as theirs:
        written = theirs.execute("SELECT count(*) FROM records WHERE sequence > 1").fetchone()[0]
    assert written >= durable.WARM + 5


def test_rows_that_differ_are_no_comparison(tmp_path: Path) -> None:
    durable.beside_the_driver(tmp_path, "NORMAL", 5, 1)
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as theirs:
        theirs.execute("UPDATE cases SET revision = revision + 1")
        theirs.commit()
    with pytest.raises(AssertionError, match="cases"):
        durable.equal(tmp_path / "ours.db", tmp_path / "theirs.db")


def test_the_bare_driver_of_postgresql_writes_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.needs_server()
    compared: list[tuple[str, str]] = []
    really = server.equal

    def watched(at: postgres.Server, ours: str, theirs: str) -> None:
        really(at, ours, theirs)
        compared.append((ours, theirs))

    monkeypatch.setattr(server, "equal", watched)
    server.beside_the_driver(postgres.shared(), 5, 1)
    [(ours, theirs)] = compared
    with psycopg.connect(postgres.shared().url(theirs)) as driver:
        driver.execute("UPDATE cases SET revision = revision + 1")
    with pytest.raises(AssertionError, match="cases"):
        really(postgres.shared(), ours, theirs)

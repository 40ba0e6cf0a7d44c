"""A desk with many cases, filled in bulk: copies of what the engine wrote, each with its number, times and chain.

A few cases are opened and worked on by the engine; their rows are the patterns. A copy has another number, all its
instants moved by one distance, and its records linked anew, so that it is to the byte what the engine would have
written at those instants: `audit verify` of any of them holds.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from benchmarks.common import desk
from benchmarks.durable import PEOPLE
from engine.app import Accepted, Engine
from engine.core.audit import digest
from engine.testing import ADMIN, ManualTime

TABLES = ("cases", "records", "waiting", "clock_cycles")
"""Which have rows for each case."""

OPEN_OF_FIVE = ("asked", "weighed", "sent")
"""Where the open ones stand, one in five: in three queues, turn by turn."""

PATTERNS = 15 * len(OPEN_OF_FIVE)
RECORDS = 6
APART = 977  # ms between the openings of two cases: some three a second of a busy year
CHUNK = 5_000

INSTANT = re.compile(r"\b17\d{11}\b")
"""An instant as it stands in rows and texts: ms, of these years."""

Rows = dict[str, list[tuple[Any, ...]]]


class Pattern(NamedTuple):
    """One case as the engine wrote it."""

    name: str
    opened: int
    rows: Rows

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody."""
        return bool(self.rows["waiting"])


def prepare(engine: Engine, time: ManualTime) -> None:
    """The desk, and one case for each pattern."""
    for person in PEOPLE:
        engine.save_person(person, actor=ADMIN)
    engine.publish(desk(), "growing", actor=ADMIN)
    for number in range(PATTERNS):
        work(engine, time, number)


def work(engine: Engine, time: ManualTime, number: int) -> None:
    """One case of six records: opened, passed on, and closed but for one in five."""
    opened = engine.open_case("growing", {"remark": f"asked for the {number}th time"}, actor="lin")
    assert isinstance(opened, Accepted)
    is_open, queue = number % 5 == 0, number // 5 % len(OPEN_OF_FIVE)
    steps = ["pass_on"] * (queue if is_open else 2) + ["close"] * (not is_open)
    for action in ["note"] * (RECORDS - 1 - len(steps)) + steps:
        time.move(61_003)
        form = {"remark": f"seen by the clerk at {time.now()}"} if action == "note" else {}
        assert isinstance(engine.act(opened.case.id, action, form, actor="lin"), Accepted)


def patterns(path: Path) -> list[Pattern]:
    """The patterns, of a file in which they were made."""
    with closing(sqlite3.connect(path)) as driver:
        names = [(name, at) for name, at in driver.execute("SELECT id, opened_ms FROM cases ORDER BY opened_ms, id")]
        return [Pattern(name, at, {table: _rows(driver, table, name) for table in TABLES}) for name, at in names]


def _rows(driver: sqlite3.Connection, table: str, name: str) -> list[tuple[Any, ...]]:
    column = "id" if table == "cases" else "case_id"
    order = " ORDER BY sequence" if table == "records" else ""
    return driver.execute(f"SELECT * FROM {table} WHERE {column} = ?{order}", (name,)).fetchall()


def copies(made: Sequence[Pattern], first: int, until: int) -> Iterator[Rows]:
    """Cases by number, in chunks."""
    begin = made[0].opened
    for start in range(first, until, CHUNK):
        rows: Rows = {table: [] for table in TABLES}
        for number in range(start, min(start + CHUNK, until)):
            pattern = made[number % len(made)]
            _copy(pattern, f"W-{number}", begin + number * APART - pattern.opened, rows)
        yield rows


def _copy(pattern: Pattern, name: str, distance: int, rows: Rows) -> None:
    def moved(value: Any) -> Any:
        if isinstance(value, int):
            return value + distance if INSTANT.fullmatch(str(value)) else value
        if isinstance(value, str):
            text = value.replace(f'"{pattern.name}"', f'"{name}"')
            return INSTANT.sub(lambda found: str(int(found[0]) + distance), text)
        return value

    before = after = ""
    for _, sequence, order, text, hashed in pattern.rows["records"]:
        linked = moved(text).replace(f'"prev":"{before}"', f'"prev":"{after}"')
        before, after = hashed, digest(linked)
        rows["records"].append((name, sequence, order, linked, after))
    for row in pattern.rows["cases"]:
        rows["cases"].append(tuple([_named(pattern, name, moved(one)) if one != before else after for one in row]))
    for table in ("waiting", "clock_cycles"):
        for row in pattern.rows[table]:
            rows[table].append(tuple([_named(pattern, name, moved(one)) for one in row]))


def _named(pattern: Pattern, name: str, value: Any) -> Any:
    return name if value == pattern.name else value


def fill_file(path: Path, made: Sequence[Pattern], until: int) -> None:
    """Fill a file of SQLite up to that number."""
    with closing(sqlite3.connect(path, isolation_level=None)) as driver:
        driver.execute("PRAGMA synchronous = OFF")
        driver.execute("PRAGMA cache_size = -400000")
        for rows in copies(made, PATTERNS + 1, until + 1):
            driver.execute("BEGIN")
            for table, found in rows.items():
                driver.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(found[0]))})", found)
            driver.execute("COMMIT")
        driver.execute("UPDATE counters SET number = ?", (until,))
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def fill_server(url: str, made: Sequence[Pattern], until: int) -> None:
    """Fill a database of a server up to that number."""
    with psycopg.connect(url, autocommit=True) as driver:
        for rows in copies(made, PATTERNS + 1, until + 1):
            for table, found in rows.items():
                with driver.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                    for row in found:
                        copy.write_row((*row, json.loads(row[3])["at"]) if table == "records" else row)
        driver.execute("UPDATE counters SET number = %s", (until,))
        driver.execute("VACUUM ANALYZE")

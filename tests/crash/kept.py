"""What a database holds, whichever it is, and what must hold of it after whatever was done to it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from engine import Engine
from engine.app import Delivery
from engine.testing import ManualTime
from tests.crash.slips import END
from tests.crash.tally import database_of

BESIDE = ("recorded_at", "prev", "hash")
"""What differs between two runs of the same history: when it was written down, and what is drawn at random."""

Histories = Mapping[str, list[dict[str, Any]]]


def rows(place: str, question: str) -> list[tuple[Any, ...]]:
    """The answer of the database itself, past the engine."""
    if database_of(place) == "PostgreSQL":
        with psycopg.connect(place) as server:
            return server.execute(question.encode()).fetchall()
    with closing(sqlite3.connect(place)) as file:
        return file.execute(question).fetchall()


def records(place: str) -> Histories:
    """The records of every case, as they were written."""
    found: dict[str, list[dict[str, Any]]] = {}
    for case, text in rows(place, "SELECT case_id, text FROM records ORDER BY case_id, sequence"):
        found.setdefault(case, []).append(json.loads(text))
    return found


def history(place: str) -> Histories:
    """The records of every case, without what two runs of the same history need not share."""
    return {case: [plain(record) for record in found] for case, found in records(place).items()}


def plain(value: Any) -> Any:
    """Commitments are drawn at random: that there is one must be the same."""
    if isinstance(value, dict):
        if value.keys() == {"sealed"}:
            return "sealed"
        return {name: plain(part) for name, part in value.items() if name not in BESIDE}
    return [plain(part) for part in value] if isinstance(value, list) else value


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The cases whose histories differ, and the first record of each that does."""
    found = [f"{case}: only in one" for case in sorted(one.keys() ^ other.keys())]
    for case in sorted(one.keys() & other.keys()):
        pairs = enumerate(zip(one[case], other[case], strict=False), 1)
        first = next((f"{case} record {n}: {a} against {b}" for n, (a, b) in pairs if a != b), "")
        if first or len(one[case]) != len(other[case]):
            found.append(first or f"{case}: {len(one[case])} records against {len(other[case])}")
    return found


def fired(found: Histories) -> Mapping[str, list[tuple[str, str, int]]]:
    """What time itself did to every case, by name and instant: the same, whatever people did beside it."""
    return {
        case: [(record["verb"], record["name"], record["at"]) for record in told if record["actor"] == "engine"]
        for case, told in found.items()
    }


def kept(place: str) -> Counter[tuple[str, str]]:
    """How often each sender's key stands in the records."""
    every = (record for told in records(place).values() for record in told)
    return Counter((record["actor"], record["key"]) for record in every if "key" in record)


def delivered(place: str) -> set[str]:
    """The keys of the messages that count as delivered."""
    found = rows(place, "SELECT case_id, sequence, number FROM outbox WHERE status = 'delivered'")
    return {f"{case}/{sequence}/{number}" for case, sequence, number in found}


def has_tables(place: str) -> bool:
    """Whether anything was made there."""
    if database_of(place) == "SQLite" and not Path(place).exists():
        return False
    listed = "pg_tables WHERE tablename" if database_of(place) == "PostgreSQL" else "sqlite_master WHERE name"
    return bool(rows(place, f"SELECT 1 FROM {listed} = 'records'"))


def proven(place: str, now: int) -> None:
    """The audit holds, by chain and by replay, and so does the file."""
    with Engine.open(place, time=ManualTime(now)) as engine:
        found = engine.verify()
        assert not found.problems, found.problems[:3]
    if database_of(place) == "SQLite":
        assert rows(place, "PRAGMA integrity_check") == [("ok",)]


def let_go(place: str) -> None:
    """Wait until a server has heard that the dead are gone: until then it holds their rows, and does what they sent.

    What is still to be read of a dead client's words shows nowhere as begun; that somebody listens to him does.
    """
    if database_of(place) == "SQLite":
        return
    heard = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    until = time.monotonic() + 60
    while rows(place, heard) != [(0,)]:
        assert time.monotonic() < until, "the server still works for somebody who is dead"
        time.sleep(0.02)


def run_to_the_end(place: str) -> list[str]:
    """Carry everything forward that is left, and deliver it; the keys of the messages."""
    said = list[str]()

    def deliver(delivery: Delivery) -> None:
        said.append(delivery.key)

    let_go(place)
    with Engine.open(place, time=ManualTime(END)) as engine:
        engine.on("*", deliver)
        engine.tick(accept_clock=True)
        assert not engine.faults()
        assert not engine.outbox(status="waiting")
    return said

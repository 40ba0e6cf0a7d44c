"""Many processes on one PostgreSQL, they and it killed where they stand: what was acknowledged is there, once."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engine import Engine
from engine.testing import ManualTime
from tests import postgres
from tests.crash.players import CASES
from tests.crash.rig import LONG, Player, dice, differences, history, plain, tell
from tests.crash.slips import BEGIN, END, set_up
from tests.crash.test_killed import SPEED, WRITERS, run_to_the_end

ROUNDS = 340 if LONG else 6
"""Three writers are killed in each, and three workers: two thousand kills in the long form."""

RESTARTS = 20 if LONG else 3
CLIENTS = tuple(f"client {number}" for number in range(8))


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A server that writes to the disk before it says so: it is killed as well."""
    postgres.needs_server()
    made = postgres.Server()
    made.start()
    yield made
    made.end()


@pytest.fixture
def desk(server: postgres.Server) -> str:
    """A database with the desk published and its cases open."""
    url = server.url(server.new())
    set_up(url, CASES)
    return url


def proven(url: str, now: int = BEGIN) -> None:
    """The audit holds, by chain and by replay."""
    with Engine.open(url, time=ManualTime(now)) as engine:
        assert not engine.verify().problems


def let_go(url: str) -> None:
    """Wait until the server has taken back what the dead had begun: until then it holds their rows."""
    begun = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
    )
    with psycopg.connect(url, autocommit=True) as raw:
        until = time.monotonic() + 20
        while raw.execute(begun).fetchall() != [(0,)]:
            assert time.monotonic() < until, "the server still works for somebody who is dead"
            time.sleep(0.02)


def told(url: str) -> Mapping[str, list[dict[str, Any]]]:
    """The records of every case."""
    found: dict[str, list[dict[str, Any]]] = {}
    with psycopg.connect(url) as raw:
        for case, text in raw.execute("SELECT case_id, text FROM records ORDER BY case_id, sequence"):
            found.setdefault(case, []).append(json.loads(text))
    return found


def kept(url: str) -> Counter[tuple[str, str]]:
    """How often each sender's key stands in the records."""
    every = (record for records in told(url).values() for record in records)
    return Counter((record["actor"], record["key"]) for record in every if "key" in record)


def test_every_acknowledged_step_of_a_killed_writer_is_there_once(desk: str) -> None:
    draw, following = dice(), dict.fromkeys(WRITERS, 0)
    acknowledged: dict[tuple[str, str], tuple[str, int]] = {}
    for _ in range(ROUNDS):
        writers = {sender: Player("act", desk, sender, first) for sender, first in following.items()}
        for writer in writers.values():
            writer.wait_for("ready")
        time.sleep(draw.uniform(0, 0.15))
        for sender in draw.sample(WRITERS, len(WRITERS)):
            writers[sender].kill()
            for _, key, case, sequence in [heard for heard in writers[sender].said if heard[0] == "has"]:
                acknowledged[sender, key] = case, sequence
                following[sender] += 1  # the one asked last is asked again, with the same key
        found = kept(desk)
        assert not [key for key in acknowledged if found[key] != 1]
        assert set(found.values()) <= {1}
    tell(f"{len(acknowledged)} steps acknowledged by {len(WRITERS)} writers at once, each killed {ROUNDS} times")
    assert len(acknowledged) > ROUNDS
    records = told(desk)
    assert all(records[case][seq - 1]["key"] == key for (_, key), (case, seq) in acknowledged.items())
    proven(desk)


def test_killed_workers_leave_the_history_of_one_that_never_stopped(desk: str, tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed.db"
    set_up(undisturbed, CASES)
    draw, began, said, last = dice(), time.time(), list[str](), list[str]()
    for _ in range(ROUNDS):
        workers = [Player("work", desk, began, SPEED) for _ in range(3)]
        for worker in workers:
            worker.wait_for("ready")
        time.sleep(draw.uniform(0, 0.1))
        for worker in workers:
            worker.kill()
            said += [heard[1] for heard in worker.said if heard[0] == "delivered"]
    run_to_the_end(undisturbed, [])
    let_go(desk)
    run_to_the_end(desk, last)
    tell(
        f"{len(said)} deliveries by workers killed, {len(said) - len(set(said))} of them again, {len(last)} at the end"
    )
    assert len(said) > ROUNDS
    ours = {case: [plain(record) for record in records] for case, records in told(desk).items()}
    assert not differences(history(undisturbed), ours)
    proven(desk, END)


def test_a_worker_that_stands_still_beyond_any_lease_fires_nothing_twice(desk: str, tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed.db"
    set_up(undisturbed, CASES)
    draw, began = dice(), time.time()
    workers = [Player("work", desk, began, SPEED) for _ in range(2)]
    for worker in workers:
        worker.wait_for("ready")
    for _ in range(ROUNDS):
        still = draw.choice(workers)
        still.stop()
        time.sleep(draw.uniform(0, 0.1))
        still.go_on()
    for worker in workers:
        worker.kill()
    run_to_the_end(undisturbed, [])
    let_go(desk)
    run_to_the_end(desk, [])
    ours = {case: [plain(record) for record in records] for case, records in told(desk).items()}
    assert not differences(history(undisturbed), ours)
    proven(desk, END)


def test_a_server_restarted_amid_work_strands_nobody_and_loses_nothing(desk: str, server: postgres.Server) -> None:
    draw, began = dice(), time.time()
    writers = {sender: Player("insist", desk, sender) for sender in CLIENTS}
    workers = [Player("work", desk, began, SPEED / 20) for _ in range(4)]
    for player in (*writers.values(), *workers):
        player.wait_for("ready")
    for _ in range(RESTARTS):
        time.sleep(draw.uniform(0.1, 0.4))
        server.stop(signal.SIGQUIT)
        server.start()
        for writer in writers.values():
            writer.wait_for("has")  # nobody is stranded
    for player in (*writers.values(), *workers):
        player.kill()
    found, records = kept(desk), told(desk)
    steps = [(sender, *heard[1:]) for sender, one in writers.items() for heard in one.said if heard[0] == "has"]
    away = sum(heard[0] == "away" for one in writers.values() for heard in one.said)
    tell(
        f"{len(steps)} steps acknowledged by {len(writers)} clients, beside {len(workers)} workers, "
        f"across {RESTARTS} restarts at once; {away} times told that it was away"
    )
    assert away
    assert set(found.values()) <= {1}
    assert all(records[case][sequence - 1]["key"] == key for _, key, case, sequence in steps)
    proven(desk, END)

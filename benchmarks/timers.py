"""How fast do several workers share what falls due on PostgreSQL, and how late is one of them?

A hundred thousand cases wait for their promise to fall due (copies of what the engine wrote, `benchmarks/filling.py`).
Of these some thousands fall due at once, and 1, 2 or 4 workers carry them forward: a warning, a breach, two records and
a message each. Beside them as many bare loops with the driver: a hundred rows by `FOR UPDATE SKIP LOCKED`, the same
writing statements, worked out beforehand, in one pipeline, a commit. Then lateness: 200 due cases a second, one worker.

    python benchmarks/timers.py
"""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import ROOT, Answer, at_least, desk, tell
from benchmarks.durable import PEOPLE, Statement
from benchmarks.filling import fill_server, prepare
from benchmarks.growth import seed
from benchmarks.processes import ready, together
from benchmarks.server import GUARDED
from benchmarks.worker import point
from engine.app import Accepted, Engine
from engine.store.postgresql.pool import cursor_on
from engine.store.postgresql.wire import Wire
from engine.store.statements import Many
from engine.store.transaction import SqlTransaction
from engine.testing import ADMIN, ManualTime
from engine.values import rfc3339
from tests import postgres

PENDING = 100_000
DUE = 4_000
"""How many of them fall due in one round."""

WORKERS = (1, 2, 4)
WANTED = 0.4
BATCH = 100
RATE = 200
LEAD = 25_000
"""Ms in which the cases that will be late are opened."""

Written = dict[str, list[Statement]]

WORKER = """
import signal, sys, threading
from engine import Engine
from engine.worker import run_worker

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
with Engine.open(sys.argv[1]) as engine:
    engine.on("*", lambda one: None)
    run_worker(engine, stop)
"""


def pending(server: postgres.Server, folder: Path, count: int) -> tuple[str, list[int]]:
    """A database in which so many cases wait, by its name, and when each falls due."""
    _, made = seed(folder)
    name = server.new()
    time = ManualTime()
    with Engine.open(server.url(name), time=time, create=True) as engine:
        prepare(engine, time)
    fill_server(server.url(name), [one for one in made if one.is_open], count)
    with psycopg.connect(server.url(name)) as driver:
        due = "SELECT family_due_ms FROM cases WHERE family_due_ms IS NOT NULL ORDER BY 1"
        return name, [at for (at,) in driver.execute(due).fetchall()]


def recorded(url: str, until: int) -> Written:
    """What carrying each family forward writes."""
    written: Written = {}
    root = ""
    save, tell_wire = SqlTransaction.save, Wire.tell

    def saving(self: SqlTransaction, one: Any) -> None:
        nonlocal root
        root = one.after.root
        save(self, one)
        root = ""

    def telling(self: Wire, text: str, values: Sequence[Any] = (), many: Many | None = None) -> None:
        if root and values:
            update = GUARDED.fullmatch(text)
            written.setdefault(root, []).append((update[1] if update else text, tuple(values)))
        tell_wire(self, text, values, many)

    SqlTransaction.save, Wire.tell = saving, telling  # type: ignore[method-assign]
    try:
        ours(url, until)
    finally:
        SqlTransaction.save, Wire.tell = save, tell_wire  # type: ignore[method-assign]
    return written


def ours(url: str, until: int) -> int:
    """One worker, without sending anything; how many families it carried forward."""
    done = 0
    with Engine.open(url, time=ManualTime(until)) as engine:
        while some := engine.fire_some().advanced:
            done += some
    return done


def theirs(url: str, until: int, written: Written) -> int:
    """One bare loop; how many rows it took."""
    done = 0
    claim = (
        f"SELECT id FROM cases WHERE family_due_ms < $1 ORDER BY family_due_ms, id LIMIT {BATCH} FOR UPDATE SKIP LOCKED"
    )
    with psycopg.connect(url, autocommit=True) as driver:
        cursor = cursor_on(driver)
        while True:
            with driver.pipeline():
                cursor.execute("BEGIN")
                cursor.execute(claim, (until,))
                roots = [root for (root,) in cursor.fetchall()]
                for root in roots:
                    for text, values in written[root]:
                        cursor.execute(text, values)
                cursor.execute("COMMIT")
            if not roots:
                return done
            done += len(roots)


def child(who: str, url: str, until: str, path: str) -> None:
    """One process: it says when it is ready, begins when it is told to, and says how many it had."""
    written: Written = pickle.loads(Path(path).read_bytes()) if who == "theirs" else {}
    Engine.open(url).close()
    ready()
    print(theirs(url, int(until), written) if written else ours(url, int(until)), flush=True)


def done(who: str, count: int, url: str, until: int, path: Path) -> float:
    """Seconds in which so many processes have done all that is due."""
    took, said = together(__file__, [(who, url, str(until), str(path))] * count)
    assert sum(map(int, said))
    return took


def shared(server: postgres.Server, folder: Path, most: int, due: int) -> Iterator[Answer]:
    """Several workers beside as many loops, each taking its turn with what falls due next."""
    begin, dues = pending(server, folder, most)
    measured = server.new(begin)
    cuts = [dues[min((turn + 1) * due, len(dues) - 1)] for turn in range(2 * len(WORKERS) + 1)]
    path = folder / "written"
    path.write_bytes(pickle.dumps(recorded(server.url(begin), cuts[-1])))
    url = server.url(measured)
    done("ours", 1, url, cuts[0], path)  # what is needed first is read
    turns = iter(cuts[1:])
    for count in WORKERS:
        some, others = (done(who, count, url, next(turns), path) for who in ("ours", "theirs"))
        question = f"{count} worker{'s' * (count > 1)}, {most:,} pending, PostgreSQL"
        ratio = others / some
        yield Answer(question, f"{due / some:,.0f}/s", ratio, "of as many bare loops", *at_least(WANTED, ratio))


def late(server: postgres.Server, seconds: int) -> list[int]:
    """How late each was, in ms, of those that fell due, so many a second."""
    url = server.url(server.new())
    start = time.time_ns() // 1_000_000 + LEAD
    dues = [start + number * 1_000 // RATE for number in range(RATE * seconds)]
    with Engine.open(url, time=ManualTime(start - LEAD), create=True) as engine:
        for person in PEOPLE:
            engine.save_person(person, actor=ADMIN)
        engine.publish(desk(), "due", actor=ADMIN)
        for at in dues:
            assert isinstance(engine.open_case("due", {"at": rfc3339(at)}, actor="lin"), Accepted)
    assert time.time_ns() // 1_000_000 < start - 6_000, "opening them took too long: the worker must be up before"
    worker = subprocess.Popen([sys.executable, "-c", WORKER, url], cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    try:
        time.sleep((dues[-1] - time.time_ns() // 1_000_000) / 1_000 + 3)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
    with psycopg.connect(url) as driver:
        texts = driver.execute("SELECT text FROM records WHERE sequence = 2").fetchall()
    records = [json.loads(text) for (text,) in texts]
    assert len(records) == len(dues)
    return [record["recorded_at"] - record["at"] - 1 for record in records]


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Fire, on a server."""
    if postgres.programs() is None:
        yield Answer("timers on PostgreSQL", "no server here")
        return
    server = postgres.Server("max_wal_size=4GB")
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield from shared(server, Path(folder), *((2_000, 200) if is_quick else (PENDING, DUE)))
        found = late(server, 1 if is_quick else 5)
        question = f"lateness, p99, {RATE} due cases a second, PostgreSQL"
        worst = point(found, 0.99)
        yield Answer(question, f"{worst} ms (median {median(found):g})", None, "", "at most 10 ms", worst <= 10)
    finally:
        server.end()


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:6])
    else:
        tell(answers(is_quick="--quick" in sys.argv))

"""How late does a worker fire, and how many cases does it advance in a second?

A case that falls due here warns somebody and breaks its promise: two records, and a message that is delivered. The
worker is a process of its own on an SQLite file, as at a desk, and waits for the disk at every commit; its clock is set
so that the first case falls due soon. Beside it stands a plain loop over the same rows: the bare driver, which finds
what is due and runs the same writing statements, their values worked out beforehand, as many to a commit.

    python benchmarks/worker.py
"""

from __future__ import annotations

import ast
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import ROOT, Answer, Pair, desk, in_turns, tell
from benchmarks.durable import PEOPLE, Recorder, Recording, Statement, equal
from engine.app import Accepted, Engine
from engine.store.sqlite import connecting as sqlite
from engine.testing import ADMIN, ManualTime
from engine.values import rfc3339

DUE = 1_772_413_200_000
"""When the first case falls due, by the worker's clock."""

AT_ONCE = 1_000
"""Cases that fall due in one second."""

RATE = 200
"""Due cases a second, evenly."""

LEAD = 1_500
"""Ms that a worker has until the first is due."""

DAY = 86_400_000

CLOCK = f"""
import signal, sys, threading, time

shift = {DUE - LEAD} - time.time_ns() // 1_000_000
"""

WORKER = f"""
{CLOCK}
from engine import Engine
from engine.time_source import SystemTime
from engine.worker import run_worker

class Shifted(SystemTime):
    def now(self):
        return super().now() + shift

stop, told = threading.Event(), []
signal.signal(signal.SIGTERM, lambda *_: stop.set())
with Engine.open(sys.argv[1], time=Shifted()) as engine:
    engine.on("*", lambda one: None)
    run_worker(engine, stop, told=lambda done: told.append((engine.now(), done.advanced)))
print(told, flush=True)
"""

PLAIN = f"""
{CLOCK}
import sqlite3

driver = sqlite3.connect(sys.argv[1], isolation_level=None)
driver.execute("PRAGMA synchronous = FULL")
driver.execute("CREATE TABLE plain (root TEXT PRIMARY KEY, late INTEGER)")
select = "SELECT id, family_due_ms FROM cases WHERE family_due_ms IS NOT NULL ORDER BY family_due_ms"
late = []
for root, at in driver.execute(select).fetchall():
    while (left := at + 1 - time.time_ns() / 1e6 - shift) > 0:
        time.sleep(left / 1000)
    driver.execute("BEGIN IMMEDIATE")
    late.append(time.time_ns() // 1_000_000 + shift - at - 1)
    driver.execute("INSERT INTO plain VALUES (?, ?)", (root, late[-1]))
    driver.execute("COMMIT")
print(late, flush=True)
"""
"""The barest that can fire: it knows what falls due when, sleeps until then, and writes one row with a commit."""


class Fired(NamedTuple):
    """How late each case was fired, in ms; whether in due order; when, after the first due, all were committed."""

    late: Sequence[int]
    is_in_order: bool
    lasted: int


def prepare(path: Path, dues: Sequence[int]) -> None:
    """A desk with a case for each of these instants."""
    with Engine.open(f"sqlite:///{path}?synchronous=NORMAL", time=ManualTime(DUE - DAY), create=True) as engine:
        for person in PEOPLE:
            engine.save_person(person, actor=ADMIN)
        engine.publish(desk(), "due", actor=ADMIN)
        for due in dues:
            assert isinstance(engine.open_case("due", {"at": rfc3339(due)}, actor="lin"), Accepted)


def begin(code: str, database: Path) -> subprocess.Popen[str]:
    """A program with this database."""
    return subprocess.Popen(
        [sys.executable, "-c", code, str(database)], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def fired(database: Path, seconds: float) -> Fired:
    """What a worker's process makes of what falls due within so many seconds."""
    worker = begin(WORKER, database)
    with worker:
        try:
            worker.wait((LEAD / 1000) + seconds)
        except subprocess.TimeoutExpired:
            worker.send_signal(signal.SIGTERM)
        assert worker.stdout is not None
        told: list[tuple[int, int]] = ast.literal_eval(worker.stdout.read())
    select = (
        "SELECT json_extract(text, '$.at'), json_extract(text, '$.recorded_at'), rowid FROM records "
        "WHERE json_extract(text, '$.verb') = 'breach' ORDER BY rowid"
    )
    with closing(sqlite3.connect(database)) as reader:
        rows = reader.execute(select).fetchall()
    ats = [at for at, _, _ in rows]
    return Fired(
        [seen - at - 1 for at, seen, _ in rows], ats == sorted(ats), max(at for at, advanced in told if advanced) - DUE
    )


def plain_late(database: Path) -> Sequence[int]:
    """How late the barest program is."""
    with begin(PLAIN, database) as plain:
        assert plain.stdout is not None
        late: list[int] = ast.literal_eval(plain.stdout.read())
    return late


def point(late: Sequence[int], share: float) -> int:
    """The value that this share of them do not exceed."""
    return sorted(late)[min(int(len(late) * share), len(late) - 1)]


@contextmanager
def recording() -> Iterator[None]:
    """Stores opened meanwhile keep what they write in `Recorder.kept`."""
    connect = sqlite.connect

    def kept(address: Any, mode: str = "rw") -> sqlite3.Connection:
        return sqlite3.connect(address.path, isolation_level=None, check_same_thread=False, factory=Recording)

    sqlite.connect = kept  # type: ignore[assignment]
    try:
        yield
    finally:
        sqlite.connect = connect


def rounds_of(database: Path) -> list[list[Statement]]:
    """What a worker writes, commit by commit."""
    written = []
    with recording(), Engine.open(str(database), time=ManualTime(DUE + 1_000)) as engine:
        Recorder.kept = []
        while engine.run_once().advanced:
            written.append(Recorder.kept)
            Recorder.kept = []
    return written


def advance_all(engine: Engine) -> None:
    """As a worker does that sends nothing."""
    while engine.run_once().advanced:
        pass


def loop(driver: sqlite3.Connection, rounds: Sequence[Sequence[Statement]]) -> None:
    """The plain loop."""
    for statements in rounds:
        driver.execute("BEGIN IMMEDIATE")
        driver.execute(
            "SELECT id FROM cases WHERE family_due_ms < ? ORDER BY family_due_ms LIMIT 100", (DUE + 1_000,)
        ).fetchall()
        for text, values in statements:
            driver.execute(text, values)
        driver.execute("COMMIT")


def beside_a_loop(folder: Path, count: int, rounds: int) -> Pair:
    """A thousand cases advanced, beside the plain loop over the same rows."""
    prepare(folder / "begin.db", [DUE + number for number in range(count)])
    shutil.copy(folder / "begin.db", folder / "recorded.db")
    written = rounds_of(folder / "recorded.db")
    for name in ("ours", "theirs"):
        for turn in range(rounds):
            shutil.copy(folder / "begin.db", folder / f"{name}{turn}.db")
    engines = [Engine.open(str(folder / f"ours{turn}.db"), time=ManualTime(DUE + 1_000)) for turn in range(rounds)]
    drivers = [sqlite3.connect(folder / f"theirs{turn}.db", isolation_level=None) for turn in range(rounds)]
    for driver in drivers:
        driver.execute("PRAGMA synchronous = FULL")
    try:
        found = in_turns(lambda turn: advance_all(engines[turn]), lambda turn: loop(drivers[turn], written), rounds)
    finally:
        for one in (*engines, *drivers):
            one.close()
    equal(folder / "ours0.db", folder / "theirs0.db")
    return found


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Fire."""
    count, seconds, rounds = (200, 1, 2) if is_quick else (AT_ONCE, 10, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder / "rate.db", [DUE + number * 1_000 // RATE for number in range(RATE * seconds)])
        shutil.copy(folder / "rate.db", folder / "plain.db")
        found, plain = fired(folder / "rate.db", seconds + 0.5), plain_late(folder / "plain.db")
        assert len(found.late) == RATE * seconds
        for share, bound in ((0.5, 1), (0.99, 5)):
            ours, theirs = point(found.late, share), point(plain, share)
            question = f"lateness, p{share * 100:.0f}, {RATE} due cases a second"
            figure = f"{ours} ms (barest {theirs})"
            yield Answer(question, figure, None, "", f"at most {bound} ms", ours <= bound)
        prepare(folder / "once.db", [DUE + number * 1_000 // AT_ONCE for number in range(count)])
        found = fired(folder / "once.db", 4)
        assert len(found.late) == count
        question = f"{count} cases due in one second: the last is committed"
        holds = found.lasted <= 1_000 + 5 and found.is_in_order
        order = "in due order" if found.is_in_order else "NOT in due order"
        yield Answer(question, f"after {found.lasted} ms", None, "", f"within it, {order}", holds)
        pair = beside_a_loop(folder, count, rounds)
        yield Answer("advanced by the worker", f"{count / pair.ours:,.0f}/s", pair.ratio, "of a loop, same rows")


if __name__ == "__main__":
    tell(answers(is_quick="--quick" in sys.argv))

"""How much longer does an action take on a case whose promise has ten thousand entries in its ledger?

A case waits and goes on ten thousand times, so that its promise is paused as often; then it acts one by one, on an
SQLite file, waiting for the disk at every commit. Beside it acts a case that was opened just now: the row keeps only
the head of a promise, so both should take the same.

    python benchmarks/long_case.py
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, desk, in_turns, tell
from engine import Accepted, Actor, Engine
from engine.testing import ADMIN, ManualTime

ENTRIES = 10_000
QUICK = 500
TURNS = 200
MOST = 0.005
"""Seconds that an action may take."""

SECOND = 1_000
AGENT = Actor(id="lin", roles=("clerk",))
ACTIONS = ("rest", "wake")


class Pausing:
    """A desk whose cases are paused and go on, turn by turn."""

    def __init__(self, path: Path, synchronous: str) -> None:
        self.time = ManualTime()
        self.engine = Engine.open(
            f"sqlite:///{path}?synchronous={synchronous}", time=self.time, create=not path.exists()
        )

    def open(self) -> str:
        """A case of its own."""
        opened = self.engine.open_case("pausing", actor=AGENT)
        assert isinstance(opened, Accepted), opened
        return opened.case.id

    def prepare(self, entries: int) -> str:
        """A case with so many entries in its ledger."""
        self.engine.publish(desk(), "pausing", actor=ADMIN)
        case = self.open()
        for number in range(entries):
            self.act(case, number)
        return case

    def act(self, case: str, turn: int) -> tuple[float, float]:
        """The seconds one action takes, by the clock and of the processor."""
        self.time.move(SECOND)
        began, worked = perf_counter(), process_time()
        done = self.engine.act(case, ACTIONS[turn % 2], actor=AGENT)
        lasted = perf_counter() - began, process_time() - worked
        assert isinstance(done, Accepted), done
        return lasted


def answers(*, is_quick: bool = False, entries: int = ENTRIES) -> Iterator[Answer]:
    """Prepare, act, compare."""
    entries, turns = (QUICK, 20) if is_quick else (entries, TURNS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "desk.db"
        making = Pausing(path, "NORMAL")
        with making.engine:
            case = making.prepare(entries)
        acting = Pausing(path, "FULL")
        acting.time.move_to(making.time.now())
        with acting.engine:
            fresh = acting.open()
            lasted: list[tuple[float, float]] = []
            pair = in_turns(
                lambda turn: lasted.append(acting.act(case, turn)), lambda turn: acting.act(fresh, turn), turns
            )
            size = len(list(acting.engine.ledger(case, "answered")))
    by_clock, worked = (median(one) for one in zip(*lasted, strict=True))
    figure = f"{by_clock * 1000:.2f} ms"
    beside = f"of a fresh case; {worked * 1000:.2f} ms of processor"
    yield Answer(
        f"an action, {size:,} entries in its ledger", figure, pair.ratio, beside, "less than 5 ms", by_clock < MOST
    )


if __name__ == "__main__":
    sys.exit(0 if tell(answers()) else 1)

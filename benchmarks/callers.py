"""What do many callers get out of one disk, when each of their steps waits for it?

Steps share commits: whoever writes takes along those who stand in line behind him; on PostgreSQL the server also writes
the commits of many connections at once. Measured on a disk that takes 1.5 ms more for each wait, by a library
built here and preloaded, so that the figure tells about the engine and not about the disk: the rate of 32 callers
beside that of one, in turns. On SQLite they are threads of one process; on PostgreSQL of four, eight connections each.

    python benchmarks/callers.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter, sleep

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import ROOT, Answer, at_least, tell
from benchmarks.durable import CASES, form, prepare
from benchmarks.processes import ready, together
from benchmarks.server import prepare as prepare_on_server
from engine.app import Accepted, Engine
from engine.testing import ManualTime
from tests import postgres

CALLERS = 32
PROCESSES = 4  # of those who call a server: one Python runs on one processor
WANTED = 10


def slow_disk(folder: Path) -> Path | None:
    """The library that makes waiting for the disk longer; None where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    built = folder / "slow_sync.so"
    source = ROOT / "benchmarks" / "slow_sync.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", built, source, "-ldl"], check=True)
    return built


def call(engine: Engine, cases: Sequence[str], places: range, seconds: float) -> int:
    """Act from so many threads, each on cases of its own; how often in all."""
    done = dict.fromkeys(places, 0)
    stop = Event()

    def work(place: int) -> None:
        number = place
        while not stop.is_set():
            result = engine.act(cases[number % CASES], "pass_on", form(number), actor="lin")
            assert isinstance(result, Accepted), result
            done[place] += 1
            number += CALLERS

    threads = [Thread(target=work, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(done.values())


def child(url: str, first: int, count: int, seconds: float) -> None:
    """One process of callers: it says when it is ready, begins when it is told to, and says how often it acted."""
    time = ManualTime()
    with Engine.open(url, time=time) as engine:
        cases = [f"G-{number}" for number in range(1, CASES + 1)]
        call(engine, cases, range(first, first + 1), 0.3)
        ready()
        began = perf_counter()
        done = call(engine, cases, range(first, first + count), seconds)
        print(done / (perf_counter() - began), flush=True)


def rate(url: str, callers: int, processes: int, seconds: float, preload: str = "") -> float:
    """Actions a second of so many callers in so many processes."""
    each = callers // processes
    given = [(url, str(number * each), str(each), str(seconds)) for number in range(processes)]
    return sum(float(one) for one in together(__file__, given, preload)[1])


def on_sqlite(library: Path, seconds: float, rounds: int) -> list[tuple[float, float]]:
    """One caller and many, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "desk.db"
        prepare(path)
        url = f"sqlite:///{path}"
        return [
            (rate(url, 1, 1, seconds, str(library)), rate(url, CALLERS, 1, seconds, str(library)))
            for _ in range(rounds)
        ]


def on_postgresql(library: Path, seconds: float, rounds: int) -> list[tuple[float, float]]:
    """The same on a server whose disk is as slow."""
    server = postgres.Server(preload=str(library))
    server.start()
    try:
        name, _ = prepare_on_server(server)
        url = f"{server.url(name)}&pool={CALLERS}"
        return [(rate(url, 1, 1, seconds), rate(url, CALLERS, PROCESSES, seconds)) for _ in range(rounds)]
    finally:
        server.end()


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Many at once."""
    seconds, rounds = (0.5, 1) if is_quick else (2.0, 5)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the server runs as another user
        library = slow_disk(Path(folder))
        if library is None:
            yield Answer(f"{CALLERS} callers, a slow disk", "no C compiler here")
            return
        for name, measured in (("SQLite", on_sqlite), ("PostgreSQL", on_postgresql)):
            if measured is on_postgresql and postgres.programs() is None:
                yield Answer(f"{CALLERS} callers, a slow disk, {name}", "no server here")
                continue
            found = measured(library, seconds, rounds)
            many, ratio = median(many for _, many in found), median(many / one for one, many in found)
            question = f"{CALLERS} callers, a slow disk, {name}"
            yield Answer(question, f"{many:,.0f}/s", ratio, "times one caller", *at_least(WANTED, ratio))


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
    else:
        tell(answers(is_quick="--quick" in sys.argv))

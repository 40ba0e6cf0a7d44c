"""What do many callers get out of one disk, when each of their steps waits for it?

Steps share commits: whoever writes takes along those who stand in line behind him; on PostgreSQL the server also writes
the commits of many connections at once. Measured on a disk that takes 1.5 ms more for each wait, by a library
built here and preloaded, so that the figure tells about the engine and not about the disk: the rate of 32 callers
beside that of one, in turns. On SQLite they are threads of one process; on PostgreSQL of four, eight connections each.
There it is asked twice: each caller on six cases of its own, as people work; and on cases that all four processes work
on in turn, so that none finds a case as it left it and hardly anything can be supposed.

    python benchmarks/callers.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
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

Measured = Callable[[Path, float, int], list[tuple[float, float]]]


def slow_disk(folder: Path) -> Path | None:
    """The library that makes waiting for the disk longer; None where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    built = folder / "slow_sync.so"
    source = ROOT / "benchmarks" / "slow_sync.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", built, source, "-ldl"], check=True)
    return built


def cases_of(place: int, way: str) -> Sequence[str]:
    """The cases that one caller works on, in turn: of 32 each has its `own`, or one of each process the same."""
    names = [f"G-{number}" for number in range(1, CASES + 1)]
    if way == "own":
        return names[place::CALLERS]
    return [names[(place + CALLERS * turn) % CASES] for turn in range(CASES * PROCESSES // CALLERS)]


def call(engine: Engine, places: range, way: str, seconds: float) -> int:
    """Act from so many threads; how often in all."""
    done = dict.fromkeys(places, 0)
    stop = Event()

    def work(place: int) -> None:
        cases = cases_of(place, way)
        while not stop.is_set():
            turn = done[place]
            result = engine.act(cases[turn % len(cases)], "pass_on", form(place + turn * CALLERS), actor="lin")
            assert isinstance(result, Accepted), result
            done[place] += 1

    threads = [Thread(target=work, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(done.values())


def child(url: str, way: str, first: int, count: int, seconds: float) -> None:
    """One process of callers: it says when it is ready, begins when it is told to, and says how often it acted."""
    time = ManualTime()
    with Engine.open(url, time=time) as engine:
        call(engine, range(first, first + 1), way, 0.3)
        ready()
        began = perf_counter()
        done = call(engine, range(first, first + count), way, seconds)
        print(done / (perf_counter() - began), flush=True)


def rate(url: str, way: str, callers: tuple[int, int], seconds: float, preload: str = "") -> float:
    """Actions a second of so many callers in so many processes."""
    every, processes = callers
    each = every // processes
    given = [(url, way, str(number * each), str(each), str(seconds)) for number in range(processes)]
    return sum(float(one) for one in together(__file__, given, preload)[1])


def on_sqlite(library: Path, seconds: float, rounds: int) -> list[tuple[float, float]]:
    """One caller and many, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "desk.db"
        prepare(path)
        url = f"sqlite:///{path}"
        return [
            (rate(url, "own", (1, 1), seconds, str(library)), rate(url, "own", (CALLERS, 1), seconds, str(library)))
            for _ in range(rounds)
        ]


def on_postgresql(library: Path, seconds: float, rounds: int, way: str = "own") -> list[tuple[float, float]]:
    """The same on a server whose disk is as slow."""
    server = postgres.Server(preload=str(library))
    server.start()
    try:
        name, _ = prepare_on_server(server)
        url = f"{server.url(name)}&pool={CALLERS}"
        return [(rate(url, way, (1, 1), seconds), rate(url, way, (CALLERS, PROCESSES), seconds)) for _ in range(rounds)]
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
        ways: dict[str, Measured] = {"SQLite": on_sqlite, "PostgreSQL": on_postgresql}
        ways["PostgreSQL, shared cases"] = partial(on_postgresql, way="shared")
        for name, measured in ways.items():
            if measured is not on_sqlite and postgres.programs() is None:
                yield Answer(f"{CALLERS} callers, a slow disk, {name}", "no server here")
                continue
            found = measured(library, seconds, rounds)
            many, ratio = median(many for _, many in found), median(many / one for one, many in found)
            question = f"{CALLERS} callers, a slow disk, {name}"
            yield Answer(question, f"{many:,.0f}/s", ratio, "times one caller", *at_least(WANTED, ratio))


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6]))
    else:
        tell(answers(is_quick="--quick" in sys.argv))

"""One side of a contest: a process that prepares an engine, plays the matter as often as it is told, and stops.

A player is a context manager: prepared when it is entered, stopped when it is left, and between the two a function that
plays so many cases, each from its opening to its end, by as many callers as there are. Read in the environment of each
engine, so nothing but the standard library is needed here.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import NamedTuple

PATIENCE = 60.0
"""Seconds that an engine may take to start, or to stop."""


class Given(NamedTuple):
    """What a player is given."""

    folder: Path  # its own, empty
    url: str  # an empty database; nothing where the engine brings a store of its own
    callers: int  # how many cases are under way at once
    way: str  # which of the ways that this player knows; nothing for the first


Play = Callable[[int], int]
"""Plays so many cases, and says how many of them are closed."""

Player = Callable[[Given], AbstractContextManager[Play]]


def serve(player: Player) -> None:
    """Prepare, say `ready`; for each line play as many cases as it says, tell how many closed and the seconds; stop."""
    said = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an engine prints is no answer
    folder, url, callers, way = sys.argv[1:5]
    with player(Given(Path(folder), url, int(callers), way)) as play:
        print("ready", file=said, flush=True)
        for line in sys.stdin:
            began = perf_counter()
            closed = play(int(line))
            print(closed, perf_counter() - began, file=said, flush=True)


def by_threads(callers: int, one: Callable[[int], bool]) -> Play:
    """Play by so many threads; `one` plays one case, of this number among the others, and says whether it closed."""

    def play(count: int) -> int:
        if callers == 1:
            return sum(map(one, range(count)))
        with ThreadPoolExecutor(callers) as pool:
            return sum(pool.map(one, range(count)))

    return play


@contextmanager
def beside(command: Sequence[str | Path], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs meanwhile; what it says goes to a file."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **environment}
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def until(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until it answers; if it ends instead or takes too long, say what it said last."""
    end = monotonic() + PATIENCE
    while not answers():
        if process.poll() is not None or monotonic() > end:
            raise RuntimeError(f"it does not answer; it said last: {log.read_text(errors='replace')[-2000:]}")
        sleep(0.05)

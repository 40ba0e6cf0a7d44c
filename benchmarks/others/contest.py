"""Ours and theirs in turns: two processes that wait while the other plays, and the rate of each."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from threading import Timer
from typing import NamedTuple

from benchmarks.common import ROOT
from benchmarks.others.counting import Counter
from benchmarks.others.matter import ALL
from benchmarks.others.player import PATIENCE


class Side(NamedTuple):
    """Who plays, and what is told to it."""

    python: str
    module: str  # of this folder
    url: str  # `FOLDER` stands for the side's own
    callers: int
    way: str = ""  # which of the ways that its player knows


class Found(NamedTuple):
    """Medians over the turns: steps a second of each, and how many times theirs ours is."""

    ours: float
    theirs: float
    ratio: float
    work: float | None  # instructions of all their processes beside those of ours, a step; `None` if not counted


class Lost(Exception):
    """A side could not play; the text says what it said last."""


class Playing:
    """A side that is ready to play."""

    def __init__(self, process: subprocess.Popen[str], counter: Counter) -> None:
        self._process = process
        self._counter = counter
        self._counted = 0  # steps

    def rate(self, count: int) -> float:
        """Steps a second over so many cases, each of which must be closed; raises `Lost`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        answer = _heard(self._process)
        if not answer:
            raise Lost("a side ended while it played")
        if int(answer[0]) != count:
            raise Lost(f"{answer[0]} of {count} cases were closed")
        return count * len(ALL) / float(answer[1])

    def counted_rate(self, count: int) -> float:
        """The same, and what it takes is counted."""
        with self._counter.on():
            found = self.rate(count)
        self._counted += count * len(ALL)
        return found

    def work(self) -> float:
        """Instructions a step, once it has ended; 0 where they cannot be counted."""
        return self._counter.total() / self._counted


@contextmanager
def playing(side: Side, folder: Path) -> Iterator[Playing]:
    """A side, prepared; at the end it is stopped, and its end must be a good one; raises `Lost`."""
    log, url = folder / "said.log", side.url.replace("FOLDER", str(folder))
    told = [str(folder), url, str(side.callers), side.way]
    counter = Counter(folder)
    with log.open("w") as out:
        process = subprocess.Popen(
            counter.around([side.python, "-m", f"benchmarks.others.{side.module}", *told]),
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True, start_new_session=True,
        )  # fmt: skip
    try:
        if _heard(process) != ["ready"]:
            raise Lost(f"{side.module} does not get ready")
        yield Playing(process, counter)
    finally:
        _stop(process)
        if process.returncode:  # what it said says more than that it is gone
            said = log.read_text(errors="replace").strip().splitlines()
            raise Lost(f"{side.module} could not play; it said last: {said[-1] if said else 'nothing'}")


def contest(ours: Side, theirs: Side, seconds: float, rounds: int) -> Found:
    """Let both play in turns, so many cases each as take about so many seconds; raises `Lost`."""
    with ExitStack() as folders:
        some, others = (Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="cw-"))) for _ in range(2))
        with playing(ours, some) as one, playing(theirs, others) as other:
            sides = (one, _count(one, ours.callers, seconds)), (other, _count(other, theirs.callers, seconds))
            found = [[side.counted_rate(count) for side, count in sides] for _ in range(rounds)]
        work = other.work() / one.work() if one.work() else None
    rates = [median(column) for column in zip(*((mine, its, mine / its) for mine, its in found), strict=True)]
    return Found(rates[0], rates[1], rates[2], work)


def _count(side: Playing, callers: int, seconds: float) -> int:
    """How many cases take about so long, and each caller as many as the others."""
    side.rate(callers)  # what is done only once
    return callers * max(1, round(side.rate(2 * callers) / len(ALL) * seconds / callers))


def _heard(process: subprocess.Popen[str]) -> list[str]:
    """What it says next, in words; nothing where it ends or says nothing for too long."""
    assert process.stdout is not None
    alarm = Timer(2 * PATIENCE, _kill, [process])
    alarm.start()
    try:
        return process.stdout.readline().split()
    finally:
        alarm.cancel()


def _stop(process: subprocess.Popen[str]) -> None:
    """Let it stop what it started; where it does not, end all of it."""
    try:
        process.communicate(timeout=2 * PATIENCE)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.communicate()


def _kill(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)

"""Figures in the text format of Prometheus: the desk's, of `doctor --metrics`, and a worker's own, in a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from engine.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from engine.app import Engine, Round
    from engine.app.vitals import Vitals

_GAUGES = (
    ("casewright_due_families", "due", 1, "Families with something due that nobody has carried out."),
    ("casewright_lag_seconds", "lag", 1000, "For how long the oldest of these has been due."),
    ("casewright_waiting_messages", "waiting", 1, "Messages on their way out."),
    ("casewright_waiting_seconds", "waiting_for", 1000, "For how long the oldest of these has waited."),
    ("casewright_failing_messages", "failing", 1, "Of these, messages that were tried and failed."),
    ("casewright_dead_messages", "dead", 1, "Messages given up."),
    ("casewright_faults", "faults", 1, "Families set aside because the engine failed on them."),
)

_COUNTERS = {
    "advanced": "Families carried forward.",
    "delivered": "Messages delivered.",
    "failed": "Attempts to deliver that failed.",
    "faults": "Families set aside.",
    "erased": "Cases whose private values were erased because their time was over.",
}

_LATE = "casewright_worker_lateness_seconds"

_LATENESS = (5, 10, 20, 50, 100, 500, 1_000, 5_000, 60_000, 600_000, 3_600_000)
"""Upper bounds in ms: what is promised is 5 on SQLite and 10 on a server, and where a worker was down it is hours."""

_EVERY = 5.0
"""Seconds between two writings of the file."""


def prometheus(vitals: Vitals) -> Iterator[str]:
    """Give the lines: for each figure its meaning, its kind, its value."""
    for name, attribute, unit, meaning in _GAUGES:
        value = getattr(vitals, attribute)
        yield from _head(name, "gauge", meaning)
        yield f"{name} {value / unit if unit > 1 else value}"


def _head(name: str, kind: str, meaning: str) -> tuple[str, str]:
    return f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"


class Tally:
    """What a worker has done since it began, and how late."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._done = dict.fromkeys(_COUNTERS, 0)
        self._within = dict.fromkeys(_LATENESS, 0)
        self._rounds, self._late = 0, 0  # rounds that fired, and their lateness in all, ms

    def add(self, done: Round) -> None:
        """Count what a round did."""
        with self._lock:
            for one in fields(done):
                self._done[one.name] += getattr(done, one.name)

    def late(self, late: int) -> None:
        """Count a round that fired so many ms after its instant."""
        with self._lock:
            self._rounds, self._late = self._rounds + 1, self._late + late
            for bound in _LATENESS:
                self._within[bound] += late <= bound

    def lines(self) -> Iterator[str]:
        """Give the lines, a counter for each kind of work and a histogram."""
        with self._lock:
            for name, meaning in _COUNTERS.items():
                yield from _head(f"casewright_worker_{name}_total", "counter", meaning)
                yield f"casewright_worker_{name}_total {self._done[name]}"
            yield from _head(_LATE, "histogram", "How long after its instant the first of a round fired.")
            for bound, count in self._within.items():
                yield f'{_LATE}_bucket{{le="{bound / 1000:g}"}} {count}'
            yield f'{_LATE}_bucket{{le="+Inf"}} {self._rounds}'
            yield f"{_LATE}_sum {self._late / 1000}"
            yield f"{_LATE}_count {self._rounds}"


class MetricsFile:
    """A file that a collector of text files reads: written whole, again and again, as long as the worker works."""

    def __init__(self, file: Path, engine: Engine, tally: Tally) -> None:
        self._file, self._engine, self._tally = file, engine, tally
        self._over = Event()
        self._thread = Thread(target=self._run, name="casewright-metrics", daemon=True)

    def __enter__(self) -> MetricsFile:
        """Write it now, so that a place that cannot be written is told at once, and go on doing so."""
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it away: figures of a worker that is no more would be read as if nothing happened."""
        self._over.set()
        self._thread.join()
        self._file.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._over.wait(_EVERY):
            with suppress(OSError):  # a disk that is full now: what was written is old, as its time says
                self._write()

    def _write(self) -> None:
        lines = list(self._tally.lines())
        with suppress(EngineError):  # the database is away: the worker says so, its own figures stay
            lines += prometheus(self._engine.vitals())
        beside = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            beside.write_text("\n".join(lines) + "\n", "utf-8")
            beside.replace(self._file)
        except OSError as error:
            error.filename = str(self._file)  # the name that was asked for
            raise
        finally:
            beside.unlink(missing_ok=True)

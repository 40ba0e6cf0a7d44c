"""The instructions that all processes of a side take while it plays: they hardly differ between a busy machine and a
quiet one, where seconds do.

`perf` counts them, switched on and off by us; where it is not there, or may not count, nothing is counted.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

PERF = ("perf", "stat", "-x,", "-e", "instructions:u")


@cache
def can_count() -> bool:
    """Whether instructions can be counted here."""
    try:
        done = subprocess.run([*PERF, "true"], capture_output=True, text=True)
    except OSError:
        return False
    return done.returncode == 0 and done.stderr.partition(",")[0].isdigit()


class Counter:
    """Counts what a command and all that it starts take, whenever it is on."""

    def __init__(self, folder: Path) -> None:
        self._ask, self._answer, self._out = folder / "perf.ask", folder / "perf.answer", folder / "perf.out"

    def around(self, command: list[str]) -> list[str]:
        """The command, counted."""
        if not can_count():
            return command
        os.mkfifo(self._ask)
        os.mkfifo(self._answer)
        return [*PERF, "-D", "-1", "--control", f"fifo:{self._ask},{self._answer}", "-o", str(self._out), *command]

    @contextmanager
    def on(self) -> Iterator[None]:
        """Count meanwhile."""
        self._tell("enable")
        yield
        self._tell("disable")

    def _tell(self, wish: str) -> None:
        if can_count():
            with self._ask.open("w") as ask, self._answer.open() as answer:
                print(wish, file=ask, flush=True)
                answer.readline()

    def total(self) -> int:
        """How many, once the command has ended; 0 where nothing was counted."""
        lines = self._out.read_text().splitlines() if self._out.exists() else []
        return next((int(line.partition(",")[0]) for line in lines if "instructions" in line), 0)

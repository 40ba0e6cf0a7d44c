"""Several processes that begin together: each says that it is ready, is told to go, and says what it found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from time import perf_counter


def together(file: str, arguments: Sequence[Sequence[str]], preload: str = "") -> tuple[float, list[str]]:
    """Run this file as `child` with each of these; seconds from the beginning to the last end, and what each said."""
    environment = {**os.environ, "LD_PRELOAD": preload}
    started = [
        subprocess.Popen(
            [sys.executable, file, "child", *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment,
        )
        for given in arguments
    ]  # fmt: skip
    for one in started:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    began = perf_counter()
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate()[0] for one in started]
    return perf_counter() - began, said


def ready() -> None:
    """In a child: wait until all are."""
    print("ready", flush=True)
    sys.stdin.readline()

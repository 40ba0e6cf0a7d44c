"""Real processes, killed at instants that are drawn; and what must hold of a database afterwards."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from engine import Engine
from engine.testing import ManualTime
from tests.crash.players import play

ROOT = Path(__file__).resolve().parent.parent.parent
LONG = os.environ.get("CASEWRIGHT_LONG") == "1"
PATIENCE = 60.0

CONTEXT = multiprocessing.get_context("forkserver")
"""Processes come from one that has read the engine already: each is a process like any other, and there at once."""

CONTEXT.set_forkserver_preload(["tests.crash.players"])

BESIDE = ("recorded_at", "prev", "hash")
"""What differs between two runs of the same history: when it was written down, and what is drawn at random."""


def tell(words: str) -> None:
    """Say what was tried; shown where a test fails, or with `-s`."""
    sys.stdout.write(words + "\n")


def dice() -> random.Random:
    """Instants drawn anew each time in the long form; printed, so that a failure can be played again."""
    seed = int(os.environ.get("CASEWRIGHT_SEED") or (random.randrange(2**32) if LONG else 20_260_302))
    tell(f"CASEWRIGHT_SEED={seed}")
    return random.Random(seed)


class Player:
    """A process of `players.py`, and what it has said."""

    def __init__(self, *words: Any) -> None:
        self.words = words
        self.said: list[tuple[Any, ...]] = []
        self._ears, mouth = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(target=play, args=(words[0], mouth, *words[1:]), daemon=True)
        self._process.start()
        mouth.close()

    def wait_for(self, word: str) -> tuple[Any, ...]:
        """Wait until it says so."""
        for heard in self._hear():
            if heard[0] == word:
                return heard
        raise AssertionError(f"{self.words} ended without saying `{word}`")

    def _hear(self) -> Iterator[tuple[Any, ...]]:
        while True:
            try:
                assert self._ears.poll(PATIENCE), f"{self.words} said nothing more for {PATIENCE} seconds"
                heard = self._ears.recv()
            except (EOFError, ConnectionError):  # also where it was killed in the middle of a word
                return
            assert heard[0] != "failed", heard[1]
            self.said.append(heard)
            yield heard

    def stop(self) -> None:
        """Let it stand still."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, sent: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, sent)

    def kill(self) -> None:
        """Kill it where it stands, and hear all it has said; one that failed by itself fails the test."""
        self._process.kill()
        self.end()

    def end(self) -> None:
        """Wait for its end, and hear all it has said."""
        for _ in self._hear():
            pass
        self._process.join(PATIENCE)
        self._ears.close()

    @property
    def is_alive(self) -> bool:
        """Whether it has not come to its end."""
        return self._process.is_alive()


@contextmanager
def playing(*words: Any) -> Iterator[Player]:
    """A player that does not outlive its test."""
    player = Player(*words)
    try:
        yield player
    finally:
        if player.is_alive:
            player.kill()


def proven(database: Path, now: int) -> None:
    """The audit holds, by chain and by replay, and so does the file."""
    with Engine.open(str(database), time=ManualTime(now)) as engine:
        found = engine.verify()
        assert not found.problems, found.problems[:3]
    with closing(sqlite3.connect(database)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def history(database: Path) -> Mapping[str, list[dict[str, Any]]]:
    """The records of every case, without what two runs of the same history need not share."""
    told: dict[str, list[dict[str, Any]]] = {}
    with closing(sqlite3.connect(database)) as raw:
        for case, text in raw.execute("SELECT case_id, text FROM records ORDER BY case_id, sequence"):
            told.setdefault(case, []).append(plain(json.loads(text)))
    return told


def plain(value: Any) -> Any:
    """Commitments are drawn at random: that there is one must be the same."""
    if isinstance(value, dict):
        if value.keys() == {"sealed"}:
            return "sealed"
        return {name: plain(part) for name, part in value.items() if name not in BESIDE}
    return [plain(part) for part in value] if isinstance(value, list) else value


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The cases whose histories differ, and the first record of each that does."""
    found = [f"{case}: only in one" for case in sorted(one.keys() ^ other.keys())]
    for case in sorted(one.keys() & other.keys()):
        pairs = enumerate(zip(one[case], other[case], strict=False), 1)
        first = next((f"{case} record {n}: {a} against {b}" for n, (a, b) in pairs if a != b), "")
        if first or len(one[case]) != len(other[case]):
            found.append(first or f"{case}: {len(one[case])} records against {len(other[case])}")
    return found

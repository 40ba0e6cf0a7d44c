"""Real processes, killed at instants that are drawn."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from tests.crash.players import KINDS, play
from tests.crash.tally import KILL, tried

ROOT = Path(__file__).resolve().parent.parent.parent
LONG = os.environ.get("CASEWRIGHT_LONG") == "1"
PATIENCE = 60.0

CONTEXT = multiprocessing.get_context("forkserver")
"""Processes come from one that has read the engine already: each is a process like any other, and there at once."""

CONTEXT.set_forkserver_preload(["tests.crash.players"])

SEED = os.environ.get("CASEWRIGHT_SEED")
"""Of the run that is to be played again; read at once, since the tests forget whatever the environment says of us."""


def tell(words: str) -> None:
    """Say what was tried; shown where a test fails, or with `-rP`."""
    sys.stdout.write(words + "\n")


def dice() -> random.Random:
    """Instants drawn anew each time in the long form; printed, so that a failure can be played again."""
    seed = int(SEED or (random.randrange(2**32) if LONG else 20_260_302))
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
        return self.wait_until(lambda heard: heard[0] == word)

    def wait_until(self, is_it: Callable[[tuple[Any, ...]], bool]) -> tuple[Any, ...]:
        """Wait until it says such a thing."""
        for heard in self._hear():
            if is_it(heard):
                return heard
        raise AssertionError(f"{self.words} ended without saying what was waited for")

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

    @staticmethod
    def wait_for_any(players: Sequence[Player], word: str) -> None:
        """Wait until one of them says so."""
        talking = {player._ears: player for player in players}
        until = time.monotonic() + PATIENCE
        while not any(heard[0] == word for player in players for heard in player.said):
            ready = wait(list(talking), until - time.monotonic())
            assert ready, f"none said `{word}` for {PATIENCE} seconds"
            for ears in ready:
                next(talking[ears]._hear())  # type: ignore[index]

    def stop(self) -> None:
        """Let it stand still."""
        tried(self.words[1], f"{KINDS[self.words[0]]} stopped, and gone on")
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, sent: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, sent)

    def kill(self) -> None:
        """Kill it where it stands, and hear all it has said; one that failed by itself fails the test."""
        if self.is_alive:
            tried(self.words[1], KILL + KINDS[self.words[0]])
        self.put_away()

    def put_away(self) -> None:
        """End it where it stands, though that is no part of what is tried, unless that was done."""
        if self._ears.closed:
            return
        if self.is_alive:
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
    """A player that does not outlive its test; one that failed by itself fails it, whoever listened."""
    player = Player(*words)
    try:
        yield player
    finally:
        player.put_away()


@contextmanager
def all_playing(scripts: Iterable[tuple[Any, ...]]) -> Iterator[list[Player]]:
    """Players at once, none of whom outlives the test."""
    with ExitStack() as stack:
        yield [stack.enter_context(playing(*words)) for words in scripts]

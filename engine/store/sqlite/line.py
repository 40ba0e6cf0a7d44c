"""Writers one after the other; whoever's turn it is does the work of those behind as well, and commits once for all.

Waiting for the disk is the dearest part of a small step. While one commit waits for it, others come and stand in line:
the first of them does what all of them want, each in a part of its own, and all are answered when that is committed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from threading import Lock
from time import monotonic
from typing import Any, cast

from engine.store.sql import Work

MOST = 64
"""How many share one commit."""

LONGEST = 0.02
"""Seconds after which nobody more is taken along: who is first in line waits no longer for the others."""


class Place:
    """One who stands in line, and what is to be done for him, if that is known."""

    __slots__ = ("_answer", "_arrived", "_error", "is_kept", "is_taken_along", "since", "work")

    def __init__(self, work: Callable[[Any], Any] | None = None) -> None:
        self.work = work
        self.since = monotonic()
        self.is_taken_along = False
        self.is_kept = False  # what was done for him is committed; else it has not happened, and he does it himself
        self._answer: Any = None
        self._error: Exception | None = None
        self._arrived: Lock | None = None  # held for as long as there is nothing to hear

    def answer(self) -> Any:
        """What the work gave, or the error it ended with."""
        if self._error is not None:
            raise self._error
        return self._answer

    def do(self, tx: Work) -> None:
        """Do the work in a part of this transaction: if it fails, nothing of it stays, and the others stand."""
        assert self.work is not None
        try:
            with tx.part():
                self._answer = self.work(tx)
        except Exception as error:
            self._error = error

    def stand(self) -> None:
        """Wait from now on."""
        self._arrived = Lock()
        self._arrived.acquire()

    def wait(self, seconds: float = -1) -> bool:
        """Until there is something to hear; whether there is."""
        return cast(Lock, self._arrived).acquire(timeout=seconds)

    def call(self) -> None:
        """Let him hear: his turn has come, or somebody else has had it for him."""
        cast(Lock, self._arrived).release()


class Line:
    """Who is first has the turn until he leaves; the one behind him has it next."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_taken = False
        self._behind: deque[Place] = deque()

    def enter(self, place: Place, seconds: float) -> bool:
        """Wait for the turn, so long at most; False: somebody has taken this one along, and it is over."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            place.stand()
            self._behind.append(place)
        if not place.wait(seconds):
            with self._lock:
                if place in self._behind:
                    self._behind.remove(place)
                    raise TimeoutError
            place.wait()  # somebody is at it this very moment
        return not place.is_taken_along

    def leave(self) -> None:
        """Give the turn to the next in line."""
        with self._lock:
            if self._behind:
                self._behind.popleft().call()
            else:
                self._is_taken = False

    def behind(self) -> Iterator[Place]:
        """Those behind who say what they want, as they come, for as long as one commit may take."""
        if not self._behind:
            return
        until = monotonic() + LONGEST
        for _ in range(MOST):
            with self._lock:
                if not self._behind or self._behind[0].work is None:
                    return
                place = self._behind.popleft()
                place.is_taken_along = True
            yield place
            if monotonic() > until:
                return

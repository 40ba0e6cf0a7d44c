"""Writers one after the other; whoever's turn it is does the work of those behind as well, and commits once for all.

Waiting for the disk is the dearest part of a small step. While one commit waits for it, others come and stand in line:
the first of them does what all of them want, each in a part of its own, and all are answered when that is committed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from time import monotonic, sleep
from typing import Any, cast

from engine.errors import StoreUnavailable
from engine.ports import Ahead
from engine.store.sql import Held, Work

MOST = 64
"""How many share one commit."""

LONGEST = 0.02
"""Seconds after which nobody more is taken along: who is first in line waits no longer for the others."""

MOMENT = 0.001
"""Seconds to wait at most for those who were done together last."""

ENOUGH = 8
"""How many are done together before others have a turn beside them: shared, a step costs two thirds."""

PATIENCE = 0.005
"""Seconds after which one who stands in line has a free turn all the same: whoever is at it may take long."""

NOTHING = Ahead()


class Place:
    """One who stands in line, and what is to be done for him, if that is known."""

    __slots__ = (
        "_answer",
        "_arrived",
        "_error",
        "ahead",
        "is_called",
        "is_held",
        "is_kept",
        "is_taken_along",
        "since",
        "work",
    )

    def __init__(self, work: Callable[[Any], Any] | None = None, ahead: Ahead = NOTHING) -> None:
        self.work = work
        self.ahead = ahead
        self.since = monotonic()
        self.is_taken_along = False
        self.is_called = False  # he has heard that his turn has come, or is over
        self.is_held = False  # somebody else held what it wants
        self.is_kept = False  # what was done for him is committed; else it has not happened, and he does it himself
        self._answer: Any = None
        self._error: Exception | None = None
        self._arrived: Lock | None = None  # held for as long as there is nothing to hear

    def answer(self) -> Any:
        """What the work gave, or the error it ended with."""
        if self._error is not None:
            raise self._error
        return self._answer

    def do(self, tx: Work) -> bool:
        """Do the work in a part of this transaction: if it fails, nothing of it stays, and the others stand.

        False: it was not to be done here, as somebody else holds what it wants and nobody is to wait for that.
        """
        assert self.work is not None
        self._error = None
        try:
            with tx.part():
                self._answer = self.work(tx)
        except Held:
            self.is_held = True
            return False
        except Exception as error:
            self._error = error
        return True

    def fail(self, error: Exception) -> None:
        """Let him hear of this error."""
        self._error = error

    def stand(self) -> None:
        """Wait from now on."""
        self._arrived = Lock()
        self._arrived.acquire()

    def wait(self, seconds: float = -1) -> bool:
        """Until there is something to hear; whether there is."""
        self.is_called = cast(Lock, self._arrived).acquire(timeout=seconds)
        return self.is_called

    def call(self) -> None:
        """Let him hear: his turn has come, or somebody else has had it for him."""
        cast(Lock, self._arrived).release()


def leave_unknown(places: Iterable[Place], path: str) -> None:
    """A signal broke in while their steps were being committed: done again they might stand twice."""
    for place in places:
        place.fail(
            StoreUnavailable(
                f"the thread that kept this step in `{path}` together with its own was interrupted",
                help="whether it was kept shows when it is done again with the same key",
            )
        )
        place.is_kept = True


class Line:
    """Who is first has a turn until he leaves; the one behind him has it next."""

    def __init__(self, turns: int = 1) -> None:
        self._lock = Lock()
        self._turns = turns  # how many may have one at a time
        self._free = turns
        self._behind: deque[Place] = deque()
        self._under_way = 0  # how many are being done together
        self._together = 1  # how many were, last

    def enter(self, place: Place, seconds: float) -> bool:
        """Wait for a turn, so long at most; False: somebody has taken this one along, and it is over."""
        with self._lock:
            every = 1 + len(self._behind) + self._under_way
            if self._free == self._turns or (self._free and every >= self._turns * ENOUGH):
                self._free -= 1
                return True
            place.stand()
            self._behind.append(place)
            is_short = self._free > 0
        try:
            if is_short and not place.wait(min(PATIENCE, seconds)) and self._is_at_last(place):
                return True
            if not place.is_called and not place.wait(seconds):
                with self._lock:
                    if place in self._behind:
                        self._behind.remove(place)
                        raise TimeoutError
                place.wait()  # somebody is at it this very moment
        except TimeoutError:
            raise
        except BaseException:
            self._withdraw(place)
            raise
        return not place.is_taken_along

    def _is_at_last(self, place: Place) -> bool:
        """Whether one who has stood in line takes a free turn now."""
        with self._lock:
            if not self._free or place not in self._behind:
                return False
            self._behind.remove(place)
            self._free -= 1
            return True

    def _withdraw(self, place: Place) -> None:
        """Who stood here was interrupted by a signal: his turn, now or to come, is for the one behind him."""
        with self._lock:
            if place in self._behind:
                self._behind.remove(place)
                return
        if not place.is_taken_along:
            self.leave()

    def leave(self, together: int = 0) -> None:
        """Give the turn to the next in line; so many had been taken `together` in it."""
        with self._lock:
            self._under_way -= together
            if self._behind:
                self._behind.popleft().call()
            else:
                self._free += 1

    def pause(self) -> bool:
        """Let nobody enter or leave; whether it is nobody's turn."""
        self._lock.acquire()
        return self._free == self._turns

    def go_on(self) -> None:
        """Let them enter and leave again."""
        self._lock.release()

    def is_waited_in(self) -> bool:
        """Whether somebody stands behind."""
        return bool(self._behind)

    def behind(self) -> Iterator[Place]:
        """Those behind who say what they want, as they come, for as long as one commit may take."""
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

    def together(self, first: Place, fits: Callable[[Place], bool]) -> list[Place]:
        """The first and those behind him that fit: all, or so many that every turn has its share; `leave` is told."""
        self._gather()
        group = [first]
        with self._lock:
            every = 1 + len(self._behind) + self._under_way
            turns = self._turns if every >= self._turns * ENOUGH else 1
            share = min(-(-every // turns), MOST)
            while len(group) < share and self._behind and fits(self._behind[0]):
                place = self._behind.popleft()
                place.is_taken_along = True
                group.append(place)
            self._under_way += len(group)
            self._together = len(group)
        return group

    def _gather(self) -> None:
        """Wait a moment for as many as were together last: answered at once, they come again at once."""
        until = monotonic() + MOMENT
        while 1 + len(self._behind) < self._together and monotonic() < until:
            sleep(MOMENT / 20)

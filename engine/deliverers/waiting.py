"""No waiting beyond what is allowed, and none of all messages for one receiver."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic

from engine.app.outgoing.delivery import Deliver, Delivery, NotMine, NotNow

HANGS = 1.0
"""Seconds that a failure takes where a receiver hangs; one that refuses is quicker."""

IN_PEACE = 3
"""How many times as long a receiver is left in peace: of a worker's time others have three quarters."""


@dataclass(slots=True)
class Sparing:
    """A deliverer that leaves a receiver in peace for a while which hangs, so that no other's messages wait for it."""

    deliver: Deliver
    clock: Callable[[], float] = monotonic
    until: float = float("-inf")

    def __call__(self, delivery: Delivery) -> None:
        """Deliver; raises `NotNow` while the receiver is left in peace."""
        begun = self.clock()
        if begun < self.until:
            wait = int((self.until - begun) * 1_000) + 1
            raise NotNow("the receiver hangs; others have their turn before it is tried again", wait)
        try:
            self.deliver(delivery)
        except NotMine:
            raise
        except Exception:
            ended = self.clock()
            if ended - begun >= HANGS:
                self.until = ended + IN_PEACE * (ended - begun)
            raise


@contextmanager
def cut_off(seconds: float, find: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Cut the connection after so many seconds in all, with `TimeoutError`.

    A socket's own timeout begins anew with every byte, so a receiver that drips would hold the worker for ever; it is
    set a second longer, for the time before there is a connection to cut.
    """

    is_cut = threading.Event()

    def cut() -> None:
        is_cut.set()
        found = find()
        if found is not None:
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        if is_cut.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()

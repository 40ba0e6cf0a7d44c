"""Hearing that a worker should look: `NOTIFY` of other processes, on a connection of its own."""

from __future__ import annotations

from select import select
from socket import socketpair
from threading import Event, Thread
from types import TracebackType

import psycopg

from engine.store.address import Address
from engine.store.postgresql.pool import connect
from engine.store.sql import CHANNEL

AGAIN = 1.0
"""Seconds until the server is tried again after it has been lost; meanwhile workers look at each poll."""


class Listening:
    """A thread that listens for as long as a worker works, for `with`."""

    def __init__(self, address: Address, woken: Event) -> None:
        self._address = address
        self._woken = woken
        self._ours, self._theirs = socketpair()  # readable once it is over
        self._over = Event()
        self._thread = Thread(target=self._run, name="casewright-listening", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._over.set()
        self._theirs.close()
        self._thread.join()
        self._ours.close()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._listen()
            except (psycopg.Error, OSError):
                # Whoever works meets the same and says it; without being woken they look a poll later.
                self._over.wait(AGAIN)

    def _listen(self) -> None:
        connection = connect(self._address).connection
        try:
            connection.execute(f"LISTEN {CHANNEL}")
            self._woken.set()  # for what was said before
            while not self._over.is_set():
                select([connection.fileno(), self._ours.fileno()], [], [])
                if self._over.is_set():
                    return
                if any(True for _ in connection.notifies(timeout=0)):
                    self._woken.set()
        finally:
            connection.close()

"""Hearing that a worker should look: `NOTIFY` of other processes, on a connection of its own.

Whoever listens for long also sees to it that the audit has its next months.
"""

from __future__ import annotations

from contextlib import suppress
from select import select
from socket import socketpair
from threading import Event, Thread
from time import monotonic
from types import TracebackType

import psycopg

from engine.store.address import Address
from engine.store.postgresql.months import make_months
from engine.store.postgresql.pool import connect
from engine.store.sql import CHANNEL

AGAIN = 1.0
"""Seconds until the server is tried again after it has been lost; meanwhile workers look at each poll."""

MONTHS_EVERY = 3_600.0
"""Seconds after which it is looked again whether months of the audit are missing."""


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
            looked = -MONTHS_EVERY
            while not self._over.is_set():
                if monotonic() - looked >= MONTHS_EVERY:
                    looked = monotonic()
                    with suppress(psycopg.Error):  # they are there long beforehand; `doctor` says which is missing
                        make_months(connection)
                    self._woken.set()  # for what was said before, or meanwhile
                select([connection.fileno(), self._ours.fileno()], [], [], MONTHS_EVERY)
                if self._over.is_set():
                    return
                if any(True for _ in connection.notifies(timeout=0)):
                    self._woken.set()
        finally:
            connection.close()

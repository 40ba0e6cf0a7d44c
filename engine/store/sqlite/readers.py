"""The connections of readers: each has one of its own while it looks, and some are kept open for the next."""

from __future__ import annotations

import sqlite3
from threading import Lock

from engine.store.address import Address
from engine.store.sqlite.connecting import connect_to_read
from engine.store.sqlite.looking import Looker

MOST_IDLE = 8
"""Connections kept open for the next reader."""


class Readers:
    """How many read, and the connections that lie idle."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[Looker] = []
        self._lock = Lock()
        self.count = 0  # who read at this moment

    def take(self) -> Looker:
        """A connection for one reader."""
        with self._lock:
            self.count += 1
            reader = self._idle.pop() if self._idle else None
        try:
            if reader is not None and not reader.is_fresh():
                reader.close()
                reader = None
            return reader or connect_to_read(self._address)
        except BaseException:
            with self._lock:
                self.count -= 1
            raise

    def give_back(self, reader: Looker) -> None:
        """Keep it for the next one, its transaction ended; or let go of it."""
        is_sound = True
        try:
            if reader.in_transaction:
                reader.execute("ROLLBACK")
        except sqlite3.Error:
            is_sound = False
        with self._lock:
            self.count -= 1
            if is_sound and len(self._idle) < MOST_IDLE:
                self._idle.append(reader)
                return
        reader.close()

    def forget_idle(self) -> None:
        """Close those that lie idle."""
        with self._lock:
            self._close_idle()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def pause(self) -> None:
        """Let nobody take or give back one; those that lie idle are closed."""
        self._lock.acquire()
        self._close_idle()

    def go_on(self) -> None:
        """Let them take and give back again."""
        self._lock.release()

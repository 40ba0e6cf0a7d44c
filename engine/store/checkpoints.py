"""Bringing what was written ahead back into the database file, beside the writers instead of in their way."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from threading import Event, Thread

SOFT_LIMIT = 4_000_000
"""From this many bytes of write-ahead log on, a checkpoint is made beside the writers."""

HARD_LIMIT = 16_000
"""Pages (64 MB) from which SQLite itself makes one within a commit, should the one beside have fallen behind."""

LOOK_EVERY = 64
"""Commits between two looks at the log's size."""


class Checkpoints:
    """A thread that makes passive checkpoints, started when the log first grows long."""

    def __init__(self, path: str, connect: Callable[[], sqlite3.Connection]) -> None:
        self._log = f"{path}-wal"
        self._connect = connect
        self._commits = 0
        self._wanted = Event()
        self._is_over = False
        self._thread: Thread | None = None

    def prepare(self, writer: sqlite3.Connection) -> None:
        """Leave checkpoints to this thread, but for the emergency; a log once long is cut when it starts anew."""
        writer.execute(f"PRAGMA wal_autocheckpoint = {HARD_LIMIT}")
        writer.execute(f"PRAGMA journal_size_limit = {SOFT_LIMIT}")

    def committed(self) -> None:
        """Count a commit and have a look now and then."""
        self._commits += 1
        if self._commits % LOOK_EVERY == 0 and not self._wanted.is_set() and self._is_long():
            self._wanted.set()
            if self._thread is None:
                self._thread = Thread(target=self._run, name="casewright-checkpoints", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._is_over = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def _is_long(self) -> bool:
        try:
            return os.stat(self._log).st_size > SOFT_LIMIT
        except OSError:
            return False

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while self._wanted.wait() and not self._is_over:
            self._wanted.clear()
            try:
                connection = connection or self._connect()
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except sqlite3.Error:
                # Another process may hold the file or the disk be full; the writer meets it and says so.
                continue
        if connection is not None:
            connection.close()

"""Bringing what was written ahead back into the database file, beside the writers instead of in their way.

A log that starts over again and again costs less than one that grows: syncing it need not lengthen the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from threading import Event, Thread

LOOK_EVERY = 1_000
"""Rows changed between two checkpoints; about as many pages in small transactions, fewer in large ones."""

HARD_LIMIT = 16_000
"""Pages (64 MB) from which SQLite itself makes a checkpoint within a commit, should the one beside be too slow."""

LONGEST_FILE = 32_000_000
"""Bytes to which a log that grew longer is cut when it starts over."""


class Checkpoints:
    """A thread that copies pages back, started when there is enough to copy; the writer copies what came meanwhile."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._changes = 0  # of the writer, when last looked at
        self._wanted = Event()
        self._is_copied = False  # all but what was written since
        self._is_over = False
        self._thread: Thread | None = None

    def prepare(self, writer: sqlite3.Connection) -> None:
        """Leave checkpoints to the thread, but for the emergency."""
        writer.execute(f"PRAGMA wal_autocheckpoint = {HARD_LIMIT}")
        writer.execute(f"PRAGMA journal_size_limit = {LONGEST_FILE}")
        self._changes = writer.total_changes

    def committed(self, writer: sqlite3.Connection) -> None:
        """After a commit, while it is still the writer's turn."""
        if self._is_copied:
            # With nobody writing, the little that is left is copied as well, and the next commit starts the log over.
            self._is_copied = False
            self._copy(writer)
        if writer.total_changes - self._changes >= LOOK_EVERY:
            self._changes = writer.total_changes
            self._wanted.set()
            if self._thread is None:
                self._start()

    def _start(self) -> None:
        thread = Thread(target=self._run, name="casewright-checkpoints", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The process is ending, or has no thread to spare; the commit stands all the same.
            return
        self._thread = thread

    def stop(self) -> None:
        """End the thread."""
        self._is_over = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while self._wanted.wait():
            self._wanted.clear()
            if self._is_over:  # looked at after clearing: a call to stop that comes in between is heard
                break
            try:
                connection = connection or self._connect()
            except sqlite3.Error:
                continue
            self._copy(connection)
            self._is_copied = True
        if connection is not None:
            connection.close()

    def _copy(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error:
            # Another process may hold the file or the disk be full; the next commit meets it and says so.
            return

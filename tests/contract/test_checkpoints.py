"""The thread that copies the log back ends when it is told to, whenever that is."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Event

from engine.store.sqlite.checkpoints import Checkpoints


def test_a_call_to_stop_that_comes_while_work_is_taken_up_is_heard(tmp_path: Path) -> None:
    made = Checkpoints(lambda: sqlite3.connect(tmp_path / "desk.db"))

    class Interrupted(Event):
        """Is told to stop just before it forgets what it was woken for."""

        def clear(self) -> None:
            made._is_over = True
            self.set()
            super().clear()

    made._wanted = Interrupted()
    made._wanted.set()
    made._start()
    assert made._thread is not None
    made._thread.join(10)
    assert not made._thread.is_alive()

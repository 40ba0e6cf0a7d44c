"""A real terminal for tests: a command runs in a pseudo-terminal, is answered, and shows what a person would see."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import click

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def _take_the_terminal() -> None:
    """Make the pseudo-terminal the one whose Ctrl-C is heard, also where whoever began the tests ignores his own."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """One command at a terminal."""

    begun: ClassVar[list[Terminal]] = []
    """Those of this test, of which none outlives it."""

    def __init__(self, words: Sequence[str], folder: Path, **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli.main", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            start_new_session=True,
            preexec_fn=_take_the_terminal,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "LANGUAGE": "en", **environment},
        )
        os.close(theirs)
        self.raw = ""
        self.begun.append(self)

    @property
    def text(self) -> str:
        """Everything shown so far, without colours."""
        return click.unstyle(self.raw)

    def wait_for(self, text: str) -> None:
        """Read until this is shown."""
        begin = time.monotonic()
        while text not in self.text:
            if time.monotonic() - begin > PATIENCE or not self._read(PATIENCE):
                self._process.kill()
                self.end()
                raise AssertionError(f"`{text}` was not shown, but:\n{self.text}")

    def type(self, line: str) -> None:
        """Type a line and press return."""
        os.write(self._ours, line.encode() + b"\n")

    def interrupt(self) -> None:
        """Press Ctrl-C, and again like anybody whose first press came just before the question was ready to hear it."""
        before = len(self.raw)
        for _ in range(20):
            os.write(self._ours, b"\x03")
            while self._read(0.5):
                if len(self.raw) > before + len("^C"):
                    return

    def end(self) -> int:
        """Read to the end and return the exit code."""
        while self._read(PATIENCE):
            pass
        os.close(self._ours)
        return self._process.wait(PATIENCE)

    @classmethod
    def put_all_away(cls) -> None:
        """End those that a test which failed has left behind."""
        while cls.begun:
            left = cls.begun.pop()._process
            left.kill()
            left.wait()

    def stop(self, number: int) -> None:
        """Send the process a signal."""
        self._process.send_signal(number)

    def _read(self, patience: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], patience)
        if not ready:
            return False
        try:
            some = os.read(self._ours, 65536)
        except OSError:  # the other end was closed
            return False
        self.raw += some.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(some)

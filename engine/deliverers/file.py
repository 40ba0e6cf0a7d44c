"""A file with one JSON object a line: for what another program reads, and for looking what would be sent."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from engine.app.outgoing.delivery import Delivery
from engine.deliverers.settings import Table
from engine.deliverers.web import event_of


@dataclass(frozen=True, slots=True)
class LineFile:
    """Where lines are appended; others than its owner may not read it, for texts hold private values."""

    path: Path

    def __call__(self, delivery: Delivery) -> None:
        """Append it as one CloudEvent, on disk when this returns."""
        line = (json.dumps(event_of(delivery, "/casewright"), ensure_ascii=False) + "\n").encode()
        if _is_broken_off(self.path):
            line = b"\n" + line
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _append(handle, line)
            os.fsync(handle)
        except OSError as error:
            error.filename = str(self.path)  # what writes does not say to what
            raise
        finally:
            os.close(handle)


def _is_broken_off(file: Path) -> bool:
    """Whether the last line has no end, as where a machine went down: what is appended to it nobody could read."""
    try:
        with file.open("rb") as there:
            there.seek(-1, os.SEEK_END)
            return there.read(1) != b"\n"
    except OSError:  # there is none, or nothing in it, or it is no such file
        return False


def _append(handle: int, line: bytes) -> None:
    """All of it or nothing: a full disk leaves no part of a line, to which the next would be appended."""
    written = 0
    try:
        while written < len(line):
            written += os.write(handle, line[written:])
    except OSError:
        if written and os.fstat(handle).st_size == (end := os.lseek(handle, 0, os.SEEK_CUR)):
            os.ftruncate(handle, end - written)  # nobody has written behind it
        raise


def line_file(table: Table) -> LineFile:
    """Read where lines go."""
    return LineFile(table.path("path"))

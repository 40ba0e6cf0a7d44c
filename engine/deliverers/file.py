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
        line = json.dumps(event_of(delivery, "/casewright"), ensure_ascii=False) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            with os.fdopen(handle, "ab", closefd=False) as file:
                file.write(line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)


def line_file(table: Table) -> LineFile:
    """Read where lines go."""
    return LineFile(table.path("path"))

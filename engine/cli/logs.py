"""The worker's log as JSON, one object a line: for who collects logs. Nothing of a case stands in it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

_FIGURES = ("advanced", "delivered", "failed", "faults", "erased")


class _Line(logging.Formatter):
    """A record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Write when, how serious, what, and the figures there are."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said: dict[str, object] = {"at": at, "level": record.levelname.lower(), "message": record.getMessage()}
        said |= {name: value for name in _FIGURES if (value := getattr(record, name, None))}
        return json.dumps(said, ensure_ascii=False)


def log_as_json(stream: TextIO) -> None:
    """Let the worker's log go to this stream, rounds too."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Line())
    log = logging.getLogger("casewright")
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.INFO)

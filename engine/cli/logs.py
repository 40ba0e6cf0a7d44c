"""The worker's log as JSON, one object a line: for who collects logs. Nothing of a case stands in it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from engine.cli.sayings import said_again
from engine.cli.streams import Streams, as_json
from engine.cli.translate import _

_FIGURES = ("advanced", "delivered", "failed", "faults", "erased", "late")


class _Line(logging.Formatter):
    """A record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Write when, how serious, what, and the figures there are."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said: dict[str, object] = {"at": at, "level": record.levelname.lower(), "message": record.getMessage()}
        said |= {name: value for name in _FIGURES if (value := getattr(record, name, None))}
        return as_json(said)


class _ForPeople(logging.Handler):
    """What keeps a worker from working, in the language of whoever looks at it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it."""
        what, _mark, now = record.getMessage().partition("; ")
        self._tell(_("; ").join(said_again(said) for said in (what, now) if said))


def log_for_people(streams: Streams) -> None:
    """Let trouble in the worker's log be told beside what it delivers."""
    _lead_to(_ForPeople(streams.tell))


def log_as_json(stream: TextIO) -> None:
    """Let the worker's log go to this stream, rounds too."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Line())
    _lead_to(handler)


def _lead_to(handler: logging.Handler) -> None:
    log = logging.getLogger("casewright")
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.INFO)

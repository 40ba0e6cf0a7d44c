"""The worker's log as JSON."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from engine.cli.logs import log_as_json


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    log = logging.getLogger("casewright")
    before, level = (log.handlers, log.propagate), log.level
    text = io.StringIO()
    log_as_json(text)
    yield text
    log.handlers, log.propagate = before
    log.setLevel(level)  # forgets what loggers below have worked out


def test_a_round_is_one_object_with_its_figures(stream: io.StringIO) -> None:
    log = logging.getLogger("casewright.worker")
    log.info("worked", extra={"advanced": 3, "delivered": 0, "failed": 1, "faults": 0})
    log.error("the database\nis away")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("at").endswith("Z")
    assert first == {"level": "info", "message": "worked", "advanced": 3, "failed": 1}
    assert (second["level"], second["message"]) == ("error", "the database\nis away")

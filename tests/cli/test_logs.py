"""The worker's log as JSON."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from engine.cli.logs import log_as_json, log_for_people
from engine.cli.streams import Streams
from engine.cli.translate import use_language


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    log = logging.getLogger("casewright")
    before, level = (log.handlers, log.propagate), log.level
    yield
    log.handlers, log.propagate = before
    log.setLevel(level)  # forgets what loggers below have worked out


@pytest.fixture
def stream() -> io.StringIO:
    text = io.StringIO()
    log_as_json(text)
    return text


def test_a_round_is_one_object_with_its_figures(stream: io.StringIO) -> None:
    log = logging.getLogger("casewright.worker")
    log.info("worked", extra={"advanced": 3, "delivered": 0, "failed": 1, "faults": 0})
    log.error("the database\nis away")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("at").endswith("Z")
    assert first == {"level": "info", "message": "worked", "advanced": 3, "failed": 1}
    assert (second["level"], second["message"]) == ("error", "the database\nis away")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "no server answers for the database `d` (No such file or directory); nothing was changed; try again\n"),
        ("zh", "数据库 `d` 没有服务器应答（No such file or directory）；未作任何改动；请重试\n"),
    ],
)
def test_trouble_is_told_to_people_in_their_language_and_a_library_s_words_stay(language: str, said: str) -> None:
    use_language(language)
    streams = Streams(out=io.StringIO(), err=io.StringIO(), into=io.StringIO(), language=language)
    log_for_people(streams)
    log = logging.getLogger("casewright.worker")
    log.info("worked: 3 advanced")  # of which what was delivered tells
    log.error("no server answers for the database `d` (No such file or directory); nothing was changed; try again")
    assert streams.err.getvalue() == said  # type: ignore[attr-defined]
    use_language("en")

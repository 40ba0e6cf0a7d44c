"""The engine on every store, with the desk of `desks.py` published, at nine o'clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import Engine
from engine.testing import ManualTime
from tests.app.desks import ADMIN, NINE, sources

URLS: dict[str, Callable[[Path], str]] = {
    "memory": lambda _folder: "memory:",
    "sqlite": lambda folder: f"sqlite:///{folder / 'desk.db'}?synchronous=NORMAL",
}


@pytest.fixture
def time() -> ManualTime:
    """A clock moved by hand."""
    return ManualTime(NINE)


@pytest.fixture(params=URLS)
def engine(request: pytest.FixtureRequest, tmp_path: Path, time: ManualTime) -> Iterator[Engine]:
    """The engine on each store in turn."""
    with Engine.open(URLS[request.param](tmp_path), time=time, create=True) as made:
        for process in ("errand", "call", "parcel"):
            made.publish(sources(), process, actor=ADMIN)
        yield made
        assert not made.verify().problems, "whatever a test did, the audit must hold"


@pytest.fixture
def on_disk(tmp_path: Path, time: ManualTime) -> Iterator[Engine]:
    """The engine on a database file, `desk.db` in the test's folder; what the test does to the file is its own affair."""
    with Engine.open(URLS["sqlite"](tmp_path), time=time, create=True) as made:
        for process in ("errand", "call", "parcel"):
            made.publish(sources(), process, actor=ADMIN)
        yield made

"""The engine on every store, with the desk of `desks.py` published, at nine o'clock."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import Engine
from engine.testing import ManualTime
from tests.app.desks import ADMIN, NINE, sources

PROCESSES = ("errand", "call", "parcel")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the desk published, to be copied: making one takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "desk.db"
    with Engine.open(str(path), time=ManualTime(NINE), create=True) as made:
        publish(made)
    return path


def publish(engine: Engine) -> None:
    for process in PROCESSES:
        engine.publish(sources(), process, actor=ADMIN)


def on_file(template: Path, folder: Path, time: ManualTime) -> Engine:
    shutil.copy(template, folder / "desk.db")
    return Engine.open(f"sqlite:///{folder / 'desk.db'}?synchronous=NORMAL", time=time)


@pytest.fixture
def time() -> ManualTime:
    """A clock moved by hand."""
    return ManualTime(NINE)


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, time: ManualTime, template: Path) -> Iterator[Engine]:
    """The engine on each store in turn; whatever a test did, the audit must hold."""
    if request.param == "sqlite":
        made = on_file(template, tmp_path, time)
    else:
        made = Engine.open("memory:", time=time)
        publish(made)
    with made:
        yield made
        assert not made.verify().problems


@pytest.fixture
def on_disk(tmp_path: Path, time: ManualTime, template: Path) -> Iterator[Engine]:
    """The engine on a database file, `desk.db` in the test's folder; what is done to the file is the test's affair."""
    with on_file(template, tmp_path, time) as made:
        yield made

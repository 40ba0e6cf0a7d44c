"""The engine on every store, with the desk of `desks.py` published, at nine o'clock."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from engine import Delivery, Engine
from engine.testing import ManualTime
from tests import postgres
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


@cache
def on_server() -> str:
    """The name of a database on the tests' server with the desk published, to be copied."""
    server = postgres.shared()
    name = server.new(postgres.made())
    with Engine.open(server.url(name), time=ManualTime(NINE)) as made:
        publish(made)
    return name


@contextmanager
def in_memory(_request: pytest.FixtureRequest, time: ManualTime) -> Iterator[Engine]:
    made = Engine.open("memory:", time=time)
    publish(made)
    yield made


@contextmanager
def sqlite(request: pytest.FixtureRequest, time: ManualTime) -> Iterator[Engine]:
    yield on_file(request.getfixturevalue("template"), request.getfixturevalue("tmp_path"), time)


@contextmanager
def postgresql(_request: pytest.FixtureRequest, time: ManualTime) -> Iterator[Engine]:
    postgres.needs_server()
    template, server = on_server(), postgres.shared()
    name = server.new(template)
    yield Engine.open(server.url(name), time=time)
    server.drop(name)


STORES = {"memory": in_memory, "sqlite": sqlite, "postgresql": postgresql}


@pytest.fixture(params=STORES)
def engine(request: pytest.FixtureRequest, time: ManualTime) -> Iterator[Engine]:
    """The engine on each store in turn; whatever a test did, the audit must hold."""
    with STORES[request.param](request, time) as made, made:
        yield made
        assert not made.verify().problems


@pytest.fixture(params=STORES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a desk can be made that has nothing of this one, on each store in turn."""
    if request.param != "postgresql":
        yield "memory:" if request.param == "memory" else f"sqlite:///{tmp_path / 'desk.db'}"
        return
    with postgres.database() as made:
        yield made


@pytest.fixture
def on_disk(tmp_path: Path, time: ManualTime, template: Path) -> Iterator[Engine]:
    """The engine on a database file, `desk.db` in the test's folder; what is done to the file is the test's affair."""
    with on_file(template, tmp_path, time) as made:
        yield made


@pytest.fixture
def sent(engine: Engine) -> list[Delivery]:
    """What is delivered by this test's only deliverer."""
    found: list[Delivery] = []
    engine.on("*", found.append)
    return found

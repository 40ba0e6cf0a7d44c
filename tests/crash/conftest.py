"""The processes' mother must find the tests and the engine where this process finds them; and what was tried, told."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from multiprocessing.forkserver import ensure_running
from pathlib import Path

import pytest

from tests import postgres
from tests.crash.rig import ROOT, tell
from tests.crash.tally import DATABASES, sentences, table, take
from tests.hours import settable_clock

TRIED = "tried"


@pytest.fixture(autouse=True, scope="session")
def _mother() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
        patch.chdir(ROOT)
        ensure_running()  # it keeps what it was begun with; the other tests' own processes are to find their own


@pytest.fixture(autouse=True)
def _told(request: pytest.FixtureRequest) -> Iterator[None]:
    """Say what the test tried, and hand it on to the table at the end."""
    take()
    yield
    taken = take()
    request.node.user_properties.append((TRIED, taken))
    for sentence in sentences(taken):
        tell(sentence)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One table of all that was tried, in every process of the tests."""
    every = Counter[tuple[str, str]]()
    for report in (*terminalreporter.getreports(""), *terminalreporter.getreports("error")):
        if report.when == "teardown":  # the last there is of a test, whether it passed or failed
            for what, database, many in dict(report.user_properties).get(TRIED, ()):
                every[what, database] += many
    if every:
        terminalreporter.section("what was tried")
        for line in table(every):
            terminalreporter.write_line(line)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a test keeps its database."""
    return tmp_path / "desk.db"


@pytest.fixture(scope="session")
def durable() -> Iterator[postgres.Server]:
    """A server that writes to the disk before it says so: it is killed as well."""
    postgres.needs_server()
    server = postgres.Server()
    server.start()
    yield server
    server.end()


Places = Callable[[], str]


@pytest.fixture(params=DATABASES)
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    """Where desks can be made: a file each time, or a database of a server, with which it is gone."""
    if request.param == "SQLite":
        numbers = count(1)
        return lambda: str(tmp_path / f"desk{next(numbers)}.db")
    postgres.needs_server()
    server = postgres.shared()
    return lambda: server.url(server.new())


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where one desk can be made."""
    if request.param == "SQLite":
        return str(tmp_path / "desk.db")
    server: postgres.Server = request.getfixturevalue("durable")
    return server.url(server.new())


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that sets the clock of the process that is started with it."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler here to build a clock that can be set")
    return settable_clock(tmp_path_factory.mktemp("clock"))

"""What the tests of the command line share."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from engine.cli.reader import Reader
from engine.cli.streams import Streams
from engine.cli.translate import use_language
from tests.cli.desks import set_up

MORNING = 1_772_413_200_000  # 2026-03-02 09:00 in Shanghai


@pytest.fixture(autouse=True)
def at_a_desk_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let each test run in an empty folder, in English, with nothing of the environment's settings."""
    for name in [name for name in os.environ if name.startswith("CASEWRIGHT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "120")
    # No test fails when the holidays that are known run out.
    monkeypatch.setattr("engine.cli.designing.folder.today", lambda: date(2026, 3, 2))
    use_language("en")
    yield
    use_language("en")
    if "tests.cli.terminal" in sys.modules:
        sys.modules["tests.cli.terminal"].Terminal.put_all_away()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example desk, to be copied: setting one up takes longer than most tests. A file of tests may add to it."""
    return set_up(tmp_path_factory.mktemp("template") / "desk")


@pytest.fixture
def desk(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the desk, in which the commands run."""
    monkeypatch.chdir(shutil.copytree(template, tmp_path / "desk"))
    return Path.cwd()


@pytest.fixture
def reader() -> Reader:
    """Who reads in English, in Shanghai, on a Monday at nine."""
    return Reader(language="en", zone="Asia/Shanghai", now=MORNING)


@pytest.fixture
def streams() -> Callable[..., Streams]:
    """Make streams that keep what is written."""

    def make(**how: object) -> Streams:
        values: dict[str, object] = {"out": io.StringIO(), "err": io.StringIO(), "into": io.StringIO(), "width": 120}
        return Streams(**{**values, **how})  # type: ignore[arg-type]

    return make

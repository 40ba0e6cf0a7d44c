"""The processes' mother must find the tests and the engine where this process finds them."""

from __future__ import annotations

import os
from multiprocessing.forkserver import ensure_running
from pathlib import Path

import pytest

from tests.crash.rig import ROOT


@pytest.fixture(autouse=True, scope="session")
def _mother() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
        patch.chdir(ROOT)
        ensure_running()  # it keeps what it was begun with; the other tests' own processes are to find their own


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a test keeps its database."""
    return tmp_path / "desk.db"

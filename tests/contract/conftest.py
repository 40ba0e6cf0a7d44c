"""One suite for every store: to add a store is to add a maker here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.ports import Store
from engine.store import open_store


def memory(_folder: Path) -> Store:
    return open_store("memory:")


def sqlite(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder / 'desk.db'}?synchronous=NORMAL&busy=2", create=True)


MAKERS: dict[str, Callable[[Path], Store]] = {"memory": memory, "sqlite": sqlite}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Every store in turn; closing it fails if a test left a transaction open."""
    made = MAKERS[request.param](tmp_path)
    yield made
    made.close()

"""One suite for every store: to add a store is to add a maker here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.ports import Store
from engine.store import open_store
from tests import postgres


@contextmanager
def memory(_folder: Path) -> Iterator[Store]:
    yield open_store("memory:")


@contextmanager
def sqlite(folder: Path) -> Iterator[Store]:
    yield open_store(f"sqlite:///{folder / 'desk.db'}?synchronous=NORMAL&busy=2", create=True)


@contextmanager
def postgresql(_folder: Path) -> Iterator[Store]:
    with postgres.database() as url:
        yield open_store(f"{url}&busy=2")


MAKERS = {"memory": memory, "sqlite": sqlite, "postgresql": postgresql}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Every store in turn; closing it fails if a test left a transaction open."""
    with MAKERS[request.param](tmp_path) as made:
        yield made
        made.close()

"""What the tests of the order service share: the service on a file of its own, and a clock moved by hand."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


@pytest.fixture
def time():
    from engine.testing import ManualTime

    return ManualTime("2026-03-02 09:00")


@pytest.fixture
def shop(tmp_path, time):
    from orders import Orders

    made = Orders(tmp_path / "shop.db", HERE / "processes", time)
    made.sell("A-1", "80.00")
    yield made
    assert made.engine.verify().problems == ()
    made.close()

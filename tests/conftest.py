"""What every test shares: no traces of the person who runs it, and how long the laws look for a counter-example."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

LONG = os.environ.get("CASEWRIGHT_LONG") == "1"
SPEAKING = ("CASEWRIGHT_", "PG", "OTEL_")
"""How variables begin by which a person speaks to us, to the driver of PostgreSQL and to who measures."""

# No deadline: on a busy machine the same example is fast once and slow once, which says nothing about the law.
settings.register_profile("short", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", settings.get_profile("short"), max_examples=5_000)
# Whether a change lands hangs on the change alone: there the dice are the same each time, everywhere else they are new.
settings.register_profile("landing", settings.get_profile("short"), derandomize=True, database=None)
settings.load_profile("long" if LONG else "landing" if os.environ.get("CI") else "short")


@pytest.fixture(autouse=True, scope="session")
def _nobody_s_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep settings, language and databases of whoever runs the tests out of them, and the tests out of those."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(SPEAKING) and name != "CASEWRIGHT_LONG"]:
            patch.delenv(name)
        for name in ("LANG", "LANGUAGE", "LC_MESSAGES", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
            patch.delenv(name, raising=False)
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            patch.delenv(name, raising=False)
        patch.setenv("LC_ALL", "C.UTF-8")
        patch.setenv("HOME", str(home))
        patch.setenv("USERPROFILE", str(home))
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True, scope="session")
def _no_server_left() -> Iterator[None]:
    """End the server that tests have shared, if one did."""
    yield
    if "tests.postgres" in sys.modules:
        sys.modules["tests.postgres"].end_shared()

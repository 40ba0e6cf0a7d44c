"""The messages there and back between a desk and its PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.store.postgresql import supposing
from engine.store.postgresql.wire import Wire


def watch(patch: pytest.MonkeyPatch, note: Callable[[list[Any], int], object]) -> None:
    """Tell of each message from now on: its statements, and how many of the first are only told, not asked."""
    exchange = Wire._exchange

    def watched(wire: Wire, statements: list[Any], told: int = 0) -> Any:
        note(statements, told)
        return exchange(wire, statements, told)

    patch.setattr(Wire, "_exchange", watched)


def counted(patch: pytest.MonkeyPatch) -> list[int]:
    """How many statements each message holds, from now on."""
    found: list[int] = []
    patch.setattr(supposing, "LATEST", 600_000)  # however slow the machine, nobody counts as stopped meanwhile
    watch(patch, lambda statements, _told: found.append(len(statements)))
    return found

"""Long work that breaks off where the disk is full, or the database away: how far it came is said before why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.cli.streams import Streams
from engine.errors import StoreUnavailable

Progress = Callable[[int, int], None]


@contextmanager
def told_how_far(streams: Streams, draw: Progress, said: Callable[[int], str]) -> Iterator[Progress]:
    """Yield what is told the progress, and draws it; `said` puts into words how many were done."""
    reached = 0

    def progress(done: int, total: int) -> None:
        nonlocal reached
        reached = done
        draw(done, total)

    try:
        yield progress
    except (StoreUnavailable, OSError):
        if reached:
            streams.tell(said(reached))
        raise

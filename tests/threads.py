"""Work that several threads begin at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from engine.errors import Conflict


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run it in so many threads at once; a conflict comes back as a value, any other error is raised."""
    start = Barrier(count)

    def one(number: int) -> Any:
        start.wait(timeout=30)
        try:
            return work(number)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(count) as pool:
        return [done.result(timeout=120) for done in [pool.submit(one, number) for number in range(count)]]

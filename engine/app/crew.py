"""Families verified one after the other, or side by side by several processes where there are many of them."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from threading import Thread
from typing import NamedTuple

from engine.app.catalogue import Catalogue
from engine.app.verifying import Verification, verify_family
from engine.errors import EngineError
from engine.ports import Store

CHUNK = 100
"""Families of one transaction: a desk that goes on working never waits long for its database to tidy up."""

ENOUGH = 2_000
"""Families for which it pays to start a process: that takes as long as to verify a thousand or more."""

Opener = Callable[[], Store]
"""What opens the store in another process; it must be such that it can be sent there."""


class Shift(NamedTuple):
    """Who verifies: what is open here, how it is opened elsewhere (None: only here), and by how many at most."""

    store: Store
    catalogue: Catalogue
    opener: Opener | None = None
    jobs: int = 1


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def verified(shift: Shift, roots: Sequence[str]) -> Iterator[Verification]:
    """What was found of each of these families, in their order."""
    chunks = [roots[first : first + CHUNK] for first in range(0, len(roots), CHUNK)]
    jobs = min(shift.jobs, len(roots) // ENOUGH)
    if jobs > 1 and shift.opener is not None:
        return _side_by_side(shift.opener, jobs, chunks)
    return chain.from_iterable(_chunk(shift.store, shift.catalogue, chunk) for chunk in chunks)


def _chunk(store: Store, catalogue: Catalogue, roots: Sequence[str]) -> Iterator[Verification]:
    with store.read() as tx:
        library = catalogue.library(tx)
        for root in roots:
            yield verify_family(tx, library, root, store.keys)


# -- other processes --------------------------------------------------------------------------------------------------


def _side_by_side(opener: Opener, jobs: int, chunks: Sequence[Sequence[str]]) -> Iterator[Verification]:
    """Each process begins anew and opens the database for itself: what is open here cannot be taken along."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (opener,))
    try:
        for found in pool.map(_work, chunks):
            yield from found
    except BrokenProcessPool as error:
        raise EngineError(
            "a process that helped to verify ended before its work was done",
            help="one job does all of it in this process: `--jobs 1`",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_OPEN: list[tuple[Store, Catalogue]] = []
"""What a helping process has open: one database, until the process ends."""


def _begin(opener: Opener) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who breaks off tells the process that waits for us
    Thread(target=_end_with_parent, daemon=True).start()
    _OPEN.append((opener(), Catalogue()))
    gc.freeze()  # what is there by now stays: no use in looking through it again and again


def _end_with_parent() -> None:
    """Killed, the process that waits for us cannot say so, and our queue would stay open for ever."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(roots: Sequence[str]) -> list[Verification]:
    return list(_chunk(*_OPEN[0], roots))

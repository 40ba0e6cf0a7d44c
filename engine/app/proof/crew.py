"""Families looked at one after the other, or side by side by several processes where there are many of them."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from threading import Thread
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from engine.app.catalogue import Catalogue
from engine.core.plan import Library
from engine.errors import EngineError
from engine.ports import Store, Transaction
from engine.sealing import HostKeys

Family = TypeVar("Family", contravariant=True)
"""What names one: its root, or what is left of it."""

Found = TypeVar("Found", covariant=True)

CHUNK = 100
"""Families of one transaction: a desk that goes on working never waits long for its database to tidy up."""

ENOUGH = 2_000
"""Families for which it pays to start a process: that takes as long as to verify a thousand or more."""

Opener = Callable[[], Store]
"""What opens the store in another process; it must be such that it can be sent there."""


class Look(Protocol, Generic[Family, Found]):
    """What is done with each family; it must be such that it can be sent to another process, and so must what it says.

    It catches what may be wrong with a family: what leaves it ends the work.
    """

    def __call__(self, tx: Transaction, by: tuple[Library, HostKeys], family: Family) -> Found:
        """What is found of this family."""


class Shift(NamedTuple):
    """Who looks: what is open here, how it is opened elsewhere (None: only here), and by how many at most."""

    store: Store
    catalogue: Catalogue
    opener: Opener | None = None
    jobs: int = 1


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def looked_at(shift: Shift, look: Look[Family, Found], families: Sequence[Family]) -> Iterator[Found]:
    """What was found of each of these families, in their order."""
    chunks = [families[first : first + CHUNK] for first in range(0, len(families), CHUNK)]
    jobs = min(shift.jobs, len(families) // ENOUGH)
    if jobs > 1 and shift.opener is not None:
        return _side_by_side((shift.opener, look), jobs, chunks)
    return chain.from_iterable(_chunk(shift, look, chunk) for chunk in chunks)


def _chunk(shift: Shift, look: Look[Family, Found], families: Sequence[Family]) -> Iterator[Found]:
    with shift.store.read() as tx:
        by = shift.catalogue.library(tx), shift.store.keys
        for family in families:
            yield look(tx, by, family)


# -- other processes --------------------------------------------------------------------------------------------------


def _side_by_side(how: tuple[Opener, Look[Any, Found]], jobs: int, chunks: Sequence[Any]) -> Iterator[Found]:
    """Each process begins anew and opens the database for itself: what is open here cannot be taken along."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, how)
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


_SHIFT: list[tuple[Shift, Look[Any, Any]]] = []
"""What a helping process has open, and does: one database, until the process ends."""


def _begin(opener: Opener, look: Look[Any, Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who breaks off tells the process that waits for us
    Thread(target=_end_with_parent, daemon=True).start()
    _SHIFT.append((Shift(opener(), Catalogue()), look))
    gc.freeze()  # what is there by now stays: no use in looking through it again and again


def _end_with_parent() -> None:
    """Killed, the process that waits for us cannot say so, and our queue would stay open for ever."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(families: Sequence[Any]) -> list[Any]:
    return list(_chunk(*_SHIFT[0], families))

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
from engine.ports import Store, Transaction

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
    takes_imprints: bool = False  # of the cases of every family that is right


class Found(NamedTuple):
    """What was found of a family, and the imprints of its cases at that very moment, where they are taken."""

    verification: Verification
    imprints: tuple[str, ...] = ()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def verified(shift: Shift, roots: Sequence[str]) -> Iterator[Found]:
    """What was found of each of these families, in their order."""
    chunks = [roots[first : first + CHUNK] for first in range(0, len(roots), CHUNK)]
    jobs = min(shift.jobs, len(roots) // ENOUGH)
    if jobs > 1 and shift.opener is not None:
        return _side_by_side(shift.opener, (jobs, shift.takes_imprints), chunks)
    return chain.from_iterable(_chunk(shift, chunk) for chunk in chunks)


def _chunk(shift: Shift, roots: Sequence[str]) -> Iterator[Found]:
    with shift.store.read() as tx:
        library = shift.catalogue.library(tx)
        for root in roots:
            found = verify_family(tx, library, root, shift.store.keys)
            yield Found(found, tuple(_imprints(tx, root)) if shift.takes_imprints and not found.problems else ())


def _imprints(tx: Transaction, root: str) -> Iterator[str]:
    family = tx.family(root, lock=False)
    for case in family.cases if family is not None else ():
        imprint = tx.imprint(case)
        if imprint is not None:
            yield imprint.rows


# -- other processes --------------------------------------------------------------------------------------------------


def _side_by_side(opener: Opener, how: tuple[int, bool], chunks: Sequence[Sequence[str]]) -> Iterator[Found]:
    """Each process begins anew and opens the database for itself: what is open here cannot be taken along."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    jobs, takes_imprints = how
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (opener, takes_imprints))
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


_SHIFT: list[Shift] = []
"""What a helping process has open: one database, until the process ends."""


def _begin(opener: Opener, takes_imprints: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who breaks off tells the process that waits for us
    Thread(target=_end_with_parent, daemon=True).start()
    _SHIFT.append(Shift(opener(), Catalogue(), takes_imprints=takes_imprints))
    gc.freeze()  # what is there by now stays: no use in looking through it again and again


def _end_with_parent() -> None:
    """Killed, the process that waits for us cannot say so, and our queue would stay open for ever."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(roots: Sequence[str]) -> list[Found]:
    return list(_chunk(_SHIFT[0], roots))

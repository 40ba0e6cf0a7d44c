"""Signs of life in the database, by which a clock that jumped is known; what is long over is forgotten.

How the two clocks of a machine stand to each other is kept with them: a command is a process of its own, and sees only
by that how the clock stood before it began. What one process accepts, the others hear.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from engine.app.watch import Watch
from engine.errors import ClockJumped, StoreUnavailable
from engine.ports import TimeSource, Transaction
from engine.time_source import SystemTime

T = TypeVar("T")

SEEN_EVERY = 3_600_000
"""How often, in ms, a sign of life is written."""

KEYS_KEPT = 30 * 24 * 3_600_000
"""How long, in ms, the keys of a closed case are remembered."""

BOOTS_KEPT = 30 * 24 * 3_600_000
"""How long, in ms, the clocks of a machine are remembered after its last sign of life."""


class Life:
    """One engine's, shared by all that work for it. A time source of the host's own is believed."""

    def __init__(self, time: TimeSource, tx: Transaction) -> None:
        self._time = time
        self._boot = time.boot() if isinstance(time, SystemTime) else None
        self._seen_at = 0
        self._ahead: int | None = None  # by how many ms the database's clock stands before this machine's
        self._watch = Watch(time, self._now(tx)) if isinstance(time, SystemTime) else None
        self._is_kept = self._boot is None
        self._hear(tx)

    def read(self, tx: Transaction) -> int:
        """The instant now; raises `ClockJumped` where the clock cannot be trusted and nobody has accepted it.

        A database that has a clock is believed before the machine's: many machines share it.
        """
        if self._watch is None:
            return self._time.now()
        now = self._now(tx)
        try:
            return self._watch.check(now)
        except ClockJumped:
            self._hear(tx)
            return self._watch.check(now)

    def now(self) -> int:
        """About the instant now, without asking the database: as its clock stood to this machine's when last asked."""
        return self._time.now() + (self._ahead or 0)

    def _now(self, tx: Transaction) -> int:
        there = tx.database_time()
        here = self._time.now()
        if there is None:
            return here
        # It took some time to hear of it, so its clock stands at least so far before this machine's; the answer that
        # came fastest knows best, and is believed for a while.
        least = there - here
        self._ahead = least if self._ahead is None else max(least, self._ahead - 1 - (self._ahead - least) // 16)
        return there

    def accept(self, tx: Transaction) -> None:
        """Trust the clock as it is from now on, and let the others of this machine hear it."""
        if self._watch is not None:
            self._keep(tx, self._now(tx))

    def show(self, tx: Transaction, now: int) -> None:
        """Leave a sign of life now and then."""
        if abs(now - self._seen_at) > SEEN_EVERY or not self._is_kept:
            tx.forget_requests(now - KEYS_KEPT)
            tx.forget_events(now)
            self._keep(tx, now)

    def _keep(self, tx: Transaction, now: int) -> None:
        tx.set_setting("seen_at", str(now))
        self._seen_at = now
        if self._watch is None:
            return
        tx.alone()  # the clocks of all machines stand in one setting
        offset = self._watch.seen(now)
        if self._boot is not None:
            clocks = {boot: stood for boot, stood in _clocks(tx).items() if now - stood[1] < BOOTS_KEPT}
            tx.set_setting("clocks", json.dumps({**clocks, self._boot: (offset, now)}))
            self._is_kept = True

    def _hear(self, tx: Transaction) -> None:
        """What others have shown and accepted meanwhile."""
        self._seen_at = _read(tx, "seen_at", int) or 0
        stood = _clocks(tx).get(self._boot or "")
        if self._watch is not None:
            self._watch.hear(stood[0] if stood else None, self._seen_at or None)
        self._is_kept = self._boot is None or stood is not None


def _clocks(tx: Transaction) -> dict[str, tuple[int, int]]:
    """By machine since its start: how its wall clock stood to its steady one, and when that was so."""
    return _read(tx, "clocks", _read_clocks) or {}


def _read_clocks(text: str) -> dict[str, tuple[int, int]]:
    return {boot: (int(offset), int(at)) for boot, (offset, at) in json.loads(text).items()}


def _read(tx: Transaction, setting: str, read: Callable[[str], T]) -> T | None:
    """What a setting says that the engine itself wrote: any byte of a file may be flipped."""
    text = tx.setting(setting)
    try:
        return read(text) if text else None
    except (ValueError, TypeError, AttributeError) as error:
        raise StoreUnavailable(
            f"the setting `{setting}` of the database cannot be read: something else has changed it",
            help="keep a copy of the database, then go back to the last backup",
        ) from error

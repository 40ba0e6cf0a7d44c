"""Signs of life in the database, by which a clock that stands far ahead is known; what is long over is forgotten."""

from __future__ import annotations

from engine.app.time_source import SystemTime, Watch
from engine.ports import TimeSource, Transaction

SEEN_EVERY = 3_600_000
"""How often, in ms, a sign of life is written."""

KEYS_KEPT = 30 * 24 * 3_600_000
"""How long, in ms, the keys of a closed case are remembered."""


class Life:
    """One engine's, shared by all that work for it."""

    def __init__(self, time: TimeSource, seen: str | None) -> None:
        self._seen_at = int(seen) if seen else 0
        self.watch = Watch(time, int(seen) if seen else None) if isinstance(time, SystemTime) else None

    def show(self, tx: Transaction, now: int) -> None:
        """Leave a sign now and then."""
        if now - self._seen_at > SEEN_EVERY:
            tx.set_setting("seen_at", str(now))
            tx.forget_requests(now - KEYS_KEPT)
            self._seen_at = now
            if self.watch is not None:
                self.watch.seen(now)

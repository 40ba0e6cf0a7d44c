"""The watch over a clock that jumps."""

from __future__ import annotations

from engine.errors import ClockJumped
from engine.ports import TimeSource

JUMP = 5 * 60_000
"""By how much the wall clock may differ from the monotonic one before nothing is carried forward any more."""

AHEAD = 30 * 24 * 3_600_000
"""How far the clock may stand ahead of the last sign of life in the database."""


class Watch:
    """Refuses to go on when the wall clock jumps, until somebody accepts it."""

    def __init__(self, source: TimeSource, now: int) -> None:
        self._source = source
        self._offset = now - source.monotonic()
        self._last_seen: int | None = None

    def check(self, now: int) -> int:
        """The instant that a clock shows now; raises `ClockJumped` if it cannot be trusted."""
        jump = now - self._source.monotonic() - self._offset
        if abs(jump) > JUMP:
            raise ClockJumped(
                f"the machine's clock jumped by {jump // 1000} s; nothing is carried forward",
                help="set the clock right, or accept it with `casewright tick --accept-clock`",
            )
        if self._last_seen is not None and now - self._last_seen > AHEAD:
            days = (now - self._last_seen) // 86_400_000
            raise ClockJumped(
                f"the machine's clock stands {days} days after the last sign of life in this database",
                help="if it is right, accept it with `casewright tick --accept-clock`",
            )
        return now

    def seen(self, now: int) -> int:
        """There was life at this instant, and the clock is trusted; how far it stands before the steady one."""
        self._offset = now - self._source.monotonic()
        self._last_seen = now
        return self._offset

    def hear(self, offset: int | None, last_seen: int | None) -> None:
        """How others of this machine know its clocks to stand, and when there was life anywhere."""
        if offset is not None:
            self._offset = offset
        self._last_seen = last_seen

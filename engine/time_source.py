"""The one place where instants come from."""

from __future__ import annotations

import os
import time
from pathlib import Path


class SystemTime:
    """The machine's clocks."""

    def now(self) -> int:
        """The wall clock, ms UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> int:
        """A clock in ms that never steps; where the system has one, it counts suspended time."""
        clock = getattr(time, "CLOCK_BOOTTIME", None)
        return (time.clock_gettime_ns(clock) if clock is not None else time.monotonic_ns()) // 1_000_000

    def boot(self) -> str | None:
        """By what processes know that they have one steady clock; None where the system does not say it."""
        try:
            started = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
            return f"{started} {os.readlink('/proc/self/ns/time')}"
        except OSError:
            return None

"""The exit codes, which scripts may rely on."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What became of a command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_PERMITTED = 4
    CONFLICT = 5
    REFUSED = 6
    NOT_VERIFIED = 7
    CANCELLED = 8
    CONDITION = 10

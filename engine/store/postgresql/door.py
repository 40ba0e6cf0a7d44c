"""By which code a server lets nobody in: what it says at the door is in its own language, whoever asks."""

from __future__ import annotations

import os
import re
import sys
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

from psycopg import Error
from psycopg.pq import PGconn, PollingStatus
from psycopg.pq.abc import PGconn as Knocking

LONGEST = 5
"""Seconds that the server's next word is waited for."""

_CODE = re.compile(rb'\tErrorResponse\t.*? C "(\w{5})"')


def code_at_the_door(conninfo: str) -> str | None:
    """Knock once more and read the code off the trace, the only place where libpq shows it of a failed connection.

    None where there is no code: nobody answers, one is let in now, or libpq traces nothing of this (before 18, or on
    another system than Linux).
    """
    if sys.platform != "linux":
        return None
    with os.fdopen(os.memfd_create("trace"), "rb") as traced:  # in memory alone: what is sent is traced as well
        knocking = PGconn.connect_start(conninfo.encode())
        try:
            knocking.trace(traced.fileno())
            _knock(knocking)
            knocking.untrace()
        except Error:
            return None
        finally:
            knocking.finish()
        traced.seek(0)
        codes = _CODE.findall(traced.read())
    return codes[-1].decode() if codes else None


def _knock(knocking: Knocking) -> None:
    while (polled := knocking.connect_poll()) in (PollingStatus.READING, PollingStatus.WRITING):
        with DefaultSelector() as waiting:
            waiting.register(knocking.socket, EVENT_READ if polled == PollingStatus.READING else EVENT_WRITE)
            if not waiting.select(LONGEST):
                return

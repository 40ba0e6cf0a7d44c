"""Instants as a host reads them, with a whole sentence where something is none."""

from __future__ import annotations

from datetime import datetime

from engine.timeline import CalendarError
from engine.values import Expected, show_instant
from engine.values import read_instant as _read


def read_instant(raw: datetime | str, zone: str) -> int:
    """An instant from an aware datetime, RFC 3339 text, or a local time in `zone`; a finer part than ms is cut off.

    A local time that a clock change skips is the first instant after it; one that comes twice is the first of the two.
    `24:00` is the midnight that ends its day. What is none raises `CalendarError`.
    """
    try:
        return _read(raw, zone)
    except Expected as error:
        raise CalendarError(f"`{raw!s:.60}` is no instant; expected {error}") from None


__all__ = ["read_instant", "show_instant"]

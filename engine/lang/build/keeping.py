"""What becomes of closed cases in time: `retention` of a process."""

from __future__ import annotations

from engine.lang.build.cursor import Cursor
from engine.lang.build.notes import Notes
from engine.retention import Retention, read_span


def build_retention(notes: Notes, cursor: Cursor | None) -> Retention | None:
    """How long closed cases are kept; None where nothing says so."""
    written = cursor.get("keep") if cursor is not None else None
    if written is None:
        return None
    try:
        return Retention(keep=read_span(written.text))
    except ValueError as fault:
        notes.error("wrong-value", written.span, f"this must be {fault}")
        return None

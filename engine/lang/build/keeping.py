"""What becomes of closed cases in time: `retention` of a process."""

from __future__ import annotations

from engine.lang.build.cursor import Cursor
from engine.lang.build.notes import Notes
from engine.retention import Retention, Span, read_span


def build_retention(notes: Notes, cursor: Cursor | None) -> Retention | None:
    """How long closed cases and their private values are kept; None where nothing says so."""
    if cursor is None:
        return None
    spans = {name: _span(notes, cursor.get(name)) for name in ("keep", "private")}
    return notes.mark(Retention(**spans), cursor) if any(spans.values()) else None


def _span(notes: Notes, cursor: Cursor | None) -> Span | None:
    if cursor is None:
        return None
    try:
        return read_span(cursor.text)
    except ValueError as fault:
        notes.error("wrong-value", cursor.span, f"this must be {fault}")
        return None

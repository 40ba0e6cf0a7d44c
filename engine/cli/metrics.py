"""The figures of `doctor --metrics` in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.app.vitals import Vitals

_GAUGES = (
    ("casewright_due_families", "due", 1, "Families with something due that nobody has carried out."),
    ("casewright_lag_seconds", "lag", 1000, "For how long the oldest of these has been due."),
    ("casewright_waiting_messages", "waiting", 1, "Messages on their way out."),
    ("casewright_waiting_seconds", "waiting_for", 1000, "For how long the oldest of these has waited."),
    ("casewright_dead_messages", "dead", 1, "Messages given up."),
    ("casewright_faults", "faults", 1, "Families set aside because the engine failed on them."),
)


def prometheus(vitals: Vitals) -> Iterator[str]:
    """Give the lines: for each figure its meaning, its kind, its value."""
    for name, attribute, unit, meaning in _GAUGES:
        value = getattr(vitals, attribute)
        yield f"# HELP {name} {meaning}"
        yield f"# TYPE {name} gauge"
        yield f"{name} {value / unit if unit > 1 else value}"

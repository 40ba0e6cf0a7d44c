"""The matter that every engine plays: a small repair in six steps, who does each, and what is said with it.

Nothing but the standard library is needed here: it is read in the environment of each engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """One step of the matter."""

    name: str
    actor: str
    form: Mapping[str, str]
    to: str  # the state it leads to


OPENING = Step(
    "open", "ann", {"customer": "Wu Min", "place": "3-201", "fault": "no light in the second room"}, "reported"
)
STEPS = (
    Step("dispatch", "bob", {"technician": "cai", "slip": "P-17"}, "dispatched"),
    Step("arrive", "cai", {}, "on_site"),
    Step("diagnose", "cai", {"diagnosis": "short circuit", "amount": "25.00"}, "repairing"),
    Step("finish", "cai", {"work_done": "fuses changed", "time_used": "30m"}, "accepting"),
    Step("close", "ann", {"paid": "25.00", "comments": "quick and clean"}, "closed"),
)
"""What follows the opening."""

ALL = (OPENING, *STEPS)

"""How open cases of an earlier version go over to this one: what `migrate` of a process says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Fate = Literal["keep", "carry", "restart", "end", "start"]
"""What becomes of a promise under way: with the goal it has, with the new one counted from its start, anew from now,
cancelled; `start` begins one that the case never had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """The way from one earlier version. A name that is not here goes over as it is."""

    since: int  # the version the cases come from
    states: Mapping[str, tuple[str, ...]]  # state there → states here, several where it became a parallel group
    clocks: Mapping[str, Fate]
    drop: tuple[str, ...] = ()  # fields whose values the case gives up; its records keep what they said

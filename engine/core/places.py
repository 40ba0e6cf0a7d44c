"""What a definition says of the states that a case stands in, worked out when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from engine.chart.drawing import around
from engine.core.cases import Covered
from engine.model import Branches, ProcessDefinition, Whos

FIXED = frozenset({"role", "party"})
"""Kinds of people that are named without looking at the case."""

KEEP = 20_000  # answers remembered of one question; beyond that they are worked out anew

States = tuple[str, ...]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(dict[K, V]):
    """Answers to one question, each worked out when it is first asked for."""

    def __init__(self, work_out: Callable[[K], V]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, key: K) -> V:
        answer = self._work_out(key)
        if len(self) >= KEEP:
            self.clear()
        self[key] = answer
        return answer


@dataclass(frozen=True, slots=True)
class Awaited:
    """Whose turn it is where no condition has a say in it, and the branches that say it."""

    waiting: tuple[str, ...]  # where the state alone says it
    whos: Whos  # where what the case holds has a say in it
    covered: frozenset[Covered]


class Place:
    """The states that a case stands in: the innermost ones, and what is said of them and of those around."""

    def __init__(self, definition: ProcessDefinition, leaves: States) -> None:
        self.definition = definition
        self.leaves = leaves

    @cached_property
    def active(self) -> frozenset[str]:
        """Every active state, groups included."""
        return frozenset(name for leaf in self.leaves for name in self._outwards(leaf))

    @cached_property
    def excluded(self) -> tuple[Whos, ...]:
        """Who is excluded here, whatever the action."""
        here = (state.never_by for name, state in self.definition.states.items() if name in self.active)
        return tuple(whos for whos in (self.definition.never_by, *here) if whos)

    @cached_property
    def waits(self) -> tuple[Branches[Whos], ...]:
        """What says whose turn it is here: for each leaf the innermost state that says anything."""
        states = self.definition.states
        saying = {next((name for name in self._outwards(leaf) if states[name].waiting_on), "") for leaf in self.leaves}
        return tuple(state.waiting_on for name, state in states.items() if name in saying)

    @cached_property
    def awaited(self) -> Awaited | None:
        """Whose turn it is here; None where conditions have a say in it."""
        branches = [branches[0] for branches in self.waits]
        if any(branch.when is not None for branch in branches):
            return None
        whos = tuple(who for branch in branches for who in branch.value)
        covered = frozenset(("branch", id(branch), True) for branch in branches)
        if all(who.kind in FIXED for who in whos):
            return Awaited(tuple(dict.fromkeys(f"{who.kind}:{who.name}" for who in whos)), (), covered)
        return Awaited((), whos, covered)

    @cached_property
    def pausing(self) -> Mapping[str, States]:
        """Of each promise that pauses here by the states alone, the active ones in which it does."""
        clocks = self.definition.clocks.items()
        found = {name: tuple(state for state in clock.pauses_in if state in self.active) for name, clock in clocks}
        return {name: states for name, states in found.items() if states}

    def _outwards(self, leaf: str) -> States:
        return (leaf, *around(self.definition.states, leaf))

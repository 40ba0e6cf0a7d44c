"""Which states a microstep enters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.chart.tree import Arc, Memories, Tree


class Move(NamedTuple):
    """What an arc comes to at a position: leave everything inside `domain`, enter `targets`."""

    domain: int
    targets: tuple[int, ...]
    is_return: bool


def domain_of(tree: Tree, source: int, goals: Sequence[int], inner: bool = False) -> int:
    """The state inside which everything is left: the nearest group around the source and all goals.

    For an inner arc of a parallel group it is the region that holds all goals: the others stay as they are.
    """
    if inner or source == 0:
        own = tree.children[source] if tree.kind[source] == "parallel" else [source]
        if (found := next((state for state in own if tree.holds(state, goals)), None)) is not None:
            return found
    return next(state for state in tree.above(source) if tree.holds(state, goals))


class Entry:
    """Collects the states to enter."""

    def __init__(self, tree: Tree, past: Memories) -> None:
        self.tree = tree
        self.past = past
        self.states: set[int] = set()
        self.returned: set[int] = set()
        self.defaults: set[int] = set()
        self.recalls: dict[int, Arc] = {}

    def follow(self, move: Move) -> None:
        """Enter what a move leads to, and the states around it inside the domain."""
        for target in move.targets:
            self.below(target)
        for goal in self.goals(move.targets):
            self.between(goal, move.domain)
        if move.is_return:
            self.returned |= self.tree.active(move.targets)

    def goals(self, targets: Iterable[int]) -> list[int]:
        """The targets, history states replaced by what they stand for."""
        goals: list[int] = []
        for target in targets:
            goals += self.goals(self.recalled(target)) if self.tree.is_history(target) else [target]
        return goals

    def recalled(self, history: int) -> tuple[int, ...]:
        """What a history state stands for now."""
        tree = self.tree
        return tree.numbers(self.past.get(tree.names[history]) or tree.arcs[history][0].targets)

    def below(self, state: int) -> None:
        """Enter a state and what comes with it further in."""
        tree = self.tree
        if tree.is_history(state):
            if tree.names[state] not in self.past:
                self.recalls[tree.parent[state]] = tree.arcs[state][0]
            self._all(self.recalled(state), tree.parent[state])
            return
        self.states.add(state)
        if tree.kind[state] == "parallel":
            self.regions(state)
        elif tree.children[state]:
            self.default(state)

    def default(self, state: int) -> None:
        """Enter the initial states of a group."""
        self.defaults.add(state)
        tree = self.tree
        self._all(tree.numbers(tree.initial[state]) or tuple(tree.children[state][:1]), state)

    def between(self, state: int, stop: int) -> None:
        """Enter the states around this one, up to but not `stop`, with their other regions."""
        for around in self.tree.above(state):
            if around == stop:
                return
            self.states.add(around)
            if self.tree.kind[around] == "parallel":
                self.regions(around)

    def regions(self, state: int) -> None:
        """Enter those regions of a parallel group in which nothing is entered yet."""
        for region in self.tree.children[state]:
            if not any(self.tree.within(s, region) for s in self.states):
                self.below(region)

    def _all(self, targets: tuple[int, ...], stop: int) -> None:
        for target in targets:
            self.below(target)
        for target in targets:
            self.between(target, stop)

"""What `previous` needs: entering a state remembers the leaves that this microstep left.

Returns, steps of a state from itself and states passed by `decide` do not count; in a region only its own leaves do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.chart.entry import domain_of
from engine.chart.tree import Arc, Memories, Tree


class Memory:
    """The rules of remembering for one chart; what is remembered lies in the position of each case."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._remembering: frozenset[int] | None = None

    def forget_arcs(self) -> None:
        """Work out anew which states must remember, since the chart has grown."""
        self._remembering = None

    def of(self, arc: Arc, leaves: Iterable[int]) -> list[int]:
        """The states whose memory a returning arc uses."""
        tree = self._tree
        if arc.recall:
            return [tree.index[arc.recall]]
        here = tree.index[arc.source]
        return [leaf for leaf in leaves if tree.within(leaf, here) and tree.kind[leaf] not in ("final", "outcome")]

    def counted(self, left: Iterable[int], arcs: Iterable[Arc], past: Memories) -> set[int]:
        """The leaves left; in place of `decide` states those left when they were entered."""
        tree = self._tree
        passed = {tree.index[arc.source] for arc in arcs if not arc.event and not arc.stays}
        return {
            leaf
            for state in left
            for leaf in (tree.numbers(past.get(tree.names[state], ())) if state in passed else (state,))
        }

    def entered(self, states: set[int], counted: set[int]) -> dict[str, tuple[str, ...]]:
        """What these states, entered but not returned to, remember from now on."""
        tree, new = self._tree, {}
        for state in states & self._states():
            if any(tree.within(leaf, state) for leaf in counted):
                continue  # a step from itself
            region = tree.region(state)
            new[tree.names[state]] = tuple(tree.names[s] for s in sorted(counted) if tree.within(s, region))
        return new

    def reachable(self, active: set[int], past: Memories) -> set[int]:
        """The active states, and those that `previous` may enter again in one step or in several."""
        tree, found, ahead = self._tree, set(active), list(active)
        while ahead:
            new = tree.active(tree.numbers(past.get(tree.names[ahead.pop()], ()))) - found
            found |= new
            ahead += new
        return found

    def lasting(self, active: set[int], past: Memories) -> Mapping[str, tuple[str, ...]]:
        """What is still of use; forgetting the rest keeps positions few."""
        tree, kept = self._tree, self.reachable(active, past)
        return {
            name: leaves
            for name, leaves in past.items()
            if leaves and (tree.index[name] in kept or tree.is_history(tree.index[name]))
        }

    def _states(self) -> frozenset[int]:
        """The states that must remember: those an arc returns from, and `decide` states on the way to them."""
        if self._remembering is None:
            tree = self._tree
            leaves = [s for s, children in enumerate(tree.children) if s and not children and not tree.is_history(s)]
            needed = {s for arcs in tree.arcs for arc in arcs if arc.recall is not None for s in self.of(arc, leaves)}
            ways = {s: {t for arc in tree.arcs[s] if not arc.event for t in self._touched(arc)} for s in leaves}
            while more := {s for s, touched in ways.items() if s not in needed and touched & needed}:
                needed |= more
            self._remembering = frozenset(needed)
        return self._remembering

    def _touched(self, arc: Arc) -> set[int]:
        """The states an arc may enter: those around its targets, and what comes with them further in."""
        tree, targets = self._tree, self._tree.numbers(arc.targets)
        domain = domain_of(tree, tree.index[arc.source], targets, arc.inner)
        touched: set[int] = set()
        for target in targets:
            around = [state for state in tree.path(target) if tree.inside(state, domain)]
            top = tree.parent[target] if tree.is_history(target) else target
            top = next((state for state in reversed(around) if tree.kind[state] == "parallel"), top)
            touched |= {*around, *range(top, tree.last[top] + 1)}
        return touched

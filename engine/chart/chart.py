"""What one microstep leaves, does and enters: SCXML's algorithm (Appendix D). Pure.

What goes beyond SCXML is the process language's: `previous`, removed actions, outcomes inside groups, and that the
innermost action of one name replaces the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.chart.entry import Entry, Move, domain_of
from engine.chart.memory import Memory
from engine.chart.tree import Arc, Kind, Memories, Microstep, Position, Tree, Work


class Chart:
    """A compiled definition. Filled once with `add` and `connect`, then only read.

    The innermost action of one name replaces the others, as the process language wants it; with `falls_back` an outer
    one is tried where no inner one may be taken, as in SCXML.
    """

    def __init__(self, initial: tuple[str, ...] = (), *, falls_back: bool = False) -> None:
        self.falls_back = falls_back
        self.events: set[str] = set()
        self._tree = Tree(initial)
        self._removed: dict[int, frozenset[str]] = {}
        self._memory = Memory(self._tree)

    # -- building ------------------------------------------------------------------------------------------------

    def add(
        self,
        name: str,
        kind: Kind = "state",
        parent: str = "",
        initial: tuple[str, ...] = (),
        removed: frozenset[str] = frozenset(),
    ) -> None:
        """Add a state after its parent and its earlier siblings with all inside them.

        While it is active, the events it has `removed` offer nothing anywhere.
        """
        self._tree.add(name, kind, parent, initial)
        if removed:
            self._removed[self._tree.index[name]] = removed
        self._memory.forget_arcs()

    def connect(self, arc: Arc) -> None:
        """Add an arc after the earlier ones of its source. That of a history state says where to go the first time."""
        names = (arc.source, *arc.targets, arc.recall or "")
        if unknown := [name for name in names if name not in self._tree.index]:
            raise ValueError(f"an arc of `{arc.source}` names `{unknown[0]}`, which is no state so far")
        if arc.targets and arc.recall is not None:
            raise ValueError(f"an arc of `{arc.source}` has targets and returns; give it one of the two")
        self._tree.arcs[self._tree.index[arc.source]].append(arc)
        self.events.add(arc.event)
        self._memory.forget_arcs()

    # -- reading -------------------------------------------------------------------------------------------------

    def arcs(self, source: str) -> tuple[Arc, ...]:
        """The arcs of a state, "" for those of the whole process, in the order in which they are tried."""
        return tuple(self._tree.arcs[self._tree.index[source]])

    def is_in(self, position: Position, state: str) -> bool:
        """Whether this state or one inside it is active."""
        tree, here = self._tree, self._tree.index[state]
        return any(tree.within(leaf, here) for leaf in tree.numbers(position.leaves))

    def ended(self, position: Position) -> tuple[str, ...]:
        """The active groups that have come to their end, innermost first: a final state of theirs is active.

        A parallel group has when each of its regions has.
        """
        tree, leaves = self._tree, self._tree.numbers(position.leaves)
        active = tree.active(leaves)
        groups = dict.fromkeys(state for leaf in leaves for state in tree.above(leaf) if state)
        return tuple(tree.names[state] for state in groups if tree.ended(state, active))

    def can_return(self, position: Position, arc: Arc) -> bool:
        """Whether something is remembered that this arc can enter again; true of an arc that does not return."""
        return arc.recall is None or bool(self._moves(arc, position, dict(position.past)))

    def may_return_to(self, position: Position) -> frozenset[str]:
        """The states that are not active but may be entered again by `previous`, in one step or in several."""
        active = self._tree.active(self._tree.numbers(position.leaves))
        return frozenset(
            self._tree.names[state] for state in self._memory.reachable(active, dict(position.past)) - active
        )

    def possible(self, position: Position) -> tuple[str, ...]:
        """The events that offer anything here, those of the innermost states first."""
        return tuple(offers(self, position))

    def offered(self, position: Position, event: str) -> tuple[tuple[Arc, ...], ...]:
        """For each leaf the arcs it may take on this event, in the order in which they are tried."""
        leaves = self._tree.numbers(position.leaves)
        active = self._tree.active(leaves)
        if any(event in removed for state, removed in self._removed.items() if state in active):
            return ()
        answering = [[state for state in self._tree.path(leaf) if self._answers(state, event)] for leaf in leaves]
        if (ending := self._tree.outcome(leaves)) is not None:  # it leaves only its own, to open the case again
            answering = [[state for state in states if state == ending] for states in answering]
        if event and not self.falls_back:
            answering = self._innermost(answering)
        return tuple(tuple(self._arcs_from(states, event, position)) for states in answering)

    def _answers(self, state: int, event: str) -> bool:
        return any(arc.event == event for arc in self._tree.arcs[state])

    def _arcs_from(self, states: Iterable[int], event: str, position: Position) -> Iterator[Arc]:
        for state in states:
            yield from (arc for arc in self._tree.arcs[state] if arc.event == event and self.can_return(position, arc))

    def _innermost(self, answering: list[list[int]]) -> list[list[int]]:
        """For each leaf the nearest state that answers, unless a nearer one of another leaf lies inside it."""
        near = {states[0] for states in answering if states}
        return [
            [state for state in states[:1] if not any(self._tree.inside(other, state) for other in near)]
            for states in answering
        ]

    # -- one microstep -------------------------------------------------------------------------------------------

    def begin(self, at: tuple[str, ...] = ()) -> Microstep:
        """The microstep from nowhere into the initial state, or into others."""
        entry = Entry(self._tree, {})
        if at:
            entry.follow(Move(0, self._tree.numbers(at), False))
        else:
            entry.default(0)
        return self._arrive(entry, {0}, {}, [])

    def without_conflicts(self, arcs: tuple[Arc, ...], position: Position) -> tuple[Arc, ...]:
        """Of arcs that leave the same state, the inner one wins, else the first in document order."""
        if len(arcs) < 2:
            return arcs
        tree, past = self._tree, dict(position.past)
        domains = {arc: [move.domain for move in self._moves(arc, position, past)] for arc in arcs}
        kept: list[Arc] = []
        for arc in arcs:
            rivals = [other for other in kept if self._clash(domains[arc], domains[other])]
            if all(tree.inside(tree.index[arc.source], tree.index[other.source]) for other in rivals):
                kept = [*(other for other in kept if other not in rivals), arc]
        return tuple(kept)

    def microstep(self, position: Position, arcs: tuple[Arc, ...]) -> Microstep:
        """Take these arcs together: leave, do, enter. They must be free of conflicts."""
        tree, past = self._tree, dict(position.past)
        leaves = tree.numbers(position.leaves)
        active = tree.active(leaves)
        moves = [move for arc in arcs for move in self._moves(arc, position, past)]
        left = sorted((s for s in active if any(tree.inside(s, move.domain) for move in moves)), reverse=True)
        counted = self._memory.counted([leaf for leaf in leaves if leaf in left], arcs, past)
        for state in left:
            past |= {tree.names[history]: self._record(history, state, active) for history in tree.histories[state]}
        entry = Entry(tree, past)
        for move in moves:
            entry.follow(move)
        new = self._memory.entered(entry.states - entry.returned, counted)
        work: list[Work] = [("exit", tree.names[state]) for state in left]
        work += [("take", arc) for arc in arcs]
        return self._arrive(entry, active.difference(left), past | new, work)

    def _moves(self, arc: Arc, position: Position, past: Memories) -> list[Move]:
        tree, source = self._tree, self._tree.index[arc.source]
        if arc.targets:
            targets = tree.numbers(arc.targets)
            goals = Entry(tree, past).goals(targets)
            return [Move(domain_of(tree, source, goals, arc.inner), targets, False)]
        if arc.recall is None:
            return []
        states = self._memory.of(arc, tree.numbers(position.leaves))
        known = [(state, tree.numbers(past.get(tree.names[state], ()))) for state in states]
        return [Move(domain_of(tree, state, leaves), leaves, True) for state, leaves in known if leaves]

    def _clash(self, some: list[int], others: list[int]) -> bool:
        within = self._tree.within
        return any(within(one, two) or within(two, one) for one in some for two in others)

    def _record(self, history: int, state: int, active: set[int]) -> tuple[str, ...]:
        tree = self._tree
        if tree.kind[history] == "shallow":
            return tuple(tree.names[s] for s in sorted(active) if tree.parent[s] == state)
        return tuple(tree.names[s] for s in sorted(active) if tree.inside(s, state) and not tree.children[s])

    def _arrive(self, entry: Entry, active: set[int], past: Memories, work: list[Work]) -> Microstep:
        tree = self._tree
        for state in sorted(entry.states):
            active.add(state)
            work.append(("return" if state in entry.returned else "enter", tree.names[state]))
            if state in entry.defaults:
                work.append(("default", tree.names[state]))
            if state in entry.recalls:
                work.append(("recall", entry.recalls[state]))
            if tree.kind[state] == "final" and (group := tree.parent[state]):
                around = tree.parent[group]
                ended = tree.kind[around] == "parallel" and tree.ended(around, active)
                work += [("done", tree.names[s]) for s in ((group, around) if ended else (group,))]
        leaves = tuple(tree.names[s] for s in sorted(active) if s and not tree.children[s])
        lasting = tuple(sorted(self._memory.lasting(active, past).items()))
        ending = tree.outcome(active)
        return Microstep(
            position=Position(leaves, lasting),
            work=tuple(work),
            final=None if ending is None else tree.names[ending],
            arcs=tuple(what for _, what in work if isinstance(what, Arc)),
            entered=tuple(what for kind, what in work if kind == "enter" and isinstance(what, str)),
        )


def offers(chart: Chart, position: Position) -> dict[str, tuple[tuple[Arc, ...], ...]]:
    """The events that are possible at a position, each with what it offers there."""
    tree = chart._tree
    states = dict.fromkeys(state for leaf in tree.numbers(position.leaves) for state in tree.path(leaf))
    events = dict.fromkeys(arc.event for state in states for arc in tree.arcs[state] if arc.event)
    found = {event: chart.offered(position, event) for event in events}
    return {event: offered for event, offered in found.items() if any(offered)}

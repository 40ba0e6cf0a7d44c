"""An interpreter of charts after the pseudo-code of SCXML's Appendix D, slow and plain. It imports nothing of ours.

It keeps one configuration and moves it, remembers everything of every state for ever, and looks at the whole chart each
time. Where the process language goes beyond SCXML, its rules stand here a second time, in the words of the language:
`previous`, removed actions, outcomes inside groups, innermost actions, ends that are passed at once or never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(eq=False)
class Node:
    """A state; the whole process is one without a parent."""

    id: str
    kind: str  # state parallel final outcome shallow deep
    parent: Node | None = None
    order: int = 0
    initial: tuple[str, ...] = ()
    removed: frozenset[str] = frozenset()
    children: list[Node] = field(default_factory=list)
    transitions: list[Link] = field(default_factory=list)
    raises: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()

    def proper_ancestors(self) -> list[Node]:
        return [] if self.parent is None else [self.parent, *self.parent.proper_ancestors()]

    def is_descendant(self, other: Node) -> bool:
        return other in self.proper_ancestors()

    def states(self) -> list[Node]:
        return [child for child in self.children if not child.is_history()]

    def is_history(self) -> bool:
        return self.kind in ("shallow", "deep")

    def is_atomic(self) -> bool:
        return not self.states()

    def is_compound(self) -> bool:
        return self.kind == "state" and not self.is_atomic()

    def region(self) -> Node | None:
        around = [self, *self.proper_ancestors()]
        return next((one for one in around if one.parent is not None and one.parent.kind == "parallel"), None)


@dataclass(eq=False)
class Link:
    """A transition."""

    number: int
    source: str
    event: str
    targets: tuple[str, ...] = ()
    inner: bool = False
    recall: str | None = None
    raises: tuple[str, ...] = ()


@dataclass
class Seen:
    """What one microstep did."""

    work: list[tuple[str, str | int]]
    leaves: list[str]
    final: str | None


class EndlessReference(Exception):
    """More microsteps than allowed."""


class Interpreter:
    """One case."""

    def __init__(self, root: Node, *, falls_back: bool, limit: int) -> None:
        self.root = root
        self.falls_back = falls_back
        self.limit = limit
        self.nodes: dict[str, Node] = {}
        self._register(root)
        self.configuration: set[Node] = set()
        self.history: dict[Node, set[Node]] = {}
        self.memory: dict[Node, set[Node]] = {}
        self.internal: list[str] = []

    def _register(self, node: Node) -> None:
        node.order = len(self.nodes)
        self.nodes[node.id] = node
        for child in node.children:
            self._register(child)

    # -- the main loop -----------------------------------------------------------------------------------------------

    def open(self, passes: Callable[[Link], bool]) -> Iterator[Seen]:
        self.configuration = {self.root}
        entry = Entry(self)
        entry.add_descendants_of_initial(self.root)
        yield from self._to_rest(self._enter(entry, []), passes)

    def run(self, event: str, passes: Callable[[Link], bool]) -> Iterator[Seen]:
        enabled = self.select(event, passes) if event else self.what_follows(passes)
        if enabled:
            yield from self._to_rest(self.microstep(enabled), passes)

    def _to_rest(self, seen: Seen, passes: Callable[[Link], bool]) -> Iterator[Seen]:
        count = 1
        while True:
            yield seen
            if seen.final is not None:
                return
            enabled = self.what_follows(passes)
            while self.internal and not enabled:
                enabled = self.select(self.internal.pop(0), passes)
            if not enabled:
                return
            count += 1
            if count > self.limit:
                raise EndlessReference
            seen = self.microstep(enabled)

    def what_follows(self, passes: Callable[[Link], bool]) -> list[Link]:
        """Eventless transitions, else those for the end of a group, which waits for ever where they would only stay."""
        enabled = self.select("", passes)
        for atomic in self.document_order(state for state in self.configuration if state.is_atomic()):
            for group in atomic.proper_ancestors():
                if not enabled and group is not self.root and self.is_in_final_state(group):
                    found = self.select(f"done.{group.id}", passes)
                    enabled = found if any(self.journeys(link) for link in found) else []
        return enabled

    # -- selecting ---------------------------------------------------------------------------------------------------

    def select(self, event: str, passes: Callable[[Link], bool]) -> list[Link]:
        if any(event in state.removed for state in self.configuration):
            return []
        enabled: list[Link] = []
        for atomic in self.document_order(state for state in self.configuration if state.is_atomic()):
            for link in self.candidates(atomic, event):
                if self.can_return(link) and passes(link):
                    enabled.append(link)
                    break
        return self.remove_conflicts(list(dict.fromkeys(enabled)))

    def candidates(self, atomic: Node, event: str) -> list[Link]:
        """The transitions of one leaf, innermost first, as far as they count here."""
        sources = [atomic, *atomic.proper_ancestors()]
        over = self.what_ended()
        if over is not None:
            sources = [state for state in sources if state is over]
        elif event and not self.falls_back:
            knowing = [s for s in self.configuration if any(link.event == event for link in s.transitions)]
            sources = [s for s in sources if not any(other.is_descendant(s) for other in knowing)]
        return [link for state in sources for link in state.transitions if link.event == event]

    def what_ended(self) -> Node | None:
        ends = [s for s in self.configuration if s.kind == "outcome" or (s.kind == "final" and s.parent is self.root)]
        return self.document_order(ends)[0] if ends else None

    def remove_conflicts(self, enabled: list[Link]) -> list[Link]:
        filtered: list[Link] = []
        for one in enabled:
            preempted = False
            to_remove: list[Link] = []
            for two in filtered:
                if self.exit_set([one]) & self.exit_set([two]):
                    if self.nodes[one.source].is_descendant(self.nodes[two.source]):
                        to_remove.append(two)
                    else:
                        preempted = True
                        break
            if not preempted:
                filtered = [two for two in filtered if two not in to_remove] + [one]
        return filtered

    # -- where a transition leads ------------------------------------------------------------------------------------

    def can_return(self, link: Link) -> bool:
        return link.recall is None or bool(self.journeys(link))

    def journeys(self, link: Link) -> list[tuple[Node, list[Node], bool]]:
        """For each thing the transition does: the domain, the targets, and whether it is a return."""
        if link.recall is not None:
            return [(self.lcca(s, goals), goals, True) for s in self.returning(link) if (goals := self.remembered(s))]
        if not link.targets:
            return []
        targets = [self.nodes[target] for target in link.targets]
        return [(self.domain(link, self.effective_targets(targets)), targets, False)]

    def returning(self, link: Link) -> list[Node]:
        if link.recall:
            return [self.nodes[link.recall]]
        source = self.nodes[link.source]
        leaves = [s for s in self.configuration if s.is_atomic() and s.kind not in ("final", "outcome")]
        return [leaf for leaf in leaves if leaf is source or leaf.is_descendant(source)]

    def remembered(self, state: Node) -> list[Node]:
        return self.document_order(self.memory.get(state, set()))

    def domain(self, link: Link, goals: list[Node]) -> Node:
        source = self.nodes[link.source]
        if link.inner or source is self.root:
            if source.is_compound() and all(goal.is_descendant(source) for goal in goals):
                return source
            for region in source.states() if source.kind == "parallel" else []:
                if region.is_compound() and all(goal.is_descendant(region) for goal in goals):
                    return region
        return self.lcca(source, goals)

    def lcca(self, state: Node, goals: list[Node]) -> Node:
        for ancestor in state.proper_ancestors():
            if (ancestor.is_compound() or ancestor is self.root) and all(g.is_descendant(ancestor) for g in goals):
                return ancestor
        raise AssertionError("the whole process is around everything")

    def effective_targets(self, targets: list[Node]) -> list[Node]:
        found: list[Node] = []
        for target in targets:
            if not target.is_history():
                found.append(target)
            elif target in self.history:
                found += self.document_order(self.history[target])
            else:
                found += self.effective_targets([self.nodes[t] for t in target.transitions[0].targets])
        return list(dict.fromkeys(found))

    def exit_set(self, links: list[Link]) -> set[Node]:
        domains = [domain for link in links for domain, _, _ in self.journeys(link)]
        return {state for state in self.configuration if any(state.is_descendant(domain) for domain in domains)}

    # -- moving ------------------------------------------------------------------------------------------------------

    def microstep(self, enabled: list[Link]) -> Seen:
        leaving = self.exit_set(enabled)
        journeys = [journey for link in enabled for journey in self.journeys(link)]
        standing = self.standing(leaving, enabled)
        for state in leaving:
            for child in state.children:
                if child.kind == "deep":
                    self.history[child] = {s for s in self.configuration if s.is_atomic() and s.is_descendant(state)}
                elif child.kind == "shallow":
                    self.history[child] = {s for s in self.configuration if s.parent is state}
        work: list[tuple[str, str | int]] = [("exit", state.id) for state in reversed(self.document_order(leaving))]
        self.configuration -= leaving
        work += [("take", link.number) for link in enabled]
        self.internal += [event for state in reversed(self.document_order(leaving)) for event in state.exits]
        self.internal += [event for link in enabled for event in link.raises]
        entry = Entry(self)
        for domain, targets, is_return in journeys:
            entry.compute(domain, targets, is_return)
        self.remember(entry, standing)
        return self._enter(entry, work)

    def standing(self, leaving: set[Node], enabled: list[Link]) -> set[Node]:
        """The leaves left; whoever was only passed by `decide` is represented by those before."""
        passed = {self.nodes[link.source] for link in enabled if link.event == "" and self.journeys(link)}
        standing: set[Node] = set()
        for state in leaving:
            if state.is_atomic():
                standing |= self.memory.get(state, set()) if state in passed else {state}
        return standing

    def remember(self, entry: Entry, standing: set[Node]) -> None:
        for state in entry.to_enter - entry.returned:
            if any(leaf is state or leaf.is_descendant(state) for leaf in standing):
                continue
            region = state.region()
            self.memory[state] = {s for s in standing if region is None or s is region or s.is_descendant(region)}

    def _enter(self, entry: Entry, work: list[tuple[str, str | int]]) -> Seen:
        for state in self.document_order(entry.to_enter):
            self.configuration.add(state)
            self.internal += state.raises
            work.append(("return" if state in entry.returned else "enter", state.id))
            if state in entry.default_entry:
                work.append(("default", state.id))
            if state in entry.history_content:
                work.append(("recall", entry.history_content[state].number))
            if state.kind == "final" and state.parent is not None and state.parent is not self.root:
                work.append(("done", state.parent.id))
                grandparent = state.parent.parent
                if grandparent is not None and grandparent.kind == "parallel" and self.is_in_final_state(grandparent):
                    work.append(("done", grandparent.id))
        leaves = [s.id for s in self.document_order(s for s in self.configuration if s.is_atomic())]
        over = self.what_ended()
        return Seen(work, leaves, None if over is None else over.id)

    def is_in_final_state(self, state: Node) -> bool:
        if state.is_compound():
            return any(child.kind == "final" and child in self.configuration for child in state.states())
        if state.kind == "parallel":
            return all(self.is_in_final_state(child) for child in state.states())
        return False

    def document_order(self, states: object) -> list[Node]:
        return sorted(states, key=lambda state: state.order)  # type: ignore[call-overload,no-any-return]


class Entry:
    """computeEntrySet of Appendix D."""

    def __init__(self, machine: Interpreter) -> None:
        self.machine = machine
        self.to_enter: set[Node] = set()
        self.returned: set[Node] = set()
        self.default_entry: set[Node] = set()
        self.history_content: dict[Node, Link] = {}

    def compute(self, domain: Node, targets: list[Node], is_return: bool) -> None:
        for target in targets:
            self.add_descendants(target)
        for goal in self.machine.effective_targets(targets):
            self.add_ancestors(goal, domain)
        if is_return:
            for target in targets:
                around = target.proper_ancestors()
                self.returned |= {target, *around[: around.index(domain)]}

    def add_descendants(self, state: Node) -> None:
        machine = self.machine
        if state.is_history():
            parent = state.parent
            assert parent is not None
            if state in machine.history:
                recalled = machine.document_order(machine.history[state])
            else:
                self.history_content[parent] = state.transitions[0]
                recalled = [machine.nodes[target] for target in state.transitions[0].targets]
            self.add_all(recalled, parent)
            return
        self.to_enter.add(state)
        if state.is_compound():
            self.add_descendants_of_initial(state)
        elif state.kind == "parallel":
            self.add_other_regions(state)

    def add_descendants_of_initial(self, state: Node) -> None:
        self.default_entry.add(state)
        names = state.initial or (state.states()[0].id,)
        self.add_all([self.machine.nodes[name] for name in names], state)

    def add_all(self, states: list[Node], stop: Node) -> None:
        for state in states:
            self.add_descendants(state)
        for state in states:
            self.add_ancestors(state, stop)

    def add_ancestors(self, state: Node, stop: Node) -> None:
        for ancestor in state.proper_ancestors():
            if ancestor is stop:
                return
            self.to_enter.add(ancestor)
            if ancestor.kind == "parallel":
                self.add_other_regions(ancestor)

    def add_other_regions(self, state: Node) -> None:
        for child in state.states():
            if not any(s is child or s.is_descendant(child) for s in self.to_enter):
                self.add_descendants(child)

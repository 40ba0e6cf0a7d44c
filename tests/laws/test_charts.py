"""Whatever the chart, a case moves as an independent interpreter moves it, work and order included."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from engine.chart import NOWHERE, Arc, Chart, Kind, Microstep
from engine.core.machine import LIMIT, OPENING, Endless, ProcessMachine
from tests.laws.reference_chart import EndlessReference, Interpreter, Link, Node, Seen

LONG = os.environ.get("CASEWRIGHT_LONG") == "1"
CHARTS = 19_000 if LONG else 2_400
PARTS = 8
COMMANDS = 10
Moved = TypeVar("Moved")
EVENTS = ("go", "back", "note", "cancel")


class Draw:
    """One random chart: regions, groups, finals, outcomes, histories, arcs with and without event, returns."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.nodes: list[Node] = []
        self.links: list[Link] = []
        self.left = self.random.randint(3, 14)
        self.falls_back = self.random.random() < 0.3
        self.root = self.node("state", None)
        self.fill(self.root, 0)
        for node in self.nodes:
            self.choose_initial(node)
        for node in self.nodes:
            self.connect(node)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def node(self, kind: str, parent: Node | None) -> Node:
        node = Node(f"s{len(self.nodes)}" if parent else "", kind, parent)
        if parent is not None:
            parent.children.append(node)
            if self.chance(0.06):
                node.removed = frozenset(self.random.sample(EVENTS, 1))
        self.nodes.append(node)
        self.left -= 1
        return node

    def fill(self, parent: Node, depth: int) -> None:
        """Give a group its children; the first is never a history state."""
        for place in range(self.random.randint(2, 4)):
            kinds = ["state"] * 6 + ["final", "outcome"] + ["group", "group", "parallel", "parallel"] * (depth < 4)
            kind = self.random.choice(kinds if self.left > 0 else ["state", "state", "final"])
            if place and self.chance(0.15) and parent is not self.root:
                self.node(self.random.choice(["shallow", "deep"]), parent)
            elif kind == "group":
                self.fill(self.node("state", parent), depth + 1)
            elif kind == "parallel":
                self.regions(self.node("parallel", parent), depth + 1)
            else:
                self.node(kind, parent)

    def regions(self, parent: Node, depth: int) -> None:
        for _ in range(self.random.randint(2, 3)):
            if self.chance(0.1):
                self.node("state", parent)
            else:
                self.fill(self.node("state", parent), depth + 1)
        if self.chance(0.2):
            self.node(self.random.choice(["shallow", "deep"]), parent)

    def inside(self, node: Node) -> list[Node]:
        return [other for other in self.nodes if other.is_descendant(node) and not other.is_history()]

    def choose_initial(self, node: Node) -> None:
        if node.is_history():
            assert node.parent is not None
            near = node.parent.states() if node.kind == "shallow" else self.inside(node.parent)
            if node.kind == "shallow" and node.parent.kind == "parallel":
                targets = tuple(child.id for child in near)
            else:
                targets = (self.random.choice(near).id,)
            self.link(node, "", targets)
        elif node.is_compound() and self.chance(0.4):
            node.initial = self.several(node) or (self.random.choice(self.inside(node)).id,)

    def several(self, around: Node) -> tuple[str, ...]:
        """Targets in several regions of one parallel group."""
        parallel = [node for node in self.inside(around) if node.kind == "parallel"]
        if not parallel or self.chance(0.6):
            return ()
        regions = self.random.choice(parallel).states()
        return tuple(self.random.choice([region, *self.inside(region)]).id for region in regions if self.chance(0.8))

    def connect(self, node: Node) -> None:
        if node.is_history():
            return
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            event = self.random.choice([*EVENTS, *EVENTS, ""])
            if self.chance(0.5) and (node.kind == "parallel" or (node.is_compound() and node.parent)):
                event = f"done.{node.id}"
            if self.chance(0.25):
                self.link(node, event, (), recall=self.random.choice(["", node.id]))
            elif self.chance(0.15):
                self.link(node, event, ())
            else:
                targets = self.several(self.root) or (self.random.choice(self.nodes[1:]).id,)
                near = [other.id for other in self.inside(node)]
                if near and self.chance(0.3):
                    targets = (self.random.choice(near),)
                self.link(node, event, targets, inner=self.chance(0.4))

    def link(
        self, node: Node, event: str, targets: tuple[str, ...], inner: bool = False, recall: str | None = None
    ) -> None:
        link = Link(len(self.links), node.id, event, targets, inner, recall)
        self.links.append(link)
        node.transitions.append(link)


def chart_of(draw: Draw) -> Chart:
    chart = Chart(draw.root.initial, falls_back=draw.falls_back)

    def add(node: Node) -> None:
        for child in node.children:
            kind: Kind = child.kind  # type: ignore[assignment]
            chart.add(child.id, kind, node.id, child.initial, child.removed)
            add(child)

    add(draw.root)
    for link in draw.links:
        chart.connect(Arc(link.source, link.event, link.targets, link.inner, link.recall, link.number))
    return chart


class Both:
    """The same case in the machine and in the reference."""

    def __init__(self, seed: int) -> None:
        self.draw = Draw(seed)
        self.seed = seed
        self.chart = chart_of(self.draw)
        self.machine = ProcessMachine(self.chart)
        self.reference = Interpreter(self.draw.root, falls_back=self.draw.falls_back, limit=LIMIT)
        self.position = NOWHERE
        self.count = 0
        self.kinds: set[str] = set()

    def allows(self, number: object) -> bool:
        """Guards change from one microstep to the next, and are the same for both."""
        assert isinstance(number, int)
        return (number * 2654435761 + self.count * 40503 + self.seed * 97) % 1009 < 800

    def follow(self, ours: Iterator[Microstep], theirs: Iterator[Seen]) -> bool:
        """Go on until both rest; whether they do."""
        while True:
            step, is_endless = attempt(ours, Endless)
            seen, is_endless_there = attempt(theirs, EndlessReference)
            assert is_endless == is_endless_there
            if step is None or seen is None:
                assert (step, seen) == (None, None), "only one of them moved"
                return not is_endless
            self.count += 1
            work = [(kind, what.payload if isinstance(what, Arc) else what) for kind, what in step.work]
            assert work == seen.work
            assert [*step.position.leaves] == seen.leaves
            assert step.final == seen.final
            self.position = step.position
            self.kinds |= {kind for kind, _ in work}
            self.compare_memories()

    def compare_memories(self) -> None:
        """What ours has not forgotten is what the reference remembers, and enough to return."""
        theirs = {**self.reference.history, **self.reference.memory}
        known = {node.id: {leaf.id for leaf in leaves} for node, leaves in theirs.items()}
        assert {state: {*leaves} for state, leaves in self.position.past} == {
            s: known[s] for s, _ in self.position.past
        }
        for link in self.draw.links:
            if link.recall is not None and self.chart.is_in(self.position, link.source):
                arc = Arc(link.source, link.event, recall=link.recall)
                assert self.chart.can_return(self.position, arc) == self.reference.can_return(link)

    def play(self) -> None:
        at_rest = self.follow(
            self.machine.run(NOWHERE, OPENING, lambda arc: self.allows(arc.payload)),
            self.reference.open(lambda link: self.allows(link.number)),
        )
        for _ in range(COMMANDS):
            if not at_rest:
                return
            event = self.draw.random.choice([*EVENTS, *EVENTS, ""])
            at_rest = self.follow(
                self.machine.run(self.position, event, lambda arc: self.allows(arc.payload)),
                self.reference.run(event, lambda link: self.allows(link.number)),
            )


def attempt(steps: Iterator[Moved], endless: type[Exception]) -> tuple[Moved | None, bool]:
    try:
        return next(steps, None), False
    except endless:
        return None, True


@pytest.mark.parametrize("part", range(PARTS))
def test_a_case_moves_as_the_reference_does(part: int) -> None:
    kinds: set[str] = set()
    for seed in range(part, CHARTS, PARTS):
        both = Both(seed)
        try:
            both.play()
        except Exception as error:
            error.add_note(f"chart {seed}")
            raise
        kinds |= both.kinds
    assert kinds == {"exit", "take", "enter", "return", "default", "recall", "done"}  # the draws reach everything


def test_the_reference_knows_nothing_of_the_engine() -> None:
    tree = ast.parse(Path(inspect.getfile(Interpreter)).read_text("utf-8"))
    imported = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}
    assert imported
    assert not {line for line in imported if "engine" in line or "transitions" in line}

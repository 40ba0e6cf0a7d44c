"""Every way a case can go, as far as its conditions are left open: positions, and the steps between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from engine.chart import Arc, Chart, Position, offers
from engine.chart.drawing import DECIDE, Way, chart_of
from engine.model import ProcessDefinition

MOST_POSITIONS = 3_000
MOST_STEPS = 30_000
MOST_TOGETHER = 64
"""Of how many combinations of branches of several regions are tried at once."""


@dataclass(frozen=True, slots=True)
class Step:
    """One microstep: by what, from where to where, and what it enters."""

    event: str
    source: int
    target: int
    ways: tuple[Way, ...]
    entered: frozenset[str] = frozenset()


@dataclass(slots=True)
class Walks:
    """The positions a case can be in, the first one first, and all steps between them."""

    definition: ProcessDefinition
    chart: Chart
    positions: list[Position] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    finals: dict[int, str] = field(default_factory=dict)  # position → the state that ends the case there
    is_whole: bool = True  # not when there were too many
    _active: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    _near: dict[str, dict[int, list[int]]] = field(default_factory=dict)

    def active(self, position: int) -> frozenset[str]:
        """Every state that is active at a position, groups included."""
        leaves = self.positions[position].leaves
        if leaves not in self._active:
            found = set(leaves)
            for leaf in leaves:
                while leaf := self.definition.states[leaf].parent:
                    found.add(leaf)
            self._active[leaves] = frozenset(found)
        return self._active[leaves]

    def reached(self) -> frozenset[str]:
        """Every state that is ever active."""
        return frozenset(state for position in range(len(self.positions)) for state in self.active(position))

    def possible(self) -> frozenset[str]:
        """Every event that ever moves a case or lets it stay."""
        return frozenset(step.event for step in self.steps)

    def after(self, starts: Iterable[int]) -> set[int]:
        """The positions reached from some positions, these included."""
        return _closure(starts, self._neighbours("onward"))

    def before(self, ends: Iterable[int]) -> set[int]:
        """The positions from which one of these can be reached, these included."""
        return _closure(ends, self._neighbours("back"))

    def _neighbours(self, way: str) -> Mapping[int, list[int]]:
        """Position → those one step further, or one step back."""
        if way not in self._near:
            near = self._near[way] = {}
            for step in self.steps:
                here, there = (step.source, step.target) if way == "onward" else (step.target, step.source)
                near.setdefault(here, []).append(there)
        return self._near[way]


def _closure(starts: Iterable[int], onward: Mapping[int, list[int]]) -> set[int]:
    found = set(starts)
    ahead = list(found)
    while ahead:
        for target in onward.get(ahead.pop(), ()):
            if target not in found:
                found.add(target)
                ahead.append(target)
    return found


def walks_of(definition: ProcessDefinition) -> Walks:
    """Follow every way from the opening on."""
    return _Explorer(definition).run()


class _Explorer:
    """Collects positions and steps."""

    def __init__(self, definition: ProcessDefinition) -> None:
        self.chart = chart_of(definition)
        self.walks = Walks(definition, self.chart)
        self.numbers: dict[Position, int] = {}

    def run(self) -> Walks:
        begun = self.chart.begin()
        self._number(begun.position, begun.final)
        done = 0
        while done < len(self.walks.positions):
            if done >= MOST_POSITIONS or len(self.walks.steps) > MOST_STEPS:
                self.walks.is_whole = False
                break
            self._leave(done)
            done += 1
        return self.walks

    def _number(self, position: Position, final: str | None) -> int:
        if position not in self.numbers:
            self.numbers[position] = number = len(self.walks.positions)
            self.walks.positions.append(position)
            if final is not None:
                self.walks.finals[number] = final
        return self.numbers[position]

    def _leave(self, number: int) -> None:
        position = self.walks.positions[number]
        ended = {f"done.{group}" for group in self.chart.ended(position)}
        if self._passes_on(number, position) and number not in self.walks.finals:
            return
        for event, offered in offers(self.chart, position).items():
            if not event.startswith("done.") or event in ended:
                self._take(number, position, event, offered)

    def _passes_on(self, number: int, position: Position) -> bool:
        """Take what happens by itself; whether it leaves no choice."""
        offered = self.chart.offered(position, DECIDE)
        self._take(number, position, DECIDE, offered)
        return any(_way(arc).branch.when is None for arcs in offered for arc in arcs)

    def _take(self, number: int, position: Position, event: str, offered: Iterable[tuple[Arc, ...]]) -> None:
        for arcs in _together([arcs for arcs in offered if arcs]):
            ways = tuple(_way(arc) for arc in arcs)
            if all(arc.stays for arc in arcs):
                self.walks.steps.append(Step(event, number, number, ways))
                continue
            microstep = self.chart.microstep(position, self.chart.without_conflicts(arcs, position))
            target = self._number(microstep.position, microstep.final)
            self.walks.steps.append(Step(event, number, target, ways, frozenset(microstep.entered)))


def _together(offered: list[tuple[Arc, ...]]) -> Iterator[tuple[Arc, ...]]:
    """One arc of each leaf, in every combination, each once."""
    seen: set[tuple[Arc, ...]] = set()
    for number, arcs in enumerate(product(*offered)):
        once = tuple(dict.fromkeys(arcs))
        if once and once not in seen and number < MOST_TOGETHER:
            seen.add(once)
            yield once


def _way(arc: Arc) -> Way:
    assert isinstance(arc.payload, Way)
    return arc.payload

"""Charts for tests, written as one would draw them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from engine.chart import NOWHERE, Arc, Chart, Kind, Microstep, Position
from engine.core.machine import OPENING, Passes, ProcessMachine


def grow(drawing: str, *arcs: Arc, falls_back: bool = False) -> Chart:
    """Build a chart from indented lines `name [kind] [initial=a,b] [removed=x,y]`."""
    chart = Chart(falls_back=falls_back)
    around = [""]
    for line in drawing.strip("\n").splitlines():
        depth = (len(line) - len(line.lstrip()) - 4) // 2
        name, *rest = line.split()
        words = dict(word.split("=") for word in rest if "=" in word)
        kind = next((word for word in rest if "=" not in word), "state")
        initial = tuple(words["initial"].split(",")) if "initial" in words else ()
        removed = frozenset(words["removed"].split(",")) if "removed" in words else frozenset()
        del around[depth + 1 :]
        chart.add(name, cast(Kind, kind), around[-1], initial, removed)
        around.append(name)
    for arc in arcs:
        chart.connect(arc)
    return chart


def to(source: str, event: str, target: str, *, inner: bool = False, payload: object = None) -> Arc:
    return Arc(source, event, (target,), inner, payload=payload)


def stay(source: str, event: str) -> Arc:
    return Arc(source, event)


def previous(source: str, event: str = "previous") -> Arc:
    """As written in a state; at the top it is of the present leaf."""
    return Arc(source, event, recall=source)


def always(_: Arc) -> bool:
    return True


class Walk:
    """A case that is carried along, with the work of its last step."""

    def __init__(self, chart: Chart, passes: Passes = always) -> None:
        self.machine = ProcessMachine(chart)
        self.passes = passes
        self.steps: list[Microstep] = []
        self.position = Position(())
        self.keep(self.machine.run(NOWHERE, OPENING, passes))

    def keep(self, steps: Iterable[Microstep]) -> None:
        self.steps = []
        for step in steps:
            self.steps.append(step)
            self.position = step.position

    def go(self, *events: str) -> str:
        for event in events:
            self.keep(self.machine.run(self.position, event, self.passes))
        return self.at

    @property
    def at(self) -> str:
        return " + ".join(self.position.leaves)

    @property
    def work(self) -> str:
        """The work of the last step in words; an arc shows as its event."""
        return ", ".join(
            f"{kind} {what.event if isinstance(what, Arc) else what}" for step in self.steps for kind, what in step.work
        )

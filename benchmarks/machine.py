"""How many steps a second does a case move, and what does that cost beside a bare trigger of `transitions`?

A ring of six states with one guard each, walked by a bare `transitions.Machine` and by ours; then a chart of three
levels with two regions, in which each step moves both; and a step that returns with `previous`. All prepared before:
what the first time costs is in the last line. Medians of rounds that take turns.

    python benchmarks/machine.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from transitions import Machine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, in_turns
from engine.chart import Arc, Chart, Position
from engine.core.machine import ProcessMachine

COUNT = 20_000
ROUNDS = 7
RING = ("reported", "dispatched", "on_site", "diagnosing", "repairing", "accepting")
NEXT = dict(zip(RING, (*RING[1:], RING[0]), strict=True))

Walk = Callable[[], None]


def allow(_: object) -> bool:
    """Hold, as the cheapest of guards."""
    return True


class Cursor:
    """What the bare machine moves."""

    state = RING[0]


def bare() -> Walk:
    """Walk the ring with `transitions` alone."""
    machine = Machine(model=None, states=[*RING], initial=None, auto_transitions=False, send_event=True)
    for source, target in NEXT.items():
        machine.add_transition("go", source, target, conditions=[allow])
    cursor = Cursor()

    def walk() -> None:
        trigger = machine.events["go"]
        for _ in range(COUNT):
            trigger.trigger(cursor)

    return walk


def ours(chart: Chart) -> Walk:
    """Walk a chart by its event `go`, each step until it rests."""
    machine = ProcessMachine(chart)

    def walk() -> None:
        position = opened(machine)
        for _ in range(COUNT):
            for step in machine.run(position, "go", allow):
                position = step.position

    return walk


def opened(machine: ProcessMachine) -> Position:
    """Return where a new case comes to rest."""
    return [step.position for step in machine.open(allow)][-1]


def flat() -> Chart:
    """Return the ring."""
    chart = Chart()
    for state in RING:
        chart.add(state)
    for source, target in NEXT.items():
        chart.connect(Arc(source, "go", (target,)))
    return chart


def nested() -> Chart:
    """Return two regions with two groups each, both moved by one event."""
    chart = Chart()
    chart.add("work", "parallel")
    for region in ("repair", "customer"):
        chart.add(region, parent="work")
        for group in ("first", "second"):
            chart.add(f"{region}.{group}", parent=region)
            for leaf in ("begun", "ended"):
                chart.add(f"{region}.{group}.{leaf}", parent=f"{region}.{group}")
    for region in ("repair", "customer"):
        leaves = [f"{region}.{group}.{leaf}" for group in ("first", "second") for leaf in ("begun", "ended")]
        for source, target in zip(leaves, [*leaves[1:], leaves[0]], strict=True):
            chart.connect(Arc(source, "go", (target,)))
    return chart


def returning() -> Chart:
    """Return a state left for another that goes back by `previous`."""
    chart = Chart()
    for state in ("diagnosing", "waiting_part"):
        chart.add(state)
    chart.connect(Arc("diagnosing", "go", ("waiting_part",)))
    chart.connect(Arc("waiting_part", "go", recall="waiting_part"))
    return chart


def first_time(build: Callable[[], Chart], steps: int) -> float:
    """Give the milliseconds in which a machine is built and walks once around."""
    begun = perf_counter()
    machine = ProcessMachine(build())
    position = opened(machine)
    for _ in range(steps):
        for step in machine.run(position, "go", allow):
            position = step.position
    return (perf_counter() - begun) * 1000


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """The plainest of the walks, for the table of all questions."""
    theirs, walk = bare(), ours(flat())
    pair = in_turns(lambda _: walk(), lambda _: theirs(), 3 if is_quick else ROUNDS)
    yield Answer("move a case", f"{COUNT / pair.ours:,.0f}/s", pair.cpu_ratio, "of a bare trigger")


def main() -> None:
    """Print one line a question."""
    walks = {
        "a bare trigger": bare(),
        "a step, flat": ours(flat()),
        "a step, three levels, two regions": ours(nested()),
        "a step that returns every other time": ours(returning()),
    }
    rates: dict[str, list[float]] = {name: [] for name in walks}
    for _ in range(ROUNDS):
        for name, walk in walks.items():
            begun = perf_counter()
            walk()
            rates[name].append(COUNT / (perf_counter() - begun))
    plain = median(rates["a bare trigger"])
    print(f"{'question':38} {'a second':>12} {'of a bare trigger':>18}")
    for name, found in rates.items():
        print(f"{name:38} {median(found):12,.0f} {median(found) / plain:18.2f}")
    for name, build, steps in (("flat", flat, 6), ("three levels, two regions", nested, 4)):
        taken = median(first_time(build, steps) for _ in range(ROUNDS))
        print(f"{f'all positions, first time, {name}':52} {taken:5.2f} ms")


if __name__ == "__main__":
    main()

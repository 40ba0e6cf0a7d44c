"""The chart of a definition: its states, and an arc for every branch of every action, timer, `decide` and `done`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.chart.chart import Chart
from engine.chart.tree import Arc, Kind
from engine.model import Action, Branch, ProcessDefinition, State, Timer

DECIDE = ""
"""The event of what happens by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What an arc of the chart stands for: one branch of an action, a timer, a `decide` or a `done`."""

    branch: Branch[str]
    action: Action | None = None
    timer: Timer | None = None


def timer_event(timer: Timer) -> str:
    """The name by which the state machine knows a timer; no action can have it."""
    return f"timer.{timer.state}.{timer.name}"


def chart_of(definition: ProcessDefinition) -> Chart:
    """The chart of a definition: its states, and an arc for every branch of action, timer, `decide` and `done`."""
    chart = Chart((definition.initial,))
    states = definition.states
    for state in definition.states.values():
        initial = (state.initial,) if state.initial else ()
        chart.add(state.name, _kind(state), state.parent, initial, state.removed)
    for action in definition.actions.values():
        _connect_action(chart, states, action, _places(definition, action))
    for state in definition.states.values():
        for action in state.actions.values():
            _connect_action(chart, states, action, (state.name,))
        for timer in state.timers.values():
            for branch in timer.to or (Branch("stay"),):
                _connect(chart, states, state.name, timer_event(timer), Way(branch, timer=timer))
        for branch in state.decide:
            _connect(chart, states, state.name, DECIDE, Way(branch))
        for branch in state.done:
            _connect(chart, states, state.name, f"done.{state.name}", Way(branch))
    return chart


def _kind(state: State) -> Kind:
    if state.parallel:
        return "parallel"
    if state.final:
        return "final" if state.final == "region" else "outcome"
    return "state"


def _places(definition: ProcessDefinition, action: Action) -> tuple[str, ...]:
    """Where the arcs of a top action start: the states it names, else the process, whose final states offer nothing."""
    return tuple(name for name in definition.states if name in action.places) if action.places else ("",)


def _connect_action(chart: Chart, states: Mapping[str, State], action: Action, sources: tuple[str, ...]) -> None:
    for source in sources:
        for branch in action.to:
            _connect(chart, states, source, action.name, Way(branch, action=action))


def around(states: Mapping[str, State], name: str) -> Iterator[str]:
    """The states around this one, nearest first."""
    while name := states[name].parent:
        yield name


def is_whole(states: Mapping[str, State], leaves: Iterable[str]) -> bool:
    """Whether these leaves can be active together, and no region is without one."""
    active = {name for leaf in leaves for name in (leaf, *around(states, leaf))}
    for name in active:
        inside = [child for child in states[name].children if child in active]
        if states[name].children and len(inside) != (len(states[name].children) if states[name].parallel else 1):
            return False
    return sum(1 for name in active if not states[name].parent) == 1


def _connect(chart: Chart, states: Mapping[str, State], source: str, event: str, way: Way) -> None:
    target = way.branch.value
    if target == "stay":
        chart.connect(Arc(source, event, payload=way))
    elif target == "previous":
        written = way.action.state if way.action else source
        chart.connect(Arc(source, event, payload=way, recall=written))
    else:
        inner = not source or source in around(states, target)
        chart.connect(Arc(source, event, (target,), payload=way, inner=inner))

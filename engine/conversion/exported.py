"""A process as a chart that other programs read: its states and ways as SCXML's algorithm would take them.

Where the process language goes beyond that algorithm – the innermost action of one name replaces the others, a removed
action is offered nowhere, an action of regions leaves the others alone – the chart says the same by other means: a
condition on states, a way that stays, a place further in. What has no means is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.calendars import never_closes
from engine.chart.chart import Chart
from engine.chart.drawing import Way as Declared
from engine.chart.drawing import around, chart_of
from engine.chart.tree import Arc
from engine.conversion.carried import Carried, carried_of
from engine.conversion.drawn import Node, Unsaid, Way, states_asked
from engine.model import Effect, ProcessDefinition, State, Tell, Timer

_IN = re.compile(r"""(!?)\s*in_state\((['"])(\w+)\2\)""")


@dataclass(frozen=True, slots=True)
class Exported:
    """The chart of a process, and what is not in it."""

    definition: ProcessDefinition
    root: Node
    carried: Mapping[str, Carried]  # state, "" for the process → what travels along unread
    unsaid: tuple[Unsaid, ...]  # what behaves otherwise in the chart


def exported(definition: ProcessDefinition) -> Exported:
    """The chart of a process."""
    return _Exporter(definition).export()


class _Exporter:
    """Walks the arcs of the chart, in the order in which they are tried."""

    def __init__(self, definition: ProcessDefinition) -> None:
        self.definition, self.states = definition, definition.states
        self.chart: Chart = chart_of(definition)
        self.root = Node("", "state", 0, initial=definition.initial)
        self.nodes = {"": self.root}
        self.own = {name: {arc.event for arc in self.chart.arcs(name)} for name in ("", *self.states)}
        self.unsaid: list[Unsaid] = []

    def export(self) -> Exported:
        """The whole chart."""
        for state in self.states.values():
            self._add(state)
        self._begin(self.nodes[self.definition.initial])
        for name in ("", *self.states):
            for arc in self.chart.arcs(name):
                self._connect(arc)
        for node in self.root.all():
            self._stop(node)
        if any(way.raises for node in self.root.all() for way in node.ways) and any(
            one.done for one in self.states.values()
        ):
            self._note("that regions end before what an action tells its own case is done")
        asking = [way for node in self.root.all() for way in node.ways if states_asked(way.guard) is None]
        if asking:
            self._note(f"{len(asking)} conditions on more than states, which stand as the process says them")
        carried = {state.name: carried_of(state) for state in self.states.values()} | {"": carried_of(self.definition)}
        return Exported(self.definition, self.root, carried, tuple(dict.fromkeys(self.unsaid)))

    def _add(self, state: State) -> None:
        """A state; one that ends the case stands outside all groups, for in a chart it would end its group only."""
        is_end = state.final in ("done", "failed", "cancelled")
        parent = self.root if is_end else self.nodes[state.parent]
        node = Node(
            state.name, "final" if state.final else "parallel" if state.parallel else "state", 0, parent,
            state.initial or "",
        )  # fmt: skip
        node.raises = _raised(state.on_enter)
        self.nodes[state.name] = node
        parent.children.append(node)
        if state.done and state.done[-1].when is not None:
            self._note(f"that `{state.name}`, when all inside has ended, waits until a condition of its `done` holds")

    def _begin(self, first: Node) -> None:
        """A chart begins in a state directly inside it, and so does every group around the first state."""
        self.root.initial = [first, *first.above()][-1].id
        inside = first
        for group in first.above():
            if group.kind == "state" and group.initial not in ("", inside.id):
                self._note(f"that a case begins in `{first.id}`, though `{group.id}` begins in `{group.initial}`")
            elif group.kind == "state":
                group.initial = inside.id
            inside = group

    def _note(self, what: str) -> None:
        self.unsaid.append(Unsaid(0, what))

    # -- ways ----------------------------------------------------------------------------------------------------------

    def _connect(self, arc: Arc) -> None:
        declared = arc.payload
        assert isinstance(declared, Declared)
        said = declared.timer.name if declared.timer else arc.event or "decide"
        if arc.recall is not None:
            self._note(f"`previous`, to which `{said}` of `{arc.source or self.definition.process}` leads")
            return
        if arc.source and self.states[arc.source].final:
            self._note(f"`{said}`, which opens a case again that ended in `{arc.source}`")
            return
        delay = self._delay(declared.timer) if declared.timer and not arc.stays else None
        if delay is None and (declared.timer or (arc.stays and not arc.event)):
            return
        event = "" if declared.timer else re.sub(r"^done\.", "done.state.", arc.event)
        for holder, inner in self._holders(arc):
            if (guard := self._guard(arc, declared, holder)) is not None:
                self.nodes[holder].ways.append(
                    Way(event, arc.targets, 0, guard, delay, inner, _raised(_after(declared)))
                )

    def _delay(self, timer: Timer) -> int | None:
        """How long after entering, in ms; None where no chart can say when."""
        if timer.after is None or timer.after.base != "duration" or timer.every is not None:
            self._note(f"when the timer `{timer.name}` of `{timer.state}` fires, and so where it leads")
            return None
        if not never_closes(self.definition.calendars[timer.calendar or self.definition.calendar]):
            self._note(f"that the timer `{timer.name}` of `{timer.state}` counts open hours only")
        return timer.after.offset

    def _holders(self, arc: Arc) -> Iterator[tuple[str, bool]]:
        """Where in the chart an arc stands, and whether that state is left by it."""
        if not arc.source:  # the whole chart has no ways of its own: each outermost state has
            open_ones = (node.id for node in self.root.children if node.kind != "final")
            yield from ((name, False) for name in open_ones if arc.event not in self.own[name])
        elif arc.inner and self.states[arc.source].parallel:
            inside = (arc.targets[0], *around(self.states, arc.targets[0]))
            region = inside[inside.index(arc.source) - 1]
            if region == arc.targets[0]:
                yield arc.source, False
            elif arc.event not in self.own[region]:  # the other regions stay as they are
                yield region, True
        else:
            yield arc.source, arc.inner

    # -- conditions ----------------------------------------------------------------------------------------------------

    def _guard(self, arc: Arc, declared: Declared, holder: str) -> str | None:
        """The condition of a way; None where it can never be taken."""
        absent = list(self._must_be_absent(arc, holder)) if declared.action else []
        if any(state in (holder, *around(self.states, holder)) for state in absent):
            return None
        texts = [guard.must.text for guard in declared.action.guards] if declared.action else []
        texts += [one.text for one in (declared.branch.when, declared.timer and declared.timer.when) if one]
        parts = [f"!in_state({{{state}}})" for state in absent] + [_in_chart(text) for text in texts]
        return " && ".join(parts)

    def _must_be_absent(self, arc: Arc, holder: str) -> Iterator[str]:
        """States in which an action of this place is not offered, though the chart would take it."""
        written = arc.source or holder
        for state in self.states.values():
            above = (state.name, *around(self.states, state.name))
            if arc.event in state.removed:
                if holder in above or state.name in around(self.states, holder) or self._beside(holder, state.name):
                    yield state.name
            elif arc.event in self.own[state.name] and written in above[1:]:
                between = above[1 : above.index(written) + 1]
                yield from [state.name] if any(self.states[one].parallel for one in between) else []

    def _beside(self, one: str, other: str) -> bool:
        """Whether two states lie in two regions of one group."""
        above = (other, *around(self.states, other))
        shared = next((name for name in (one, *around(self.states, one)) if name in above), "")
        return shared not in ("", one, other) and self.states[shared].parallel

    def _stop(self, node: Node) -> None:
        """Keep an action from outer ones of its name: where none of its ways is open, nothing happens."""
        outer = {way.event for above in node.above() for way in above.ways if way.event}
        for event in sorted(self.own.get(node.id, set()) & outer):
            if all(way.guard for way in node.ways if way.event == event):
                node.ways.append(Way(event, (), 0))


def _after(declared: Declared) -> Iterator[Effect]:
    """What follows a way, in order."""
    by = declared.action or declared.timer
    yield from by.then if by is not None else ()
    yield from declared.branch.then


def _raised(effects: Iterable[Effect]) -> tuple[str, ...]:
    """What a case tells itself, whatever it holds: an event that comes before any from outside."""
    told = [one for one in effects if isinstance(one, Tell) and one.target == "self"]
    return tuple(one.action for one in told if one.when is None and not one.values)


def _in_chart(text: str) -> str:
    """A condition; one of states alone in the words of a chart."""
    found = [_IN.fullmatch(part.strip()) for part in text.split("&&")]
    if None in found:
        return f"({text})"
    return " && ".join(f"{one[1]}in_state({{{one[3]}}})" for one in found if one)

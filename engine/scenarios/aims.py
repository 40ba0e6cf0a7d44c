"""What a search aims at: where something not seen yet may show, what done there shows it, and how far it is from there.

All of it is read off the definition, as if every condition on the way could be made to hold; what those conditions
read is told with it, so that a search tries cases that differ in just that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.chart.drawing import around
from engine.core.cases import Case
from engine.core.plan import Plan
from engine.expressions import Expression
from engine.fields import Field
from engine.model import Action, Branches, SetFields
from engine.scenarios.coverage import Item, branches_of, effects_of

FAR = 1_000_000
"""How far it is from where no way is known."""

_IN_STATE = re.compile(r"in_state\(\s*['\"]([a-z0-9_]+)['\"]\s*\)")


class _Way(NamedTuple):
    """One way on: who stands in one of these states and takes it may stand in those."""

    name: str  # an action, or nothing: it comes with time or by itself
    sources: frozenset[str]
    entered: frozenset[str]


@dataclass(frozen=True, slots=True)
class Aim:
    """Where something may show, and by what."""

    acts: frozenset[str]  # actions; none: what comes with time or by itself
    reads: frozenset[str]  # the names that decide whether it shows
    steps: Mapping[str, int]  # state → how many steps it is from there at least
    ways: tuple[_Way, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    turning: frozenset[str] = frozenset()  # actions that may give what is read there another value

    def far(self, active: Iterable[str]) -> int:
        """How many steps it is from these states."""
        return min((self.steps.get(state, FAR) for state in active), default=FAR)

    def leading(self, active: frozenset[str]) -> frozenset[str]:
        """The actions that show it from these states, or lead one step nearer; empty is what comes with time."""
        far = self.far(active)
        if far == 0:
            return self.acts | ({""} if not self.acts or "now" in self.reads else set())
        nearer = {state for state, steps in self.steps.items() if steps < far}
        return frozenset(way.name for way in self.ways if way.sources & active and way.entered & nearer)

    def alike(self, case: Case) -> tuple[str, ...]:
        """What of a case decides whether it shows: cases in which this is equal are equally good."""
        return tuple(_held(case, name, self.fields) for name in sorted(self.reads))


class View:
    """What a search has come to, as an aim sees it: spots by what decides whether it shows, then by their places."""

    def __init__(self, aim: Aim, plan: Plan) -> None:
        self.known = 0  # how many spots are noted
        self.places: dict[tuple[str, ...], dict[tuple[str, ...], list[Any]]] = {}
        self.far: dict[tuple[str, ...], int] = {}  # place → how many steps it is from there at least
        self.aim = aim
        self._plan = plan

    def note(self, spot: Any, case: Case) -> None:
        """Take in where one more case stands."""
        place = case.position.leaves
        self.places.setdefault(self.aim.alike(case), {}).setdefault(place, []).append(spot)
        if place not in self.far:
            self.far[place] = self.aim.far(self._plan.place(case.position).active)
        self.known += 1


class Aims:
    """The aims of one process."""

    def __init__(self, plan: Plan) -> None:
        self._definition = plan.definition
        self._acts: dict[str, list[Action]] = {}
        for action in plan.actions():
            self._acts.setdefault(action.name, []).append(action)
        self._branches = dict(branches_of(plan.definition))
        self._effects = dict(effects_of(plan.definition))
        self._ways = tuple(self._all_ways())
        self._kept = {name: frozenset(_kept(acts)) for name, acts in self._acts.items()}

    def of(self, item: Item) -> Aim:
        """The aim of something that can be seen."""
        conditions = [*self._deciding(item)]
        acts = set[str]()
        places = {state for when in conditions for state in _IN_STATE.findall(when.text)}
        if not places:
            acts, places = self._shown(item)
            passed = (branch.when for place in places for branch in self._definition.states[place].decide)
            conditions += [when for when in passed if when is not None]  # whoever is passed on is never there
        reads = frozenset(name for when in conditions for name in when.names)
        turning = frozenset(name for name, kept in self._kept.items() if not kept.isdisjoint(reads))
        return Aim(frozenset(acts), reads, self._steps(places), self._ways, self._definition.fields, turning)

    # -- what shows it, and what decides that ------------------------------------------------------------------------

    def _shown(self, item: Item) -> tuple[set[str], set[str]]:
        """The actions that show it and the states they are done in; no actions: it shows there by itself."""
        kind, name = item
        first, *rest = re.split(r"[. ]", name)
        if kind == "pause":
            return set(), {*rest[:1]} & self._definition.states.keys()
        if first in self._definition.clocks and (kind == "threshold" or "goal" in rest):
            return set(), self._begun(first)
        if named := [part for part in (first, *rest[:1]) if part in self._acts]:
            return self._places((way for way in self._ways if way.name == named[-1]), named[-1])
        if first not in self._definition.states:
            return ({"opening"} if first == "opening" else set()), set()
        if kind in ("branch", "effect") and rest[0] in ("waiting_on", "on_enter"):
            return self._places(way for way in self._ways if first in way.entered and first not in way.sources)
        return set(), {first}

    def _places(self, ways: Iterable[_Way], *acts: str) -> tuple[set[str], set[str]]:
        """The actions of some ways, and where these begin."""
        ways = list(ways)
        return {*acts, *(way.name for way in ways)}, {state for way in ways for state in way.sources}

    def _begun(self, clock: str) -> set[str]:
        """Where a promise has just begun to count."""
        starts = {*self._definition.clocks[clock].starts}
        entered = {state for way in self._ways if way.name in starts for state in way.entered}
        return entered | (starts & self._definition.states.keys())

    def _deciding(self, item: Item) -> Iterator[Expression]:
        """The conditions on which it hangs: its own, and those of the action that shows it."""
        kind, name = item
        where, _, number = name.removesuffix(" done").removesuffix(" left out").rpartition(" ")
        if kind == "branch":
            yield from (one.when for one in self._branches[where][: int(number)] if one.when is not None)
        elif kind == "effect":
            yield from filter(None, [self._effects[where][int(number) - 1].when])
        acts = (act for part in re.split(r"[. ]", name)[:2] for act in self._acts.get(part, ()))
        yield from (guard.must for act in acts for guard in act.guards)

    # -- how far it is -----------------------------------------------------------------------------------------------

    def _steps(self, places: Iterable[str]) -> dict[str, int]:
        """Every state from which there is a way to some, with its length."""
        found = dict.fromkeys(sorted(places), 0)
        edge, steps = set(found), 0
        while edge:
            steps += 1
            edge = {source for way in self._ways if way.entered & edge for source in way.sources} - found.keys()
            found |= dict.fromkeys(sorted(edge), steps)
        return found

    def _all_ways(self) -> Iterator[_Way]:
        states = self._definition.states
        open_states = frozenset(name for name, state in states.items() if state.final in (None, "region"))
        for action in self._definition.actions.values():
            yield from self._ways_of(action.name, action.places or open_states, action.to)
        for name, state in states.items():
            here = frozenset({name})
            for action in state.actions.values():
                yield from self._ways_of(action.name, here, action.to)
            for timer in state.timers.values():
                yield from self._ways_of("", here, timer.to)
            for branches in (state.decide, state.done):
                yield from self._ways_of("", here, branches)

    def _ways_of(self, name: str, sources: frozenset[str], to: Branches[str]) -> Iterator[_Way]:
        """Its ways, one for each branch; one that waits for other regions is waited for there."""
        for branch in to:
            awaited = frozenset(_IN_STATE.findall(branch.when.text)) if branch.when is not None and not name else None
            entered = () if branch.value in ("stay", "previous") else self._entered(branch.value)
            yield _Way(name, awaited or sources, frozenset(entered))

    def _entered(self, target: str) -> Iterator[str]:
        """The states that may be active once this one is entered."""
        states, inner = self._definition.states, [target]
        for name in inner:  # grows while it is walked
            state = states[name]
            inner += state.children if state.parallel else [state.initial] if state.initial else []
        yield from inner
        yield from around(states, target)


def _kept(acts: Iterable[Action]) -> Iterator[str]:
    """The names to which actions may give another value: by their forms, by their effects, and by being done."""
    for act in acts:
        yield f"did.{act.name}"
        yield from (f"case.{name}" for name in (*act.form.require, *act.form.allow))
        for effect in (*act.then, *(effect for branch in act.to for effect in branch.then)):
            if isinstance(effect, SetFields):
                yield from (f"case.{name}" for name in effect.values)


def _held(case: Case, name: str, fields: Mapping[str, Field]) -> str:
    """What a case answers to a name, as far as it holds that itself; of what has many values only whether it is set."""
    group, _, rest = name.partition(".")
    first = rest.partition(".")[0]
    if group == "did":
        return str(min(case.done[first].count, 9)) if first in case.done else "0"
    if group == "clocks":
        return case.clocks[first].status if first in case.clocks else "none"
    if group == "linked":
        return str(first in case.links)
    if group != "case" or first not in fields:
        return ""
    value, few = case.data.get(first), fields[first].type in ("choice", "yes_no")
    if isinstance(value, int) and fields[first].type == "integer":
        return str(min(value, 3))
    return str(value) if few else str(first in case.data)

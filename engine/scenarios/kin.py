"""What of other processes concerns a search in one: whom it may ask for, what becomes of its children, who opens it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.core.plan import Library, Plan
from engine.expressions import Expression
from engine.fields import plain
from engine.lang.build.used import parts_of
from engine.model import Form, OpenCase, Tell
from engine.scenarios.registers import registers_for
from engine.scenarios.script import Parent, Script
from engine.scenarios.trying import Here, Tries


def asks_register(plan: Plan, library: Library) -> bool:
    """Whether this process, or one that it may open however far, asks for somebody on a register."""
    ahead, known = [plan], {plan.definition.process}
    for one in ahead:  # grows while it is walked
        if registers_for([one]):
            return True
        opened = {effect.process for effect in one.effects if isinstance(effect, OpenCase)} - known
        known |= opened
        ahead += [found for name in sorted(opened) if (found := library.newest(name, 0)) is not None]
    return False


def minds_family(plan: Plan, library: Library) -> bool:
    """Whether what becomes of cases that it opens matters to a case."""
    reads = (part.names for part in parts_of(plan.definition) if isinstance(part, Expression))
    tells = (one for other in library.plans.values() for one in other.effects if isinstance(one, Tell))
    return any(name.startswith("linked.") for names in reads for name in names) or any(
        one.target == "parent" for one in tells
    )


Way = tuple[str, str]
"""A process that opens another as its child, and the link by which it does."""


class Openers:
    """The processes that open one as their child, each by its effects."""

    def __init__(self, plan: Plan, library: Library) -> None:
        name = plan.definition.process
        newest = [one for process in sorted(library.published) if (one := library.newest(process, 0)) is not None]
        self._ways: dict[Way, list[tuple[Plan, OpenCase]]] = {}
        for over in newest:
            for effect in over.effects:
                if isinstance(effect, OpenCase) and effect.process == name and effect.key is None:
                    self._ways.setdefault((over.definition.process, effect.link), []).append((over, effect))
        self.ways = tuple(self._ways)
        self._opening = plan.definition.opening
        self._told = {one.action for one in plan.effects if isinstance(one, Tell) and one.target == "parent"}
        tellers = ((over, {"children", effect.link}) for opens in self._ways.values() for over, effect in opens)
        self.tell = any(isinstance(one, Tell) and one.target in to for over, to in tellers for one in over.effects)

    def draw(self, way: Way, tries: Tries, here: Here) -> tuple[Parent, dict[str, Any], dict[str, Any]]:
        """A case that opens it in this way, in some state, with what it hands over."""
        over, effect = tries.one_of(self._ways[way])
        states = self._states(over, effect)
        parent = Parent(*way, (tries.one_of(states),) if states else ())
        form = tries.form(Form(require=tuple(effect.values)), here)
        fields = tries.definition.fields
        form |= {n: plain(fields[n], value) for n, value in effect.values.items() if not isinstance(value, Expression)}
        facts = {name: value for name, value in tries.facts(self._opening, form, here).items() if name in effect.facts}
        return parent, form, facts

    def _states(self, over: Plan, effect: OpenCase) -> list[str]:
        """Where it may stand: where it does what its child tells it, or where it comes to when it opens the child."""
        states = over.definition.states
        leaves = [name for name, state in states.items() if not state.children]
        after = {*_entered_with(over, effect)}
        offered = ((name, over.chart.begin((name,)).position) for name in leaves)
        telling = {name for name, at in offered if not self._told.isdisjoint(over.chart.possible(at))}
        return [name for name in leaves if name in telling] or [name for name in leaves if name in after]


def parents_in(script: Script) -> Iterator[Way]:
    """The parents that stand in, in some scenarios."""
    given = [script.given.parent, *(step.parent for scenario in script.scenarios for step in scenario.steps)]
    yield from ((one.process, one.link) for one in given if one is not None)


def _entered_with(over: Plan, effect: OpenCase) -> Iterator[str]:
    """The states that are entered in the step in which an effect is done, as far as they are named."""
    inner = (action for state in over.definition.states.values() for action in state.actions.values())
    for action in (*over.definition.actions.values(), *inner):
        for branch in action.to:
            if any(one is effect for one in (*action.then, *branch.then)):
                yield branch.value
    yield from (name for name, state in over.definition.states.items() if any(one is effect for one in state.on_enter))
    if any(one is effect for one in over.definition.opening.then):
        yield over.definition.initial

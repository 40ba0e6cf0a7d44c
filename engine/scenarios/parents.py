"""A case that another opened: of which process that is, where it stands, and what it hands over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.chart.drawing import is_whole
from engine.core.cases import ENGINE, Reason
from engine.core.decide import StandIn
from engine.core.plan import Plan
from engine.errors import UsageError
from engine.fields import Field, Invalid, Value, read
from engine.lang.diagnostics import did_you_mean
from engine.model import OpenCase
from engine.scenarios.script import Parent
from engine.scenarios.world import World


def open_under(
    world: World, plan: Plan, parent: Parent, form: Mapping[str, Any], facts: Mapping[str, Any]
) -> str | tuple[Reason, ...]:
    """Open a case as a child of that parent: its id, or why not; `UsageError` for what such a parent does not do."""
    over = world.library.newest(parent.process, world.now)
    if over is None:
        raise UsageError(f"there is no process `{parent.process}` beside these scenarios")
    opens = _opens(over, plan.definition.process, parent)
    process, handed = parent.process, {name for effect in opens for name in effect.values}
    if stranger := next((name for name in form if name not in handed), None):
        mend = did_you_mean(stranger, handed) or f"it hands over {', '.join(f'`{one}`' for one in sorted(handed))}"
        raise UsageError(f"`{process}` hands over no `{stranger}`; {mend}")
    states = _standing(over, parent.states or (over.definition.initial,))
    brought = {name for effect in opens for name in effect.facts}
    definition, zone = plan.definition, plan.definition.desk.zone
    handed_on = _read({name: facts[name] for name in brought & facts.keys()}, definition.facts, zone)
    known = _read(parent.fields, over.definition.fields, zone)
    stand_in = StandIn(case="", plan=over, states=states, link=opens[0].link, values=known)
    return world.open(definition.process, _read(form, definition.fields, zone), ENGINE, handed_on, stand_in)


def _standing(over: Plan, states: tuple[str, ...]) -> tuple[str, ...]:
    """Where it stands: states that it has, and that can be active together."""
    known, process = over.definition.states, over.definition.process
    if gone := next((name for name in states if name not in known), None):
        raise UsageError(f"`{gone}` is not a state of `{process}`")
    if not is_whole(known, over.chart.begin(states).position.leaves):
        named = " and ".join(f"`{name}`" for name in states)
        raise UsageError(f"{named} of `{process}` are never active together; name a state of each region")
    return states


def _opens(over: Plan, process: str, parent: Parent) -> list[OpenCase]:
    """The effects by which the parent opens such a child."""
    every = [one for one in over.effects if isinstance(one, OpenCase) and one.process == process and one.key is None]
    link = parent.link or (every[0].link if every else "")
    found = [one for one in every if one.link == link]
    if not found:
        named = f"`{process}` as `{parent.link}`" if parent.link else f"`{process}`"
        raise UsageError(f"`{over.definition.process}` opens no {named}")
    return found


def _read(given: Mapping[str, Any], fields: Mapping[str, Field], zone: str) -> dict[str, Value]:
    """Values as an effect gives them: read, and of the type of their fields."""
    if stranger := next((name for name in given if name not in fields), None):
        raise UsageError(
            f"there is no field `{stranger}`; {did_you_mean(stranger, fields) or 'look at what is declared'}"
        )
    try:
        return {name: read(fields[name], value, zone) for name, value in given.items()}
    except Invalid as invalid:
        raise UsageError(str(invalid)) from invalid

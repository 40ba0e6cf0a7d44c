"""What of a definition its scenarios went through, and what they left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.plan import Plan
from engine.model import Branches, Effect, ProcessDefinition
from engine.scenarios.play import Outcome

KINDS = ("state", "action", "branch", "effect", "guard", "refusal", "threshold", "pause", "timer", "schedule", "event")


@dataclass(frozen=True, slots=True)
class Coverage:
    """Kind by kind, what there is to go through and what was; items are named for people."""

    there: dict[str, tuple[str, ...]]
    missing: dict[str, tuple[str, ...]]

    @property
    def share(self) -> float:
        """How much of all was gone through, 0..1."""
        total = sum(len(items) for items in self.there.values())
        return 1.0 if not total else 1 - sum(len(items) for items in self.missing.values()) / total


Item = tuple[str, str]
"""Kind and name."""


def coverage_of(plan: Plan, outcomes: Iterable[Outcome]) -> Coverage:
    """What these outcomes went through of one process."""
    outcomes = list(outcomes)
    parts = dict(_parts(plan.definition))
    universe = list(dict.fromkeys([*_named(plan), *parts.values()]))
    seen = {item for outcome in outcomes for item in _seen(plan, outcome, parts)}
    there: dict[str, tuple[str, ...]] = {}
    missing: dict[str, tuple[str, ...]] = {}
    for kind in KINDS:
        there[kind] = tuple(name for of, name in universe if of == kind)
        missing[kind] = tuple(name for of, name in universe if of == kind and (of, name) not in seen)
    return Coverage(there, missing)


class Sights:
    """What steps go through of one process, told step by step: for whoever looks for what is not seen yet."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._parts = dict(_parts(plan.definition))
        self.all: frozenset[Item] = frozenset((*_named(plan), *self._parts.values()))

    def of(self, outcome: Outcome) -> set[Item]:
        """What an outcome went through."""
        return set(_seen(self._plan, outcome, self._parts)) & self.all


def _named(plan: Plan) -> Iterator[Item]:
    """Everything that records name."""
    definition = plan.definition
    yield from (("state", name) for name in definition.states)
    yield ("action", "opening")
    yield from (("action", action.name) for action in plan.actions())
    for guard in definition.opening.guards:
        yield from (("guard", f"opening.{guard.name} {way}") for way in ("holds", "fails"))
    for action in plan.actions():
        for guard in action.guards:
            yield from (("guard", f"{action.name}.{guard.name} {way}") for way in ("holds", "fails"))
        for rule in ("never_by", "within", "during", "needs"):
            if getattr(action, rule):
                yield ("refusal", f"{action.name} {rule}")
    for name, clock in definition.clocks.items():
        yield from (("threshold", f"{name} {threshold.at.text}") for threshold in clock.thresholds)
        yield from (("pause", f"{name} {state}") for state in clock.pauses_in)
        if clock.pauses_when is not None:
            yield ("pause", f"{name} pauses_when")
    yield from (("timer", name) for name in plan.timers)
    yield from (("schedule", name) for name in definition.schedule)
    yield from (("event", f"{name} {way}") for name in definition.incoming for way in ("heard", "otherwise"))


def _parts(definition: ProcessDefinition) -> Iterator[tuple[tuple[str, int, bool], Item]]:
    """Every branch and every effect with an `if`, by identity."""
    for where, branches in branches_of(definition):
        if len(branches) > 1:
            for number, branch in enumerate(branches, 1):
                yield ("branch", id(branch), True), ("branch", f"{where} {number}")
    for state in definition.states.values():
        for action in state.actions.values():  # of two regions the one whose guard fails is left out, not refused
            for guard in action.guards:
                yield ("guard", id(guard), False), ("guard", f"{action.name}.{guard.name} fails")
    for where, effects in effects_of(definition):
        for number, effect in enumerate(effects, 1):
            if effect.when is not None:
                for way in (True, False):
                    said = "done" if way else "left out"
                    yield ("effect", id(effect), way), ("effect", f"{where} {number} {said}")


def branches_of(definition: ProcessDefinition) -> Iterator[tuple[str, Branches[Any]]]:
    """Every choice between branches, with the place where it is written."""
    for action in definition.actions.values():
        yield f"{action.name}.to", action.to
    for state in definition.states.values():
        yield f"{state.name}.waiting_on", state.waiting_on
        yield f"{state.name}.decide", state.decide
        yield f"{state.name}.done", state.done
        for action in state.actions.values():
            yield f"{state.name}.{action.name}.to", action.to
        for timer in state.timers.values():
            yield f"{state.name}.{timer.name}.to", timer.to
    for clock in definition.clocks.values():
        yield f"{clock.name}.goal", clock.goal


def effects_of(definition: ProcessDefinition) -> Iterator[tuple[str, tuple[Effect, ...]]]:
    """Every list of effects, with the place where it is written."""
    yield "opening.then", definition.opening.then
    for action in definition.actions.values():
        yield f"{action.name}.then", action.then
    for state in definition.states.values():
        yield f"{state.name}.on_enter", state.on_enter
        for action in state.actions.values():
            yield f"{state.name}.{action.name}.then", action.then
        for timer in state.timers.values():
            yield f"{state.name}.{timer.name}.then", timer.then
    for where, branches in branches_of(definition):
        for number, branch in enumerate(branches, 1):
            yield f"{where} {number}.then", branch.then
    for clock in definition.clocks.values():
        for threshold in clock.thresholds:
            yield f"{clock.name} {threshold.at.text}.then", threshold.then


def _seen(plan: Plan, outcome: Outcome, parts: dict[tuple[str, int, bool], Item]) -> Iterator[Item]:
    process = plan.definition.process
    guards = {action.name: [guard.name for guard in action.guards] for action in plan.actions() if action.guards}
    guards["opening"] = [guard.name for guard in plan.definition.opening.guards]
    for step in outcome.steps:
        if step.case.process != process:
            continue
        covered = [parts[part] for part in step.covered if part in parts]
        yield from covered
        yield from (("state", name.partition(".decide ")[0]) for _, name in covered if ".decide " in name)
        yield from (("state", state) for state in plan.place(step.case.position).active)
        if "refused" not in step.record:
            yield from _told(step.record, guards)
    yield from (("event", f"{name} otherwise") for name in outcome.unheard)
    for of, action, rule in outcome.refusals:
        if of == process:
            yield ("guard", f"{action}.{rule} fails")
            yield ("refusal", f"{action} {rule}")


def _told(record: Mapping[str, Any], guards: Mapping[str, list[str]]) -> Iterator[Item]:
    """What the record of a step names, `guards` being those of each action."""
    if record["verb"] in ("do", "open", "tell"):
        name = "opening" if record["verb"] == "open" else record["name"]
        yield ("action", name)
        if "schedule" in record:
            yield ("schedule", record["schedule"])
        if "heard" in record:
            yield ("event", f"{record['heard']} heard")
        yield from (("guard", f"{name}.{guard} holds") for guard in guards.get(name, ()))
    elif record["verb"] == "timer":
        yield ("timer", record["name"])
    for clock, what, *detail in record.get("clocks", ()):
        if what == "threshold":
            yield ("threshold", f"{clock} {detail[0]}")
        elif what == "paused":
            yield from (("pause", f"{clock} {reason}") for reason in detail)

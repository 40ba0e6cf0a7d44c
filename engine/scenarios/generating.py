"""Scenarios for what none has seen: the ways a search has found, as few as show it all, as a file that passes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.core.plan import Library, Plan
from engine.scenarios.coverage import Item, Sights
from engine.scenarios.play import play
from engine.scenarios.script import Script, read_script
from engine.scenarios.search import Found, Search, Written
from engine.scenarios.trying import Dice
from engine.scenarios.writing import script_text
from engine.values import read_instant

START = "2026-03-02 09:00"
"""When the search begins: a Monday morning."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried, with which dice, and what is seen already."""

    tries: int
    dice: Dice
    seen: frozenset[Item] = frozenset()


@dataclass(frozen=True, slots=True)
class Unreached:
    """What was not come to, and why as far as can be told."""

    kind: str
    name: str
    tried: int  # how often its action was done all the same
    refused: tuple[tuple[str, int], ...] = ()  # by which rule its action was refused how often, the most frequent first


@dataclass(frozen=True, slots=True)
class Proposal:
    """The scenarios by their names, the file they make, and what they do not reach."""

    text: str
    names: tuple[str, ...]
    reached: int
    unreached: tuple[Unreached, ...]


def propose(plan: Plan, library: Library, effort: Effort) -> Proposal:
    """Search and write down what was found; every scenario proposed has been played and passes."""
    start = read_instant(START, plan.definition.desk.zone)
    found = Search(plan, library, start, effort.dice).run(effort.seen, effort.tries)
    chosen: dict[str, Sequence[Written]] = {}
    missing = set(Sights(plan).all) - effort.seen
    wanted = set(missing)
    for way, _ in sorted(found.ways, key=lambda one: -len(one[0])):  # a long way shows what short ones show, too
        shown = _shown(plan, library, _named({"a": way}, plan))
        if new := shown & missing:
            chosen[_name(sorted(new), chosen)] = way
            missing -= new
    unreached = tuple(_why(item, found) for item in sorted(missing))
    return Proposal(_named(chosen, plan) if chosen else "", tuple(chosen), len(wanted - missing), unreached)


def _named(scenarios: dict[str, Sequence[Written]], plan: Plan) -> str:
    return script_text(plan.definition.process, {}, {name: map(_ordered, way) for name, way in scenarios.items()})


_ORDER = ("at", "until", "schedule", "case", "open", "do", "as", "with", "facts", "refused", "expect")


def _ordered(step: Written) -> dict[str, Any]:
    return {key: step[key] for key in _ORDER if key in step}


def _shown(plan: Plan, library: Library, text: str) -> set[Item]:
    """What a scenario goes through when it is played; nothing where it does not pass."""
    script = _read(text)
    outcome = play(script.scenarios[0], script, library) if script is not None else None
    return Sights(plan).of(outcome) if outcome is not None and outcome.failure is None else set()


def _read(text: str) -> Script | None:
    return read_script(text, "proposed.scenarios.yaml")[0]


def _name(new: Sequence[Item], taken: Iterable[str]) -> str:
    """A sentence of what is new in a scenario."""
    kind, name = new[0]
    rest = f" and {len(new) - 1} more" if len(new) > 1 else ""
    told = f"reaches {kind} {name.replace('.', ' ')}{rest}"
    return told if told not in taken else f"{told}, again"


def _why(item: Item, found: Found) -> Unreached:
    kind, name = item
    action = name.split(".")[0].split(" ")[0]
    inner = [part for part in name.replace(" ", ".").split(".") if part in found.refused or part in found.done]
    about = action if action in found.refused or action in found.done else inner[0] if inner else ""
    refused = found.refused.get(about)
    return Unreached(kind, name, found.done[about], tuple(refused.most_common(3)) if refused else ())

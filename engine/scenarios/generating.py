"""Scenarios for what none has seen: the ways a search has found, as few as show it all, as a file that passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from engine.core.plan import Library, Plan
from engine.scenarios.coverage import Item, Sights
from engine.scenarios.kin import Way
from engine.scenarios.play import play
from engine.scenarios.script import Script, read_script
from engine.scenarios.search import Found, Search
from engine.scenarios.spots import Written
from engine.scenarios.trying import Dice
from engine.scenarios.writing import script_text
from engine.values import read_instant

START = "2026-03-02 09:00"
"""When the search begins: a Monday morning."""


PARENT = "parent"
"""The kind of what every child is proposed once, as long as none shows it: who opens it. It counts for no coverage."""


def in_english(item: Item, more: int) -> str:
    """Say what is reached."""
    kind, name = item
    if kind == PARENT:
        return f"is opened by {name}"
    return f"reaches {kind} {name.replace('.', ' ')}" + (f" and {more} more" if more else "")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried, with which dice, and what is seen already."""

    tries: int
    dice: Dice
    seen: frozenset[Item] = frozenset()
    parents: frozenset[Way] = frozenset()  # under whom a case was opened already
    told: Callable[[Item, int], str] = in_english  # a sentence of what a scenario shows, and of how much more


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
    search = Search(plan, library, start, effort.dice)
    found, given = search.run(effort.seen, effort.tries), {"register": search.register} if search.register else {}
    chosen: dict[str, Sequence[Written]] = {}
    missing = set(Sights(plan).all) - effort.seen
    wanted = set(missing)
    for way, _ in sorted(found.ways, key=lambda one: -len(one[0])):  # a long way shows what short ones show, too
        shown = _shown(plan, library, _named({"a": way}, plan, given))
        if new := shown & missing:
            chosen[_name(sorted(new), chosen, effort)] = way
            missing -= new
    shown_under = {*effort.parents, *(under for way in chosen.values() if (under := _parent(way)) is not None)}
    for under, way in found.parents.items():
        if not shown_under & {under, (under[0], "")}:
            chosen[_name([(PARENT, under[0])], chosen, effort)] = way
    unreached = tuple(_why(item, found) for item in sorted(missing))
    return Proposal(_named(chosen, plan, given) if chosen else "", tuple(chosen), len(wanted - missing), unreached)


def _named(scenarios: dict[str, Sequence[Written]], plan: Plan, given: Mapping[str, Any]) -> str:
    return script_text(plan.definition.process, given, {name: map(_ordered, way) for name, way in scenarios.items()})


_ORDER = ("at", "until", "schedule", "case", "open", "parent", "do", "hear", "as", "with", "facts", "refused", "expect")


def _ordered(step: Written) -> dict[str, Any]:
    return {key: step[key] for key in _ORDER if key in step}


def _shown(plan: Plan, library: Library, text: str) -> set[Item]:
    """What a scenario goes through when it is played; nothing where it does not pass."""
    script = _read(text)
    outcome = play(script.scenarios[0], script, library) if script is not None else None
    return Sights(plan).of(outcome) if outcome is not None and outcome.failure is None else set()


def _read(text: str) -> Script | None:
    return read_script(text, "proposed.scenarios.yaml")[0]


def _name(new: Sequence[Item], taken: Iterable[str], effort: Effort) -> str:
    """A sentence of what is new in a scenario; with a number where another has the same."""
    told = effort.told(new[0], len(new) - 1)
    return next(name for name in chain([told], (f"{told} ({number})" for number in count(2))) if name not in taken)


def _parent(way: Sequence[Written]) -> Way | None:
    """Who opens the case of a scenario, if it is a child."""
    under = way[0].get("parent")
    return None if under is None else (under["process"], under["as"])


def _why(item: Item, found: Found) -> Unreached:
    kind, name = item
    action = name.split(".")[0].split(" ")[0]
    inner = [part for part in name.replace(" ", ".").split(".") if part in found.refused or part in found.done]
    about = action if action in found.refused or action in found.done else inner[0] if inner else ""
    refused = found.refused.get(about)
    return Unreached(kind, name, found.done[about], tuple(refused.most_common(3)) if refused else ())

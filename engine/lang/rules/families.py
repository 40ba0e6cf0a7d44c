"""Rules about cases that open and tell one another, followed through every process of the folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.lang.build.cursor import Cursor
from engine.lang.build.others import Others
from engine.lang.build.outline import Outline
from engine.lang.rules.rule import Checked, Spot, rule
from engine.model import OpenCase, Tell

# -- opening -----------------------------------------------------------------------------------------------------------


@rule("opens-itself", "error")
def opens_itself(checked: Checked) -> Iterator[Spot]:
    """A process whose opening opens a case of its own kind, at once or by way of others."""
    definition, others = checked.definition, checked.known.others
    initial = definition.states.get(definition.initial)
    effects = [*definition.opening.then, *(initial.on_enter if initial is not None else ())]
    for effect in (part for part in effects if isinstance(part, OpenCase) and part.when is None):
        way = _opened_on_the_way(others, effect.process, definition.process)
        if way:
            shown = " → ".join(f"`{name}`" for name in (definition.process, *way))
            message = f"opening opens itself without end: {shown}"
            yield Spot(checked.value(effect, "open"), message, "let an action open it")


def _opened_on_the_way(others: Others, first: str, last: str) -> list[str]:
    """A shortest way on which opening one process opens another; nothing where it does not."""
    ahead, seen = [[first]], {first}
    for way in ahead:  # grows while it is walked
        if way[-1] == last:
            return way
        outline = others.outline(way[-1])
        for name in _opened_at_once(outline) if outline is not None else ():
            if name not in seen:
                seen.add(name)
                ahead.append([*way, name])
    return []


def _opened_at_once(outline: Outline) -> Iterator[str]:
    """The processes that an opening always opens."""
    opening = outline.root.get("opening")
    initial = outline.states.get(str(outline.root.plain.get("initial")))
    for effects in (opening.get("then") if opening else None, initial.get("on_enter") if initial else None):
        for effect in effects.items() if effects is not None else ():
            if effect.is_table and "open" in effect.plain and "if" not in effect.plain:
                yield str(effect.plain["open"])


@rule("facts-not-handed-on", "error")
def facts_not_handed_on(checked: Checked) -> Iterator[Spot]:
    """An `open` effect without the facts that the opening of the other process reads, or with other ones."""
    for effect in (part for part in checked.effects if isinstance(part, OpenCase)):
        near = checked.known.neighbours.get(effect.process)
        if near is None:
            continue
        reads = sorted(set(_FACT.findall(str(near.outline.root.plain.get("opening", "")))))
        for name in (name for name in reads if name not in effect.facts):
            message = f"opening `{effect.process}` reads the fact `{name}`, which is not handed on"
            mend = f"bring it with the action, and hand it on: `facts: [{name}]`; by time nobody brings any"
            yield Spot(checked.value(effect, "open"), message, mend)
        for name in effect.facts:
            span = checked.item(effect, "facts", name)
            if name not in reads:
                yield Spot(span, f"opening `{effect.process}` does not read the fact `{name}`", "take it away")
            elif _shape_of(near.outline, name) != _shape_of(checked.known.outline, name):
                message = f"`{name}` is declared otherwise by `{effect.process}`, where it is handed on"
                yield Spot(span, message, "declare it alike in both")


_FACT = re.compile(r"\bfacts\.([a-z][a-z0-9_]*)")


def _shape_of(outline: Outline, fact: str) -> Any:
    """What a fact may be, as it is written; labels apart."""
    return _without_labels(outline.root.plain.get("facts", {}).get(fact))


def _without_labels(written: Any) -> Any:
    if not isinstance(written, dict):
        return written
    return {key: _without_labels(value) for key, value in written.items() if key != "label"}


# -- telling -----------------------------------------------------------------------------------------------------------


def told_from_outside(checked: Checked) -> Iterator[str]:
    """The actions of this process that cases of other processes tell it to do."""
    process = checked.definition.process
    opens = {name for opened in checked.known.outline.links.values() for name in opened}
    for near in (neighbour.outline for neighbour in checked.known.neighbours.values()):
        links = {link for link, processes in near.links.items() if process in processes}
        for target, action in near.tells:
            reaches = target in links or (target == "children" and links)
            if reaches or (target == "parent" and near.process in opens):
                yield action


class _Told(NamedTuple):
    """An action of a process that is told, and which ways were taken to it: up, down, or elsewhere, as to itself."""

    process: str
    action: str
    ways: frozenset[str] = frozenset()


@rule("tell-cycle", "error")
def tell_cycle(checked: Checked) -> Iterator[Spot]:
    """An action that tells another case to do what makes it, at once or by way of others, tell this one again."""
    own = checked.definition.process
    for action in checked.acts:
        effects = [*action.then, *(effect for branch in action.to for effect in branch.then)]
        for effect in (part for part in effects if isinstance(part, Tell) and part.when is None):
            first = _receivers(checked.known.others, _Told(own, action.name), effect.target, effect.action)
            way = _way_back(checked.known.others, list(first), (own, action.name))
            if way:
                said = (f"`{name}`" + (f" of `{process}`" if process != own else "") for process, name, _ in way[:-1])
                message = f"`{action.name}` tells {', which tells '.join([*said, f'`{action.name}` again'])}"
                yield Spot(checked.value(effect, "do"), message, "give one of them an `if`")


def _way_back(others: Others, starts: list[_Told], home: tuple[str, str]) -> list[_Told]:
    """A shortest way to an action's own; one that only climbs, or only goes down, comes to an end by itself."""
    ahead, seen = [[start] for start in starts], set(starts)
    for way in ahead:  # grows while it is walked
        here = way[-1]
        if here[:2] == home and (len(here.ways) > 1 or "elsewhere" in here.ways):
            return way
        for target, action in _always_told(others.outline(here.process), here.action):
            for told in _receivers(others, here, target, action):
                if told not in seen:
                    seen.add(told)
                    ahead.append([*way, told])
    return []


def _receivers(others: Others, teller: _Told, target: str, action: str) -> Iterator[_Told]:
    """Whom an action tells, as far as they have an action of this name."""
    outline = others.outline(teller.process)
    if outline is None:
        return
    if target == "self":
        found = [(teller.process, "elsewhere")]
    elif target == "parent":
        found = [(name, "up") for name in others.opening(teller.process)]
    else:
        links = outline.links if target == "children" else {target: outline.links.get(target, ())}
        found = [
            (name, "elsewhere" if link in outline.keyed else "down")
            for link, opened in links.items()
            for name in opened
        ]
    for process, way in found:
        told = others.outline(process)
        if told is not None and action in told.actions:
            yield _Told(process, action, teller.ways | {way})


def _always_told(outline: Outline | None, action: str) -> Iterator[tuple[str, str]]:
    """What an action tells whenever it is done: the target and the action."""
    for _, cursor in outline.actions.get(action, ()) if outline is not None else ():
        yield from _told_in(cursor)


def _told_in(cursor: Cursor) -> Iterator[tuple[str, str]]:
    if cursor.is_table and "tell" in cursor.plain and "do" in cursor.plain:
        if "if" not in cursor.plain:
            yield str(cursor.plain["tell"]), str(cursor.plain["do"])
        return
    for child in [child for _, child in cursor.entries()] if cursor.is_table else cursor.items():
        yield from _told_in(child)


RULES = (opens_itself, facts_not_handed_on, tell_cycle)

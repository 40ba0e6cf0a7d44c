"""What a picture of a process shows: spots and ways between them, in one language, not yet placed.

A way that is open from many states would fill the picture with lines that say the same. It is drawn once, from a gate:
a spot that names the action and where it is possible. So is one that opens a closed case again, for it would cross
the whole picture. An action of which many ways lead on parts them at a spot of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from engine.chart.drawing import around
from engine.model import Action, Branch, ProcessDefinition, State, Whos
from engine.words.conditions import briefly
from engine.words.speech import Speech
from engine.words.times import timer_said

SpotKind = Literal["start", "state", "group", "parallel", "gate", "choice", "done", "failed", "cancelled", "region"]
WayKind = Literal["person", "time", "self"]

START = "*"
"""Where a case comes from; no state can have this name."""

_MANY = 2
"""From more states than these an action gets a gate, and with more ways than these a spot where they part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A state, a group of states, the start, a gate, or where the ways of an action part."""

    name: str  # of the state; of a gate where its action is written and what it is called
    kind: SpotKind
    label: str
    lines: tuple[str, ...] = ()  # smaller, below the label
    parent: str = ""
    is_active: bool = False
    near: str = ""  # of a gate: a state from which it is open
    size: tuple[float, float] | None = None  # width and height in px; unsaid, its texts say


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way from one spot to another, and what leads along it."""

    source: str
    target: str
    kind: WayKind
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A whole process, groups before what they hold."""

    title: str
    spots: tuple[Spot, ...]
    ways: tuple[Way, ...]
    speech: Speech


_LONGEST = 72  # signs of a condition that is written out


def picture_of(definition: ProcessDefinition, language: str, active: Iterable[str] = ()) -> Picture:
    """The picture of a process; `active` are the states in which a case is, groups not named."""
    speech = Speech(definition, language)
    states = definition.states
    here = {name for leaf in active if leaf in states for name in (leaf, *around(states, leaf))}
    pieces = [*_gates(speech), *_ways(speech)]
    spots = [_spot(speech, state, state.name in here) for state in states.values()]
    opened = speech.say("opened_by", who=speech.people(definition.opening.by))
    start = Spot(name=START, kind="start", label="")
    first = Way(source=START, target=definition.initial, kind="person", labels=(opened,))
    ways = (first, *(piece for piece in pieces if isinstance(piece, Way)))
    more = (piece for piece in pieces if isinstance(piece, Spot))
    label = speech.said(definition.label, definition.process)
    title = speech.say("bracketed", text=label, inside=speech.say("version", number=definition.version))
    return Picture(title=title, spots=(start, *spots, *more), ways=tuple(merged(ways)), speech=speech)


def merged(ways: Iterable[Way]) -> Iterator[Way]:
    """One way where several of one kind lead the same way."""
    found: dict[tuple[str, str, str], Way] = {}
    for way in ways:
        key = (way.source, way.target, way.kind)
        known = found.get(key)
        labels = way.labels if known is None else tuple(dict.fromkeys((*known.labels, *way.labels)))
        found[key] = replace(way, labels=labels)
    yield from found.values()


def innermost(parents: Mapping[str, str], one: str, other: str) -> str:
    """The innermost frame around both of two spots; "" where there is none."""
    above = set(_frames(parents, one))
    return next((name for name in _frames(parents, other) if name in above), "")


def _frames(parents: Mapping[str, str], name: str) -> Iterator[str]:
    while name := parents[name]:
        yield name


# -- states ------------------------------------------------------------------------------------------------------------


def _spot(speech: Speech, state: State, is_active: bool) -> Spot:
    label = speech.said(state.label, state.name)
    kind: SpotKind = "group" if state.children else "state"
    if state.parallel:
        kind, label = "parallel", speech.say("side_by_side", label=label)
    elif state.final is not None:
        kind = state.final
    lines = (*([speech.say("here")] if is_active and not state.children else []), *_lines(speech, state))
    return Spot(name=state.name, kind=kind, label=label, lines=lines, parent=state.parent, is_active=is_active)


def _lines(speech: Speech, state: State) -> Iterator[str]:
    if state.final is not None:
        yield speech.say(state.final)
    if state.waiting_on:
        yield speech.say("waits_on", who=speech.people(_everybody(state.waiting_on)))
    for action in _actions_here(speech.definition, state.name):
        if any(branch.value == "previous" for branch in action.to):
            yield speech.say("goes_back", action=speech.said(action.label, action.name))
    for timer in state.timers.values():
        if any(branch.value == "previous" for branch in timer.to):
            yield speech.say("goes_back", action=timer_said(speech, timer))


def _everybody(branches: Iterable[Branch[Whos]]) -> Whos:
    """Everybody whom one of these branches names."""
    return tuple(dict.fromkeys(who for branch in branches for who in branch.value))


def _actions_here(definition: ProcessDefinition, name: str) -> Iterator[Action]:
    yield from (one for one in definition.actions.values() if name in one.places)
    yield from definition.states[name].actions.values()


# -- gates -------------------------------------------------------------------------------------------------------------

Piece: TypeAlias = "Spot | Way"


def _gates(speech: Speech) -> Iterator[Piece]:
    """A gate for every action open from many states: of the top, of a whole group, or one that opens a case again."""
    definition = speech.definition
    for action in definition.actions.values():
        places = open_places(definition, action)
        if len(places) > _MANY:
            near = max((name for name in places), key=list(definition.states).index) if action.places else ""
            yield from _gate(speech, action, places_said(speech, places), near)
    for state in definition.states.values():
        for action in state.actions.values():
            if state.children:
                where = speech.say("from_inside", group=speech.quoted(speech.state(state.name)))
                yield from _gate(speech, action, where, "")
            elif state.final:
                yield from _gate(speech, action, speech.say("from_states", states=speech.state(state.name)), "")


def _gate(speech: Speech, action: Action, where: str, near: str) -> Iterator[Piece]:
    targets = _targets(action.to)
    if not targets:
        return
    name = f"{action.state}>{action.name}"
    parents = {speech.definition.states[branch.value].parent for branch in targets}
    parent = parents.pop() if len(parents) == 1 else ""
    label = _called(speech, action)
    yield Spot(name=name, kind="gate", label=label, lines=(where,), parent=parent, near=near)
    for branch in targets:
        yield Way(source=name, target=branch.value, kind="person", labels=_when(speech, action.to, branch))


def open_places(definition: ProcessDefinition, action: Action) -> frozenset[str]:
    """The states in which a top action is possible; where it names none, every one that is not final."""
    if action.places:
        return action.places
    states = definition.states
    return frozenset(
        name
        for name, state in states.items()
        if not state.final and action.name not in state.actions and action.name not in state.removed
    )


def places_said(speech: Speech, places: frozenset[str]) -> str:
    """Where an action is possible: in every open state, in all but a few, or in some."""
    states = speech.definition.states
    open_ones = [name for name, state in states.items() if not state.final and not state.children]
    inside = [name for name in open_ones if name in places or any(up in places for up in around(states, name))]
    rest = [name for name in open_ones if name not in inside]
    if not rest:
        return speech.say("from_any")
    if len(rest) <= _MANY:
        return speech.say("from_any_but", states=speech.listed(speech.state(name) for name in rest))
    named = [name for name in states if name in places]
    return speech.say("from_states", states=speech.listed(speech.state(name) for name in named))


# -- ways --------------------------------------------------------------------------------------------------------------


def _ways(speech: Speech) -> Iterator[Piece]:
    definition = speech.definition
    for action in definition.actions.values():
        places = open_places(definition, action)
        if len(places) <= _MANY:
            for place in (name for name in definition.states if name in places):
                yield from _action_ways(speech, action, place)
    for state in definition.states.values():
        if not state.children and not state.final:
            for action in state.actions.values():
                yield from _action_ways(speech, action, state.name)
        yield from _own_ways(speech, state)


def _action_ways(speech: Speech, action: Action, place: str) -> Iterator[Piece]:
    label = _called(speech, action)
    targets = _targets(action.to)
    if len(targets) > _MANY:
        name = f"{place}>{action.name}"
        yield Spot(name=name, kind="choice", label=label, parent=speech.definition.states[place].parent, near=place)
        yield Way(source=place, target=name, kind="person", labels=())
        for branch in targets:
            yield Way(source=name, target=branch.value, kind="person", labels=_when(speech, action.to, branch))
        return
    for branch in targets:
        said = _joined(speech, label, _when(speech, action.to, branch))
        yield Way(source=place, target=branch.value, kind="person", labels=(said,))


def _called(speech: Speech, action: Action) -> str:
    """What leads along the way: the action, and the events of other systems that do it."""
    label = speech.said(action.label, action.name)
    events = [one.name for one in speech.definition.incoming.values() if one.action == action.name]
    return speech.say("or_heard", action=label, events=speech.listed(events)) if events else label


def _own_ways(speech: Speech, state: State) -> Iterator[Way]:
    """What happens to a state without anybody's action."""
    for timer in state.timers.values():
        for branch in _targets(timer.to):
            said = _joined(speech, timer_said(speech, timer), _when(speech, timer.to, branch))
            yield Way(source=state.name, target=branch.value, kind="time", labels=(said,))
    for branches, otherwise in ((state.decide, "by_itself"), (state.done, "all_done")):
        for branch in _targets(branches):
            labels = _when(speech, branches, branch) or (speech.say(otherwise),)
            yield Way(source=state.name, target=branch.value, kind="self", labels=labels)


def _targets(branches: Iterable[Branch[str]]) -> list[Branch[str]]:
    return [branch for branch in branches if branch.value not in ("stay", "previous")]


def _when(speech: Speech, branches: tuple[Branch[str], ...], branch: Branch[str]) -> tuple[str, ...]:
    """On what condition a branch is taken; nothing where there is only one."""
    if branch.when is not None:
        return (briefly(speech, branch.when, _LONGEST),)
    return (speech.say("otherwise"),) if len(branches) > 1 else ()


def _joined(speech: Speech, text: str, more: tuple[str, ...]) -> str:
    return speech.say("bracketed", text=text, inside=more[0]) if more else text

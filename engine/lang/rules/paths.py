"""Ways of a case told apart by what was set and done: what asks for a field or needs an action comes only after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from engine.chart.drawing import Way
from engine.lang.build.changes import Fields, asked
from engine.lang.rules.walks import Step, Walks
from engine.model import AppendTo, ClearFields, Effect, Form, ProcessDefinition, SetFields

MOST_SPOTS = 20_000
NOTHING: Fields = frozenset()


class Spot(NamedTuple):
    """A position, and what may be set and done there: fields some condition asks for, `state.action` of a checklist."""

    position: int
    set: Fields


class _Needs(NamedTuple):
    """The fields a way needs: every one of some, and one of others."""

    every: Fields
    some: Fields

    def are_met(self, fields: Fields) -> bool:
        """Whether these fields are enough."""
        return self.every <= fields and (not self.some or not self.some.isdisjoint(fields))


class Paths:
    """The ways of a case. A field that may be set counts as set: so no way that exists is missed."""

    def __init__(self, definition: ProcessDefinition, walks: Walks) -> None:
        self.definition = definition
        self.walks = walks
        initial = walks.active(0) if walks.positions else frozenset()
        self.opening = Step("opening", -1, 0, (), initial)
        self._known: dict[Spot, list[tuple[Step, Spot]]] = {}
        self._needs = {way: _Needs(_asked(way), _actors(way)) for step in walks.steps for way in step.ways}
        self._tracked = frozenset().union(*(needs.every | needs.some for needs in self._needs.values()))
        self._changes: dict[int, tuple[tuple[Fields, Fields], ...]] = {}  # by the step's id; steps live as long as this
        self._onward: dict[int, list[Step]] = {}
        for step in walks.steps:
            self._onward.setdefault(step.source, []).append(step)

    def way(self, starts: Callable[[Step], bool], blocked: Fields, ends: set[int]) -> list[Step]:
        """A shortest way to one of the ends, from a step that starts something, keeping clear of some names."""
        came: dict[Spot, tuple[Step, Spot | None]] = {}
        for step, spot in self._steps:
            if spot not in came and starts(step) and step.entered.isdisjoint(blocked):
                came[spot] = (step, None)
        ahead = list(came)
        for spot in ahead:  # grows while it is walked
            if spot.position in self.walks.finals:
                if spot.position in ends and came[spot][1] is not None:
                    return _back(spot, came)
                continue
            for step, following in self._from(spot):
                if following not in came and not _meets(step, blocked):
                    came[following] = (step, spot)
                    ahead.append(following)
        return []

    @cached_property
    def _steps(self) -> list[tuple[Step, Spot]]:
        """Every step that can be taken, with what is set after it."""
        first = Spot(0, self._after(self.opening, frozenset()))
        found, ahead, seen = [(self.opening, first)], [first], {first}
        for spot in ahead:
            for step, following in self._from(spot):
                found.append((step, following))
                if following not in seen and len(seen) < MOST_SPOTS:
                    seen.add(following)
                    ahead.append(following)
        return found

    def _from(self, spot: Spot) -> list[tuple[Step, Spot]]:
        if spot not in self._known:
            self._known[spot] = [
                (step, Spot(step.target, self._after(step, spot.set)))
                for step in self._onward.get(spot.position, ())
                if all(self._needs[way].are_met(spot.set) for way in step.ways)
            ]
        return self._known[spot]

    def _after(self, step: Step, fields: Fields) -> Fields:
        """What may be set after a step."""
        if id(step) not in self._changes:
            self._changes[id(step)] = self._change(step)
        for set_, cleared in self._changes[id(step)]:
            fields = (fields | set_) - cleared
        return fields

    def _change(self, step: Step) -> tuple[tuple[Fields, Fields], ...]:
        """What a step sets and clears, one after the other, of what is tracked."""
        acts = [way.action for way in step.ways if way.action is not None]
        forms = [act.form for act in acts] or ([self.definition.opening.form] if step is self.opening else [])
        asked = frozenset(name for form in forms for name in form.require + form.allow)
        changes = [self._ticked(step), (asked, NOTHING), *map(_done, chain.from_iterable(self._effects(step)))]
        tracked = ((set_ & self._tracked, cleared & self._tracked) for set_, cleared in changes)
        return tuple(change for change in tracked if any(change))

    def _ticked(self, step: Step) -> tuple[Fields, Fields]:
        """What a step does is ticked on every checklist that needs it; those of the states it enters begin anew."""
        lists = [name for name in self._tracked if "." in name]
        anew = frozenset(name for name in lists if name.partition(".")[0] in step.entered)
        return frozenset(name for name in lists if name.endswith(f".{step.event}")), anew

    def _effects(self, step: Step) -> Iterator[Iterable[Effect]]:
        for way in step.ways:
            yield way.action.then if way.action else way.timer.then if way.timer else ()
            yield way.branch.then
        yield from (self.definition.states[state].on_enter for state in sorted(step.entered))
        if step is self.opening:
            yield self.definition.opening.then


def _back(spot: Spot, came: Mapping[Spot, tuple[Step, Spot | None]]) -> list[Step]:
    """The steps by which a spot was reached, the first one first."""
    way: list[Step] = []
    here: Spot | None = spot
    while here is not None:
        step, here = came[here]
        way.append(step)
    return way[::-1]


def _meets(step: Step, names: Fields) -> bool:
    """Whether a step does or enters one of some names."""
    return step.event in names or not step.entered.isdisjoint(names)


def _asked(way: Way) -> Fields:
    """The fields that must have been set, and the actions done, before a way is taken."""
    needs = [f"{way.action.state}.{need}" for need in way.action.needs] if way.action is not None else []
    conditions = [guard.must.text for guard in way.action.guards] if way.action is not None else []
    before = frozenset(name for condition in conditions for name in asked(condition))
    chosen = asked(way.branch.when.text) if way.branch.when is not None else frozenset()
    form = way.action.form if way.action is not None else Form()
    return before.union(needs, chosen.difference(form.require, form.allow))


def _actors(way: Way) -> Fields:
    """The fields of which one must name somebody, or nobody can do the action."""
    by = way.action.by if way.action is not None else ()
    return frozenset(who.name for who in by) if all(who.kind == "field" for who in by) else frozenset()


def _done(effect: Effect) -> tuple[Fields, Fields]:
    """What an effect may set, and what it surely clears."""
    if isinstance(effect, (SetFields, AppendTo)):
        return frozenset(effect.values), NOTHING
    if isinstance(effect, ClearFields) and effect.when is None:
        return NOTHING, frozenset(effect.names)
    return NOTHING, NOTHING

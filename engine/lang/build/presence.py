"""Which fields are surely set where: what every way to a state has asked for or set, and nothing on it has cleared.

Worked out on the outline before any expression is compiled, since compiling asks for it. Wherever something cannot be
known it counts as unset: then the finding says how to guard the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from engine.lang.build.changes import (
    STAYING,
    Change,
    Changes,
    Fields,
    applied,
    asked,
    changes_of,
    form_changes,
    guard_changes,
)
from engine.lang.build.cursor import Cursor, flag, names_in, text_of
from engine.lang.build.outline import Outline


@dataclass(frozen=True, slots=True)
class _Way:
    """One branch of something that moves a case."""

    sources: tuple[str, ...]  # leaves
    target: str  # a state, `stay` or `previous`
    home: str  # the state in which it is written; "" is the top
    before: Changes  # by form, guards and the branch's condition: when it is decided whose turn it is
    after: Changes  # by effects
    is_decide: bool = False
    name: str = ""  # of the action or timer; "" moves by itself
    regions: tuple[tuple[str, ...], ...] = ()  # of `done`: the leaves that end each region


@dataclass(frozen=True, slots=True)
class Presence:
    """The fields surely set at the places of a process."""

    outline: Outline
    inside: Mapping[str, Fields]  # leaf → while the case is there
    entered: Mapping[str, Fields]  # leaf → when its `on_enter` begins
    waited: Mapping[str, Fields]  # leaf → when it is decided whose turn it is
    without: Mapping[tuple[str, str], str]  # leaf and field → what first brings a case there without it

    def brought_without(self, field: str, *states: str) -> tuple[str, str] | None:
        """By what a case may come to one of these states, or stay there, without a field: that, and where it comes."""
        leaves = [leaf for state in states for leaf in self.outline.leaves(state)] if states else self._open()
        return next(((by, leaf) for leaf in leaves if (by := self.without.get((leaf, field)))), None)

    def during(self, *states: str) -> Fields:
        """While the case is in any of these states; none named: in any that is not final."""
        return self._all(self.inside, states)

    def entering(self, state: str) -> Fields:
        """When a state has been entered and nothing more has happened."""
        return self._all(self.entered, (state,))

    def waiting(self, state: str) -> Fields:
        """Whenever it is decided whose turn it is in a state."""
        return self._all(self.waited, (state,))

    def ended(self, state: str) -> Fields:
        """When every region of a state has ended: what any of them has set is set."""
        regions = [_ends(self.outline, region) for region in self.outline.inside(state)]
        if not all(regions):
            return self.during(state)
        return frozenset().union(*(self._all(self.inside, ends) for ends in regions))

    def ever(self) -> Fields:
        """In every state, final ones too."""
        return self._all(self.inside, self.outline.leaves())

    def _all(self, known: Mapping[str, Fields], states: tuple[str, ...]) -> Fields:
        leaves = [leaf for state in states for leaf in self.outline.leaves(state)] if states else self._open()
        found = [known[leaf] for leaf in leaves if leaf in known]
        return frozenset.intersection(*found) if found else frozenset()

    def _open(self) -> list[str]:
        return [leaf for leaf in self.outline.leaves() if not self.outline.is_final(leaf)]


def presence_of(outline: Outline, fields: Iterable[str]) -> Presence:
    """Work out what is surely set where."""
    return _Flow(outline, frozenset(fields)).run()


class _Flow:
    """The ways of a process, followed until nothing changes any more."""

    def __init__(self, outline: Outline, fields: Fields) -> None:
        self.outline = outline
        self.leaves = outline.leaves()
        self.ways = list(_ways(outline))
        start = dict.fromkeys(self.leaves, fields)
        self.inside, self.entered, self.waited = dict(start), dict(start), dict(start)
        self.on_enter = {name: changes_of(cursor.get("on_enter")) for name, cursor in outline.states.items()}
        self.before = _left_behind(self.ways, self)
        self.cleared = _cleared_between(self.ways, self)
        self.lost = _lost_any_time(outline, self.ways)
        self.without: dict[tuple[str, str], str] = {}
        self.by = "opening"  # what is being followed
        self.changed: dict[str, None] = dict.fromkeys(self.leaves)  # leaves whose ways must be followed again
        self.ways_of: dict[str, list[_Way]] = {}
        for way in self.ways:
            for leaf in (leaf for region in way.regions for leaf in region) if way.regions else way.sources:
                self.ways_of.setdefault(leaf, []).append(way)

    def run(self) -> Presence:
        self._open()
        while self.changed:
            leaf = next(iter(self.changed))
            del self.changed[leaf]
            for way in self.ways_of.get(leaf, ()):
                self.by = way.name
                if way.regions:
                    self._join(way)
                else:
                    self._follow(way, leaf, self.inside[leaf])
        return Presence(self.outline, self.inside, self.entered, self._decided_anew(), self.without)

    def _decided_anew(self) -> dict[str, Fields]:
        """Where whose turn it is is decided: in a region also while the case stays there and another region moves."""
        beside = {
            leaf
            for name, cursor in self.outline.states.items()
            if flag(cursor, "parallel")
            for leaf in self.outline.leaves(name)
        }
        return {leaf: at & self.inside[leaf] if leaf in beside else at for leaf, at in self.waited.items()}

    def _open(self) -> None:
        opening = self.outline.root.get("opening")
        initial = text_of(self.outline.root.get("initial"))
        if opening is None:
            return
        given = applied(form_changes(opening), frozenset())
        then = changes_of(opening.get("then"))
        for leaf in self.entering(initial, ""):
            cursor = self.outline.states[leaf]
            sure = then if cursor.get("decide") is None else [c for c in then if c.kind != "set"]
            entered = self._entered(leaf, "", given)
            self._arrive(leaf, given, entered)
            self._meet(self.inside, leaf, applied(sure, applied(self.on_enter[leaf], entered)))

    def _join(self, way: _Way) -> None:
        """All regions have ended: what any of them has set is set."""
        ends = (frozenset.intersection(*(self.inside[leaf] for leaf in region)) for region in way.regions)
        self._follow(way, way.sources[0], frozenset().union(*ends))

    def _follow(self, way: _Way, source: str, fields: Fields) -> None:
        decided = applied(way.before, fields)
        done = applied(way.after, decided)
        if way.target == "stay":
            self._meet(self.inside, source, done)
            self._meet(self.waited, source, decided)
        elif way.target == "previous":
            state = way.home or source
            for leaf in self.before.get(state, ()):
                # What was set when the leaf was left still is, unless something has cleared it since.
                still = self.inside[leaf] - self.cleared.get(state, frozenset())
                self._meet(self.waited, leaf, applied(way.before, fields | still))
                self._meet(self.inside, leaf, applied(way.after, applied(way.before, fields | still)))
        else:
            for leaf in self.entering(way.target, source):
                self._arrive(leaf, decided, self._entered(leaf, source, done))

    def _entered(self, leaf: str, source: str, fields: Fields) -> Fields:
        """What is set once the groups around a leaf are entered; one that is perhaps not left only clears."""
        for group in reversed([*self.outline.around(leaf)]):
            is_entered = not source or (group != source and group not in self.outline.around(source))
            fields = applied((c for c in self.on_enter[group] if is_entered or c.kind == "clear"), fields)
        return fields

    def _arrive(self, leaf: str, decided: Fields, entered: Fields) -> None:
        self._meet(self.waited, leaf, decided)
        self._meet(self.entered, leaf, entered)
        self._meet(self.inside, leaf, applied(self.on_enter[leaf], entered))

    def _meet(self, known: dict[str, Fields], leaf: str, fields: Fields) -> None:
        met = (known[leaf] & fields) - self.lost.get(leaf, frozenset())
        if met != known[leaf]:
            if known is self.inside and self.by:
                for field in known[leaf] - met:
                    self.without.setdefault((leaf, field), self.by)
            known[leaf] = met
            self.changed[leaf] = None

    def entering(self, target: str, source: str) -> Iterator[str]:
        """The leaves that may be active after going to a state."""
        outline = self.outline
        if target not in outline.states:
            return
        yield from self._down(target)
        inner = target
        for group in outline.around(target):
            is_inside = source and (source == group or group in outline.around(source))
            if flag(outline.states[group], "parallel") and not is_inside:
                for region in outline.inside(group):
                    if region != inner:
                        yield from self._down(region)
            inner = group

    def _down(self, state: str) -> Iterator[str]:
        outline = self.outline
        children = outline.inside(state)
        if not children:
            yield state
        elif flag(outline.states[state], "parallel"):
            for region in children:
                yield from self._down(region)
        else:
            initial = text_of(outline.states[state].get("initial"))
            yield from self._down(initial) if initial in children else outline.leaves(state)


def _left_behind(ways: list[_Way], flow: _Flow) -> dict[str, set[str]]:
    """For each state that returns the leaves that it may enter again."""
    outline = flow.outline
    returning = {
        state for way in ways if way.target == "previous" for state in ([way.home] if way.home else way.sources)
    }
    if not returning:
        return {}
    came: dict[str, set[str]] = {}
    for way in ways:
        if way.target in STAYING:
            continue
        for source in way.sources:
            for leaf in flow.entering(way.target, source):
                for state in (leaf, *outline.around(leaf)):
                    if source != state and state not in outline.around(source):
                        came.setdefault(state, set()).add(source)
    deciding = {source for way in ways if way.is_decide for source in way.sources}
    return {state: _behind(state, came, deciding) for state in sorted(returning)}


def _behind(state: str, came: Mapping[str, set[str]], deciding: set[str]) -> set[str]:
    """What a state remembers: the leaves left, in place of `decide` states those left when they were entered."""
    found: set[str] = set()
    seen: set[str] = set()
    ahead = list(came.get(state, ()))
    while ahead:
        leaf = ahead.pop()
        if leaf in seen:
            continue
        seen.add(leaf)
        if leaf in deciding:
            ahead += came.get(leaf, ())
        else:
            found.add(leaf)
    return found


def _cleared_between(ways: list[_Way], flow: _Flow) -> dict[str, Fields]:
    """For each state that returns: what may be cleared between leaving what it remembers and entering that again."""
    found: dict[str, Fields] = {}
    for state in flow.before:
        # Only states that return to this one, or to one of those, can come between.
        between = {state, *flow.outline.leaves(state)}
        while more := {s for s, left in flow.before.items() if s not in between and left & between}:
            between |= more.union(*(flow.outline.leaves(s) for s in more))
        gone = [_gone(way) for way in ways if way.is_decide or _moves_within(way, between, flow)]
        entered = {name for leaf in between for name in (leaf, *flow.outline.around(leaf))}
        gone += [
            frozenset(c.field for c in flow.on_enter[name] if c.kind != "set")
            for name in entered & flow.on_enter.keys()
        ]
        found[state] = frozenset().union(*gone)
    return found


def _moves_within(way: _Way, between: set[str], flow: _Flow) -> bool:
    """Whether a way may be taken on the way to a state that returns, or in it."""
    if way.target in STAYING:
        return not between.isdisjoint(way.sources)
    entered = {leaf for source in way.sources for leaf in flow.entering(way.target, source)}
    return any(state in between for leaf in entered for state in (leaf, *flow.outline.around(leaf)))


def _gone(way: _Way) -> Fields:
    """The fields a way may clear."""
    return frozenset(change.field for change in (*way.before, *way.after) if change.kind != "set")


def _lost_any_time(outline: Outline, ways: list[_Way]) -> dict[str, Fields]:
    """What may be cleared in a leaf by something that is not a way from it: thresholds, and the other regions."""
    lost: dict[str, Fields] = dict.fromkeys(outline.leaves(), _lost_at_thresholds(outline))
    groups = [name for name, cursor in outline.states.items() if flag(cursor, "parallel")]
    cleared = _cleared(outline, ways) if groups else {}
    for group in groups:
        regions = [outline.leaves(region) for region in outline.inside(group)]
        for region in regions:
            others = {leaf for other in regions if other is not region for leaf in other}
            beside = frozenset().union(*(cleared.get(leaf, ()) for leaf in others))
            lost.update({leaf: lost[leaf] | beside for leaf in region})
    return lost


def _lost_at_thresholds(outline: Outline) -> Fields:
    tables = [table for key in ("ladders", "clocks") if (table := outline.root.get(key)) is not None]
    rungs = [rung for table in tables for _, cursor in table.entries() for rung in _rungs(cursor)]
    return frozenset(change.field for rung in rungs for change in changes_of(rung.get("then")) if change.kind != "set")


def _cleared(outline: Outline, ways: list[_Way]) -> dict[str, set[str]]:
    """What may be cleared by leaving a leaf, or by entering it."""
    cleared: dict[str, set[str]] = {}
    for way in ways:
        for source in way.sources:
            cleared.setdefault(source, set()).update(_gone(way))
    for name, cursor in outline.states.items():
        gone = {change.field for change in changes_of(cursor.get("on_enter")) if change.kind != "set"}
        for leaf in outline.leaves(name):
            cleared.setdefault(leaf, set()).update(gone)
    return cleared


def _rungs(cursor: Cursor) -> Iterator[Cursor]:
    """The thresholds of a clock, or those of a ladder."""
    return (cursor.get("thresholds") or cursor).items()


# -- every way there is ------------------------------------------------------------------------------------------------


def _ways(outline: Outline) -> Iterator[_Way]:
    still = tuple(leaf for leaf in outline.leaves() if not outline.is_final(leaf))
    for home, action in (written for places in outline.actions.values() for written in places):
        named = names_in(action.get("in"))
        leaves = [leaf for name in named for leaf in outline.leaves(name)] if named else still
        sources = _leaves_of(outline, home) if home else tuple(dict.fromkeys(leaves))
        changes = (*guard_changes(action), *form_changes(action))
        yield from _named(str(action.path[-1]), _branches(action, "to", sources, home, changes))
    for name, state in outline.states.items():
        sources = _leaves_of(outline, name)
        timers = state.get("timers")
        for key, timer in timers.entries() if timers else ():
            condition = tuple(Change("set", field) for field in sorted(asked(text_of(timer.get("if")))))
            yield from _named(key, _branches(timer, "to", sources, name, condition))
        if state.get("decide") is not None:
            yield from _branches(state, "decide", sources, name, ())
        if state.get("done") is not None:
            regions = tuple(_ends(outline, region) for region in outline.inside(name))
            joined = regions if all(regions) else ()
            yield from (replace(way, regions=joined) for way in _branches(state, "done", sources, name, ()))


def _named(name: str, ways: Iterator[_Way]) -> Iterator[_Way]:
    return (replace(way, name=name) for way in ways)


def _ends(outline: Outline, region: str) -> tuple[str, ...]:
    """The leaves that end a region."""
    finals = (outline.states[leaf].get("final") for leaf in outline.leaves(region))
    leaves = zip(outline.leaves(region), finals, strict=True)
    return tuple(leaf for leaf, final in leaves if final is not None and final.plain is True)


def _leaves_of(outline: Outline, state: str) -> tuple[str, ...]:
    """The leaves in which what is written in a state is offered."""
    leaves = outline.leaves(state)
    return leaves if leaves == (state,) else tuple(leaf for leaf in leaves if not outline.is_final(leaf))


def _branches(cursor: Cursor, key: str, sources: tuple[str, ...], home: str, before: Changes) -> Iterator[_Way]:
    to = cursor.get(key)
    then = changes_of(cursor.get("then")) if key == "to" else ()
    if to is None or to.is_scalar:
        yield _Way(sources, text_of(to) or "stay", home, before, then, key == "decide")
        return
    for branch in to.items():
        holds = tuple(Change("set", field) for field in sorted(asked(text_of(branch.get("if")))))
        effects = (*then, *changes_of(branch.get("then")))
        yield _Way(sources, text_of(branch.get("is")), home, (*before, *holds), effects, key == "decide")

"""A drawn chart as the YAML of a process. What the language does not say is named, never dropped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.conversion.drawn import Drawn, Node, Unsaid, Way
from engine.conversion.leaving import Raised, entered_anew, raised_around, raised_side_by_side
from engine.conversion.naming import TAKEN, Names
from engine.hours import format_duration

_DONE = "done.state."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the chart does not say of the process: its name, and of its desk the languages and who acts."""

    process: str
    languages: tuple[str, ...] = ("en",)
    role: str = "agent"
    title: str = ""  # what people call it; unsaid, its name


@dataclass(frozen=True, slots=True)
class Written:
    """The process, and what it does not say of the chart."""

    yaml: str
    unsaid: tuple[Unsaid, ...]
    states: dict[str, str]  # id in the chart → name in the process
    events: dict[str, str]
    roles: dict[str, str]  # role of the chart → name; none where the chart says nobody


def written(drawn: Drawn, wanted: Wanted) -> Written:
    """Write a chart as a process."""
    return _Writer(drawn, wanted).write()


class _Writer:
    """Lines of YAML, state by state."""

    def __init__(self, drawn: Drawn, wanted: Wanted) -> None:
        self.root = drawn.root
        self.wanted = wanted
        self.unsaid = list(drawn.unsaid)
        self.nodes = {node.id: node for node in self.root.all()}
        states = [node.id for node in self.root.all() if not node.is_history]
        leaves = [state.rpartition(".")[2] for state in states]
        self.short = {s: leaf if leaves.count(leaf) == 1 else s for s, leaf in zip(states, leaves, strict=True)}
        self.state_names, self.tracks = Names(TAKEN), Names(TAKEN)
        for state in states:
            self.name(state)
        self.event_names = Names(TAKEN | set(self.state_names.found.values()), "action")
        self.role_names = Names(TAKEN, "role")
        self.tracked: dict[Node, str] = {}  # history state → field that remembers for it
        self.ended: dict[str, list[Way]] = {}  # group → where it leads when it has come to its end
        self.handled: set[str] = set()  # events that something waits for
        self.sources = {id(way): node for node in self.root.all() for way in node.ways}
        self.lines: list[str] = []

    def write(self) -> Written:
        """The whole process."""
        self._sort_out()
        self._head()
        for node in self.root.states():
            self._state(node, 1)
        states = {state: self.name(state) for state in self.short}
        events = dict(self.event_names.found)
        yaml, found = "\n".join(self.lines) + "\n", self.role_names.found
        roles = dict(found) if set(found) - {self.wanted.role} else {}
        return Written(yaml, tuple(self.unsaid), states, events, roles)

    def name(self, state: str) -> str:
        """The name of a state."""
        return self.state_names.of(self.short.get(state, state))

    # -- before anything is written ------------------------------------------------------------------------------------

    def _sort_out(self) -> None:
        """Take out what is not said, so that nothing written leads nowhere."""
        for way in self.root.ways:
            self._note(way.line, f"a transition of the whole chart on `{way.event}`")
        for node in [*self.root.all()]:
            if not node.is_history:
                node.ways = [way for way in node.ways if self._is_said(node, way)]
        self._take_out_ends()
        self.handled = self._handled()
        for node in self.root.all():
            node.exits = tuple(event for event in node.exits if event in self.handled)
        for line, what in raised_side_by_side(self.root):
            self._note(line, what)
        self._note_families()

    def _take_out_ends(self) -> None:
        """Take out what waits for the end of a group: that is said with the group."""
        for node in [*self.root.all()]:
            for way in [way for way in node.ways if way.event.startswith(_DONE)]:
                node.ways.remove(way)
                self._end(node, way)

    def _note_families(self) -> None:
        """Note the transitions that wait for every event whose name begins so, where there are others."""
        for way in (way for node in self.root.all() for way in node.ways if way.event):
            if any(other.startswith(f"{way.event}.") for other in self.handled):
                self._note(way.line, f"that `{way.event}` stands for every event whose name begins so")

    def _is_said(self, node: Node, way: Way) -> bool:
        missing = [target for target in way.targets if target not in self.nodes]
        guarded = [state for state in re.findall(r"\{([^}]+)\}", way.guard) if state not in self.nodes]
        if missing or guarded:
            why = f"`{(missing or guarded)[0]}` is no state of the chart, and so a transition of `{node.id}`"
        elif "*" in way.event:
            why = f"`{way.event}` in `{node.id}`: an event is named in full"
        elif len(way.targets) > 1:
            why = f"several targets of one transition of `{node.id}`: {', '.join(way.targets)}"
        elif node.kind == "final":
            why = f"a transition of `{node.id}`, which is final"
        elif not way.targets and not way.event:
            why = f"a transition of `{node.id}` that neither waits nor leads anywhere"
        elif way.targets and (lack := self._lack(self.nodes[way.targets[0]])):
            why = lack
        else:
            return True
        self._note(way.line, why)
        return False

    def _handled(self) -> set[str]:
        """Note what is raised and comes otherwise here; give the events that something waits for."""
        nodes = [*self.root.all()]
        handled = {way.event for node in nodes for way in node.ways if way.event}
        raising = [(way.line, event) for node in nodes for way in node.ways for event in way.raises]
        raising += [(node.line, event) for node in nodes for event in (*node.raises, *node.exits)]
        for line, event in raising:
            if event not in handled and any(event.startswith(f"{other}.") for other in handled):
                self._note(line, f"raising `{event}`, for which a transition on the beginning of its name waits")
            if self.ended:
                self._note(line, f"that `{event}`, which is raised, comes before the end of a group")
        return handled

    def _lack(self, target: Node) -> str:
        """Why a history state cannot be a target; empty where it can, or where the target is a plain state."""
        if not target.is_history or target in self.tracked:
            return ""
        group = target.parent
        first = target.ways[0].targets if target.ways else ()
        if group is None or group.parent is None:
            return f"the history of the whole chart, `{target.id}`"
        is_nested = any(node.kind == "parallel" for node in (group, *group.all()))
        if (target.kind == "deep" or group.kind == "parallel") and is_nested:
            return f"the history `{target.id}`: it would remember several states at once"
        if len(first) > 1 or (first and self.nodes.get(first[0], target).is_history):
            return f"where the history `{target.id}` leads at first"
        self.tracked[target] = self.tracks.of(f"was_in_{self.name(group.id)}_{target.kind}")
        return ""

    def _end(self, node: Node, way: Way) -> None:
        """A transition on the end of a group: ours stands at the group that ends."""
        group = self.nodes.get(way.event.removeprefix(_DONE))
        if group is None or (group is not node and node not in group.above()) or way.delay is not None:
            self._note(way.line, f"`{way.event}` in `{node.id}`, which is not around that state")
        elif not way.targets:
            self._note(way.line, f"`{way.event}` in `{node.id}`, which leads nowhere")
        elif group.kind != "parallel" and group.parent is not None and group.parent.kind == "parallel":
            self._note(way.line, f"`{way.event}`: the end of one region alone")
        elif group.kind != "parallel" and any(w.event == "" and w.delay is None for a in group.above() for w in a.ways):
            self._note(way.line, f"`{way.event}`, which must wait for transitions without event around `{group.id}`")
        else:
            self.ended.setdefault(group.id, []).append(way)

    def _note(self, line: int, what: str) -> None:
        self.unsaid.append(Unsaid(line, what))

    # -- writing -------------------------------------------------------------------------------------------------------

    def _head(self) -> None:
        process = self.wanted.process
        self.lines += [
            f"process: {process}", "version: 1", f"prefix: {re.sub('[^A-Z]', '', process.upper())[:3] or 'X'}",
            f"label: {self._label(self.wanted.title or process)}", "calendar: always",
            f"initial: {self._initial(self.root)}",
        ]  # fmt: skip
        if self.tracked:
            self.lines.append("fields:")
            for history, name in self.tracked.items():
                label = self._label(f"where {history.parent.id if history.parent else ''} was left")
                self.lines.append(f"  {name}: {{type: text, default: none, label: {label}}}")
        first = next((self._roles([way])[0] for node in self.root.all() for way in node.ways), self.wanted.role)
        self.lines += [f"opening: {{by: [{first}]}}", "states:"]

    def _label(self, text: str) -> str:
        bare = re.sub(r"[_.]+", " ", text.rpartition(".")[2]).strip()
        said = json.dumps(bare[:1].upper() + bare[1:], ensure_ascii=False)
        return "{" + ", ".join(f"{language}: {said}" for language in self.wanted.languages) + "}"

    def _initial(self, node: Node) -> str:
        """Where a group begins: the state named, through groups that begin further in by themselves."""
        states = node.states()
        first = self.nodes.get(node.initial, states[0]) if states else node
        if first.parent is not node:
            self._note(node.line, f"that `{node.id or 'the chart'}` begins in `{node.initial}`, not directly inside it")
            first = next((one for one in (first, *first.above()) if one.parent is node), states[0])
        return self.name(first.id)

    def _state(self, node: Node, depth: int) -> None:
        self._line(depth, f"{self.name(node.id)}:")
        inner = depth + 1
        self._line(inner, f"label: {self._label(node.id)}")
        if node.kind == "final":
            self._final(node, inner)
            return
        children = node.states()
        ways = [way for way in node.ways if way.event == "" and way.delay is None]
        if node.kind == "parallel":
            self._line(inner, "parallel: true")
        elif children:
            self._line(inner, f"initial: {self._initial(node)}")
        elif not (ways and not ways[-1].guard):
            self._line(inner, f"waiting_on: {self._roles(node.ways)[0]}")
        self._remember(node, inner)
        if ways:
            self._line(inner, f"decide: {self._branches(node, ways)}")
        if node.kind == "parallel" and node.id in self.ended:
            self._line(inner, f"done: {self._branches(node, self.ended[node.id])}")
        self._timers(node, inner)
        self._actions(node, inner)
        if children:
            self._line(inner, "states:")
            for child in children:
                self._state(child, inner + 1)

    def _line(self, depth: int, text: str) -> None:
        self.lines.append("  " * depth + text)

    def _final(self, node: Node, depth: int) -> None:
        group = node.parent
        if group is None or group.parent is None:
            self._line(depth, "final: done")
        elif group.parent.kind == "parallel":
            self._line(depth, "final: true")
            self._remember(node, depth)
        else:
            self._remember(node, depth)
            if group.id in self.ended:
                self._line(depth, f"decide: {self._branches(node, self.ended[group.id])}")
            else:
                self._line(depth, f"waiting_on: {self.wanted.role}")

    def _remember(self, node: Node, depth: int) -> None:
        """What histories around must know when this is entered."""
        fields = [
            field
            for history, field in self.tracked.items()
            if history.parent is node.parent
            or (history.kind == "deep" and not node.states() and history.parent in [*node.above()])
        ]
        fields = [f for f in fields if not (self._is_deep(f) and node.states())]
        said = ", ".join(f"{field}: {self.name(node.id)}" for field in fields)
        effects = [*([f"{{set: {{{said}}}}}"] if fields else []), *self._told(node.raises)]
        if effects:
            self._line(depth, f"on_enter: [{', '.join(effects)}]")

    def _told(self, raised: Iterable[str]) -> list[str]:
        """What is raised as effects; what nothing waits for has none."""
        return [f"{{tell: self, do: {self.event_names.of(event)}}}" for event in raised if event in self.handled]

    def _is_deep(self, field: str) -> bool:
        return any(history.kind == "deep" for history, name in self.tracked.items() if name == field)

    def _timers(self, node: Node, depth: int) -> None:
        delays = sorted({way.delay for way in node.ways if way.delay is not None})
        if delays:
            self._line(depth, "timers:")
        for number, delay in enumerate(delays, 1):
            ways = [way for way in node.ways if way.delay == delay]
            self._line(
                depth + 1, f"after_{number}: {{after: {format_duration(delay)}, to: {self._branches(node, ways)}}}"
            )

    def _actions(self, node: Node, depth: int) -> None:
        events = list(dict.fromkeys(way.event for way in node.ways if way.event))
        if events:
            self._line(depth, "actions:")
        for event in events:
            ways = self._with_outer(node, event)
            name = self.event_names.of(event)
            label = self._label(event)
            self._line(
                depth + 1,
                f"{name}: {{label: {label}, by: [{', '.join(self._roles(ways))}], to: {self._branches(node, ways)}}}",
            )

    def _roles(self, ways: Iterable[Way]) -> list[str]:
        """Who takes these, by names of ours; where the chart does not say, the role that is wanted."""
        said = dict.fromkeys(who for way in ways for who in way.who) or {self.wanted.role: None}
        return [self.role_names.of(who) for who in said]

    def _with_outer(self, node: Node, event: str) -> list[Way]:
        """The transitions on an event here, then those of states around, which are tried where none here is open."""
        ways = [way for way in node.ways if way.event == event]
        between = [node]
        for outer in node.above():
            if not ways[-1].guard:
                break
            for way in (way for way in outer.ways if way.event == event):
                inside = way.targets and outer in (self.nodes[way.targets[0]], *self.nodes[way.targets[0]].above())
                if inside and any(one.kind == "parallel" for one in (*between, outer)):
                    self._note(way.line, f"`{event}` of `{outer.id}` where `{node.id}` does not take it")
                else:
                    ways.append(way)
            between.append(outer)
        return ways

    def _branches(self, node: Node, ways: Iterable[Way]) -> str:
        branches: list[tuple[str, str]] = []
        for way in ways:
            for when, target in self._ways(way):
                branches += self._told_around(node, way, when, target)
        upto = next((place for place, (when, _) in enumerate(branches) if not when), len(branches))
        said = [
            f"{{if: {json.dumps(when)}, is: {to}}}" if when else f"{{is: {to}}}" for when, to in branches[: upto + 1]
        ]
        if len(said) == 1 and not branches[0][0]:
            is_plain = node.kind != "final" and not said[0].startswith("{if") and "," not in said[0]
            return branches[0][1] if is_plain and self._takes_names(ways) else f"[{said[0]}]"
        return f"[{', '.join(said)}]"

    def _takes_names(self, ways: Iterable[Way]) -> bool:
        """Actions and timers name one target plainly; `decide` and `done` are branches always."""
        return all((way.event and not way.event.startswith(_DONE)) or way.delay is not None for way in ways)

    def _told_around(self, node: Node, way: Way, when: str, target: Node | None) -> Iterator[tuple[str, str]]:
        """A way written at a state: once for each set of active states that raise something when they are left."""
        source = self.sources[id(way)]
        around = raised_around(source, node, way, target)
        if around is None:
            self._note(way.line, f"what is raised on leaving, of which too much may differ where `{source.id}` is left")
        if anew := target and entered_anew(source, node, way, target):
            self._note(way.line, f"that `{source.id}` leaves `{anew.id}` and enters it anew: ours stays in it")
        for one in around or [Raised()]:
            told = self._told((*one.before, *way.raises, *one.after))
            then = f", then: [{', '.join(told)}]" if told else ""
            asked = [when] if when else []
            asked += [f"in_state('{self.name(state)}')" for state in one.active]
            yield " && ".join(asked), f"{self.name(target.id) if target is not None else 'stay'}{then}"

    def _ways(self, way: Way) -> Iterator[tuple[str, Node | None]]:
        """The branches of a transition: of one to a history state one for each state it may remember."""
        guard = re.sub(r"\{([^}]+)\}", lambda found: f"'{self.name(found[1])}'", way.guard)
        target = self.nodes[way.targets[0]] if way.targets else None
        if target is None or not target.is_history:
            yield guard, target
            return
        field, group = self.tracked[target], target.parent
        assert group is not None
        inside = group.states() if target.kind == "shallow" else [one for one in group.all() if not one.states()]
        for one in inside:
            if not one.is_history:
                here = f"case.{field} == '{self.name(one.id)}'"
                yield f"{guard} && {here}" if guard else here, one
        yield guard, self.nodes[target.ways[0].targets[0]] if target.ways and target.ways[0].targets else group

"""The names a process file declares, taken from the tree before anything is built of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.lang.build.cursor import Cursor, text_of
from engine.lang.build.notes import Places
from engine.lang.tree import Items, Node, Table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outline:
    """Names and where they stand. Everything is taken as it is written; nothing is judged."""

    root: Cursor
    states: Mapping[str, Cursor]  # every one, groups before what is inside
    parents: Mapping[str, str]
    actions: Mapping[str, tuple[tuple[str, Cursor], ...]]  # name → (state, the action); "" is the top
    links: Mapping[str, tuple[str, ...]]  # link → the processes opened so
    tells: tuple[tuple[str, str], ...] = ()  # link, self, parent or children, and the action told
    keyed: frozenset[str] = frozenset()  # links that may lead to a case elsewhere
    repeated: tuple[tuple[str, Cursor], ...] = ()  # states whose name is taken
    _children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _places: dict[str, Places] = field(default_factory=dict)
    _leaves: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def process(self) -> str:
        """The name of the process."""
        return text_of(self.root.get("process"))

    def places(self, section: str) -> Places:
        """The names of a section of the file: `fields`, `clocks`, `ladders` …; also `states` and `actions`."""
        if section not in self._places:
            self._places[section] = self._found(section)
        return self._places[section]

    def _found(self, section: str) -> Places:
        if section == "states":
            return {name: cursor.name_span for name, cursor in self.states.items()}
        if section == "actions":
            return {name: written[0][1].name_span for name, written in self.actions.items()}
        table = self.root.get(section)
        return {name: cursor.name_span for name, cursor in table.entries()} if table is not None else {}

    def inside(self, state: str) -> tuple[str, ...]:
        """The states directly inside a state; of "" those at the top."""
        return self._children.get(state, ())

    def around(self, state: str) -> Iterator[str]:
        """The states around a state, nearest first."""
        while state := self.parents.get(state, ""):
            yield state

    def leaves(self, state: str = "") -> tuple[str, ...]:
        """The states without states inside, in a state or anywhere."""
        if state not in self._leaves:
            found: list[str] = []
            ahead = [state]
            while ahead:
                here = ahead.pop()
                children = self.inside(here)
                ahead += reversed(children)
                found += [here] if here in self.states and not children else []
            self._leaves[state] = tuple(found)
        return self._leaves[state]

    def is_final(self, state: str) -> bool:
        """Whether a state ends the case."""
        cursor = self.states.get(state)
        final = cursor.get("final") if cursor is not None else None
        return final is not None and final.plain is not True


def outline_of(root: Cursor) -> Outline:
    """The outline of a process file."""
    states: dict[str, Cursor] = {}
    parents: dict[str, str] = {}
    repeated: list[tuple[str, Cursor]] = []
    ahead = _states_in("", root)
    while ahead:
        parent, name, cursor = ahead.pop()
        if name in states:
            repeated.append((name, cursor))
            continue
        states[name], parents[name] = cursor, parent
        ahead += _states_in(name, cursor)
    effects = [*_effects(root.node)]
    opening = [one for one in effects if isinstance(one.get("open"), str) and isinstance(one.get("as"), str)]
    tells = [(effect["tell"], effect["do"]) for effect in effects if "tell" in effect and "do" in effect]
    return Outline(
        root,
        states,
        parents,
        _grouped((name, (home, written)) for home, name, written in _actions(root, states)),
        _grouped(dict.fromkeys((effect["as"], effect["open"]) for effect in opening)),
        tuple((str(target), str(action)) for target, action in tells),
        frozenset(effect["as"] for effect in opening if "key" in effect),
        tuple(repeated),
        _grouped((parent, name) for name, parent in parents.items()),
    )


def _actions(root: Cursor, states: Mapping[str, Cursor]) -> Iterator[tuple[str, str, Cursor]]:
    """Every action: the state it is written in, "" for those of everywhere, its name, and what is written."""
    yield from (("", name, written) for name, written in _entries(root, "actions"))
    for state, cursor in states.items():
        yield from ((state, name, written) for name, written in _entries(cursor, "actions") if written.is_table)


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    """What goes with each name, in the order in which it comes."""
    found: dict[str, list[T]] = {}
    for name, one in pairs:
        found.setdefault(name, []).append(one)
    return {name: tuple(several) for name, several in found.items()}


def _states_in(parent: str, cursor: Cursor) -> list[tuple[str, str, Cursor]]:
    """What is written below `states`, the last first. Without a name (an alias, a bare `""`) nothing is a state: "" is
    what stands around those at the top, and would stand inside itself."""
    return [(parent, name, inner) for name, inner in _entries(cursor, "states") if name][::-1]


def _entries(cursor: Cursor, key: str) -> Iterator[tuple[str, Cursor]]:
    table = cursor.get(key)
    if table is not None:
        yield from table.entries()


def _effects(node: Node) -> Iterator[Mapping[str, Any]]:
    """Every mapping that opens a case or tells one something, wherever effects stand."""
    ahead: list[Node] = [node]
    while ahead:
        here = ahead.pop()
        if isinstance(here, Table):
            if "open" in here.plain or "tell" in here.plain:
                yield here.plain
            ahead += reversed(list(here.nodes.values()))
        elif isinstance(here, Items):
            ahead += reversed(here.nodes)

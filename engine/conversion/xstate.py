"""Reading an XState machine as JSON (version 4 or 5): what `machine.toJSON()` or an editor writes."""

from __future__ import annotations

import json
from typing import Any

from engine.conversion.drawn import Drawn, Kind, Misread, Node, Unsaid, Way

_KEYS = {"id", "key", "type", "initial", "states", "on", "always", "after", "history", "target", "onDone", "version",
         "description", "meta", "tags", "order", "entry", "exit"}  # fmt: skip


def read_xstate(text: str) -> Drawn:
    """The chart of a machine; raises `Misread` where it is none."""
    try:
        machine = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Misread(f"this is not JSON: {error}") from error
    if not isinstance(machine, dict) or not isinstance(machine.get("states"), dict):
        raise Misread("a machine is an object with `states`")
    return _Reader(str(machine.get("id", "(machine)"))).chart(machine)


class _Reader:
    """Gives every state its path as id, then finds the targets."""

    def __init__(self, name: str) -> None:
        self.unsaid: list[Unsaid] = []
        self.ids: dict[str, str] = {}  # `#id` → path
        self.name = name

    def chart(self, machine: dict[str, Any]) -> Drawn:
        """The whole chart."""
        self._name("", machine)
        root = Node("", "parallel" if machine.get("type") == "parallel" else "state", 0)
        self._fill(root, machine)
        if root.kind == "parallel":
            self.unsaid.append(Unsaid(0, "regions of the whole machine; put them into one state"))
        return Drawn(root, self.unsaid)

    def _name(self, path: str, node: dict[str, Any]) -> None:
        self.ids[str(node.get("id", f"{self.name}.{path}" if path else self.name))] = path
        self.ids.setdefault(f"{self.name}.{path}" if path else self.name, path)
        for key, child in _states(node):
            self._name(f"{path}.{key}".lstrip("."), child)

    def _fill(self, node: Node, written: dict[str, Any]) -> None:
        for key in written.keys() - _KEYS:
            self.unsaid.append(Unsaid(0, f"`{key}` of `{node.id or self.name}`"))
        for key, child in _states(written):
            made = Node(f"{node.id}.{key}".lstrip("."), _kind(child), 0, node)
            node.children.append(made)
            self._fill(made, child)
        node.raises = self._raised(written.get("entry"), f"`entry` of `{node.id or self.name}`")
        node.exits = self._raised(written.get("exit"), f"`exit` of `{node.id or self.name}`")
        initial = written.get("initial")
        initial = initial.get("target") if isinstance(initial, dict) else initial
        node.initial = f"{node.id}.{initial}".lstrip(".") if initial else ""
        if node.is_history and isinstance(written.get("target"), str):
            node.ways.append(Way("", self._targets(node, written["target"]), 0))
        for event, ways in (written.get("on") or {}).items():
            node.ways += self._ways(node, event, ways)
        node.ways += self._ways(node, "", written.get("always") or [])
        for delay, ways in (written.get("after") or {}).items():
            if not str(delay).isdigit():
                self.unsaid.append(Unsaid(0, f"the delay `{delay}` of `{node.id}`, which is no number"))
                continue
            for way in self._ways(node, "", ways):
                way.delay = int(delay)
                node.ways.append(way)
        node.ways += self._ways(node, f"done.state.{node.id}", written.get("onDone") or [])

    def _ways(self, node: Node, event: str, written: Any) -> list[Way]:
        found = []
        for one in written if isinstance(written, list) else [written]:
            way = {"target": one} if isinstance(one, str) else one if isinstance(one, dict) else {}
            raised = self._raised(way.get("actions"), f"`actions` of `{event or 'always'}` in `{node.id}`")
            for key in way.keys() - {"target", "guard", "cond", "in", "description", "internal", "reenter", "actions"}:
                self.unsaid.append(Unsaid(0, f"`{key}` of `{event or 'always'}` in `{node.id}`"))
            guard = self._guard(node, event, way)
            if guard is not None:
                targets = way.get("target") or []
                every = [targets] if isinstance(targets, str) else targets
                reached = tuple(target for one in every for target in self._targets(node, one))
                is_inner = not way.get("reenter") and way.get("internal") is not False
                found.append(Way(event, reached, 0, guard, inner=is_inner, raises=raised))
        return found

    def _raised(self, actions: Any, where: str) -> tuple[str, ...]:
        """The events that actions raise; any other action is noted."""
        found = []
        for one in actions if isinstance(actions, list) else [actions] if actions else []:
            kind = str(one.get("type", "")).removeprefix("xstate.") if isinstance(one, dict) else ""
            params = one if kind != "raise" or "event" in one else one.get("params") or {}
            event = params.get("event") if kind == "raise" and not params.get("delay") else None
            event = event.get("type") if isinstance(event, dict) else event
            if isinstance(event, str):
                found.append(event)
            elif Unsaid(0, where) not in self.unsaid:
                self.unsaid.append(Unsaid(0, where))
        return tuple(found)

    def _guard(self, node: Node, event: str, way: dict[str, Any]) -> str | None:
        guard = way.get("guard", way.get("cond"))
        state = way.get("in")
        asked = [*([guard] if guard else []), *([{"type": "stateIn", "stateValue": state}] if state else [])]
        texts = self._asked({"type": "and", "guards": asked})
        if texts is None:
            self.unsaid.append(Unsaid(0, f"the guard of `{event or 'always'}` in `{node.id}`, and so its transition"))
            return None
        return " && ".join(texts)

    def _asked(self, guard: Any, negated: str = "") -> list[str] | None:
        """What a guard asks of states, each part as an expression of ours; None where it asks anything else."""
        kind = guard.get("type", "").removeprefix("xstate.") if isinstance(guard, dict) else ""
        if kind == "stateIn":
            return self._state_asked(guard, negated)
        if kind not in ("and", "not") or negated:
            return None
        inner = guard.get("guards") or []
        if kind == "and":
            parts = [self._asked(one) for one in inner]
            return None if None in parts else [text for part in parts if part for text in part]
        found = self._asked(inner[0], "!") if len(inner) == 1 else None
        return found if found is None or len(found) == 1 else None

    def _state_asked(self, guard: dict[str, Any], negated: str) -> list[str] | None:
        """What asks whether the case is in a state; None where no state is named."""
        params = guard.get("params") or {}
        state = params.get("state", params.get("stateValue", guard.get("stateValue")))
        return (
            [f"{negated}in_state({{{self.ids.get(state.removeprefix('#'), state)}}})"]
            if isinstance(state, str)
            else None
        )

    def _targets(self, node: Node, text: str) -> tuple[str, ...]:
        if text.startswith("#"):
            return (self.ids.get(text[1:], text[1:]),)
        if text.startswith("."):
            return (f"{node.id}{text}".lstrip("."),)
        around = node.parent.id if node.parent is not None else ""
        return (f"{around}.{text}".lstrip("."),)


def _states(node: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    states = node.get("states") or {}
    return [(str(key), child) for key, child in states.items() if isinstance(child, dict)]


def _kind(written: dict[str, Any]) -> Kind:
    match written.get("type"):
        case "parallel":
            return "parallel"
        case "final":
            return "final"
        case "history":
            return "deep" if written.get("history") == "deep" else "shallow"
        case _:
            return "state"

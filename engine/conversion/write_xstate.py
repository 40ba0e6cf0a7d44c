"""Writing a machine of XState (version 5) as JSON: what `xstate.py` reads, with everything else under `meta`."""

from __future__ import annotations

import json
from typing import Any

from engine.conversion.drawn import Node, Way, states_asked
from engine.conversion.exported import Exported
from engine.conversion.write_scxml import in_cel

_DONE = "done.state."


def xstate_of(chart: Exported) -> str:
    """The machine. A condition on states is `xstate.stateIn`; any other a guard of the host's, named by its text."""
    machine = {"id": f"({chart.definition.process})", **_node(chart, chart.root)}
    return json.dumps(machine, ensure_ascii=False, indent=2) + "\n"


def _node(chart: Exported, node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {"id": node.id} if node.id else {}
    if node.kind != "state":
        found["type"] = node.kind
    found["meta"] = dict(chart.carried[node.id])
    after = {str(way.delay): True for way in node.ways if way.delay is not None}
    on = dict.fromkeys(way.event for way in node.ways if way.event and not way.event.startswith(_DONE))
    pieces = {
        "entry": _raises(node.raises),
        "initial": (node.initial or node.children[0].id) if node.children and node.kind == "state" else None,
        "on": {event: [_way(way) for way in node.ways if way.event == event] for event in on},
        "after": {delay: [_way(way) for way in node.ways if str(way.delay) == delay] for delay in after},
        "always": [_way(way) for way in node.ways if not way.event and way.delay is None],
        "onDone": [_way(way) for way in node.ways if way.event.startswith(_DONE)],
        "states": {child.id: _node(chart, child) for child in node.children},
    }
    return found | {key: piece for key, piece in pieces.items() if piece}


def _way(way: Way) -> dict[str, Any]:
    found: dict[str, Any] = {"target": f"#{way.targets[0]}"} if way.targets else {}
    if way.guard:
        found["guard"] = _guard(way.guard)
    if way.raises:
        found["actions"] = _raises(way.raises)
    if way.targets and not way.inner:
        found["reenter"] = True
    return found


def _raises(events: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"type": "xstate.raise", "params": {"event": {"type": event}}} for event in events]


def _guard(guard: str) -> dict[str, Any]:
    asked = states_asked(guard)
    if asked is None:
        return {"type": in_cel(guard)}
    parts = [_asked(*one) for one in asked]
    return parts[0] if len(parts) == 1 else {"type": "xstate.and", "guards": parts}


def _asked(wanted: bool, state: str) -> dict[str, Any]:
    found = {"type": "xstate.stateIn", "params": {"stateValue": f"#{state}"}}
    return found if wanted else {"type": "xstate.not", "guards": [found]}

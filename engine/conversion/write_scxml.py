"""Writing SCXML (W3C, 2015): what `scxml.py` reads, with everything else in elements of a name space of ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from engine.conversion.carried import Carried
from engine.conversion.drawn import Node, Way, states_asked
from engine.conversion.exported import Exported
from engine.conversion.scxml import NAMESPACE


def scxml_of(chart: Exported) -> str:
    """The document. Conditions on states alone are `In()`; any other makes the data model `cel`, not SCXML's."""
    is_plain = all(states_asked(way.guard) is not None for node in chart.root.all() for way in node.ways)
    attributes = f'version="1.0" name={_said(chart.definition.process)} datamodel="{"null" if is_plain else "cel"}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:cw="{NAMESPACE}" {attributes} '
        f"initial={_said(chart.root.initial)}>",
        *carried_lines(chart.carried[""], "  "),
        *(line for child in chart.root.children for line in _state(chart, child, "  ")),
        "</scxml>",
    ]
    return "\n".join(lines) + "\n"


def carried_lines(carried: Carried, indent: str) -> Iterator[str]:
    """An element for each key."""
    for key, value in carried.items():
        said = escape(json.dumps(value, ensure_ascii=False))
        yield f"{indent}<cw:carried of={_said(key)}>{said}</cw:carried>"


def _said(text: str) -> str:
    return quoteattr(text)


def _state(chart: Exported, node: Node, indent: str) -> Iterator[str]:
    initial = f" initial={_said(node.initial)}" if node.initial and node.kind == "state" else ""
    yield f"{indent}<{node.kind} id={_said(node.id)}{initial}>"
    inner = indent + "  "
    yield from carried_lines(chart.carried[node.id], inner)
    yield from _delays(node, inner)
    for way in node.ways:
        end = f">{_raises(way.raises)}</transition>" if way.raises else "/>"
        yield f"{inner}<transition{''.join(_attributes(node, way))}{end}"
    for child in node.children:
        yield from _state(chart, child, inner)
    yield f"{indent}</{node.kind}>"


def _delays(node: Node, indent: str) -> Iterator[str]:
    """A timer as the event that a state sends itself, and takes back when it is left; and what it raises."""
    events = [_after(node, delay) for delay in sorted({way.delay for way in node.ways if way.delay is not None})]
    sends = "".join(
        f'<send event={_said(event)} delay="{event.split(".")[1]}ms" id={_said(event)}/>' for event in events
    )
    if sends or node.raises:
        yield f"{indent}<onentry>{_raises(node.raises)}{sends}</onentry>"
    if events:
        yield f"{indent}<onexit>{''.join(f'<cancel sendid={_said(event)}/>' for event in events)}</onexit>"


def _raises(events: Iterable[str]) -> str:
    return "".join(f"<raise event={_said(event)}/>" for event in events)


def _after(node: Node, delay: int) -> str:
    return f"after.{delay}.{node.id}"


def _attributes(node: Node, way: Way) -> Iterator[str]:
    event = way.event if way.delay is None else _after(node, way.delay)
    if event:
        yield f" event={_said(event)}"
    if way.guard:
        asked = states_asked(way.guard)
        conditions = [f"{'' if wanted else '!'}In('{state}')" for wanted, state in asked or ()]
        yield f" cond={_said(' && '.join(conditions) or in_cel(way.guard))}"
    if way.targets:
        yield f" target={_said(' '.join(way.targets))}"
    if way.inner:
        yield ' type="internal"'


def in_cel(guard: str) -> str:
    """A condition in the process's own expression language."""
    return guard.replace("in_state({", "in_state('").replace("})", "')")

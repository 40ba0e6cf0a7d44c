"""Reading SCXML (W3C, 2015): states, parallel, final, history, transitions, `In()`, delayed events.

The parser takes no document type and no entities: a file can neither grow without end nor name another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers.expat import ExpatError, ParserCreate

from engine.conversion.drawn import Drawn, Kind, Misread, Node, Unsaid, Way

_DELAY = re.compile(r"([0-9]*\.?[0-9]+)(ms|s)")
_IN = re.compile(r"""(!?)\s*In\(\s*(['"])([^'"]+)\2\s*\)""")
_KINDS: dict[str, Kind] = {"state": "state", "parallel": "parallel", "final": "final"}
NAMESPACE = "urn:casewright:process"
"""Of the elements in which an exported process carries what no other program understands."""

_PLAIN = {"scxml", "transition", "history", "initial", "onentry", "onexit"}


@dataclass(slots=True)
class _Element:
    tag: str
    attributes: dict[str, str]
    line: int
    children: list[_Element] = field(default_factory=list)


def read_scxml(text: str) -> Drawn:
    """The chart of an SCXML document; raises `Misread` where it is none."""
    carried: list[_Element] = []
    return _Reader().chart(_parsed(text, carried), carried)


def _parsed(text: str, carried: list[_Element]) -> _Element:
    parser = ParserCreate(namespace_separator=" ")
    open_ones = [_Element("", {}, 0)]

    def start(name: str, attributes: dict[str, str]) -> None:
        element = _Element(name.rpartition(" ")[2], attributes, parser.CurrentLineNumber)
        if name == f"{NAMESPACE} carried":
            carried.append(element)
        else:
            open_ones[-1].children.append(element)
        open_ones.append(element)
        if len(open_ones) > 200:
            raise Misread(f"line {element.line}: more than 200 elements one inside the other")

    def end(name: str) -> None:
        open_ones.pop()

    def doctype(*_: object) -> None:
        raise Misread(f"line {parser.CurrentLineNumber}: a document type is not read; take it away")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text.encode(), True)
    except ExpatError as error:
        raise Misread(f"this is not XML: {error}") from error
    root = open_ones[0].children[0]
    if root.tag != "scxml":
        raise Misread(f"line {root.line}: the outermost element is `{root.tag}`, not `scxml`")
    return root


class _Reader:
    """Walks the elements; what has no place in a chart is noted."""

    def __init__(self) -> None:
        self.unsaid: list[Unsaid] = []
        self.named = 0

    def chart(self, element: _Element, carried: list[_Element]) -> Drawn:
        """The whole chart."""
        if carried:
            kinds = ", ".join(sorted({f"`{one.attributes.get('of')}`" for one in carried}))
            self._note(carried[0], f"what a process carried along for no program to read: {kinds}")
        root = Node("", "state", element.line, initial=element.attributes.get("initial", ""))
        self._fill(root, element)
        return Drawn(root, self.unsaid)

    def _note(self, element: _Element, what: str) -> None:
        self.unsaid.append(Unsaid(element.line, what))

    def _fill(self, node: Node, element: _Element) -> None:
        for child in element.children:
            if child.tag in _KINDS or child.tag == "history":
                node.children.append(self._state(node, child))
            elif child.tag == "initial":
                self._initial(node, child)
            elif child.tag not in _PLAIN:
                self._note(child, f"`<{child.tag}>`")
        delayed, node.raises = self._entered(element)
        node.exits = self._left(element)
        for child in element.children:
            if child.tag == "transition":
                node.ways += self._ways(child, delayed)
        for event in delayed.keys() - {way.event for way in node.ways if way.delay is not None}:
            self._note(element, f"the delayed event `{event}`, which the state that sends it does not wait for")
        for way in node.ways:
            way.event = "" if way.delay is not None else way.event

    def _state(self, parent: Node, element: _Element) -> Node:
        self.named += 1
        kind: Kind = _KINDS.get(element.tag, "state")
        if element.tag == "history":
            kind = "deep" if element.attributes.get("type") == "deep" else "shallow"
        name = element.attributes.get("id", f"state_{self.named}")
        node = Node(name, kind, element.line, parent, element.attributes.get("initial", ""))
        self._fill(node, element)
        return node

    def _initial(self, node: Node, element: _Element) -> None:
        for child in element.children:
            node.initial = child.attributes.get("target", "")
            for inner in child.children:
                self._note(inner, f"`<{inner.tag}>` on the way into `{node.id}`")

    def _entered(self, element: _Element) -> tuple[dict[str, int], tuple[str, ...]]:
        """What the state sends itself after a while, and takes back when it is left; and what it raises at once."""
        found: dict[str, tuple[int, _Element]] = {}
        raised: list[str] = []
        for entry in (child for child in element.children if child.tag == "onentry"):
            for act in entry.children:
                delay = _milliseconds(act.attributes.get("delay", ""))
                if act.tag == "send" and delay is not None and "target" not in act.attributes:
                    found[act.attributes.get("event", "")] = delay, act
                elif (event := _raised(act)) is not None:
                    raised.append(event)
                else:
                    self._note(act, f"`<{act.tag}>` on entering `{element.attributes.get('id', '')}`")
        taken_back = {act.attributes.get("sendid") for act in _on_exit(element) if act.tag == "cancel"}
        for event, (_delay, act) in found.items():
            if act.attributes.get("id") not in taken_back - {None}:
                self._note(act, f"that `{event}` still comes after the state is left: a timer ends with its state")
        return {event: delay for event, (delay, _act) in found.items()}, tuple(raised)

    def _left(self, element: _Element) -> tuple[str, ...]:
        """What the state raises when it is left."""
        acts = [act for act in _on_exit(element) if act.tag != "cancel"]
        for act in (act for act in acts if _raised(act) is None):
            self._note(act, f"`<{act.tag}>` on leaving `{element.attributes.get('id', '')}`")
        return tuple(event for act in acts if (event := _raised(act)) is not None)

    def _ways(self, element: _Element, delayed: dict[str, int]) -> list[Way]:
        raised = [_raised(act) for act in element.children]
        for act, event in zip(element.children, raised, strict=True):
            if event is None:
                self._note(act, f"`<{act.tag}>` of a transition")
        guard = self._guard(element)
        if guard is None:
            return []
        targets = tuple(element.attributes.get("target", "").split())
        is_inner = element.attributes.get("type") == "internal"
        return [
            Way(event, targets, element.line, guard, delayed.get(event), is_inner, tuple(e for e in raised if e))
            for event in element.attributes.get("event", "").split() or [""]
        ]

    def _guard(self, element: _Element) -> str | None:
        """A condition in our words; None where it is not one of states alone."""
        condition = element.attributes.get("cond", "").strip()
        parts = [part.strip() for part in re.split(r"&&", condition)] if condition else []
        found = [_IN.fullmatch(part) for part in parts]
        if None in found:
            self._note(element, f"the condition `{condition}`, and so its transition")
            return None
        return " && ".join(f"{one[1]}in_state({{{one[3]}}})" for one in found if one)


def _on_exit(element: _Element) -> Iterator[_Element]:
    """What is done on leaving a state."""
    return (act for child in element.children if child.tag == "onexit" for act in child.children)


def _raised(act: _Element) -> str | None:
    """The event that comes before any from outside; None where it is something else."""
    is_sent = act.tag == "send" and act.attributes.get("target") == "#_internal" and "delay" not in act.attributes
    return act.attributes.get("event") if act.tag == "raise" or is_sent else None


def _milliseconds(text: str) -> int | None:
    found = _DELAY.fullmatch(text.strip())
    return round(float(found[1]) * (1000 if found[2] == "s" else 1)) if found else None

"""Writing BPMN 2.0 with its diagram: the process's picture, each spot as what BPMN calls it, where the picture has it.

BPMN has no states: a case that waits is a task, and what may happen then are the ways out of a gateway behind it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from engine.conversion.bpmn_picture import EVENT, Symbol, bpmn_picture, docked, symbol_of
from engine.conversion.carried import carried_of
from engine.conversion.drawn import Unsaid
from engine.conversion.scxml import NAMESPACE
from engine.drawing.layout import LINE, SMALL, Box, Line, Placed, Point, placed
from engine.drawing.lettering import width_of
from engine.drawing.picture import Spot
from engine.model import ProcessDefinition
from engine.words.speech import every_action

_SPACES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "cw": NAMESPACE,
}
_FRAMES = ("group", "parallel")
_ENDS = ("done", "failed", "cancelled")


def bpmn_of(definition: ProcessDefinition, language: str) -> str:
    """The document, labels in one language."""
    return "\n".join(_Document(definition, language).lines()) + "\n"


def undrawn(definition: ProcessDefinition) -> tuple[Unsaid, ...]:
    """What a reader of BPMN would take otherwise."""
    return tuple(Unsaid(0, what) for what in _undrawn(definition))


def _undrawn(definition: ProcessDefinition) -> Iterator[str]:
    spots = bpmn_picture(definition, definition.desk.languages[0]).spots
    if any(spot.kind == "gate" for spot in spots):
        yield "that ways open from many states stand once, as links that nothing leads to"
    if any(state.parallel for state in definition.states.values()):
        yield "that a way out of one region leaves the others too"
    for action in every_action(definition):
        if any(branch.value == "previous" for branch in action.to):
            yield f"`previous`, to which `{action.name}` of `{action.state or definition.process}` leads"
        if {branch.value for branch in action.to} == {"stay"}:
            yield f"`{action.name}`, after which a case stays where it is"


class _Document:
    """One definition on its way into XML."""

    def __init__(self, definition: ProcessDefinition, language: str) -> None:
        self.definition = definition
        self.placed: Placed = placed(bpmn_picture(definition, language), is_beside=True)
        self.speech = self.placed.picture.speech
        self.ids = {box.spot.name: f"spot_{number}" for number, box in enumerate(self.placed.boxes)}
        self.boxes = {box.spot.name: box for box in self.placed.boxes}
        self.is_side_by_side = any(box.spot.kind == "parallel" for box in self.placed.boxes)

    def lines(self) -> Iterator[str]:
        """The whole document."""
        spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _SPACES.items())
        process = quoteattr(self.definition.process)
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield f'<bpmn:definitions {spaces} id="definitions" targetNamespace="{NAMESPACE}" exporter="casewright">'
        frames = [box for box in self.placed.boxes if box.spot.kind in _FRAMES]
        if frames:
            yield '  <bpmn:category id="category">'
            for box in frames:
                value = f"id={self._id(box, '_value')} value={quoteattr(box.spot.label)}"
                yield f"    <bpmn:categoryValue {value}/>"
            yield "  </bpmn:category>"
        yield f'  <bpmn:process id={process} name={quoteattr(self.placed.picture.title)} isExecutable="false">'
        yield from _carried(carried_of(self.definition, with_ways=True), self.definition.description, "    ")
        for box in self.placed.boxes:
            if box.spot.kind not in _FRAMES:
                yield from self._node(box)
        yield from (line for number, way in enumerate(self.placed.lines) for line in self._flow(number, way))
        for box in frames:
            value = f"id={self._id(box)} categoryValueRef={self._id(box, '_value')}"
            carried = list(self._state_carried(box.spot))
            yield from (f"    <bpmn:group {value}>", *carried, "    </bpmn:group>")
        yield "  </bpmn:process>"
        yield f'  <bpmndi:BPMNDiagram id="diagram"><bpmndi:BPMNPlane id="plane" bpmnElement={process}>'
        yield from (line for box in self.placed.boxes for line in self._shape(box))
        yield from (line for number, way in enumerate(self.placed.lines) for line in self._edge(number, way))
        yield "  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
        yield "</bpmn:definitions>"

    def _id(self, box: Box, ending: str = "") -> str:
        return quoteattr(self.ids[box.spot.name] + ending)

    # -- what there is -------------------------------------------------------------------------------------------------

    def _node(self, box: Box) -> Iterator[str]:
        spot = box.spot
        kind, inside = self._kind(spot)
        name = f" name={quoteattr(spot.label)}" if spot.label else ""
        yield f"    <bpmn:{kind} id={self._id(box)}{name}>"
        yield from self._state_carried(spot)
        yield from self._ends(spot.name)
        yield from inside
        yield f"    </bpmn:{kind}>"
        for number, line in enumerate(self.placed.lines):
            if line.way.source == spot.name and line.way.kind == "time":
                yield f'    <bpmn:boundaryEvent id="timer_{number}" attachedToRef={self._id(box)}>'
                yield f"      <bpmn:outgoing>flow_{number}</bpmn:outgoing>"
                said = escape("; ".join(line.way.labels))
                when = f'<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">{said}</bpmn:timeDuration>'
                yield f'      <bpmn:timerEventDefinition id="timer_{number}_when">{when}</bpmn:timerEventDefinition>'
                yield "    </bpmn:boundaryEvent>"

    def _kind(self, spot: Spot) -> tuple[str, tuple[str, ...]]:
        """What BPMN calls a spot, and what makes it so."""
        inner, name = "      ", self.ids[spot.name]
        if spot.kind == "start":
            return "startEvent", ()
        if spot.kind in _ENDS:
            ends_all = f'{inner}<bpmn:terminateEventDefinition id="{name}_all"/>'
            return "endEvent", (ends_all,) if self.is_side_by_side else ()
        if spot.kind == "gate":
            link = f'<bpmn:linkEventDefinition id="{name}_link" name={quoteattr(spot.label)}/>'
            return "intermediateCatchEvent", (inner + link,)
        if spot.kind == "choice":
            is_fork = spot.name.startswith("+") and not spot.name.endswith("?")
            return "parallelGateway" if is_fork else "exclusiveGateway", ()
        state = self.definition.states[spot.name]
        if not state.waiting_on:
            return "task", ()
        who = self.speech.people(tuple(dict.fromkeys(one for branch in state.waiting_on for one in branch.value)))
        said = f"<bpmn:formalExpression>{escape(who)}</bpmn:formalExpression>"
        owner = f'{inner}<bpmn:potentialOwner id="{name}_who" name={quoteattr(who)}>'
        assigned = f"<bpmn:resourceAssignmentExpression>{said}</bpmn:resourceAssignmentExpression>"
        return "userTask", (f"{owner}{assigned}</bpmn:potentialOwner>",)

    def _state_carried(self, spot: Spot) -> Iterator[str]:
        if state := self.definition.states.get(spot.name):
            yield from _carried(carried_of(state, with_ways=True), "", "      ")

    def _ends(self, name: str) -> Iterator[str]:
        for kind in ("incoming", "outgoing"):
            for number, line in enumerate(self.placed.lines):
                way = line.way
                if name == (way.target if kind == "incoming" else way.source if way.kind != "time" else ""):
                    yield f"      <bpmn:{kind}>flow_{number}</bpmn:{kind}>"

    def _flow(self, number: int, line: Line) -> Iterator[str]:
        way = line.way
        source = f"timer_{number}" if way.kind == "time" else self.ids[way.source]
        name = f" name={quoteattr(chr(10).join(line.label))}" if line.label else ""
        ends = f'sourceRef="{source}" targetRef="{self.ids[way.target]}"'
        yield f'    <bpmn:sequenceFlow id="flow_{number}"{name} {ends}/>'

    # -- where it stands -----------------------------------------------------------------------------------------------

    def _shape(self, box: Box) -> Iterator[str]:
        name = self.ids[box.spot.name]
        symbol = symbol_of(box)
        yield f'    <bpmndi:BPMNShape id="{name}_shape" bpmnElement="{name}">{_bounds(symbol)}'
        if box.spot.kind in _FRAMES:
            width = width_of(box.label[0], SMALL, is_bold=True) + 8
            yield f"      <bpmndi:BPMNLabel>{_bounds(Symbol(box.x + 8, box.y + 4, width, 14))}</bpmndi:BPMNLabel>"
        elif box.spot.label and symbol.height < box.height:
            above = box.spot.kind == "gate"
            y = box.y if above else symbol.y + symbol.height + 2
            label = Symbol(box.x, y, box.width, box.height - symbol.height - 2)
            yield f"      <bpmndi:BPMNLabel>{_bounds(label)}</bpmndi:BPMNLabel>"
        yield "    </bpmndi:BPMNShape>"

    def _edge(self, number: int, line: Line) -> Iterator[str]:
        points = _joined(line)
        begin, end = symbol_of(self.boxes[line.way.source]), symbol_of(self.boxes[line.way.target])
        if line.way.kind == "time":
            begin = Symbol(points[0][0] - EVENT / 2, points[0][1] - EVENT / 2, EVENT, EVENT, "event")
            shape = f'id="timer_{number}_shape" bpmnElement="timer_{number}"'
            yield f"    <bpmndi:BPMNShape {shape}>{_bounds(begin)}</bpmndi:BPMNShape>"
            points = points[1:]
        points = docked([*reversed(docked([*reversed(points)], begin))], end)
        yield f'    <bpmndi:BPMNEdge id="flow_{number}_edge" bpmnElement="flow_{number}">'
        yield "      " + "".join(f'<di:waypoint x="{x:.1f}" y="{y:.1f}"/>' for x, y in points)
        if line.anchor is not None:
            width, height = max(width_of(text, SMALL) for text in line.label) + 10, len(line.label) * SMALL * LINE
            label = Symbol(line.anchor[0] + 4, line.anchor[1] - height / 2, width, height)
            yield f"      <bpmndi:BPMNLabel>{_bounds(label)}</bpmndi:BPMNLabel>"
        yield "    </bpmndi:BPMNEdge>"


def _joined(line: Line) -> list[Point]:
    """The points of a way; it passes its label at the left, straight down."""
    first, *rest = line.pieces
    if not rest or line.anchor is None:
        return list(first)
    between = [(line.anchor[0], first[-1][1]), (line.anchor[0], rest[0][0][1])]
    points = [*first, *between, *rest[0]]
    return [point for point, before in zip(points, (None, *points), strict=False) if point != before]


def _bounds(symbol: Symbol) -> str:
    return f'<dc:Bounds x="{symbol.x:.1f}" y="{symbol.y:.1f}" width="{symbol.width:.1f}" height="{symbol.height:.1f}"/>'


def _carried(carried: Mapping[str, object], documentation: str, indent: str) -> Iterator[str]:
    """What BPMN has no place for, an element for each key."""
    if documentation:
        yield f"{indent}<bpmn:documentation>{escape(documentation)}</bpmn:documentation>"
    if carried:
        yield f"{indent}<bpmn:extensionElements>"
        for key, value in carried.items():
            said = escape(json.dumps(value, ensure_ascii=False))
            yield f"{indent}  <cw:carried of={quoteattr(key)}>{said}</cw:carried>"
        yield f"{indent}</bpmn:extensionElements>"

"""A process's picture as BPMN wants it: no way begins or ends at a frame, and only a gateway has several ways out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

from engine.chart.drawing import around
from engine.drawing.layout import LABEL, LINE, SMALL, Box, Point
from engine.drawing.lettering import broken, width_of
from engine.drawing.picture import Picture, Spot, Way, merged, picture_of
from engine.model import ProcessDefinition

EVENT, GATEWAY = 36.0, 50.0
"""How wide and high BPMN's readers draw them, in px."""

_TASK, _ICON = (
    (110.0, 64.0),
    44.0,
)  # the least size; and the room of the sign in its corner and of an event at its border
_LABEL_ROOM = 120.0


class Symbol(NamedTuple):
    """A place in a diagram, in px."""

    x: float
    y: float
    width: float
    height: float
    form: str = "task"


def bpmn_picture(definition: ProcessDefinition, language: str) -> Picture:
    """The picture with gateways where ways part, and every way between what BPMN lets it join."""
    return _Redrawn(definition, picture_of(definition, language)).picture()


class _Redrawn:
    """Spots and ways of the picture, and those that BPMN needs beside them."""

    def __init__(self, definition: ProcessDefinition, picture: Picture) -> None:
        self.states, self.given = definition.states, picture
        self.spots = {spot.name: _sized(spot) for spot in picture.spots}
        self.ways: list[Way] = []

    def picture(self) -> Picture:
        """The picture as BPMN wants it."""
        for way in self.given.ways:
            self._follow(way)
        for state in self.states.values():
            if state.parallel:
                self._fork(state.name)
        self._part()
        return replace(self.given, spots=tuple(self.spots.values()), ways=tuple(merged(self.ways)))

    def _follow(self, way: Way) -> None:
        """A way between spots that are no frames; the label of a spot where ways part stands before it."""
        source, target = way.source, self._landing(way.target)
        state = self.states.get(source)
        if state is not None and state.parallel and way.kind == "self":
            source = f"+{source}."
        elif state is not None and state.children:
            source = f"{source}>{len(self.spots)}"
            said = "; ".join(way.labels)
            self.spots[source] = _sized(Spot(name=source, kind="gate", label=said, parent=state.parent))
            way = replace(way, kind="person", labels=())
        given = next(spot for spot in self.given.spots if spot.name == way.target)
        labels = (given.label,) if given.kind == "choice" else way.labels
        self.ways.append(replace(way, source=source, target=target, labels=labels))

    def _landing(self, name: str) -> str:
        """Where a way to a frame arrives: the first state inside it, or where its regions begin."""
        state = self.states.get(name)
        if state is None or not state.children:
            return name
        return f"+{name}" if state.parallel else self._landing(state.initial or state.children[0])

    def _fork(self, name: str) -> None:
        """Where the regions of a group begin together, and where they have all ended."""
        last = [one.name for one in self.states.values() if name in around(self.states, one.name)][-1]
        for gate, near in ((f"+{name}", name), (f"+{name}.", last)):
            self.spots[gate] = _sized(Spot(name=gate, kind="choice", label="", parent=name, near=near))
        for region in self.states[name].children:
            self.ways.append(Way(source=f"+{name}", target=self._landing(region), kind="self", labels=()))
            for child in self.states[region].children:
                if self.states[child].final == "region":
                    self.ways.append(Way(source=child, target=f"+{name}.", kind="self", labels=()))
        if not any(f"+{name}." in (way.source, way.target) for way in self.ways):
            del self.spots[f"+{name}."]

    def _part(self) -> None:
        """Put a gateway behind whatever has several ways out."""
        counts = Counter(way.source for way in self.ways if way.kind != "time")
        parting = {
            name
            for name, count in counts.items()
            if count > 1 and (self.spots[name].kind != "choice" or name.endswith("."))
        }
        for name in parting:
            spot = self.spots[name]
            gate = Spot(name=f"{name}?", kind="choice", label="", parent=spot.parent, near=spot.near or name)
            self.spots[gate.name] = _sized(gate)
        self.ways = [
            *(replace(way, source=f"{way.source}?") if way.source in parting and way.kind != "time" else way
              for way in self.ways),
            *(Way(source=name, target=f"{name}?", kind="self", labels=()) for name in sorted(parting)),
        ]  # fmt: skip


def _sized(spot: Spot) -> Spot:
    """A spot with the size of its symbol and of the label that stands beside it."""
    if spot.kind == "start":
        return replace(spot, size=(EVENT, EVENT))
    if spot.kind == "choice":
        return replace(spot, label="", lines=(), size=(GATEWAY, GATEWAY))
    if spot.kind in ("done", "failed", "cancelled", "gate"):
        said = " – ".join((spot.label, *(spot.lines if spot.kind == "gate" else ())))
        lines = broken(said, _LABEL_ROOM, SMALL)
        width = max(EVENT, *(width_of(line, SMALL) + 16 for line in lines))
        height = EVENT + 4 + len(lines) * SMALL * LINE
        return replace(spot, label=said, lines=(), size=(width, height))
    if spot.kind in ("group", "parallel"):
        return replace(spot, lines=())
    lines = broken(spot.label, _LABEL_ROOM, LABEL)
    width = max(width_of(line, LABEL) for line in lines) + _ICON
    return replace(spot, lines=(), size=(max(_TASK[0], width), max(_TASK[1], len(lines) * LABEL * LINE + _ICON)))


def form_of(spot: Spot) -> str:
    """How the border of a spot runs."""
    if spot.kind in ("start", "gate", "done", "failed", "cancelled"):
        return "event"
    return "gateway" if spot.kind == "choice" else "task"


def symbol_of(box: Box) -> Symbol:
    """Where the symbol of a spot stands: an end's above its label, a gate's below it."""
    if form_of(box.spot) == "task":
        return Symbol(box.x, box.y, box.width, box.height)
    side = GATEWAY if box.spot.kind == "choice" else EVENT
    y = box.y + box.height - side if box.spot.kind == "gate" else box.y
    return Symbol(box.x + box.width / 2 - side / 2, y, side, side, form_of(box.spot))


def docked(points: list[Point], symbol: Symbol) -> list[Point]:
    """A line that ends at the border of a symbol, not at that of the box around it."""
    if symbol.form == "task":
        return points
    centre = (symbol.x + symbol.width / 2, symbol.y + symbol.height / 2)
    across, down = points[-1][0] - centre[0], points[-1][1] - centre[1]
    far = (abs(across) + abs(down)) if symbol.form == "gateway" else (across * across + down * down) ** 0.5
    share = symbol.width / 2 / far if far else 0.0
    end = (centre[0] + across * share, centre[1] + down * share)
    is_there = abs(end[0] - points[-1][0]) + abs(end[1] - points[-1][1]) < 1
    return points if is_there else [*points, end]

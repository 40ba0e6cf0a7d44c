"""Where everything in a picture stands: the only place that knows `graphlay`, the library that works it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import graphlay

from engine.drawing.lettering import broken, width_of
from engine.drawing.picture import Picture, Spot, Way, innermost

LABEL, SMALL = 13.0, 11.0
"""Sizes of letters in px: of a spot's label; of the lines below it and of what stands at a way."""

LINE = 1.35  # the height of a line, in sizes
_ROOM, _WIDE_ROOM, _WAY_ROOM, _BESIDE_ROOM = 150.0, 190.0, 150.0, 90.0
_EDGE = 10.0  # between a box and its text
START_SIZE = 18.0

_OPTIONS: Mapping[str, Any] = {
    "direction": "topbottom",
    "spacing": {
        "layer_gap": 22.0, "node_gap": 26.0, "dummy_gap": 18.0, "compound_padding": 30.0,
    },
    "seed": 1,
}  # fmt: skip

Point = tuple[float, float]
Texts = tuple[tuple[str, ...], tuple[str, ...]]
"""The lines of a label, and those below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A spot in its place; x and y are its upper left corner, in px."""

    spot: Spot
    x: float
    y: float
    width: float
    height: float
    label: tuple[str, ...]  # its lines
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A way in its place."""

    way: Way
    pieces: tuple[tuple[Point, ...], ...]  # of its points; two with the label between them
    label: tuple[str, ...]  # its lines
    anchor: Point | None  # the middle of the label


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A picture with everything in its place, from (0, 0)."""

    picture: Picture
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


def placed(picture: Picture, *, is_beside: bool = False) -> Placed:
    """Work out where everything stands; the same picture always gives the same places.

    What stands at a way stands in a gap of its line, or beside it: the right half of a place twice as wide.
    """
    plan = _Plan(picture, is_beside)
    return plan.measured(graphlay.layout(plan.graph, preset="process_map", options=_OPTIONS).raw)


class _Plan:
    """The graph given to the library. What stands at a way is a node of its own, so that nothing ever covers it."""

    def __init__(self, picture: Picture, is_beside: bool) -> None:
        self.picture, self.is_beside = picture, is_beside
        self.graph = graphlay.Graph()
        self.texts = [_texts(spot) for spot in picture.spots]
        self.labels = [_way_label(way, _BESIDE_ROOM if is_beside else _WAY_ROOM) for way in picture.ways]
        self.order = {spot.name: number for number, spot in enumerate(picture.spots)}
        self.parents = {spot.name: spot.parent for spot in picture.spots}
        for spot, text in zip(picture.spots, self.texts, strict=True):
            width, height = _size(spot, *text)
            self._add(spot.name, width, height, spot.parent)
        for number, (way, label) in enumerate(zip(picture.ways, self.labels, strict=True)):
            self._connect(number, way, label)
        for spot in picture.spots:
            if spot.kind == "gate" and spot.near and self._is_apart(spot):
                self.graph.edge(spot.near, spot.name)  # not drawn: it only keeps together what belongs together

    def _add(self, name: str, width: float, height: float, parent: str) -> None:
        inside: dict[str, Any] = {"parent": self.order[parent]} if parent else {}
        self.graph.node(name, width=width, height=height, **inside)

    def _connect(self, number: int, way: Way, label: tuple[str, ...]) -> None:
        """A way in two halves with its label between them; one that leads back does not turn the picture round."""
        is_back = self._is_back(way)
        if not label:
            self.graph.edge(way.source, way.target, reverse_for_ranking=is_back)
            return
        name = f"={number}"
        width, height = _label_size(label)
        self._add(name, width * 2 if self.is_beside else width, height, innermost(self.parents, way.source, way.target))
        self.graph.edge(way.source, name, reverse_for_ranking=is_back)
        self.graph.edge(name, way.target, reverse_for_ranking=is_back)

    def _is_back(self, way: Way) -> bool:
        """Whether a way leads to a state written earlier: people write a process down in the order it takes."""
        source, target = (self.picture.spots[self.order[name]] for name in (way.source, way.target))
        if source.kind == "gate" or target.kind == "choice":
            return False
        return self.order[way.target] <= self.order[source.near or source.name]

    def _is_apart(self, gate: Spot) -> bool:
        """Whether no other way leads to or from where a gate leads."""
        reached = {way.target for way in self.picture.ways if way.source == gate.name}
        others = (way for way in self.picture.ways if way.source != gate.name)
        return not any(way.source in reached or way.target in reached for way in others)

    def measured(self, raw: Mapping[str, Any]) -> Placed:
        """What the library gives, as our values."""
        left, top = raw["bounds"]["min"]["x"], raw["bounds"]["min"]["y"]
        places = [_Place(node, left, top) for node in raw["nodes"]]
        held = zip(self.picture.spots, self.texts, places, strict=False)
        boxes = tuple(_box(spot, text, place) for spot, text, place in held)
        marks, ways = iter(places[len(boxes) :]), iter(raw["edges"])
        lines = []
        for way, label in zip(self.picture.ways, self.labels, strict=True):
            pieces = [_points(next(ways), left, top) for _half in range(2 if label else 1)]
            anchor = next(marks).middle if label else None
            lines.append(Line(way=way, pieces=tuple(pieces), label=label, anchor=anchor))
        right, bottom = raw["bounds"]["max"]["x"], raw["bounds"]["max"]["y"]
        return Placed(picture=self.picture, boxes=boxes, lines=tuple(lines), width=right - left, height=bottom - top)


class _Place:
    """One node of the library's answer, from the upper left corner of the whole."""

    def __init__(self, node: Mapping[str, Any], left: float, top: float) -> None:
        self.width, self.height = node["size"]["width"], node["size"]["height"]
        self.middle = (node["center"]["x"] - left, node["center"]["y"] - top)
        self.x, self.y = self.middle[0] - self.width / 2, self.middle[1] - self.height / 2


def _box(spot: Spot, text: Texts, place: _Place) -> Box:
    label, lines = text
    return Box(spot=spot, x=place.x, y=place.y, width=place.width, height=place.height, label=label, lines=lines)


def _points(edge: Mapping[str, Any], left: float, top: float) -> tuple[Point, ...]:
    return tuple((point["x"] - left, point["y"] - top) for point in edge["points"])


def _texts(spot: Spot) -> Texts:
    room = _WIDE_ROOM if spot.kind == "gate" else _ROOM
    if spot.kind in ("group", "parallel"):
        return (spot.label,), spot.lines
    return broken(spot.label, room, LABEL), tuple(line for text in spot.lines for line in broken(text, room, SMALL))


def _size(spot: Spot, label: tuple[str, ...], lines: tuple[str, ...]) -> tuple[float, float]:
    if spot.size is not None:
        return spot.size
    if spot.kind == "start":
        return START_SIZE, START_SIZE
    widest = max(
        *(width_of(text, LABEL, is_bold=True) for text in label), *(width_of(text, SMALL) for text in lines), 60.0
    )
    height = len(label) * LABEL * LINE + len(lines) * SMALL * LINE
    return widest + 2 * _EDGE, height + 1.4 * _EDGE


def _way_label(way: Way, room: float) -> tuple[str, ...]:
    return tuple(line for text in way.labels for line in broken(text, room, SMALL))


def _label_size(label: tuple[str, ...]) -> tuple[float, float]:
    return max(width_of(text, SMALL) for text in label) + 6, len(label) * SMALL * LINE + 2

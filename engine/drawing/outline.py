"""A picture as an outline for a terminal: every state with the ways out of it, then what is possible from many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.drawing.picture import START, Picture, Spot, Way

ARROWS = {"person": "→", "time": "⇢", "self": "⇒"}
_ENDS = ("done", "failed", "cancelled", "region")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of an outline; continued lines begin under its text."""

    depth: int
    sign: str  # before the text
    text: str
    kind: Literal["title", "spot", "way", "gate"]
    is_active: bool = False


def outline_of(picture: Picture) -> Iterator[Item]:
    """The lines of an outline, in document order, the innermost groups deepest."""
    yield Item(depth=0, sign="", text=picture.title, kind="title")
    for way in _from(picture, START):
        yield from _way(picture, way, 0)
    for spot in _held(picture, ""):
        yield from _spot(picture, spot, 0)
    for spot in picture.spots:
        if spot.kind == "gate":
            yield Item(depth=0, sign="◇", text=_joined(spot), kind="gate")
            for way in _from(picture, spot.name):
                yield from _way(picture, way, 1)


def _held(picture: Picture, frame: str) -> Iterator[Spot]:
    return (one for one in picture.spots if one.parent == frame and one.kind not in ("start", "gate", "choice"))


def _from(picture: Picture, name: str) -> Iterator[Way]:
    return (way for way in picture.ways if way.source == name)


def _spot(picture: Picture, spot: Spot, depth: int) -> Iterator[Item]:
    sign = "■" if spot.kind in _ENDS else "▸" if spot.kind in ("group", "parallel") else "○"
    yield Item(depth=depth, sign=sign, text=_joined(spot), kind="spot", is_active=spot.is_active)
    for inner in _held(picture, spot.name):
        yield from _spot(picture, inner, depth + 1)
    for way in _from(picture, spot.name):
        parts = next((one for one in picture.spots if one.name == way.target and one.kind == "choice"), None)
        if parts is None:
            yield from _way(picture, way, depth + 1)
            continue
        yield Item(depth=depth + 1, sign="◇", text=parts.label, kind="way")
        for branch in _from(picture, parts.name):
            yield from _way(picture, branch, depth + 2)


def _way(picture: Picture, way: Way, depth: int) -> Iterator[Item]:
    target = next(spot.label for spot in picture.spots if spot.name == way.target)
    for said in way.labels or ("",):
        yield Item(depth=depth, sign="", text=f"{said} {ARROWS[way.kind]} {target}".strip(), kind="way")


def _joined(spot: Spot) -> str:
    return " · ".join((spot.label, *spot.lines))

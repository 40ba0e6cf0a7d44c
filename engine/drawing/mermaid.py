"""A picture as Mermaid's text for state diagrams, as repositories and wikis draw it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.drawing.picture import START, Picture, Spot, Way, innermost

_PLAIN = frozenset(" ,.()/–-‹›“”≤≥=+·↩●，。、：（）")


def mermaid_of(picture: Picture) -> str:
    """The picture as Mermaid's text; what could be read as its grammar is written as a number."""
    ids = {spot.name: f"s{number}" for number, spot in enumerate(picture.spots)}
    lines = ["---", f"title: {_quoted(picture.title)}", "---", "stateDiagram-v2"]
    lines += _inside("", picture, ids, "    ")
    lines += [
        "    classDef active stroke:#d35400,stroke-width:4px",
        "    classDef gate fill:#fffdf3,stroke:#9a7b14,stroke-dasharray:3 2",
    ]
    for spot in picture.spots:
        kind = "active" if spot.is_active and not _is_frame(spot) else "gate" if spot.kind == "gate" else ""
        if kind:
            lines.append(f"    class {ids[spot.name]} {kind}")
    return "\n".join(lines) + "\n"


def _inside(frame: str, picture: Picture, ids: Mapping[str, str], indent: str) -> Iterator[str]:
    """All that a frame holds: states, frames, the ways between them, the ends."""
    parents = {spot.name: spot.parent for spot in picture.spots}
    spots = [spot for spot in picture.spots if spot.parent == frame and spot.kind != "start"]
    is_parallel = any(spot.name == frame and spot.kind == "parallel" for spot in picture.spots)
    for number, spot in enumerate(spots):
        if is_parallel and number:
            yield f"{indent}--"
        yield from _spot(spot, picture, ids, indent)
    for way in picture.ways:
        if innermost(parents, way.source, way.target) == frame:
            yield from _way(way, ids, indent)
    if not frame:
        for spot in picture.spots:
            if spot.kind in ("done", "failed", "cancelled"):
                yield f"{indent}{ids[spot.name]} --> [*]"


def _spot(spot: Spot, picture: Picture, ids: Mapping[str, str], indent: str) -> Iterator[str]:
    texts = (spot.label, *spot.lines)
    said = "<br>".join(_safe(text) for text in texts) if not _is_frame(spot) else _safe(" · ".join(texts))
    yield f'{indent}state "{said}" as {ids[spot.name]}'
    if _is_frame(spot):
        yield f"{indent}state {ids[spot.name]} {{"
        yield from _inside(spot.name, picture, ids, indent + "    ")
        yield f"{indent}}}"


def _way(way: Way, ids: Mapping[str, str], indent: str) -> Iterator[str]:
    source = "[*]" if way.source == START else ids[way.source]
    said = ": " + "<br>".join(_safe(text) for text in way.labels) if way.labels else ""
    yield f"{indent}{source} --> {ids[way.target]}{said}"


def _is_frame(spot: Spot) -> bool:
    return spot.kind in ("group", "parallel")


def _safe(text: str) -> str:
    """A text in which nothing is grammar: other signs than letters and a few more become their numbers."""
    return "".join(sign if sign.isalnum() or sign in _PLAIN else f"#{ord(sign)};" for sign in text)


def _quoted(text: str) -> str:
    """A title: a text in quotes, in which numbers would stay numbers."""
    return '"' + text.translate({ord("\\"): " ", ord('"'): "”", ord("<"): "‹", ord(">"): "›", ord("%"): "％"}) + '"'

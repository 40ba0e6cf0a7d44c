"""A placed picture as SVG that stands alone: no script, no font and no file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from engine.drawing.layout import LABEL, LINE, SMALL, Box, Line, Placed, Point
from engine.drawing.lettering import width_of

FONTS = (
    "'Noto Sans','Helvetica Neue',Arial,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',"
    "'WenQuanYi Zen Hei','DejaVu Sans',sans-serif"
)
STYLE = f"""
text {{ font-family: {FONTS}; fill: #1c2733; }}
.paper {{ fill: #ffffff; }}
.title {{ font-size: 18px; font-weight: bold; }}
.label {{ font-size: {LABEL}px; font-weight: bold; text-anchor: middle; }}
.small {{ font-size: {SMALL}px; text-anchor: middle; fill: #44525f; }}
.state {{ fill: #eef4fb; stroke: #3a6ea5; stroke-width: 1.4; }}
.group, .parallel {{ fill: #f7f8fa; stroke: #8795a3; stroke-width: 1.2; }}
.parallel {{ stroke-dasharray: 7 4; }}
.gate {{ fill: #fffdf3; stroke: #9a7b14; stroke-width: 1.1; stroke-dasharray: 3 2; }}
.choice {{ fill: #ffffff; stroke: #5b6b7a; stroke-width: 1.3; }}
.done {{ fill: #e8f5ec; stroke: #2d7d46; stroke-width: 2.6; }}
.failed {{ fill: #fdeeea; stroke: #b4472b; stroke-width: 2.6; }}
.cancelled, .region {{ fill: #f0f0f0; stroke: #6b6b6b; stroke-width: 2.6; }}
.start {{ fill: #1c2733; }}
.active {{ stroke: #d35400; stroke-width: 3.4; }}
.group.active, .parallel.active {{ stroke-width: 2.2; }}
.here {{ font-size: {SMALL}px; font-weight: bold; fill: #b34700; text-anchor: middle; }}
.way {{ fill: none; stroke: #5b6b7a; stroke-width: 1.3; }}
.time {{ stroke-dasharray: 6 4; }}
.self {{ stroke-dasharray: 1.5 3.5; stroke-linecap: round; stroke-width: 1.8; }}
.said {{ font-size: {SMALL}px; text-anchor: middle; fill: #22303c; }}
.frame-label {{ font-size: {LABEL}px; font-weight: bold; paint-order: stroke; stroke: #f7f8fa; stroke-width: 7px; }}
.frame-more {{ font-size: {SMALL}px; font-weight: normal; fill: #44525f; }}
.key {{ font-size: {SMALL}px; fill: #44525f; }}
""".strip()

_MARGIN, _HEAD, _FOOT = 24.0, 44.0, 40.0
_SIDE = 6.0  # how far the corner of a way is rounded


def svg_of(placed: Placed) -> str:
    """Draw a picture."""
    inside = max(placed.width, width_of(placed.picture.title, 18, is_bold=True), _key_width(placed))
    width = max(inside + 2 * _MARGIN, 620)
    height = placed.height + _HEAD + _FOOT + 2 * _MARGIN
    shift = max((width - placed.width) / 2, _MARGIN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" xml:lang="{escape(placed.picture.speech.language, quote=True)}">',
        f"<title>{escape(placed.picture.title)}</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 1 L10 5 L0 9 z" fill="#5b6b7a"/></marker></defs>',
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>',
        f'<text class="title" x="{_MARGIN}" y="{_MARGIN + 16}">{escape(placed.picture.title)}</text>',
        f'<g transform="translate({shift:.1f} {_MARGIN + _HEAD:.1f})">',
        *(text for box in placed.boxes if _is_frame(box) for text in _box(box)),
        *(text for line in placed.lines for text in _way(line)),
        *(_frame_text(box) for box in placed.boxes if _is_frame(box)),  # over the ways: none strikes a name through
        *(text for box in placed.boxes if not _is_frame(box) for text in _box(box)),
        *(text for line in placed.lines for text in _said(line)),
        "</g>",
        *_key(placed, height - _MARGIN),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _is_frame(box: Box) -> bool:
    return box.spot.kind in ("group", "parallel")


# -- spots -------------------------------------------------------------------------------------------------------------


def _box(box: Box) -> Iterator[str]:
    spot = box.spot
    active = " active" if spot.is_active else ""
    yield f'<g class="spot" data-name="{escape(spot.name, quote=True)}">'
    if spot.kind == "start":
        yield f'<circle class="start" cx="{box.x + 9:.1f}" cy="{box.y + 9:.1f}" r="9"/>'
    else:
        corner = 4 if spot.kind in ("gate", "group", "parallel") else 18 if spot.kind == "choice" else 9
        yield (
            f'<rect class="{spot.kind}{active}" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
            f'height="{box.height:.1f}" rx="{corner}"/>'
        )
        yield from () if _is_frame(box) else _text(box)
    yield "</g>"


def _text(box: Box) -> Iterator[str]:
    x = box.x + box.width / 2
    y = box.y + (box.height - (len(box.label) * LABEL + len(box.lines) * SMALL) * LINE) / 2
    for text in box.label:
        yield f'<text class="label" x="{x:.1f}" y="{y + LABEL:.1f}">{escape(text)}</text>'
        y += LABEL * LINE
    for number, text in enumerate(box.lines):
        kind = "here" if box.spot.is_active and not number else "small"  # in words too: colour alone says nothing
        yield f'<text class="{kind}" x="{x:.1f}" y="{y + SMALL:.1f}">{escape(text)}</text>'
        y += SMALL * LINE


def _frame_text(box: Box) -> str:
    """The name of a group, in its upper left corner."""
    more = "".join(f" · {text}" for text in box.lines)
    span = f'<tspan class="frame-more">{escape(more)}</tspan>' if more else ""
    return f'<text class="frame-label" x="{box.x + 10:.1f}" y="{box.y + 19:.1f}">{escape(box.label[0])}{span}</text>'


# -- ways --------------------------------------------------------------------------------------------------------------


def _way(line: Line) -> Iterator[str]:
    kind = "" if line.way.kind == "person" else f" {line.way.kind}"
    for number, points in enumerate(line.pieces, 1):
        tip = ' marker-end="url(#tip)"' if number == len(line.pieces) else ""
        yield f'<path class="way{kind}" d="{_path(points)}"{tip}/>'


def _path(points: tuple[Point, ...]) -> str:
    """The way through its points, each corner rounded as far as its sides allow."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _towards(corner, before), _towards(corner, after)
        parts.append(f"L{near[0]:.1f} {near[1]:.1f} Q{corner[0]:.1f} {corner[1]:.1f} {far[0]:.1f} {far[1]:.1f}")
    parts.append(f"L{points[-1][0]:.1f} {points[-1][1]:.1f}")
    return " ".join(parts)


def _towards(corner: Point, other: Point) -> Point:
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = (across * across + down * down) ** 0.5
    share = min(_SIDE, length / 2) / length if length else 0.0
    return corner[0] + across * share, corner[1] + down * share


def _said(line: Line) -> Iterator[str]:
    if line.anchor is None:
        return
    x, y = line.anchor
    for number, text in enumerate(line.label):
        down = y + (number + 0.78 - len(line.label) / 2) * SMALL * LINE
        yield f'<text class="said" x="{x:.1f}" y="{down:.1f}">{escape(text)}</text>'


def _key_width(placed: Placed) -> float:
    said = [placed.picture.speech.say(f"key_{kind}") for kind in ("person", "time", "self", "gate")]
    return sum(42 + width_of(text, SMALL) + 26 for text in said) - 30


def _key(placed: Placed, y: float) -> Iterator[str]:
    """What the kinds of lines mean, at the foot."""
    speech, x = placed.picture.speech, _MARGIN
    for kind in ("person", "time", "self"):
        said = speech.say(f"key_{kind}")
        yield f'<path class="way {kind}" d="M{x:.0f} {y - 4:.0f} h34" marker-end="url(#tip)"/>'
        yield f'<text class="key" x="{x + 42:.0f}" y="{y:.0f}">{escape(said)}</text>'
        x += 42 + width_of(said, SMALL) + 26
    said = speech.say("key_gate")
    yield f'<rect class="gate" x="{x:.0f}" y="{y - 12:.0f}" width="30" height="15" rx="4"/>'
    yield f'<text class="key" x="{x + 38:.0f}" y="{y:.0f}">{escape(said)}</text>'

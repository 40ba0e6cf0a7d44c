"""Small pictures as SVG text: a bar against its target, and columns. They stand alone and need nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from engine.cli.reports.figures import whole_percent
from engine.cli.translate import with_aside

_WIDTH, _HEIGHT = 240, 20


def share_bar(share: float, target: float | None, said: str) -> str:
    """Draw a share of a whole; what misses its target is hatched, so that colour never says it alone."""
    end = share * _WIDTH
    is_below = target is not None and share < target
    parts = [
        f'<rect class="track" width="{_WIDTH}" height="12" y="4"/>',
        f'<rect class="{"below" if is_below else "reached"}" width="{end:.1f}" height="12" y="4"/>',
    ]
    if is_below:
        parts += [
            f'<line class="hatch" x1="{x}" y1="16" x2="{min(x + 6, end):.1f}" y2="4"/>' for x in range(0, int(end), 8)
        ]
    if target is not None:
        x = target * _WIDTH
        parts.append(f'<line class="target" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{_HEIGHT}"/>')
        said = with_aside(said, whole_percent(target))
    return _bar(said, parts)


def part_bar(share: float, inner: float, said: str) -> str:
    """Draw a part of a whole, and darker what of it is singled out."""
    parts = [
        f'<rect class="track" width="{_WIDTH}" height="12" y="4"/>',
        f'<rect class="part" width="{share * _WIDTH:.1f}" height="12" y="4"/>',
        f'<rect class="inner" width="{inner * _WIDTH:.1f}" height="5" y="7.5"/>',
    ]
    return _bar(said, parts)


def _bar(said: str, parts: Sequence[str]) -> str:
    """A bar in a table: where there is no room for its width it keeps its height."""
    bar = _svg(_WIDTH + 2, _HEIGHT, said, parts)
    return bar.replace("<svg ", '<svg preserveAspectRatio="none" ', 1)


def columns(counts: Sequence[int], labels: Sequence[str], said: str) -> str:
    """Draw how many there are of each kind, side by side, each with its number."""
    step, room, foot = 96, 110, 24
    most = max(*counts, 1)
    parts = [f'<line class="axis" x1="0" y1="{room + 16}" x2="{step * len(counts)}" y2="{room + 16}"/>']
    for number, (count, label) in enumerate(zip(counts, labels, strict=True)):
        height = count / most * room
        middle = number * step + step // 2
        parts += [
            f'<rect class="below" x="{middle - 28}" y="{room + 16 - height:.1f}" width="56" height="{height:.1f}"/>',
            f'<text x="{middle}" y="{room + 11 - height:.1f}">{count}</text>',
            f'<text x="{middle}" y="{room + foot + 10}">{escape(label)}</text>',
        ]
    return _svg(step * len(counts), room + foot + 18, said, parts)


Write = Callable[[float], str]


def day_columns(series: Sequence[Sequence[float | None]], said: str, write: Write, full: float) -> str:
    """Draw a measure over the hours of a day; several stand side by side in each hour, the later ones paler.

    Its scale ends at the largest value, or at `full` where none is above that.
    """
    step, room, top = 30, 90, 20
    most = max((*(value for values in series for value in values if value is not None), full)) or 1.0
    width = (step - 6) / len(series)
    foot = top + room
    parts = [f'<line class="axis" x1="0" y1="{foot}" x2="{step * 24}" y2="{foot}"/>']
    for hour in range(24):
        for number, values in enumerate(series):
            value = values[hour]
            if value is None:
                continue
            height, x = value / most * room, hour * step + 3 + number * width
            parts.append(
                f'<rect class="reached" opacity="{shade(number)}" x="{x:.1f}" '
                f'y="{foot - height:.1f}" width="{width:.1f}" height="{height:.1f}"><title>{hour:02}:00 '
                f"{escape(write(value))}</title></rect>"
            )
        if hour % 3 == 0:
            parts.append(f'<text x="{hour * step + step // 2}" y="{foot + 15}">{hour:02}</text>')
    parts.append(f'<text class="most" x="2" y="12">{escape(write(most))}</text>')
    return _svg(step * 24, foot + 20, said, parts)


def shade(number: int) -> str:
    """How dark the columns of a series are: the first one is the darkest."""
    return f"{max(1 - 0.45 * number, 0.2):.2f}"


def _svg(width: int, height: int, said: str, parts: Sequence[str]) -> str:
    name = escape(said, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{name}">{"".join(parts)}</svg>'
    )

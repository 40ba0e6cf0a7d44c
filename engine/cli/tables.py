"""Tables for wide screens and blocks for narrow ones; Chinese characters count as the two columns they take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.cli.streams import Streams
from engine.cli.translate import labelled

NARROW = 80
_GAP = 2
_LEAST = 8
_READABLE = 12
_TALLEST = 6
_CLOSING = "，。；：、！？）》」』”’…·,.;:!?)"
_TRAILING = re.compile(r"(?:\s|\x1b\[[0-9;]*m)+$")
_PIECE = re.compile(rf"\s+|[（《「『“‘(]*(?:[^\s\u2e80-\uffef]+|[\u2e80-\uffef])[{re.escape(_CLOSING)}]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its heading, whether it holds numbers or is worth the spare room, and where blocks put it."""

    head: str
    is_number: bool = False
    is_wide: bool = False
    leads: bool = False  # in a block its cell needs no heading and stands in the first line


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its cells, and the colour its sign already tells."""

    cells: Sequence[str]
    colour: str = ""


def write_table(
    streams: Streams,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    is_cut: bool = False,
    is_whole: bool = False,
) -> None:
    """Write rows as a table, or as blocks where the screen is narrow. Columns without any content are left out.

    Where rows are cut, each takes one line; else what is wide is wrapped and nothing is lost: what does not fit that
    way becomes blocks. Rows to be shown whole, each in one line, become blocks where the screen is too narrow for that.
    """
    kept = [number for number, _ in enumerate(columns) if any(row.cells[number] for row in rows)]
    columns = [columns[number] for number in kept]
    rows = [Row(cells=[row.cells[number] for number in kept], colour=row.colour) for row in rows]
    if is_cut:
        rows = _cut(columns, rows, streams.width)
    if streams.width < NARROW or not _has_room(columns, rows, streams.width, is_whole=is_whole):
        _write_blocks(streams, columns, rows)
    else:
        _write_grid(streams, columns, rows)


def _has_room(columns: Sequence[Column], rows: Sequence[Row], width: int, *, is_whole: bool) -> bool:
    """Whether a table shows each cell: what is wide in lines that can be read, and no towers of them."""
    least = _wanted(columns, rows) if is_whole else _least(columns, rows, _READABLE)
    if sum(least) + _GAP * (len(columns) - 1) > width:
        return False
    room = _rooms(columns, rows, width, _READABLE)
    return all(len(_lines(cell, one)) <= _TALLEST for row in rows for cell, one in zip(row.cells, room, strict=True))


def _least(columns: Sequence[Column], rows: Sequence[Row], readable: int) -> list[int]:
    """The room below which a column cannot be read; what is wide can be broken into lines, its heading at blanks."""
    from rich.cells import cell_len

    wanted = _wanted(columns, rows)
    for number, column in enumerate(columns):
        if column.is_wide:
            content = max((cell_len(row.cells[number]) for row in rows), default=0)
            wanted[number] = max(min(content, readable), *map(cell_len, column.head.split() or [""]))
    return wanted


def _cut(columns: Sequence[Column], rows: Sequence[Row], width: int) -> list[Row]:
    """Cut what is wide so that each row takes one line; in a block each cell has a line of its own."""
    from rich.cells import cell_len

    if width < NARROW:
        room = [width - cell_len(column.head) - 4 if column.is_wide else width for column in columns]
    else:
        room = _rooms(columns, rows, width, _LEAST)
    return [
        Row(cells=[_fitted(cell, room[number]) for number, cell in enumerate(row.cells)], colour=row.colour)
        for row in rows
    ]


def _rooms(columns: Sequence[Column], rows: Sequence[Row], width: int, readable: int) -> list[int]:
    """The room each column gets: what is wide shares what the others leave, and who needs less leaves the rest."""
    wanted, room = _wanted(columns, rows), _least(columns, rows, readable)
    spare = max(width - _GAP * (len(columns) - 1) - sum(room), 0)
    growing = sorted(range(len(columns)), key=lambda one: wanted[one] - room[one])
    for left, number in zip(range(len(columns), 0, -1), growing, strict=True):
        more = min(wanted[number] - room[number], spare // left)
        room[number] += more
        spare -= more
    return room


def _wanted(columns: Sequence[Column], rows: Sequence[Row]) -> list[int]:
    """The room each column would take."""
    from rich.cells import cell_len

    return [
        max(cell_len(text) for text in (column.head, *(row.cells[number] for row in rows)))
        for number, column in enumerate(columns)
    ]


def _fitted(text: str, room: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= room else set_cell_size(text, room - 1).rstrip() + "…"


def wrapped(text: str, room: int) -> list[str]:
    """Break a text into lines of so many columns: at spaces, and between Chinese characters but before no full stop."""
    return _lines(text, max(room, 2 * _LEAST))


def hanging(line: str, room: int) -> list[str]:
    """Break a line that is too long for a screen as `wrapped` does; what follows stands two columns further in."""
    from rich.cells import cell_len

    if cell_len(line) <= room:
        return [line]
    text = line.lstrip()
    before = line[: len(line) - len(text)]
    first, *rest = wrapped(text, room - len(before) - 2)
    return [before + first, *(f"{before}  {one}" for one in rest)]


def _lines(text: str, room: int) -> list[str]:
    from rich.cells import cell_len

    lines = [""]
    for piece in _PIECE.findall(text):
        if cell_len(lines[-1] + piece.rstrip()) <= room:
            lines[-1] += piece
            continue
        lines[-1] = lines[-1].rstrip()
        lines.append(piece.lstrip())
    return [line.rstrip() for line in lines]


def _write_blocks(streams: Streams, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    for number, row in enumerate(rows):
        if number:
            streams.say()
        cells = list(zip(columns, row.cells, strict=True))
        signs = sum(1 for column in columns if not column.head)
        head = [*cells[: signs + 1], *(one for one in cells[signs + 1 :] if one[0].leads)]
        text = " ".join(cell for _, cell in head if cell)
        for line in hanging(text, streams.width):
            streams.say(streams.paint(line, row.colour or "bold"))
        said = [labelled(column.head, cell) for column, cell in cells[signs + 1 :] if cell and not column.leads]
        for line in _flowing(said, streams.width - 2):
            streams.say(f"  {line}")


def _flowing(said: Sequence[str], room: int) -> Iterator[str]:
    """Set what a block says: each for itself where the screen is narrow, else as many in a line as it takes."""
    from rich.cells import cell_len

    if room + 2 < NARROW:
        for one in said:
            yield from hanging(one, room)
        return
    line = ""
    for one in said:
        longer = f"{line} · {one}" if line else one
        if cell_len(longer) <= room:
            line = longer
            continue
        if line:
            yield line
        *whole, line = wrapped(one, room)
        yield from whole
    if line:
        yield line


def _write_grid(streams: Streams, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    room = _rooms(columns, rows, streams.width, _READABLE)
    for column, one in zip(columns, room, strict=True):
        justify: Literal["right", "left"] = "right" if column.is_number else "left"
        head = Text("\n".join(_lines(column.head, one)))
        table.add_column(head, justify=justify, overflow="fold", no_wrap=not column.is_wide)
    for row in rows:
        cells = (Text("\n".join(_lines(cell, one))) for cell, one in zip(row.cells, room, strict=True))
        table.add_row(*cells, style=row.colour or None)
    console = Console(
        file=streams.out,
        width=streams.width + _GAP,  # rich counts a gap behind the last column
        force_terminal=streams.has_colour,
        no_color=not streams.has_colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as written:
        console.print(table)
    end = "\x1b[0m" if streams.has_colour else ""
    for line in written.get().splitlines():
        streams.say(_TRAILING.sub(end, line))

"""Tables for wide screens and blocks for narrow ones; Chinese characters count as the two columns they take."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.cli.streams import Streams
from engine.cli.translate import labelled

NARROW = 80
_GAP = 2
_LEAST = 8
_CLOSING = "，。；：、！？）》」』”’…·,.;:!?)"
_PIECE = re.compile(rf"\s+|[（《「『“‘(]*(?:[^\s\u2e80-\uffef]+|[\u2e80-\uffef])[{re.escape(_CLOSING)}]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its heading, and whether it holds numbers or is worth the spare room."""

    head: str
    is_number: bool = False
    is_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its cells, and the colour its sign already tells."""

    cells: Sequence[str]
    colour: str = ""
    notes: Sequence[str] = field(default_factory=tuple)


def write_table(
    streams: Streams,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    is_cut: bool = False,
    is_whole: bool = False,
) -> None:
    """Write rows as a table, or as blocks where the screen is narrow. Columns without any content are left out.

    Where rows are cut, each takes one line; else what is wide is wrapped and nothing is lost. Rows to be
    shown whole, each in one line, become blocks where the screen is too narrow for that.
    """
    kept = [number for number, _ in enumerate(columns) if any(row.cells[number] for row in rows)]
    columns = [columns[number] for number in kept]
    rows = [Row(cells=[row.cells[number] for number in kept], colour=row.colour, notes=row.notes) for row in rows]
    if is_cut:
        rows = _cut(columns, rows, streams.width)
    if streams.width < NARROW or (is_whole and sum(_wanted(columns, rows)) + _GAP * len(columns) > streams.width):
        _write_blocks(streams, columns, rows)
    else:
        _write_grid(streams, columns, rows)


def _cut(columns: Sequence[Column], rows: Sequence[Row], width: int) -> list[Row]:
    """Cut what is wide so that each row takes one line; in a block each cell has a line of its own."""
    from rich.cells import cell_len

    wanted = _wanted(columns, rows)
    room = list(wanted)
    wide = sorted((number for number, column in enumerate(columns) if column.is_wide), key=lambda one: wanted[one])
    spare = width - _GAP * len(columns) - sum(wanted[one] for one in range(len(columns)) if one not in wide)
    for left, number in zip(range(len(wide), 0, -1), wide, strict=True):
        share = max(spare // left, _LEAST) if width >= NARROW else width - cell_len(columns[number].head) - 4
        room[number] = min(wanted[number], share)
        spare -= room[number]
    return [
        Row(
            cells=[_fitted(cell, room[number]) for number, cell in enumerate(row.cells)],
            colour=row.colour,
            notes=row.notes,
        )
        for row in rows
    ]


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
    from rich.cells import cell_len

    room = max(room, 2 * _LEAST)
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
        head = " ".join(cell for _, cell in cells[: signs + 1] if cell)
        streams.say(streams.paint(head, row.colour or "bold"))
        for column, cell in cells[signs + 1 :]:
            if cell:
                streams.say("  " + labelled(column.head, cell))
        for note in row.notes:
            streams.say(f"  {note}")


def _write_grid(streams: Streams, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(
            Text(column.head),
            justify="right" if column.is_number else "left",
            overflow="fold",
            ratio=None,
            no_wrap=not column.is_wide,
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row.cells), style=row.colour or None)
    console = Console(
        file=streams.out,
        width=streams.width,
        force_terminal=streams.has_colour,
        no_color=not streams.has_colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as written:
        console.print(table)
    for line in written.get().splitlines():
        streams.say(line.rstrip())

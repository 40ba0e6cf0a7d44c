"""The located tree: what a YAML file says, each value and each key with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.frozen import Frozen
from engine.lang.diagnostics import Span

Path = tuple[str | int, ...]
"""The way from the top of a file to a value: keys, and numbers of list items from 0."""


class Scalar(Frozen, frozen=True, eq=False):
    """One value: a text, a number, true, false or null."""

    plain: str | int | float | bool | None
    span: Span
    text: str  # as written, without quotes: `1.10` where `plain` is 1.1
    style: str = ""  # how it is quoted: "", ', ", | or >
    broken: bool = False  # a finding was made here; nothing more is to be said about it


class Items(Frozen, frozen=True, eq=False):
    """A list."""

    plain: list[Any]
    span: Span
    nodes: tuple[Node, ...]


class Table(Frozen, frozen=True, eq=False):
    """Keys with values, in the order of the file."""

    plain: dict[str, Any]
    span: Span
    nodes: Mapping[str, Node]
    keys: Mapping[str, Span]


Node = Scalar | Items | Table


class Document(Frozen, frozen=True, eq=False):
    """One file as it was read. Without a root it could not be read at all; the findings say why."""

    file: str
    lines: Sequence[str]
    root: Node | None

    @property
    def top(self) -> Span:
        """The place to point at when a finding is about the whole file."""
        if isinstance(self.root, Table) and self.root.keys:
            return next(iter(self.root.keys.values()))
        return Span(self.file, 1, 1, 1, 1 + (len(self.lines[0].rstrip()) if self.lines else 0))

    def node(self, path: Path) -> Node | None:
        """The value at a path, if there is one."""
        node = self.root
        for step in path:
            node = _child(node, step)
        return node

    def place(self, path: Path) -> Span:
        """Where the value at a path stands, or the nearest thing above it."""
        for length in range(len(path), 0, -1):
            node = self.node(path[:length])
            if node is not None:
                return node.span
        return self.top

    def name_place(self, path: Path) -> Span:
        """Where the key of a value stands; of a list item the item itself, of the whole file its first key."""
        if not path:
            return self.top
        holder = self.node(path[:-1])
        if isinstance(holder, Table) and path[-1] in holder.keys:
            return holder.keys[str(path[-1])]
        return self.place(path)

    def part(self, scalar: Scalar, offset: int, length: int = 1) -> Span:
        """Where some characters of a text stand, wherever quotes, escapes and folded lines have put them."""
        places = _characters(scalar, self.lines)
        if not places:
            return scalar.span
        first = places[min(max(offset, 0), len(places) - 1)]
        last = max(first, places[min(max(offset + length, 1), len(places)) - 1])
        return Span(self.file, first[0], first[1], last[0], last[2])


def _child(node: Node | None, step: str | int) -> Node | None:
    """The value one step down."""
    if isinstance(node, Table):
        return node.nodes.get(str(step))
    if isinstance(node, Items) and isinstance(step, int) and step < len(node.nodes):
        return node.nodes[step]
    return None


@dataclass(frozen=True, slots=True)
class _Piece:
    """One character as the source writes it: itself, an escape, or a doubled quote."""

    written: str
    means: str | None  # nothing where an escape is not worth decoding
    line: int
    column: int


def _characters(scalar: Scalar, lines: Sequence[str]) -> list[tuple[int, int, int]] | None:
    """Line, first and end column of each character of a text, by walking text and source side by side."""
    pieces = list(_pieces(scalar, lines))
    places: list[tuple[int, int, int]] = []
    spot = 0
    line, column = scalar.span.line, scalar.span.column
    for char in scalar.text:
        piece = pieces[spot] if spot < len(pieces) else None
        if piece is not None and piece.means in (None, char):
            line, column = piece.line, piece.column + len(piece.written)
            places.append((line, piece.column, column))
            spot += 1
        elif char.isspace():  # folded lines and spaces between words are no pieces
            places.append((line, column, column + 1))
        else:
            return None
    return places


def _pieces(scalar: Scalar, lines: Sequence[str]) -> Iterator[_Piece]:
    """Everything in a text's source that is not white space."""
    span = scalar.span
    quoted = scalar.style in ("'", '"')
    for number in range(span.line, span.end_line + 1):
        line = lines[number - 1]
        start = span.column - 1 + (1 if quoted else 0) if number == span.line else 0
        end = span.end_column - 1 - (1 if quoted else 0) if number == span.end_line else len(line)
        if number == span.line and scalar.style in ("|", ">"):
            continue  # a block text begins on the line after its sign
        for found in _PIECES[scalar.style].finditer(line, start, end):
            yield _Piece(found[0], _meaning(found[0], scalar.style), number, found.start() + 1)


_BARE = re.compile(r"\S")
_PIECES = {
    "": _BARE,
    "|": _BARE,
    ">": _BARE,
    "'": re.compile(r"''|\S"),
    '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|[^\s\\]"),
}
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\ ": " ", '\\"': '"', "\\\\": "\\", "\\/": "/"}


def _meaning(written: str, style: str) -> str | None:
    """The character that a piece of source stands for."""
    if style == "'" and written == "''":
        return "'"
    if style == '"' and len(written) > 1:
        if written[1] in "xuU":
            return chr(int(written[2:], 16))
        return _ESCAPES.get(written)
    return written

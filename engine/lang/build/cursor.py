"""Walking over a located tree: what is found broken is not there, so nothing follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.frozen import Frozen
from engine.lang.diagnostics import Span
from engine.lang.tree import Document, Items, Node, Path, Scalar, Table


class Cursor(Frozen, frozen=True, eq=False):
    """One value of a file, and the way to it."""

    document: Document
    node: Node
    path: Path = ()
    broken: frozenset[Path] = frozenset()

    def get(self, key: str) -> Cursor | None:
        """The value of a key, if it is there and sound."""
        if isinstance(self.node, Table) and key in self.node.nodes:
            return self._at(key, self.node.nodes[key])
        return None

    def walk(self, *keys: str) -> Cursor | None:
        """The value some keys further down."""
        here: Cursor | None = self
        for key in keys:
            here = here.get(key) if here is not None else None
        return here

    def entries(self) -> Iterator[tuple[str, Cursor]]:
        """Keys and their sound values; nothing if this is no mapping."""
        if isinstance(self.node, Table):
            for key, node in self.node.nodes.items():
                if (child := self._at(key, node)) is not None:
                    yield key, child

    def items(self) -> Iterator[Cursor]:
        """The sound items of a list; nothing if this is none."""
        if isinstance(self.node, Items):
            for number, node in enumerate(self.node.nodes):
                if (child := self._at(number, node)) is not None:
                    yield child

    def _at(self, step: str | int, node: Node) -> Cursor | None:
        path = (*self.path, step)
        # A list or mapping with a fault in it still has its other parts.
        if node.__class__ is Scalar and (node.broken or (self.broken and path in self.broken)):
            return None
        return Cursor(self.document, node, path, self.broken)

    @property
    def is_scalar(self) -> bool:
        """Whether this is a single value."""
        return isinstance(self.node, Scalar)

    @property
    def is_table(self) -> bool:
        """Whether this is a mapping."""
        return isinstance(self.node, Table)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self.node, Items)

    @property
    def text(self) -> str:
        """A single value as it is written; empty for anything else."""
        return self.node.text if isinstance(self.node, Scalar) else ""

    @property
    def plain(self) -> Any:
        """The value without its places."""
        return self.node.plain

    @property
    def span(self) -> Span:
        """Where the value stands; of one over several lines its key."""
        place = self.node.span
        return place if place.line == place.end_line or self.is_scalar else self.name_span

    @property
    def name_span(self) -> Span:
        """Where its key stands; of a list item the item."""
        return self.document.name_place(self.path)

    def part(self, offset: int, length: int) -> Span:
        """Where some characters of a text stand."""
        if isinstance(self.node, Scalar):
            return self.document.part(self.node, offset, length)
        return self.span


def text_of(cursor: Cursor | None) -> str:
    """What is written there; nothing where nothing is."""
    return cursor.text if cursor is not None else ""


def listed(cursor: Cursor | None) -> list[Cursor]:
    """One value, or the values of a list."""
    if cursor is None:
        return []
    return [cursor] if cursor.is_scalar else list(cursor.items())


def names_in(cursor: Cursor | None) -> list[str]:
    """The texts of one value or of a list."""
    return [item.text for item in listed(cursor) if item.is_scalar]


def flag(cursor: Cursor | None, key: str) -> bool:
    """Whether a key is there and says `true`."""
    value = cursor.get(key) if cursor is not None else None
    return value is not None and value.plain is True

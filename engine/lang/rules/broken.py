"""Which parts of a process errors stand in: rules that read of those would only repeat what is wrong there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.lang.diagnostics import Diagnostic, Span
from engine.lang.rules.rule import EVERYTHING, FIELDS, Part, Parts
from engine.lang.tree import Document, Items, Node, Path, Table

_TEXTS = frozenset(("label", "description", "summary", "else"))
_ASKED = frozenset(("form", "guards", "then", "on_enter", "facts"))
"""Keys of actions and states below which nothing says where a case goes."""

_TOPS: dict[str, Part] = {
    "states": "ways", "actions": "ways", "opening": "ways", "initial": "ways", "never_by": "ways",
    "clocks": "clocks", "ladders": "clocks", "fields": "fields", "facts": "fields", "figures": "fields",
    "counts": "fields", "authority": "fields", "version": "other", "prefix": "other", "measures": "other",
    "retention": "other", "migrate": "other", "schedule": "other", "incoming": "other", "seen_by": "other",
}  # fmt: skip
"""What stands under a key of the process; anything else, such as a key misspelt, may be what the whole lacks."""


def broken_parts(document: Document, found: Iterable[Diagnostic]) -> Parts:
    """The parts of a process file in which errors were found; those of other files may be about anything."""
    parts: set[Part] = set()
    for one in found:
        if one.severity == "error":
            parts |= _parts(path_at(document, one.span)) if one.span.file == document.file else EVERYTHING
    return frozenset(parts)


def _parts(path: Path) -> Parts:
    if not _TEXTS.isdisjoint(path):
        return frozenset(("texts",))
    top = _TOPS.get(str(path[0])) if path else None
    if top is None:
        return EVERYTHING
    return FIELDS if top == "ways" and not _ASKED.isdisjoint(path[1:]) else frozenset((top,))


def path_at(document: Document, span: Span) -> Path:
    """The way to the innermost value whose key or text holds a span."""
    return tuple(_steps(document.root, span)) if document.root is not None else ()


def _steps(node: Node, span: Span) -> Iterator[str | int]:
    for step, name, inner in _children(node):
        if _holds(name, span) or _holds(inner.span, span):
            yield step
            yield from _steps(inner, span)
            return


def _children(node: Node) -> Iterator[tuple[str | int, Span, Node]]:
    if isinstance(node, Table):
        yield from ((key, node.keys[key], inner) for key, inner in node.nodes.items())
    elif isinstance(node, Items):
        yield from ((at, inner.span, inner) for at, inner in enumerate(node.nodes))


def _holds(outer: Span, span: Span) -> bool:
    starts = (outer.line, outer.column) <= (span.line, span.column)
    return starts and (span.end_line, span.end_column) <= (outer.end_line, outer.end_column)

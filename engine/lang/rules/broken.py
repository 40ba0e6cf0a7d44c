"""Which parts of a process errors stand in: rules that read of those would only repeat what is wrong there."""

from __future__ import annotations

from bisect import bisect_right
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
    known: _Known = {}
    for one in found:
        if one.severity == "error":
            parts |= _parts(_path_at(document, one.span, known)) if one.span.file == document.file else EVERYTHING
    return frozenset(parts)


def _parts(path: Path) -> Parts:
    if not _TEXTS.isdisjoint(path):
        return frozenset(("texts",))
    top = _TOPS.get(str(path[0])) if path else None
    if top is None:
        return EVERYTHING
    return FIELDS if top == "ways" and not _ASKED.isdisjoint(path[1:]) else frozenset((top,))


_Child = tuple[str | int, Span, Node]
_Known = dict[int, tuple[list[tuple[int, int]], list[_Child]]]
"""By the identity of a list or mapping: where its parts begin, in order, and the parts. A file can have thousands of
both parts and errors."""


def _path_at(document: Document, span: Span, known: _Known) -> Path:
    """The way to the innermost value whose key or text holds a span."""
    return tuple(_steps(document.root, span, known)) if document.root is not None else ()


def _steps(node: Node, span: Span, known: _Known) -> Iterator[str | int]:
    if id(node) not in known:
        children = sorted(_children(node), key=lambda child: (child[1].line, child[1].column))
        known[id(node)] = [(name.line, name.column) for _, name, _ in children], children
    starts, children = known[id(node)]
    at = bisect_right(starts, (span.line, span.column)) - 1
    if at >= 0:
        step, name, inner = children[at]
        if _holds(name, span) or _holds(inner.span, span):
            yield step
            yield from _steps(inner, span, known)


def _children(node: Node) -> Iterator[_Child]:
    if isinstance(node, Table):
        yield from ((key, node.keys[key], inner) for key, inner in node.nodes.items())
    elif isinstance(node, Items):
        yield from ((at, inner.span, inner) for at, inner in enumerate(node.nodes))


def _holds(outer: Span, span: Span) -> bool:
    starts = (outer.line, outer.column) <= (span.line, span.column)
    return starts and (span.end_line, span.end_column) <= (outer.end_line, outer.end_column)

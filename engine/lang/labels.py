"""A label where a name belongs: `to: 已确认`, where the state is called `confirmed`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from engine.lang.build.notes import did_you_mean
from engine.lang.diagnostics import Diagnostic, Lines, Span
from engine.lang.tree import Document, Items, Node, Scalar, Table

_FOUND_AS = ("bad-name", "wrong-value")
"""What a label is found as: it has signs that no name may have."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LANGUAGE = re.compile(r"[a-z]{2}")


def by_name(
    findings: Iterable[Diagnostic], documents: Iterable[Document], texts: Mapping[str, Lines]
) -> list[Diagnostic]:
    """The findings, where a label was written with the name of what carries it."""
    found = list(findings)
    places = [place for place, one in enumerate(found) if one.id in _FOUND_AS]
    labels = _labels(documents) if places else {}
    for place in places:
        one = found[place]
        if not (one.help or "").startswith("did you mean ") and (names := labels.get(_written(one.span, texts))):
            found[place] = replace(one, help=did_you_mean(names, one.span))
    return found


def _labels(documents: Iterable[Document]) -> dict[str, dict[str, Span]]:
    """Label → the names of what carries it, each with its place."""
    found: dict[str, dict[str, Span]] = {}
    for document in documents:
        for name, words, span in _labelled(document.root):
            for text in words:
                found.setdefault(text, {}).setdefault(name, span)
    return found


def _labelled(node: Node | None) -> Iterator[tuple[str, list[str], Span]]:
    """Everything in a file that has a name and a label: states, actions, fields, roles …"""
    if isinstance(node, Items):
        for item in node.nodes:
            yield from _labelled(item)
    if not isinstance(node, Table):
        return
    for name, inner in node.nodes.items():
        if isinstance(inner, Table) and _NAME.fullmatch(name) and name != "label":
            words = _words(inner.nodes.get("label")) or _words(inner)
            if words:
                yield name, words, node.keys[name]
        yield from _labelled(inner)


def _words(node: Node | None) -> list[str]:
    """A text in the languages of the desk; nothing where it is none."""
    if not isinstance(node, Table) or not all(_LANGUAGE.fullmatch(key) for key in node.nodes):
        return []
    return [one.text for one in node.nodes.values() if isinstance(one, Scalar)]


def _written(span: Span, texts: Mapping[str, Lines]) -> str:
    """What stands at a place, without its quotes; nothing where it goes over several lines."""
    lines = texts.get(span.file, ())
    if span.end_line != span.line or not 0 < span.line <= len(lines):
        return ""
    return lines[span.line - 1][span.column - 1 : span.end_column - 1].strip("\"'")

"""Findings as people and programs read them: text, JSON, SARIF, and annotations of a CI run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from rich.cells import cell_len

from engine.lang.diagnostics import Diagnostic, Lines, Span

_WIDEST = 140
"""How much of a long source line is shown."""


class Frame(NamedTuple):
    """The words around a finding, as templates."""

    error: str = "{place}: error[{rule}]: {message}"
    warning: str = "{place}: warning[{rule}]: {message}"
    help: str = "  help: {text}"
    note: str = "  note: {text} at {place}"
    same: str = "  the same {count} times more: lines {lines}"


ENGLISH = Frame()
_MANY = 3
"""After a finding so many of its file that say the same are only counted: what is missing everywhere is one fault."""


def as_text(findings: Iterable[Diagnostic], texts: Mapping[str, Lines], frame: Frame = ENGLISH) -> str:
    """The findings for people: place, rule and message, the source line with the spot underlined, and the mend."""
    alike: dict[tuple[object, ...], list[Diagnostic]] = {}
    for found in findings:
        what = (found.span.file, found.id, found.severity, found.message, found.help, found.related)
        alike.setdefault(what, []).append(found)
    blocks = (
        (found.span, [*_block(found, texts, frame), *_same(others, frame)])
        for first, *others in alike.values()
        for found, others in ([(first, others)] if len(others) >= _MANY else [(one, []) for one in (first, *others)])
    )
    return "\n".join("\n".join(lines) for _, lines in sorted(blocks, key=lambda block: block[0]))


def _same(others: Sequence[Diagnostic], frame: Frame) -> Iterator[str]:
    """Where a file says the same again."""
    if others:
        lines = dict.fromkeys(str(found.span.line) for found in others)
        yield frame.same.format(count=len(others), lines=", ".join(lines))


def _block(found: Diagnostic, texts: Mapping[str, Lines], frame: Frame) -> Iterator[str]:
    """The lines of one finding."""
    head = frame.error if found.severity == "error" else frame.warning
    yield head.format(place=found.span, rule=found.id, message=printable(found.message))
    yield from _excerpt(found.span, texts)
    if found.help:
        yield frame.help.format(text=printable(found.help))
    for span, text in found.related:
        yield frame.note.format(text=printable(text), place=span)


def _excerpt(span: Span, texts: Mapping[str, Lines]) -> Iterator[str]:
    """The source line and the carets under the spot."""
    lines = texts.get(span.file, ())
    if span.line > len(lines) or not lines[span.line - 1].strip():
        return
    line = printable(lines[span.line - 1]).rstrip()
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    start, end = min(span.column - 1, len(line)), min(max(end, span.column), len(line) + 1)
    cut = max(0, start - _WIDEST // 2) if len(line) > _WIDEST else 0
    head, shown = ("…" if cut else ""), line[cut : cut + _WIDEST]
    tail = "…" if cut + _WIDEST < len(line) else ""
    # A Chinese character takes two columns of a terminal, and so does the caret under it.
    before = cell_len(head + line[cut:start])
    under = max(1, cell_len(line[start : min(end, cut + _WIDEST)]))
    number = str(span.line)
    yield f"  {number} | {head}{shown}{tail}"
    yield f"  {' ' * len(number)} | {' ' * before}{'^' * under}"


def printable(text: str) -> str:
    """A text that cannot play tricks on a terminal: one column for each tab and control character."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char == "\t" else "\ufffd" for char in text)


def as_json(findings: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The findings for programs; the shape is published in the output schema."""
    return [
        {
            "id": found.id,
            "severity": found.severity,
            **_place(found.span),
            "message": found.message,
            "help": found.help,
            "related": [{**_place(span), "message": text} for span, text in found.related],
        }
        for found in findings
    ]


def _place(span: Span) -> dict[str, Any]:
    """A place as plain values."""
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


_SPOKEN = {"en": "en-US", "zh": "zh-CN"}


def as_sarif(
    findings: Iterable[Diagnostic], rules: Mapping[str, str], version: str, language: str = "en"
) -> dict[str, Any]:
    """The findings as SARIF 2.1.0; `rules` says in one sentence what each rule is about, `language` is that of both."""
    findings = list(findings)
    known = sorted({found.id for found in findings})
    driver = {
        "name": "casewright",
        "version": version,
        "rules": [{"id": rule, "shortDescription": {"text": rules.get(rule, rule)}} for rule in known],
    }
    results = [_result(found, known.index(found.id)) for found in findings]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "language": _SPOKEN.get(language, language),
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }


def _result(found: Diagnostic, rule: int) -> dict[str, Any]:
    """One finding of a SARIF run."""
    result: dict[str, Any] = {
        "ruleId": found.id,
        "ruleIndex": rule,
        "level": found.severity,
        "message": {"text": found.message + (f"\n{found.help}" if found.help else "")},
        "locations": [_location(found.span)],
    }
    if found.related:
        places = [{**_location(span), "message": {"text": text}} for span, text in found.related]
        result["relatedLocations"] = [{"id": number, **place} for number, place in enumerate(places, 1)]
    return result


def _location(span: Span) -> dict[str, Any]:
    """A place as SARIF writes it."""
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    artifact = {"uri": quote(span.file.replace("\\", "/"), errors="surrogateescape")}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def as_annotations(findings: Iterable[Diagnostic]) -> str:
    """The findings as workflow commands: a CI run shows them beside the lines of a change."""
    return "\n".join(_annotation(found) for found in findings)


def _annotation(found: Diagnostic) -> str:
    """One workflow command."""
    span = found.span
    values = {"file": span.file, "line": span.line, "endLine": span.end_line, "title": found.id}
    if span.line == span.end_line:  # columns are for one line only
        values |= {"col": span.column, "endColumn": span.end_column}
    properties = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in values.items())
    text = found.message + (f"\n{found.help}" if found.help else "")
    return f"::{found.severity} {properties}::{_escaped(text, '')}"


def _escaped(text: str, also: str) -> str:
    """A text as workflow commands need it: signs of their own as percent codes."""
    for char in "%\r\n" + also:
        text = text.replace(char, f"%{ord(char):02X}")
    return text

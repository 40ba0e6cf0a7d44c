"""What a line of an import says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.errors import EngineError

LINE_KEYS = frozenset(
    {
        "at",
        "as",
        "case",
        "open",
        "do",
        "schedule",
        "for",
        "form",
        "facts",
        "key",
        "hear",
        "from",
        "with",
        "tick",
        "say",
        "refused",
    }
)


class BadLine(EngineError):
    """This line cannot be read."""


def read_line(text: str) -> Mapping[str, Any]:
    """The line as a JSON object with one verb and known keys; `BadLine` for any other."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"this is not JSON: {error}") from error
    if not isinstance(line, dict):
        raise BadLine("a line is a JSON object")
    unknown = sorted(set(line) - LINE_KEYS)
    if unknown:
        raise BadLine(f"`{unknown[0]}` is not a key of an import line; keys are {', '.join(sorted(LINE_KEYS))}")
    if sum(verb in line for verb in ("open", "do", "hear", "schedule", "tick", "say")) != 1:
        raise BadLine("a line says one of `open`, `do`, `hear`, `schedule`, `tick` or `say`")
    return line


def private_of(text: str, personal: frozenset[str]) -> list[Any]:
    """What a line says in fields that are personal in some process; nothing where it cannot be read."""
    try:
        line = read_line(text)
    except BadLine:
        return []
    parts = [part for name in ("form", "with") if isinstance(part := line.get(name), dict)]
    return [value for part in parts for name, value in part.items() if name in personal]


def own_name(line: Mapping[str, Any]) -> str:
    """The file's own name for the case of the line."""
    name = line.get("case")
    if not isinstance(name, str) or not name:
        raise BadLine("`case` must be the file's own name for the case")
    return name


def part_of(line: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The form or the facts of a line."""
    part = line.get(name, {})
    if not isinstance(part, dict):
        raise BadLine(f"`{name}` must be an object of fields")
    return part

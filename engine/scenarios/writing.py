"""A scenario file as text: one step a line, as a designer would write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.lang.scalars import resolve

Step = Mapping[str, Any]
"""The keys of one step with plain values, in the order in which they are written."""

_BARE = re.compile(r"[^\W\d_](?:[\w ./+-]*\w)?|[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
                   r"|(?:[0-9]+[dhms])+|[a-z_]+:[\w.]+")  # fmt: skip
"""Texts that need no quotes: words, local times, durations, `role:person`."""


def script_text(process: str, given: Step, scenarios: Mapping[str, Iterable[Step]]) -> str:
    """The file."""
    lines = [f"process: {process}"]
    if given:
        lines.append("given:")
        lines += [f"  {key}: {flow(value)}" for key, value in given.items()]
    lines.append("scenarios:")
    for name, steps in scenarios.items():
        lines.append(f"  {flow(name)}:")
        lines += [f"    - {flow(step)}" for step in steps]
    return "\n".join(lines) + "\n"


def flow(value: Any) -> str:
    """A plain value on one line of YAML, which reads it back as it was."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str) and _BARE.fullmatch(value) and resolve(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)

"""Fields: what a value may be, how it is read from what people write, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Words = Mapping[str, str]
"""One text in every language of the desk: language → text."""

Value = Any
"""A stored value: JSON only. Instants and durations are int milliseconds, money int minor units, dates `YYYY-MM-DD`."""

FieldType = Literal[
    "text", "integer", "number", "yes_no", "money", "choice", "date", "instant", "duration", "person", "file", "case",
    "list", "table",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One declared field of a form, a case, a fact or a table's column."""

    name: str
    type: FieldType
    label: Words = field(default_factory=dict)
    default: Value = None
    personal: bool = False
    min: Value = None  # in stored units; for text the least length
    max: Value = None
    pattern: str | None = None  # a regular expression of the RE2 subset, matched whole
    choices: Mapping[str, Words] = field(default_factory=dict)
    role: str | None = None  # which role a person must hold
    of: Field | None = None  # what a list holds
    columns: Mapping[str, Field] = field(default_factory=dict)

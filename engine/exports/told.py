"""What is exported: cases and what happened to them, without anything private. Instants are int milliseconds UTC."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.fields import Field, FieldType, Value, plain
from engine.values import rfc3339


class Shown(NamedTuple):
    """A value in its public form, and what it is."""

    kind: FieldType
    value: Any

    @property
    def cell(self) -> Any:
        """It as one cell: a list or a table as JSON text."""
        is_many = isinstance(self.value, (list, dict))
        return json.dumps(self.value, ensure_ascii=False) if is_many else self.value


def shown(field: Field, kind: FieldType, value: Value) -> Shown:
    """A value for an export in which its field is of this kind: of an earlier version's other kind it is told as text.

    So that a column holds one kind of values, whatever the versions of its process called by its name.
    """
    told = Shown(field.type, plain(field, value))
    return told if field.type == kind else Shown("text", None if told.value is None else str(told.cell))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldProcess:
    """A process of the export, with the fields that may be shown: of all its versions, none that is ever personal."""

    name: str
    fields: Mapping[str, FieldType]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCase:
    """One case as it stands. `related` are cases of this export that it has opened or found, by the link's name."""

    id: str
    process: str
    version: int
    parent: str | None
    related: Mapping[str, str]
    opened_at: int
    closed_at: int | None
    outcome: str
    state: tuple[str, ...]
    data: Mapping[str, Shown]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEvent:
    """One record of a case. `changed` are fields set by it, None where one was unset."""

    case: str
    number: int
    activity: str
    verb: str
    at: int
    recorded_at: int
    actor: str
    roles: tuple[str, ...]
    on_behalf_of: str | None
    before: tuple[str, ...]
    after: tuple[str, ...]
    assignee: str | None
    changed: Mapping[str, Shown]
    refused: tuple[str, ...]  # the rules that refused it

    @property
    def lifecycle(self) -> str:
        """The transition of XES's standard life cycle: a refused attempt was given up, all else is complete."""
        return "ate_abort" if self.refused else "complete"


Trace = tuple[ToldCase, Iterator[ToldEvent]]
Traces = Callable[[], Iterator[Trace]]
"""Walks along the cases from the first one on; some formats walk twice."""

Format = Callable[[Sequence[ToldProcess], Traces], Iterator[str]]
"""Tells cases as pieces of text, none of them larger than an event or a case."""

COLUMN = "case."
"""What the name of a field stands behind, so that none is taken for a column of ours."""


def instant(at: int | None) -> str:
    """An instant with its milliseconds, always of one length; nothing for none."""
    if at is None:
        return ""
    text = rfc3339(at)
    return text if "." in text else text.replace("Z", ".000Z")

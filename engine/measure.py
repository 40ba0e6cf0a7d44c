"""What a measure is: a figure that reports count over many cases of a process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.expressions import Expression
from engine.fields import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure over many cases: what it counts of which cases, broken down by what, against which target."""

    name: str
    label: Words
    kind: Literal["share", "sum", "average", "count", "list"]
    value: Expression | None = None  # a condition of `share`; what is added up of `sum` and `average`
    of: Expression | None = None  # which cases count
    per: tuple[str, ...] = ()  # `day`, `week`, `month`, or names: of fields, `state`, `assignee`
    columns: tuple[str, ...] = ()  # of `list`: names of fields, `state`, `opened_at`, `assignee`
    at: str = "opening"  # to which time a case belongs: `opening`, `closing`, or `case.FIELD`
    target: float | None = None  # of `share`, 0..1

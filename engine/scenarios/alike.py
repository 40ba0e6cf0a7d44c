"""Cases found by the values they hold: what `unique`, `key` and `counts` ask of a world, without going through all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.audit import canonical
from engine.core.cases import Case
from engine.core.plan import Plan
from engine.fields import Value

Values = tuple[tuple[str, Any], ...]


class Alike:
    """Every case that ever held these values, by process; whether it still does is seen on the case."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Values], tuple[str, ...]] = {}

    def twin(self) -> Alike:
        """The same, going its own way."""
        made = Alike()
        made._known = dict(self._known)
        return made

    def note(self, plan: Plan, case: Case) -> None:
        """Remember what a case holds now of what its process asks for."""
        for names in plan.looked_up:
            if all(name in case.data for name in names):
                place = case.process, _values({name: case.data[name] for name in names})
                known = self._known.get(place, ())
                if case.id not in known:
                    self._known[place] = (*known, case.id)

    def naming(self, process: str, values: Mapping[str, Value]) -> tuple[str, ...]:
        """The cases that hold these values or once did, in the order in which they first did."""
        return self._known.get((process, _values(values)), ())


def holds_all(case: Case, values: Mapping[str, Value]) -> bool:
    """Whether a case holds these values now."""
    return all(case.data.get(name) == value for name, value in values.items())


def _values(values: Mapping[str, Value]) -> Values:
    return tuple(
        (name, canonical(values[name]) if isinstance(values[name], list | dict) else values[name])
        for name in sorted(values)
    )

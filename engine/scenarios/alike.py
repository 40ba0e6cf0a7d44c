"""Cases found by the values they hold: what `unique`, `key` and `counts` ask of a world, without going through all."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from typing import Any

from engine.core.audit import canonical
from engine.core.cases import Case
from engine.core.plan import Plan
from engine.fields import Value

Place = tuple[str, tuple[tuple[str, Any], ...]]
"""A process, and values that cases of it may hold."""


class Alike:
    """Every case that ever held these values, by process; and when those were opened that hold them now."""

    def __init__(self) -> None:
        self._known: dict[Place, dict[str, None]] = {}
        self._opened: dict[Place, list[int]] = {}
        self._places: dict[str, tuple[Place, ...]] = {}  # case → the values it holds now
        self._noted: dict[str, tuple[Mapping[str, Value], int]] = {}  # case → what it held, and its version, by then

    def twin(self) -> Alike:
        """The same, going its own way."""
        made = Alike()
        made._known = {place: dict(cases) for place, cases in self._known.items()}
        made._opened = {place: [*instants] for place, instants in self._opened.items()}
        made._places, made._noted = dict(self._places), dict(self._noted)
        return made

    def note(self, plan: Plan, case: Case) -> None:
        """Remember what a case holds now of what its process asks for."""
        if not plan.looked_up and case.id not in self._places:
            return
        data, version = self._noted.get(case.id, (None, 0))
        was = self._places.get(case.id, ())
        if case.data is data and case.version == version:
            return
        self._noted[case.id] = case.data, case.version
        asked = dict.fromkeys((*plan.looked_up, *(tuple(name for name, _ in values) for _, values in was)))
        places = tuple(_places(asked, case))
        if places != was:
            self._places[case.id] = places
            for place in (one for one in was if one not in places):
                del self._opened[place][bisect_left(self._opened[place], case.opened_at)]
            for place in (one for one in places if one not in was):
                insort(self._opened.setdefault(place, []), case.opened_at)
                self._known.setdefault(place, {})[case.id] = None

    def naming(self, process: str, values: Mapping[str, Value]) -> Iterable[str]:
        """The cases that hold these values or once did, in the order in which they first did."""
        return self._known.get((process, _values(values)), ())

    def count(self, process: str, values: Mapping[str, Value], since: int, until: int) -> int:
        """How many hold these values now of the cases opened between two instants, both included."""
        opened = self._opened.get((process, _values(values)), [])
        return bisect_right(opened, until) - bisect_left(opened, since)


def _places(asked: Iterable[tuple[str, ...]], case: Case) -> Iterable[Place]:
    for names in asked:
        if all(name in case.data for name in names):
            yield case.process, _values({name: case.data[name] for name in names})


def holds_all(case: Case, values: Mapping[str, Value]) -> bool:
    """Whether a case holds these values now."""
    return all(case.data.get(name) == value for name, value in values.items())


def _values(values: Mapping[str, Value]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (name, canonical(values[name]) if isinstance(values[name], list | dict) else values[name])
        for name in sorted(values)
    )

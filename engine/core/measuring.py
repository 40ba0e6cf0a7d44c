"""Measures: what reports count of cases, one pass over them, keeping nothing but sums, and of registers their lines."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine.core.cases import Case
from engine.core.sight import Sight
from engine.expressions import Expression, ExpressionFailed
from engine.fields import Value, is_sealed
from engine.measure import Measure
from engine.model import ProcessDefinition

Key = tuple[Value, ...]


@dataclass(slots=True)
class Figure:
    """What was counted of one group. Money is in minor units, durations are in ms."""

    group: Key = ()
    cases: int = 0  # that counted
    hits: int = 0  # of a share
    total: Decimal = field(default_factory=Decimal)  # of a sum or an average
    unset: int = 0  # cases in which there was nothing to add

    def value(self, kind: str) -> Decimal | int | float | None:
        """The figure; None where there is nothing to count."""
        match kind:
            case "share":
                return self.hits / self.cases if self.cases else None
            case "sum":
                return self.total
            case "average":
                return self.total / self.cases if self.cases else None
            case _:
                return self.cases

    def is_on_target(self, target: float | None) -> bool | None:
        """Whether the share is reached, compared without rounding; None without a target or without cases."""
        return self.hits >= target * self.cases if target is not None and self.cases else None


class Line(NamedTuple):
    """One case in a register."""

    group: Key
    at: int
    case: str
    values: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measure of many cases."""

    measure: Measure
    figures: tuple[Figure, ...]  # by group, sorted; of a register how many there are of each
    total: Figure
    lines: tuple[Line, ...] = ()  # of a register, in order: no more than asked for
    failed: int = 0  # cases of which it could not be said whether they count


class _Broken(Exception):
    """Of this case it cannot be said whether it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Which time is counted, where the days begin, and how many lines a register may have."""

    zone: ZoneInfo
    since: int | None = None
    until: int | None = None
    most: int = 10_000

    def holds(self, at: int) -> bool:
        """Whether this instant is counted."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def measured(measure: Measure, sights: Iterable[Sight], frame: Frame) -> Measured:
    """Count these cases."""
    count = _Count(measure, frame)
    lines = heapq.nsmallest(frame.most, count.walk(sights), key=lambda line: (_sorted(line.group), line[1:3]))
    counted = (group for group, figure in count.groups.items() if figure.cases)
    figures = tuple(count.groups[group] for group in sorted(counted, key=_sorted))
    return Measured(measure=measure, figures=figures, total=count.total, lines=tuple(lines), failed=count.failed)


class _Count:
    def __init__(self, measure: Measure, frame: Frame) -> None:
        self.measure = measure
        self.frame = frame
        self.groups: dict[Key, Figure] = {}
        self.total = Figure()
        self.failed = 0

    def walk(self, sights: Iterable[Sight]) -> Iterator[Line]:
        """Count each case; the lines of a register."""
        for sight in sights:
            try:
                at = _at(self.measure.at, sight, self.frame.zone)
                if at is None or not self.frame.holds(at) or not _is_counted(self.measure.of, sight):
                    continue
                self.add(sight, at)
            except _Broken:
                self.failed += 1
                continue
            if self.measure.kind == "list":
                values = tuple(_shown(name, sight.case) for name in self.measure.columns)
                yield Line(self.group(sight, at), at, sight.case.id, values)

    def add(self, sight: Sight, at: int) -> None:
        """Count one case."""
        measure = self.measure
        is_hit = measure.kind == "share" and _is_counted(measure.value, sight)
        amount = _amount(measure.value, sight) if measure.kind in ("sum", "average") and measure.value else Decimal()
        group = self.group(sight, at)
        if group not in self.groups:
            self.groups[group] = Figure(group)
        for figure in (self.groups[group], self.total):
            if amount is None:
                figure.unset += 1
                continue
            figure.cases += 1
            figure.hits += is_hit
            figure.total += amount

    def group(self, sight: Sight, at: int) -> Key:
        """What it is counted under."""
        local = datetime.fromtimestamp(at / 1000, self.frame.zone)
        return tuple(_TIMES[name](local) if name in _TIMES else _shown(name, sight.case) for name in self.measure.per)


def _week(local: datetime) -> str:
    year, week, _ = local.isocalendar()
    return f"{year}-W{week:02d}"


_TIMES: Mapping[str, Callable[[datetime], str]] = {
    "day": lambda local: local.strftime("%Y-%m-%d"),
    "week": _week,
    "month": lambda local: local.strftime("%Y-%m"),
}


def _at(name: str, sight: Sight, zone: ZoneInfo) -> int | None:
    """The instant a case belongs to."""
    if name == "opening":
        return sight.case.opened_at
    if name == "closing":
        return sight.case.closed_at
    value = sight.case.data.get(name.removeprefix("case."))
    if isinstance(value, str):
        return int(datetime.combine(date.fromisoformat(value), datetime.min.time(), zone).timestamp() * 1000)
    return value if isinstance(value, int) else None


def _is_counted(condition: Expression | None, sight: Sight) -> bool:
    try:
        return condition is None or condition.evaluate(sight) is True
    except ExpressionFailed as error:
        raise _Broken from error


def _amount(value: Expression, sight: Sight) -> Decimal | None:
    """What a case adds; None where something of it is not set."""
    try:
        found = value.evaluate(sight)
    except ExpressionFailed:
        return None
    return Decimal(str(found)) if isinstance(found, (int, float)) else None


def _shown(name: str, case: Case) -> Value:
    if name == "state":
        return " + ".join(case.position.leaves)
    if name in ("assignee", "opened_at"):
        found: Value = getattr(case, name)
        return found
    value = case.data.get(name.removeprefix("case."))
    return None if is_sealed(value) else value


def _sorted(group: Key) -> tuple[tuple[int, float, str], ...]:
    """Groups of any values in one order."""
    return tuple(_place(value) for value in group)


def _place(value: Value) -> tuple[int, float, str]:
    """Numbers by size, then texts, then what is not set."""
    if value is None:
        return 2, 0.0, ""
    return (0, float(value), "") if isinstance(value, (int, float)) else (1, 0.0, str(value))


def alike(definition: ProcessDefinition, other: ProcessDefinition) -> frozenset[str]:
    """The fields that another version of a process declares as this one does, so that its cases can be read by it."""
    mine, theirs = _kinds(definition), _kinds(other)
    return frozenset(name for name, kind in mine.items() if theirs.get(name) == kind)


def _kinds(definition: ProcessDefinition) -> dict[str, tuple[str, bool]]:
    return {name: (field.type, field.personal) for name, field in definition.fields.items()}

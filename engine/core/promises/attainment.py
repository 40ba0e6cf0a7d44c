"""Attainment: of the cycles of promises, how many were kept, how long they took, and on whom the time was spent (D12).

Pure, and of any cycles whatever they were read from: one pass, and in memory nothing but eight bytes a figure.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.core.cases import Cycle

COUNTED = ("met", "breached", "overdue")
"""Results that attainment is made of; every other is printed with it."""

NOBODY = "nobody"
OWNER = "owner:"

BANDS = (5 * 60_000, 15 * 60_000, 3_600_000, 4 * 3_600_000, 24 * 3_600_000)
"""Up to how late (ms) each part of the distribution of lateness goes; one more holds the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a report counts: of one process or all, of one clock or all, decided in [since, until)."""

    process: str | None = None
    clock: str | None = None
    since: int | None = None  # a cycle is decided by its first breach, else by its end
    until: int | None = None


class Ended(NamedTuple):
    """A cycle that has ended, and the definition of its case."""

    cycle: Cycle
    process: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A cycle as it is counted: `met`, `breached`, `overdue`, `cancelled`, `not_needed`, `running`, `paused`."""

    cycle: Cycle
    process: str
    now: int  # up to which a cycle under way is counted
    target: float | None = None  # the share of its clock's cycles that should be met

    @property
    def at(self) -> int:
        """The instant it belongs to: its first breach, else its end, else now."""
        cycle = self.cycle
        return next(at for at in (cycle.breached_at, cycle.ended_at, self.now) if at is not None)

    @property
    def late(self) -> int:
        """By how much the promise was missed, in the promise's own time; 0 where only closed hours lay between."""
        cycle, goal = self.cycle, self.cycle.goal
        over = cycle.used - goal.value if goal.kind == "length" else self._end - goal.value
        return max(over, 0)

    @property
    def late_on_the_wall(self) -> int:
        """By how much on the wall clock."""
        return max(self._end - (self.cycle.breached_at or self._end), 0)

    @property
    def noticed_late(self) -> int | None:
        """How late the engine recorded the breach, from the first instant at which it could; None: not known."""
        cycle = self.cycle
        if cycle.breached_at is None or cycle.noticed_at is None:
            return None
        return max(cycle.noticed_at - cycle.breached_at - 1, 0)

    @property
    def _end(self) -> int:
        return self.now if self.cycle.ended_at is None else self.cycle.ended_at


@dataclass(frozen=True, slots=True)
class Spread:
    """How durations (ms) are spread: exact, by nearest rank; None of nothing."""

    count: int
    p50: int | None
    p90: int | None
    p99: int | None
    most: int | None


@dataclass(frozen=True, slots=True)
class Spent:
    """On whom used time was spent (ms). In parallel regions each waited on counts, so `waited` may exceed `used`."""

    used: int
    waited: Mapping[str, int]  # `role:NAME`, `person:ID`, `party:NAME`, `nobody`: adds up to `used`
    owned: Mapping[str, int]  # person → time; `nobody`: nobody held the case. Adds up to `used`

    @property
    def is_shared(self) -> bool:
        """Whether several were waited on at once."""
        return sum(self.waited.values()) > self.used


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainment:
    """What became of the promises of one group."""

    group: tuple[str, ...]
    counts: Mapping[str, int]
    target: float | None  # if all of the group have the same
    used: Spread
    late: Spread
    late_on_the_wall: Spread
    noticed_late: Spread
    late_bands: tuple[int, ...]  # how many were up to so late: `BANDS`, then the rest
    spent: Spent
    spent_on_missed: Spent

    @property
    def counted(self) -> int:
        """How many cycles the attainment is made of."""
        return sum(self.counts[result] for result in COUNTED)

    @property
    def attained(self) -> float | None:
        """Met of those counted; None where nothing is decided yet."""
        return self.counts["met"] / self.counted if self.counted else None

    @property
    def is_on_target(self) -> bool | None:
        """Whether the target is reached, compared without rounding; None without a target or without cycles."""
        if self.target is None or not self.counted:
            return None
        return self.counts["met"] >= self.target * self.counted


Key = Callable[[Counted], tuple[str, ...]]


def attainments(counted: Iterable[Counted], key: Key) -> tuple[tuple[Attainment, ...], Attainment]:
    """Count by group, sorted by it, and all together."""
    sums = Sums()
    for one in counted:
        sums.add(key(one), one)
    return sums.results()


class Sums:
    """What was counted of each group and of all, as it is added up; of several, put together, it is as of one."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, ...], _Sum] = {}
        self._total = _Sum()

    def add(self, group: tuple[str, ...], one: Counted) -> None:
        """One more cycle."""
        if group not in self._groups:
            self._groups[group] = _Sum()
        self._groups[group].add(one)
        self._total.add(one)

    def join(self, other: Sums) -> None:
        """All that others have counted."""
        for group, one in other._groups.items():
            if group not in self._groups:
                self._groups[group] = _Sum()
            self._groups[group].join(one)
        self._total.join(other._total)

    def results(self) -> tuple[tuple[Attainment, ...], Attainment]:
        """What became of each group, sorted by it, and of all together."""
        return tuple(self._groups[group].result(group) for group in sorted(self._groups)), self._total.result(())


def waited_most(turns: Mapping[str, int], role_of: Mapping[str, str]) -> str:
    """The role, party or person most of the time was spent on; a person counts for the role that is given."""
    spent: Counter[str] = Counter()
    for who, time in turns.items():
        if not who.startswith(OWNER) and who != NOBODY:
            person = who.removeprefix("person:")
            spent[f"role:{role_of[person]}" if person != who and person in role_of else who] += time
    return _most(spent)


def held_most(turns: Mapping[str, int]) -> str:
    """The person with whom most of the time was spent, as holder or as the one waited on; `nobody` for none."""
    spent: dict[str, int] = {}
    for who, time in turns.items():
        kind, _, name = who.partition(":")
        if kind in ("person", "owner"):  # often both at once, so the longer of the two
            spent[f"person:{name}"] = max(time, spent.get(f"person:{name}", 0))
    return _most(spent)


def _most(spent: Mapping[str, int]) -> str:
    return min(spent, key=lambda who: (-spent[who], who), default=NOBODY)


@dataclass(slots=True)
class _Spending:
    used: int = 0
    waited: Counter[str] = field(default_factory=Counter)
    owned: Counter[str] = field(default_factory=Counter)

    def add(self, cycle: Cycle) -> None:
        self.used += cycle.used
        for who, time in cycle.turns.items():
            if who.startswith(OWNER):
                self.owned[who.removeprefix(OWNER)] += time
            else:
                self.waited[who] += time

    def join(self, other: _Spending) -> None:
        self.used += other.used
        self.waited.update(other.waited)
        self.owned.update(other.owned)

    def result(self) -> Spent:
        owned = dict(sorted(self.owned.items()))
        if rest := self.used - sum(owned.values()):
            owned[NOBODY] = rest
        return Spent(self.used, dict(sorted(self.waited.items())), owned)


class _Sum:
    """What is added up of one group."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.targets: set[float | None] = set()
        self.spread = {name: array("q") for name in ("used", "late", "late_on_the_wall", "noticed_late")}
        self.spent, self.missed = _Spending(), _Spending()
        self.bands = [0] * (len(BANDS) + 1)

    def add(self, one: Counted) -> None:
        result = one.cycle.result
        self.counts[result] += 1
        self.targets.add(one.target)
        if result not in COUNTED:
            return
        self.spread["used"].append(one.cycle.used)
        self.spent.add(one.cycle)
        if result == "met":
            return
        self.missed.add(one.cycle)
        self.spread["late"].append(one.late)
        self.spread["late_on_the_wall"].append(one.late_on_the_wall)
        if one.noticed_late is not None:
            self.spread["noticed_late"].append(one.noticed_late)
        self.bands[sum(1 for band in BANDS if one.late > band)] += 1

    def join(self, other: _Sum) -> None:
        self.counts.update(other.counts)
        self.targets |= other.targets
        for name, values in other.spread.items():
            self.spread[name].extend(values)
        self.spent.join(other.spent)
        self.missed.join(other.missed)
        self.bands = [ours + theirs for ours, theirs in zip(self.bands, other.bands, strict=True)]

    def result(self, group: tuple[str, ...]) -> Attainment:
        names = (*COUNTED, "cancelled", "not_needed", "running", "paused")
        return Attainment(
            group=group, counts={name: self.counts[name] for name in names},
            target=next(iter(self.targets)) if len(self.targets) == 1 else None,
            late_bands=tuple(self.bands), spent=self.spent.result(), spent_on_missed=self.missed.result(),
            **{name: spread(values) for name, values in self.spread.items()},
        )  # fmt: skip


def spread(values: Iterable[int]) -> Spread:
    """The percentiles of these: of n sorted ones the ⌈p·n⌉th."""
    ordered = sorted(values)
    if not ordered:
        return Spread(0, None, None, None, None)
    p50, p90, p99 = (ordered[-(-percent * len(ordered) // 100) - 1] for percent in (50, 90, 99))
    return Spread(len(ordered), p50, p90, p99, ordered[-1])

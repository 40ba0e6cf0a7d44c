"""What a promise's result would be had some of its time not counted: worked out beside the ledger, never into it.

A cycle's course is what its records tell: the stretches it ticked and stood still, and the goal it had meanwhile. An
adjusted result measures the same course again, with the windows of declared interruptions standing still.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from engine.calendars import Calendar
from engine.core.cases import Case, Goal, Head, Status
from engine.core.plan import Plan
from engine.core.promises.ledger import Stood, counts_from
from engine.model import Clock
from engine.timeline import Interval, joined, without


class Stretch(NamedTuple):
    """A part of a cycle with one goal. `counted` is time before the record that counts it: of a slip typed in late."""

    start: int
    end: int
    goal: Goal
    kind: Literal["ticking", "paused", "counted"]
    case: Case  # as it stood


class Result(NamedTuple):
    """How a cycle stands or ended."""

    status: Status
    used: int
    breached_at: int | None
    due_at: int | None  # of one under way that is not paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One cycle of a clock as its records tell it."""

    clock: str
    cycle: int
    started_at: int
    ended_at: int | None  # None: under way
    ending: Status  # how it stands, or ended, but for a breach
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """By what a course is measured: open time of the calendar, but for windows that do not count."""

    calendar: Calendar
    windows: tuple[Interval, ...] = ()

    def counting(self, start: int, end: int) -> list[Interval]:
        """What of a stretch counts, where the calendar is open."""
        return without([(start, end)], self.windows)


def measure(calendar: Calendar, windows: Iterable[Interval] = ()) -> Measure:
    """A measure whose windows are a union: declared twice, time is left out once."""
    return Measure(calendar=calendar, windows=tuple(joined(windows)))


# -- the course --------------------------------------------------------------------------------------------------------


def courses_of(plan: Plan, clock: str, history: Sequence[Stood], now: int) -> tuple[Course, ...]:
    """Every cycle of a clock up to now; `history` is how the case stood after each of its records."""
    found: dict[int, list[Stretch]] = {}
    heads: dict[int, Head] = {}
    endings: dict[int, Status] = {}
    earlier: Head | None = None
    for place, stood in enumerate(history):
        head = stood.case.clocks.get(clock)
        if earlier is not None and earlier.active and (head is None or not head.active or head.cycle != earlier.cycle):
            endings[earlier.cycle] = _ending(plan.definition.clocks[clock], earlier, head, stood)
        if head is not None and head.cycle:
            until = history[place + 1].at if place + 1 < len(history) else now
            found.setdefault(head.cycle, []).extend(_stretches(earlier, head, stood, until))
            heads[head.cycle] = head
        earlier = head
    newest = earlier.cycle if earlier is not None and earlier.active else 0
    return tuple(
        Course(
            clock=clock, cycle=cycle, started_at=head.started_at,
            ended_at=None if cycle == newest else stretches[-1].end if stretches else head.ended_at,
            ending=_standing(head) if cycle == newest else endings.get(cycle, "cancelled"),
            stretches=tuple(stretches),
        )
        for cycle, stretches in found.items()
        if (head := heads[cycle])
    )  # fmt: skip


def _stretches(earlier: Head | None, head: Head, stood: Stood, until: int) -> Iterator[Stretch]:
    at, case = stood.at, stood.case
    if head.goal is None:
        return
    if (start := counts_from(earlier, head)) is not None and start < at:
        yield Stretch(start, at, head.goal, "counted", case)
    if head.active:  # also where it began this very instant: its goal is known
        yield Stretch(at, until, head.goal, "paused" if head.paused else "ticking", case)


def _standing(head: Head) -> Status:
    return "paused" if head.paused else "running"


def _ending(clock: Clock, before: Head, after: Head | None, stood: Stood) -> Status:
    """How a cycle ended, were there no breach: by D3, since a head that was breached does not say."""
    if after is not None and after.cycle == before.cycle and after.result != "breached":
        return after.result or "cancelled"
    if not stood.names.isdisjoint(clock.cancelled_by):
        return "cancelled"
    is_met = not stood.names.isdisjoint(clock.met_by)
    if is_met or (after is not None and after.cycle == before.cycle and after.is_satisfied):
        return "met"
    return "not_needed" if stood.case.outcome in ("done", "failed") else "cancelled"


# -- measuring it ------------------------------------------------------------------------------------------------------


def adjusted(course: Course, by: Measure, now: int) -> Result:
    """What became of a cycle by this measure; with no windows, what its ledger says."""
    used = sum(by.calendar.elapsed(start, end) for _, start, end in _counting(course, by))
    breached_at = _breach(course, by)
    status: Status = "breached" if breached_at is not None else course.ending
    due_at = _due(course, by, used, now) if course.ended_at is None and breached_at is None else breached_at
    return Result(status, used, breached_at, due_at)


def overlaps(course: Course, window: Interval, calendar: Calendar, now: int) -> bool:
    """Whether any time of a cycle that counts, or may yet count, lies within a window."""
    if course.ended_at is None and window[1] > now:
        return True
    return any(
        calendar.elapsed(max(start, window[0]), min(end, window[1]))
        for start, end, _goal, kind, _case in course.stretches
        if kind != "paused"
    )


def _counting(course: Course, by: Measure) -> Iterator[tuple[Stretch, int, int]]:
    for stretch in course.stretches:
        if stretch.kind != "paused":
            for start, end in by.counting(stretch.start, stretch.end):
                yield stretch, start, end


def _breach(course: Course, by: Measure) -> int | None:
    """The first instant at which the goal took effect while the clock ran (D1), or its instant came (D7)."""
    found = [at for at in (_out_of_time(course, by), _overtaken(course)) if at is not None]
    return min(found, default=None)


def _out_of_time(course: Course, by: Measure) -> int | None:
    used = 0
    for stretch, start, end in _counting(course, by):
        left = stretch.goal.value - used
        if stretch.kind == "ticking" and stretch.goal.kind == "length":
            at = start if left <= 0 else by.calendar.add(start, left)
            if at < end:
                return at
        used += by.calendar.elapsed(start, end)
    return None


def _overtaken(course: Course) -> int | None:
    """When an instant that is the goal came, paused or not."""
    for start, end, goal, kind, _case in course.stretches:
        if kind != "counted" and goal.kind == "instant" and max(goal.value, start) < end:
            return max(goal.value, start)
    return None


def _due(course: Course, by: Measure, used: int, now: int) -> int | None:
    """When a cycle under way falls due, were nothing to change but what is declared."""
    goal = course.stretches[-1].goal if course.stretches else None
    if goal is None or goal.kind == "instant":
        return None if goal is None else goal.value
    if course.ending == "paused":
        return None
    left, at = goal.value - used, now
    for start, end in by.windows:
        if end <= at:
            continue
        due = by.calendar.add(at, max(left, 0))
        if due < start:
            return due
        left -= by.calendar.elapsed(at, start)
        at = end
    return by.calendar.add(at, max(left, 0))


__all__ = ["Course", "Measure", "Result", "Stretch", "adjusted", "courses_of", "measure", "overlaps"]

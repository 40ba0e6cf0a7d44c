"""A promise's ledger: how its time was spent, worked out from the case after each of its records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from engine.calendars import Calendar, openings
from engine.core.cases import Case, Head, Step
from engine.core.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A stretch of one cycle. `used` is what of it counts: the open time while running."""

    cycle: int
    start: int
    end: int
    status: Literal["running", "paused", "closed"]  # closed: running outside its calendar's hours
    why: tuple[str, ...]  # reasons of a pause
    turn: tuple[str, ...]  # whose turn it was
    used: int


@dataclass(frozen=True, slots=True)
class Stood:
    """How a case stood from an instant on."""

    at: int
    case: Case
    names: frozenset[str] = frozenset()  # what happened in that step: the action, and the states it stands in now


def stood_of(plan: Plan, step: Step) -> Stood:
    """How the case stood after a step."""
    return Stood(step.record["at"], step.case, frozenset((step.record["name"], *plan.place(step.case.position).active)))


def ledger_of(plan: Plan, clock: str, history: Sequence[Stood], now: int) -> tuple[Interval, ...]:
    """The intervals of every cycle up to now; `history` is how the case stood after each of its records."""
    calendar = plan.calendar(plan.definition.clocks[clock].calendar)
    return tuple(_merged(_intervals(clock, history, now, calendar)))


def _intervals(clock: str, history: Sequence[Stood], now: int, calendar: Calendar) -> Iterator[Interval]:
    earlier: Head | None = None
    for place, stood in enumerate(history):
        head, turn = stood.case.clocks.get(clock), stood.case.waiting
        until = history[place + 1].at if place + 1 < len(history) else now
        if head is not None and (start := counts_from(earlier, head)) is not None:
            yield from _running(head.cycle, (), start, stood.at, calendar)
        if head is not None and head.active and head.paused:
            yield Interval(
                cycle=head.cycle, start=stood.at, end=until, status="paused", why=head.paused, turn=turn, used=0
            )
        elif head is not None and head.active:
            yield from _running(head.cycle, turn, stood.at, until, calendar)
        earlier = head


def counts_from(earlier: Head | None, head: Head) -> int | None:
    """From when time before a record counts: of a slip typed in late, of a closed case that is counted through."""
    if earlier is None or earlier.cycle != head.cycle:
        return head.started_at if head.active else None
    return earlier.ended_at if not earlier.active and head.used > earlier.used else None


def _running(cycle: int, turn: tuple[str, ...], start: int, end: int, calendar: Calendar) -> Iterator[Interval]:
    """Running, cut where the calendar closes and opens."""
    pieces = [(start, start), *openings(calendar, start, end), (end, end)]
    for (_, closed), (low, high) in pairwise(pieces):
        yield Interval(cycle=cycle, start=closed, end=low, status="closed", why=(), turn=turn, used=0)
        yield Interval(cycle=cycle, start=low, end=high, status="running", why=(), turn=turn, used=high - low)


def _merged(intervals: Iterator[Interval]) -> Iterator[Interval]:
    """Neighbours that say the same become one."""
    held: Interval | None = None
    for one in intervals:
        if one.start == one.end:
            continue
        same = held is not None and (held.cycle, held.status, held.why, held.turn, held.end) == (
            one.cycle, one.status, one.why, one.turn, one.start,
        )  # fmt: skip
        if held is not None and same:
            held = replace(held, end=one.end, used=held.used + one.used)
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held

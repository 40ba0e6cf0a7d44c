"""A promise's ledger: how its time was spent, worked out from the case after each of its records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.calendars import Calendar
from engine.core.cases import Case, Head
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


def ledger_of(plan: Plan, clock: str, history: Sequence[Stood], now: int) -> tuple[Interval, ...]:
    """The intervals of every cycle up to now; `history` is how the case stood after each of its records."""
    calendar = plan.calendar(plan.definition.clocks[clock].calendar)
    return tuple(_merged(_intervals(clock, history, now, calendar)))


def _intervals(clock: str, history: Sequence[Stood], now: int, calendar: Calendar) -> Iterator[Interval]:
    earlier: Head | None = None
    for place, stood in enumerate(history):
        head = stood.case.clocks.get(clock)
        until = history[place + 1].at if place + 1 < len(history) else now
        if head is not None and head.active:
            is_new = earlier is None or earlier.cycle != head.cycle
            start = head.started_at if is_new else stood.at  # a cycle may count from before its record
            if head.paused:
                yield _interval(stood.case, head, (start, until), "paused")
            else:
                yield from _running(head, stood.case, start, until, calendar)
        earlier = head


def _running(head: Head, case: Case, start: int, end: int, calendar: Calendar) -> Iterator[Interval]:
    """Running, cut where the calendar closes and opens."""
    at = start
    while at < end:
        if calendar.is_open(at):
            stop = _closing(calendar, at, end)
            yield _interval(case, head, (at, stop), "running")
        else:
            stop = min(calendar.next_opening(at), end)
            yield _interval(case, head, (at, stop), "closed")
        at = stop


def _closing(calendar: Calendar, start: int, end: int) -> int:
    """The last instant up to which it is open without a break, at most `end`; by halving, the calendar only adds up."""
    low, high = start, end
    while low < high:
        middle = (low + high + 1) // 2
        if calendar.elapsed(start, middle) == middle - start:
            low = middle
        else:
            high = middle - 1
    return low


def _interval(
    case: Case, head: Head, span: tuple[int, int], status: Literal["running", "paused", "closed"]
) -> Interval:
    start, end = span
    return Interval(
        cycle=head.cycle, start=start, end=end, status=status, why=head.paused if status == "paused" else (),
        turn=case.waiting, used=end - start if status == "running" else 0,
    )  # fmt: skip


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
            held = Interval(
                cycle=held.cycle, start=held.start, end=one.end, status=held.status, why=held.why, turn=held.turn,
                used=held.used + one.used,
            )  # fmt: skip
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held

"""Times as a definition holds them: a point or a length, and a rhythm."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from typing import Literal

from engine.calendars import Calendar

DAYS_OF_TWO_MONTHS = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time, or a duration from a start: `15m`, `case.visit_at - 30m`, `3 calendar_days`, `80%`.

    `duration`: `offset` is the whole. `business_days`, `calendar_days`: `count` of them from the start. Every other
    base gives an instant, to which `days` and then `offset` are added.
    """

    base: Literal[
        "duration", "field", "business_days", "calendar_days", "end_of_day", "end_of_business_day", "end_of_month",
        "by", "goal", "percent",
    ]  # fmt: skip
    text: str  # as written
    offset: int = 0  # ms
    count: int = 0  # of days; of percent; minutes after midnight of `by`
    days: int = 0
    day_kind: Literal["business", "calendar"] = "calendar"
    field: str = ""  # an instant field of the case, for base `field`


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """A rhythm: a duration, or `day`, `week on mon`, `month on 30`, `at 09:00`."""

    text: str
    unit: Literal["duration", "day", "week", "month"] = "duration"
    length: int = 0  # ms, of a duration
    on: int = 0  # weekday 0..6, or day of the month 1..31
    at: int = 0  # minutes after midnight

    def next(self, after: int, calendar: Calendar) -> int:
        """Give the rhythm's next instant after this one; a shorter month has its last day instead."""
        if self.unit == "duration":
            return calendar.add(after, self.length)
        at = after
        for _ in range(DAYS_OF_TWO_MONTHS):
            at = calendar.at_clock(at, self.at)
            local = calendar.local(at)
            if self.unit == "day" or (self.unit == "week" and local.weekday() == self.on):
                return at
            if self.unit == "month" and local.day == min(self.on, monthrange(local.year, local.month)[1]):
                return at
        raise AssertionError("a month has one such day")

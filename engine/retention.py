"""How long a closed case stays among the others, and its private values with it: what `retention` of a process says."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

SpanUnit = Literal["days", "months", "years"]

DAY = 86_400_000
_LEAST_DAYS = {"days": 1, "months": 28, "years": 365}
_WRITTEN = re.compile(r"([1-9][0-9]{0,3}) (day|month|year)s?")
_LAST = date(9999, 12, 30)


@dataclass(frozen=True, slots=True)
class Span:
    """A number of days, months or years by the calendar."""

    count: int
    unit: SpanUnit

    @property
    def least(self) -> int:
        """The shortest it can be, in ms."""
        return self.count * _LEAST_DAYS[self.unit] * DAY

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.count} {self.unit if self.count != 1 else self.unit[:-1]}"

    def after(self, at: int, zone: str) -> int:
        """The end of the local day that lies so long after an instant (ms UTC); a shorter month has its last day."""
        there = ZoneInfo(zone)
        day = self._moved(datetime.fromtimestamp(at / 1000, there).date())
        midnight = datetime.combine(day + timedelta(days=1), time.min, there)
        return int(midnight.timestamp() * 1000)

    def _moved(self, day: date) -> date:
        if self.unit == "days":
            return min(day, _LAST - timedelta(days=self.count)) + timedelta(days=self.count)
        months = day.year * 12 + day.month - 1 + self.count * (12 if self.unit == "years" else 1)
        year, month = divmod(months, 12)
        if year > _LAST.year:
            return _LAST
        return min(date(year, month + 1, min(day.day, monthrange(year, month + 1)[1])), _LAST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What becomes of closed cases in time; None: nothing of it."""

    keep: Span | None = None  # after which they leave for the archive
    private: Span | None = None  # after which their private values and files are erased


def read_span(text: str) -> Span:
    """A span as it is written: `90 days`, `18 months`, `3 years`; `ValueError` for anything else."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError("a number of days, months or years, such as `90 days` or `3 years`")
    unit: SpanUnit = next(one for one in get_args(SpanUnit) if one.startswith(found[2]))
    return Span(int(found[1]), unit)

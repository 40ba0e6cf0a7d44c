"""What a calendar means, minute by minute: a slow reference that shares no line and no idea with the engine.

It asks the zone what the clock on the wall shows in each minute of a window, decides for that minute alone whether
the desk is open, and answers every question by walking over the minutes. It holds where offsets and their changes are
whole minutes, everywhere since 1973.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = 60_000
ONE_DAY = timedelta(days=1)

Hours = tuple[tuple[int, int], ...]


class OutsideWindow(Exception):
    """The answer, if there is one, lies outside the minutes looked at."""


@dataclass(frozen=True)
class Written:
    """A calendar as its author wrote it."""

    zone: str
    weekly: tuple[Hours, ...]
    holidays: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    special: Mapping[date, Hours] = field(default_factory=dict)
    breaks: Mapping[date, Hours] = field(default_factory=dict)

    def hours(self, day: date) -> Hours:
        """Give the openings of a date before its breaks."""
        if day in self.special:
            return self.special[day]
        if day in self.holidays or (day.month, day.day) in self.yearly:
            return ()
        return self.weekly[day.weekday()]

    def opened_on(self, wall: datetime) -> set[date]:
        """Give the dates on which the shifts open in this minute of the wall opened."""
        near = [wall.date() - ONE_DAY * back for back in range(3)]
        if self.breaks and any(_within(wall, day, self.breaks.get(day, ())) for day in near):
            return set()
        return {day for day in near if _within(wall, day, self.hours(day))}


def _within(wall: datetime, day: date, hours: Hours) -> bool:
    minute = (wall.date() - day).days * 1440 + wall.hour * 60 + wall.minute
    return any(start <= minute < end for start, end in hours)


class Window:
    """The minutes of one calendar from one instant to another."""

    def __init__(self, written: Written, low: int, minutes: int) -> None:
        """Look at every minute from `low`, a whole minute."""
        assert low % MINUTE == 0
        zone = ZoneInfo(written.zone)
        self.low, self.high = low, low + minutes * MINUTE
        first = datetime.fromtimestamp(low // 1000, UTC)
        utc = (first + timedelta(minutes=at) for at in range(minutes))
        self.walls = [moment.astimezone(zone).replace(tzinfo=None) for moment in utc]
        self.opened = [written.opened_on(wall) for wall in self.walls]

    def _index(self, at: int) -> int:
        if not self.low <= at < self.high:
            raise OutsideWindow
        return (at - self.low) // MINUTE

    def _instant(self, index: int) -> int:
        return self.low + index * MINUTE

    def wall(self, at: int) -> datetime:
        """Give what the clock shows, seconds and all."""
        return self.walls[self._index(at)] + timedelta(milliseconds=at % MINUTE)

    def is_open(self, at: int) -> bool:
        """Tell whether the minute of an instant is open."""
        return bool(self.opened[self._index(at)])

    def elapsed(self, since: int, until: int) -> int:
        """Count what is open of each minute."""
        total = 0
        for index in range(self._index(since), self._index(until) + 1 if until > since else 0):
            if self.opened[index]:
                start = self._instant(index)
                total += min(until, start + MINUTE) - max(since, start)
        return total

    def openings(self, since: int, until: int) -> list[tuple[int, int]]:
        """Give what is open without a break, minute after minute."""
        found: list[tuple[int, int]] = []
        for index in range(self._index(since), self._index(until) + 1):
            start, end = max(since, self._instant(index)), min(until, self._instant(index + 1))
            if not self.opened[index] or start >= end:
                continue
            if found and found[-1][1] == start:
                start = found.pop()[0]
            found.append((start, end))
        return found

    def add(self, at: int, duration: int) -> int:
        """Walk on until the duration is used up."""
        for index in range(self._index(at), len(self.opened)):
            if self.opened[index]:
                start = max(at, self._instant(index))
                length = self._instant(index + 1) - start
                if duration <= length:
                    return start + duration
                duration -= length
        raise OutsideWindow

    def back(self, at: int, duration: int) -> int:
        """Walk back until the duration is used up, and no further than that."""
        for index in range(self._index(at), -1, -1):
            if self.opened[index]:
                end = min(at, self._instant(index + 1))
                length = end - self._instant(index)
                if duration <= length and length:
                    return end - duration
                duration -= length
        raise OutsideWindow

    def showing(self, wall: datetime) -> int:
        """Find the first instant at which the clock shows this, or the end of the gap that swallows it."""
        minute, rest = wall.replace(second=0, microsecond=0), (wall.second * 1000 + wall.microsecond // 1000)
        if minute < self.walls[0]:
            raise OutsideWindow
        before = self.walls[0] - timedelta(minutes=1)
        for index, shown in enumerate(self.walls):
            if shown == minute:
                return self._instant(index) + rest
            if before < minute < shown:
                return self._instant(index)
            before = shown
        raise OutsideWindow

    def at_clock(self, at: int, clock: time) -> int:
        """Find the instant of a time of day on this date, or on the first later date on which it is still ahead."""
        day = self.wall(at).date()
        while (found := self.showing(datetime.combine(day, clock))) <= at:
            day += ONE_DAY
        return found

    def dates_that_open(self) -> list[date]:
        """Give the dates on which a shift opens of which at least one minute comes."""
        return sorted(set().union(*self.opened))

    def add_days(self, at: int, days: int, business: bool) -> int:
        """Count dates, then look for the same wall time; the next open minute, if that one is not."""
        if days:
            wall = self.wall(at)
            day = self._counted(wall.date(), days) if business else wall.date() + ONE_DAY * days
            at = self.showing(datetime.combine(day, wall.time()))
        return self.add(at, 0)

    def _counted(self, today: date, days: int) -> date:
        # the dates at the edges of the window may lack minutes, so they are not counted on
        low, high = self.walls[0].date() + ONE_DAY * 2, self.walls[-1].date() - ONE_DAY * 3
        there = [day for day in self.dates_that_open() if (day > today if days > 0 else day < today)]
        if len(there) < abs(days):
            raise OutsideWindow
        found = there[days - 1] if days > 0 else there[days]
        if not (low <= today <= high and low <= found <= high):
            raise OutsideWindow
        return found

    def end_of_day(self, at: int) -> int:
        """Find the end of the last minute of this date."""
        today = self.wall(at).date()
        return self._end([wall.date() == today for wall in self.walls])

    def end_of_month(self, at: int) -> int:
        """Find the end of the last minute of this month."""
        month = (self.wall(at).year, self.wall(at).month)
        return self._end([(wall.year, wall.month) == month for wall in self.walls])

    def end_of_business_day(self, at: int) -> int:
        """Find the end of the last minute of a shift that opened today, or on a later date, if it is ahead."""
        for day in self.dates_that_open():
            if day >= self.wall(at).date():
                end = self._end([day in opened for opened in self.opened])
                if end > at:
                    return end
        raise OutsideWindow

    def _end(self, chosen: list[bool]) -> int:
        last = max(index for index, is_chosen in enumerate(chosen) if is_chosen)
        if last > len(chosen) - 3 * 1440:
            raise OutsideWindow
        return self._instant(last + 1)

"""Open time in one zone: sorted intervals of instants with prefix sums, the arithmetic under every calendar.

Instants are int milliseconds UTC. A *wall* is what the clock on the wall shows, as int milliseconds too: the
instant at which a clock in UTC would show the same. Open time is the set of instants whose wall lies in an
opening, so the edges inside a gap or a fold need no rule of their own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones

from engine.nearness import asked, nearest

MINUTE = 60_000
DAY = 1440 * MINUTE
FIRST_YEAR, LAST_YEAR = 1900, 2199
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1).toordinal()
CENTURY = 36_525 * DAY  # how far a search looks: far enough for a 29 February that must be a Monday
PROBE = 2 * DAY  # no zone has ever changed its offset twice within four days

Interval = tuple[int, int]


class CalendarError(ValueError):
    """Say what is wrong with a calendar, a duration or an instant given to one, and where in its file."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


def year_start(year: int) -> int:
    """Give the first instant of a year in UTC."""
    return (date(year, 1, 1).toordinal() - EPOCH_DAY) * DAY


FIRST, LIMIT = year_start(FIRST_YEAR), year_start(LAST_YEAR + 1)


def covered(instant: int) -> int:
    """Give the instant back, or refuse one outside the years that calendars cover."""
    if FIRST <= instant < LIMIT:
        return instant
    raise CalendarError(
        f"instant {instant} lies outside the years {FIRST_YEAR} to {LAST_YEAR} that calendars cover; "
        "instants are milliseconds since 1970 in UTC"
    )


def year_of(instant: int) -> int:
    """Give the year in UTC of an instant."""
    return date.fromordinal(EPOCH_DAY + covered(instant) // DAY).year


_ZONES_OF = {
    **dict.fromkeys(("beijing", "guangzhou", "shenzhen", "china", "北京", "上海", "中国", "北京时间"), "Asia/Shanghai"),
    "香港": "Asia/Hong_Kong",
    "澳门": "Asia/Macau",
    "台北": "Asia/Taipei",
}
"""Places that people name and no zone is called by."""


@cache
def zone_info(zone: str) -> ZoneInfo:
    """Find a time zone by its name."""
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as cause:
        place, known = zone.rpartition("/")[2].lower().replace(" ", "_"), sorted(available_timezones())
        home = _ZONES_OF.get(place) or next((one for one in known if one.lower().endswith(f"/{place}")), None)
        near = [home] if home else nearest(zone, known)
        mend = asked(near) if near else "write a name such as `Asia/Shanghai` or `Europe/Berlin`"
        raise CalendarError(f"time zone `{zone}` is not known; {mend}", ("zone",)) from cause


def _offset(zone: ZoneInfo, instant: int) -> int:
    utc = (EPOCH + timedelta(milliseconds=instant)).replace(tzinfo=zone)
    offset = zone.fromutc(utc).utcoffset()
    return 0 if offset is None else offset // timedelta(milliseconds=1)


@lru_cache(maxsize=8192)
def offsets(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    """Give the offsets of a year in UTC, each with its first instant."""
    info, low, end = zone_info(zone), year_start(year), year_start(year + 1)
    here = _offset(info, low)
    found = [(low, here)]
    while low < end:
        high = min(low + PROBE, end)
        there = _offset(info, high)
        if there != here:
            before, after = low, high
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (middle, after) if _offset(info, middle) == here else (before, middle)
            if after < end:
                found.append((after, there))
        low, here = high, there
    return tuple(found)


def segments(zone: str, low: int, high: int) -> Iterator[tuple[int, int, int]]:
    """Yield the pieces of constant offset that touch [low, high): start, end, offset."""
    first = max(FIRST_YEAR - 1, date.fromordinal(EPOCH_DAY + low // DAY).year)
    last = min(LAST_YEAR + 1, date.fromordinal(EPOCH_DAY + high // DAY).year)
    pieces = [piece for year in range(first, last + 1) for piece in offsets(zone, year)]
    for (start, offset), (end, _) in pairwise([*pieces, (year_start(last + 1), 0)]):
        if start < high and low < end:
            yield start, end, offset


def wall_at(zone: str, instant: int) -> int:
    """Give what the clock on the wall shows at an instant."""
    pieces = offsets(zone, year_of(instant))
    return instant + next(offset for start, offset in reversed(pieces) if start <= instant)


def instants_showing(zone: str, wall: int) -> list[int]:
    """Give every instant at which the clock shows `wall`; if a gap swallows it, the first instant after the gap."""
    found: list[int] = []
    covered(wall)
    for start, end, offset in segments(zone, wall - 2 * DAY, wall + 2 * DAY):
        if wall < start + offset:
            return found or [start]
        if wall < end + offset:
            found.append(wall - offset)
    return found


@lru_cache(maxsize=8192)
def last_before(zone: str, wall: int) -> int:
    """Give the end of the last instant at which the clock shows less than `wall`."""
    covered(wall)
    near = segments(zone, wall - 2 * DAY, wall + 2 * DAY)
    return [min(end, wall - offset) for start, end, offset in near if start + offset < wall][-1]


def local_time(zone: str, at: int) -> datetime:
    """Give an instant as people in a zone read it."""
    return (EPOCH + timedelta(milliseconds=covered(at))).astimezone(zone_info(zone))


def instant_at(zone: str, wall: datetime) -> int:
    """Give the instant at which a zone's clock shows this: in a gap the first after it, in a fold the first."""
    shown = (wall.replace(tzinfo=EPOCH.tzinfo) - EPOCH) // timedelta(milliseconds=1)
    return instants_showing(zone, shown)[0]


@cache
def zone_data_version() -> str:
    """Give the version of the time zone data in use, such as `2025b`; `unknown` if the system does not say."""
    from importlib.metadata import PackageNotFoundError, version  # reads much of the library, and is seldom asked

    for folder in map(Path, TZPATH):
        if (folder / "UTC").exists():
            listing = folder / "tzdata.zi"
            first = listing.read_text(encoding="utf-8").partition("\n")[0] if listing.exists() else ""
            return first.removeprefix("# version ").strip() or "unknown"
    try:
        return _iana(version("tzdata"))
    except PackageNotFoundError:
        return "unknown"


def _iana(package: str) -> str:
    year, _, release = package.partition(".")
    return year + chr(ord("a") + int(release.split(".")[0]) - 1)


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """Sort intervals and join those that touch or overlap."""
    done: list[Interval] = []
    for start, end in sorted(intervals):
        if done and start <= done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]))
        else:
            done.append((start, end))
    return done


def without(intervals: list[Interval], cuts: Iterable[Interval]) -> list[Interval]:
    """Take the cuts out of the intervals."""
    for low, high in cuts:
        kept = [((start, min(end, low)), (max(start, high), end)) for start, end in intervals]
        intervals = [(start, end) for pair in kept for start, end in pair if start < end]
    return intervals


def instants_within(zone: str, walls: list[Interval]) -> list[Interval]:
    """Give the intervals of instants at which the clock shows a wall in these sorted, joined intervals."""
    if not walls:
        return []
    found: list[Interval] = []
    for start, end, offset in segments(zone, walls[0][0] - 2 * DAY, walls[-1][1] + 2 * DAY):
        for low, high in walls:
            if low < end + offset and start + offset < high:
                found.append((max(start, low - offset), min(end, high - offset)))
    return joined(found)


@dataclass(frozen=True, slots=True)
class Span:
    """Open intervals of consecutive years: sums[i] is the open time before the i-th, the last one all of it."""

    first: int
    last: int
    low: int
    high: int
    starts: list[int]
    ends: list[int]
    sums: list[int]

    def used(self, instant: int) -> int:
        """Give the open time between the begin of the span and an instant in it."""
        at = bisect_right(self.starts, instant) - 1
        return self.sums[at] + min(instant, self.ends[at]) - self.starts[at] if at >= 0 else 0


class Timeline:
    """The open time of one calendar, worked out year by year when first asked for."""

    __slots__ = ("_days", "_name", "_span", "_walls", "_zone")

    def __init__(self, name: str, zone: str, walls: Callable[[int], list[Interval]]) -> None:
        """Take the calendar's name for messages, its zone, and the openings, as walls, of each day since 1970."""
        self._name, self._zone, self._walls = name, zone, walls
        self._span = Span(1970, 1969, 0, 0, [], [], [0])
        self._days: dict[int, tuple[int, ...]] = {}

    def is_open(self, instant: int) -> bool:
        """Tell whether an instant lies in open time."""
        span = self._cover(instant, instant)
        at = bisect_right(span.starts, instant) - 1
        return at >= 0 and instant < span.ends[at]

    def elapsed(self, since: int, until: int) -> int:
        """Give the open time between two instants in order."""
        span = self._cover(since, until)
        return span.used(until) - span.used(since)

    def openings(self, since: int, until: int) -> list[Interval]:
        """Give the open time between two instants in order as intervals; one ends where the next does not touch it."""
        span = self._cover(since, until)
        near = range(bisect_right(span.ends, since), bisect_left(span.starts, until))
        return joined((max(span.starts[at], since), min(span.ends[at], until)) for at in near)

    def opening(self, instant: int) -> int:
        """Give the instant if it is open, else the next opening."""
        span, step = self._cover(instant, instant), 1
        while not span.ends or span.ends[-1] <= instant:
            span, step = self._later(span, instant, step, "no opening"), step * 2
        found = max(instant, span.starts[bisect_right(span.ends, instant)])
        return self._near(found, instant, "no opening")

    def forward(self, instant: int, open_time: int) -> int:
        """Give the earliest instant at which the open time since `instant` equals `open_time`, which is positive."""
        span, step = self._cover(instant, instant), 1
        target = span.used(instant) + open_time
        while span.sums[-1] < target:
            span, step = self._later(span, instant, step, "not so much open time"), step * 2
            target = span.used(instant) + open_time
        at = bisect_left(span.sums, target) - 1
        return self._near(span.starts[at] + target - span.sums[at], instant, "not so much open time")

    def backward(self, instant: int, open_time: int) -> int:
        """Give the latest instant since which the open time until `instant` equals `open_time`, which is positive."""
        span, step = self._cover(instant, instant), 1
        while span.used(instant) < open_time:
            if span.low <= max(instant - CENTURY, FIRST):
                raise self._exhausted("not so much open time", instant)
            span, step = self._grow(max(span.first - step, FIRST_YEAR), span.last), step * 2
        target = span.used(instant) - open_time
        at = bisect_right(span.sums, target) - 1
        return self._near(span.starts[at] + target - span.sums[at], instant, "not so much open time")

    def opening_day(self, day: int, count: int) -> int:
        """Give the day, since 1970, that is `count` days that open after `day`, or before it if negative."""
        year = first = date.fromordinal(EPOCH_DAY + day).year
        while abs(year - first) <= 100 and FIRST_YEAR <= year <= LAST_YEAR:
            days = self._opening_days(year)
            at = bisect_right(days, day) + count - 1 if count > 0 else bisect_left(days, day) + count
            if 0 <= at < len(days):
                return days[at]
            count = at - len(days) + 1 if count > 0 else at
            year += 1 if count > 0 else -1
        raise self._exhausted("too few days that open", day * DAY)

    def opens(self, day: int) -> bool:
        """Tell whether a day since 1970 opens; a shift inside a gap or on a date that the zone skipped never comes."""
        zone = self._zone
        return any(wall_at(zone, instants_showing(zone, start)[0]) < end for start, end in self._walls(day))

    def end_of(self, day: int) -> int:
        """Give the end of the last shift that opens on a day that opens."""
        return instants_within(self._zone, self._walls(day))[-1][1]

    def _opening_days(self, year: int) -> tuple[int, ...]:
        if year not in self._days:
            days = range(year_start(year) // DAY, year_start(year + 1) // DAY)
            self._days[year] = tuple(day for day in days if self.opens(day))
        return self._days[year]

    def _cover(self, low: int, high: int) -> Span:
        span = self._span
        return span if span.low <= low and high < span.high else self._grow(year_of(low), year_of(high))

    def _later(self, span: Span, instant: int, step: int, lack: str) -> Span:
        if span.high > min(instant + CENTURY, LIMIT - 1):
            raise self._exhausted(lack, instant)
        return self._grow(span.first, min(span.last + step, LAST_YEAR))

    def _grow(self, first: int, last: int) -> Span:
        # a new span replaces the old one in one assignment: threads may do the work twice, none sees half of it
        span = self._span
        if span.starts or span.high > span.low:
            first, last = min(first, span.first), max(last, span.last)
            before, after = range(first, span.first), range(span.last + 1, last + 1)
        else:
            before, after = range(first, last + 1), range(0)
        early = [piece for year in before for piece in self._year(year)]
        late = [piece for year in after for piece in self._year(year)]
        starts = [start for start, _ in early] + span.starts + [start for start, _ in late]
        ends = [end for _, end in early] + span.ends + [end for _, end in late]
        sums = list(accumulate((end - start for start, end in zip(starts, ends, strict=True)), initial=0))
        grown = Span(first, last, year_start(first), year_start(last + 1), starts, ends, sums)
        self._span = grown
        return grown

    def _year(self, year: int) -> list[Interval]:
        low, high = year_start(year), year_start(year + 1)
        days = range(low // DAY - 4, high // DAY + 3)  # a shift ends at most two days after its date, offsets < 1 day
        walls = joined(piece for day in days for piece in self._walls(day))
        found = instants_within(self._zone, walls)
        return [(max(start, low), min(end, high)) for start, end in found if start < high and low < end]

    def _near(self, found: int, asked: int, lack: str) -> int:
        # what is found must not depend on how many years happen to be worked out already
        if abs(found - asked) > CENTURY:
            raise self._exhausted(lack, asked)
        return found

    def _exhausted(self, lack: str, instant: int) -> CalendarError:
        day = date.fromordinal(EPOCH_DAY + instant // DAY)
        return CalendarError(
            f"calendar `{self._name}` has {lack} within a hundred years of {day}; "
            "give it weekly hours or special dates there, or ask for less"
        )

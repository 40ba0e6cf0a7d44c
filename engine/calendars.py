"""Business calendars: when a desk is open, and every arithmetic of promises on that.

A calendar is a value. Instants are int milliseconds UTC, durations int milliseconds, times of day minutes since
midnight on the clock on the wall. What is open follows the wall alone; what lasts is elapsed time, so a Sunday of
25 hours open all day counts 25 hours. Every search is bounded and ends in a `CalendarError` naming the calendar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any, Literal, TypeVar

from engine.hours import (
    WEEKDAYS,
    Hours,
    format_duration,
    hours_text,
    ordered,
    parse_clock,
    parse_date,
    parse_duration,
    parse_hours,
    parse_month_day,
    parse_weekdays,
)
from engine.nearness import asked, nearest
from engine.public_holidays import PublicHolidays, public_holidays
from engine.timeline import (
    DAY,
    EPOCH_DAY,
    FIRST_YEAR,
    LAST_YEAR,
    MINUTE,
    CalendarError,
    Interval,
    Timeline,
    instant_at,
    instants_showing,
    instants_within,
    last_before,
    local_time,
    wall_at,
    without,
    zone_data_version,
    zone_info,
)

__all__ = [
    "ALWAYS", "RULES_VERSION", "Calendar", "CalendarError", "always", "format_duration", "holiday_warning",
    "instant_at", "local_time", "openings", "parse_clock", "parse_duration", "parse_hours", "parse_weekdays",
    "read_calendar", "zone_data_version",
]  # fmt: skip

RULES_VERSION = 1  # grows when these rules give another instant for the same question; records carry it

Place = tuple[str | int, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A zone, weekly hours, and the dates that differ: what `special` says, else closed on holidays, else weekly."""

    name: str
    zone: str
    weekly: tuple[Hours, ...]  # Monday to Sunday
    holidays: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()  # (month, day) closed every year
    special: Mapping[date, Hours] = field(default_factory=dict, hash=False)  # own hours instead, none is closed
    breaks: Mapping[date, Hours] = field(default_factory=dict, hash=False)  # closed then, whatever shift it cuts
    known_until: date | None = None  # the last day for which the holidays of its countries are announced
    label: Mapping[str, str] = field(default_factory=dict, hash=False)
    _timeline: Timeline = field(init=False, repr=False, compare=False)
    _ceaseless: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Bring the hours into order and refuse a calendar that never opens."""
        zone_info(self.zone)
        if len(self.weekly) != 7:
            raise CalendarError(f"calendar `{self.name}` needs the hours of 7 weekdays, not {len(self.weekly)}")
        put = object.__setattr__
        put(self, "weekly", tuple(ordered(hours, ("weekly",)) for hours in self.weekly))
        for key, dates in (("special", self.special), ("breaks", self.breaks)):
            put(self, key, {day: ordered(dates[day], (key, day.isoformat())) for day in sorted(dates)})
        put(self, "_timeline", Timeline(self.name, self.zone, self._walls))
        closed = self.holidays or self.yearly or self.special or self.breaks
        put(self, "_ceaseless", not closed and all(hours == ((0, 1440),) for hours in self.weekly))
        self._must_open()

    def is_open(self, at: int) -> bool:
        """Tell whether the desk is open at an instant; the end of an interval is closed."""
        return self._ceaseless or self._timeline.is_open(at)

    def add(self, at: int, duration: int) -> int:
        """Give the earliest instant at which the open time since `at` equals the duration.

        Closing time is reached at closing, not next morning; 0 gives `at` if open, else the next opening. A
        negative duration goes back: the latest instant since which the open time until `at` equals it.
        """
        if self._ceaseless:
            return at + duration
        if duration > 0:
            return self._timeline.forward(at, duration)
        return self._timeline.backward(at, -duration) if duration else self._timeline.opening(at)

    def elapsed(self, since: int, until: int) -> int:
        """Give the open time between two instants, 0 if `until` is not after `since`."""
        if until <= since:
            return 0
        return until - since if self._ceaseless else self._timeline.elapsed(since, until)

    def next_opening(self, at: int) -> int:
        """Give `at` itself if open, else the next instant that is."""
        return at if self._ceaseless else self._timeline.opening(at)

    def add_days(self, at: int, days: int, kind: Literal["calendar", "business"], roll: bool = True) -> int:
        """Give the same wall time so many dates, or dates that open, later (or earlier), rolled to the next opening.

        In a gap it is the first instant after it, in a fold the first of the two. No days at all move nothing.
        """
        if days:
            day, clock = divmod(wall_at(self.zone, at), DAY)
            day = day + days if kind == "calendar" else self._timeline.opening_day(day, days)
            at = instants_showing(self.zone, day * DAY + clock)[0]
        return self.next_opening(at) if roll else at

    def end_of_day(self, at: int) -> int:
        """Give the end of the local date: the midnight after its last instant, also where midnight comes twice."""
        return last_before(self.zone, (wall_at(self.zone, at) // DAY + 1) * DAY)

    def end_of_business_day(self, at: int) -> int:
        """Give the end of the last shift opening on this date if still ahead, else on the next date that opens."""
        day = wall_at(self.zone, at) // DAY
        day = day if self._timeline.opens(day) else self._timeline.opening_day(day, 1)
        while (end := self._timeline.end_of(day)) <= at:
            day = self._timeline.opening_day(day, 1)
        return end

    def end_of_month(self, at: int) -> int:
        """Give the end of the last date of the local month."""
        first = date.fromordinal(EPOCH_DAY + wall_at(self.zone, at) // DAY).replace(day=1)
        following = (first + timedelta(days=31)).replace(day=1)
        return last_before(self.zone, (following.toordinal() - EPOCH_DAY) * DAY)

    def at_clock(self, at: int, minutes: int) -> int:
        """Give the first instant after `at` that is some date's instant of this time of day: today's, else tomorrow's.

        Every date has one: in a gap the first instant after it, in a fold the first of the two, so what comes daily
        comes once. At 12:00 sharp, `by 12:00` is tomorrow's: a promise with no time at all is none. Hours play no part.
        """
        today = wall_at(self.zone, at) // DAY
        found = (instants_showing(self.zone, day * DAY + minutes * MINUTE)[0] for day in count(today))
        return next(instant for instant in found if instant > at)

    def local(self, at: int) -> datetime:
        """Give an instant as people in the calendar's zone read it."""
        return local_time(self.zone, at)

    def document(self) -> dict[str, Any]:
        """Give the calendar as JSON, in the shape of its file, holidays of countries as dates."""
        yearly = [f"{month:02}-{day:02}" for month, day in sorted(self.yearly)]
        written: dict[str, Any] = {
            "calendar": self.name,
            "label": dict(self.label),
            "zone": self.zone,
            "weekly": {day: hours_text(hours) for day, hours in zip(WEEKDAYS, self.weekly, strict=True) if hours},
            "holidays": [*yearly, *(day.isoformat() for day in sorted(self.holidays))],
            "special": {day.isoformat(): hours_text(hours) for day, hours in self.special.items()},
            "breaks": {day.isoformat(): hours_text(hours) for day, hours in self.breaks.items()},
            "known_until": self.known_until and self.known_until.isoformat(),
        }
        return {key: value for key, value in written.items() if value or key in ("calendar", "weekly")}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Calendar:
        """Read back what `document` gave."""
        return _read(document, str(document.get("zone", "UTC")))

    def _hours(self, day: date) -> Hours:
        own = self.special.get(day)
        if own is not None:
            return own
        closed = day in self.holidays or (day.month, day.day) in self.yearly
        return () if closed else self.weekly[day.weekday()]

    def _walls(self, day: int) -> list[Interval]:
        here = day * DAY
        hours = self._hours(date.fromordinal(EPOCH_DAY + day))
        walls = [(here + start * MINUTE, here + end * MINUTE) for start, end in hours]
        if not self.breaks or not walls:
            return walls
        cuts = [
            (near * DAY + start * MINUTE, near * DAY + end * MINUTE)
            for near in range(day - 1, day + 3)
            for start, end in self.breaks.get(date.fromordinal(EPOCH_DAY + near), ())
        ]
        return without(walls, cuts)

    def _must_open(self) -> None:
        if any(self.weekly) and len(self.yearly) < 366:
            return
        if any(instants_within(self.zone, self._walls(day.toordinal() - EPOCH_DAY)) for day in self.special):
            return
        raise CalendarError(
            f"calendar `{self.name}` never opens; give it weekly hours, as in `weekly: {{mon-fri: ['09:00-17:00']}}`",
            ("weekly",),
        )


def always(zone: str) -> Calendar:
    """Give the calendar that is open at every instant, with the dates of a zone."""
    return _always(zone)


@lru_cache
def _always(zone: str) -> Calendar:
    return Calendar(name="always", zone=zone, weekly=(((0, 1440),),) * 7)


ALWAYS = always("UTC")


def never_closes(calendar: Calendar) -> bool:
    """Tell whether all time counts."""
    return calendar._ceaseless


def openings(calendar: Calendar, since: int, until: int) -> list[Interval]:
    """Give the open time between two instants as intervals in order, what is open across an edge cut there."""
    if until <= since:
        return []
    return [(since, until)] if calendar._ceaseless else calendar._timeline.openings(since, until)


def holiday_warning(calendar: Calendar, at: int) -> str | None:
    """Say so if the holidays of an instant's date are not announced yet."""
    until = calendar.known_until
    if until is None or calendar.local(at).date() <= until:
        return None
    return (
        f"calendar `{calendar.name}` knows its holidays until {until}; later dates count by weekly hours and "
        "estimates: update the `holidays` library and publish again"
    )


# -- reading -----------------------------------------------------------------------------------------------------------

KEYS = ("calendar", "label", "description", "zone", "weekly", "holidays", "special", "breaks", "known_until")
COUNTRY_KEYS = ("country", "subdivision", "years")
YEARS = range(2020, 2041)  # of a country without `years`


def read_calendar(mapping: Mapping[str, Any], zone: str) -> Calendar:
    """Read a calendar as its file gives it; `zone` is the desk's, for a calendar that names none.

    A fault is a `CalendarError` whose `path` leads to the place: `("weekly", "mon-fri", 0)`.
    """
    if mapping.get("calendar") == "always":
        raise CalendarError("`always` is built in, open at every instant; name this calendar otherwise", ("calendar",))
    return _read(mapping, zone)


def _read(mapping: Mapping[str, Any], zone: str) -> Calendar:
    _known_keys(mapping, KEYS, ())
    zone = _text(mapping.get("zone", zone), ("zone",))
    weekly = _weekly(_mapping(mapping.get("weekly"), ("weekly",)))
    special = _dates(mapping, "special")
    closed, yearly, workdays, known = _holidays(mapping.get("holidays"))
    made_up = {day: weekly[weekday] for day, weekday in workdays.items() if day not in closed}
    until = mapping.get("known_until")
    return Calendar(
        name=_text(mapping.get("calendar"), ("calendar",)),
        zone=zone,
        weekly=weekly,
        holidays=frozenset(closed),
        yearly=frozenset(yearly),
        special=made_up | special,
        breaks=_dates(mapping, "breaks"),
        known_until=min(known) if known else until and _at(("known_until",), parse_date, until),
        label={key: _text(value, ("label", key)) for key, value in _mapping(mapping.get("label"), ("label",)).items()},
    )


def _weekly(written: Mapping[str, Any]) -> tuple[Hours, ...]:
    week: dict[int, Hours] = {}
    for key, raw in written.items():
        for day in _at(("weekly", key), parse_weekdays, key):
            if day in week:
                raise _fault(("weekly", key), f"`{WEEKDAYS[day]}` has hours already; write each day once")
            week[day] = _openings(raw, ("weekly", key))
    return tuple(week.get(day, ()) for day in range(7))


def _dates(mapping: Mapping[str, Any], key: str) -> dict[date, Hours]:
    written = _mapping(mapping.get(key), (key,))
    return {_at((key, day), parse_date, day): _openings(raw, (key, day)) for day, raw in written.items()}


def _openings(raw: Any, path: Place) -> Hours:
    openings = [_at((*path, at), parse_hours, text) for at, text in enumerate(_list(raw, path))]
    try:
        return ordered(openings)
    except CalendarError as fault:
        raise _fault(path, str(fault)) from None


def _holidays(raw: Any) -> tuple[set[date], set[tuple[int, int]], dict[date, int], list[date]]:
    closed: set[date] = set()
    yearly: set[tuple[int, int]] = set()
    workdays: dict[date, int] = {}
    known: list[date] = []
    for at, entry in enumerate(_list(raw if raw is not None else [], ("holidays",))):
        path = ("holidays", at)
        if isinstance(entry, Mapping):
            country = _country(entry, path)
            closed |= country.closed
            workdays |= country.workdays
            known.append(country.known_until)
        elif isinstance(entry, str) and re.fullmatch(r"\d\d-\d\d", entry, re.ASCII):
            yearly.add(_at(path, parse_month_day, entry))
        else:
            closed.add(_at(path, parse_date, entry))
    return closed, yearly, workdays, known


def _country(entry: Mapping[str, Any], path: Place) -> PublicHolidays:
    _known_keys(entry, COUNTRY_KEYS, path)
    name = _text(entry.get("country"), (*path, "country"))
    part = entry.get("subdivision")
    part = None if part is None else _text(part, (*path, "subdivision"))
    years = _years(entry.get("years"), (*path, "years"))
    return _at((*path, "country"), lambda code: public_holidays(code, part, years), name)


def _years(raw: Any, path: Place) -> tuple[int, ...]:
    if raw is None:
        return tuple(YEARS)
    if isinstance(raw, str) and re.fullmatch(r"\d{4} ?- ?\d{4}", raw, re.ASCII):
        raw = range(int(raw[:4]), int(raw[-4:]) + 1)
    years = [raw] if isinstance(raw, int) else list(raw) if isinstance(raw, (list, tuple, range)) else []
    if not years or not all(type(year) is int and FIRST_YEAR <= year <= LAST_YEAR for year in years):
        raise _fault(path, f"{raw!r} is no year; write `2026`, `[2026, 2027]` or `2026-2030`")
    return tuple(sorted(set(years)))


def _known_keys(mapping: Mapping[str, Any], keys: tuple[str, ...], path: Place) -> None:
    for key in mapping:
        if key not in keys:
            near = nearest(str(key), keys)
            mend = asked(near) if near else "known are " + ", ".join(f"`{known}`" for known in keys)
            raise _fault((*path, key), f"unknown key `{key}`; {mend}")


def _mapping(raw: Any, path: Place) -> Mapping[str, Any]:
    if isinstance(raw, Mapping) or raw is None:
        return raw or {}
    raise _fault(path, f"a mapping is expected here, not {raw!r}")


def _list(raw: Any, path: Place) -> list[Any]:
    if isinstance(raw, (list, tuple)):
        return list(raw)
    mend = f'; write `["{raw}"]`' if isinstance(raw, str) else ""
    raise _fault(path, f"a list in brackets is expected here, not {raw!r}{mend}")


def _text(raw: Any, path: Place) -> str:
    if isinstance(raw, str) and raw:
        return raw
    raise _fault(path, "a text is expected here" + ("" if raw is None else f", not {raw!r}; put it in quotes"))


def _at(path: Place, read: Callable[[str], T], raw: Any) -> T:
    text = _text(raw, path)
    try:
        return read(text)
    except CalendarError as fault:
        raise _fault(path, str(fault)) from None


def _fault(path: Place, message: str) -> CalendarError:
    return CalendarError(f"`{'.'.join(map(str, path))}`: {message}", path)

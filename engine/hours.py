"""Times as people write them: durations, times of day, opening hours, days of the week."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise

from engine.timeline import DAY, MINUTE, CalendarError, Interval

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST = 36_525 * DAY  # a hundred years; whoever writes more has mistaken the unit

Hours = tuple[Interval, ...]
"""Openings of one date, (from, to) in minutes since its midnight; `to` is beyond 1440 past the next midnight."""

_DURATION = re.compile(
    r"(?=\d)(?:(?P<hours>\d{1,9})h)?(?:(?P<minutes>\d{1,9})m)?"
    r"(?:(?P<seconds>\d{1,12})(?:\.(?P<thousandths>\d{1,3}))?s)?",
    re.ASCII,
)
_DAYS = re.compile(r"p?([0-9]{1,6}) ?(d|days?|天|日|w|weeks?|周|个?星期)", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)


def parse_duration(text: str) -> int:
    """Read elapsed time as milliseconds: `90s`, `15m`, `1h30m`, or ISO `PT15M`."""
    plain = text.strip()
    found = _DURATION.fullmatch(plain[2:].lower() if plain.startswith("PT") else plain)
    if not found:
        raise CalendarError(_no_duration(plain))
    hours, minutes, seconds = (int(found[part] or 0) for part in ("hours", "minutes", "seconds"))
    length = (hours * 60 + minutes) * MINUTE + seconds * 1000 + int((found["thousandths"] or "").ljust(3, "0"))
    if length > LONGEST:
        raise CalendarError(f"`{plain}` is longer than a hundred years; h is hours, m minutes, s seconds")
    return length


def format_duration(duration: int) -> str:
    """Write a duration as `parse_duration` reads it: `1h30m`, `45s`, `0.250s`, `0s`; below zero with a minus."""
    minutes, rest = divmod(abs(duration), MINUTE)
    hours, minutes = divmod(minutes, 60)
    seconds, thousandths = divmod(rest, 1000)
    parts = [f"{hours}h"] * bool(hours) + [f"{minutes}m"] * bool(minutes)
    if rest or not parts:
        parts.append(f"{seconds}.{thousandths:03}s" if thousandths else f"{seconds}s")
    return "-" * (duration < 0) + "".join(parts)


_IN_CHINESE = str.maketrans({"h": "小时", "m": "分", "s": "秒"})


def say_duration(duration: int, language: str) -> str:
    """Write a duration for people: `1h30m`, in Chinese `1小时30分`."""
    written = format_duration(duration)
    return written.translate(_IN_CHINESE) if language.startswith("zh") else written


def parse_clock(text: str) -> int:
    """Read a time of day, `08:30` to `24:00`, as minutes since midnight."""
    found = _CLOCK.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY
    if minutes > 1440:
        raise CalendarError(f"`{text}` is no time of day; {_mend_clock(text)}")
    return minutes


_SPOKEN_CLOCK = re.compile(r"(\d{1,2})(?:[:.：点](\d\d)?)?\s*(a\.?m\.?|p\.?m\.?)?", re.ASCII)


def _mend_clock(text: str) -> str:
    found = _SPOKEN_CLOCK.fullmatch(text.strip().lower())
    hours = int(found[1]) if found else DAY
    if found and found[3] and 0 < hours <= 12:
        hours = hours % 12 + 12 * found[3].startswith("p")
    minutes = hours * 60 + int(found[2] or 0) if found else DAY
    if minutes <= 1440:
        return f"write `{_clock_text(minutes)}`"
    return "write hours and minutes, `00:00` to `24:00`, as in `08:30`"


def parse_hours(text: str) -> Interval:
    """Read one opening, `08:30-12:00`; `24:00` or `00:00` ends it at midnight, an end before its begin a day later."""
    parts = text.replace("–", "-").split("-")
    if len(parts) != 2:
        raise CalendarError(f"`{text}` is no opening; write from and to, as in `08:30-12:00`")
    start, end = (parse_clock(part.strip()) for part in parts)
    if start == 1440:
        raise CalendarError(f"`{text}` begins at the end of the day; begin at `00:00` of the next day")
    if start == end:
        raise CalendarError(f"`{text}` is empty; `00:00-24:00` is a whole day, `[]` is closed")
    return start, end if end > start else end + 1440


def hours_text(hours: Hours) -> list[str]:
    """Write openings as `parse_hours` reads them."""
    return [f"{_clock_text(start)}-{_clock_text(end if end <= 1440 else end - 1440)}" for start, end in hours]


def ordered(hours: Iterable[Interval], path: tuple[str | int, ...] = ()) -> Hours:
    """Sort the openings of one date and refuse those that overlap or are none."""
    done = tuple(sorted((start, end) for start, end in hours))
    for start, end in done:
        whole = start == 0 and end == 1440
        if not (whole or (0 <= start < 1440 and start < end < start + 1440)):
            raise CalendarError(f"an opening from minute {start} to {end} is none; one lasts at most a day", path)
    for one, other in pairwise(done):
        if other[0] < one[1]:
            first, second = hours_text((one, other))
            raise CalendarError(f"`{first}` and `{second}` overlap; join them or part them", path)
    return done


def parse_weekdays(text: str) -> list[int]:
    """Read `mon`, `mon-fri`, `sat, sun` as days of the week, Monday being 0."""
    days: list[int] = []
    for part in text.split(","):
        ends = [_weekday(name.strip()) for name in part.split("-")]
        if len(ends) > 2:
            raise CalendarError(f"`{part.strip()}` is no range of days; write `mon-fri`")
        days += [(ends[0] + step) % 7 for step in range((ends[-1] - ends[0]) % 7 + 1)]
    return days


def parse_date(text: str) -> date:
    """Read a date, `2026-05-01`."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise CalendarError(f"`{text}` is no date; write year, month and day, as in `2026-05-01`")


def parse_month_day(text: str) -> tuple[int, int]:
    """Read a day of every year, `05-01`."""
    day = parse_date(f"2000-{text}")  # a leap year: 29 February is closed whenever there is one
    return day.month, day.day


def _weekday(name: str) -> int:
    if name in WEEKDAYS:
        return WEEKDAYS.index(name)
    near = next((day for day in WEEKDAYS if day == name[:3].lower()), None)
    mend = f"write `{near}`" if near else "the days are " + " ".join(f"`{day}`" for day in WEEKDAYS)
    raise CalendarError(f"`{name}` is no day of the week; {mend}")


def _clock_text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


_UNITS = {
    "h": ("h", "hr", "hrs", "hour", "hours", "小时", "个小时"),
    "m": ("m", "min", "mins", "minute", "minutes", "分", "分钟"),
    "s": ("s", "sec", "secs", "second", "seconds", "秒", "秒钟"),
}
_SPOKEN = re.compile(rf"([0-9]{{1,5}})\s*({'|'.join(word for words in _UNITS.values() for word in words)})")
"""A duration as people say it; only to tell them how it is written."""
_PARTS = re.compile(_SPOKEN.pattern.replace("{1,5}", r"{1,4}[.,][0-9]{1,3}"))
_BUSINESS = re.compile(r"([0-9]{1,5})\s*(?:business|working|office|工作|营业|个工作)[ _]?(hours?|days?|小时|日|天)")
_WATCH = re.compile(r"([0-9]{1,3}):([0-5][0-9])", re.ASCII)


def _no_duration(text: str) -> str:
    said = text.strip().lower()
    if days := _DAYS.fullmatch(said):
        count = int(days[1]) * (7 if days[2][0] in "w周个星" else 1)
        return (
            f"`{text}` can mean three things; write `{count * 24}h` (elapsed time), `{count} calendar_days` "
            f"(same time of day, {count} dates later) or `{count} business_days` (counting dates that open)"
        )
    if meant := _meant(said):
        return f"`{text}` is no duration; write `{meant}`"
    if business := _BUSINESS.fullmatch(said):
        if business[2].startswith(("h", "小时")):
            return f"`{text}` is no duration; write `{business[1]}h`: which hours count says its `calendar`"
        return f"`{text}` is no duration; write `{business[1]} business_days`"
    return f"`{text}` is no duration; write hours, minutes and seconds in this order, as in `1h30m`, `15m`, `90s`"


def _meant(said: str) -> str:
    """A duration as people say it, as it is written; nothing where that is not certain."""
    if found := _SPOKEN.fullmatch(said):
        return f"{found[1]}{_unit(found[2])}"
    if (found := _WATCH.fullmatch(said)) and said.strip("0:"):
        return format_duration((int(found[1]) * 60 + int(found[2])) * MINUTE)
    if found := _PARTS.fullmatch(said):
        seconds = Decimal(found[1].replace(",", ".")) * {"h": 3600, "m": 60, "s": 1}[_unit(found[2])]
        return format_duration(int(seconds) * 1000) if seconds == int(seconds) > 0 else ""
    return ""


def _unit(word: str) -> str:
    return next(short for short, words in _UNITS.items() if word in words)

"""Times as the language writes them: durations, points, points and a shift, rhythms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NoReturn

from engine.calendars import parse_duration
from engine.fields import Field
from engine.hours import WEEKDAYS, parse_clock
from engine.lang.diagnostics import near_misses
from engine.moments import Every, Moment
from engine.nearness import asked
from engine.timeline import CalendarError

SECOND = 1000

Place = Literal["goal", "threshold", "after", "at", "within"]
"""Where a time stands; it decides which points make sense."""

Base = Literal[
    "duration", "field", "business_days", "calendar_days", "end_of_day", "end_of_business_day", "end_of_month", "by",
    "goal", "percent",
]  # fmt: skip

_DAYS = re.compile(r"([0-9]{1,5}) (business|calendar)_days?")
_PERCENT = re.compile(r"([0-9]{1,4})%")
_SHIFTED = re.compile(r"(?P<point>[^+-]+?)\s*(?P<sign>[+-])\s*(?P<shift>.*)")
_FIELD = re.compile(r"case\.([a-z][a-z0-9_]*)")
_WORDS: tuple[Base, ...] = ("end_of_day", "end_of_business_day", "end_of_month", "goal")

_ENDS: frozenset[Base] = frozenset(["end_of_day", "end_of_business_day", "end_of_month"])
_LENGTHS: frozenset[Base] = frozenset(["duration", "business_days", "calendar_days"])
_POINTS: Mapping[Place, frozenset[Base]] = {
    "goal": _LENGTHS | _ENDS | {"field", "by"},
    "threshold": frozenset(["duration", "goal", "percent"]),
    "after": _LENGTHS,
    "at": _ENDS | {"field", "by"},
    "within": _LENGTHS | _ENDS,
}
_MEND: Mapping[Place, str] = {
    "goal": "a goal is a duration, an instant field `case.NAME`, `3 calendar_days`, `end_of_day`, `by 12:00` …",
    "threshold": "a threshold is `goal`, `goal - 5m`, `goal + 15m`, `80%`, or a duration from the start",
    "after": "`after` takes a duration or a number of days; for an instant write `at:`",
    "at": "`at` takes an instant such as `case.NAME` or `end_of_day`; for a duration write `after:`",
    "within": "write a duration or a number of days, as in `7 calendar_days`",
}


class TimeFault(ValueError):
    """This is no time, or none for this place."""

    def __init__(self, rule: str, message: str, mend: str | None, where: tuple[int, int]) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.mend = mend
        self.offset, self.length = where


class _Reader:
    """Reads one text."""

    def __init__(self, text: str, place: Place, fields: Mapping[str, Field]) -> None:
        self.text = text
        self.place = place
        self.fields = fields

    def fault(self, rule: str, message: str, mend: str | None, part: str = "") -> NoReturn:
        """Stop, pointing at a part of the text."""
        found = self.text.find(part) if part else -1
        raise TimeFault(rule, message, mend, (found, len(part)) if found >= 0 else (0, len(self.text)))

    def moment(self) -> Moment:
        shifted = _SHIFTED.fullmatch(" ".join(self.text.split()))
        point = shifted["point"] if shifted else " ".join(self.text.split())
        base, count, field, offset = self.point(point)
        if base not in _POINTS[self.place]:
            self.fault("bad-time", f"`{self.text.strip()}` cannot stand here", _MEND[self.place])
        if shifted is None:
            return Moment(base=base, text=point, offset=offset, count=count, field=field)
        if base == "duration":
            self.fault("bad-time", f"`{self.text.strip()}` adds to a duration", "write the sum")
        days, kind, shift = self.shift(shifted["shift"], -1 if shifted["sign"] == "-" else 1)
        if days and self.place == "threshold":
            self.fault("bad-time", "a threshold is shifted by a duration", _MEND["threshold"], shifted["shift"])
        return Moment(
            base=base, text=f"{point} {shifted['sign']} {shifted['shift']}", offset=shift, count=count, days=days,
            day_kind=kind, field=field,
        )  # fmt: skip

    def point(self, point: str) -> tuple[Base, int, str, int]:
        """Base, count, field and duration of what stands before the sign."""
        if days := _DAYS.fullmatch(point):
            if not int(days[1]):
                self.fault("too-short", "no days at all is no time", "write `end_of_day`, or a number of days", point)
            return "business_days" if days[2] == "business" else "calendar_days", int(days[1]), "", 0
        if percent := _PERCENT.fullmatch(point):
            if not int(percent[1]):
                self.fault("too-short", "0% is the start", "write at least `1%`", point)
            return "percent", int(percent[1]), "", 0
        if field := _FIELD.fullmatch(point):
            return "field", 0, self.instant(field[1], point), 0
        if point.startswith("by "):
            return "by", self.clock(point[3:].strip()), "", 0
        if word := next((word for word in _WORDS if word == point), None):
            return word, 0, "", 0
        return "duration", 0, "", self.duration(point)

    def instant(self, name: str, part: str) -> str:
        field = self.fields.get(name)
        if field is None:
            instants = [known for known, declared in self.fields.items() if declared.type == "instant"]
            near = near_misses(name, instants) or near_misses(name, self.fields)
            mend = asked(f"case.{one}" for one in near) if near else None
            self.fault("unknown-field", f"`{name}` is not a field of the case", mend, part)
        if field.type != "instant":
            mend = "only a field of type `instant` names a point in time"
            self.fault("not-an-instant", f"`{name}` is {field.type}, not an instant", mend, part)
        return name

    def clock(self, text: str) -> int:
        try:
            return parse_clock(text)
        except CalendarError as fault:
            self.fault("bad-time", str(fault), None, text)

    def duration(self, text: str) -> int:
        if text[:1].isdigit() or text.startswith("PT"):
            return _duration(self, text)
        instants = [f"case.{name}" for name, field in self.fields.items() if field.type == "instant"]
        near = [f"case.{text}"] if text in self.fields else near_misses(text, [*_WORDS, *instants])
        mend = asked(near) if near else _MEND[self.place]
        return self.fault("bad-time", f"`{text}` is no time", mend, text)

    def shift(self, text: str, sign: int) -> tuple[int, Literal["business", "calendar"], int]:
        """Days, their kind, and milliseconds of what stands after the sign."""
        if days := _DAYS.fullmatch(text):
            return sign * int(days[1]), "business" if days[2] == "business" else "calendar", 0
        return 0, "calendar", sign * _duration(self, text)


def _duration(reader: _Reader, text: str) -> int:
    try:
        length = parse_duration(text)
    except CalendarError as fault:
        said = str(fault)
        message, _, mend = said.partition("; ")
        if reader.place == "threshold" and " as in " in mend and not text.strip()[-1:].isdigit():
            mend = _MEND["threshold"]
        rule = "bare-days" if "three things" in said else "bad-time"
        reader.fault(rule, message, mend or None, text)
    if length < SECOND:
        reader.fault("too-short", f"`{text}` is shorter than a second", "durations are at least `1s`", text)
    return length


def read_moment(text: str, place: Place, fields: Mapping[str, Field]) -> Moment:
    """Read a TIME for its place; raise `TimeFault`."""
    return _Reader(text, place, fields).moment()


def read_duration(text: str) -> int:
    """Read a plain duration of at least a second; raise `TimeFault`."""
    return _duration(_Reader(text, "after", {}), text.strip())


_RHYTHM = re.compile(r"(?P<unit>\w+)(?: on (?P<on>\w+))?(?: at (?P<at>\S+))?")


def read_every(text: str) -> Every:
    """Read a rhythm: a duration, or `day`, `week on mon`, `month on 30`, each with ` at 09:00`; raise `TimeFault`."""
    reader, plain = _Reader(text, "after", {}), " ".join(text.split())
    found = _RHYTHM.fullmatch(plain)
    unit = found["unit"] if found else ""
    if found is None or unit not in ("day", "week", "month"):
        if plain[:1].isdigit() or plain.startswith("PT"):
            return Every(text=plain, length=_duration(reader, plain))
        near = near_misses(unit, ["day", "week", "month"])
        mend = "write a duration, `day at 09:00`, `week on mon at 09:00` or `month on 30 at 09:00`"
        reader.fault("bad-time", f"`{plain}` is no rhythm", asked(near) if near else mend, unit)
    at = reader.clock(found["at"]) if found["at"] else 0
    on = _on(reader, unit, found["on"])
    return Every(text=plain, unit=unit, on=on, at=at)  # type: ignore[arg-type]


def _on(reader: _Reader, unit: str, on: str | None) -> int:
    if unit == "day":
        if on:
            reader.fault("bad-time", "every day needs no `on`", "write `day at 09:00`", on)
        return 0
    if unit == "week":
        if on in WEEKDAYS:
            return WEEKDAYS.index(on)
        near = near_misses(on or "", WEEKDAYS)
        mend = asked(near) if near else "write `week on mon`; the days are " + " ".join(WEEKDAYS)
        reader.fault("bad-time", f"`{on}` is no day of the week" if on else "a week needs a day", mend, on or "")
    if on and on.isdigit() and 1 <= int(on) <= 31:
        return int(on)
    message = f"`{on}` is no day of the month" if on else "a month needs a day"
    return reader.fault("bad-time", message, "write `month on 30`: in a shorter month its last day", on or "")

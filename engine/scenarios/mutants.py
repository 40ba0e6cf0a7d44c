"""Definitions changed in one place each: every figure a little more and less, every rule left out.

A mutant is the plain content of one file with one change. Nothing here knows the engine: what is read is what a
designer wrote, what comes out is what another designer might have written by mistake.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
Plain = Any

WORDS = frozenset({"label", "else", "description", "summary", "choices", "roles", "text", "version", "target"})
"""What people read, and figures that no case shows: the attainment's target has a test of its own."""

RULES = frozenset({"by", "cancelled_by", "counts_from", "decide", "during", "guards", "max", "min", "never_by",
                   "new", "on_enter", "pauses_in", "repeats", "then", "thresholds", "timers", "unique",
                   "within"})  # fmt: skip
"""Keys that can be left out as a whole."""

LISTS = frozenset({"by", "cancelled_by", "clear", "decide", "done", "in", "met_by", "needs", "never_by", "notify",
                   "on_enter", "pauses_in", "require", "restarts_on", "same", "starts", "then", "thresholds",
                   "to"})  # fmt: skip
"""Lists of which each item can be left out."""

KEYED = frozenset({"guards", "set", "timers", "with"})
"""Mappings of which each entry can be left out; what goes out with an event is looked at by who hears it."""

LOOKED_UP = frozenset({"actor", "assignee", "waiting_on"})
"""Not roles: whom they mean stands in the case."""

TIMES = frozenset({"after", "at", "every", "goal", "is", "within"})
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COMPARISONS = ((" > ", " >= "), (" >= ", " > "), (" < ", " <= "), (" <= ", " < "), (" == ", " >= "), (" == ", " <= "))
SECOND, MINUTE = 1, 60


@dataclass(frozen=True, slots=True)
class Mutant:
    """One file with one change."""

    title: str
    content: Plain
    path: Path  # where it differs
    was: Plain = None  # what stood there

    @property
    def text(self) -> str:
        """The file: JSON is YAML."""
        return json.dumps(self.content, ensure_ascii=False)


def mutants(content: Plain, shifts: tuple[int, ...] = (SECOND, MINUTE)) -> Iterator[Mutant]:
    """Every mutant of a file; `shifts` are the seconds by which a time comes later and earlier."""
    named = {role for path, role in places(content) if path[-2:-1] == ("by",) and "." not in role}
    everybody = sorted(named - LOOKED_UP)
    for path, value in places(content):
        if not WORDS.intersection(path) and path:
            yield from _of_place(content, path, value, shifts)
            if path[-1] == "by" and (others := [role for role in everybody if role not in value]):
                yield _with(content, path, [*value, *others])


def places(content: Plain, path: Path = ()) -> Iterator[tuple[Path, Plain]]:
    """Every place of a file with what stands there."""
    yield path, content
    entries = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for step, value in entries:
        yield from places(value, (*path, step))


def value_at(content: Plain, path: Path) -> Plain:
    """What stands at a place; `KeyError`, `IndexError` or `TypeError` where there is none."""
    for step in path:
        content = content[step]
    return content


def _of_place(content: Plain, path: Path, value: Plain, shifts: tuple[int, ...]) -> Iterator[Mutant]:
    key, holder = path[-1], path[-2] if len(path) > 1 else None
    is_told = holder == "with" and "emit" in value_at(content, path[:-2])
    if key in RULES or (holder in KEYED and not is_told) or (isinstance(key, int) and holder in LISTS):
        yield _without(content, path)
    for other in _others(path, value, shifts):
        yield _with(content, path, other)


def _others(path: Path, value: Plain, shifts: tuple[int, ...]) -> Iterable[Plain]:
    """What might stand at a place instead, by what kind of thing stands there."""
    key = path[-1]
    if key in ("if", "must"):
        return _other_conditions(str(value))
    if key in ("min", "max") and not isinstance(value, str):
        return (value + 1, value - 1)
    if path[0] == "authority" and len(path) == 3:
        return (0,) if value == "unlimited" else (value + 0.01, value - 0.01)
    if path[0] == "figures" and isinstance(value, int | float):
        step = 1 if isinstance(value, int) else 0.01
        return (value + step, value - step)
    if key in TIMES and isinstance(value, str):
        return _other_times(value, shifts)
    if key == "on_reopen":
        return ("none" if value == "restart" else "restart",)
    if (key, value) == ("calendar", "always"):
        return ("contact_hours",)
    if "weekly" in path and isinstance(value, str):
        return _other_hours(value)
    return ()


def _without(content: Plain, path: Path) -> Mutant:
    changed = deepcopy(content)
    del value_at(changed, path[:-1])[path[-1]]
    return Mutant(f"{shown(path)} left out", changed, path, value_at(content, path))


def _with(content: Plain, path: Path, value: Plain) -> Mutant:
    changed = deepcopy(content)
    value_at(changed, path[:-1])[path[-1]] = value
    return Mutant(f"{shown(path)} is {value}", changed, path, value_at(content, path))


def shown(path: Path) -> str:
    """A place as people write it."""
    return ".".join(str(step) for step in path)


def _other_conditions(text: str) -> Iterator[str]:
    yield f"!({text})"
    for was, other in COMPARISONS:
        if was in text:
            yield text.replace(was, other, 1)
    for number in re.finditer(r"\b\d+\b", text):
        for change in (1, -1):
            yield _replaced(text, number, str(int(number[0]) + change))
    for operator in (" && ", " || "):
        if operator in text and "(m," not in text:
            yield from text.split(operator)
    for known in re.finditer(r"\['\w+'(?:, '\w+')+\]", text):
        for item in (items := known[0][1:-1].split(", ")):
            yield _replaced(text, known, f"[{', '.join(other for other in items if other != item)}]")


def _other_times(text: str, shifts: tuple[int, ...]) -> Iterator[str]:
    changes = [sign * shift for shift in shifts for sign in (1, -1)]
    if text == "goal":
        yield from (f"goal {'+' if change > 0 else '-'} {abs(change)}s" for change in changes)
    for found in re.finditer(r"\b\d+[smh]\b", text):
        for change in changes:
            seconds = int(found[0][:-1]) * {"s": 1, "m": 60, "h": 3600}[found[0][-1]] + change
            if seconds > 0:
                yield _replaced(text, found, f"{seconds}s")
    for found in re.finditer(r"\b\d+(?=%| (?:calendar|business)_days)", text):
        for change in (1, -1):
            yield _replaced(text, found, str(int(found[0]) + change))
    for found in re.finditer(r"(?<=month on )\d+", text):
        yield from (_replaced(text, found, str(int(found[0]) + change)) for change in (1, -1))
    for found in re.finditer(r"(?<=week on )\w+", text):
        yield _replaced(text, found, WEEKDAYS[WEEKDAYS.index(found[0]) - 1])
    yield from _other_hours(text)


def _other_hours(text: str) -> Iterator[str]:
    for found in re.finditer(r"(\d\d):(\d\d)", text):
        for change in (1, -1):
            minutes = int(found[1]) * 60 + int(found[2]) + change
            yield _replaced(text, found, f"{minutes // 60:02d}:{minutes % 60:02d}")


def _replaced(text: str, found: re.Match[str], other: str) -> str:
    return text[: found.start()] + other + text[found.end() :]

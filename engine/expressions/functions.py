"""The functions of time, which CEL has none of: days since, so many days later, open or not.

The library leaks the arguments of every Python function CEL calls. So these are worked out *before* CEL runs, and their
answers handed in like names; only a call on the items of a walk through a list (`rows.all(r, is_open(r.at, 'desk'))`)
must be left to CEL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from threading import local
from typing import Any, Literal

from cel_expr_python import cel

from engine.calendars import Calendar
from engine.timeline import local_time

MOST_NAMES = 64
VARIABLES = tuple(f"${number}" for number in range(2 * MOST_NAMES))
"""What names and calls become; nobody can write such a name for the items of a walk."""

_acting = local()


@contextmanager
def with_calendars(calendars: Mapping[str, Calendar]) -> Iterator[None]:
    """Let the functions of time see these calendars."""
    _acting.calendars = calendars
    try:
        yield
    finally:
        del _acting.calendars


def _add_days(at: int, number: int, kind: Literal["calendar", "business"], calendar: str) -> int:
    return _calendar(calendar).add_days(at, number, kind)


def _add_open(at: int, duration: int, calendar: str) -> int:
    return _calendar(calendar).add(at, duration)


def _is_open(at: int, calendar: str) -> bool:
    return _calendar(calendar).is_open(at)


def _calendar(name: str) -> Calendar:
    found: Calendar = _acting.calendars[name]
    return found


def _days_since(day: int | str, now: int, zone: str) -> int:
    start = date.fromisoformat(day) if isinstance(day, str) else _local_date(day, zone)
    return (_local_date(now, zone) - start).days


def _local_date(at: int, zone: str) -> date:
    return local_time(zone, at).date()


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add_days": _add_days,
    "add_open": _add_open,
    "is_open": _is_open,
    "days_since": _days_since,
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function of time, worked out before the expression itself."""

    variable: str
    function: str
    arguments: tuple[str | int, ...]  # variables where they begin with `$`, else as they are
    code: bytes = b""  # works out the first argument, if that is more than a name

    def run(self, data: dict[str, Any]) -> None:
        """Put the answer to the data; leave it out where an argument is missing, as reading it would."""
        given = [_resolved(argument, data) for argument in self.arguments]
        if self.code:
            worked_out = program(self.code).eval(data=data)
            given[0] = None if worked_out.type() == cel.Type.ERROR else worked_out.plain_value()
        if None not in given:
            data[self.variable] = FUNCTIONS[self.function](*given)


def _resolved(argument: str | int, data: Mapping[str, Any]) -> Any:
    return data.get(argument) if isinstance(argument, str) and argument.startswith("$") else argument


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    """The one environment in which every expression runs."""
    whole, text, dyn = cel.Type.INT, cel.Type.STRING, cel.Type.DYN
    # A function declared for DYN is never found at run time: each shape is declared by itself.
    shapes = {
        "add_days": ([whole, whole, text, text],),
        "add_open": ([whole, whole, text],),
        "is_open": ([whole, text],),
        "days_since": ([whole, whole, text], [text, whole, text]),
    }
    declared = []
    for name, act in FUNCTIONS.items():
        overloads = [
            cel.Overload(f"{name}_{number}", return_type=dyn, parameters=shape, impl=act)
            for number, shape in enumerate(shapes[name])
        ]
        declared.append(cel.FunctionDecl(name, overloads))
    return cel.NewEnv(variables=dict.fromkeys(VARIABLES, dyn), functions=declared)


@lru_cache(maxsize=4096)
def program(code: bytes) -> cel.Expression:
    """The program CEL runs."""
    return _environment().deserialize(code)

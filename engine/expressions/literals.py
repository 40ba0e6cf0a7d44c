"""Texts inside expressions that stand for something else: `money('5.00')`, `add(t, '3 business_days')`, a choice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from engine.calendars import parse_duration
from engine.expressions.checker import DATE
from engine.expressions.reports import near_miss
from engine.expressions.tree import Tree, constant, kind, path_of
from engine.expressions.walk import Walk
from engine.patterns import BadPattern, compile_pattern
from engine.values import Expected, read_date, read_instant, read_money

_DAYS = re.compile(r"(-?[0-9]{1,5}) (calendar|business)_days?")
_ZONED = re.compile(r".*([Zz]|[+-][0-9]{2}:[0-9]{2})")


class Days(NamedTuple):
    """A number of calendar or business days."""

    number: int
    kind: Literal["calendar", "business"]


def length_text(text: str) -> Days | int:
    """`10 calendar_days`, `3 business_days`, or a duration in ms."""
    found = _DAYS.fullmatch(text.strip())
    if found is None:
        return parse_duration(text)
    return Days(int(found[1]), "calendar" if found[2] == "calendar" else "business")


def instant_text(text: str) -> int:
    """An instant with its zone: an expression belongs to no place, so a local time would mean nothing."""
    if not _ZONED.fullmatch(text):
        raise Expected("a time with its zone, like `2026-03-02T14:00:00+08:00`")
    return read_instant(text, "UTC")


def compared(walk: Walk, value: Tree, other: Tree) -> None:
    """A text beside a choice must be one of its values, beside a date a date."""
    type_name = walk.checked.type_of(other) or walk.checked.item_type_of(other)
    for node in value.list_expr.elements if kind(value) == "list_expr" else [value]:
        text = constant(node)
        if not isinstance(text, str):
            continue
        values = walk.checker.choices.get(type_name)
        if values and text not in values:  # none where they could not be read: that is said there
            named = f"of `{'.'.join(path_of(other))}`" if path_of(other) else "there"
            walk.report(node, "wrong-choice", f"`{text}` is not one of the values {named}", near_miss(text, values))
        elif type_name == DATE:
            _right(walk, node, text, read_date)


def _right(walk: Walk, node: Tree, text: str, read: Callable[[str], Any], id: str = "expression-type") -> None:
    try:
        read(text)
    except ValueError as error:
        walk.report(node, id, f"`{text}` must be {error}" if isinstance(error, Expected) else str(error))


def _fixed(walk: Walk, node: Tree, read: Callable[[str], Any], id: str = "expression-type") -> None:
    """An argument that must be a text standing here, and right."""
    text = constant(node)
    if isinstance(text, str):
        _right(walk, node, text, read, id)
    else:
        walk.report(node, id, "a text in quotes must stand here, so that it can be checked now")


def _named(walk: Walk, node: Tree, what: str, known: list[str]) -> None:
    name = constant(node)
    if not isinstance(name, str):
        walk.report(node, "expression-type", f"the name of {what} must stand here, in quotes")
    elif name not in known:
        walk.report(node, "unknown-name", f"`{name}` is not {what}", near_miss(name, known))


def _calendar(walk: Walk, node: Tree) -> None:
    _named(walk, node, "a calendar", sorted({*walk.scope.calendars, "always"}))


def _state(walk: Walk, parts: list[Tree]) -> None:
    walk.found.reads[("state",)] = True
    _named(walk, parts[0], "a state", sorted(walk.scope.states))


def _days_since(walk: Walk, parts: list[Tree]) -> None:
    walk.found.reads[("now",)] = True
    if "now" not in walk.seen:
        walk.report(parts[0], "unknown-name", "`days_since` needs `now`, which cannot be read here")


def _add(walk: Walk, parts: list[Tree]) -> None:
    if walk.checked.is_text(parts[1]):
        _fixed(walk, parts[1], length_text, "bad-duration")
    if len(parts) > 2:
        _calendar(walk, parts[2])
    elif walk.scope.calendar not in {*walk.scope.calendars, "always"}:
        walk.report(parts[1], "unknown-name", f"`{walk.scope.calendar}` is not a calendar")


def _matches(walk: Walk, parts: list[Tree]) -> None:
    text = constant(parts[1])
    try:
        if isinstance(text, str):
            compile_pattern(text)
    except BadPattern as error:
        walk.report(parts[1], "expression-type", str(error))


ARGUMENTS: dict[str, Callable[[Walk, list[Tree]], None]] = {
    "money": lambda walk, parts: _fixed(walk, parts[0], read_money),
    "duration": lambda walk, parts: _fixed(walk, parts[0], parse_duration, "bad-duration"),
    "timestamp": lambda walk, parts: _fixed(walk, parts[0], instant_text),
    "in_state": _state,
    "is_open": lambda walk, parts: _calendar(walk, parts[1]),
    "days_since": _days_since,
    "add": _add,
    "matches": _matches,
}
"""Functions whose arguments are looked at closer than their type."""

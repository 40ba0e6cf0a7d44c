"""What may plausibly be answered: values on both sides of what a process compares them with, else a usual one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from engine.expressions import Expression
from engine.fields import Field, Invalid, Value, plain, read
from engine.lang.build.used import parts_of
from engine.lang.rules.samples import ANOTHER_TEXT, boundaries
from engine.model import Guard, ProcessDefinition
from engine.scenarios.placeholders import placeholder

_USUAL: Mapping[str, int] = {"money": 5_000, "integer": 1, "number": 1}
"""One for all of a kind, so that an amount that must be as another, or a number times one of them, is."""

_LIMIT = re.compile(r"\b(?:case|form)\.(\w+) *[<>]=? *(figures|actor\.may)\.(\w+)")
_LIMITED = re.compile(r"\b(figures|actor\.may)\.(\w+) *[<>]=? *(?:case|form)\.(\w+)")
_DAYS_SINCE = re.compile(r"\bdays_since\((?:case|form)\.(\w+)\) *[<>]=? *(\d+)")

_FACTOR = r"(?: *\* *\d+)?"
_FIELD = r"\b(?:case|form)\.(\w+)"
_PAIR = re.compile(rf"{_FIELD}{_FACTOR} *([<>])=? *{_FIELD}{_FACTOR}")
"""Two answers of which one is more; numbers in it are shares, and nothing that an answer is compared with."""

_MANY = 10
"""So many values are written at most: the file is to be read."""


class Guesses:
    """What the fields of one process may hold."""

    def __init__(self, definition: ProcessDefinition, first_day: str) -> None:
        self._zone = definition.desk.zone
        self._first_day = date.fromisoformat(first_day)
        parts = [*parts_of(replace(definition, measures={}))]  # what is only counted changes no case
        musts = {part.must.text for part in parts if isinstance(part, Guard)}
        conditions = [part for part in parts if isinstance(part, Expression)]
        texts = [condition.text for condition in conditions]
        pairs = [pair for text in texts for pair in _PAIR.findall(text)]
        self._lesser = {left if sign == "<" else right for left, sign, right in pairs}
        self._turns = boundaries(definition, conditions)
        self._numbered = boundaries(definition, [one for one in conditions if not _PAIR.search(one.text)])
        # Where nothing but a guard asks for yes or no, `no` shows nothing but the refusal.
        self._branching = boundaries(definition, [one for one in conditions if one.text not in musts])
        self._limits: dict[str, list[int]] = {}
        for name, group, key in (limit for text in texts for limit in _limits_in(text)):
            self._limits.setdefault(name, []).extend(_amounts(definition, group, key))
        self._days_ago: dict[str, set[int]] = {}
        for name, days in (found for text in texts for found in _DAYS_SINCE.findall(text)):
            self._days_ago.setdefault(name, set()).add(int(days))

    def several(self, field: Field) -> list[str]:
        """Values to choose from, as they are typed: none but one, or none, where nothing turns on them."""
        found: dict[str, None] = {}
        for value in self._typed(field):
            try:
                read(field, value, self._zone)
            except Invalid:
                continue
            found[value] = None
        return list(found)[:_MANY]

    def sometimes(self, field: Field) -> list[str]:
        """The same for a field that need not be answered; none where nothing turns on whether it is."""
        is_asked = field.name in (self._branching if field.type in ("yes_no", "text") else self._turns)
        if field.type == "text" and is_asked and not field.personal:
            return self.several(field) or [str(placeholder(field, self._zone))]
        return self.several(field) if is_asked or field.name in self._limits else []

    def one(self, field: Field) -> Value:
        """A plain value."""
        for value in (self._usual(field), placeholder(field, self._zone)):
            try:
                if value is not None:
                    return plain(field, read(field, value, self._zone))
            except Invalid:
                continue
        return None

    def _usual(self, field: Field) -> Value:
        """A usual value, a table by its rows; None where a placeholder does."""
        if field.type == "table":
            count = max(1, field.min) if isinstance(field.min, int) else 1
            rows = range(1, count + 1)
            return [{name: self._cell(column, row) for name, column in field.columns.items()} for row in rows]
        if field.type not in _USUAL:
            return None
        usual: float = _USUAL[field.type]
        usual = usual if field.min is None else max(usual, field.min)
        return plain(field, usual if field.max is None else min(usual, field.max))

    def _cell(self, column: Field, row: int) -> Value:
        usual = self._usual(column)
        return placeholder(column, self._zone, row) if usual is None else usual

    def _typed(self, field: Field) -> Iterator[str]:
        turns = self._turns.get(field.name, ())
        if field.type == "choice":
            yield from field.choices
        elif field.type == "yes_no" and field.name in self._branching:
            yield from ("true", "false")
        elif field.type in _USUAL:
            yield from (str(plain(field, value)) for value in self._numbers(field))
        elif field.type == "date":
            yield from self._days(field)
        elif field.type == "text":
            asked = [value for value in turns if isinstance(value, str) and value != ANOTHER_TEXT]
            yield from (*asked, str(placeholder(field, self._zone))) if asked else ()

    def _numbers(self, field: Field) -> list[float]:
        """Around each number it is compared with, within its bounds; nothing where there is none."""
        if field.name in self._lesser:
            usual = max(_USUAL[field.type], field.min or 0)
            return [*dict.fromkeys((max(usual // 2, field.min or 0), usual))]
        found = [near for literal in sorted({*self._literals(field), *self._limits.get(field.name, ())})
                 for near in _around(literal, field.type)]  # fmt: skip
        low, high = field.min, field.max
        return [one for one in dict.fromkeys(found) if (low is None or one >= low) and (high is None or one <= high)]

    def _literals(self, field: Field) -> Iterator[float]:
        """With what it is compared: of the values at which conditions turn those whose neighbours are there, too."""
        turns = {value for value in self._numbered.get(field.name, ()) if isinstance(value, int | float)}
        for value in turns:
            is_low = value - 1 in turns or (field.min is not None and value - 1 < field.min)
            is_high = value + 1 in turns or (field.max is not None and value + 1 > field.max)
            if is_low and is_high:
                yield value

    def _days(self, field: Field) -> Iterator[str]:
        """Days before the first one, on both sides of how long ago is asked."""
        for days in sorted(self._days_ago.get(field.name, ())):
            for ago in (days // 2, days + 7):  # some days pass before it is asked
                yield (self._first_day - timedelta(days=ago)).isoformat()


def _limits_in(text: str) -> Iterator[tuple[str, str, str]]:
    """Which field is compared with which figure or authority."""
    yield from _LIMIT.findall(text)
    yield from ((name, group, key) for group, key, name in _LIMITED.findall(text))


def _amounts(definition: ProcessDefinition, group: str, key: str) -> Iterator[int]:
    """The numbers that stand behind a name."""
    if group == "figures":
        figure = definition.figures.get(key)
        known = [figure.default] if figure is not None else []
    else:
        known = [*definition.authority.get(key, {}).values()]
    yield from (one for one in known if isinstance(one, int) and not isinstance(one, bool))


def _around(literal: float, kind: str) -> list[float]:
    """A number well below, the number itself, and one well above, as people would name them."""
    if kind == "money":
        if literal <= 0:
            return [0, _USUAL["money"]]
        return [_rounded(literal * 0.6), literal, _rounded(literal * 1.5)]
    step = 1 if abs(literal) < 20 else round(abs(literal) / 3)
    return [literal - step, literal, literal + step]


def _rounded(amount: float) -> int:
    """An amount in whole units where it is large enough."""
    return round(amount / 100) * 100 if amount >= 1_000 else round(amount)

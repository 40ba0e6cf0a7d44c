"""Values at which plain conditions change their answer: with them a checker knows what holds when, without guessing.

A condition is plain if it only asks whether fields are set, and compares names with literals: choices, yes or no,
numbers, amounts. Of anything else nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from engine.expressions import Expression, ExpressionFailed
from engine.fields import TEXTS, Field, Value
from engine.model import ProcessDefinition
from engine.values import Expected, read_money, show_money

MOST_SAMPLES = 600

_NAME = r"(?:case|form|figures|counts|did|clocks|before)(?:\.[a-z][a-z0-9_]*)+"
_LITERAL = r"(?:-?[0-9]+(?:\.[0-9]+)?|'[^'\\]*'|\"[^\"\\]*\"|money\((?:'[^'\\]*'|\"[^\"\\]*\")\)|true|false)"
_OPERATOR = r"(?:==|!=|<=|>=|<|>)"
_ATOM = re.compile(
    rf"has\(\s*(?P<asked>{_NAME})\s*\)"
    rf"|(?P<left>{_NAME})\s*{_OPERATOR}\s*(?P<right>{_LITERAL})"
    rf"|(?P<first>{_LITERAL})\s*{_OPERATOR}\s*(?P<then>{_NAME})"
    rf"|(?P<item>{_NAME})\s+in\s+\[(?P<items>\s*{_LITERAL}(?:\s*,\s*{_LITERAL})*\s*)\]"
    rf"|(?P<plain>{_NAME})(?![\w.(])"
)
_FRAME = re.compile(r"[\s()!&|]*(?:(?:true|false)?[\s()!&|]*)*")
_SOLE_LITERAL = re.compile(_LITERAL)

Point = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Samples:
    """Names, and the values of each that matter; not known where a condition is not plain."""

    known: bool
    names: tuple[str, ...] = ()
    values: tuple[tuple[Value, ...], ...] = ()
    types: Mapping[str, Field] | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The names without what they belong to."""
        return frozenset(name.partition(".")[2] for name in self.names)

    def points(self) -> Iterator[Point]:
        """Every combination of the values."""
        return product(*self.values)

    def answer(self, condition: Expression | None, point: Point) -> bool | None:
        """What a condition says there; nothing where something it needs is not set."""
        if condition is None:
            return True
        try:
            return condition.evaluate(nested(dict(zip(self.names, point, strict=True)))) is True
        except ExpressionFailed:
            return None

    def constant(self, condition: Expression) -> bool | None:
        """The answer a condition always gives, if it is always the same."""
        if not self.known or not self.names:
            return None
        answers = {self.answer(condition, point) for point in self.points()} - {None}
        return answers.pop() if len(answers) == 1 else None

    def never_first(self, conditions: Sequence[Expression | None]) -> list[int]:
        """Of conditions in order those that are never the first to hold."""
        if not self.known:
            return []
        first = {self._first(conditions, point) for point in self.points()}
        return [number for number in range(len(conditions)) if number not in first]

    def gap(self, conditions: Sequence[Expression | None]) -> str | None:
        """Where none of some conditions holds, in words; nothing where always one does."""
        if not self.known:
            return None
        empty = next((point for point in self.points() if self._first(conditions, point) == len(conditions)), None)
        return self.said(empty) if empty is not None else None

    def _first(self, conditions: Sequence[Expression | None], point: Point) -> int:
        answers = (self.answer(condition, point) for condition in conditions)
        return next((number for number, answer in enumerate(answers) if answer is not False), len(conditions))

    def said(self, point: Point) -> str:
        """Some values in words."""
        return " and ".join(self._is(name, value) for name, value in zip(self.names, point, strict=True))

    def _is(self, name: str, value: Value) -> str:
        if value is None:
            return f"`{name}` is not set"
        if isinstance(value, bool):
            return f"`{name}` is {'true' if value else 'false'}"
        field = (self.types or {}).get(name)
        return f"`{name}` is {show_money(value) if field is not None and field.type == 'money' else value}"


def samples_of(
    definition: ProcessDefinition, conditions: Iterable[Expression], *, sure: Iterable[str] = (), own: str = ""
) -> Samples:
    """The values that matter to some conditions. `sure` are fields surely set, `own` an action just accepted."""
    wanted: dict[str, set[Any]] = {}
    asked: set[str] = set()
    for condition in conditions:
        if not _read(condition.text, wanted, asked):
            return Samples(False)
    types = {name: field for name in wanted if (field := _field(definition, name)) is not None}
    names = sorted(wanted)
    unset = {name for name in asked if name.partition(".")[2] not in sure}
    values = [_values(types.get(name), wanted[name], name in unset, name == f"did.{own}") for name in names]
    count = 1
    for known in values:
        count *= len(known)
    if not all(values) or count > MOST_SAMPLES or _tied(names):
        return Samples(False)
    return Samples(True, tuple(names), tuple(values), types)


def boundaries(definition: ProcessDefinition, conditions: Iterable[Expression]) -> Mapping[str, tuple[Value, ...]]:
    """For each field the values at which conditions may turn, as far as they are plain enough to read."""
    wanted: dict[str, set[Any]] = {}
    for condition in conditions:
        _read(condition.text, wanted, set())
    found: dict[str, list[Value]] = {}
    for name, literals in wanted.items():
        group, _, key = name.partition(".")
        field = definition.fields.get(key) if group in ("case", "form", "before") else None
        if field is not None:
            found.setdefault(key, []).extend(_values(field, literals, False, False))
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}


def turning(definition: ProcessDefinition, conditions: Iterable[Expression]) -> Mapping[str, tuple[Value, ...]]:
    """For each name of a case the values at which conditions may turn, and the one with which it begins."""
    wanted: dict[str, set[Any]] = {}
    asked: set[str] = set()
    for condition in conditions:
        _read(condition.text, wanted, asked)
    found: dict[str, tuple[Value, ...]] = {}
    for name in sorted(wanted):
        field = _field(definition, name) if name.startswith(("case.", "did.", "counts.")) else None
        values = _values(field, wanted[name], name in asked, False)
        if field is not None and values:
            begins = 0 if name.startswith("did.") else field.default
            found[name] = tuple(dict.fromkeys((*values, *(() if begins is None else (begins,)))))
    return found


def _tied(names: list[str]) -> bool:
    """Whether names belong together, so that not every combination of their values can be."""
    clocks = [name.rpartition(".")[0] for name in names if name.startswith("clocks.")]
    kept = [name.partition(".")[2] for name in names if name.startswith(("case.", "form.", "before."))]
    return len(set(clocks)) < len(clocks) or len(set(kept)) < len(kept)


def _read(text: str, wanted: dict[str, set[Any]], asked: set[str]) -> bool:
    """Note the names and literals of a condition; whether it is plain."""
    for found in _ATOM.finditer(text):
        name = found["asked"] or found["left"] or found["then"] or found["item"] or found["plain"]
        literals = wanted.setdefault(name, set())
        if found["asked"]:
            asked.add(name)
        for literal in _SOLE_LITERAL.findall(found["right"] or found["first"] or found["items"] or ""):
            literals.add(_literal(literal))
    return _FRAME.fullmatch(_ATOM.sub(" ", text)) is not None


def _literal(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text.startswith("money("):
        try:
            return read_money(text[7:-2])
        except Expected:
            return text
    if text[0] in "'\"":
        return text[1:-1]
    return float(text) if "." in text else int(text)


ANOTHER_TEXT = "another text"
"""Beside the texts that a condition asks for."""

_CLOCK = Field(name="clock", type="yes_no")
_COUNT = Field(name="count", type="integer", min=0)


def _field(definition: ProcessDefinition, name: str) -> Field | None:
    group, _, key = name.partition(".")
    if group in ("case", "form", "before"):
        return definition.fields.get(key)
    if group == "figures":
        return definition.figures.get(key)
    return {"did": _COUNT, "counts": Field(name="count", type="integer", min=1), "clocks": _CLOCK}.get(group)


def _values(field: Field | None, literals: set[Any], may_be_unset: bool, is_own: bool) -> tuple[Value, ...]:
    """The values of one name: at each literal, below and above, as far as the field allows."""
    if field is None:
        return ()
    unset: tuple[Value, ...] = (None,) if may_be_unset and field.default is None else ()
    found: Iterable[Value] | None
    if field.type == "yes_no":
        found = (True, False)
    elif field.type == "choice":
        found = field.choices
    elif field.type in TEXTS:
        found = _texts(literals)
    elif not literals:
        found = (1,) if unset else None
    else:
        found = _numbers(field, literals, 1 if is_own else field.min)
    return () if found is None else (*found, *unset)


def _texts(literals: set[Any]) -> Iterable[Value] | None:
    """Each text that is asked for, and another one; None where something else is asked for."""
    texts = sorted(literal for literal in literals if isinstance(literal, str))
    return (*texts, ANOTHER_TEXT) if texts or not literals else None


def _numbers(field: Field, literals: set[Any], least: float | None) -> Iterable[Value] | None:
    """At each number, below and above, as far as the field allows; None where something else is asked for."""
    if field.type not in ("integer", "number", "money") or not all(_is_number(literal) for literal in literals):
        return None
    near = {literal + step for literal in literals for step in (-1, 0, 1)}
    near |= {bound for bound in (field.min, field.max) if bound is not None}
    return sorted(v for v in near if (least is None or v >= least) and (field.max is None or v <= field.max))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def nested(flat: Mapping[str, Value]) -> dict[str, Any]:
    """Values by dotted names as expressions read them; one that is not set is not there."""
    found: dict[str, Any] = {}
    for name, value in flat.items():
        *groups, last = name.split(".")
        here = found
        for group in groups:
            here = here.setdefault(group, {})
        if value is not None:
            here[last] = value
    return found

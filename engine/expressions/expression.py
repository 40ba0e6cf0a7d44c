"""A compiled expression: a value that can be kept, printed, pickled and evaluated in any thread."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from cel_expr_python import cel

from engine.calendars import Calendar
from engine.expressions.functions import Call, program, with_calendars
from engine.expressions.plain import Plain
from engine.expressions.program import Input
from engine.expressions.scope import ExpressionFailed, Names, shortened
from engine.fields import Field, Value
from engine.values import LARGEST

UNLIMITED = 2**53
"""Stands for `unlimited`: above every amount that can be stored."""

MIXED = Field(name="value", type="list")
"""What an expression gives whose type only its evaluation shows; `Expression.type` says `any`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A checked expression of one place."""

    text: str
    type: str  # a field's type, or `any`
    result: Field  # the shape of what it gives
    names: Names  # dotted names it reads or asks for: `case.fee`, `facts.on_shift`, `did.reject`, `now`
    constant: bool | None = None  # the answer of one that reads no name
    texts: Names = frozenset()  # every text it can be, where it chooses between texts written in it
    inputs: tuple[Input, ...] = ()
    calls: tuple[Call, ...] = ()  # worked out before `code` runs
    code: bytes = b""  # what CEL runs; empty if the expression is one name only, or whether it is set
    plain: Plain | None = field(default=None, repr=False)  # the same as `code`, where that is so little
    calendars: Mapping[str, Calendar] = field(default_factory=dict, repr=False)
    _program: cel.Expression = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_program", program(self.code) if self.code else None)

    def __hash__(self) -> int:
        return hash((self.text, self.code))

    def __reduce__(self) -> tuple[Any, ...]:
        return _expression, tuple(getattr(self, name) for name in _PARTS)

    def evaluate(self, values: Mapping[str, Any]) -> Value:
        """Work the expression out on stored values; raise `ExpressionFailed` when there is no answer."""
        data: dict[str, Any] = {}
        for given in self.inputs:
            value = _fetch(given, values)
            if value is not None:
                data[given.variable] = value
            elif given.needed:
                raise ExpressionFailed(f"`{'.'.join(given.path)}` is not set, and `{shortened(self.text)}` needs it")
        if self.plain is not None and (answer := self.plain.holds(data)) is not None:
            return answer
        if self._program is None:
            return data[self.inputs[0].variable]
        return self._run(data)

    def _run(self, data: dict[str, Any]) -> Value:
        try:
            result = self._with_calls(data) if self.calls or self.calendars else self._program.eval(None, data)
        except RuntimeError as error:  # CEL's own bounds: a walk through walks ends after 9 999 items
            raise self._failed(error) from error
        value = result.value()
        if self.type == "yes_no":
            if value is True or value is False:
                return value
            raise self._failed(value)
        if result.type() == cel.Type.ERROR:  # an ERROR's value is a text like any other: only its type tells
            raise self._failed(value)
        return self._stored(result.plain_value())

    def _with_calls(self, data: dict[str, Any]) -> Any:
        with with_calendars(self.calendars):
            try:
                for call in self.calls:
                    call.run(data)
            except (ValueError, OverflowError) as error:
                raise ExpressionFailed(f"`{shortened(self.text)}` cannot be worked out: {error}") from error
            return self._program.eval(None, data)

    def _stored(self, value: Any) -> Value:
        """A number without a fraction is stored as a whole one; what JSON cannot keep is no answer."""
        if isinstance(value, float):
            if not math.isfinite(value):
                raise self._failed("the result is not a number")
            value = int(value) if value.is_integer() else value
        if isinstance(value, int | float) and abs(value) > LARGEST:
            raise self._failed("the result is too large")
        if isinstance(value, list):
            return [self._stored(item) for item in value]
        if isinstance(value, dict):
            return {name: self._stored(item) for name, item in value.items()}
        return value

    def _failed(self, said: Any) -> ExpressionFailed:
        reason = str(said).partition(": ")[2].removesuffix(" [INTERNAL]") or str(said)
        if found := re.search(r'No value with name "(\$\d+)"', reason):
            named = {given.variable: ".".join(given.path) for given in self.inputs}
            reason = f"`{named.get(found[1], 'a time in it')}` is not set"
        return ExpressionFailed(f"`{shortened(self.text)}` cannot be worked out: {reason}")


def _expression(*parts: Any) -> Expression:
    return Expression(**dict(zip(_PARTS, parts, strict=True)))


_PARTS = tuple(part.name for part in fields(Expression) if part.init)


def _fetch(given: Input, values: Mapping[str, Any]) -> Any:
    found: Any = values
    for name in given.path:
        found = found.get(name) if found is not None else None
    use = given.use
    if use == "value" and found is not None:
        return found
    if use == "amount":  # of an authority: nothing said is unlimited, no authority at all is 0
        return UNLIMITED if found is None else found
    if found is None:
        found = given.default
    if use == "has":
        return found is not None
    if found is None or use == "value":
        return found
    return float(found) if use == "number" else [float(item) for item in found]


_TEXTS = ("text", "person", "file", "case", "choice", "party")
_TAKEN_BY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("text", "person", "file", "case"), _TEXTS),
    "number": ("integer",),
    "date": ("text",),
    "party": ("text",),  # whether such a one is on the register is seen when it is given
}
"""What else than its own type a field takes."""


def fits(expression: Expression, target: Field) -> str | None:
    """Why what this expression gives cannot be kept in that field; None if it can."""
    given = expression.result
    if expression.type == "any":
        return None
    if target.type == "choice" and (expression.texts or given.type == "choice"):
        return _not_chosen(expression, target)
    if target.type == given.type == "party" and given.party != target.party:
        return f"it is on the register of `{given.party}`, and `{target.name}` on that of `{target.party}`"
    if given.type == target.type or given.type in _TAKEN_BY.get(target.type, ()):
        return None
    return f"it gives {given.type}, and `{target.name}` is {target.type}"


def _not_chosen(expression: Expression, target: Field) -> str | None:
    """Why what it gives is not always one of the choices; None if it is."""
    if not expression.texts:
        is_chosen = set(expression.result.choices) <= set(target.choices)
        return None if is_chosen else f"not every choice of it is one of `{target.name}`"
    known = ", ".join(f"`{choice}`" for choice in target.choices)
    return None if expression.texts <= target.choices.keys() else f"`{target.name}` must be one of {known}"

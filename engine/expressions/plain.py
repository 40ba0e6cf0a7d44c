"""Comparisons so plain that their answer needs no library: a name beside a constant, or beside another name.

CEL checks them like all others, and is asked wherever the values are not two whole numbers or two texts. To hand two
numbers over to it takes ten times as long as to compare them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.expressions.tree import Tree, constant, kind

_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "_==_": operator.eq, "_!=_": operator.ne,
    "_<_": operator.lt, "_<=_": operator.le, "_>_": operator.gt, "_>=_": operator.ge,
}  # fmt: skip
_EQUALITY = ("_==_", "_!=_")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One sign between two whole numbers, or for equality two texts."""

    variable: str
    compare: Callable[[Any, Any], bool]
    kinds: tuple[type, ...]  # of values about which Python and CEL say the same
    other: str | None  # the second variable; None: the constant
    constant: int | str | None

    def holds(self, data: Mapping[str, Any]) -> bool | None:
        """The answer; None where only CEL can give it."""
        left = data.get(self.variable)
        right = self.constant if self.other is None else data.get(self.other)
        alike = type(left)
        return self.compare(left, right) if alike is type(right) and alike in self.kinds else None


def comparison_of(node: Tree) -> Comparison | None:
    """What a rewritten tree compares, if it does nothing else."""
    if kind(node) != "call_expr" or node.call_expr.function not in _SIGNS:
        return None
    sign, (left, right) = node.call_expr.function, node.call_expr.args
    value = constant(right)
    if kind(left) != "ident_expr" or not (kind(right) == "ident_expr" or type(value) in (int, str)):
        return None
    other = right.ident_expr.name if kind(right) == "ident_expr" else None
    kinds = (int, str) if sign in _EQUALITY else (int,)
    return Comparison(left.ident_expr.name, _SIGNS[sign], kinds, other, value)  # type: ignore[arg-type]

"""What is so plain that its answer needs no library: a name beside a constant or another name, a text in a list.

CEL checks them like all others, and is asked wherever the values are not two whole numbers, two texts, or a text and a
list. To hand two numbers over to it takes ten times as long as to compare them.
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


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a text is in a list."""

    item: str | None  # the variable; None: the constant
    constant: str
    of: str | None  # the variable; None: the texts
    texts: tuple[str, ...]

    def holds(self, data: Mapping[str, Any]) -> bool | None:
        """The answer; None where only CEL can give it."""
        item = self.constant if self.item is None else data.get(self.item)
        if type(item) is not str:
            return None
        if self.of is None:
            return item in self.texts
        among = data.get(self.of)
        return item in among if type(among) is list else None


Plain = Comparison | Membership


def plain_of(node: Tree) -> Plain | None:
    """What a rewritten tree compares or looks for, if it does nothing else."""
    if kind(node) != "call_expr":
        return None
    if node.call_expr.function == "@in":
        return _membership(*node.call_expr.args)
    return _comparison(node.call_expr.function, *node.call_expr.args) if node.call_expr.function in _SIGNS else None


def _membership(item: Tree, among: Tree) -> Membership | None:
    text, texts = constant(item), [constant(one) for one in among.list_expr.elements]
    if not (kind(item) == "ident_expr" or type(text) is str):
        return None
    if not (kind(among) == "ident_expr" or (texts and all(type(one) is str for one in texts))):
        return None
    return Membership(_variable(item), str(text), _variable(among), tuple(map(str, texts)))


def _variable(node: Tree) -> str | None:
    return node.ident_expr.name if kind(node) == "ident_expr" else None


def _comparison(sign: str, left: Tree, right: Tree) -> Comparison | None:
    value = constant(right)
    if kind(left) != "ident_expr" or not (kind(right) == "ident_expr" or type(value) in (int, str)):
        return None
    kinds = (int, str) if sign in _EQUALITY else (int,)
    return Comparison(left.ident_expr.name, _SIGNS[sign], kinds, _variable(right), value)  # type: ignore[arg-type]

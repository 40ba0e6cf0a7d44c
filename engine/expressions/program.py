"""An expression that runs: the checked tree, rewritten to read stored values as they are.

Names become flat variables, instants and durations stay whole milliseconds, money stays minor units: nothing is
converted on the way in or out, and a name without a value is an error where it is read, never 0 or 1970.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.calendars import parse_duration
from engine.expressions.functions import FUNCTIONS, VARIABLES, Call
from engine.expressions.literals import Days, instant_text, length_text
from engine.expressions.plain import Plain, plain_of
from engine.expressions.scope import Names, of_register
from engine.expressions.tree import DOUBLE, CheckedTree, Tree, children, constant, kind, path_of, write_tree
from engine.expressions.walk import Path
from engine.fields import Field
from engine.values import read_money

Use = Literal["value", "number", "numbers", "amount", "has"]


@dataclass(frozen=True, slots=True)
class Input:
    """One name an expression reads, and the variable that carries it."""

    variable: str
    path: Path
    use: Use = "value"
    default: Any = None
    needed: bool = True  # read somewhere without a guard


def input_for(variable: str, path: Path, member: Field | None, needed: bool) -> Input:
    """How a name is fetched: counts start at 0, clocks that never ran are none of their states."""
    if of_register(path):
        return Input(variable, path[:2] if path[2] == "id" else ("known", *path), _use(path, member), None, needed)
    default = member.default if member else None
    if path[0] in ("did", "clocks"):
        default = 0 if path[0] == "did" else False
    return Input(variable, path, _use(path, member), default, needed)


def _use(path: Path, member: Field | None) -> Use:
    if path[:2] == ("actor", "may"):
        return "amount"
    if member and member.type == "number":
        return "number"
    is_numbers = member and member.type == "list" and member.of and member.of.type == "number"
    return "numbers" if is_numbers else "value"


@dataclass(frozen=True, slots=True)
class Target:
    """What a rewritten tree reads."""

    variables: Mapping[tuple[Path, bool], str]  # (path, whether `has` asks) → variable
    numbers: Mapping[str, Names]  # message type of a row → its columns of type number
    calendar: str  # by which days are counted where none is named
    zone: str


@dataclass(frozen=True, slots=True)
class Code:
    """What CEL runs, what is worked out before, the calendars asked, and what is so plain that CEL need not run."""

    code: bytes
    calls: tuple[Call, ...]
    calendars: Names
    plain: Plain | None = None


def rewrite(checked: CheckedTree, target: Target) -> Code:
    """Rewrite a tree in place and return what runs."""
    last = max([0, *checked.tree.type_map, *checked.tree.source_info.positions])
    rewriting = _Rewriting(checked, target, last, iter(VARIABLES[len(target.variables) :]))
    rewriting.visit(checked.tree.expr)
    plain = None if rewriting.calls else plain_of(checked.tree.expr)
    return Code(write_tree(checked.tree), tuple(rewriting.calls), frozenset(rewriting.calendars), plain)


@dataclass(slots=True)
class _Rewriting:
    checked: CheckedTree
    target: Target
    last: int  # the highest id of a part
    free: Iterator[str]  # variables not yet used
    calls: list[Call] = field(default_factory=list)
    calendars: set[str] = field(default_factory=set)

    def visit(self, node: Tree) -> None:
        path = path_of(node)
        test = kind(node) == "select_expr" and bool(node.select_expr.test_only)
        if (path, test) in self.target.variables:
            self._become_name(node, self.target.variables[path, test])
            return
        for child in children(node):
            self.visit(child)
        if kind(node) == "call_expr":
            self._call(node)
            if kind(node) == "call_expr" and node.call_expr.function in FUNCTIONS:
                self._before(node)
        elif kind(node) == "select_expr" and not test and self._is_number(node.select_expr):
            self._wrap_double(node)

    def _is_number(self, select: Tree) -> bool:
        return select.field in self.target.numbers.get(self.checked.type_of(select.operand), ())

    # -- calls ---------------------------------------------------------------------------------------------------------

    def _call(self, node: Tree) -> None:
        call = node.call_expr
        match call.function:
            case "money":
                self._become_number(node, read_money(constant(call.args[0])))
            case "duration":
                self._become_number(node, parse_duration(str(constant(call.args[0]))))
            case "timestamp":
                self._become_number(node, instant_text(str(constant(call.args[0]))))
            case "in_state":
                self._append_name(call, self.target.variables[("state",), False])
                self._rename(node, "@in")
            case "is_open":
                self.calendars.add(str(constant(call.args[1])))
            case "days_since":
                self._append_name(call, self.target.variables[("now",), False])
                self._append(call, self.target.zone)
            case "add":
                self._add(node)
            case "sum":
                self._sum(node)
            case "_+_" | "_-_" | "_*_" | "_/_":
                self._mixed(node)

    def _add(self, node: Tree) -> None:
        call = node.call_expr
        length = constant(call.args[1])
        if not isinstance(length, str):
            self._rename(node, "_+_")
            return
        calendar = str(constant(call.args[2])) if len(call.args) > 2 else ""
        read = length_text(length)
        del call.args[1:]
        if isinstance(read, Days):
            calendar = calendar or self.target.calendar
            self._append(call, read.number, read.kind, calendar)
            self._rename(node, "add_days")
        elif calendar:
            self._append(call, read, calendar)
            self._rename(node, "add_open")
        else:
            self._append(call, read)
            self._rename(node, "_+_")
            return
        self.calendars.add(calendar)

    def _sum(self, node: Tree) -> None:
        """CEL has no sum, but walks through lists: from 0, add each item."""
        items = type(node)()
        items.CopyFrom(node.call_expr.args[0])
        real = node.id in self.checked.tree.type_map and self.checked.tree.type_map[node.id].primitive == DOUBLE
        self.checked.tree.reference_map.pop(node.id, None)
        loop = node.comprehension_expr
        loop.iter_var, loop.accu_var = "$item", "$sum"
        loop.iter_range.CopyFrom(items)
        for part in (loop.accu_init, loop.loop_condition, loop.loop_step, loop.result):
            part.id = self._new_id()
        if real:
            loop.accu_init.const_expr.double_value = 0.0
        else:
            loop.accu_init.const_expr.int64_value = 0
        loop.loop_condition.const_expr.bool_value = True
        self._append_name(loop.loop_step.call_expr, "$sum")
        self._append_name(loop.loop_step.call_expr, "$item")
        self._rename(loop.loop_step, "_+_")
        self._become_name(loop.result, "$sum")

    def _mixed(self, node: Tree) -> None:
        """CEL runs no `3 + 0.5`: the whole number beside a number becomes one."""
        types = self.checked.tree.type_map
        if node.id in types and types[node.id].primitive == DOUBLE:
            for part in node.call_expr.args:
                if types[part.id].primitive != DOUBLE:
                    self._wrap_double(part)

    def _before(self, node: Tree) -> None:
        """Have a call worked out before CEL runs, unless it needs an item of a walk."""
        if not _is_free(node):
            return
        first, *rest = node.call_expr.args
        arguments = [part.ident_expr.name if kind(part) == "ident_expr" else constant(part) for part in rest]
        name = first.ident_expr.name if kind(first) == "ident_expr" else constant(first)
        variable = next(self.free)
        call = Call(
            variable,
            node.call_expr.function,
            tuple(part for part in (name if name is not None else 0, *arguments) if isinstance(part, str | int)),
            b"" if name is not None else self._part(first),
        )
        self.calls.append(call)
        self._become_name(node, variable)

    def _part(self, node: Tree) -> bytes:
        """A part of the tree as a program of its own."""
        whole = type(self.checked.tree)()
        whole.CopyFrom(self.checked.tree)
        whole.expr.CopyFrom(node)
        return write_tree(whole)

    # -- small changes -------------------------------------------------------------------------------------------------

    def _new_id(self) -> int:
        self.last += 1
        return self.last

    def _become_name(self, node: Tree, variable: str) -> None:
        node.ident_expr.name = variable
        reference = self.checked.tree.reference_map[node.id]
        reference.Clear()
        reference.name = variable

    def _become_number(self, node: Tree, value: int) -> None:
        node.const_expr.int64_value = value
        self.checked.tree.reference_map.pop(node.id, None)

    def _wrap_double(self, node: Tree) -> None:
        """A whole number is stored without a fraction, but is counted with as a number."""
        inner = type(node)()
        inner.CopyFrom(node)
        inner.id = self._new_id()
        node.call_expr.Clear()
        node.call_expr.args.append(inner)
        self._rename(node, "double")

    def _rename(self, node: Tree, function: str) -> None:
        node.call_expr.function = function
        reference = self.checked.tree.reference_map[node.id]
        reference.Clear()
        reference.overload_id.append(function)

    def _append(self, call: Tree, *values: int | str) -> None:
        for value in values:
            part = call.args.add(id=self._new_id())
            if isinstance(value, str):
                part.const_expr.string_value = value
            else:
                part.const_expr.int64_value = value

    def _append_name(self, call: Tree, variable: str) -> None:
        self._become_name(call.args.add(id=self._new_id()), variable)


def _is_free(node: Tree) -> bool:
    """Whether a rewritten part reads variables only, no items of a walk."""
    if kind(node) == "ident_expr":
        return bool(node.ident_expr.name in VARIABLES)
    return kind(node) != "comprehension_expr" and all(map(_is_free, children(node)))

"""An expression that runs: the checked tree, rewritten to read stored values as they are.

Names become flat variables, instants and durations stay whole milliseconds, money stays minor units: nothing is
converted on the way in or out, and a name without a value is an error where it is read, never 0 or 1970.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from threading import local
from typing import Any, Literal

from cel_expr_python import cel

from engine.calendars import Calendar, parse_duration
from engine.expressions.literals import Days, instant_text, length_text
from engine.expressions.rules import Path
from engine.expressions.scope import Names
from engine.expressions.tree import DOUBLE, CheckedTree, Tree, children, constant, kind, path_of, write_tree
from engine.fields import Field
from engine.values import aware, read_money, zone_named

MOST_NAMES = 64
UNLIMITED = 2**53
"""Stands for `unlimited`: above every amount that can be stored."""


@dataclass(frozen=True, slots=True)
class Input:
    """One name an expression reads, and the variable that carries it."""

    variable: str
    path: Path
    use: Literal["value", "number", "numbers", "amount", "has"] = "value"
    default: Any = None
    needed: bool = True  # read somewhere without a guard


def input_for(variable: str, path: Path, member: Field | None, needed: bool) -> Input:
    """How a name is fetched: counts start at 0, clocks that never ran are none of their states."""
    default = member.default if member else None
    if path[0] in ("did", "clocks"):
        default = 0 if path[0] == "did" else False
    use: Literal["value", "number", "numbers", "amount"] = "value"
    if path[:2] == ("actor", "may"):
        use = "amount"
    elif member and member.type == "number":
        use = "number"
    elif member and member.type == "list" and member.of and member.of.type == "number":
        use = "numbers"
    return Input(variable, path, use, default, needed)


# -- rewriting ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """What a rewritten tree reads."""

    variables: Mapping[tuple[Path, bool], str]  # (path, whether `has` asks) → variable
    numbers: Mapping[str, Names]  # message type of a row → its columns of type number
    calendar: str  # by which days are counted where none is named
    zone: str


def rewrite(checked: CheckedTree, target: Target) -> tuple[bytes, Names]:
    """Rewrite a tree in place; return it as CEL reads it, and the calendars it asks."""
    last = max([0, *checked.tree.type_map, *checked.tree.source_info.positions])
    rewriting = _Rewriting(checked, target, last)
    rewriting.visit(checked.tree.expr)
    return write_tree(checked.tree), frozenset(rewriting.calendars)


@dataclass(slots=True)
class _Rewriting:
    checked: CheckedTree
    target: Target
    last: int  # the highest id of a part
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
        elif kind(node) == "select_expr" and not test and self._is_number(node.select_expr):
            self._wrap_double(node)

    def _is_number(self, select: Tree) -> bool:
        return select.field in self.target.numbers.get(self.checked.type_of(select.operand), ())

    def _become_name(self, node: Tree, variable: str) -> None:
        node.ident_expr.name = variable
        self.checked.tree.reference_map[node.id].name = variable

    def _wrap_double(self, node: Tree) -> None:
        """A whole number is stored without a fraction, but is counted with as a number."""
        inner = type(node)()
        inner.CopyFrom(node)
        inner.id = self._new_id()
        node.call_expr.Clear()
        node.call_expr.function = "double"
        node.call_expr.args.append(inner)
        self._refer(node, "double")

    def _new_id(self) -> int:
        self.last += 1
        return self.last

    def _refer(self, node: Tree, function: str) -> None:
        reference = self.checked.tree.reference_map[node.id]
        reference.Clear()
        reference.overload_id.append(function)

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
                self._append_name(call, ("state",))
                self._rename(node, "@in")
            case "days_since":
                self._append_name(call, ("now",))
                self._append(call, self.target.zone)
                self._rename(node, "days_since")
            case "is_open":
                self.calendars.add(str(constant(call.args[1])))
            case "add":
                self._add(node)
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
            self.calendars.add(calendar)
            for part in (read.number, read.kind, calendar):
                self._append(call, part)
            self._rename(node, "add_days")
        elif calendar:
            self.calendars.add(calendar)
            self._append(call, read)
            self._append(call, calendar)
            self._rename(node, "add_open")
        else:
            self._append(call, read)
            self._rename(node, "_+_")

    def _mixed(self, node: Tree) -> None:
        """CEL runs no `3 + 0.5`: the whole number beside a number becomes one."""
        types = self.checked.tree.type_map
        if node.id in types and types[node.id].primitive == DOUBLE:
            for part in node.call_expr.args:
                if types[part.id].primitive != DOUBLE:
                    self._wrap_double(part)

    def _rename(self, node: Tree, function: str) -> None:
        node.call_expr.function = function
        self._refer(node, function)

    def _append(self, call: Tree, value: int | str) -> None:
        part = call.args.add(id=self._new_id())
        if isinstance(value, str):
            part.const_expr.string_value = value
        else:
            part.const_expr.int64_value = value

    def _append_name(self, call: Tree, path: Path) -> None:
        self._become_name(call.args.add(id=self._new_id()), self.target.variables[path, False])

    def _become_number(self, node: Tree, value: int) -> None:
        node.const_expr.int64_value = value
        self.checked.tree.reference_map.pop(node.id, None)


# -- running -----------------------------------------------------------------------------------------------------------

_acting = local()


@contextmanager
def with_calendars(calendars: Mapping[str, Calendar]) -> Iterator[None]:
    """Let the functions of time see these calendars."""
    _acting.calendars = calendars
    try:
        yield
    finally:
        del _acting.calendars


def _add_days(at: int, count: int, kind: Literal["calendar", "business"], calendar: str) -> int:
    return _calendar(calendar).add_days(at, count, kind)


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
    return aware(at).astimezone(zone_named(zone)).date()


def _sum(items: list[Any]) -> Any:
    return sum(items)


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    """The one environment in which every expression runs."""
    whole, text, dyn = cel.Type.INT, cel.Type.STRING, cel.Type.DYN
    # A function declared for DYN is never found at run time: each shape is declared by itself.
    functions = (
        ("add_days", _add_days, ([whole, whole, text, text],)),
        ("add_open", _add_open, ([whole, whole, text],)),
        ("is_open", _is_open, ([whole, text],)),
        ("days_since", _days_since, ([whole, whole, text], [text, whole, text])),
        ("sum", _sum, ([cel.Type.List(dyn)],)),
    )
    declared = [
        cel.FunctionDecl(
            name,
            [
                cel.Overload(f"{name}_{number}", return_type=dyn, parameters=shape, impl=act)
                for number, shape in enumerate(shapes)
            ],
        )
        for name, act, shapes in functions
    ]
    return cel.NewEnv(variables={f"v{number}": dyn for number in range(MOST_NAMES)}, functions=declared)


def program(code: bytes) -> cel.Expression:
    """The program CEL runs."""
    return _environment().deserialize(code)

"""From text to expression: bounded, checked by CEL, checked by our rules, rewritten to run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from engine.calendars import Calendar, always
from engine.expressions.checker import DATE, DURATION, INSTANT, MONEY, Checker, TooManyNames, checker_for
from engine.expressions.expression import MIXED, Expression
from engine.expressions.functions import MOST_NAMES, VARIABLES
from engine.expressions.program import Code, Input, Target, input_for, rewrite
from engine.expressions.reports import problems_of
from engine.expressions.rules import find, presence
from engine.expressions.scope import ExpressionError, Group, Member, Names, Problem, Scope, below, named, visible
from engine.expressions.tree import BOOL, DOUBLE, INT, TEXT, CheckedTree, Tree, constant, kind, path_of, read_tree
from engine.expressions.walk import Findings, Path
from engine.fields import Field, FieldType, Value
from engine.values import Expected, check_text

Want = Literal["yes_no", "value"]
"""What a place asks for: a condition, or any value."""

LONGEST = 4_000
DEEPEST = 30
"""CEL itself stops at 32; a deeper text never gets to its parser."""

_TEXT = r"'(?:\\.|[^'\\\n])*'" + "|" + r'"(?:\\.|[^"\\\n])*"'
_BRACKET_OR_TEXT = re.compile(rf"[(\[{{]|[)\]}}]|{_TEXT}")


def compile_expression(text: str, scope: Scope, *, want: Want = "value", sure: Names = frozenset()) -> Expression:
    """Check an expression for its place and make it ready; raise `ExpressionError` with every problem found.

    `sure` holds the dotted names that are surely set there, such as `form.visit_at` where the form requires it.
    """
    _bounded(text)
    try:
        checker = checker_for(scope)
    except TooManyNames as error:
        said, mend = "more names can be read here than can be checked", "declare fewer fields, or rows of a table"
        raise ExpressionError(text, (Problem(0, len(text), "expression-syntax", said, mend),)) from error
    try:
        compiled = checker.environment.compile(text)
    except RuntimeError as error:
        raise ExpressionError(text, problems_of(text, str(error), checker, visible(scope))) from error
    checked = CheckedTree(text, read_tree(compiled.serialize()))
    found = find(scope, checker, checked, sure)
    problems = sorted(set(found.problems), key=lambda problem: (problem.offset, problem.id))
    result = _result(checked, checker)
    if want == "yes_no" and (result is MIXED or result.type != "yes_no") and not problems:
        given = "a mixture" if result is MIXED else result.type
        problems = [Problem(0, len(text), "expression-type", f"this gives {given}, but yes or no is asked for here")]
    if len(found.reads) + len(found.tests) > MOST_NAMES:
        problems.append(Problem(0, len(text), "expression-syntax", f"it reads more than {MOST_NAMES} names"))
    if problems:
        raise ExpressionError(text, tuple(problems))
    return _expression(checked, scope, checker, found, result)


def compile_value(value: Value, scope: Scope, *, sure: Names = frozenset()) -> Value | Expression:
    """Compile a YAML value that begins with `=`, as in a spreadsheet; give every other back as it is."""
    if isinstance(value, str) and value.startswith("="):
        return compile_expression(value[1:].strip(), scope, sure=sure)
    return value


def _bounded(text: str) -> None:
    if not text.strip():
        raise ExpressionError(text, (Problem(0, len(text), "expression-syntax", "the expression is empty"),))
    if len(text) > LONGEST:
        said = f"it has {len(text):,} characters; at most {LONGEST:,} are read"
        raise ExpressionError(text, (Problem(0, len(text), "expression-syntax", said, "say it in smaller parts"),))
    try:
        check_text(text)
    except Expected as expected:
        said = f"it must be {expected}"
        raise ExpressionError(text, (Problem(0, len(text), "expression-syntax", said),)) from None
    depth = 0
    for found in _BRACKET_OR_TEXT.finditer(text):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > DEEPEST:
            said = f"brackets are nested more than {DEEPEST} deep"
            raise ExpressionError(
                text, (Problem(found.start(), 1, "expression-syntax", said, "say it in smaller parts"),)
            )


# -- what it gives -----------------------------------------------------------------------------------------------------

_PRIMITIVES: dict[int, FieldType] = {BOOL: "yes_no", INT: "integer", DOUBLE: "number", TEXT: "text"}
_MESSAGES: dict[str, FieldType] = {MONEY: "money", DATE: "date", INSTANT: "instant", DURATION: "duration"}


def _result(checked: CheckedTree, checker: Checker) -> Field:
    """The shape of the value; of a single name, its own field."""
    whole = checked.tree.expr
    if kind(whole) == "select_expr" and not whole.select_expr.test_only:
        named = _named(path_of(whole), checker)
        if named is not None:
            return named
    return _shape(checked.tree.type_map[whole.id], checker)


def _named(path: Path, checker: Checker) -> Field | None:
    members: Mapping[str, Member] = checker.names
    found: Member | None = None
    for name in path:
        found = members.get(name)
        members = below(found)
    return None if isinstance(found, Group) else found


def _shape(type: Tree, checker: Checker) -> Field:
    which = type.WhichOneof("kind") or ""
    if which == "primitive":
        return Field(name="value", type=_PRIMITIVES[type.primitive]) if type.primitive in _PRIMITIVES else MIXED
    if which == "well_known":
        return Field(name="value", type="instant" if type.well_known == 2 else "duration")
    if which == "list_type":
        of = _shape(type.list_type.elem_type, checker)
        if of.type == "table" and of is not MIXED:
            return of
        return Field(name="value", type="list", of=None if of is MIXED else of)
    if which == "message_type":
        return _message_shape(type.message_type, checker)
    return MIXED


def _message_shape(name: str, checker: Checker) -> Field:
    if name in checker.choices:
        return Field(name="value", type="choice", choices={choice: {} for choice in checker.choices[name]})
    if name in checker.groups:
        columns = {key: member for key, member in checker.groups[name].members.items() if isinstance(member, Field)}
        return Field(name="value", type="table", columns=columns)
    return Field(name="value", type=_MESSAGES[name])


# -- making it ready ---------------------------------------------------------------------------------------------------


def _expression(checked: CheckedTree, scope: Scope, checker: Checker, found: Findings, result: Field) -> Expression:
    inputs, variables = _inputs(checker, found)
    whole = checked.tree.expr
    code = Code(b"", (), frozenset())
    is_test = _is_test(whole)
    if path_of(whole) and (path_of(whole), is_test) in variables:  # one name only: CEL has nothing to do
        if not is_test:
            inputs = tuple(replace(given, use="amount" if given.use == "amount" else "value") for given in inputs)
    else:
        code = rewrite(checked, Target(variables, checker.numbers, scope.calendar, _calendar(scope).zone))
    made = Expression(
        text=checked.text,
        type="any" if result is MIXED else result.type,
        result=result,
        names=frozenset(named(path) for path in found.reads.keys() | found.tests),
        texts=_texts(whole),
        inputs=inputs,
        calls=code.calls,
        code=code.code,
        plain=code.plain,
        calendars={name: scope.calendars.get(name) or always(scope.zone) for name in sorted(code.calendars)},
    )
    return replace(made, constant=made.evaluate({})) if not inputs and made.type == "yes_no" else made


def _texts(node: Tree) -> Names:
    """Every text the value can be, if it is written here or chosen between such; otherwise none."""
    text = constant(node)
    if isinstance(text, str):
        return frozenset({text})
    if kind(node) == "call_expr" and node.call_expr.function == "_?_:_":
        first, second = (_texts(part) for part in node.call_expr.args[1:])
        return first | second if first and second else frozenset()
    return frozenset()


def _is_test(node: Tree) -> bool:
    return kind(node) == "select_expr" and bool(node.select_expr.test_only)


def _inputs(checker: Checker, found: Findings) -> tuple[tuple[Input, ...], dict[tuple[Path, bool], str]]:
    inputs: list[Input] = []
    variables: dict[tuple[Path, bool], str] = {}
    for path in sorted(found.reads):
        variables[path, False] = variable = VARIABLES[len(inputs)]
        inputs.append(input_for(variable, path, _named(path, checker), found.reads[path]))
    for path in sorted(found.tests):
        variables[path, True] = variable = VARIABLES[len(inputs)]
        asked = input_for(variable, tuple(presence(path).split(".")), _named(path, checker), needed=False)
        inputs.append(replace(asked, use="has"))
    return tuple(inputs), variables


def _calendar(scope: Scope) -> Calendar:
    return scope.calendars.get(scope.calendar) or always(scope.zone)

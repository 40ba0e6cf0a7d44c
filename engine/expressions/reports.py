"""CEL's own findings in our words, each at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.expressions.checker import DATE, DURATION, FUNCTIONS, INSTANT, MONEY, Checker
from engine.expressions.scope import Group, Names, Problem
from engine.expressions.tree import TOKEN
from engine.nearness import asked, nearest

_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_TYPE_WORDS = {
    MONEY: "money", DATE: "date", INSTANT: "instant", DURATION: "duration", "timestamp": "instant", "bool": "yes_no",
    "int": "whole number", "uint": "whole number", "double": "number", "string": "text", "null_type": "null",
    "dyn": "a mixture",
}  # fmt: skip
_SIGNS = {"@in": "in", "_?_:_": "? :", "_[_]": "[ ]"}


def problems_of(text: str, error: str, checker: Checker, seen: Names) -> tuple[Problem, ...]:
    """What CEL's error text says, as problems; several are sorted by place."""
    found = [
        _problem(text, _offset(text, int(line), int(column)), said, checker, seen)
        for line, column, said in _ERROR.findall(error)
    ]
    found = [problem for problem in found if "*error*" not in problem.message] or found
    syntax = [problem for problem in found if problem.id == "expression-syntax"]
    found = syntax[:1] or found  # what follows the first one is noise
    if not found:
        deep = "recursion" in error
        message = "is nested too deep" if deep else f"cannot be read: {error.partition('[')[0].strip()}"
        found = [Problem(0, len(text), "expression-syntax", f"the expression {message}", "say it in smaller parts")]
    return tuple(sorted(set(found), key=lambda problem: (problem.offset, problem.message)))


def _offset(text: str, line: int, column: int) -> int:
    if line < 1:
        return 0
    starts = [0, *(at + 1 for at, sign in enumerate(text) if sign == "\n")]
    return min(starts[min(line, len(starts)) - 1] + max(column - 1, 0), len(text))


def _problem(text: str, offset: int, said: str, checker: Checker, seen: Names) -> Problem:
    if found := re.match(r"undefined field '(\w+)' not found in struct '([\w.]+)'", said):
        group = checker.groups.get(found[2])
        for root in checker.names.keys() - seen:
            if checker.names[root] is group:
                return hidden(text.rfind(root, 0, offset), root, seen)
        return _unknown_member(text.find(found[1], offset), found[1], group)
    if found := re.match(r"undeclared reference to '([^']*)'", said):
        return _undeclared(text, offset, found[1], checker, seen)
    if found := re.match(r"found no matching overload for '([^']*)' applied to '\((.*)\)'", said):
        return _mismatch(text, offset, found[1], found[2], checker)
    if said.startswith("Syntax error: ") or "recursion" in said or "unsupported syntax" in said:
        return _syntax(text, offset, said)
    if "has() argument" in said:
        return Problem(
            offset, _width(text, offset), "expression-type", "`has` asks for a field, as in `has(case.field)`"
        )
    message = re.sub(r"'([^']*)'", lambda quoted: f"`{type_words(quoted[1], checker)}`", said)
    return Problem(offset, _width(text, offset), "expression-type", message)


def unknown(offset: int, name: str, title: str, known: Iterable[str]) -> Problem:
    """A name that is not there, with the nearest one that is."""
    mend = near_miss(name, sorted(known))
    written = WRITTEN.get(title, "")
    if written and not (mend or "").startswith("did you mean"):
        mend = f"{mend}; {written}" if mend else written
    return Problem(offset, len(name), "unknown-name", f"`{name}` is not {title}", mend)


WRITTEN = {
    "a field of the case": "fields are written under `fields`, those of several processes in desk.yaml",
    "a fact of this process": "facts are written under `facts`",
    "asked by this form": "a form asks for what stands under its `require` and `allow`",
}
"""Where a name that does not exist yet would be written, by what it is to be."""


def hidden(offset: int, name: str, seen: Names) -> Problem:
    """A name of the language that this place does not see."""
    return Problem(offset, len(name), "unknown-name", f"`{name}` cannot be read here", near_miss("", sorted(seen)))


def near_miss(name: str, known: Iterable[str]) -> str | None:
    """A hint at the nearest known name, or at all if they are few."""
    names = list(known)
    if near := nearest(name, names):
        return asked(near)
    listed = ", ".join(f"`{known_name}`" for known_name in names[:12])
    return f"there is {listed}{' …' if len(names) > 12 else ''}" if names else None


def _unknown_member(offset: int, name: str, group: Group | None) -> Problem:
    return unknown(offset, name, group.title if group else "a name here", group.members if group else ())


def _undeclared(text: str, offset: int, name: str, checker: Checker, seen: Names) -> Problem:
    first = name.split(".")[0]
    called = text[offset : offset + 1] == "("
    start = text.rfind(first, 0, offset + 1) if called or text[offset : offset + 1] == "." else offset
    start = offset if start < 0 else start
    if called:
        known = "a function here" if first.isidentifier() else "an operator here"
        return unknown(start, first, known, FUNCTIONS)
    quoted = sorted(value for values in checker.choices.values() for value in values if value == first)
    if quoted:
        mend = f"a text stands in quotes: `'{first}'`"
        return Problem(start, len(first), "unknown-name", f"`{first}` is not a name here", mend)
    if first.lower() in _SPOKEN:
        mend = f"write `{_SPOKEN[first.lower()]}`"
        return Problem(start, len(first), "unknown-name", f"`{first}` is not a name here", mend)
    members = [f"{place}.{first}" for place in ("case", "form") if first in _members(place, checker, seen)]
    if members:
        return Problem(start, len(first), "unknown-name", f"`{first}` is not a name here", asked(members))
    return unknown(start, first, "a name here", seen)


def _members(place: str, checker: Checker, seen: Names) -> Iterable[str]:
    group = checker.names.get(place)
    return group.members if place in seen and isinstance(group, Group) else ()


_SPOKEN = {"yes": "true", "no": "false", "true": "true", "false": "false", "是": "true", "否": "false"}


def _mismatch(text: str, offset: int, function: str, types: str, checker: Checker) -> Problem:
    kinds = [type_words(kind, checker) for kind in _split(types)]
    name = _SIGNS.get(function, function.strip("_"))
    width = _width(text, offset)
    if function.isidentifier():  # the place given is the bracket's
        start = text.rfind(function, 0, offset + 1)
        offset, width = (start, len(function)) if start >= 0 else (offset, width)
    joined = " and ".join(kinds) if len(kinds) < 3 else ", ".join(kinds)
    if "money" in kinds and len(kinds) == 2:
        mend = "amounts are compared and added with amounts: `money('5.00')`"
        return Problem(offset, width, "money-mixed", f"`{name}` cannot take {joined}", mend)
    return Problem(offset, width, "expression-type", f"`{name}` cannot take {joined}", _mismatch_help(function, kinds))


def _mismatch_help(function: str, kinds: list[str]) -> str | None:
    if set(kinds) == {"yes_no", "text"}:
        return "`true` and `false` stand without quotes"
    if "null" in kinds:
        return "whether a field is set is asked by `has(case.field)`"
    if "instant" in kinds and "text" in kinds:
        return "an instant is written `timestamp('2026-03-02T14:00:00+08:00')`"
    if "duration" in kinds and len(kinds) == 2 and kinds[0] != kinds[1]:
        return "a duration is written `duration('15m')`"
    if any(kind.startswith("list") for kind in kinds) and function in ("_==_", "_!=_"):
        return "whether a list holds a value is asked by `'value' in list`"
    if function in ("_&&_", "_||_", "!_", "_?_:_"):
        return "conditions are yes or no; compare the value with something"
    return None


def _syntax(text: str, offset: int, said: str) -> Problem:
    if "recursion" in said:
        smaller = "say it in smaller parts"
        return Problem(0, len(text), "expression-syntax", "the expression is nested too deep", smaller)
    found = TOKEN.match(text, offset)
    if re.search(r"\bnot\s*$", text[:offset]):
        start = text.rindex("not", 0, offset)
        return Problem(start, 3, "expression-syntax", "`not` is not expected here", _syntax_help("not", text, start))
    what = f"`{found[0]}` is not expected here" if found else "the expression ends too early"
    mend = _syntax_help(found[0] if found else "", text, offset)
    return Problem(offset, _width(text, offset), "expression-syntax", what, mend)


def _syntax_help(found: str, text: str, offset: int) -> str | None:
    if found == "=":
        return {"=<": "write `<=`", "=>": "write `>=`"}.get(text[offset : offset + 2], "equality is written `==`")
    if text[max(offset - 1, 0) : offset + 1] == "<>":
        return "write `!=`"
    if found in ("'", '"'):
        return f"a text ends with the quote it began with: {found}"
    return {
        "and": "write `&&`",
        "or": "write `||`",
        "not": "write `!`",
        "&": "write `&&`",
        "is": "write `==`",
        "|": "write `||`",
        **_OTHER_SIGNS,
    }.get(found)


_SIGN_FOR = {
    "≤": "<=", "≥": ">=", "≠": "!=", "＝": "==", "＜": "<", "＞": ">", "！": "!", "＆": "&&", "｜": "||", "？": "?",
    "（": "(", "）": ")", "，": ",", "。": ".", "：": ":", "＋": "+", "－": "-", "−": "-", "–": "-", "×": "*", "÷": "/",
    **dict.fromkeys("“”‘’＂＇", "'"),
}  # fmt: skip
_OTHER_SIGNS = {typed: f"write `{sign}`" for typed, sign in _SIGN_FOR.items()}
"""What a phone, a word processor or a Chinese keyboard makes of the signs of an expression."""


def type_words(name: str, checker: Checker) -> str:
    """A type as people know it."""
    name = name.strip()
    base, inside, rest = name.partition("(")
    if inside and base in ("list", "map"):
        return f"{base} of {' and '.join(type_words(part, checker) for part in _split(rest[:-1]))}"
    if name in checker.choices:
        return "choice"
    if name in checker.groups:
        return "row" if "column" in checker.groups[name].title else "group of names"
    return _TYPE_WORDS.get(name, "anything" if re.fullmatch(r"T?%\w+", name) else name)


def _split(types: str) -> list[str]:
    parts, depth = [""], 0
    for sign in types:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _width(text: str, offset: int) -> int:
    found = TOKEN.match(text, offset)
    return len(found[0]) if found else 0

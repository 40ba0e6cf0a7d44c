"""Random expressions give what a reader by hand gives, and what passes at load never meets an unset field."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expressions import ExpressionError, ExpressionFailed, Scope, compile_expression
from engine.fields import Field

MANY = 20_000 if os.environ.get("CASEWRIGHT_LONG") else 400
NAMES = {"a": "integer", "b": "integer", "p": "yes_no", "q": "yes_no", "m": "money", "n": "money", "k": "number"}
SCOPE = Scope(case={name: Field(name=name, type=kind) for name, kind in NAMES.items()})  # type: ignore[arg-type]
SURE = frozenset(f"case.{name}" for name in NAMES)
Case = dict[str, Any]


class NoAnswer(Exception):
    """What the reader by hand says where CEL gives an error."""


@dataclass(frozen=True)
class Part:
    """A part of an expression: its text, and how a reader by hand works it out."""

    text: str
    answer: Callable[[Case], Any]


def name(kind: str) -> st.SearchStrategy[Part]:
    def part(of: str) -> Part:
        return Part(f"case.{of}", lambda case: read(case, of))

    return st.sampled_from([of for of, its in NAMES.items() if its == kind]).map(part)


def read(case: Case, of: str) -> Any:
    if of not in case:
        raise NoAnswer(of)
    return case[of]


def pairs(kind: st.SearchStrategy[Part], signs: dict[str, Callable[[Any, Any], Any]]) -> st.SearchStrategy[Part]:
    def part(left: Part, sign: str, right: Part) -> Part:
        return Part(
            f"({left.text} {sign} {right.text})", lambda case: signs[sign](left.answer(case), right.answer(case))
        )

    return st.builds(part, kind, st.sampled_from(sorted(signs)), kind)


def both(left: Part, right: Part) -> Part:
    return Part(f"({left.text} && {right.text})", lambda case: forgiving(case, left, right, decides=False))


def either(left: Part, right: Part) -> Part:
    return Part(f"({left.text} || {right.text})", lambda case: forgiving(case, left, right, decides=True))


def forgiving(case: Case, left: Part, right: Part, *, decides: bool) -> bool:
    """One side that decides is enough, even if the other has no answer."""
    answers = []
    for side in (left, right):
        try:
            answers.append(side.answer(case))
        except NoAnswer:
            answers.append(None)
    if decides in answers:
        return decides
    if None in answers:
        raise NoAnswer
    return not decides


def chosen(asked: Part, first: Part, second: Part) -> Part:
    return Part(
        f"({asked.text} ? {first.text} : {second.text})",
        lambda case: first.answer(case) if asked.answer(case) else second.answer(case),
    )


def present(of: str) -> Part:
    return Part(f"has(case.{of})", lambda case: of in case)


ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip
SUMS: dict[str, Callable[[Any, Any], Any]] = {"+": lambda a, b: a + b, "-": lambda a, b: a - b}
whole = st.recursive(
    name("integer") | st.integers(0, 9).map(lambda n: Part(str(n), lambda case: n)),
    lambda inner: pairs(inner, {**SUMS, "*": lambda a, b: a * b}),
    max_leaves=4,
)
number = st.recursive(name("number") | whole, lambda inner: pairs(name("number") | inner, SUMS), max_leaves=3)
money = st.recursive(
    name("money") | st.integers(0, 9).map(lambda n: Part(f"money('0.0{n}')", lambda case: n)),
    lambda inner: pairs(inner, SUMS),
    max_leaves=4,
)
condition = st.recursive(
    name("yes_no") | st.sampled_from(sorted(NAMES)).map(present) | pairs(whole, ORDER) | pairs(money, ORDER)
    | pairs(number, ORDER) | st.booleans().map(lambda yes: Part(str(yes).lower(), lambda case: yes)),
    lambda inner: st.builds(both, inner, inner)
    | st.builds(either, inner, inner)
    | st.builds(chosen, inner, inner, inner)
    | inner.map(lambda part: Part(f"!{part.text}", lambda case: not part.answer(case))),
    max_leaves=10,
)  # fmt: skip
cases = st.fixed_dictionaries(
    {},
    optional={
        "a": st.integers(-9, 9), "b": st.integers(-9, 9), "p": st.booleans(), "q": st.booleans(),
        "m": st.integers(-9, 9), "n": st.integers(-9, 9), "k": st.integers(-9, 9) | st.sampled_from([-1.5, 0.5, 2.25]),
    },
)  # fmt: skip


@settings(max_examples=MANY, deadline=None)
@given(condition | whole | money | number, st.lists(cases, min_size=1, max_size=4))
def test_an_expression_gives_what_a_reader_by_hand_gives(part: Part, given_cases: list[Case]) -> None:
    expression = compile_expression(part.text, SCOPE, sure=SURE)
    for case in given_cases:
        answer = outcome(lambda case=case: expression.evaluate({"case": case}))
        unguarded = [given.path[1] for given in expression.inputs if given.needed and given.use != "has"]
        expected = None if any(name not in case for name in unguarded) else outcome(lambda case=case: part.answer(case))
        assert answer == expected
        assert type(answer) is type(expected) or isinstance(answer, float) or isinstance(expected, float)


@settings(max_examples=MANY, deadline=None)
@given(condition, st.lists(cases, min_size=1, max_size=6))
def test_what_passes_at_load_never_meets_an_unset_field(part: Part, given_cases: list[Case]) -> None:
    try:
        expression = compile_expression(part.text, SCOPE)
    except ExpressionError as refused:
        assert {problem.id for problem in refused.problems} == {"maybe-unset"}  # noqa: PT017
        return
    for case in given_cases:
        assert expression.evaluate({"case": case}) is part.answer(case)


def outcome(act: Callable[[], Any]) -> Any:
    """The answer, or None where there is none."""
    try:
        return act()
    except (NoAnswer, ExpressionFailed):
        return None


SIDES = {
    "integer": ["case.a", "case.b", "7", "-3"], "money": ["case.m", "case.n", "money('0.07')"],
    "text": ["case.t", "case.u", "'x'", "'中'"], "choice": ["case.c", "'x'"], "number": ["case.k", "1.5", "case.a"],
    "yes_no": ["case.p", "case.q", "true"],
}  # fmt: skip
COMPARED = Scope(
    case={
        **SCOPE.case, **{name: Field(name=name, type="text") for name in ("t", "u")},
        "c": Field(name="c", type="choice", choices={"x": {}, "y": {}}),
        **{name: Field(name=name, type="list", of=Field(name="item", type="text")) for name in ("l", "s")},
    }
)  # fmt: skip
STORED = st.integers(-(2**53) + 1, 2**53 - 1) | st.integers(-9, 9) | st.sampled_from(["x", "y", "中", "", True, 1.5])
STORED |= st.just({"sealed": "x"})


@settings(max_examples=MANY // 2, deadline=None)
@given(
    st.sampled_from(sorted(SIDES)).flatmap(lambda kind: st.tuples(*[st.sampled_from(SIDES[kind])] * 2)),
    st.sampled_from(sorted(ORDER)),
    st.fixed_dictionaries(
        {}, optional={**dict.fromkeys(COMPARED.case, STORED), "k": st.integers(-9, 9) | st.just(1.5)}
    ),
)
def test_a_plain_comparison_gives_what_cel_gives(sides: tuple[str, str], sign: str, case: Case) -> None:
    sure = frozenset(f"case.{name}" for name in COMPARED.case)
    try:
        expression = compile_expression(f"{sides[0]} {sign} {sides[1]}", COMPARED, sure=sure)
    except ExpressionError:
        return
    by_cel = replace(expression, plain=None)
    assert outcome(lambda: expression.evaluate({"case": case})) is outcome(lambda: by_cel.evaluate({"case": case}))


TEXTS_IN = ["case.t", "case.c", "'x'", "'中'"]
LISTS = ["case.l", "case.s", "['x', 'y']", "['y']"]


@settings(max_examples=MANY // 4, deadline=None)
@given(
    st.sampled_from(TEXTS_IN), st.sampled_from(LISTS),
    st.fixed_dictionaries({}, optional={
        "t": STORED, "c": STORED, "l": st.lists(STORED, max_size=3), "s": st.lists(STORED, max_size=3) | STORED,
    }),
)  # fmt: skip
def test_a_text_is_plainly_in_a_list_where_cel_says_so(item: str, among: str, case: Case) -> None:
    sure = frozenset(f"case.{name}" for name in COMPARED.case)
    expression = compile_expression(f"{item} in {among}", COMPARED, sure=sure)
    assert expression.plain is not None
    by_cel = replace(expression, plain=None)
    assert outcome(lambda: expression.evaluate({"case": case})) is outcome(lambda: by_cel.evaluate({"case": case}))


def test_whether_a_field_is_set_is_seen_without_cel() -> None:
    expression = compile_expression("has(case.a)", COMPARED)
    assert (expression.code, expression.type) == (b"", "yes_no")
    assert [expression.evaluate({"case": case}) for case in ({}, {"a": None}, {"a": 0}, {"a": False})] == [
        False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("case.a < 7", True), ("case.m <= money('50.00')", True), ("case.t == 'x'", True), ("case.a != case.b", True),
        ("case.a + 1 < 7", False), ("7 > case.a", False), ("case.t < 'x'", True), ("case.p == true", False),
        ("case.a < 7 && case.b < 7", False), ("has(case.a)", False), ("case.t in case.l", True),
        ("case.a in [1, 2]", False), ("case.t in ['x', 'y']", True), ("'x' in case.l", True),
        ("case.t in ['x', case.u]", False), ("case.t in []", False),
    ],
)  # fmt: skip
def test_only_one_sign_beside_a_name_is_plain(text: str, is_plain: bool) -> None:
    sure = frozenset(f"case.{name}" for name in COMPARED.case)
    assert (compile_expression(text, COMPARED, sure=sure).plain is not None) is is_plain


SIGNS = ["case.", "has(", "money('1')", " && ", ".all(i,", *"abcaseform.()[]{}!&|?:,'\"=<>+-*/%0 19\n\\中\x00\ud83d😀"]


@settings(max_examples=MANY, deadline=None)
@given(st.lists(st.sampled_from(SIGNS), max_size=40).map("".join))
def test_no_text_at_all_breaks_the_checker(text: str) -> None:
    problems: tuple[Any, ...] = ()
    try:
        compile_expression(text, SCOPE, sure=SURE)
    except ExpressionError as refused:
        problems = refused.problems
        assert problems
    for problem in problems:
        assert 0 <= problem.offset <= len(text)
        assert problem.length >= 0
        assert problem.message
        assert "<input>" not in problem.message
        assert "cw." not in problem.message

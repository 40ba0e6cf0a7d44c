"""What the checker finds in expressions, at which place, and what it lets pass."""

from typing import Any

import pytest

from engine.expressions import ExpressionError, Problem, Scope, compile_expression
from engine.fields import Field
from tests.unit.names import COLUMNS, SCOPE, SURE, VALUES, compiled

AN_INSTANT = "an instant is written `timestamp('2026-03-02T14:00:00+08:00')`"


def found(text: str, scope: Scope = SCOPE, sure: frozenset[str] = SURE, **more: Any) -> list[tuple[str, str]]:
    """What is found, as (id, the text it points at)."""
    return [
        (problem.id, text[problem.offset : problem.offset + problem.length])
        for problem in problems(text, scope, sure, **more)
    ]


def problems(text: str, scope: Scope = SCOPE, sure: frozenset[str] = SURE, **more: Any) -> tuple[Problem, ...]:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(text, scope, sure=sure, **more)
    return refused.value.problems


@pytest.mark.parametrize(
    ("text", "rule", "place", "mend"),
    [
        # names without the word before them, and words of other languages
        ("fee > money('1')", "unknown-name", "fee", "did you mean `case.fee` or `form.fee`?"),
        ("case.severe == yes", "unknown-name", "yes", "write `true`"),
        ("case.severe == 'yes'", "expression-type", "==", "`true` and `false` stand without quotes"),
        ("not case.severe", "expression-syntax", "not", "write `!`"),
        ("case.count =< 1", "expression-syntax", "=", "write `<=`"),
        ("case.count => 1", "expression-syntax", "=", "write `>=`"),
        ("case.count <> 1", "expression-syntax", ">", "write `!=`"),
        ("case.count is 1", "expression-syntax", "is", "write `==`"),
        # names, one letter too many or too few
        ("case.fees > money('1')", "unknown-name", "fees", "did you mean `fee`?"),
        ("case.count > 1 && clocks.arival.met", "unknown-name", "arival", "did you mean `arrival`?"),
        ("clocks.arrival.brached", "unknown-name", "brached", "did you mean `breached`?"),
        ("linked.visits.final", "unknown-name", "visits", "did you mean `visit`?"),
        ("form.fe > money('1')", "unknown-name", "fe", "did you mean `fee`?"),
        ("form.note == 'x'", "unknown-name", "form.note", None),
        ("facts.onshift.size() > 0", "unknown-name", "onshift", "did you mean `on_shift`?"),
        ("did.rejected > 1", "unknown-name", "rejected", "did you mean `reject`?"),
        ("counts.same_faults > 1", "unknown-name", "same_faults", "did you mean `same_fault`?"),
        ("figures.limits > money('1')", "unknown-name", "limits", "did you mean `limit`?"),
        ("actor.may.concesion > money('1')", "unknown-name", "concesion", "did you mean `concession`?"),
        ("actor.role == 'x'", "unknown-name", "role", "did you mean `roles`?"),
        ("case.items.all(i, i.titl == 'x')", "unknown-name", "titl", "did you mean `title`?"),
        ("in_state('report')", "unknown-name", "'report'", "did you mean `reported`?"),
        ("is_open(now, 'ofice')", "unknown-name", "'ofice'", "did you mean `office`?"),
        ("add(now, '1h', 'ofice') > now", "unknown-name", "'ofice'", "did you mean `office`?"),
        ("cas.fee > money('1')", "unknown-name", "cas", "did you mean `case`?"),
        ("case.channel == online", "unknown-name", "online", "a text stands in quotes: `'online'`"),
        ("case.note.startWith('x')", "unknown-name", "startWith", "did you mean `startsWith`?"),
        ("dys_since(case.bought_on) > 1", "unknown-name", "dys_since", "did you mean `days_since`?"),
        ("dyn(case.fee) > 3", "unknown-name", "dyn", None),
        ("now.getHours() > 9", "unknown-name", "getHours", None),
        ("int", "unknown-name", "int", None),
        # choices
        ("case.channel == 'onlin'", "wrong-choice", "'onlin'", "did you mean `online`?"),
        ("'onlin' != case.channel", "wrong-choice", "'onlin'", "did you mean `online`?"),
        ("case.channel in ['phone', 'fax']", "wrong-choice", "'fax'", "there is `phone`, `online`"),
        ("'green' in case.tags", "wrong-choice", "'green'", "there is `red`, `blue`"),
        ("case.items.exists(i, i.grade == 'god')", "wrong-choice", "'god'", "did you mean `good`?"),
        ("case.state == 'close'", "wrong-choice", "'close'", "did you mean `closed`?"),
        ("'superviser' in actor.roles", "wrong-choice", "'superviser'", "did you mean `supervisor`?"),
        # money
        ("case.fee > 5", "money-mixed", ">", "amounts are compared and added with amounts: `money('5.00')`"),
        ("case.fee > 5.0", "money-mixed", ">", None),
        ("case.fee == 5", "money-mixed", "==", None),
        ("case.fee + 5 > money('1')", "money-mixed", "+", None),
        ("case.fee * 1.5 > money('1')", "money-mixed", "*", None),
        ("money('1.234') < case.fee", "expression-type", "'1.234'", None),
        ("money(case.note) < case.fee", "expression-type", "case.note", None),
        # types
        ("case.count == 'four'", "expression-type", "==", None),
        ("case.visit_at > '2026-03-02'", "expression-type", ">", AN_INSTANT),
        ("now - case.visit_at > 3", "expression-type", ">", "a duration is written `duration('15m')`"),
        ("case.count && true", "expression-type", "&&", "conditions are yes or no; compare the value with something"),
        ("case.tags == 'red'", "expression-type", "==", "whether a list holds a value is asked by `'value' in list`"),
        ("case.fee == null", "expression-type", "null", None),
        ("case.note == null", "expression-type", "null", None),
        ("case.bought_on > '2026-02-30'", "expression-type", "'2026-02-30'", None),
        ("timestamp('2026-03-02 14:00') < now", "expression-type", "'2026-03-02 14:00'", None),
        ("case.note.matches('(')", "expression-type", "'('", None),
        ("case.count.x > 1", "expression-type", ".", None),
        ("case", "expression-type", "case", None),
        ("clocks.arrival", "expression-type", "clocks.arrival", "there is `running`, `paused`, `met`, `breached`"),
        ("has(case)", "expression-type", "case", None),
        ("case.items.all(case, case.count > 1)", "expression-type", "(", None),
        ("[1u].size() > 0", "expression-type", "1u", None),
        ("b'x' == b'y'", "expression-type", "b", None),
        ("cw.Money{} == case.fee", "expression-type", "cw", None),
        # durations
        ("duration('1d') < case.patience", "bad-duration", "'1d'", None),
        ("duration(case.note) < case.patience", "bad-duration", "case.note", None),
        ("add(now, '10 days') > now", "bad-duration", "'10 days'", None),
        ("add(now, case.note) > now", "bad-duration", "case.note", None),
        # reading
        ("case.phone == 'x'", "personal-read", "case.phone", None),
        ("case.phone", "personal-read", "case.phone", None),
        ("case.items.exists(i, i.buyer == 'Wu')", "personal-read", "i.buyer", None),
        ("case.items[0].buyer == 'Wu'", "personal-read", "buyer", None),
        ("size(before.phone) > 1", "personal-read", "before.phone", None),
        # syntax
        ("case.count = 3", "expression-syntax", "=", "equality is written `==`"),
        ("case.severe and true", "expression-syntax", "and", "write `&&`"),
        ("case.count ≤ 3", "expression-syntax", "≤", "write `<=`"),
        ("case.severe ＆＆ true", "expression-syntax", "＆", "write `&&`"),
        ("case.note == “x”", "expression-syntax", "“", "write `'`"),
        ("case.count >", "expression-syntax", "", None),
        (")", "expression-syntax", ")", None),
        ("'open", "expression-syntax", "'", "a text ends with the quote it began with: '"),
        ("", "expression-syntax", "", None),
        ("  \n ", "expression-syntax", "  \n ", None),
        ("case.note == 'a\ud83d'", "expression-syntax", "case.note == 'a\ud83d'", None),
        ("case.note == 'a\x00'", "expression-syntax", "case.note == 'a\x00'", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_at_its_place(text: str, rule: str, place: str, mend: str | None) -> None:
    first = problems(text)[0]
    assert first.id == rule
    pointed = text[first.offset : first.offset + first.length]
    assert pointed == place or (place == "buyer" and pointed.endswith("buyer"))
    if mend is not None:
        assert first.help == mend


def test_everything_wrong_is_found_at_once_and_in_order() -> None:
    text = "case.chanel == 'phone' && clocks.arival.met || case.fee > 3"
    assert found(text) == [
        ("unknown-name", "chanel"), ("unknown-name", "arival"), ("money-mixed", ">"),
    ]  # fmt: skip
    text = "case.channel == 'fax' && case.phone != 'x' && in_state('open')"
    assert [rule for rule, _ in found(text)] == ["wrong-choice", "personal-read", "unknown-name"]


def test_places_are_counted_in_characters_on_every_line() -> None:
    text = "case.note == '灯😀' &&\n  case.chanel == 'phone'"
    assert found(text) == [("unknown-name", "chanel")]
    text = "case.note == '灯😀' &&\n  case.channel == 'fax'"
    assert found(text) == [("wrong-choice", "'fax'")]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("now > case.visit_at", "now"),
        ("'agent' in actor.roles", "actor"),
        ("form.fee > money('1')", "form"),
        ("has(before.fee)", "before"),
        ("facts.on_shift.size() > 1", "facts"),
        ("days_since(case.bought_on) > 1", "case.bought_on"),
    ],
)
def test_what_a_place_does_not_see_is_no_name_there(text: str, hidden: str) -> None:
    # A clock's `if` may read neither the time nor who acts: it would give two answers for one history.
    bare = SCOPE.but(now=False, actor=False, before=False, form={}, facts={})
    assert ("unknown-name", hidden) in found(text, bare)


@pytest.mark.parametrize(
    "text",
    [
        "case.visit_at > now",
        "has(case.fee) && case.visit_at > now",
        "has(case.visit_at) || case.visit_at > now",
        "!has(case.visit_at) && case.visit_at > now",
        "has(case.visit_at) ? true : case.visit_at > now",
        "(has(case.visit_at) || case.severe) && case.visit_at > now",
        "case.items.all(i, case.visit_at > i.at)",
        "has(before.visit_at) && case.visit_at > now",
    ],
)
def test_a_field_that_may_be_unset_is_found(text: str) -> None:
    sure = SURE - {"case.visit_at"}
    assert found(text, sure=sure) == [("maybe-unset", "case.visit_at")]
    assert compile_expression(text, SCOPE, sure=sure | {"case.visit_at"})


@pytest.mark.parametrize(
    "text",
    [
        "has(case.visit_at) && case.visit_at > now",
        "case.visit_at > now && has(case.visit_at)",
        "!has(case.visit_at) || case.visit_at > now",
        "has(case.visit_at) ? case.visit_at > now : true",
        "!has(case.visit_at) ? true : case.visit_at > now",
        "!(has(case.visit_at) && case.visit_at > now)",
        "case.severe && has(case.visit_at) && case.count > 1 && case.visit_at > now",
        "!(!has(case.visit_at) || case.severe) && case.visit_at > now",
        "(has(case.visit_at) ? case.severe : false) && case.visit_at > now",
        "has(case.visit_at) && case.items.all(i, case.visit_at > i.at)",
    ],
)
def test_a_guard_by_has_makes_a_field_sure(text: str) -> None:
    assert compile_expression(text, SCOPE, sure=SURE - {"case.visit_at"}).evaluate(VALUES) in (True, False)


def test_a_link_may_never_have_been_opened() -> None:
    assert found("linked.visit.final") == [("maybe-unset", "linked.visit.final")]
    expression = compiled("has(linked.visit) && linked.visit.state == 'closed'")
    assert expression.evaluate({"linked": {}}) is False
    assert expression.evaluate({"linked": {"visit": {"state": "closed", "final": True}}}) is True


def test_only_a_whole_personal_field_may_be_copied_and_only_where_copies_are_made() -> None:
    copying = SCOPE.but(copy=True)
    sealed = compile_expression("case.phone", copying, sure=SURE)
    assert sealed.evaluate(VALUES) == {"sealed": "5f"}
    assert found("case.phone + 'x'", copying) == [("personal-read", "case.phone")]
    assert found("[case.phone]", copying) == [("personal-read", "case.phone")]
    assert found("case.phone", copying, sure=frozenset()) == [("maybe-unset", "case.phone")]


def test_a_field_may_have_any_name_the_language_allows(capfd: pytest.CaptureFixture[str]) -> None:
    # Words of CEL and of Python, and two names that are one in protobuf's own JSON.
    names = [
        "if",
        "for",
        "let",
        "package",
        "return",
        "has",
        "all",
        "map",
        "size",
        "int",
        "type",
        "class",
        "def",
        "from",
        "a_1",
        "a1",
        "descriptor",
        "option",
    ]
    scope = Scope(case={name: Field(name=name, type="integer") for name in names})
    for name in names:
        expression = compile_expression(f"case.{name} > 1", scope, sure=frozenset({f"case.{name}"}))
        assert expression.evaluate({"case": {name: 2}}) is True
    assert capfd.readouterr() == ("", "")


def test_more_names_than_can_be_checked_are_a_finding() -> None:
    fields = {f"note_{number}": Field(name=f"note_{number}", type="text") for number in range(6000)}
    (problem,) = problems("case.note_1 == 'x'", Scope(case=fields), frozenset())
    assert (problem.id, problem.message) == ("expression-syntax", "more names can be read here than can be checked")


def test_a_condition_must_be_yes_or_no() -> None:
    assert compiled("case.severe", want="yes_no").evaluate(VALUES) is False
    assert found("case.fee", want="yes_no") == [("expression-type", "case.fee")]
    assert "this gives money" in problems("case.fee", want="yes_no")[0].message


def test_several_states_at_once_are_a_list() -> None:
    regions = SCOPE.but(regions=True)
    expression = compile_expression("'reported' in case.state", regions)
    assert expression.evaluate({"case": {"state": ["reported", "closed"]}}) is True
    assert found("case.state == 'reported'", regions) == [("expression-type", "==")]
    assert found("'reportd' in case.state", regions) == [("wrong-choice", "'reportd'")]


def test_a_row_is_seen_where_a_table_is_updated() -> None:
    rows = SCOPE.but(row=COLUMNS)
    sure = SURE | {"row.title"}
    assert compile_expression("row.title == case.note", rows, sure=sure).evaluate({"row": {"title": "hello"}, **VALUES})
    assert found("row.handled", rows, sure) == [("maybe-unset", "row.handled")]
    assert found("row.title == 'x'") == [("unknown-name", "row")]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 200_000, "[" * 200_000, "{" * 200_000, "1" + "+1" * 100_000, "!" * 200_000, "'" + "x" * 10_000 + "'",
        "(" * 31 + "1" + ")" * 31, "[" * 3_000, "f(" * 1_500, "true" + "?true:true" * 390, "1" + "+1" * 1_900,
        "case" + ".fee" * 900, "has(" * 900, "[1].map(x," * 40 + "1" + ")" * 40,
    ],
)  # fmt: skip
def test_what_is_too_long_or_too_deep_is_refused_before_it_can_hurt(text: str) -> None:
    assert problems(text)[0].id == "expression-syntax"


def test_brackets_inside_texts_are_no_depth() -> None:
    brackets, quoted = "(" * 100, "\\'" + "(" * 40
    assert compiled(f"case.note == '{brackets}' || case.note == \"{brackets}\" || case.note == '{quoted}'")

"""Expressions: what is found at load, at which place, and what comes out when they run."""

import pickle
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from engine.calendars import read_calendar
from engine.expressions import (
    Expression,
    ExpressionError,
    ExpressionFailed,
    Problem,
    Scope,
    compile_expression,
    compile_value,
    fits,
)
from engine.fields import Field

NOW = 1_772_431_200_000  # 2026-03-02 14:00 in Shanghai, a Monday
MINUTE, HOUR = 60_000, 3_600_000


def fields(*declared: Field) -> dict[str, Field]:
    return {field.name: field for field in declared}


def f(name: str, kind: str, **more: Any) -> Field:
    return Field(name=name, type=kind, **more)  # type: ignore[arg-type]


COLUMNS = fields(
    f("title", "text"), f("price", "money"), f("count", "integer"), f("weight", "number"), f("handled", "yes_no"),
    f("at", "instant"), f("buyer", "text", personal=True), f("grade", "choice", choices={"good": {}, "bad": {}}),
)  # fmt: skip
CASE = fields(
    f("channel", "choice", choices={"phone": {}, "online": {}}), f("fee", "money"), f("quote", "money"),
    f("weight", "number"), f("loads", "list", of=f("load", "number")), f("count", "integer"), f("note", "text"),
    f("severe", "yes_no"), f("visit_at", "instant"), f("bought_on", "date"), f("patience", "duration"),
    f("technician", "person"), f("phone", "text", personal=True), f("items", "table", columns=COLUMNS),
    f("tags", "list", of=f("tag", "choice", choices={"red": {}, "blue": {}})), f("tries", "integer", default=2),
)  # fmt: skip
OFFICE = read_calendar({"calendar": "office", "weekly": {"mon-fri": ["09:00-17:00"]}}, "Asia/Shanghai")
SCOPE = Scope(
    case=CASE,
    form=fields(CASE["visit_at"], CASE["technician"], CASE["fee"]),
    facts=fields(f("on_shift", "list", of=f("person", "person"))),
    figures=fields(f("limit", "money", default=500), f("window", "duration", default=HOUR)),
    counts=frozenset({"same_fault"}),
    did=frozenset({"reject"}),
    clocks=frozenset({"arrival"}),
    linked={"visit": frozenset({"planned", "closed"})},
    states=frozenset({"reported", "closed"}),
    roles=frozenset({"agent", "supervisor"}),
    authority=frozenset({"concession"}),
    before=True,
    actor=True,
    now=True,
    calendars={"office": OFFICE},
    calendar="office",
    zone="Asia/Shanghai",
)
SURE = frozenset(f"{root}.{name}" for root in ("case", "form", "before") for name in CASE)
AN_INSTANT = "an instant is written `timestamp('2026-03-02T14:00:00+08:00')`"
ITEMS = [
    {"title": "lamp", "price": 100, "count": 2, "weight": 2, "handled": True, "at": NOW - HOUR, "grade": "good"},
    {"title": "灯😀", "price": 50, "count": 1, "weight": 0.5, "at": NOW, "grade": "bad"},
]
VALUES: Mapping[str, Any] = {
    "case": {
        "channel": "phone", "fee": 500, "quote": 490, "weight": 3, "loads": [1, 0.5], "count": 4, "note": "hello",
        "severe": False, "visit_at": NOW + HOUR, "bought_on": "2026-02-28", "patience": 15 * MINUTE, "technician": "T7",
        "phone": {"sealed": "5f"}, "items": ITEMS, "tags": ["red"], "id": "R-1", "opened_at": NOW - MINUTE,
        "state": "reported", "waiting_on": ["dispatcher"],
    },
    "form": {"visit_at": NOW + 1, "technician": "T7", "fee": 490},
    "facts": {"on_shift": ["T7", "T8"]},
    "did": {"opening": 1},
    "clocks": {"arrival": {"running": True, "paused": False, "met": False, "breached": False}},
    "linked": {},
    "counts": {"same_fault": 3},
    "actor": {"id": "lin", "roles": ["agent"], "may": {"concession": 500}},
    "state": ["reported"],
    "before": {"fee": 1},
    "now": NOW,
}  # fmt: skip


def compiled(text: str, **more: Any) -> Expression:
    return compile_expression(text, SCOPE, sure=SURE, **more)


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


# -- what comes out ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("form.visit_at > now", "yes_no", True),
        ("form.visit_at - duration('0.002s') > now", "yes_no", False),
        ("case.severe", "yes_no", False),
        ("!case.severe && case.count == 4", "yes_no", True),
        ("case.channel == 'phone'", "yes_no", True),
        ("case.channel != 'phone'", "yes_no", False),
        ("case.channel in ['online', 'phone']", "yes_no", True),
        ("'red' in case.tags && !('blue' in case.tags)", "yes_no", True),
        ("case.fee > money('4.99') && case.fee >= case.quote", "yes_no", True),
        ("case.fee + money('0.10')", "money", 510),
        ("case.fee * 3 - case.quote", "money", 1010),
        ("-case.fee", "money", -500),
        ("case.fee <= actor.may.concession", "yes_no", True),
        ("case.fee <= figures.limit", "yes_no", True),
        # whole numbers and others may be mixed, and 12.0 is stored as 12
        ("case.weight >= 3 && case.weight == 3 && 3 <= case.weight", "yes_no", True),
        ("case.weight + 1", "number", 4),
        ("case.weight * 0.5", "number", 1.5),
        ("case.count / 3 * 1.5", "number", 1.5),
        ("1.5 - case.count", "number", -2.5),
        ("case.weight / 2", "number", 1.5),
        ("double(case.count) / 8", "number", 0.5),
        ("int(case.weight) % 2", "integer", 1),
        ("case.loads.map(l, l + 1)", "list", [2, 1.5]),
        ("sum(case.loads)", "number", 1.5),
        ("sum(case.items.map(i, i.price * i.count))", "money", 250),
        ("sum(case.items.map(i, i.weight))", "number", 2.5),
        ("sum(case.items.map(i, sum([i.count, 1])))", "integer", 5),
        ("sum([duration('1h'), case.patience])", "duration", 75 * MINUTE),
        ("sum(case.items.filter(i, i.count > 9).map(i, i.count))", "integer", 0),
        ("case.items.exists(i, i.title == '灯😀')", "yes_no", True),
        ("case.items.all(i, has(i.handled) && i.handled)", "yes_no", False),
        ("case.items.exists_one(i, i.grade == 'bad')", "yes_no", True),
        ("case.items.filter(i, has(i.handled))", "table", ITEMS[:1]),
        ("case.items", "table", ITEMS),
        ("case.items.map(i, i.title)", "list", ["lamp", "灯😀"]),
        ("case.items[1].weight + 1", "number", 1.5),
        ("case.items.filter(i, add(i.at, figures.window) > now).size() >= 1", "yes_no", True),
        ("case.items.map(i, add(i.at, '1 calendar_days'))", "list", [NOW + 23 * HOUR, NOW + 24 * HOUR]),
        ("case.items.all(i, is_open(i.at, 'office'))", "yes_no", True),
        ("now - case.opened_at", "duration", MINUTE),
        ("now - case.opened_at < case.patience", "yes_no", True),
        ("case.patience * 2 + duration('PT1H') - duration('30m')", "duration", HOUR),
        ("case.visit_at - duration('30m')", "instant", NOW + 30 * MINUTE),
        ("timestamp('2026-03-02T14:00:00+08:00') == now", "yes_no", True),
        ("add(now, '10 calendar_days')", "instant", NOW + 240 * HOUR),
        ("add(now, '5 business_days')", "instant", NOW + 168 * HOUR),  # a week later: the weekend is closed
        ("add(now, '-1 business_days')", "instant", NOW - 72 * HOUR),
        ("add(now, '5h')", "instant", NOW + 5 * HOUR),
        ("add(now, '5h', 'office')", "instant", NOW + 21 * HOUR),  # three today, two from nine tomorrow
        ("add(add(now, '1 business_days'), '1 calendar_days', 'always')", "instant", NOW + 48 * HOUR),
        ("is_open(now, 'office')", "yes_no", True),
        ("is_open(now + duration('3h'), 'office')", "yes_no", False),
        ("is_open(has(case.assignee) ? now : case.visit_at, 'always')", "yes_no", True),
        ("days_since(case.bought_on)", "integer", 2),
        ("days_since(now - duration('15h'))", "integer", 1),  # in the desk's zone it was yesterday
        ("case.bought_on < '2026-03-01' && case.bought_on == '2026-02-28'", "yes_no", True),
        ("in_state('reported') && !in_state('closed')", "yes_no", True),
        ("case.state == 'reported' && 'dispatcher' in case.waiting_on", "yes_no", True),
        ("has(linked.visit) && linked.visit.final", "yes_no", False),
        ("clocks.arrival.running && !clocks.arrival.breached", "yes_no", True),
        ("form.technician in facts.on_shift", "yes_no", True),
        ("did.reject < 1 && did.opening == 1", "yes_no", True),
        ("counts.same_fault >= 3", "yes_no", True),
        ("'agent' in actor.roles && actor.id == 'lin'", "yes_no", True),
        ("has(case.assignee) ? case.assignee : 'nobody'", "text", "nobody"),
        ("case.fee > before.fee", "yes_no", True),
        ("case.tries", "integer", 2),  # an unset field with a default has it
        ("has(case.tries)", "yes_no", True),
        ("has(case.severe)", "yes_no", True),  # answered with no is answered
        ("has(case.phone)", "yes_no", True),
        ("case.note.startsWith('he') && case.note.contains('ll') && case.note.endsWith('o')", "yes_no", True),
        ("case.note.matches('^h.*o$') && size(case.note) == 5", "yes_no", True),
        ("case.note + '-' + string(case.count)", "text", "hello-4"),
        ("case.count > 3 ? 'many' : 'few'", "text", "many"),
        ("[case.count, 1]", "list", [4, 1]),
        ("case.id", "case", "R-1"),
        ("case.technician", "person", "T7"),
    ],
)  # fmt: skip
def test_an_expression_gives_the_stored_value(text: str, type: str, value: Any) -> None:
    expression = compiled(text)
    assert expression.type == type
    answer = expression.evaluate(VALUES)
    assert answer == value
    assert isinstance(answer, bool) == isinstance(value, bool)
    assert not (isinstance(answer, float) and answer.is_integer())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("form.technician in facts.on_shift", {"form.technician", "facts.on_shift"}),
        ("did.reject < 3 && now > case.visit_at", {"did.reject", "now", "case.visit_at"}),
        ("has(linked.visit) && linked.visit.state == 'closed'", {"linked.visit", "linked.visit.state"}),
        ("clocks.arrival.met", {"clocks.arrival.met"}),
        ("in_state('closed')", {"state"}),
        ("days_since(case.bought_on) > 1", {"case.bought_on", "now"}),
        ("case.items.all(i, i.count > case.count)", {"case.items", "case.count"}),
        ("actor.may.concession > figures.limit", {"actor.may.concession", "figures.limit"}),
        ("1 < 2", set()),
    ],
)
def test_an_expression_knows_the_names_it_reads(text: str, names: set[str]) -> None:
    assert compiled(text).names == names


@pytest.mark.parametrize(
    ("text", "constant"), [("true || false", True), ("1 > 2", False), ("case.severe", None), ("1 + 1", None)]
)
def test_a_condition_that_reads_nothing_is_known_at_load(text: str, constant: bool | None) -> None:
    assert compiled(text).constant is constant


# -- no answer ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("case.count / 0 > 1", "`case.count / 0 > 1` cannot be worked out: divide by zero"),
        ("case.items.all(i, i.handled)", 'Key not found in map : "handled"'),
        ("case.items[5].count", "cannot be worked out"),
        ("case.count * 9007199254740991", "the result is too large"),
        ("case.count * 9007199254740991 * 9007199254740991", "cannot be worked out: integer overflow"),
        ("case.weight / 0", "the result is not a number"),
        ("int(case.note)", "cannot be worked out"),
    ],
)
def test_a_run_time_error_is_never_an_answer(text: str, said: str) -> None:
    # CEL gives an error as a value that holds a text, which would count as true.
    with pytest.raises(ExpressionFailed) as failed:
        compiled(text).evaluate(VALUES)
    assert said in str(failed.value)


@pytest.mark.parametrize(
    ("text", "unset"),
    [
        ("case.visit_at > now", "case.visit_at"),
        ("now > case.visit_at", "case.visit_at"),
        ("case.count == 0", "case.count"),  # unset is not 0
        ("!case.severe", "case.severe"),
        ("case.severe", "case.severe"),
        ("case.note == ''", "case.note"),
        ("size(case.items) == 0", "case.items"),
        ("days_since(case.bought_on) > 3", "case.bought_on"),
        ("facts.on_shift.size() == 0", "facts.on_shift"),
        ("case.count > 1 || case.severe", "case.severe"),
        ("case.weight < 1.0", "case.weight"),
    ],
)
def test_an_unset_name_is_not_zero_nor_no_nor_1970(text: str, unset: str) -> None:
    values = {"case": {"count": 4} if unset != "case.count" else {}, "facts": {}, "now": NOW}
    with pytest.raises(ExpressionFailed) as failed:
        compiled(text).evaluate(values)
    assert str(failed.value).startswith(f"`{unset}` is not set, and `{text}` needs it")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("has(case.visit_at) && case.visit_at > now", False),
        ("!has(case.visit_at) || case.visit_at > now", True),
        ("has(case.visit_at) ? case.visit_at > now : true", True),
        ("case.visit_at > now && has(case.visit_at)", False),
        ("has(case.bought_on) && days_since(case.bought_on) < 3", False),
        ("!(has(case.count) && has(case.note)) || case.count == size(case.note)", True),
    ],
)
def test_a_guarded_name_may_be_unset(text: str, answer: bool) -> None:
    expression = compile_expression(text, SCOPE)  # nothing is sure
    assert expression.evaluate({"case": {}, "now": NOW}) is answer


def test_unlimited_is_above_every_amount() -> None:
    expression = compiled("case.fee <= actor.may.concession")
    most = {"case": {"fee": 2**53 - 1}, "actor": {"may": {"concession": None}}}
    assert expression.evaluate(most) is True
    assert expression.evaluate(most | {"actor": {"may": {"concession": 0}}}) is False


def test_a_calendar_that_cannot_answer_is_no_answer() -> None:
    late = {"case": {"visit_at": 7_258_118_399_999}}  # the last instant that calendars cover
    with pytest.raises(ExpressionFailed, match="cannot be worked out"):
        compiled("add(case.visit_at, '3 business_days') > case.visit_at").evaluate(late)


# -- what is found at load ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule", "place", "mend"),
    [
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
    bare = replace(SCOPE, now=False, actor=False, before=False, form={}, facts={})
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
    copying = replace(SCOPE, copy=True)
    sealed = compile_expression("case.phone", copying, sure=SURE)
    assert sealed.evaluate(VALUES) == {"sealed": "5f"}
    assert found("case.phone + 'x'", copying) == [("personal-read", "case.phone")]
    assert found("[case.phone]", copying) == [("personal-read", "case.phone")]
    assert found("case.phone", copying, sure=frozenset()) == [("maybe-unset", "case.phone")]


def test_a_condition_must_be_yes_or_no() -> None:
    assert compiled("case.severe", want="yes_no").evaluate(VALUES) is False
    assert found("case.fee", want="yes_no") == [("expression-type", "case.fee")]
    assert "this gives money" in problems("case.fee", want="yes_no")[0].message


def test_several_states_at_once_are_a_list() -> None:
    regions = replace(SCOPE, regions=True)
    expression = compile_expression("'reported' in case.state", regions)
    assert expression.evaluate({"case": {"state": ["reported", "closed"]}}) is True
    assert found("case.state == 'reported'", regions) == [("expression-type", "==")]
    assert found("'reportd' in case.state", regions) == [("wrong-choice", "'reportd'")]


def test_a_row_is_seen_where_a_table_is_updated() -> None:
    rows = replace(SCOPE, row=COLUMNS)
    sure = SURE | {"row.title"}
    assert compile_expression("row.title == case.note", rows, sure=sure).evaluate({"row": {"title": "hello"}, **VALUES})
    assert found("row.handled", rows, sure) == [("maybe-unset", "row.handled")]
    assert found("row.title == 'x'") == [("unknown-name", "row")]


# -- literals and fitting ----------------------------------------------------------------------------------------------


def test_only_a_text_that_begins_with_an_equals_sign_is_an_expression() -> None:
    for literal in ("case.fee", " =case.fee", 5, True, None, ["=1"], ""):
        assert compile_value(literal, SCOPE) is literal
    made = compile_value("= case.fee ", SCOPE, sure=SURE)
    assert isinstance(made, Expression)
    assert made.text == "case.fee"
    assert made.evaluate(VALUES) == 500


@pytest.mark.parametrize(
    ("text", "target", "why"),
    [
        ("case.fee", f("paid", "money"), None),
        ("case.count", f("paid", "money"), "it gives integer, and `paid` is money"),
        ("case.count", f("weight", "number"), None),
        ("case.weight", f("count", "integer"), "it gives number, and `count` is integer"),
        ("case.id", f("about", "text"), None),
        ("case.channel", f("note", "text"), None),
        ("case.channel", f("channel", "choice", choices={"phone": {}, "online": {}, "mail": {}}), None),
        ("case.channel", f("channel", "choice", choices={"phone": {}}), "not every choice of it is one of `channel`"),
        ("'phone'", f("channel", "choice", choices={"phone": {}}), None),
        ("'fax'", f("channel", "choice", choices={"phone": {}}), "`channel` must be one of `phone`"),
        ("case.note", f("channel", "choice", choices={"phone": {}}), "it gives text, and `channel` is choice"),
        ("'2026-03-02'", f("on", "date"), None),
        ("now", f("at", "instant"), None),
        ("now - case.opened_at", f("at", "instant"), "it gives duration, and `at` is instant"),
        ("case.items", f("items", "table"), None),
        ("case.items.filter(i, i.count > 1)", f("items", "table"), None),
    ],
)
def test_an_expression_fits_a_field_or_says_why_not(text: str, target: Field, why: str | None) -> None:
    assert fits(compiled(text), target) == why


# -- bounds, sharing ---------------------------------------------------------------------------------------------------


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


def test_an_expression_can_be_kept_and_brought_back() -> None:
    for text in ("form.visit_at > now", "case.fee", "is_open(now, 'office') && days_since(case.bought_on) == 2"):
        expression = compiled(text)
        again = pickle.loads(pickle.dumps(expression))
        assert again == expression
        assert again.evaluate(VALUES) == expression.evaluate(VALUES)


def test_one_expression_serves_many_threads_at_once() -> None:
    expression = compiled("case.count > 3 && days_since(case.bought_on) == 2")
    wrong: list[int] = []

    def ask() -> None:
        for count in range(3_000):
            case = {"count": count % 7, "bought_on": "2026-02-28"}
            if expression.evaluate({"case": case, "now": NOW}) != (count % 7 > 3):
                wrong.append(count)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_only_the_names_an_expression_reads_are_asked_for() -> None:
    class Watched(dict[str, Any]):
        def get(self, name: str, default: Any = None) -> Any:
            asked.append(name)
            return super().get(name, default)

    asked: list[str] = []
    assert compiled("form.visit_at > now").evaluate(Watched(VALUES)) is True
    assert sorted(asked) == ["form", "now"]

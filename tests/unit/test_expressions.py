"""Expressions: what comes out when they run, and when there is no answer."""

import pickle
import threading
from typing import Any

import pytest

from engine.expressions import Expression, ExpressionFailed, compile_expression, compile_value, fits
from engine.fields import Field
from tests.unit.names import HOUR, ITEMS, MINUTE, NOW, SCOPE, SURE, VALUES, compiled, f

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


def test_a_walk_through_walks_ends() -> None:
    text = "case.items.all(a, case.items.all(b, case.items.all(c, a.count + b.count + c.count > 0)))"
    many = {"case": {"items": [{"count": 1}] * 50}}
    with pytest.raises(ExpressionFailed, match=r"Iteration budget exceeded$"):
        compiled(text).evaluate(many)


def test_a_calendar_that_cannot_answer_is_no_answer() -> None:
    late = {"case": {"visit_at": 7_258_118_399_999}}  # the last instant that calendars cover
    with pytest.raises(ExpressionFailed, match="cannot be worked out"):
        compiled("add(case.visit_at, '3 business_days') > case.visit_at").evaluate(late)


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
        ("case.severe ? 'phone' : 'mail'", f("channel", "choice", choices={"phone": {}, "mail": {}}), None),
        (
            "case.severe ? 'phone' : 'fax'",
            f("channel", "choice", choices={"phone": {}}),
            "`channel` must be one of `phone`",
        ),
        (
            "case.severe ? 'phone' : case.note",
            f("by", "choice", choices={"phone": {}}),
            "it gives text, and `by` is choice",
        ),
        ("case.note", f("channel", "choice", choices={"phone": {}}), "it gives text, and `channel` is choice"),
        ("'2026-03-02'", f("on", "date"), None),
        ("now", f("at", "instant"), None),
        ("now - case.opened_at", f("at", "instant"), "it gives duration, and `at` is instant"),
        ("case.note", f("member", "party", party="customer"), None),
        ("case.member", f("also", "party", party="customer"), None),
        (
            "case.member",
            f("maker", "party", party="supplier"),
            "it is on the register of `customer`, and `maker` on that of `supplier`",
        ),
        ("case.member", f("note", "text"), None),
        ("case.fee", f("member", "party", party="customer"), "it gives money, and `member` is party"),
        ("case.items", f("items", "table"), None),
        ("case.items.filter(i, i.count > 1)", f("items", "table"), None),
    ],
)
def test_an_expression_fits_a_field_or_says_why_not(text: str, target: Field, why: str | None) -> None:
    assert fits(compiled(text), target) == why


# -- sharing -----------------------------------------------------------------------------------------------------------


def test_an_expression_can_be_kept_and_brought_back() -> None:
    for text in ("form.visit_at > now", "case.fee", "is_open(now, 'office') && days_since(case.bought_on) == 2"):
        expression = compiled(text)
        again = pickle.loads(pickle.dumps(expression))
        assert again == expression
        assert {again: 1}[expression] == 1
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

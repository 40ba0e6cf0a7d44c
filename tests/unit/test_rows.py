"""A case as a row and back."""

from __future__ import annotations

import json
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chart import Position
from engine.core.cases import Alarm, Case, Done, Goal, Head, Outgoing
from engine.core.outlook import Outlook
from engine.errors import UsageError
from engine.store.rows import (
    BLANK,
    COLUMN_OF,
    IN_OUTBOX,
    LATELY,
    CaseRow,
    Memo,
    case_body,
    case_of,
    case_row,
    decode,
    outgoing_body,
    outgoing_of,
    outlook_of,
    plain,
    read_body,
)
from engine.store.tables import cases

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
NAME = st.sampled_from(["a", "b", "on_site", "goal - 5m", "x.y"])
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
MAYBE = st.none() | WHOLE
VALUE = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
NAMES = st.lists(NAME, max_size=3).map(tuple)
GOAL = st.builds(Goal, st.sampled_from(["length", "instant"]), WHOLE)
COUNTS = st.dictionaries(NAME, WHOLE, max_size=2)
HEAD = st.builds(
    Head,
    active=st.booleans(),
    result=st.sampled_from(["", "met", "breached"]),
    cycle=WHOLE,
    goal=st.none() | GOAL,
    started_at=WHOLE,
    armed_at=WHOLE,
    used=WHOLE,
    mark=MAYBE,
    paused=NAMES,
    reached_at=MAYBE,
    generation=WHOLE,
    fired=COUNTS,
    breached_at=MAYBE,
    is_breach_fired=st.booleans(),
    ended_at=MAYBE,
    has_started=st.booleans(),
    exists=st.booleans(),
    is_satisfied=st.booleans(),
    turns=COUNTS,
)
CASE = st.builds(
    Case,
    id=NAME,
    root=NAME,
    parent=st.none() | NAME,
    ordinal=WHOLE,
    process=NAME,
    version=WHOLE,
    position=st.builds(Position, NAMES, st.lists(st.tuples(NAME, NAMES), max_size=2).map(tuple)),
    data=st.dictionaries(NAME, VALUE, max_size=4),
    done=st.dictionaries(NAME, st.builds(Done, WHOLE, NAMES), max_size=2),
    needed=st.dictionaries(NAME, NAMES, max_size=2),
    alarms=st.dictionaries(NAME, st.builds(Alarm, due=MAYBE, since=WHOLE, count=WHOLE, left=MAYBE), max_size=2),
    clocks=st.dictionaries(NAME, HEAD, max_size=2),
    links=st.dictionaries(NAME, NAME, max_size=2),
    counts=COUNTS,
    known=st.dictionaries(NAME, st.dictionaries(NAME, TEXT)),
    children=WHOLE,
    assignee=st.none() | TEXT,
    queue=st.none() | NAME,
    waiting=NAMES,
    opened_at=WHOLE,
    closed_at=MAYBE,
    outcome=st.sampled_from(["", "done", "failed"]),
    revision=WHOLE,
    sequence=WHOLE,
    head=TEXT,
    next_due=MAYBE,
    floor=WHOLE,
    order=WHOLE,
    importing=st.none() | TEXT,
    fault=st.none() | TEXT,
    private=st.dictionaries(NAME, VALUE, max_size=2),
    secret=TEXT,
)
OUTLOOK = st.builds(
    Outlook,
    state=TEXT,
    waiting=NAMES,
    due_at=MAYBE,
    due_clock=st.none() | NAME,
    overdue_since=MAYBE,
    overdue_clock=st.none() | NAME,
    remaining=MAYBE,
    paused_by=st.none() | TEXT,
    sort_key=WHOLE,
)

STATE = Outlook(state="reported")


def a_case(**changes: Any) -> Case:
    return Case(id="R-1", root="R-1", process="repair", version=1, **changes)


@given(CASE, OUTLOOK)
def test_a_case_and_its_outlook_come_back_from_their_row(case: Case, outlook: Outlook) -> None:
    row = case_row(case, outlook, BLANK, None)
    again = case_of(row, case.private, case.secret)
    assert again == case
    assert [type(value) for value in again.data.values()] == [type(value) for value in case.data.values()]
    assert outlook_of(row) == outlook


@given(CASE)
def test_a_body_is_json_that_says_the_same_each_time(case: Case) -> None:
    text = case_body(case)
    assert json.loads(text) == decode(text)
    assert case_body(case.but(**read_body(text))) == text


def test_every_field_of_a_case_is_kept_somewhere() -> None:
    everything = {
        "position": Position(("a",), (("b", ("c",)),)), "data": {"x": 1}, "done": {"x": Done(1)},
        "needed": {"": ("x",)}, "alarms": {"x": Alarm(due=1, since=1)}, "clocks": {"x": Head()},
        "links": {"x": "R-2"}, "counts": {"x": 1}, "known": {"x": {"class": "vip"}}, "children": 1,
        "waiting": ("role:x",),
    }  # fmt: skip
    beside = {"private", "secret"}  # in tables of their own
    assert set(Case.__struct_fields__) == set(COLUMN_OF) | set(everything) | beside
    body = decode(case_body(a_case(**everything)))
    assert set(body) == set(everything) | {"past"}


def test_every_field_of_a_promise_is_kept() -> None:
    everything = Head(
        active=True, result="met", cycle=2, goal=Goal("length", 5), started_at=1, armed_at=2, used=3, reached_at=0,
        mark=0, paused=("x",), generation=1, fired={"goal": 1}, breached_at=0, is_breach_fired=True, ended_at=0,
        has_started=True, exists=True, is_satisfied=True, is_kept=True, turns={"role:x": 1},
    )  # fmt: skip
    case = a_case(clocks={"x": everything})
    assert set(decode(case_body(case))["clocks"]["x"]) == set(Head.__struct_fields__)
    assert case_of(case_row(case, STATE, BLANK, None), {}, "").clocks["x"] == everything


def test_rows_have_the_columns_of_the_table_in_its_order() -> None:
    assert CaseRow._fields == tuple(column.name for column in cases.columns)
    hints = get_type_hints(CaseRow)
    for column in cases.columns:
        assert column.nullable == (type(None) in getattr(hints[column.name], "__args__", ())), column.name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"position":["a"', "truncated"),
        ('{"position":5}', "position"),
        ('{"moods":1}', "moods"),  # as a later version may have written it
        ('{"clocks":{"x":{"mood":1}}}', "mood"),
        ('{"alarms":{"x":{"due":1,"since":1,"mood":1}}}', "mood"),
    ],
)
def test_a_body_that_is_none_is_refused_with_the_place(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_body(text)


def test_what_has_its_default_is_left_out_of_the_body() -> None:
    assert case_body(a_case()) == "{}"
    assert case_body(a_case(clocks={"arrival": Head(active=True)})) == '{"clocks":{"arrival":{"active":true}}}'
    assert case_body(a_case(data={"word": "维修"})) == '{"data":{"word":"维修"}}'


def test_a_row_keeps_what_neither_case_nor_outlook_knows() -> None:
    before = BLANK._replace(id="R-1", birth=3, personal=2, business_key="6222", is_unique=1)
    row = case_row(a_case(), STATE, before, 7)
    assert (row.birth, row.personal, row.business_key, row.is_unique, row.family_due_ms) == (3, 2, "6222", 1, 7)


@given(
    st.builds(
        Outgoing,
        case=NAME,
        sequence=WHOLE,
        number=WHOLE,
        at=WHOLE,
        kind=st.sampled_from(["notify", "emit"]),
        receiver=TEXT,
        receiver_kind=st.sampled_from(["person", "role", "party", "event"]),
        name=NAME,
        values=st.dictionaries(NAME, VALUE, max_size=3),
        clock=st.none() | NAME,
        cycle=WHOLE,
        threshold=st.none() | NAME,
        exclude=NAMES,
        failed=st.none() | NAME,
        missed=WHOLE,
        status=st.sampled_from(["waiting", "superseded", "imported"]),
        is_late=st.booleans(),
        superseded_by=st.none() | st.tuples(WHOLE, WHOLE),
    )
)
def test_a_message_comes_back_from_its_columns_and_body(message: Outgoing) -> None:
    columns = {name: getattr(message, name) for name in IN_OUTBOX}
    assert outgoing_of(columns, outgoing_body(message)) == message


# -- what was read lately ----------------------------------------------------------------------------------------------


def a_row(case: Case, **changes: Any) -> CaseRow:
    return case_row(case, STATE, BLANK, None)._replace(**changes)


def test_a_row_that_has_not_changed_is_the_same_case() -> None:
    memo, case = Memo(), a_case(private={"phone": "1"})
    memo.keep(a_row(case), case)
    assert memo.find(tuple(a_row(case))) is case


@pytest.mark.parametrize("column", CaseRow._fields[1:])
def test_a_row_that_differs_in_any_column_is_read_again(column: str) -> None:
    memo, case = Memo(), a_case()
    memo.keep(a_row(case), case)
    assert memo.find(a_row(case, **{column: "other"})) is None


def test_once_one_was_changed_by_somebody_else_none_is_thought_known_for_a_while() -> None:
    memo, case = Memo(), a_case()
    assert not memo.is_thought_known(case.id)
    memo.keep(a_row(case), case)
    assert memo.is_thought_known(case.id)
    memo.find(a_row(case, head="other"))
    thought = [memo.find(a_row(case)) is case and memo.is_thought_known(case.id) for _ in range(LATELY)]
    assert thought == [False] * (LATELY - 1) + [True]


def test_only_so_many_cases_are_kept_and_no_huge_ones() -> None:
    memo = Memo(limit=2, longest=100)
    kept = [a_case().but(id=f"R-{number}") for number in range(3)]
    for case in kept:
        memo.keep(a_row(case), case)
    assert [memo.find(a_row(case)) is case for case in kept] == [False, True, True]
    for huge in (kept[2].but(data={"x": "x" * 100}), kept[2].but(private={"x": "x" * 101})):
        memo.keep(a_row(kept[2]), kept[2])
        memo.keep(a_row(huge), huge)
        assert memo.find(a_row(huge)) is None
        assert memo.find(a_row(kept[2])) is None


# -- what cannot be kept -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"bytes"])
def test_values_that_are_not_json_are_refused_in_words(value: Any) -> None:
    with pytest.raises(UsageError, match=r"cannot be stored.*only JSON values"):
        case_body(a_case(data={"x": [value]}))


def test_a_value_that_holds_itself_is_refused_in_words() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(UsageError, match="cannot be stored"):
        case_body(a_case(data={"x": value}))


def test_short_texts_are_given_back_or_refused() -> None:
    assert plain("维修 🔧\u202e\x01", "a key") == "维修 🔧\u202e\x01"
    with pytest.raises(UsageError, match="a key holds the character NUL"):
        plain("a\x00", "a key")
    with pytest.raises(UsageError, match=r"a key holds half a character \(U\+D800\)"):
        plain("a\ud800", "a key")

"""Cases found by what they hold: counted as one would by going through all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.core.cases import Case
from engine.core.plan import Plan
from engine.frozen import changed
from engine.scenarios.alike import Alike, holds_all
from tests.unit.worlds import library

COUNTED = """
initial: start
fields: {number: {type: text}, kind: {type: text}}
counts: {same_kind: {same: [kind], within: 720h}, same_both: {same: [kind, number], within: 720h}}
opening: {by: [agent], form: {allow: [number, kind]}}
states: {start: {actions: {end: {by: [agent], to: closed}}}, closed: {final: done}}
"""
PLAN: Plan = next(iter(library({"counted": COUNTED}).plans.values()))

VALUES = st.dictionaries(st.sampled_from(["number", "kind"]), st.sampled_from(["a", "b"]))
STEPS = st.lists(st.tuples(st.integers(0, 4), VALUES), max_size=30)
"""Which case, and what it holds from then on."""


@given(STEPS, STEPS, st.integers(0, 4), st.integers(0, 4))
def test_as_many_are_counted_as_hold_the_values_and_were_opened_then(
    first: list[tuple[int, dict[str, str]]], more: list[tuple[int, dict[str, str]]], since: int, length: int
) -> None:
    cases: dict[int, Case] = {}

    def note(alike: Alike, number: int, data: dict[str, str]) -> None:
        # two are opened at one instant
        known = cases.get(number) or Case(
            id=f"C-{number}", root="", process="counted", version=1, opened_at=number // 2
        )
        cases[number] = changed(known, data=data)
        alike.note(PLAN, cases[number])

    alike, until = Alike(), since + length
    for number, data in first:
        note(alike, number, data)
    before = {kind: alike.count("counted", {"kind": kind}, 0, 9) for kind in "ab"}
    twin = alike.twin()
    for number, data in more:
        note(twin, number, data)
    assert {kind: alike.count("counted", {"kind": kind}, 0, 9) for kind in "ab"} == before
    for asked in ({"kind": "a"}, {"kind": "a", "number": "b"}):
        holding = [case for case in cases.values() if holds_all(case, asked)]
        assert twin.count("counted", asked, since, until) == sum(since <= case.opened_at <= until for case in holding)
        assert {case.id for case in holding} <= {*twin.naming("counted", asked)}

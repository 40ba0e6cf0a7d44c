"""A promise with a condition is asked for again where what it reads has changed, and only there."""

from __future__ import annotations

import pytest

from engine.core.plan import Plan
from engine.core.promises.listening import heard_by
from engine.lang.load import load_process
from engine.model import ProcessDefinition
from tests.simulation.desks import DESK

PROCESS = """process: wish
version: 1
prefix: W
label: {en: Wish}
calendar: always
initial: open
fields:
  due: {type: instant, label: {en: Due}}
  kind: {type: text, default: a, label: {en: Kind}}
  urgent: {type: yes_no, default: false, label: {en: Urgent}}
opening: {by: [agent]}
clocks:
  answered: {label: {en: Answered}, GOAL, met_by: [finish]}
states:
  open: {label: {en: Open}, waiting_on: agent, actions: {finish: {label: {en: Finish}, by: [agent], to: over}}}
  over: {label: {en: Over}, final: done}
"""


def defined(goal: str) -> ProcessDefinition:
    found = load_process({"desk.yaml": DESK, "wish.yaml": PROCESS.replace("GOAL", goal)}, "wish", rules=False)
    assert found.definition is not None, found.diagnostics
    return found.definition


@pytest.mark.parametrize(
    ("goal", "is_conditional", "reads"),
    [
        ("goal: 2h", False, set()),
        ("goal: end_of_day", False, set()),
        ("goal: case.due", True, {"due"}),
        ("goal: case.due - 30m", True, {"due"}),
        ("goal: 2h, if: case.urgent", True, {"urgent"}),
        ("goal: [{if: has(case.due), is: case.due}, {is: 2h}]", True, {"due"}),
        ("goal: [{if: case.kind == 'a', is: 1h}, {is: 2h}], if: case.urgent", True, {"kind", "urgent"}),
        ("goal: 2h, if: case.state == 'open'", True, None),  # of the case, and no field
        ("goal: 2h, if: case.urgent && !has(case.assignee)", True, None),
        ("goal: 2h, pauses_when: case.urgent", True, set()),  # pauses are asked for by themselves
    ],
)
def test_what_a_promise_reads_is_known(goal: str, is_conditional: bool, reads: set[str] | None) -> None:
    watched = Plan(defined(goal)).watched["answered"]
    assert (watched.is_conditional, watched.reads) == (is_conditional, reads)


def test_a_promise_at_rest_hears_what_starts_it_and_one_under_way_what_ends_it_or_starts_it_anew() -> None:
    plan = Plan(defined("goal: 2h, starts: [opening, finish], cancelled_by: [over], restarts_on: [open]"))
    heard = {
        name: heard_by(plan.watched, frozenset({name, "note"})) for name in ("opening", "finish", "over", "open", "x")
    }
    assert {name for name, one in heard.items() if one.starting} == {"opening", "finish"}
    assert {name for name, one in heard.items() if one.moving} == {"finish", "over", "open"}
    assert {name for name, one in heard.items() if one.watched} == {"opening", "finish", "over", "open"}


@pytest.mark.parametrize("goal", ["goal: case.due", "goal: 2h, if: case.urgent", "goal: 2h, pauses_in: [open]"])
def test_a_promise_that_may_change_by_more_than_names_is_looked_at_in_every_step(goal: str) -> None:
    plan = Plan(defined(goal))
    assert [*heard_by(plan.watched, frozenset({"note"})).watched] == ["answered"]

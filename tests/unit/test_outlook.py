"""What lists and workers know of a case: on whose lists it stands, what is due, overdue, paused, and in which order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.core.outlook import NO_PROMISE, PAUSED, Outlook, outlook
from engine.core.promises.clocks import firings
from tests.unit.worlds import HOUR, MINUTE, NINE, Play

Begin = Callable[..., Play]

PROCESS = """
initial: open
opening: {by: [agent], form: {allow: [visit_at]}}
actions: {look: {by: [manager], to: stay}}
states:
  open:
    waiting_on: agent
    actions:
      wait: {by: [agent], to: waiting}
      answer: {by: [agent], to: stay}
      assign_boss: {by: [agent], then: [{assign: boss}], to: stay}
      close: {by: [agent], to: closed}
  waiting:
    waiting_on: customer
    actions: {hear: {by: [technician, agent], to: open}}
  closed: {final: done}
clocks:
  short: {goal: 20m, met_by: [answer], pauses_in: [waiting]}
  long: {goal: 2h, pauses_in: [waiting]}
  point: {goal: case.visit_at, pauses_in: [waiting]}
"""


def begun(play: Begin, process: str = PROCESS, **form: str) -> Play:
    p = play(process)
    p.open(**form)
    return p


def seen(p: Play) -> Outlook:
    one = p.one()
    return outlook(p.world.library.plan(one.process, one.version), one)


def test_a_case_stands_on_the_lists_of_those_it_waits_on(play: Begin) -> None:
    p = begun(play)
    assert (seen(p).state, seen(p).waiting) == ("open", ("role:agent",))


def test_a_case_stands_on_the_list_of_who_holds_it_too(play: Begin) -> None:
    p = begun(play)
    p.hold("claim", "agent:wu")
    assert seen(p).waiting == ("person:wu", "role:agent")
    p.do("assign_boss")
    assert seen(p).waiting == ("role:agent", "role:boss")


def test_what_waits_on_outside_people_stands_on_the_lists_of_those_who_may_act_here(play: Begin) -> None:
    p = begun(play)
    p.do("wait")
    assert p.one().waiting == ("party:customer",)
    assert seen(p).waiting == ("role:agent", "role:technician")  # not the manager, who may act anywhere


def test_a_closed_case_stands_on_nobodys_list(play: Begin) -> None:
    p = begun(play)
    p.do("close")
    assert seen(p) == Outlook(state="closed")


def test_the_earliest_due_instant_that_is_not_missed_is_shown(play: Begin) -> None:
    p = begun(play)
    assert (seen(p).due_at, seen(p).due_clock) == (NINE + 20 * MINUTE, "short")
    p.do("answer")
    assert (seen(p).due_at, seen(p).due_clock) == (NINE + 2 * HOUR, "long")


def test_a_case_is_overdue_since_the_first_promise_missed(play: Begin) -> None:
    p = begun(play)
    p.wait("3h")
    assert (seen(p).overdue_since, seen(p).overdue_clock) == (NINE + 20 * MINUTE, "short")
    assert seen(p).due_at is None


def test_a_paused_case_shows_what_is_left_and_why(play: Begin) -> None:
    p = begun(play)
    p.wait("5m")
    p.do("wait")
    assert (seen(p).due_at, seen(p).remaining, seen(p).paused_by) == (None, 15 * MINUTE, "short: waiting")


def test_a_goal_that_is_an_instant_is_due_while_it_is_paused(play: Begin) -> None:
    p = begun(play, visit_at="2026-03-02 12:00")
    p.do("wait")
    assert (seen(p).due_at, seen(p).due_clock, seen(p).remaining) == (NINE + 3 * HOUR, "point", None)


def test_lists_begin_with_the_least_remaining_and_end_with_what_promises_nothing(play: Begin) -> None:
    overdue = begun(play)
    overdue.wait("30m")
    running = begun(play)
    paused = begun(play)
    paused.wait("5m")
    paused.do("wait")
    more_left = begun(play)
    more_left.do("wait")
    nothing = begun(play, "initial: open\nstates: {open: {}}")
    keys = [seen(p).sort_key for p in (overdue, running, paused, more_left, nothing)]
    assert keys[1] == NINE + 20 * MINUTE
    assert keys[0] == NINE + 20 * MINUTE  # missed then
    assert keys[2:] == [PAUSED + 15 * MINUTE, PAUSED + 20 * MINUTE, NO_PROMISE]
    assert keys[1:] == sorted(keys[1:])


def test_a_case_in_regions_names_all_its_leaves(play: Begin) -> None:
    p = begun(
        play,
        "initial: both\nstates: {both: {parallel: true, states: {l: {initial: l1, states: {l1: {}}},"
        " r: {initial: r1, states: {r1: {}}}}}}",
    )
    assert seen(p).state == "l1 + r1"


def test_the_next_instant_at_which_something_falls_due_is_kept(play: Begin) -> None:
    p = begun(play)
    for _ in range(8):
        plan = p.world.library.plan("thing", 1)
        due = [
            firing.due
            for name, head in p.one().clocks.items()
            for firing in firings(plan.definition.clocks[name], head, plan.calendar(None))
        ]
        assert p.one().next_due == min(due, default=None)
        p.wait("17m")


@pytest.mark.parametrize("action", ["answer", "wait", "close"])
def test_nothing_falls_due_that_is_over(play: Begin, action: str) -> None:
    p = begun(play)
    p.do(action)
    assert p.one().next_due == {"answer": NINE + 2 * HOUR, "wait": None, "close": None}[action]

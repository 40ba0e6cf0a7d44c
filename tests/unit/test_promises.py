"""What a clock may declare, row by row, and what becomes of its cycles (D10 to D12), with dates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.calendars import ALWAYS
from engine.core.promises.clocks import due_at
from engine.values import read_instant
from tests.unit.promises import AT_FIELD, simple
from tests.unit.worlds import HOUR, MINUTE, NINE, ZONE, Play

Begin = Callable[..., Play]

# -- D10, D11, D12 ----------------------------------------------------------------------------------------------------

REOPENED = """
initial: open
states:
  open:
    waiting_on: agent
    actions: {answer: {by: [agent], to: stay}, close: {by: [agent], to: closed}}
  closed: {final: done, actions: {reopen: {by: [agent], to: open}, note_it: {by: [agent], to: stay}}}
clocks:
  c: {CLOCK}
"""


@pytest.mark.parametrize(
    ("policy", "used", "cycle"),
    [("resume", 20, 1), ("count_through", 50, 1), ("restart", 5, 2), ("none", 15, 1)],
)
def test_on_reopen_says_what_becomes_of_a_promise(play: Begin, policy: str, used: int, cycle: int) -> None:
    p = play(REOPENED.replace("CLOCK", f"goal: 10h, met_by: [close], on_reopen: {policy}"))
    p.open()
    p.wait("15m")
    p.do("close")
    p.wait("30m")
    p.do("note_it")  # a closed case's promises rest
    p.do("reopen")
    p.wait("5m")
    assert (p.used() // MINUTE, p.clock().cycle) == (used, cycle)
    assert p.status() == ("met" if policy == "none" else "running")


@pytest.mark.parametrize("policy", ["resume", "count_through"])
def test_d10_the_first_result_of_a_reopened_cycle_stays_as_withdrawn_and_only_the_last_counts(
    play: Begin, policy: str
) -> None:
    p = play(REOPENED.replace("CLOCK", f"goal: 1h, met_by: [close], on_reopen: {policy}"))
    p.open()
    p.wait("30m")
    p.do("close")
    p.do("reopen")
    assert p.world.steps[-1].cycles[0].result == "withdrawn"
    p.wait("2h")
    p.do("close")
    assert ["withdrawn", "met"] in p.events()
    assert p.world.steps[-1].cycles[0].result == p.status() == "breached"


def test_a_goal_that_passed_while_counted_through_is_breached_on_reopening(play: Begin) -> None:
    p = play(REOPENED.replace("CLOCK", "goal: 1h, met_by: [close], on_reopen: count_through"))
    p.open()
    p.wait("30m")
    p.do("close")
    p.wait("3h")
    p.do("reopen")
    p.wait("1s")
    assert p.events()[-1] == ["breached", "at_attach"]
    assert p.clock().breached_at == NINE + 3 * HOUR + 30 * MINUTE


def test_d11_clocks_of_a_cancelled_case_are_neither_met_nor_breached(play: Begin) -> None:
    p = play(simple("goal: 1h"))
    p.open()
    p.do("cancel")
    p.wait("2h")
    assert p.status() == "cancelled"
    assert p.events()[-1][0] == "cancelled"


def test_d12_every_breach_says_whose_turn_the_time_was(play: Begin) -> None:
    p = play(simple("goal: 1h"))
    p.open()
    p.wait("20m")
    p.do("wait")
    p.wait("50m")
    p.do("go_on")
    p.do("close")
    assert dict(p.clock().turns) == {"role:agent": 20 * MINUTE, "party:customer": 50 * MINUTE}
    assert p.world.steps[-1].cycles[0].turns == p.clock().turns


def test_d12_every_breach_says_who_held_the_case(play: Begin) -> None:
    p = play(simple("goal: 1h"))
    p.open()
    p.wait("10m")
    assert p.hold("claim", "agent:wu") == []
    p.wait("20m")
    assert p.hold("release", "agent:wu") == []
    p.wait("90m")
    p.do("close")
    assert p.clock().turns["owner:wu"] == 20 * MINUTE


def test_d12_time_of_nobodys_turn_is_told_too(play: Begin) -> None:
    p = play("initial: open\nstates: {open: {}}\nclocks: {c: {goal: 1h, restarts_on: [note_it]}}\n"
             "actions: {note_it: {by: [agent], to: stay}}")  # fmt: skip
    p.open()
    p.wait("2h")
    p.do("note_it")
    assert p.world.steps[-1].cycles[0].turns == {"nobody": 2 * HOUR}


def test_d12_records_tell_how_late_the_engine_itself_was(play: Begin) -> None:
    p = play(simple("goal: 1h"))
    p.open()
    p.sleep("3h")
    record = p.records(verb="breach")[0]
    assert record["recorded_at"] - record["at"] == 2 * HOUR


# -- the table ---------------------------------------------------------------------------------------------------------


def test_a_clock_exists_only_while_its_if_holds(play: Begin) -> None:
    p = play(simple("goal: 1h, if: has(case.severe) && case.severe") + AT_FIELD)
    p.open()
    assert p.status() == "none"
    p.wait("10m")
    p.do("mark", severe=True)  # coming true begins a cycle at that instant
    p.wait("10m")
    assert (p.status(), p.used()) == ("running", 10 * MINUTE)
    p.do("mark", severe=False)
    assert p.status() == "cancelled"
    p.do("mark", severe=True)
    assert (p.status(), p.clock().cycle) == ("running", 2)


def test_becoming_true_begins_nothing_before_one_of_starts_has_happened(play: Begin) -> None:
    p = play(simple("goal: 1h, if: has(case.severe) && case.severe, starts: [answer]") + AT_FIELD)
    p.open()
    p.do("mark", severe=True)
    assert p.status() == "none"
    p.do("answer")
    assert p.status() == "running"


@pytest.mark.parametrize(("repeats", "status"), [("false", "met"), ("true", "running")])
def test_becoming_true_begins_nothing_after_a_promise_kept_unless_it_repeats(
    play: Begin, repeats: str, status: str
) -> None:
    clock = f"goal: 1h, if: 'has(case.severe) && case.severe', met_by: [answer], repeats: {repeats}"
    p = play(simple(clock) + AT_FIELD)
    p.open(severe=True)
    p.do("answer")
    p.do("mark", severe=False)
    p.do("mark", severe=True)
    assert p.status() == status


def test_a_promise_met_by_the_step_that_ends_its_if_is_met(play: Begin) -> None:
    p = play(simple("goal: 1h, if: case.state == 'open', met_by: [wait]"))
    p.open()
    p.do("wait")
    assert p.status() == "met"


def test_a_goal_without_a_branch_that_holds_is_as_if_false(play: Begin) -> None:
    p = play(simple("goal: [{if: has(case.severe) && case.severe, is: 1h}]") + AT_FIELD)
    p.open()
    assert p.status() == "none"
    p.do("mark", severe=True)
    assert p.status() == "running"
    p.do("mark", severe=False)
    assert p.status() == "cancelled"


def test_a_goal_whose_field_is_unset_is_as_if_false_until_it_is_set(play: Begin) -> None:
    p = play(simple("goal: case.visit_at") + AT_FIELD)
    p.open()
    assert p.status() == "none"
    p.wait("5m")
    p.do("move", visit_at="2026-03-02 10:00")
    assert (p.status(), p.clock().started_at) == ("running", NINE + 5 * MINUTE)
    p.do("move", visit_at=None)
    assert p.status() == "cancelled"


def test_starting_a_running_clock_is_ignored_and_a_finished_one_begins_its_next_cycle(play: Begin) -> None:
    p = play(simple("goal: 1h, starts: [answer], met_by: [wait]"))
    p.open()
    assert p.status() == "none"
    p.do("answer")
    p.wait("5m")
    p.do("answer")
    assert (p.clock().cycle, p.used()) == (1, 5 * MINUTE)
    p.do("wait")
    p.do("go_on")
    p.do("answer")
    assert (p.clock().cycle, p.used()) == (2, 0)


def test_states_start_and_meet_as_actions_do(play: Begin) -> None:
    p = play(simple("goal: 1h, starts: [waiting], met_by: [open]"))
    p.open()
    assert p.status() == "none"
    p.do("wait")
    assert p.status() == "running"
    p.do("go_on")
    assert p.status() == "met"


def test_a_clock_that_repeats_begins_its_next_cycle_when_one_is_met(play: Begin) -> None:
    p = play(simple("goal: 30m, met_by: [answer], repeats: true"))
    p.open()
    p.wait("20m")
    p.do("answer")
    p.wait("20m")
    assert (p.clock().cycle, p.used(), p.status()) == (2, 20 * MINUTE, "running")


def test_three_silent_hours_are_one_breached_cycle_with_reminders(play: Begin) -> None:
    every = "[{at: goal, every: 30m, then: [{notify: boss, message: late}]}]"
    p = play(simple(f"goal: 30m, met_by: [answer], repeats: true, thresholds: {every}"))
    p.open()
    p.wait("3h1m")
    assert [one[1] for one in p.fired()] == ["threshold", "breach", *["threshold"] * 5]
    p.do("answer")
    assert [(one.cycle, one.result) for step in p.world.steps for one in step.cycles if one.ended_at] == [
        (1, "breached")
    ]


@pytest.mark.parametrize(
    ("how", "due"), [("carry", 40), ("restart", 50), ("keep", 60)]
)  # half an hour used of one hour, then the goal becomes 40 minutes… counted from the start, anew, or not at all
def test_on_change_says_what_becomes_of_the_time_used(play: Begin, how: str, due: int) -> None:
    goal = f"goal: [{{if: has(case.severe) && case.severe, is: 40m}}, {{is: 1h}}], on_change: {how}"
    p = play(simple(goal) + AT_FIELD)
    p.open()
    p.wait("10m")
    p.do("mark", severe=True)
    p.wait("2h")
    assert p.clock().breached_at == NINE + due * MINUTE


def test_restarts_on_begins_a_new_cycle_without_a_result(play: Begin) -> None:
    p = play(simple("goal: 1h, restarts_on: [answer]"))
    p.open()
    p.wait("50m")
    p.do("answer")
    assert (p.clock().cycle, p.used(), p.status()) == (2, 0, "running")


FROM = "opening: {by: [agent], form: {allow: [visit_at]}, counts_from: case.visit_at}\n"


def test_clocks_of_the_opening_count_from_the_field_that_says_when_it_was_heard(play: Begin) -> None:
    p = play(simple("goal: 15m, met_by: [answer]") + FROM)
    p.open(visit_at="2026-03-02 08:50")
    assert p.used() == 10 * MINUTE
    p.wait("5m1s")
    assert p.clock().breached_at == NINE + 5 * MINUTE
    assert p.clock().turns == {"nobody": 10 * MINUTE} or p.used() == 15 * MINUTE + 1000


def test_calendar_points_of_the_opening_count_from_that_field_too(play: Begin) -> None:
    p = play(simple("goal: end_of_day") + FROM, at="2026-03-03 00:10")
    p.open(visit_at="2026-03-02 23:50")
    p.wait("1s")
    assert p.status() == "breached"  # the day it was heard on is over
    assert p.events()[-1] == ["breached", "at_attach"]


def test_a_goal_passed_before_the_opening_is_breached_at_it(play: Begin) -> None:
    p = play(simple("goal: 15m") + FROM)
    p.open(visit_at="2026-03-02 08:30")
    p.wait("1s")
    assert p.clock().breached_at == NINE
    assert p.events()[-1] == ["breached", "at_attach"]


def test_unset_it_is_the_opening_and_later_than_the_opening_it_is_refused(play: Begin) -> None:
    p = play(simple("goal: 15m") + FROM)
    p.open()
    assert p.clock().started_at == NINE
    assert p.not_open(visit_at="2026-03-02 09:01") == ["form:visit_at"]


def test_a_later_change_of_that_field_moves_nothing(play: Begin) -> None:
    p = play(simple("goal: 15m") + FROM + "actions: {move: {by: [agent], form: {allow: [visit_at]}, to: stay}}")
    p.open(visit_at="2026-03-02 08:50")
    p.do("move", visit_at="2026-03-02 08:00")
    assert p.used() == 10 * MINUTE


def test_only_clocks_that_start_at_opening_count_from_that_field(play: Begin) -> None:
    p = play(simple("goal: 15m, starts: [open]") + FROM)
    p.open(visit_at="2026-03-02 08:50")
    assert p.used() == 0


def test_a_clock_that_begins_paused_keeps_what_was_used_before_the_opening(play: Begin) -> None:
    p = play(simple("goal: 15m, pauses_in: [open]") + FROM)
    p.open(visit_at="2026-03-02 08:50")
    p.wait("1h")
    assert (p.status(), p.used()) == ("paused", 10 * MINUTE)
    p.do("wait")
    p.wait("5m1s")
    assert p.status() == "breached"


def test_a_threshold_with_an_if_that_does_not_hold_is_recorded_as_not_applicable_and_over(play: Begin) -> None:
    only = "[{at: 10m, if: 'has(case.severe) && case.severe', then: [{notify: boss, message: due}]}]"
    p = play(simple(f"goal: 1h, thresholds: {only}") + AT_FIELD)
    p.open()
    p.wait("20m")
    p.do("mark", severe=True)
    p.wait("20m")
    assert [record.get("not_applicable") for record in p.records(verb="threshold")] == [True]
    assert p.sent() == []


def test_a_message_says_which_promise_and_how_much_of_it_is_left(play: Begin) -> None:
    told = "then: [{notify: agent, message: due}]"
    p = play(simple(f"goal: 20m, thresholds: [{{at: goal - 5m, {told}}}, {{at: goal + 5m, {told}}}]"))
    p.open()
    p.wait("1h")
    said = [(one.values["clock.label"], one.values["clock.left"]) for one in p.messages()]
    assert said == [({"clock": "c"}, 5 * MINUTE), ({"clock": "c"}, 0)]


def test_what_is_left_is_time_to_be_used_not_time_by_the_wall(play: Begin) -> None:
    p = play(
        simple("goal: 2h, calendar: office, thresholds: [{at: 1h, then: [{notify: agent, message: due}]}]"),
        at="2026-03-02 16:00",
    )
    p.open()
    p.until("2026-03-03 08:00")
    assert [one.values["clock.left"] for one in p.messages()] == [HOUR]


def test_at_one_instant_thresholds_come_in_the_order_of_the_definition_and_the_breach_last(play: Begin) -> None:
    p = play(simple("goal: 10m, thresholds: [{at: goal, then: []}, {at: 10m, then: []}, {at: 100%, then: []}]"))
    p.open()
    p.wait("11m")
    assert [one[2] for one in p.fired()] == ["goal", "10m", "100%", "c"]


TURNS = """
initial: one
states:
  one: {waiting_on: agent, actions: {go: {by: [agent], to: two}}}
  two: {waiting_on: boss, actions: {back: {by: [agent], to: one}, close: {by: [agent], to: closed}}}
  closed: {final: done}
clocks:
  c: {goal: 15m, met_by: [close], pauses_in: [two]}
"""


def test_a_due_instant_that_has_passed_never_moves_again(play: Begin) -> None:
    # A claim settled the clock, and the due instant of a missed promise became the moment of the claim.
    p = play(TURNS)
    p.open()
    p.wait("20m")
    assert due_at(p.clock(), ALWAYS) == NINE + 15 * MINUTE
    p.do("go")
    assert due_at(p.clock(), ALWAYS) == NINE + 15 * MINUTE
    p.wait("30m")
    p.do("back")
    p.wait("5m")
    assert due_at(p.clock(), ALWAYS) == NINE + 15 * MINUTE


def test_a_restart_says_how_long_the_cycle_was_by_the_wall(play: Begin) -> None:
    p = play(simple("goal: 10h, restarts_on: [answer], calendar: office"), at="2026-03-02 16:00")
    p.open()
    p.until("2026-03-03 10:00")
    p.do("answer")
    assert ["restarted", 2 * HOUR, 18 * HOUR] in p.events()


def test_a_promise_kept_once_and_reopened_begins_again_when_its_if_comes_true(play: Begin) -> None:
    clock = "goal: 5h, if: '!has(case.severe) || !case.severe', met_by: [close], on_reopen: resume"
    p = play(REOPENED.replace("CLOCK", clock) + "actions: {mark: {by: [agent], form: {require: [severe]}, to: stay}}")
    p.open()
    p.do("close")
    p.do("reopen")  # its result is withdrawn: it is no promise kept any more
    p.do("mark", severe=True)
    assert p.status() == "cancelled"
    p.do("mark", severe=False)
    assert (p.status(), p.clock().cycle) == ("running", 2)


def test_a_cycle_has_its_row_from_its_first_breach_on(play: Begin) -> None:
    p = play(simple("goal: 1h"))
    p.open()
    p.wait("2h")
    rows = [(step.record["verb"], one.cycle, one.result, one.ended_at) for step in p.world.steps for one in step.cycles]
    assert rows == [("breach", 1, "breached", None)]


def test_a_pause_is_seen_though_the_turn_stays_the_same(play: Begin) -> None:
    p = play(
        "initial: open\nclocks: {c: {goal: 1h, pauses_in: [held]}}\nstates: {open: {waiting_on: agent, actions: {"
        "hold: {by: [agent], to: held}}}, held: {waiting_on: agent, actions: {go_on: {by: [agent], to: open}}}}"
    )
    p.open()
    p.do("hold")
    assert p.status() == "paused"
    p.do("go_on")
    assert p.status() == "running"


@pytest.mark.parametrize("policy", ["resume", "count_through", "restart"])
def test_on_reopen_means_nothing_before_the_case_was_closed(play: Begin, policy: str) -> None:
    p = play(REOPENED.replace("CLOCK", f"goal: 1h, met_by: [answer], on_reopen: {policy}"))
    p.open()
    p.do("answer")
    p.do("answer")
    assert (p.status(), p.clock().cycle) == ("met", 1)


def test_no_promise_begins_in_a_case_that_is_closed(play: Begin) -> None:
    p = play(
        "initial: open\nclocks: {c: {goal: 1h, starts: [archived]}}\nstates: {open: {actions: {close: {by: [agent],"
        " to: closed}}}, closed: {final: done, actions: {archive: {by: [agent], to: archived}}},"
        " archived: {final: done}}"
    )
    p.open()
    p.do("close")
    p.do("archive")
    assert (p.state, p.status(), p.one().next_due) == ("archived", "none", None)


@pytest.mark.parametrize("at", ["2026-03-02 16:59", "2026-03-02 17:00", "2026-03-02 23:00", "2026-03-03 09:00"])
def test_a_promise_that_only_changes_whose_time_it_counts_falls_due_when_it_would_have(play: Begin, at: str) -> None:
    p = play(simple("goal: 16h, met_by: [answer], calendar: office, thresholds: [{at: 50%, then: []}]"))
    p.open()
    first = p.one().next_due
    p.until(at)
    p.do("wait")
    due = read_instant("2026-03-02 17:00" if at <= "2026-03-02 17:00" else "2026-03-03 17:00", ZONE)
    assert (p.one().next_due, first) == (due, read_instant("2026-03-02 17:00", ZONE))
    p.until("2026-03-05 09:00")
    assert [verb for _, verb, _ in p.fired()] == ["threshold", "breach"]

"""Promises to customers: when they are kept, what pauses them, and what ends them (D1 to D5), with dates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.core.outlook import Outlook, outlook
from tests.unit.promises import simple
from tests.unit.worlds import HOUR, MINUTE, NINE, Play

Begin = Callable[..., Play]


def test_a_clock_runs_from_the_opening_to_what_meets_it(play: Begin) -> None:
    p = play(simple("goal: 15m, met_by: [answer]"))
    p.open()
    p.wait("10m")
    assert p.status() == "running"
    assert p.used() == 10 * MINUTE
    p.do("answer")
    assert p.status() == "met"
    assert p.events() == [["started", 1], ["met", 10 * MINUTE, 10 * MINUTE]]


# -- D1 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "result"),
    [("14m", "met"), ("15m", "met"), ("15m1s", "breached")],  # exactly at the goal the promise is kept
)
def test_d1_a_promise_is_met_at_or_before_its_due_instant(play: Begin, after: str, result: str) -> None:
    p = play(simple("goal: 15m, met_by: [answer]"))
    p.open()
    p.wait(after)
    p.do("answer")
    assert p.status() == result


def test_d1_one_millisecond_after_the_due_instant_it_is_breached(play: Begin) -> None:
    p = play(simple("goal: 15m, met_by: [answer]"))
    p.open()
    p.world.wait_until(NINE + 15 * MINUTE + 1)
    assert p.status() == "breached"
    assert p.clock().breached_at == NINE + 15 * MINUTE


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-03-02 16:45", "2026-03-02 17:00"),  # the earliest instant at which 15 minutes are used, not next morning
        ("2026-03-02 16:50", "2026-03-03 09:05"),
        ("2026-03-06 18:00", "2026-03-09 09:15"),  # Friday evening: Monday
        ("2026-03-07 10:00", "2026-03-09 09:15"),  # Saturday
    ],
)
def test_d1_the_due_instant_is_the_earliest_at_which_the_time_used_equals_the_goal(
    play: Begin, opened: str, due: str
) -> None:
    p = play(simple("goal: 15m, met_by: [answer], calendar: office"), at=opened)
    p.open()
    p.until(due)
    assert p.status() == "running"
    p.wait("1s")
    assert p.status() == "breached"


def test_d1_met_after_closing_time_is_breached_though_no_business_time_was_overrun(play: Begin) -> None:
    p = play(simple("goal: 15m, met_by: [answer], calendar: office"), at="2026-03-02 16:45")
    p.open()
    p.until("2026-03-02 20:00")
    p.do("answer")
    assert p.status() == "breached"
    assert p.events()[-1] == ["breached", 15 * MINUTE, 3 * HOUR + 15 * MINUTE]  # the time used, and by the wall


# -- D2 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "at"),
    [("10m", 10), ("80%", 16), ("goal", 20), ("goal + 15m", 35), ("goal - 5m", 15)],
)
def test_d2_every_point_is_a_point_of_used_time(play: Begin, point: str, at: int) -> None:
    p = play(simple(f'goal: 20m, met_by: [answer], thresholds: [{{at: "{point}", then: []}}]'))
    p.open()
    p.wait("1h")
    fired = [one for one in p.fired() if one[1] == "threshold"]
    assert fired == [(at * MINUTE, "threshold", point)]


def test_d2_a_pause_moves_the_points_that_lie_ahead(play: Begin) -> None:
    p = play(simple("goal: 20m, met_by: [answer], pauses_in: [waiting], thresholds: [{at: 50%, then: []}]"))
    p.open()
    p.wait("5m")
    p.do("wait")
    p.wait("1h")
    p.do("go_on")
    p.wait("1h")
    assert p.fired() == [(70 * MINUTE, "threshold", "50%"), (80 * MINUTE, "breach", "c")]


@pytest.mark.parametrize(("point", "at"), [("50%", 60), ("goal - 30m", 90), ("45m", 45), ("goal", 120)])
def test_d2_points_of_a_goal_that_is_an_instant_are_of_wall_time(play: Begin, point: str, at: int) -> None:
    clock = f'goal: case.visit_at, calendar: office, thresholds: [{{at: "{point}", then: []}}]'
    p = play(simple(clock).replace("states:", "opening: {by: [agent], form: {allow: [visit_at]}}\nstates:", 1))
    p.open(visit_at="2026-03-02 11:00")
    p.wait("3h")
    assert p.fired()[0] == (at * MINUTE, "threshold", point)


def test_d2_a_share_is_rounded_up_to_the_millisecond(play: Begin) -> None:
    p = play(simple("goal: 1s, thresholds: [{at: 33%, then: []}]"))
    p.open()
    p.wait("10s")
    assert p.fired()[0] == (330, "threshold", "33%")


@pytest.mark.parametrize(
    ("paused", "resumed", "left"),
    [
        ("2026-03-02 16:00", "2026-03-02 18:00", HOUR),  # only 16 to 17 counts as paused
        ("2026-03-02 18:00", "2026-03-02 20:00", 0),  # outside hours nothing is paused: eight hours are used
        ("2026-03-02 16:00", "2026-03-03 10:00", 2 * HOUR),
    ],
)
def test_d2_a_pause_counts_only_where_it_overlaps_open_time(play: Begin, paused: str, resumed: str, left: int) -> None:
    p = play(simple("goal: 16h, pauses_in: [waiting], calendar: office"))
    p.open()
    p.until(paused)
    p.do("wait")
    p.until(resumed)
    p.do("go_on")
    p.until("2026-03-03 17:00")
    assert p.used() == 16 * HOUR - left


def test_d2_overlapping_reasons_to_pause_are_a_union(play: Begin) -> None:
    clock = "goal: 1h, pauses_in: [waiting], pauses_when: has(case.severe) && case.severe"
    p = play(simple(clock) + "actions: {mark: {by: [agent], form: {require: [severe]}, to: stay}}")
    p.open()
    p.do("wait")
    p.wait("10m")
    p.do("mark", severe=True)
    p.wait("10m")
    p.do("go_on")
    assert p.clock().paused == ("pauses_when",)
    p.wait("10m")
    p.do("mark", severe=False)
    assert p.status() == "running"
    p.wait("7m")
    assert p.used() == 7 * MINUTE


def test_d2_pausing_and_resuming_twice_changes_nothing(play: Begin) -> None:
    p = play(simple("goal: 1h, pauses_in: [waiting]"))
    p.open()
    p.wait("10m")
    p.do("wait")
    p.wait("5m")
    p.do("wait_more")
    p.wait("5m")
    p.do("go_on")
    p.do("answer")
    p.wait("1m")
    assert p.used() == 11 * MINUTE
    assert [event[0] for event in p.events()] == ["started", "paused", "resumed"]


def test_a_paused_clock_keeps_its_remaining_time(play: Begin) -> None:
    p = play(simple("goal: 20m, pauses_in: [waiting]"))
    p.open()
    p.world.wait_until(p.now + 12_345)
    p.do("wait")
    p.wait("300h")
    assert (p.status(), p.used()) == ("paused", 12_345)
    p.do("go_on")
    p.world.wait_until(p.now + 20 * MINUTE - 12_345)
    assert p.status() == "running"
    p.world.wait_until(p.now + 1)
    assert p.status() == "breached"


# -- D3 ----------------------------------------------------------------------------------------------------------------

BOTH = "{by: [agent], to: stay}"


@pytest.mark.parametrize(
    ("clock", "events"),
    [
        ("goal: 1h, met_by: [x], cancelled_by: [x]", ["started", "cancelled"]),
        ("goal: 1h, met_by: [x], restarts_on: [x]", ["started", "met"]),
        ("goal: 1h, met_by: [x], starts: [opening, x]", ["started", "met", "started"]),
        ("goal: 1h, cancelled_by: [x], starts: [opening, x]", ["started", "cancelled", "started"]),
        ("goal: 1h, restarts_on: [x], starts: [opening, x]", ["started", "restarted", "started"]),
        ("goal: 1h, restarts_on: [x], pauses_in: [waiting]", ["started", "restarted", "started", "paused"]),
        ("goal: 1h, met_by: [x], pauses_in: [waiting]", ["started", "met"]),
        ("goal: 1h, met_by: [x], if: case.state == 'open'", ["started", "met"]),
        ("goal: 1h, restarts_on: [x], if: case.state == 'open'", ["started", "cancelled"]),
        (
            "goal: [{if: case.state == 'open', is: 1h}, {is: 2h}], restarts_on: [x], on_change: carry",
            ["started", "restarted", "started"],
        ),
        (
            "goal: [{if: case.state == 'open', is: 1h}, {is: 2h}], pauses_in: [waiting]",
            ["started", "changed", "paused"],
        ),
    ],
)
def test_d3_of_several_rules_of_one_step_this_is_the_order(play: Begin, clock: str, events: list[str]) -> None:
    p = play(simple(clock) + "actions: {x: {by: [agent], to: waiting}}")
    p.open()
    p.wait("1m")
    p.do("x")
    assert [event[0] for event in p.events()] == events


@pytest.mark.parametrize(("action", "result"), [("close", "not_needed"), ("cancel", "cancelled")])
def test_d4_a_started_clock_ends_with_the_case(play: Begin, action: str, result: str) -> None:
    p = play(simple("goal: 1h"))
    p.open()
    p.wait("1m")
    p.do(action)
    assert p.status() == result
    assert p.one().next_due is None


def test_d3_a_promise_kept_by_the_closing_action_is_kept(play: Begin) -> None:
    p = play(simple("goal: 1h, met_by: [close]"))
    p.open()
    p.do("close")
    assert p.status() == "met"


@pytest.mark.parametrize("clock", ["repeats: true, met_by: [close]", "met_by: [close], starts: [opening, close]"])
def test_d3_the_closing_action_begins_no_new_cycle(play: Begin, clock: str) -> None:
    p = play(simple(f"goal: 1h, {clock}"))
    p.open()
    p.do("close")
    assert (p.status(), p.clock().cycle) == ("met", 1)


@pytest.mark.parametrize("action", ["close", "cancel"])
def test_d4_a_breached_clock_ends_breached_whatever_the_end(play: Begin, action: str) -> None:
    p = play(simple("goal: 1h"))
    p.open()
    p.wait("2h")
    p.do(action)
    assert p.status() == "breached"


def test_nothing_but_what_is_declared_stops_a_promise(play: Begin) -> None:
    p = play(simple("goal: 1h, met_by: [answer]"))
    p.open()
    p.do("wait")
    p.wait("30m")
    assert (p.status(), p.used()) == ("running", 30 * MINUTE)


# -- D5 ----------------------------------------------------------------------------------------------------------------

MARKED = "actions: {mark: {by: [agent], form: {require: [severe]}, to: stay}}"


@pytest.mark.parametrize(
    "end", ["met_by: [close]", "cancelled_by: [close]", "if: case.state == 'open'", "pauses_in: []"]
)
def test_d5_a_cycle_with_a_breach_is_breached_whatever_follows(play: Begin, end: str) -> None:
    p = play(simple(f"goal: 1h, {end}"))
    p.open()
    p.wait("90m")
    p.do("close")
    assert p.status() == "breached"


def test_d5_a_restart_has_no_result_unless_it_was_breached_before(play: Begin) -> None:
    p = play(simple("goal: 1h, restarts_on: [answer]"))
    p.open()
    p.wait("30m")
    p.do("answer")
    assert p.world.steps[-1].cycles == ()
    p.wait("90m")
    step = p.do("answer")
    assert [(one.cycle, one.result) for one in step.cycles] == [(2, "breached")]
    assert (p.status(), p.clock().cycle) == ("running", 3)


def test_d5_a_later_downgrade_takes_it_off_the_overdue_list_not_out_of_the_record(play: Begin) -> None:
    clock = "goal: [{if: has(case.severe) && case.severe, is: 1h}, {is: 4h}]"
    p = play(simple(clock) + MARKED)
    p.open()
    p.do("mark", severe=True)
    p.wait("2h")
    assert outlook_of(p).overdue_clock == "c"
    p.do("mark", severe=False)
    assert outlook_of(p).overdue_clock is None
    assert outlook_of(p).due_at == NINE + 4 * HOUR
    p.do("close")
    assert p.status() == "breached"


def test_d5_a_goal_moved_into_the_future_may_breach_again_and_is_one_breached_cycle(play: Begin) -> None:
    clock = "goal: [{if: has(case.severe) && case.severe, is: 1h}, {is: 4h}]"
    p = play(simple(clock) + MARKED)
    p.open()
    p.do("mark", severe=True)
    p.wait("2h")
    p.do("mark", severe=False)
    p.wait("3h")
    assert [event[0] for event in p.events()] == ["started", "changed", "breached", "changed", "breached_again"]
    assert p.clock().breached_at == NINE + HOUR
    p.do("close")
    cycles = {(one.cycle, one.result) for step in p.world.steps for one in step.cycles}
    assert cycles == {(1, "breached")}


def outlook_of(p: Play) -> Outlook:
    one = p.one()
    return outlook(p.world.library.plan(one.process, one.version), one)

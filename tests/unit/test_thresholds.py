"""What falls due on a promise: what is past when armed, pauses, once each, after downtime (D6 to D9), with dates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.promises import AT_FIELD, LADDER, ladder, simple
from tests.unit.worlds import HOUR, MINUTE, NINE, Play

Begin = Callable[..., Play]

# -- D6 ----------------------------------------------------------------------------------------------------------------


def test_d6_a_goal_already_past_when_the_clock_starts_is_breached_there_and_marked(play: Begin) -> None:
    p = play(simple("goal: case.visit_at") + AT_FIELD)
    p.open(visit_at="2026-03-02 08:00")
    p.wait("1s")
    assert p.fired() == [(0, "breach", "c")]
    assert p.events()[-1] == ["breached", "at_attach"]
    assert p.clock().breached_at == NINE


def test_d6_a_goal_moved_into_the_past_is_breached_there_and_marked(play: Begin) -> None:
    p = play(simple("goal: case.visit_at") + AT_FIELD)
    p.open(visit_at="2026-03-02 12:00")
    p.wait("1h")
    p.do("move", visit_at="2026-03-02 09:30")
    p.wait("1s")
    assert p.fired() == [(HOUR, "breach", "c")]
    assert p.events()[-1] == ["breached", "at_attach"]


def test_d6_a_length_moved_below_the_time_used_is_breached_there_and_marked(play: Begin) -> None:
    p = play(simple("goal: [{if: has(case.severe) && case.severe, is: 10m}, {is: 1h}]") + AT_FIELD)
    p.open()
    p.wait("20m")
    p.do("mark", severe=True)
    p.wait("1s")
    assert p.events()[-2:] == [["changed", "length", 10 * MINUTE], ["breached", "at_attach"]]


def test_a_breach_at_its_own_due_instant_is_not_marked(play: Begin) -> None:
    p = play(simple("goal: [{if: has(case.severe) && case.severe, is: 10m}, {is: 1h}]") + AT_FIELD)
    p.open()
    p.wait("10m")
    p.do("mark", severe=True)
    p.wait("1s")
    assert p.events()[-1] == ["breached"]


def test_d6_of_points_past_when_armed_only_the_highest_for_each_receiver_sends(play: Begin) -> None:
    p = play(simple(f"goal: case.visit_at, thresholds: {ladder(LADDER)}") + AT_FIELD)
    p.open(visit_at="2026-03-02 12:00")
    p.wait("1h")
    p.do("move", visit_at="2026-03-02 09:30")
    p.wait("1s")
    assert [one[2] for one in p.fired()] == ["goal - 5m", "goal", "goal + 15m", "c"]
    assert sorted(p.sent()) == [("late", "agent"), ("late", "boss"), ("late", "manager")]


def test_d6_a_warning_that_would_not_lie_after_the_start_is_never_sent(play: Begin) -> None:
    p = play(simple(f"goal: 5m, thresholds: {ladder(LADDER)}"))
    p.open()
    assert p.events() == [["started", 1], ["not_applicable", "goal - 5m"]]
    p.wait("1h")
    assert [one[2] for one in p.fired()] == ["goal", "c", "goal + 15m"]


# -- D7 ----------------------------------------------------------------------------------------------------------------


def test_d7_a_paused_clock_with_a_length_has_no_due_and_fires_nothing(play: Begin) -> None:
    p = play(simple("goal: 20m, pauses_in: [waiting], thresholds: [{at: 50%, then: []}]"))
    p.open()
    p.wait("5m")
    p.do("wait")
    assert p.one().next_due is None
    p.wait("100h")
    assert p.fired() == []
    p.do("go_on")
    assert p.one().next_due == p.now + 5 * MINUTE


def test_d7_a_pause_neither_moves_nor_silences_a_goal_that_is_an_instant(play: Begin) -> None:
    p = play(simple("goal: case.visit_at, pauses_in: [waiting], thresholds: [{at: goal - 5m, then: []}]") + AT_FIELD)
    p.open(visit_at="2026-03-02 10:00")
    p.wait("5m")
    p.do("wait")
    p.wait("2h")
    assert p.fired() == [(55 * MINUTE, "threshold", "goal - 5m"), (HOUR, "breach", "c")]
    p.do("go_on")
    assert p.used() == 5 * MINUTE
    assert p.events()[-1] == ["resumed"]


@pytest.mark.parametrize(
    ("goal", "due"),
    [
        ("end_of_day", "2026-03-03 00:00"),
        ("end_of_business_day", "2026-03-02 17:00"),
        ("end_of_month", "2026-04-01 00:00"),
        ("by 12:00", "2026-03-02 12:00"),
        ("3 calendar_days", "2026-03-05 10:00"),
        ("3 business_days", "2026-03-05 10:00"),
        ("5 business_days", "2026-03-09 10:00"),  # over the weekend
        ("end_of_day + 3 calendar_days", "2026-03-06 00:00"),  # the law's reading: to the end of the last day
        ("end_of_business_day - 1h", "2026-03-02 16:00"),
        ("case.visit_at + 30m", "2026-03-02 11:30"),
    ],
)
def test_every_point_can_be_a_goal_and_no_pause_moves_it(play: Begin, goal: str, due: str) -> None:
    p = play(
        simple(f"goal: {goal}, calendar: office, pauses_in: [waiting]") + AT_FIELD, at="2026-03-02 10:00"
    )  # fmt: skip
    p.open(visit_at="2026-03-02 11:00")
    p.do("wait")
    p.until(due)
    assert p.status() == "paused"
    p.wait("1s")
    assert p.status() == "breached"


def test_d7_an_instant_moves_only_when_its_field_or_branch_changes(play: Begin) -> None:
    goal = "goal: [{if: has(case.visit_at), is: case.visit_at}, {is: end_of_day}]"
    p = play(simple(goal) + AT_FIELD)
    p.open()
    p.wait("1h")
    p.do("answer")
    p.do("move", visit_at="2026-03-03 12:00")
    p.do("move", visit_at=None)
    changes = [event[2] for event in p.events() if event[0] == "changed"]
    assert changes == [NINE + 27 * HOUR, NINE + 15 * HOUR]


# -- D8 ----------------------------------------------------------------------------------------------------------------


def test_d8_each_threshold_is_a_timer_of_its_own(play: Begin) -> None:
    rungs = "[{at: 5m, then: [{set: {count: =1 / case.count}}]}, {at: 10m, then: []}]"
    p = play(simple(f"goal: 20m, thresholds: {rungs}") + "fields: {count: {type: integer, default: 0}}")
    p.open()
    p.wait("15m")
    fired = p.records(verb="threshold")
    assert "error" in fired[0]  # the first level is lost
    assert "error" not in fired[1]


def test_d8_a_threshold_fires_once_and_again_only_when_its_point_is_moved_ahead(play: Begin) -> None:
    goal = "goal: case.visit_at, thresholds: [{at: goal - 30m, then: []}, {at: goal - 1h, then: []}]"
    p = play(simple(goal) + AT_FIELD)
    p.open(visit_at="2026-03-02 11:00")
    p.until("2026-03-02 10:45")  # both have fired
    p.do("move", visit_at="2026-03-02 11:20")  # only the later one lies ahead again
    assert p.clock().generation == 1
    p.do("move", visit_at="2026-03-02 11:10")  # nothing that fired is moved ahead; one armed anew is past at once
    assert p.clock().generation == 1
    p.until("2026-03-02 11:00")
    assert [one[2] for one in p.fired()] == ["goal - 1h", "goal - 30m", "goal - 30m"]


def test_d8_a_point_moved_ahead_a_second_time_fires_a_second_time(play: Begin) -> None:
    p = play(simple("goal: case.visit_at, thresholds: [{at: goal - 30m, then: []}]") + AT_FIELD)
    p.open(visit_at="2026-03-02 10:00")
    p.wait("45m")
    p.do("move", visit_at="2026-03-02 12:00")
    p.wait("2h")
    assert [one[0] for one in p.fired()] == [30 * MINUTE, 150 * MINUTE]


# -- D9 ----------------------------------------------------------------------------------------------------------------

HOURLY = "[{at: goal, every: 1h, max: 5, late: LATE, then: [{notify: boss, message: late}]}]"


def test_d9_after_downtime_facts_take_effect_at_their_own_instants(play: Begin) -> None:
    p = play(simple(f"goal: 20m, thresholds: {ladder(LADDER)}"))
    p.open()
    p.sleep("5h")
    assert p.fired() == [
        (15 * MINUTE, "threshold", "goal - 5m"), (20 * MINUTE, "threshold", "goal"), (20 * MINUTE, "breach", "c"),
        (35 * MINUTE, "threshold", "goal + 15m"),
    ]  # fmt: skip


def test_d9_of_messages_missed_only_the_highest_for_each_receiver_is_sent_and_marked_late(play: Begin) -> None:
    p = play(simple(f"goal: 20m, thresholds: {ladder(LADDER)}"))
    p.open()
    p.sleep("5h")
    sent = {(one.receiver, one.threshold, one.is_late) for one in p.messages()}
    assert sent == {("agent", "goal", True), ("boss", "goal + 15m", True), ("manager", "goal + 15m", True)}


def test_d9_the_supervisors_message_is_not_lost_to_the_managers(play: Begin) -> None:
    climbs = (
        "[{at: goal, then: [{notify: boss, message: late}]}, {at: goal + 1h, then: [{notify: manager, message: late}]}]"
    )
    p = play(simple(f"goal: 20m, thresholds: {climbs}"))
    p.open()
    p.sleep("5h")
    assert p.sent() == [("late", "boss"), ("late", "manager")]


def test_d9_each_message_missed_keeps_its_row(play: Begin) -> None:
    p = play(simple(f"goal: 20m, thresholds: {ladder(LADDER)}"))
    p.open()
    p.sleep("5h")
    messages = [m for step in p.world.steps for m in step.outgoing]
    rows = [(m.receiver, m.threshold, m.status) for m in messages]
    assert rows == [
        ("agent", "goal - 5m", "superseded"), ("agent", "goal", "waiting"), ("boss", "goal", "superseded"),
        ("boss", "goal + 15m", "waiting"), ("manager", "goal + 15m", "waiting"),
    ]  # fmt: skip
    for superseded, successor in ((0, 1), (2, 3)):  # each names the one that is sent in its place
        sent = messages[successor]
        assert messages[superseded].superseded_by == (sent.sequence, sent.number)
    assert {m.superseded_by for m in messages if m.status == "waiting"} == {None}


def test_d9_recurring_reminders_become_one_that_says_how_many_it_stands_for(play: Begin) -> None:
    p = play(simple(f"goal: 1h, thresholds: {HOURLY.replace('LATE', 'once')}"))
    p.open()
    p.wait("90m")
    assert [one.missed for one in p.messages()] == [1]
    p.sleep("3h")
    sent = p.messages()
    assert [(one.receiver, one.missed, one.is_late) for one in sent] == [("boss", 3, True)]
    assert sent[0].at == NINE + 4 * HOUR  # the last occurrence


def test_d9_the_grid_is_kept_after_downtime(play: Begin) -> None:
    p = play(simple("goal: 90m, thresholds: [{at: goal, every: 30m, max: 9, then: [{notify: boss, message: late}]}]"))
    p.open()
    p.sleep("4h10m")
    p.messages()
    p.wait("1h")
    assert [one.at - NINE for one in p.messages()] == [4 * HOUR + 30 * MINUTE, 5 * HOUR]


@pytest.mark.parametrize(("late", "sent"), [("once", [4]), ("each", [1, 1, 1, 1]), ("skip", [])])
def test_d9_late_says_what_becomes_of_messages_missed(play: Begin, late: str, sent: list[int]) -> None:
    p = play(simple(f"goal: 1h, thresholds: {HOURLY.replace('LATE', late)}"))
    p.open()
    p.sleep("4h10m")
    assert [one.missed for one in p.messages()] == sent


@pytest.mark.parametrize("late", ["once", "each", "skip"])
def test_late_says_nothing_of_messages_in_time(play: Begin, late: str) -> None:
    p = play(simple(f"goal: 1h, thresholds: {HOURLY.replace('LATE', late)}"))
    p.open()
    p.wait("4h10m")
    assert [(one.missed, one.is_late) for one in p.messages()] == [(1, False)] * 4


def test_d9_one_that_is_skipped_hides_none_below_it(play: Begin) -> None:
    climbs = (
        "[{at: goal, then: [{notify: boss, message: late}]},"
        " {at: goal + 1h, late: skip, then: [{notify: boss, message: late}]}]"
    )
    p = play(simple(f"goal: 20m, thresholds: {climbs}"))
    p.open()
    p.sleep("5h")
    assert [one.threshold for one in p.messages()] == ["goal"]


def test_d9_what_is_let_out_is_never_held_back(play: Begin) -> None:
    p = play(simple("goal: 1h, thresholds: [{at: goal, every: 1h, max: 3, then: [{emit: alarm}]}]"))
    p.open()
    p.sleep("5h")
    assert [one.name for one in p.messages()] == ["alarm", "alarm", "alarm"]


def test_d9_cycles_are_told_of_apart(play: Begin) -> None:
    rungs = "[{at: goal, then: [{notify: boss, message: late}]}]"
    p = play(simple(f"goal: 1h, starts: [opening, answer], met_by: [wait], thresholds: {rungs}"))
    p.open()
    p.sleep("2h")
    p.do("wait")
    p.do("answer_while_waiting")
    p.do("go_on")
    p.do("answer")
    p.sleep("2h")
    assert [one.cycle for one in p.messages()] == [1, 2]


def test_d8_a_point_moved_to_this_very_instant_is_not_ahead_and_fires_no_second_time(play: Begin) -> None:
    p = play(simple("goal: case.visit_at, thresholds: [{at: goal - 30m, then: []}]") + AT_FIELD)
    p.open(visit_at="2026-03-02 10:00")
    p.until("2026-03-02 09:50")
    p.do("move", visit_at="2026-03-02 10:20")
    p.wait("5m")
    assert ([one[2] for one in p.fired()], p.clock().generation) == (["goal - 30m"], 0)


def test_d6_a_length_moved_to_what_is_used_takes_effect_then_though_the_desk_is_closed(play: Begin) -> None:
    goal = "goal: [{if: has(case.severe) && case.severe, is: 1h}, {is: 2h}], calendar: office"
    p = play(simple(goal) + AT_FIELD, at="2026-03-02 16:00")
    p.open()
    p.until("2026-03-02 18:00")
    p.do("mark", severe=True)
    p.wait("1s")
    assert p.clock().breached_at == NINE + 9 * HOUR


@pytest.mark.parametrize(("point", "at"), [("goal - 45m", 0), ("30m", 30), ("goal", 20), ("goal + 10m", 30)])
def test_d6_only_a_point_after_the_start_or_at_the_goal_applies(play: Begin, point: str, at: int) -> None:
    p = play(simple(f'goal: 20m, thresholds: [{{at: "{point}", then: []}}]'))
    p.open()
    p.wait("1h")
    fired = [one[0] for one in p.fired() if one[1] == "threshold"]
    assert fired == ([at * MINUTE] if at else [])


def test_a_threshold_at_its_own_instant_is_not_marked_as_past(play: Begin) -> None:
    p = play(simple("goal: case.visit_at, thresholds: [{at: goal - 30m, then: []}]") + AT_FIELD)
    p.open(visit_at="2026-03-02 09:30")  # its point is the very start, and no later: it does not apply
    p.until("2026-03-02 09:10")
    p.do("move", visit_at="2026-03-02 09:40")  # now it lies at this very instant
    p.wait("1s")
    assert [event for event in p.events() if event[0] == "threshold"] == [["threshold", "goal - 30m", 1]]
